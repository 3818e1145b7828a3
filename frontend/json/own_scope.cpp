// Names within rondo's own JSON; see own.h.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/file.h"
#include "frontend/json/own.h"
#include "ir/op_words.h"
#include "support/closest.h"

namespace rondo {

Value* OwnScope::find(const std::string& name) {
  if (auto known = values_.find(name); known != values_.end()) return known->second;
  if (!outer_ || !outer_->find(name)) return nullptr;
  captured_.push_back(name);
  return values_[name] = graph.add_param(std::nullopt, name);
}

Status OwnScope::define(const std::string& name, Value* value, const std::string& place) {
  if (name.empty()) return invalid("a value without name; accepted: a name", place);
  if (values_.count(name))
    return invalid(fmt::format("the name {} is given to a second value; accepted: a name of its own", in_quotes(name)),
                   place);
  if (value->name.empty()) value->name = name;
  values_[name] = value;
  return Done{};
}

Result<Value*> OwnScope::require(const std::string& name, const std::string& place) {
  if (Value* value = find(name)) return value;
  for (const OwnScope* scope = this; scope; scope = scope->outer_)
    if (scope->lost_) return told_already();
  return invalid(
      fmt::format("nothing before this place defines {}; accepted: an input, a state, a constant, or a result of "
                  "an earlier node",
                  in_quotes(name)),
      place);
}

void OwnScope::stand_in(const std::string& name) {
  if (!name.empty() && !values_.count(name)) values_[name] = graph.add_param(std::nullopt, name);
}

void OwnScope::order_captures(size_t own, const std::vector<std::string>& names) {
  std::vector<std::unique_ptr<Value>> params(std::make_move_iterator(graph.params.begin()),
                                             std::make_move_iterator(graph.params.end()));
  graph.params.clear();
  for (size_t i = 0; i < own; ++i) graph.params.push_back(std::move(params[i]));
  for (const std::string& name : names) {
    const auto at = std::find(captured_.begin(), captured_.end(), name);
    if (at == captured_.end())
      graph.add_param(std::nullopt, name);
    else
      graph.params.push_back(std::move(params[own + static_cast<size_t>(at - captured_.begin())]));
  }
  for (size_t i = 0; i < graph.params.size(); ++i) graph.params[i]->index = static_cast<int>(i);
}

Value* OwnScope::append(Op op, std::vector<Value*> operands, Attributes attributes, int results,
                        const std::string& place) {
  while (!operands.empty() && !operands.back()) operands.pop_back();
  Node* node = graph.append(op, std::move(operands), std::move(attributes), results);
  node->name = fmt::format("{}_{}", info(op).word, graph.nodes.size());
  node->place = fmt::format("{} ({})", place, info(op).word);
  return results > 0 ? node->result() : nullptr;
}

Value* OwnScope::constant(Tensor tensor, const std::string& place) {
  return append(Op::Constant, {}, {{"value", std::move(tensor)}}, 1, place);
}

Result<Op> find_own_operator(const std::string& name, const std::string& place) {
  const std::optional<Op> op = find_op(name);
  if (op && is_model(*op) && *op != Op::unsupported) return *op;
  return unsupported(fmt::format("there is no operator {}; accepted: ONNX's names, such as MatMul, Add, Tanh, LSTM{}",
                                 in_quotes(name), did_you_mean(name, operator_words(Level::model))),
                     place);
}

}  // namespace rondo
