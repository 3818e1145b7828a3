// GraphProto -> Graph; see graph.h. Tested by tests/frontend/interface_test.cpp, region_test.cpp and order_test.cpp.
#include "frontend/onnx/graph.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_set>

#include "frontend/file.h"
#include "frontend/onnx/order.h"
#include "frontend/onnx/sparse.h"
#include "frontend/onnx/tensor.h"
#include "frontend/onnx/types.h"
#include "support/error_list.h"

namespace rondo {
namespace {

std::string input_place(std::string_view name) { return "input " + in_quotes(name); }
std::string output_place(std::string_view name) { return "output " + in_quotes(name); }
std::string initializer_place(std::string_view name) { return "initializer " + in_quotes(name); }

/// Reads one GraphProto, main or sub, in steps; each step relies on those before it.
class GraphReader {
 public:
  GraphReader(const pb::GraphProto& proto, ModelContext& context, Graph& graph)
      : proto_(proto), context_(context), graph_(graph), uses_(find_uses(proto)) {
    graph.name = proto.name();
    graph.opset = context.opset;
  }

  /// Every value has one name of its own; an input may share an initializer's, which then is its value.
  Status check_names();
  Status add_inputs();
  Status add_region_params(const std::vector<std::string_view>& captured);
  Status add_constants();
  Status add_nodes();
  Status add_outputs();
  Status name_outputs();
  /// Says which inputs have a value of their own and so are none of the compiled model.
  void remark_defaults();

 private:
  Status check_inputs();
  Status check_initializers();
  Status check_results();
  std::unordered_set<std::string_view> used_names() const;
  Status add_constant(const std::string& name, Result<Tensor> read);
  Status compare_with_input(const Tensor& tensor, const std::string& name);
  bool is_initializer(std::string_view name) const { return initializers_.count(name) != 0; }

  const pb::GraphProto& proto_;
  ModelContext& context_;
  Graph& graph_;
  std::vector<NodeUses> uses_;
  std::unordered_map<std::string_view, const pb::ValueInfoProto*> inputs_;
  std::unordered_set<std::string_view> initializers_;  // sparse ones too
  ValuesByName values_;
};

Status GraphReader::check_inputs() {
  for (const auto& input : proto_.input()) {
    if (input.name().empty()) return invalid("an input of the graph has no name");
    if (!inputs_.emplace(input.name(), &input).second)
      return invalid("two inputs have this name", input_place(input.name()));
  }
  return Done{};
}

Status GraphReader::check_initializers() {
  auto add = [&](const std::string& name) -> Status {
    if (name.empty()) return invalid("an initializer has no name");
    if (!initializers_.insert(name).second) return invalid("two initializers have this name", initializer_place(name));
    return Done{};
  };
  for (const auto& initializer : proto_.initializer()) RONDO_CHECK(add(initializer.name()));
  for (const auto& sparse : proto_.sparse_initializer()) RONDO_CHECK(add(sparse.values().name()));
  return Done{};
}

Status GraphReader::check_results() {
  std::unordered_set<std::string_view> results;
  for (const auto& node : proto_.node())
    for (const auto& output : node.output()) {
      if (output.empty()) continue;
      const char* other = inputs_.count(output)            ? "an input"
                          : is_initializer(output)         ? "an initializer"
                          : !results.insert(output).second ? "another result"
                                                           : nullptr;
      if (other)
        return invalid(fmt::format("its result {} has the name of {}", in_quotes(output), other), node_place(node));
    }
  return Done{};
}

Status GraphReader::check_names() {
  RONDO_CHECK(check_inputs());
  RONDO_CHECK(check_initializers());
  return check_results();
}

Status GraphReader::add_inputs() {
  std::vector<const pb::ValueInfoProto*> inputs;
  for (const auto& input : proto_.input())
    if (!is_initializer(input.name())) inputs.push_back(&input);
  for (const auto* input : inputs) reserve_names(*input, context_.symbols);
  ErrorList errors;
  for (const auto* input : inputs) {
    Type type;
    if (errors.keep(read_type(*input, input_place(input->name()), context_.symbols), type))
      values_[input->name()] = graph_.add_param(std::move(type), input->name());
  }
  return errors.status();
}

/// The types that subgraphs declare are not trusted: they follow from the operands.
Status GraphReader::add_region_params(const std::vector<std::string_view>& captured) {
  for (const auto& input : proto_.input()) {
    if (is_initializer(input.name()))
      return unsupported("an input of a subgraph with a default value", input_place(input.name()));
    values_[input.name()] = graph_.add_param(std::nullopt, input.name());
  }
  context_.captures_left -= static_cast<int64_t>(captured.size());
  if (context_.captures_left < 0)
    return unsupported(fmt::format("subgraphs capture more than {} values", kMostCaptures));
  std::unordered_set<std::string_view> results;
  for (const auto& node : proto_.node()) results.insert(node.output().begin(), node.output().end());
  for (std::string_view name : captured) {
    Value* param = graph_.add_param(std::nullopt, std::string(name));
    // Another subgraph of the node may capture a name that this one gives to a value of its own.
    if (!inputs_.count(name) && !is_initializer(name) && !results.count(name)) values_[name] = param;
  }
  return Done{};
}

std::unordered_set<std::string_view> GraphReader::used_names() const {
  std::unordered_set<std::string_view> names;
  for (const NodeUses& uses : uses_) {
    names.insert(uses.node->input().begin(), uses.node->input().end());
    names.insert(uses.captured.begin(), uses.captured.end());
  }
  for (const auto& output : proto_.output()) names.insert(output.name());
  return names;
}

/// A model of IR version 3 declares its initializers as inputs too; the two must agree.
Status GraphReader::compare_with_input(const Tensor& tensor, const std::string& name) {
  auto input = inputs_.find(name);
  if (input == inputs_.end() || !input->second->type().has_tensor_type()) return Done{};
  const auto& declared = input->second->type().tensor_type();
  if (declared.elem_type() != 0 && declared.elem_type() != onnx_code(tensor.dtype()))
    return invalid(fmt::format("it holds {}; the input of this name is declared with ONNX's type {}",
                               to_string(tensor.dtype()), declared.elem_type()),
                   initializer_place(name));
  bool same = !declared.has_shape() || static_cast<size_t>(declared.shape().dim_size()) == tensor.shape().size();
  for (size_t axis = 0; same && declared.has_shape() && axis < tensor.shape().size(); ++axis) {
    const auto& dim = declared.shape().dim(static_cast<int>(axis));
    same = !dim.has_dim_value() || dim.dim_value() == -1 || dim.dim_value() == tensor.shape()[axis];
  }
  if (!same)
    context_.warnings.push_back(warning("its shape is not the one that the input of this name declares; its own counts",
                                        initializer_place(name)));
  return Done{};
}

Status GraphReader::add_constant(const std::string& name, Result<Tensor> read) {
  RONDO_TRY(Tensor tensor, std::move(read));
  RONDO_CHECK(compare_with_input(tensor, name));
  Node* node = graph_.append(Op::Constant, {}, {{"value", std::move(tensor)}}, 1);
  node->name = name;
  node->place = initializer_place(name);
  node->result()->name = name;
  values_[name] = node->result();
  return Done{};
}

Status GraphReader::add_constants() {
  const std::unordered_set<std::string_view> used = used_names();
  ErrorList errors;
  for (const auto& dense : proto_.initializer())
    if (const std::string& name = dense.name(); used.count(name))
      errors.keep(add_constant(name, read_tensor(dense, initializer_place(name), context_.external)));
  for (const auto& sparse : proto_.sparse_initializer())
    if (const std::string& name = sparse.values().name(); used.count(name))
      errors.keep(add_constant(name, read_sparse(sparse, initializer_place(name), context_.external)));
  return errors.status();
}

Status GraphReader::add_nodes() {
  RONDO_TRY(const std::vector<int> order,
            execution_order(uses_, [&](std::string_view name) { return values_.count(name) != 0; }));
  ErrorList errors;
  std::unordered_set<std::string_view> failed;  // results of nodes with errors: what uses them is not looked at
  for (int index : order) {
    const NodeUses& uses = uses_[static_cast<size_t>(index)];
    const auto is_lost = [&](std::string_view name) { return failed.count(name) != 0; };
    const bool lost = std::any_of(uses.node->input().begin(), uses.node->input().end(), is_lost) ||
                      std::any_of(uses.captured.begin(), uses.captured.end(), is_lost);
    Status done = lost ? Status(told_already()) : append_node(uses, values_, context_, graph_);
    if (done) continue;
    failed.insert(uses.node->output().begin(), uses.node->output().end());
    for (Diagnostic error : done.errors()) {
      const bool is_own = error.place.starts_with(node_place(*uses.node));
      error.message += fmt::format("{} node {} of {}", is_own ? ";" : ",", index + 1, proto_.node_size());
      errors.add({std::move(error)});
    }
    if (errors.stops()) break;
  }
  return errors.status();
}

Status GraphReader::add_outputs() {
  for (const auto& output : proto_.output()) {
    auto value = values_.find(output.name());
    if (value == values_.end()) return invalid("nothing defines it", output_place(output.name()));
    graph_.outputs.push_back(value->second);
  }
  return Done{};
}

/// The interface of a main graph: names, and declared types for later comparison.
Status GraphReader::name_outputs() {
  if (proto_.output().empty()) return invalid("the graph has no outputs");
  std::unordered_set<std::string_view> names;
  for (const auto& output : proto_.output()) {
    if (!names.insert(output.name()).second) return invalid("two outputs have this name", output_place(output.name()));
    graph_.output_names.push_back(output.name());
    reserve_names(output, context_.symbols);
  }
  for (const auto& output : proto_.output()) {
    Result<Type> type = read_type(output, output_place(output.name()), context_.symbols);
    graph_.declared_outputs.push_back(type ? std::optional<Type>(*std::move(type)) : std::nullopt);
  }
  return Done{};
}

/// Before IR version 4 every initializer had to be declared as an input as well, which says nothing.
void GraphReader::remark_defaults() {
  constexpr size_t kMostNames = 10;
  if (context_.ir_version < 4) return;
  std::vector<std::string> names;
  for (const auto& input : proto_.input())
    if (is_initializer(input.name())) names.push_back(in_quotes(input.name()));
  if (names.empty()) return;
  const size_t more = names.size() > kMostNames ? names.size() - kMostNames : 0;
  names.resize(names.size() - more);
  context_.warnings.push_back(
      remark(fmt::format("inputs with an initializer are constants of this value: {}{}", fmt::join(names, ", "),
                         more > 0 ? fmt::format(" and {} more", more) : "")));
}

}  // namespace

Result<Graph> read_main_graph(const pb::GraphProto& proto, ModelContext& context) {
  Graph graph(Level::model);
  GraphReader reader(proto, context, graph);
  RONDO_CHECK(reader.check_names());
  RONDO_CHECK(reader.add_inputs());
  RONDO_CHECK(reader.add_constants());
  RONDO_CHECK(reader.add_nodes());
  RONDO_CHECK(reader.add_outputs());
  RONDO_CHECK(reader.name_outputs());
  reader.remark_defaults();
  return graph;
}

Result<std::unique_ptr<Graph>> read_region(const pb::GraphProto& proto, const std::vector<std::string_view>& captured,
                                           ModelContext& context) {
  auto graph = std::make_unique<Graph>(Level::model);
  GraphReader reader(proto, context, *graph);
  RONDO_CHECK(reader.check_names());
  RONDO_CHECK(reader.add_region_params(captured));
  RONDO_CHECK(reader.add_constants());
  RONDO_CHECK(reader.add_nodes());
  RONDO_CHECK(reader.add_outputs());
  return graph;
}

}  // namespace rondo
