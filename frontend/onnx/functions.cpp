// Model-local functions, put in place of their calls; see functions.h.
//
// A call is handled when its own names are final: those of its operands, its results and of the graphs among its
// attributes. The function's body is copied, its names are replaced (Scope), attributes that refer to the call's are
// filled in, and the copies are handled in turn. Recursion is as deep as calls and graphs are nested, which is bounded.
#include "frontend/onnx/functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "frontend/file.h"
#include "frontend/onnx/order.h"
#include "frontend/onnx/versions.h"

namespace rondo {
namespace {

// What a small file may grow to.
constexpr int kDeepest = 32;        // calls in calls
constexpr int kDeepestGraphs = 64;  // graphs in graphs; protobuf reads about half of that from a file
constexpr int64_t kMostNodes = int64_t{1} << 17;
constexpr uint64_t kMostBytes = uint64_t{1} << 28;

using Function = pb::FunctionProto;
using Nodes = google::protobuf::RepeatedPtrField<pb::NodeProto>;
using Key = std::tuple<std::string, std::string, std::string>;  // domain, name, overload
using Scope = std::map<std::string, std::string>;               // a name in the function -> in the graph

Key key_of(const std::string& domain, const std::string& name, const std::string& overload) {
  return {is_standard(domain) ? "" : domain, name, overload};
}

/// Every name of a value in a graph, nested graphs included.
void collect_names(const pb::GraphProto& graph, std::set<std::string>& names) {
  for (const auto& input : graph.input()) names.insert(input.name());
  for (const auto& initializer : graph.initializer()) names.insert(initializer.name());
  for (const auto& sparse : graph.sparse_initializer()) names.insert(sparse.values().name());
  for (const auto& node : graph.node()) {
    names.insert(node.output().begin(), node.output().end());
    for (const auto& attribute : node.attribute())
      if (attribute.has_g()) collect_names(attribute.g(), names);
  }
}

class Inliner {
 public:
  Inliner(const pb::ModelProto& model, int opset) : opset_(opset) { collect_names(model.graph(), taken_); }

  Status add(const Function& function);
  Status inline_calls(pb::GraphProto& graph);

 private:
  /// One call in the course of being replaced.
  struct Call {
    const Function& function;
    std::string prefix;                                            // of the names of its nodes and values
    std::map<std::string, const pb::AttributeProto*> attributes;  // the call's, and the function's defaults
  };

  Status put(pb::NodeProto node, Nodes& nodes);
  Status replace(const Function& function, const pb::NodeProto& node, Nodes& nodes);
  Status replace_body(Call& call, const pb::NodeProto& node, Nodes& nodes);
  Status check_call(const Function& function, const pb::NodeProto& node) const;
  Status check_forms(const Nodes& nodes, int version, const std::string& place) const;
  Result<Call> prepare(const Function& function, const pb::NodeProto& node) const;
  Status rename(pb::NodeProto& node, Scope& scope, const Call& call, const std::string& place);
  Status rename(pb::GraphProto& graph, Scope scope, const Call& call, const std::string& place);
  Result<std::optional<pb::AttributeProto>> resolve(pb::AttributeProto attribute, Scope& scope, const Call& call,
                                                    const std::string& place);
  std::string fresh(const std::string& wish);
  std::string in_graph(const std::string& name, Scope& scope, const Call& call);

  const int opset_;
  std::map<Key, const Function*> functions_;
  std::vector<const Function*> active_;
  std::set<std::string> taken_;
  std::map<std::string, int> last_suffix_;  // keeps many collisions linear
  int nested_ = 0;
  int64_t nodes_ = 0;
  uint64_t bytes_ = 0;
};

Status Inliner::add(const Function& function) {
  if (function.name().empty()) return invalid("a function of the model has no name");
  if (!functions_.emplace(key_of(function.domain(), function.name(), function.overload()), &function).second)
    return invalid(fmt::format("two functions of the model are called {}", in_quotes(function.name())));
  return Done{};
}

Status Inliner::inline_calls(pb::GraphProto& graph) {
  if (++nested_ > kDeepestGraphs)
    return unsupported(fmt::format("graphs in functions in graphs; supported: up to {} deep", kDeepestGraphs));
  Nodes before;
  before.Swap(graph.mutable_node());
  for (pb::NodeProto& node : before) RONDO_CHECK(put(std::move(node), *graph.mutable_node()));
  --nested_;
  return Done{};
}

Status Inliner::put(pb::NodeProto node, Nodes& nodes) {
  for (pb::AttributeProto& attribute : *node.mutable_attribute())
    if (attribute.has_g()) RONDO_CHECK(inline_calls(*attribute.mutable_g()));
  auto found = functions_.find(key_of(node.domain(), node.op_type(), node.overload()));
  if (found != functions_.end()) return replace(*found->second, node, nodes);
  *nodes.Add() = std::move(node);
  return Done{};
}

Status Inliner::replace(const Function& function, const pb::NodeProto& node, Nodes& nodes) {
  const std::string place = node_place(node);
  if (std::find(active_.begin(), active_.end(), &function) != active_.end())
    return invalid(fmt::format("the function {} calls itself", in_quotes(function.name())), place);
  if (active_.size() >= kDeepest)
    return unsupported(fmt::format("functions that call functions; supported: up to {} deep", kDeepest), place);
  RONDO_CHECK(check_call(function, node));
  RONDO_TRY(Call call, prepare(function, node));
  active_.push_back(&function);
  Status status = replace_body(call, node, nodes);
  active_.pop_back();
  return status;
}

Status Inliner::check_call(const Function& function, const pb::NodeProto& node) const {
  const std::string place = node_place(node);
  if (node.input_size() > function.input_size() || node.output_size() > function.output_size())
    return invalid(fmt::format("has {} operands and {} results; the function has {} and {}", node.input_size(),
                               node.output_size(), function.input_size(), function.output_size()),
                   place);
  for (const auto& import : function.opset_import())
    if (is_standard(import.domain()) && import.version() != opset_)
      RONDO_CHECK(check_forms(function.node(), static_cast<int>(std::clamp<int64_t>(import.version(), 0, 1 << 20)), place));
  return Done{};
}

/// The model's operator set must give the operators the same forms as the function's own.
Status Inliner::check_forms(const Nodes& nodes, int version, const std::string& place) const {
  for (const auto& node : nodes) {
    if (is_standard(node.domain()) && form_at(node.op_type(), version) != form_at(node.op_type(), opset_))
      return unsupported(fmt::format("the function means operator set {}, the model {}, and they differ in '{}'", version,
                                     opset_, node.op_type()),
                         place);
    for (const auto& attribute : node.attribute())
      if (attribute.has_g()) RONDO_CHECK(check_forms(attribute.g().node(), version, place));
  }
  return Done{};
}

Result<Inliner::Call> Inliner::prepare(const Function& function, const pb::NodeProto& node) const {
  Call call{function, node_name(node) + "/", {}};
  std::set<std::string_view> known(function.attribute().begin(), function.attribute().end());
  for (const auto& attribute : function.attribute_proto()) {
    known.insert(attribute.name());
    call.attributes[attribute.name()] = &attribute;
  }
  for (const auto& attribute : node.attribute()) {
    if (!known.count(attribute.name()))
      return invalid(fmt::format("the function has no attribute {}", in_quotes(attribute.name())), node_place(node));
    call.attributes[attribute.name()] = &attribute;
  }
  return call;
}

Status Inliner::replace_body(Call& call, const pb::NodeProto& node, Nodes& nodes) {
  const Function& function = call.function;
  const std::string place = node_place(node);
  Scope scope;
  for (int i = 0; i < function.input_size(); ++i)
    if (!scope.emplace(function.input(i), i < node.input_size() ? node.input(i) : "").second)
      return invalid(fmt::format("the function has two operands {}", in_quotes(function.input(i))), place);
  std::vector<std::pair<std::string, std::string>> copies;  // results that are operands, or the same result twice
  for (int i = 0; i < node.output_size(); ++i) {
    if (node.output(i).empty()) continue;
    if (!scope.emplace(function.output(i), node.output(i)).second)
      copies.emplace_back(function.output(i), node.output(i));
  }
  // Before any nested graph uses them, so that all see the same name.
  for (const auto& inner : function.node())
    for (const auto& output : inner.output()) in_graph(output, scope, call);
  for (const auto& inner : function.node()) {
    bytes_ += inner.ByteSizeLong();
    if (++nodes_ > kMostNodes || bytes_ > kMostBytes)
      return unsupported(fmt::format("functions grow to more than {} nodes or {} bytes", kMostNodes, kMostBytes), place);
    pb::NodeProto copy = inner;
    copy.set_name(call.prefix + node_name(inner));
    RONDO_CHECK(rename(copy, scope, call, place));
    RONDO_CHECK(put(std::move(copy), nodes));
  }
  for (const auto& [from, to] : copies) {
    pb::NodeProto& identity = *nodes.Add();
    identity.set_name(call.prefix + from);
    identity.set_op_type("Identity");
    identity.add_input(in_graph(from, scope, call));
    identity.add_output(to);
  }
  return Done{};
}

Status Inliner::rename(pb::NodeProto& node, Scope& scope, const Call& call, const std::string& place) {
  for (std::string& input : *node.mutable_input()) input = in_graph(input, scope, call);
  for (std::string& output : *node.mutable_output()) output = in_graph(output, scope, call);
  google::protobuf::RepeatedPtrField<pb::AttributeProto> before;
  before.Swap(node.mutable_attribute());
  for (pb::AttributeProto& attribute : before) {
    RONDO_TRY(std::optional<pb::AttributeProto> resolved, resolve(std::move(attribute), scope, call, place));
    if (resolved) *node.add_attribute() = std::move(*resolved);
  }
  return Done{};
}

/// What a nested graph defines is its own, whatever it is called.
Status Inliner::rename(pb::GraphProto& graph, Scope scope, const Call& call, const std::string& place) {
  std::set<std::string> own;  // an initializer may share its name with an input
  auto define = [&](const std::string& name) {
    if (!name.empty() && own.insert(name).second) scope[name] = fresh(call.prefix + name);
  };
  graph.clear_value_info();
  for (const auto& input : graph.input()) define(input.name());
  for (const auto& initializer : graph.initializer()) define(initializer.name());
  for (const auto& sparse : graph.sparse_initializer()) define(sparse.values().name());
  for (const auto& node : graph.node())
    for (const auto& output : node.output()) define(output);
  for (auto& input : *graph.mutable_input()) input.set_name(in_graph(input.name(), scope, call));
  for (auto& tensor : *graph.mutable_initializer()) tensor.set_name(in_graph(tensor.name(), scope, call));
  for (auto& sparse : *graph.mutable_sparse_initializer())
    sparse.mutable_values()->set_name(in_graph(sparse.values().name(), scope, call));
  for (auto& node : *graph.mutable_node()) RONDO_CHECK(rename(node, scope, call, place));
  for (auto& output : *graph.mutable_output()) output.set_name(in_graph(output.name(), scope, call));
  return Done{};
}

/// The attribute as the graph has it: the call's value where it refers to one; nothing where the call leaves it out.
Result<std::optional<pb::AttributeProto>> Inliner::resolve(pb::AttributeProto attribute, Scope& scope, const Call& call,
                                                           const std::string& place) {
  using Resolved = std::optional<pb::AttributeProto>;
  if (attribute.ref_attr_name().empty()) {
    if (attribute.has_g()) RONDO_CHECK(rename(*attribute.mutable_g(), scope, call, place));
    return Resolved(std::move(attribute));
  }
  auto value = call.attributes.find(attribute.ref_attr_name());
  if (value == call.attributes.end()) return Resolved();
  if (attribute.type() != 0 && value->second->type() != 0 && attribute.type() != value->second->type())
    return invalid(fmt::format("attribute {} has ONNX's type {}, where the function takes {}",
                               in_quotes(attribute.ref_attr_name()), value->second->type(), attribute.type()),
                   place);
  pb::AttributeProto result = *value->second;
  result.set_name(attribute.name());
  return Resolved(std::move(result));
}

std::string Inliner::fresh(const std::string& wish) {
  std::string name = wish;
  for (int& suffix = last_suffix_.try_emplace(wish, 1).first->second; !taken_.insert(name).second;)
    name = wish + "_" + std::to_string(++suffix);
  return name;
}

std::string Inliner::in_graph(const std::string& name, Scope& scope, const Call& call) {
  if (name.empty()) return name;
  auto found = scope.find(name);
  if (found == scope.end()) found = scope.emplace(name, fresh(call.prefix + name)).first;
  return found->second;
}

}  // namespace

Status inline_functions(pb::ModelProto& model, int opset) {
  if (model.functions().empty()) return Done{};
  Inliner inliner(model, opset);
  for (const Function& function : model.functions()) RONDO_CHECK(inliner.add(function));
  return inliner.inline_calls(*model.mutable_graph());
}

}  // namespace rondo
