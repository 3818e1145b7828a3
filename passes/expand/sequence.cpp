// Placeholders of sequences and optionals; see sequence.h.
#include "passes/expand/sequence.h"

#include <fmt/format.h>

namespace rondo {

Dim Sequence::length() const {
  Dim length = 0;
  for (const Part& part : parts) length += part.count.value_or(Dim(1));
  return length;
}

Type element_type(const Sequence::Part& part) {
  Type type = part.value && part.value->type ? *part.value->type : Type{};
  if (part.count && type.rank() > 0) type.shape.erase(type.shape.begin());
  return type;
}

Value* stacked(Builder& b, const Sequence::Part& part) { return part.count ? part.value : b.unsqueeze(part.value, {0}); }

Value* Sequences::new_placeholder() {
  placeholders_.push_back(std::make_unique<Value>());
  return placeholders_.back().get();
}

Value* Sequences::add(Sequence sequence) {
  Value* value = new_placeholder();
  sequences_.emplace(value, std::move(sequence));
  return value;
}

Value* Sequences::add_gathered() {
  Value* value = new_placeholder();
  sequences_.emplace(value, Sequence{{}, value});
  return value;
}

Value* Sequences::add_absent() {
  Value* value = new_placeholder();
  absent_.insert(value);
  return value;
}

const Sequence* Sequences::find(const Value* value) const {
  auto found = sequences_.find(value);
  return found == sequences_.end() ? nullptr : &found->second;
}

std::string Sequences::new_symbol(const std::string& stem) {
  std::string name = stem;
  for (int number = 2; !symbols_.insert(name).second; ++number) name = fmt::format("{}_{}", stem, number);
  return name;
}

void Sequences::reserve_symbols(const Graph& model) {
  for (const auto& param : model.params) {
    if (!param->type) continue;
    for (const Dim& dim : param->type->shape) dim.collect_symbols(symbols_);
  }
  for (const auto& [name, dim] : model.bindings) symbols_.insert(name), dim.collect_symbols(symbols_);
}

}  // namespace rondo
