// Closed regions from model subgraphs; see region.h.
#include "passes/expand/region.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/measure.h"

namespace rondo {

Region::Region(Expansion& e, int number) : e_(e), graph_(std::make_unique<Graph>(Level::core)), builder_(*graph_, &e.node) {
  const Graph& outside = e.b.graph();
  graph_->bindings = outside.bindings;
  graph_->scope = fmt::format("{}{}_{}_", outside.scope, outside.nodes.size(), number);
}

namespace {

bool is_used(const Graph& graph, const Value* value) {
  for (const auto& node : graph.nodes)
    if (std::find(node->operands.begin(), node->operands.end(), value) != node->operands.end()) return true;
  return std::find(graph.outputs.begin(), graph.outputs.end(), value) != graph.outputs.end();
}

void renumber(Graph& graph) {
  for (size_t i = 0; i < graph.params.size(); ++i) graph.params[i]->index = static_cast<int>(i);
}

}  // namespace

Value* Region::add_param(Type type, std::string name) {
  for (Dim& dim : type.shape) dim = graph_->resolve(dim);
  Value* param = graph_->add_param(std::move(type), std::move(name));
  std::rotate(graph_->params.begin() + static_cast<std::ptrdiff_t>(own_params_++), graph_->params.end() - 1,
              graph_->params.end());
  renumber(*graph_);
  return param;
}

void Region::remove_param(Value* param) {
  graph_->params.erase(graph_->params.begin() + param->index);
  --own_params_;
  renumber(*graph_);
}

Value* Region::import(Value* outer) {
  if (auto found = imported_as_.find(outer); found != imported_as_.end()) return found->second;
  Value* inner = outer;
  if (const Sequence* sequence = e_.sequences.find(outer); sequence && !sequence->gathered) {
    Sequence copy;
    for (const Sequence::Part& part : sequence->parts) copy.parts.push_back({import(part.value), part.count});
    inner = e_.sequences.add(std::move(copy));
  } else if (outer->type) {
    inner = import_tensor(outer);
  }
  return imported_as_[outer] = inner;
}

Value* Region::import_tensor(Value* outer) {
  if (const Tensor* constant = constant_of(outer)) return builder_.constant(*constant);
  const auto shape = constant_shape(outer->type->shape);
  if (outer->elements && shape && outer->producer)
    return builder_.one(Op::dims, {}, {{"values", *outer->elements}, {"shape", *shape}, {"to", outer->type->dtype}});
  Type type = *outer->type;
  for (Dim& dim : type.shape) dim = graph_->resolve(dim);
  Value* param = graph_->add_param(std::move(type), outer->name);
  param->elements = outer->elements;
  outer_.push_back(outer);
  return param;
}

Status Region::expand(const Graph& subgraph, std::vector<Value*> arguments) {
  for (Value* captured : e_.captures()) arguments.push_back(import(captured));
  RONDO_CHECK(builder_.status());
  RONDO_TRY(outputs, expand_subgraph(subgraph, arguments, *graph_, e_.sequences));
  return Done{};
}

Value* Region::outer_of(const Value* param) const {
  for (size_t i = 0; i < outer_.size(); ++i)
    if (graph_->params[own_params_ + i].get() == param) return outer_[i];
  return nullptr;
}

bool Region::adopt_facts() {
  Graph& outside = e_.b.graph();
  const auto adopt = [&](const Dim& a, const Dim& b, const std::string& reason) {
    if (!outside.require_equal(a, b, reason))
      e_.fail(fmt::format("{}: {} and {} must be equal", reason, a.to_string(), b.to_string()));
  };
  for (const Equality& fact : release_facts(*graph_)) adopt(fact.a, fact.b, fact.reason);
  return e_.ok();
}

void Region::finish(std::vector<Value*> graph_outputs) {
  if (!builder_.ok()) e_.fail(builder_.status().errors());
  graph_->outputs = std::move(graph_outputs);
  remove_dead_nodes(*graph_);
  for (size_t i = outer_.size(); i-- > 0;) {
    if (is_used(*graph_, graph_->params[own_params_ + i].get())) continue;
    graph_->params.erase(graph_->params.begin() + static_cast<std::ptrdiff_t>(own_params_ + i));
    outer_.erase(outer_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  renumber(*graph_);
}

void Region::align_imports(const std::vector<Value*>& order) {
  std::vector<std::unique_ptr<Value>> params;
  for (size_t i = 0; i < own_params_; ++i) params.push_back(std::move(graph_->params[i]));
  std::vector<std::unique_ptr<Value>> old;
  for (size_t i = own_params_; i < graph_->params.size(); ++i) old.push_back(std::move(graph_->params[i]));
  graph_->params = std::move(params);
  for (Value* outer : order) {
    auto found = std::find(outer_.begin(), outer_.end(), outer);
    if (found != outer_.end())
      graph_->params.push_back(std::move(old[static_cast<size_t>(found - outer_.begin())]));
    else
      graph_->add_param(*outer->type, outer->name);
  }
  outer_ = order;
  renumber(*graph_);
}

}  // namespace rondo
