// A bare PyTorch state_dict as JSON: parameters by name, and nothing else. The architecture is implied: a chain of
// modules in the order in which their names first occur, each recognised by its parameters:
//
//   weight_ih_l0, weight_hh_l0, …            LSTM, GRU or RNN by the rows of weight_hh (torch_weights.cpp)
//   weight [out, in], bias                   Linear
//   weight [out, in / groups, window], bias  Conv1d, valid; its stride, dilation and groups are not parameters
//   weight, bias, running_mean, …            BatchNorm1d
//   weight [channels] or [1]                 PReLU
//
// What a Conv1d's parameters do not tell may stand beside them as members `stride`, `dilation`, `groups`; or, for a
// file with one Conv1d, in the file's or its folder's name, as RTNeural's own files have it: …_stride_3,
// …_group_IN_OUT_ WINDOW_DILATION_GROUPS. A warning says so. Entry: read_state_dict_json. Tested by
// tests/frontend/json_test.cpp and tests/corpus/json.list.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "frontend/file.h"
#include "frontend/json/dialect.h"
#include "frontend/json/torch_weights.h"

namespace rondo {
namespace {

constexpr int64_t kLargestFactor = 1 << 16;
constexpr size_t kMostModules = 1024;
constexpr double kTorchEpsilon = 1e-5;
constexpr std::string_view kRecurrentNames[] = {"weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l", "weight_hr_l"};
constexpr std::string_view kPlainNames[] = {"weight", "bias",     "running_mean", "running_var", "num_batches_tracked",
                                            "stride", "dilation", "groups"};

/// "lstm.weight_ih_l0" is parameter weight_ih_l0 of module "lstm.".
struct ParameterName {
  std::string prefix, name;
};
ParameterName split(const std::string& full) {
  const size_t dot = full.rfind('.');
  if (dot == std::string::npos) return {"", full};
  return {full.substr(0, dot + 1), full.substr(dot + 1)};
}

bool is_recurrent(std::string_view name) {
  return std::any_of(std::begin(kRecurrentNames), std::end(kRecurrentNames),
                     [&](std::string_view known) { return name.starts_with(known); });
}

bool is_parameter(std::string_view name) {
  return is_recurrent(name) || std::find(std::begin(kPlainNames), std::end(kPlainNames), name) != std::end(kPlainNames);
}

/// What a Conv1d's weights do not tell.
struct ConvFacts {
  int64_t stride = 1, dilation = 1, groups = 1;
};

/// The numbers behind `word` in a name, "stride_3" or "group_6_3_3_1_3"; nothing unless there are `count`.
std::optional<std::vector<int64_t>> numbers_behind(const std::string& name, const std::string& word, size_t count) {
  const size_t found = name.find(word);
  if (found == std::string::npos) return std::nullopt;
  std::vector<int64_t> numbers;
  const char *at = name.data() + found + word.size(), *end = name.data() + name.size();
  while (at < end && *at == '_') {
    int64_t value = 0;
    auto [next, error] = std::from_chars(at + 1, end, value);
    if (error != std::errc{} || value < 1 || value > kLargestFactor) break;
    numbers.push_back(value);
    at = next;
  }
  if (numbers.size() != count) return std::nullopt;
  return numbers;
}

/// From the name of the file or its folder, where that agrees with the shape of the weights; otherwise Conv1d's defaults.
/// Either is a guess, and said to be one.
ConvFacts facts_by_name(const JsonSource& source, const Numbers& weight) {
  ConvFacts facts;
  std::error_code ignored;
  const std::filesystem::path path = std::filesystem::weakly_canonical(source.path, ignored);
  for (const std::string& name : {path.stem().string(), path.parent_path().filename().string()}) {
    const auto groups = numbers_behind(name, "_group", 5);
    const auto stride = numbers_behind(name, "_stride", 1);
    const bool fits = groups && (*groups)[4] > 0 &&
                      weight.shape == std::vector<int64_t>{(*groups)[1], (*groups)[0] / (*groups)[4], (*groups)[2]};
    if (fits) facts.dilation = (*groups)[3], facts.groups = (*groups)[4];
    if (stride) facts.stride = (*stride)[0];
    if (!fits && !stride) continue;
    source.warnings.push_back(warning(
        fmt::format("the file does not tell them: stride {}, dilation {}, groups {}, as the name {} says; members "
                    "'stride', 'dilation' and 'groups' beside the weight would be sure",
                    facts.stride, facts.dilation, facts.groups, in_quotes(name)),
        weight.place));
    return facts;
  }
  source.warnings.push_back(
      warning("the file does not tell stride, dilation and groups: 1 is taken for each; members 'stride', 'dilation' and "
              "'groups' beside the weight would be sure",
              weight.place));
  return facts;
}

class ChainReader {
 public:
  explicit ChainReader(const JsonSource& source) : source_(source), document_(source.document) {}

  Result<Graph> read() {
    RONDO_CHECK(find_modules());
    errors_.keep(check_gaps());
    for (const std::string& prefix : prefixes_) {
      const bool whole = !failed_.count(prefix) && errors_.keep(add_module(TorchModule(document_, prefix), prefix));
      if (!whole) at_ = {m_.graph.add_param(std::nullopt, ""), kAnySize};
    }
    RONDO_CHECK(errors_.status());
    m_.output(at_.value, "output");
    return std::move(m_.graph);
  }

 private:
  /// In the order in which they first occur.
  Status find_modules() {
    for (size_t i = 0; i < document_.size(); ++i) {
      const ParameterName parameter = split(document_.name(i));
      if (!is_parameter(parameter.name)) {
        errors_.add({document_.item(i).refused(
            "no parameter of a known module has this name; accepted: those of LSTM, GRU, RNN, Linear, Conv1d, "
            "BatchNorm1d and PReLU")});
        failed_.insert(parameter.prefix);
      }
      if (std::find(prefixes_.begin(), prefixes_.end(), parameter.prefix) == prefixes_.end())
        prefixes_.push_back(parameter.prefix);
      if (prefixes_.size() > kMostModules)
        return document_.item(i).refused(fmt::format("more than {} modules; accepted: at most those", kMostModules));
    }
    return Done{};
  }

  /// Numbered modules (nn.Sequential) with numbers left out: modules without parameters stood there, unknown ones.
  Status check_gaps() const {
    ErrorList errors;
    for (size_t i = 1; i < prefixes_.size(); ++i) {
      const auto [before, first] = numbered(prefixes_[i - 1]);
      const auto [parent, second] = numbered(prefixes_[i]);
      if (first < 0 || second < 0 || before != parent || second == first + 1) continue;
      errors.add({unsupported(
          fmt::format(
              "the modules {} and {} follow each other, so something without parameters stood between them, such as "
              "an activation; accepted: modules without gaps, or rondo's own JSON (docs/json.md)",
              first, second),
          "/" + pointer_step(prefixes_[i]))});
    }
    return errors.status();
  }
  static std::pair<std::string, int64_t> numbered(const std::string& prefix) {
    if (prefix.empty()) return {"", -1};
    const ParameterName last = split(prefix.substr(0, prefix.size() - 1));
    int64_t value = -1;
    auto [end, error] = std::from_chars(last.name.data(), last.name.data() + last.name.size(), value);
    if (error != std::errc{} || end != last.name.data() + last.name.size()) value = -1;
    return {last.prefix, value};
  }

  /// The sequence as the next module's input; the model's own input for the first.
  void begin(int64_t features) {
    if (!at_.value) at_ = {m_.input("input", DType::f32, {Dim::symbol("T"), features}), features};
  }

  Status only(const std::string& prefix, std::initializer_list<std::string_view> names, std::string_view what) const {
    ErrorList errors;
    for (size_t i = 0; i < document_.size(); ++i) {
      const ParameterName parameter = split(document_.name(i));
      if (parameter.prefix == prefix && std::find(names.begin(), names.end(), parameter.name) == names.end())
        errors.add({document_.item(i).error(
            fmt::format("a {} has no such parameter; accepted: {}", what, fmt::join(names, ", ")))});
    }
    return errors.status();
  }

  Status add_module(const TorchModule& module, const std::string& prefix) {
    if (module.has("weight_hh_l0") || module.has("weight_ih_l0")) return add_recurrent_module(module, prefix);
    RONDO_TRY(const Numbers weight, module.parameter("weight", "the weight of a module"));
    m_.pointer = weight.place;
    if (weight.shape.size() == 2) return add_linear(module, prefix, weight);
    if (weight.shape.size() == 3) return add_conv(module, prefix, weight);
    if (module.has("running_mean")) return add_batch_norm(module, prefix, weight);
    return add_prelu_module(prefix, weight);
  }

  Status add_recurrent_module(const TorchModule& module, const std::string& prefix) {
    for (size_t i = 0; i < document_.size(); ++i) {
      const ParameterName parameter = split(document_.name(i));
      if (parameter.prefix == prefix && !is_recurrent(parameter.name))
        return document_.item(i).error("a recurrent module has no such parameter; accepted: weight_ih_lK, …");
    }
    RONDO_TRY(const Op op, torch_recurrent_kind(module));
    RONDO_TRY(const Numbers first, module.parameter("weight_ih_l0", "the input weights"));
    RONDO_CHECK(require_shape(first, {-1, -1}, "[gates * hidden, inputs]"));
    begin(first.shape[1]);
    RONDO_TRY(at_, add_torch_recurrent(m_, at_.value, module, {op, at_.features, {}, {}}));
    return Done{};
  }

  Status add_linear(const TorchModule& module, const std::string& prefix, const Numbers& weight) {
    RONDO_CHECK(only(prefix, {"weight", "bias"}, "Linear"));
    begin(weight.shape[1]);
    RONDO_TRY(at_, add_torch_linear(m_, at_.value, module, at_.features));
    return Done{};
  }

  Result<ConvFacts> conv_facts(const TorchModule& module, const Numbers& weight) const {
    ConvFacts facts;
    const std::pair<const char*, int64_t*> members[] = {
        {"stride", &facts.stride}, {"dilation", &facts.dilation}, {"groups", &facts.groups}};
    bool given = false;
    for (const auto& [name, value] : members) {
      const std::optional<Json> found = module.find(name);
      if (!found) continue;
      given = true;
      RONDO_TRY(*value, found->integer(1, kLargestFactor));
    }
    return given || prefixes_.size() != 1 ? facts : facts_by_name(source_, weight);
  }

  Status add_conv(const TorchModule& module, const std::string& prefix, const Numbers& weight) {
    RONDO_CHECK(only(prefix, {"weight", "bias", "stride", "dilation", "groups"}, "Conv1d"));
    RONDO_TRY(const ConvFacts facts, conv_facts(module, weight));
    const int64_t outputs = weight.shape[0];
    begin(weight.shape[1] * facts.groups);
    const bool fits = at_.features == kAnySize || weight.shape[1] * facts.groups == at_.features;
    if (!fits || outputs % facts.groups != 0)
      return invalid(
          fmt::format("found an array [{}]; accepted: [out, in / groups, window] for {} inputs and {} groups",
                      fmt::join(weight.shape, ", "), shown_size(at_.features), facts.groups),
          weight.place);
    Conv1d conv{weight, {}, facts.stride, facts.dilation, facts.groups};
    if (module.has("bias")) {
      RONDO_TRY(conv.bias, module.parameter("bias", "the biases"));
      RONDO_CHECK(require_shape(*conv.bias, {outputs}, "one for each output"));
    }
    at_ = {add_conv1d(m_, at_.value, conv), outputs};
    return Done{};
  }

  Status add_batch_norm(const TorchModule& module, const std::string& prefix, const Numbers& weight) {
    RONDO_CHECK(only(prefix, {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}, "BatchNorm1d"));
    RONDO_CHECK(require_shape(weight, {at_.value ? at_.features : kAnySize}, "one for each channel"));
    begin(weight.shape[0]);
    std::map<std::string, Numbers> rows;
    ErrorList errors;
    for (const char* name : {"bias", "running_mean", "running_var"})
      if (errors.keep(module.parameter(name, "one number for each channel"), rows[name]))
        errors.keep(require_shape(rows[name], weight.shape, "one for each channel"));
    RONDO_CHECK(errors.status());
    RONDO_TRY(at_.value, add_normalisation(m_, at_.value, rows["running_mean"], rows["running_var"], kTorchEpsilon,
                                           weight, rows["bias"]));
    return Done{};
  }

  Status add_prelu_module(const std::string& prefix, const Numbers& weight) {
    RONDO_CHECK(only(prefix, {"weight"}, "PReLU"));
    if (!at_.value)
      return unsupported("a PReLU as the first module; accepted: one that tells the inputs", weight.place);
    if (weight.count() != 1)
      RONDO_CHECK(require_shape(weight, {at_.features}, "one slope for each channel, or one for all"));
    at_.value = add_prelu(m_, at_.value, weight);
    return Done{};
  }

  const JsonSource& source_;
  const Json& document_;
  std::vector<std::string> prefixes_;
  std::set<std::string> failed_;  // prefixes of modules whose names have errors
  ErrorList errors_;
  ModelBuilder m_;
  TorchResult at_{nullptr, 0};
};

}  // namespace

bool is_state_dict(const Json& document) {
  for (size_t i = 0; document.is(JsonKind::object) && i < document.size(); ++i) {
    const ParameterName parameter = split(document.name(i));
    if (parameter.name == "weight" || is_recurrent(parameter.name)) return true;
  }
  return false;
}

Result<Graph> read_state_dict_json(const JsonSource& source) { return ChainReader(source).read(); }

}  // namespace rondo
