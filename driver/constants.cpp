// See constants.h. Tested by tests/driver/settle_test.cpp.
#include "driver/constants.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "driver/dims.h"
#include "driver/data.h"
#include "passes/pipeline.h"

namespace rondo {
namespace {

constexpr int64_t kMostElements = 1 << 20;  // of a value given as one number

Result<Tensor> repeated(const Type& type, const std::string& text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return invalid(fmt::format("'{}' is neither a number nor an .npy or .pb file", text));
  auto shape = constant_shape(type.shape);
  if (!shape)
    return invalid(
        fmt::format("{} has symbolic dimensions; fix them with --dim or give an .npy file", to_string(type)));
  int64_t count = element_count(type.shape).constant().value_or(0);
  if (count > kMostElements)
    return invalid(fmt::format("{} is too large for one number; give an .npy file", to_string(type)));
  if (is_float(type.dtype)) return Tensor::from_doubles(type.dtype, *shape, std::vector<double>(count, value));
  // 2^53: beyond it a double does not tell one integer from the next.
  if (value != static_cast<double>(static_cast<int64_t>(std::clamp(value, -9007199254740992.0, 9007199254740992.0))))
    return invalid(fmt::format("'{}' is not an integer that {} can hold", text, to_string(type.dtype)));
  Tensor tensor = Tensor::from_ints(type.dtype, *shape, std::vector<int64_t>(count, static_cast<int64_t>(value)));
  if (count > 0 && tensor.int_at(0) != static_cast<int64_t>(value))
    return invalid(fmt::format("{} cannot hold {}", to_string(type.dtype), text));
  return tensor;
}

Value* find_input(const Graph& graph, const std::string& name) {
  for (Value* value : graph.inputs())
    if (value->name == name) return value;
  return nullptr;
}

Diagnostic no_input(const Graph& graph, const std::string& name) {
  std::string names;
  for (const Value* value : graph.inputs()) names += (names.empty() ? "'" : ", '") + value->name + "'";
  return invalid(fmt::format("no input '{}' to freeze; the model has: {}", name, names.empty() ? "none" : names));
}

/// Puts a constant node first, lets it take the parameter's place, and drops the parameter.
void replace_by_constant(Graph& graph, Value* param, Tensor tensor) {
  Type type = tensor.type();
  Node* node = graph.append(Op::constant, {}, {{"value", std::move(tensor)}}, 1);
  node->place = "input '" + param->name + "'";
  node->result()->type = type;
  std::rotate(graph.nodes.begin(), graph.nodes.end() - 1, graph.nodes.end());
  replace_uses(graph, {{param, node->result()}});
  for (State& state : graph.states)
    if (state.next == param) state.next = node->result();
  std::erase_if(graph.timing, [&](const Timing& timing) { return timing.name == param->name; });
  std::erase_if(graph.params, [&](const auto& candidate) { return candidate.get() == param; });
  for (size_t i = 0; i < graph.params.size(); ++i) graph.params[i]->index = static_cast<int>(i);
}

}  // namespace

Status bind_constant(Graph& graph, const std::string& input, const Tensor& value) {
  Value* param = find_input(graph, input);
  if (!param) return no_input(graph, input);
  if (!param->type) return invalid("its type is not known, so that it cannot be frozen");
  DimSolver solver;
  RONDO_CHECK(solver.add(input, *param->type, value));
  RONDO_CHECK(bind_dims(graph, solver.values()));
  replace_by_constant(graph, param, value);
  return Done{};
}

Status bind_constant(Graph& graph, const std::string& input, const std::string& value) {
  auto bind = [&]() -> Status {
    if (is_tensor_file(value)) {
      RONDO_TRY(Tensor tensor, read_tensor_file(value));
      return bind_constant(graph, input, tensor);
    }
    Value* param = find_input(graph, input);
    if (!param) return no_input(graph, input);
    if (!param->type) return invalid("its type is not known, so that it cannot be frozen");
    RONDO_TRY(Tensor tensor, repeated(*param->type, value));
    return bind_constant(graph, input, tensor);
  };
  Status status = bind();
  if (status) return status;
  Diagnostics errors = std::move(status).errors();
  for (Diagnostic& error : errors)
    if (error.place.empty()) error.place = "--const=" + input;
  return errors;
}

}  // namespace rondo
