// Scan: a subgraph repeated over slices. From opset 9 on a core scan with its axes moved to the front; in opset 8, where
// all values have a batch axis that the body does not see, such a scan inside one over the batch.
// Tested by expand_scan_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "passes/expand/region.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;
using Integers = std::vector<int64_t>;

struct ScanForm {
  const Graph* body = nullptr;
  Values carried, scanned;
  int stacked = 0;
  Integers reverse_scanned, reverse_stacked, scanned_axes, stacked_axes;
};

Value* move_axis(Builder& b, Value* x, int from, int to) {
  Integers perm = all_axes(rank_of(x));
  if (from < to) std::rotate(perm.begin() + from, perm.begin() + from + 1, perm.begin() + to + 1);
  if (to < from) std::rotate(perm.begin() + to, perm.begin() + from, perm.begin() + from + 1);
  return b.transpose(x, perm);
}

/// A list with one entry for each of `count` values; absent: zeros.
Integers entries(Expansion& e, const char* name, int count, bool zero_or_one) {
  const Integers list = e.integers(name, Integers(static_cast<size_t>(count), 0));
  if (static_cast<int>(list.size()) != count) e.fail(fmt::format("attribute '{}' must have {} entries", name, count));
  for (int64_t entry : list)
    if (zero_or_one && entry != 0 && entry != 1) e.fail(fmt::format("attribute '{}' must have entries 0 and 1", name));
  return list;
}

ScanForm read_form(Expansion& e) {
  ScanForm form;
  const int own = e.own_operand_count(), first = e.opset < 9 ? 1 : 0;
  const int captures = static_cast<int>(e.captures().size());
  form.body = e.subgraph("body");
  const int64_t inputs = e.integer("num_scan_inputs", 0);
  const int operands = own - first;
  if (!e.ok()) return form;
  if (inputs < 1 || inputs > operands) {
    e.fail(fmt::format("num_scan_inputs is {}; it must be 1 .. {}", inputs, operands));
    return form;
  }
  const int scanned = static_cast<int>(inputs), carried = operands - scanned;
  form.stacked = static_cast<int>(form.body->outputs.size()) - carried;
  if (static_cast<int>(form.body->params.size()) != operands + captures || form.stacked < 0) {
    e.fail(fmt::format("the body must have {} inputs and at least {} outputs", operands, carried));
    return form;
  }
  for (int i = 0; i < carried; ++i) form.carried.push_back(e.operand(first + i));
  for (int i = 0; i < scanned; ++i) form.scanned.push_back(e.operand(first + carried + i));
  form.reverse_scanned = entries(e, e.opset < 9 ? "directions" : "scan_input_directions", scanned, true);
  form.reverse_stacked = Integers(static_cast<size_t>(form.stacked), 0);
  form.scanned_axes = Integers(static_cast<size_t>(scanned), 0);
  form.stacked_axes = form.reverse_stacked;
  if (e.opset < 9) return form;
  form.reverse_stacked = entries(e, "scan_output_directions", form.stacked, true);
  form.scanned_axes = entries(e, "scan_input_axes", scanned, false);
  form.stacked_axes = entries(e, "scan_output_axes", form.stacked, false);
  return form;
}

void append(Values& to, const Values& from) { to.insert(to.end(), from.begin(), from.end()); }

Type slice_type(const Value* sequence) {
  Type type = type_of(sequence);
  if (!type.shape.empty()) type.shape.erase(type.shape.begin());
  return type;
}

Values scan_node(Builder& b, const Dim& trip, const ScanForm& form, Values operands, int results,
                 std::unique_ptr<Graph> region) {
  std::vector<std::unique_ptr<Graph>> regions;
  regions.push_back(std::move(region));
  return b.node(Op::scan, std::move(operands),
                {{"trip", trip},
                 {"carried", static_cast<int64_t>(form.carried.size())},
                 {"scanned", static_cast<int64_t>(form.scanned.size())},
                 {"reverse_scanned", form.reverse_scanned},
                 {"reverse_stacked", form.reverse_stacked}},
                results, std::move(regions));
}

/// The body in a region whose parameters are t, the carried and the scanned values.
Status fill_region(Region& region, const ScanForm& form, const std::vector<Type>& carried, const std::vector<Type>& slices,
                   const std::string& place) {
  region.add_param({DType::i64, {}}, "t");
  Values arguments;
  for (size_t i = 0; i < carried.size(); ++i) arguments.push_back(region.add_param(carried[i], form.body->params[i]->name));
  for (size_t i = 0; i < slices.size(); ++i)
    arguments.push_back(region.add_param(slices[i], form.body->params[carried.size() + i]->name));
  RONDO_CHECK(region.expand(*form.body, arguments));
  for (size_t i = 0; i < region.outputs.size(); ++i) {
    if (!region.outputs[i]->type) return unsupported("a sequence or an optional as a result of the body", place);
    if (i >= carried.size()) continue;
    const Type &before = *arguments[i]->type, &after = *region.outputs[i]->type;
    bool same = before.dtype == after.dtype && before.rank() == after.rank();
    for (int axis = 0; same && axis < before.rank(); ++axis)
      same = region.graph().require_equal(before.shape[axis], after.shape[axis],
                                          fmt::format("{}: dimension {} of state {}", place, axis, i));
    if (!same)
      return invalid(fmt::format("state {} is {} before a step and {} after it; it must keep its type", i,
                                 to_string(before), to_string(after)),
                     place);
  }
  return region.b().status();
}

Values scan_of_slices(Expansion& e, ScanForm form) {
  Dim trip = 0;
  std::vector<Type> carried, slices;
  for (size_t i = 0; i < form.scanned.size(); ++i) {
    Value*& sequence = form.scanned[i];
    const int axis = normalise_axis(e, form.scanned_axes[i], rank_of(sequence));
    if (!e.ok()) return {};
    sequence = move_axis(e.b, sequence, axis, 0);
    if (i == 0) trip = shape_of(sequence)[0];
    e.require_equal(trip, shape_of(sequence)[0], "lengths of the scanned values");
    slices.push_back(slice_type(sequence));
  }
  for (const Value* init : form.carried) carried.push_back(type_of(init));
  Region region(e);
  if (Status filled = fill_region(region, form, carried, slices, e.node.place); !filled) return {e.fail(filled.errors())};
  region.finish(region.outputs);
  if (!region.adopt_facts()) return {};
  Values operands = form.carried;
  append(operands, form.scanned);
  append(operands, region.imported());
  const int results = static_cast<int>(region.outputs.size());
  Values made = scan_node(e.b, e.b.graph().resolve(trip), form, operands, results, region.take());
  for (size_t i = 0; i < form.stacked_axes.size(); ++i) {
    Value*& value = made[form.carried.size() + i];
    value = move_axis(e.b, value, 0, normalise_axis(e, form.stacked_axes[i], rank_of(value)));
  }
  return made;
}

// --- opset 8

/// Past the end of a sequence the state stays and the slices are 0.
Values held(Region& inner, size_t carried, Value* length) {
  Builder& b = inner.b();
  const auto& params = inner.graph().params;
  Value* valid = b.less(params[0].get(), length);
  Values outputs = inner.outputs;
  for (size_t i = 0; i < outputs.size(); ++i)
    outputs[i] = b.select(valid, outputs[i], i < carried ? params[1 + i].get() : b.scalar(outputs[i], 0));
  return outputs;
}

/// The batch and time axes of all operands agree, and directions are what lengths allow.
bool check_batch(Expansion& e, const ScanForm& form, const Value* lengths) {
  for (const Value* sequence : form.scanned)
    if (e.ok() && rank_of(sequence) < 2) e.fail("a scanned value needs the axes batch and time");
  for (const Value* init : form.carried)
    if (e.ok() && rank_of(init) < 1) e.fail("a state needs a batch axis");
  if (lengths && std::count(form.reverse_scanned.begin(), form.reverse_scanned.end(), 1) != 0)
    e.unsupported("sequence lengths with a backward direction; supported: forward");
  if (!e.ok()) return false;
  const Shape& first = shape_of(form.scanned[0]);
  for (const Value* sequence : form.scanned) {
    e.require_equal(first[0], shape_of(sequence)[0], "batch sizes");
    e.require_equal(first[1], shape_of(sequence)[1], "lengths of the scanned values");
  }
  for (const Value* init : form.carried) e.require_equal(first[0], shape_of(init)[0], "batch sizes");
  return e.ok();
}

/// The scan over time of one batch entry, in a region of its own: parameters t and a slice of each operand, then the
/// values that the inner region imports.
std::unique_ptr<Graph> one_entry(Expansion& e, const ScanForm& form, Region& inner, const Values& operands) {
  auto region = std::make_unique<Graph>(Level::core);
  region->bindings = e.b.graph().bindings;
  Builder b(*region, &e.node);
  region->add_param(Type{DType::i64, {}}, "entry");
  Values own;
  for (const Value* operand : operands) own.push_back(region->add_param(slice_type(operand), operand->name));
  for (const Value* outer : inner.imported()) own.push_back(region->add_param(*outer->type, outer->name));
  const int results = static_cast<int>(inner.outputs.size());
  region->outputs = scan_node(b, shape_of(form.scanned[0])[1], form, own, results, inner.take());
  if (!b.ok()) e.fail(b.status().errors());
  return region;
}

Values scan_of_batch(Expansion& e, const ScanForm& form) {
  Value* lengths = e.optional_operand(0);
  if (!check_batch(e, form, lengths)) return {};
  std::vector<Type> carried, slices;
  for (const Value* init : form.carried) carried.push_back(slice_type(init));
  for (const Value* sequence : form.scanned) {
    slices.push_back(slice_type(sequence));
    slices.back().shape.erase(slices.back().shape.begin());
  }
  Region inner(e);
  if (Status filled = fill_region(inner, form, carried, slices, e.node.place); !filled) return {e.fail(filled.errors())};
  if (lengths) inner.outputs = held(inner, carried.size(), inner.add_param({DType::i64, {}}, "length"));
  inner.finish(inner.outputs);
  if (!inner.adopt_facts()) return {};
  Values operands = form.carried;
  append(operands, form.scanned);
  const Dim batch = shape_of(form.scanned[0])[0];
  if (lengths) operands.push_back(e.b.reshape(e.b.cast(lengths, DType::i64), {batch}));
  if (!e.ok()) return {};
  const int results = static_cast<int>(inner.outputs.size());
  const Values imported = inner.imported();
  auto region = one_entry(e, form, inner, operands);
  ScanForm outer;
  outer.scanned = operands;
  outer.reverse_scanned = Integers(operands.size(), 0);
  outer.reverse_stacked = Integers(static_cast<size_t>(results), 0);
  append(operands, imported);
  return e.ok() ? scan_node(e.b, batch, outer, operands, results, std::move(region)) : Values{};
}

}  // namespace

Values expand_Scan(Expansion& e) {
  ScanForm form = read_form(e);
  if (!e.ok()) return {};
  return e.opset < 9 ? scan_of_batch(e, std::move(form)) : scan_of_slices(e, std::move(form));
}

}  // namespace rondo
