// See traps.h. Each trap is a function of its own.
#include "frontend/traps.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "frontend/file.h"

namespace rondo {
namespace {

constexpr int64_t kFewElements = 16;  // equal constants of no more are no weights

bool is_recurrent(const Node& node) { return node.op == Op::LSTM || node.op == Op::GRU || node.op == Op::RNN; }

bool has_result(const Node& node, size_t i) { return i < node.results.size() && node.results[i]; }

const Tensor* file_constant_of(const Value* value) {
  if (!value || !value->producer || value->producer->op != Op::Constant) return nullptr;
  const Attribute* tensor = value->producer->attributes.find("value");
  return tensor ? std::get_if<Tensor>(tensor) : nullptr;
}

bool is_zero(const Tensor& tensor) {
  for (int64_t i = 0; i < tensor.count(); ++i)
    if (tensor.double_at(i) != 0) return false;
  return true;
}

/// The halves of a recurrent node's bias B[directions, 2 * gates * hidden]: for the inputs, and for the recurrence.
struct Biases {
  std::vector<double> input, recurrent;
};
std::optional<Biases> halves(const Tensor* tensor) {
  if (!tensor || tensor->shape().size() != 2 || tensor->shape()[1] % 2 != 0) return std::nullopt;
  const int64_t half = tensor->shape()[1] / 2;
  Biases biases;
  for (int64_t i = 0; i < tensor->count(); ++i)
    (i / std::max<int64_t>(1, half) % 2 == 0 ? biases.input : biases.recurrent).push_back(tensor->double_at(i));
  return biases;
}

bool any(const std::vector<double>& values) {
  return std::any_of(values.begin(), values.end(), [](double value) { return value != 0; });
}

class Finder {
 public:
  Finder(const Graph& model, const FileFacts& facts) : model_(model), facts_(facts) {}

  Diagnostics find() {
    visit(model_);
    unused_inputs();
    unconnected_states();
    shared_weights();
    return std::move(traps_);
  }

 private:
  void visit(const Graph& graph) {
    for (const auto& node : graph.nodes) {
      for (const auto& param : node->operands) {
        ++uses_[param];
        if (!takes_apart(node->op)) ++whole_uses_[param];
      }
      for (const auto& region : node->regions) enter(*node, *region);
      if (!is_recurrent(*node)) continue;
      reset_gate(*node);
      frozen_time(*node);
      two_biases(*node);
      fixed_initial_state(*node);
    }
    for (const Value* output : graph.outputs) ++uses_[output];
  }

  /// Of a region's parameters the last stand for what it captures: the last operands of the node.
  void enter(const Node& node, const Graph& region) {
    const Attribute* attribute = node.attributes.find("captures");
    const int64_t* count = attribute ? std::get_if<int64_t>(attribute) : nullptr;
    const size_t captures =
        std::min({count ? static_cast<size_t>(*count) : 0, node.operands.size(), region.params.size()});
    for (size_t i = 1; i <= captures; ++i)
      outside_[region.params[region.params.size() - i].get()] = resolve(node.operands[node.operands.size() - i]);
    visit(region);
  }
  const Value* resolve(const Value* value) const {
    const auto outside = outside_.find(value);
    return outside == outside_.end() ? value : outside->second;
  }
  const Value* operand(const Node& node, size_t i) const {
    return i < node.operands.size() ? resolve(node.operands[i]) : nullptr;
  }
  std::optional<Biases> biases_of(const Node& node) const { return halves(file_constant_of(operand(node, 3))); }

  void add(const std::string& place, std::string message) { traps_.push_back(remark(std::move(message), place)); }

  bool by_pytorch() const {
    return facts_.producer.find("pytorch") != std::string::npos || facts_.producer.find("PyTorch") != std::string::npos;
  }

  /// PyTorch's and cuDNN's GRU applies the reset gate to the finished recurrent product: linear_before_reset = 1.
  void reset_gate(const Node& node) {
    if (node.op != Op::GRU) return;
    const Attribute* flag = node.attributes.find("linear_before_reset");
    if (flag && std::get_if<int64_t>(flag) && std::get<int64_t>(*flag) != 0) return;
    const std::optional<Biases> biases = biases_of(node);
    const bool two = biases && any(biases->recurrent);
    if (!by_pytorch() && !two) return;
    add(node.place,
        fmt::format(
            "linear_before_reset is 0, and {}; PyTorch's GRU computes what ONNX calls linear_before_reset = 1, so "
            "if the model was trained there, this file computes something else; it is compiled as it is written",
            by_pytorch() ? "PyTorch wrote the file" : "it has a bias of the recurrence, as PyTorch's GRU has"));
  }

  /// Types come from the operand X: [time, batch, inputs], or with layout = 1 [batch, time, inputs].
  void frozen_time(const Node& node) {
    const Value* x = operand(node, 0);
    if (!x || !x->type || x->type->rank() != 3) return;
    const Attribute* layout = node.attributes.find("layout");
    const bool batch_first = layout && std::get_if<int64_t>(layout) && std::get<int64_t>(*layout) == 1;
    const std::optional<int64_t> time = x->type->shape[batch_first ? 1 : 0].constant();
    if (!time) return;
    add(node.place,
        *time == 1 ? "the time axis is fixed at 1 step, as an exporter traced it; longer sequences need a call for "
                     "each step, with the state carried along by --state"
                   : fmt::format("the time axis is fixed at {} steps, as an exporter traced it: the model takes no "
                                 "other length",
                                 *time));
  }

  void two_biases(const Node& node) {
    const std::optional<Biases> biases = biases_of(node);
    if (!biases || !any(biases->input) || !any(biases->recurrent)) return;
    if (biases->input == biases->recurrent)
      add(node.place,
          "the bias of the inputs and the bias of the recurrence are equal; if one bias was trained, the exporter has "
          "doubled it");
    else if (node.op != Op::GRU)
      add(node.place,
          "it has two biases, of the inputs and of the recurrence, as PyTorch trains them; they are added up, so the "
          "second "
          "costs nothing");
  }

  /// initial_h is operand 5, initial_c of LSTM 6; Y_h is result 1, Y_c 2.
  void fixed_initial_state(const Node& node) {
    for (size_t state = 0; state < (node.op == Op::LSTM ? 2u : 1u); ++state) {
      const Value* initial = operand(node, 5 + state);
      const Tensor* tensor = file_constant_of(initial);
      const char* name = state == 0 ? "hidden" : "cell";
      if (initial && !tensor) continue;
      if (tensor && !is_zero(*tensor)) continue;
      if (tensor)
        add(node.place,
            fmt::format("its initial {} state is a constant of zeros: no call can begin with another", name));
      if (has_result(node, 1 + state) && leaves(node.result(static_cast<int>(1 + state))))
        add(node.place,
            fmt::format("its last {} state leaves the model, and nothing brings it back: every call starts from "
                        "zeros",
                        name));
    }
  }

  /// Whether a value is an output of the main graph, perhaps in another shape.
  bool leaves(const Value* value) const {
    if (std::find(model_.outputs.begin(), model_.outputs.end(), value) != model_.outputs.end()) return true;
    for (const auto& node : model_.nodes)
      if (is_view(node->op) && operand(*node, 0) == value && leaves(node->result())) return true;
    return false;
  }
  static bool is_view(Op op) {
    return op == Op::Identity || op == Op::Squeeze || op == Op::Unsqueeze || op == Op::Reshape || op == Op::Transpose;
  }

  void unused_inputs() {
    for (const auto& param : model_.params)
      if (uses_.count(param.get()) == 0) add("input " + in_quotes(param->name), "nothing uses it");
  }

  /// The input or output that a value is, perhaps in another shape.
  const Value* input_behind(const Value* value) const {
    while (value && value->producer && is_view(value->producer->op)) value = operand(*value->producer, 0);
    return value && !value->producer ? value : nullptr;
  }
  std::string output_before(const Value* value) const {
    for (size_t i = 0; i < model_.outputs.size() && i < model_.output_names.size(); ++i) {
      const Value* output = model_.outputs[i];
      while (output != value && output->producer && is_view(output->producer->op))
        output = operand(*output->producer, 0);
      if (output == value) return model_.output_names[i];
    }
    return "";
  }

  /// States that come in and go out: --state makes a stream of them.
  void unconnected_states() {
    std::vector<std::string> pairs;
    for (const auto& node : model_.nodes)
      for (size_t state = 0; is_recurrent(*node) && state < (node->op == Op::LSTM ? 2u : 1u); ++state) {
        const Value* input = input_behind(operand(*node, 5 + state));
        if (!input || !has_result(*node, 1 + state) || is_state(input)) continue;
        const std::string output = output_before(node->result(static_cast<int>(1 + state)));
        if (!output.empty()) pairs.push_back(fmt::format("--state={}={}", input->name, output));
      }
    if (!pairs.empty())
      add("", fmt::format("the model takes state in and gives it out, and keeps none; {} would make a stream of it",
                          fmt::join(pairs, " ")));
  }
  bool is_state(const Value* value) const {
    return std::any_of(model_.states.begin(), model_.states.end(),
                       [&](const State& state) { return state.current == value; });
  }

  void shared_weights() {
    std::map<std::string_view, std::vector<const Node*>> by_bytes;
    for (const auto& node : model_.nodes) {
      const Tensor* tensor = node->op == Op::Constant && has_result(*node, 0) ? file_constant_of(node->result()) : nullptr;
      if (!tensor || tensor->count() <= kFewElements || is_uniform(*tensor)) continue;
      by_bytes[tensor->bytes()].push_back(node.get());
      if (const int uses = whole_uses_[node->result()]; uses > 1 && is_float(tensor->dtype()))
        add("constant " + in_quotes(node->result()->name),
            fmt::format("{} nodes use it: tied weights, kept once", uses));
    }
    for (const auto& [bytes, nodes] : by_bytes) {
      if (nodes.size() < 2) continue;
      std::vector<std::string> names;
      for (const Node* node : nodes) names.push_back(in_quotes(node->result()->name));
      if (names.size() > 4) names.resize(4), names.push_back("…");
      add("constants " + fmt::format("{}", fmt::join(names, ", ")),
          fmt::format("{} constants of the same {} bytes: duplicated weights, kept once", nodes.size(), bytes.size()));
    }
  }
  /// Exporters cut weights gate by gate, to put them together in ONNX's order: that is one use.
  static bool takes_apart(Op op) { return op == Op::Slice || op == Op::Split || op == Op::Concat || op == Op::Shape; }
  static bool is_uniform(const Tensor& tensor) {
    for (int64_t i = 1; i < tensor.count(); ++i)
      if (tensor.double_at(i) != tensor.double_at(0)) return false;
    return true;
  }

  const Graph& model_;
  const FileFacts& facts_;
  std::unordered_map<const Value*, int> uses_, whole_uses_;
  std::unordered_map<const Value*, const Value*> outside_;  // what a region's parameter stands for
  Diagnostics traps_;
};

}  // namespace

Diagnostics find_traps(const Graph& model, const FileFacts& facts) { return Finder(model, facts).find(); }

}  // namespace rondo
