// Operators on sequences and optionals, which are resolved here; see sequence.h. Tested by expand_sequence_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "passes/expand/region.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;
using Part = Sequence::Part;

constexpr int64_t kMostParts = 4096;

bool refuse_gathered(Expansion& e, const Sequence& sequence) {
  if (sequence.gathered)
    e.unsupported("a sequence that a loop carries can, in its body, only be appended to (SequenceInsert without a "
                  "position)");
  return e.ok();
}

/// One axis of x in front of all others.
Value* to_front(Builder& b, Value* x, int axis) {
  std::vector<int64_t> perm = all_axes(rank_of(x));
  std::rotate(perm.begin(), perm.begin() + axis, perm.begin() + axis + 1);
  return b.transpose(x, perm);
}

/// Axis 0 of x moved to `axis`.
Value* from_front(Builder& b, Value* x, int axis) {
  std::vector<int64_t> perm = all_axes(rank_of(x));
  std::rotate(perm.begin(), perm.begin() + 1, perm.begin() + axis + 1);
  return b.transpose(x, perm);
}

/// A position that an operand gives, where it is known.
std::optional<Dim> known_position(Expansion& e, const Value* position) {
  if (position->elements && position->elements->size() == 1) return e.b.graph().resolve((*position->elements)[0]);
  if (auto tensor = known_tensor(position); tensor && tensor->count() == 1) return Dim(tensor->int_at(0));
  return std::nullopt;
}

/// A known position counted from the front. `last` is the greatest that is allowed.
Dim counted_from_front(Expansion& e, Dim position, const Dim& length, const Dim& last) {
  if (position.upper_bound() < 0) position += length;
  if (position.upper_bound() < 0 || (last - position).upper_bound() < 0)
    e.fail(fmt::format("position {} is outside a sequence of {} values", position.to_string(), length.to_string()));
  return position;
}

/// The sequence with every part of a constant number of values split up into values.
std::optional<Values> as_values(Expansion& e, const Sequence& sequence) {
  Values values;
  for (const Part& part : sequence.parts) {
    if (!part.count) {
      values.push_back(part.value);
      continue;
    }
    const auto count = e.b.graph().resolve(*part.count).constant();
    if (!count || *count > kMostParts) return std::nullopt;
    for (int64_t i = 0; i < *count; ++i) values.push_back(e.b.squeeze(e.b.slice_axis(part.value, 0, i, 1), {0}));
  }
  return values;
}

/// All values along a new axis 0; they must have equal types.
Value* all_stacked(Expansion& e, const Sequence& sequence) {
  if (sequence.parts.empty()) return e.unsupported("an empty sequence, whose values have no type");
  Values parts;
  const Type first = element_type(sequence.parts[0]);
  for (const Part& part : sequence.parts) {
    const Type type = element_type(part);
    bool same = type.dtype == first.dtype && type.rank() == first.rank();
    for (int i = 0; same && i < type.rank(); ++i)
      same = e.b.graph().require_equal(type.shape[i], first.shape[i], e.node.place);
    if (!same)
      return e.unsupported(fmt::format("the sequence holds values of types {} and {}; they must be equal here",
                                       to_string(first), to_string(type)));
    parts.push_back(stacked(e.b, part));
  }
  return e.b.concat(parts, 0);
}

Sequence of_values(const Values& values) {
  Sequence sequence;
  for (Value* value : values) sequence.parts.push_back({value, std::nullopt});
  return sequence;
}

/// The value at a known position, if the parts before it have constant numbers; null otherwise.
Value* value_at(Expansion& e, const Sequence& sequence, Dim position) {
  for (const Part& part : sequence.parts) {
    const Dim count = part.count.value_or(Dim(1));
    if (provably_le(position + Dim(1), count) && position.lower_bound() >= 0)
      return part.count ? e.b.squeeze(e.b.slice_axis(part.value, 0, position, 1), {0}) : part.value;
    if (!provably_le(count, position)) return nullptr;
    position = position - count;
  }
  return nullptr;
}

}  // namespace

Values expand_SequenceEmpty(Expansion& e) {
  e.integer("dtype", 1);
  return {e.sequences.add({})};
}

Values expand_SequenceConstruct(Expansion& e) {
  if (e.operand_count() == 0) return {e.fail("a sequence of nothing needs SequenceEmpty")};
  return {e.sequences.add(of_values(e.all_operands()))};
}

Values expand_SequenceLength(Expansion& e) {
  const Sequence sequence = e.sequence_operand(0);
  if (!refuse_gathered(e, sequence)) return {};
  return {e.b.dim(sequence.length())};
}

Values expand_SequenceAt(Expansion& e) {
  const Sequence sequence = e.sequence_operand(0);
  Value* position = e.operand(1);
  if (!refuse_gathered(e, sequence)) return {};
  const Dim length = e.b.graph().resolve(sequence.length());
  if (const auto known = known_position(e, position)) {
    const Dim place = counted_from_front(e, *known, length, length - Dim(1));
    if (!e.ok()) return {};
    if (Value* value = value_at(e, sequence, place)) return {value};
  }
  Value* all = all_stacked(e, sequence);
  Value* at = e.b.reshape(position, {});
  at = e.b.select(e.b.less(at, e.b.scalar(at, 0)), e.b.add(at, e.b.dim(length, dtype_of(at))), at);
  return {e.b.gather(all, at, 0)};
}

namespace {

/// A sequence of single values, and a position in it.
std::optional<std::pair<Values, int64_t>> values_and_place(Expansion& e, const Sequence& sequence, int operand, bool end) {
  auto values = as_values(e, sequence);
  const auto position = known_position(e, e.operand(operand));
  const auto known = position ? position->constant() : std::nullopt;
  if (!values || !known) {
    e.unsupported("the sequence's length and the position must be known at compile time");
    return std::nullopt;
  }
  const Dim length = static_cast<int64_t>(values->size());
  const Dim place = counted_from_front(e, *known, length, end ? length : length - Dim(1));
  if (!e.ok()) return std::nullopt;
  return std::pair(std::move(*values), *place.constant());
}

}  // namespace

Values expand_SequenceInsert(Expansion& e) {
  Sequence sequence = e.sequence_operand(0);
  Value* value = e.operand(1);
  if (!e.ok()) return {};
  if (!e.has_operand(2)) {
    sequence.parts.push_back({value, std::nullopt});
    return {e.sequences.add(std::move(sequence))};
  }
  if (!refuse_gathered(e, sequence)) return {};
  auto found = values_and_place(e, sequence, 2, true);
  if (!found) return {};
  found->first.insert(found->first.begin() + found->second, value);
  return {e.sequences.add(of_values(found->first))};
}

Values expand_SequenceErase(Expansion& e) {
  const Sequence sequence = e.sequence_operand(0);
  if (!refuse_gathered(e, sequence)) return {};
  auto values = as_values(e, sequence);
  if (!e.has_operand(1)) {
    if (!values) return {e.unsupported("the sequence's length must be known at compile time")};
    if (values->empty()) return {e.fail("the sequence is empty")};
    values->pop_back();
    return {e.sequences.add(of_values(*values))};
  }
  auto found = values_and_place(e, sequence, 1, false);
  if (!found) return {};
  found->first.erase(found->first.begin() + found->second);
  return {e.sequences.add(of_values(found->first))};
}

namespace {

/// Parts of equal size along an axis, stacked: [..., count * size, ...] -> [count, ..., size, ...].
Sequence equal_parts(Expansion& e, Value* x, int axis, const Dim& count, const Dim& size, bool keep) {
  Shape shape = shape_of(x);
  shape[axis] = count;
  if (keep) shape.insert(shape.begin() + axis + 1, size);
  return {{{to_front(e.b, e.b.reshape(x, shape), axis), count}}};
}

Sequence listed_parts(Expansion& e, Value* x, int axis, const std::vector<Dim>& sizes) {
  Values parts;
  Dim start = 0;
  for (const Dim& size : sizes) {
    parts.push_back(e.b.slice_axis(x, axis, start, size));
    start += size;
  }
  e.require_equal(start, shape_of(x)[axis], "sum of the parts' sizes and the axis");
  return of_values(parts);
}

/// Parts of one size, the last one perhaps smaller.
Sequence parts_of_size(Expansion& e, Value* x, int axis, const Dim& size) {
  const Dim n = e.b.graph().resolve(shape_of(x)[axis]);
  if (size.lower_bound() < 1) return e.fail("the parts' size must be 1 or more"), Sequence{};
  const Dim count = floor_div(n, size);
  if (count * size == n) return equal_parts(e, x, axis, count, size, true);
  const auto length = n.constant(), part = size.constant();
  if (!length || !part || *length / *part > kMostParts)
    return e.unsupported(fmt::format("parts of {} along an axis of length {}: whether they fit is not known at compile "
                                     "time; --dim fixes a dimension",
                                     size.to_string(), n.to_string())),
           Sequence{};
  std::vector<Dim> sizes(static_cast<size_t>(*length / *part), size);
  if (*length % *part != 0) sizes.push_back(*length % *part);
  return listed_parts(e, x, axis, sizes);
}

}  // namespace

Values expand_SplitToSequence(Expansion& e) {
  Value* x = e.operand(0);
  const int axis = normalise_axis(e, e.integer("axis", 0), rank_of(x));
  const bool keep = e.integer("keepdims", 1) != 0;
  const bool given = e.has_operand(1);
  const std::vector<Dim> split = given ? e.known_elements(1, "the split") : std::vector<Dim>{1};
  if (!e.ok() || rank_of(x) == 0) return {e.fail("a scalar cannot be split")};
  if (!given) return {e.sequences.add(equal_parts(e, x, axis, shape_of(x)[axis], 1, keep))};
  if (rank_of(e.operand(1)) == 0) {
    // A single 1 that drops the axis is what exporters write for "every slice"; keepdims has no meaning with others.
    if (!keep && split[0].is(1)) return {e.sequences.add(equal_parts(e, x, axis, shape_of(x)[axis], 1, false))};
    return {e.sequences.add(parts_of_size(e, x, axis, split[0]))};
  }
  return {e.sequences.add(listed_parts(e, x, axis, split))};
}

namespace {

/// Values one after the other along an axis they have.
Value* joined(Expansion& e, const Sequence& sequence, int64_t axis_attribute) {
  Values parts;
  for (const Part& part : sequence.parts) {
    const Type type = element_type(part);
    const int axis = normalise_axis(e, axis_attribute, type.rank());
    if (!e.ok()) return part.value;
    if (!part.count) {
      parts.push_back(part.value);
      continue;
    }
    Shape shape = type.shape;
    shape[axis] *= *part.count;
    parts.push_back(e.b.reshape(from_front(e.b, part.value, axis), shape));
  }
  if (parts.empty()) return e.unsupported("an empty sequence, whose values have no type");
  return e.b.concat(parts, normalise_axis(e, axis_attribute, rank_of(parts[0])));
}

}  // namespace

Values expand_ConcatFromSequence(Expansion& e) {
  const Sequence sequence = e.sequence_operand(0);
  if (!e.has_attribute("axis")) return {e.fail("attribute 'axis' is missing")};
  const int64_t axis = e.integer("axis", 0);
  const bool stacks = e.integer("new_axis", 0) != 0;
  if (!refuse_gathered(e, sequence)) return {};
  if (!stacks) return {joined(e, sequence, axis)};
  Value* all = all_stacked(e, sequence);
  const int place = normalise_axis(e, axis, rank_of(all));
  return {e.ok() ? from_front(e.b, all, place) : all};
}

namespace {

struct MapOperands {
  std::vector<Sequence> sequences;  // of each of the subgraph's inputs; a tensor is in `same` instead
  Values same;
};

/// The subgraph applied to each value, one after the other in the graph.
Values map_values(Expansion& e, const Graph& body, const MapOperands& inputs, size_t count) {
  std::vector<Values> per_input, per_result(static_cast<size_t>(e.result_count()));
  for (const Sequence& sequence : inputs.sequences) per_input.push_back(as_values(e, sequence).value_or(Values{}));
  for (size_t i = 0; i < count; ++i) {
    Values arguments;
    for (size_t k = 0; k < inputs.same.size(); ++k)
      arguments.push_back(inputs.same[k] ? inputs.same[k] : per_input[k][i]);
    for (Value* capture : e.captures()) arguments.push_back(capture);
    auto results = expand_subgraph(body, arguments, e.b.graph(), e.sequences);
    if (!results) return {e.fail(results.errors())};
    for (size_t k = 0; k < per_result.size(); ++k) per_result[k].push_back((*results)[k]);
  }
  Values results;
  for (const Values& values : per_result) results.push_back(e.sequences.add(of_values(values)));
  return results;
}

/// As a scan over stacked values.
Values map_stacked(Expansion& e, const Graph& body, const MapOperands& inputs, const Dim& count) {
  Region region(e);
  region.add_param({DType::i64, {}}, "t");
  Values arguments, operands;
  for (size_t k = 0; k < inputs.same.size(); ++k) {
    if (inputs.same[k]) {
      arguments.push_back(nullptr);
      continue;
    }
    Value* all = all_stacked(e, inputs.sequences[k]);
    if (!e.ok()) return {};
    operands.push_back(all);
    Type slice = type_of(all);
    slice.shape.erase(slice.shape.begin());
    arguments.push_back(region.add_param(std::move(slice), "x"));
  }
  for (size_t k = 0; k < inputs.same.size(); ++k)
    if (inputs.same[k]) arguments[k] = region.import(inputs.same[k]);
  if (Status expanded = region.expand(body, arguments); !expanded) return {e.fail(expanded.errors())};
  for (const Value* output : region.outputs)
    if (!output->type) return {e.unsupported("a sequence of sequences")};
  region.finish(region.outputs);
  if (!region.adopt_facts()) return {};
  const int64_t scanned = static_cast<int64_t>(operands.size()), stacks = e.result_count();
  operands.insert(operands.end(), region.imported().begin(), region.imported().end());
  std::vector<std::unique_ptr<Graph>> regions;
  regions.push_back(region.take());
  Values results = e.b.node(Op::scan, operands,
                            {{"trip", count},
                             {"carried", int64_t{0}},
                             {"scanned", scanned},
                             {"reverse_scanned", std::vector<int64_t>(static_cast<size_t>(scanned), 0)},
                             {"reverse_stacked", std::vector<int64_t>(static_cast<size_t>(stacks), 0)}},
                            static_cast<int>(stacks), std::move(regions));
  for (Value*& result : results) result = e.sequences.add({{{result, count}}});
  return results;
}

}  // namespace

Values expand_SequenceMap(Expansion& e) {
  MapOperands inputs;
  std::optional<Dim> count;
  for (int i = 0; i < e.own_operand_count(); ++i) {
    Value* value = e.any_operand(i);
    const Sequence* sequence = value ? e.sequences.find(value) : nullptr;
    if (i == 0 && !sequence) return {e.fail("operand 0 must be a sequence")};
    inputs.same.push_back(sequence ? nullptr : e.operand(i));
    inputs.sequences.push_back(sequence ? *sequence : Sequence{});
    if (!sequence) continue;
    if (!refuse_gathered(e, *sequence)) return {};
    if (count) e.require_equal(*count, sequence->length(), "lengths of the sequences");
    if (!count) count = sequence->length();
  }
  e.captures();
  const Graph* body = e.subgraph("body");
  if (!e.ok() || !count) return {};
  if (static_cast<int>(body->params.size()) != e.operand_count() ||
      static_cast<int>(body->outputs.size()) < e.result_count())
    return {e.fail("the subgraph's inputs must be as many as the operands, and its outputs as many as the results")};
  bool listed = false;  // some values have types of their own
  for (const Sequence& sequence : inputs.sequences) listed = listed || sequence.parts.size() != 1;
  const auto number = e.b.graph().resolve(*count).constant();
  if (number && (listed || *number <= 8) && *number <= kMostParts)
    return map_values(e, *body, inputs, static_cast<size_t>(*number));
  return map_stacked(e, *body, inputs, *count);
}

// --- Optionals

Values expand_Optional(Expansion& e) {
  Value* value = e.any_operand(0);
  return {value ? value : e.sequences.add_absent()};
}

Values expand_OptionalHasElement(Expansion& e) {
  Value* value = e.any_operand(0);
  const bool has = value && !e.sequences.is_absent(value);
  return {e.b.scalar(DType::boolean, has ? 1 : 0)};
}

Values expand_OptionalGetElement(Expansion& e) {
  Value* value = e.any_operand(0);
  if (!value || e.sequences.is_absent(value)) return {e.fail("the optional holds nothing")};
  return {value};
}

}  // namespace rondo
