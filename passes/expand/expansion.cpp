// What expansions read a node through, and small questions about core values.
// Every read of an operand or attribute is noted here; `unread` reports the rest. Tested by expand_driver_test.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "ir/infer.h"
#include "ir/reference.h"
#include "passes/expand/expand.h"

namespace rondo {

Expansion::Expansion(Builder& builder, const Node& node, int opset, std::vector<Value*> operands)
    : b(builder), node(node), opset(opset), operands_(std::move(operands)), operand_read_(operands_.size(), false) {
  for (const auto& entry : node.attributes.entries()) attribute_read_[entry.first] = false;
  // Operators before opset 6 carry this hint about memory; it never had a meaning for values.
  if (opset < 6) find("consumed_inputs");
}

bool Expansion::has_operand(int i) const { return i < operand_count() && operands_[i] != nullptr; }

Value* Expansion::operand(int i) {
  if (Value* value = optional_operand(i)) return value;
  return fail(fmt::format("operand {} is missing", i));
}

Value* Expansion::optional_operand(int i) {
  if (!has_operand(i)) return nullptr;
  operand_read_[i] = true;
  return operands_[i];
}

std::vector<Value*> Expansion::all_operands() {
  std::vector<Value*> values;
  for (int i = 0; i < operand_count(); ++i) values.push_back(operand(i));
  return values;
}

std::optional<Tensor> Expansion::known_tensor(int i) {
  const Value* value = optional_operand(i);
  std::optional<Tensor> tensor = value ? rondo::known_tensor(value) : std::nullopt;
  if (value && !tensor) unknown_.push_back(value);
  return tensor;
}

std::vector<Dim> Expansion::known_elements(int i, const char* what) {
  const Value* value = operand(i);
  if (!ok()) return {};
  if (!is_integer(dtype_of(value))) {
    fail(fmt::format("{} (operand {}) has type {}, must be integers", what, i, to_string(type_of(value))));
    return {};
  }
  if (value->elements) {
    std::vector<Dim> elements;
    for (const Dim& element : *value->elements) elements.push_back(b.graph().resolve(element));
    return elements;
  }
  if (auto tensor = rondo::known_tensor(value)) {
    std::vector<int64_t> numbers = tensor->ints();
    return {numbers.begin(), numbers.end()};
  }
  unknown_.push_back(value);
  unsupported(
      fmt::format("{} (operand {}) must be known at compile time: a constant, or computed from shapes", what, i));
  return {};
}

std::vector<int64_t> Expansion::known_integers(int i, const char* what) {
  std::vector<int64_t> numbers;
  for (const Dim& element : known_elements(i, what)) {
    auto number = b.graph().resolve(element).constant();
    if (!number) {
      element.collect_symbols(open_symbols_);
      unsupported(fmt::format("{} (operand {}) holds '{}', must be a constant; --dim fixes a dimension", what, i,
                              element.to_string()));
      return {};
    }
    numbers.push_back(*number);
  }
  return numbers;
}

std::optional<std::vector<int64_t>> Expansion::integers_or_operand(const char* name, int i) {
  if (has_attribute(name)) return integers(name);
  if (has_operand(i)) return known_integers(i, name);
  return std::nullopt;
}

const Attribute* Expansion::find(const char* name) {
  const Attribute* found = node.attributes.find(name);
  if (found) attribute_read_[name] = true;
  return found;
}

bool Expansion::has_attribute(const char* name) const { return node.attributes.has(name); }

template <class T>
std::optional<T> Expansion::attribute(const char* name, const char* kind) {
  const Attribute* found = find(name);
  if (!found) return std::nullopt;
  if (const T* value = std::get_if<T>(found)) return *value;
  fail(fmt::format("attribute '{}' must be {}", name, kind));
  return std::nullopt;
}

int64_t Expansion::integer(const char* name, int64_t absent) {
  return attribute<int64_t>(name, "an integer").value_or(absent);
}

double Expansion::number(const char* name, double absent) {
  const Attribute* found = node.attributes.find(name);
  if (found && std::holds_alternative<int64_t>(*found)) return static_cast<double>(integer(name, 0));
  return attribute<double>(name, "a number").value_or(absent);
}

std::string Expansion::text(const char* name, std::string absent) {
  return attribute<std::string>(name, "a string").value_or(std::move(absent));
}

std::vector<int64_t> Expansion::integers(const char* name, std::vector<int64_t> absent) {
  return attribute<std::vector<int64_t>>(name, "a list of integers").value_or(std::move(absent));
}

// An empty list of any kind is stored as an empty list of integers.

std::vector<double> Expansion::numbers(const char* name, std::vector<double> absent) {
  const Attribute* found = node.attributes.find(name);
  if (found && std::holds_alternative<std::vector<int64_t>>(*found)) {
    std::vector<int64_t> whole = integers(name);
    return {whole.begin(), whole.end()};
  }
  return attribute<std::vector<double>>(name, "a list of numbers").value_or(std::move(absent));
}

std::vector<std::string> Expansion::texts(const char* name, std::vector<std::string> absent) {
  const Attribute* found = node.attributes.find(name);
  const auto* whole = found ? std::get_if<std::vector<int64_t>>(found) : nullptr;
  if (whole && whole->empty()) return find(name), std::vector<std::string>{};
  return attribute<std::vector<std::string>>(name, "a list of strings").value_or(std::move(absent));
}

std::optional<DType> Expansion::element_type(const char* name, DType absent) {
  const int64_t code = integer(name, onnx_code(absent));
  return code >= 0 && code <= INT32_MAX ? dtype_from_onnx(static_cast<int>(code)) : std::nullopt;
}

std::optional<Tensor> Expansion::tensor(const char* name) { return attribute<Tensor>(name, "a tensor"); }

bool Expansion::require_equal(const Dim& x, const Dim& y, const std::string& what) {
  if (!ok()) return false;
  if (b.graph().require_equal(x, y, node.place + ": " + what)) return true;
  fail(fmt::format("{}: {} and {} must be equal", what, x.to_string(), y.to_string()));
  return false;
}

Diagnostics Expansion::unread() const {
  std::vector<std::string> accepted;
  for (const auto& [name, read] : attribute_read_) {
    if (read) accepted.push_back(name);
  }
  Diagnostics errors;
  for (const auto& [name, read] : attribute_read_) {
    if (read) continue;
    errors.push_back(rondo::unsupported(
        fmt::format(
            "attribute '{}' has no meaning in this form of the operator (opset {}); of those given, it takes: {}", name,
            opset, accepted.empty() ? "none" : fmt::format("{}", fmt::join(accepted, ", "))),
        node.place));
  }
  for (size_t i = 0; i < operands_.size(); ++i) {
    if (!operands_[i] || operand_read_[i]) continue;
    errors.push_back(rondo::unsupported(
        fmt::format("operand {} has no meaning in this form of the operator (opset {})", i, opset), node.place));
  }
  return errors;
}

namespace {

/// The parameters from whose contents a value is computed, by name.
void collect_params(const Value* value, std::set<const Value*>& seen, std::set<std::string>& names) {
  std::vector<const Value*> open{value};
  while (!open.empty()) {
    const Value* next = open.back();
    open.pop_back();
    if (!next || !seen.insert(next).second) continue;
    if (next->producer)
      open.insert(open.end(), next->producer->operands.begin(), next->producer->operands.end());
    else
      names.insert(next->name);
  }
}

}  // namespace

Diagnostics Expansion::mark_wanted(Diagnostics errors) const {
  std::set<const Value*> seen;
  std::set<std::string> inputs;
  for (const Value* value : unknown_) collect_params(value, seen, inputs);
  for (Diagnostic& error : errors) {
    if (!error.wanted_inputs.empty() || !error.wanted_dims.empty()) continue;
    error.wanted_inputs.assign(inputs.begin(), inputs.end());
    error.wanted_dims.assign(open_symbols_.begin(), open_symbols_.end());
  }
  return errors;
}

const Type& type_of(const Value* value) {
  static const Type scalar;
  return value && value->type ? *value->type : scalar;
}

namespace {

std::optional<Array> known_array(const Value* value, int& budget) {
  if (const Tensor* tensor = constant_of(value)) {
    if (tensor->count() > kMaxKnownElements) return std::nullopt;
    return Array::from(*tensor);
  }
  if (!value || !value->type || !value->producer || !value->producer->regions.empty() || --budget < 0)
    return std::nullopt;
  const auto count = element_count(value->type->shape).constant();
  if (!count || *count > kMaxKnownElements) return std::nullopt;
  std::vector<Array> arrays;
  for (const Value* operand : value->producer->operands) {
    auto array = known_array(operand, budget);
    if (!array) return std::nullopt;
    arrays.push_back(std::move(*array));
  }
  std::vector<const Array*> pointers;
  for (const Array& array : arrays) pointers.push_back(&array);
  auto results = evaluate(*value->producer, pointers, {});
  if (!results) return std::nullopt;
  return std::move((*results)[value->index]);
}

}  // namespace

std::optional<Tensor> known_tensor(const Value* value) {
  int budget = 64;
  auto array = known_array(value, budget);
  return array ? std::optional<Tensor>(array->to_tensor()) : std::nullopt;
}

std::optional<double> constant_number(const Value* value) {
  const Tensor* tensor = constant_of(value);
  if (!tensor || tensor->count() != 1) return std::nullopt;
  return tensor->double_at(0);
}

Value* number_of(Builder& b, const Dim& count, DType dtype) {
  if (auto number = count.constant()) return b.scalar(dtype, static_cast<double>(*number));
  return b.cast(b.dim(count), dtype);
}

int normalise_axis(Expansion& e, int64_t axis, int rank) {
  if (axis >= -rank && axis < rank) return static_cast<int>(axis < 0 ? axis + rank : axis);
  e.fail(fmt::format("axis {} is outside {} .. {}", axis, -rank, rank - 1));
  return 0;
}

std::vector<int64_t> normalise_axes(Expansion& e, const std::vector<int64_t>& axes, int rank) {
  std::vector<int64_t> result;
  for (int64_t axis : axes) result.push_back(normalise_axis(e, axis, rank));
  std::sort(result.begin(), result.end());
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) {
    e.fail(fmt::format("axes [{}] name an axis twice", fmt::join(axes, ", ")));
  }
  return e.ok() ? result : std::vector<int64_t>{};
}

std::vector<int64_t> all_axes(int rank) {
  std::vector<int64_t> axes(rank);
  for (int i = 0; i < rank; ++i) axes[i] = i;
  return axes;
}

}  // namespace rondo
