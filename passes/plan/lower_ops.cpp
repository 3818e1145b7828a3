// lower_WORD for every core operator.
#include <fmt/format.h>

#include "ir/scan.h"
#include "passes/plan/lowering.h"
#include "support/places.h"

namespace rondo {
namespace {

Status as_kernel(Lowering& lowering, const Node& node) {
  if (lowering.lower_as_kernel(node)) return Done{};
  return internal_error(fmt::format("no kernel can hold operator '{}'", info(node.op).word), node.place);
}

/// What its buffer is called.
const std::string& name_of_tensor(const Node& node) {
  return node.result()->name.empty() ? node.name : node.result()->name;
}

/// The operand's elements in memory. Only asked for by operators that need an address.
View operand_view(Lowering& lowering, const Node& node, int i) { return lowering.in_memory(node.operands[i]); }

}  // namespace

Status lower_pointwise(Lowering& lowering, const Node& node) { return as_kernel(lowering, node); }
Status lower_matmul(Lowering& lowering, const Node& node) { return as_kernel(lowering, node); }
Status lower_conv(Lowering& lowering, const Node& node) { return as_kernel(lowering, node); }
Status lower_reduce(Lowering& lowering, const Node& node) { return as_kernel(lowering, node); }
Status lower_reduce_window(Lowering& lowering, const Node& node) { return as_kernel(lowering, node); }

Status lower_constant(Lowering& lowering, const Node& node) {
  const Tensor& value = node.attributes.tensor("value");
  if (value.count() == 1) {
    lowering.define(node.result(), Operand{Operand::Kind::constant, {}, value, {}, 0, value.dtype()});
  } else {
    int buffer = lowering.constant_buffer(value, name_of_tensor(node));
    lowering.define(node.result(), row_major(buffer, value.type()));
  }
  return Done{};
}

Status lower_weight(Lowering& lowering, const Node& node) {
  const Tensor& value = node.attributes.tensor("value");
  lowering.define(node.result(), row_major(lowering.weight_buffer(value, name_of_tensor(node)), value.type()));
  return Done{};
}

Status lower_dims(Lowering& lowering, const Node& node) {
  const std::vector<Dim> values = node.attributes.dims("values");
  const Type& type = *node.result()->type;
  auto element = [&](size_t i) { return Operand{Operand::Kind::index, {}, {}, constant_index(values[i]), 0, type.dtype}; };
  if (values.size() == 1) {
    lowering.define(node.result(), element(0));
    return Done{};
  }
  const View to = lowering.destination(node.result());
  const auto flat = reshape_view(to, {Dim(static_cast<int64_t>(values.size()))});
  if (!flat) return internal_error("dims have no flat view", node.place);
  for (size_t i = 0; i < values.size(); ++i)
    lowering.copy(element(i), select_view(*flat, 0, constant_index(Dim(static_cast<int64_t>(i)))), &node);
  lowering.define(node.result(), to);
  return Done{};
}

Status lower_iota(Lowering& lowering, const Node& node) {
  Operand operand{Operand::Kind::iota, {}, {}, {}, static_cast<int>(node.attributes.integer("axis")), node.result()->type->dtype};
  lowering.define(node.result(), std::move(operand));
  lowering.in_memory(node.result());
  return Done{};
}

Status lower_transpose(Lowering& lowering, const Node& node) {
  lowering.define(node.result(), transpose_view(operand_view(lowering, node, 0), node.attributes.integers("perm")));
  return Done{};
}

Status lower_broadcast(Lowering& lowering, const Node& node) {
  // One known element is the same everywhere: an immediate in every kernel.
  const Operand& operand = *lowering.find(node.operands[0]);
  if (operand.kind == Operand::Kind::constant || operand.kind == Operand::Kind::index) {
    lowering.define(node.result(), operand);
    return Done{};
  }
  lowering.define(node.result(), broadcast_view(operand_view(lowering, node, 0), node.result()->type->shape));
  return Done{};
}

Status lower_slice(Lowering& lowering, const Node& node) {
  const Attributes& a = node.attributes;
  lowering.define(node.result(), slice_view(operand_view(lowering, node, 0), a.dims("starts"), a.dims("sizes"), a.integers("steps")));
  return Done{};
}

Status lower_reshape(Lowering& lowering, const Node& node) {
  const Shape& shape = node.result()->type->shape;
  View from = operand_view(lowering, node, 0);
  auto view = reshape_view(from, shape);
  if (!view) {  // the elements must first lie in row-major order
    View flat = lowering.new_scratch({from.dtype, from.shape}, node.result()->name);
    if (auto place = lowering.wanted(node.result()))
      if (auto inverse = reshape_view(*place, from.shape)) flat = *inverse;
    lowering.copy(*lowering.find(node.operands[0]), flat, &node);
    view = reshape_view(flat, shape);
  }
  if (!view) return internal_error("row-major elements have no view of the new shape", node.place);
  lowering.define(node.result(), *view);
  return Done{};
}

// Parts that could be computed in their place are there already; the others are copied.
Status lower_concat(Lowering& lowering, const Node& node) {
  const View whole = lowering.destination(node.result());
  const int axis = static_cast<int>(node.attributes.integer("axis"));
  std::vector<Dim> starts(whole.shape.size(), Dim(0));
  for (const Value* part : node.operands) {
    const View place = slice_view(whole, starts, part->type->shape, std::vector<int64_t>(starts.size(), 1));
    const Operand& operand = *lowering.find(part);
    if (operand.kind != Operand::Kind::view || !(operand.view == place)) lowering.copy(operand, place, &node);
    starts[axis] += part->type->shape[axis];
  }
  lowering.define(node.result(), whole);
  return Done{};
}

Status lower_pad(Lowering& lowering, const Node& node) {
  const View whole = lowering.destination(node.result());
  Operand fill = *lowering.find(node.operands[1]);
  if (fill.kind == Operand::Kind::view) fill.view = broadcast_view(fill.view, whole.shape);
  lowering.copy(fill, whole, &node);
  const View inside = slice_view(whole, node.attributes.dims("low"), node.operands[0]->type->shape,
                                 std::vector<int64_t>(whole.shape.size(), 1));
  lowering.copy(*lowering.find(node.operands[0]), inside, &node);
  lowering.define(node.result(), whole);
  return Done{};
}

namespace {

/// Constant indices are checked now; the error says which is out of range.
Status check_constant_indices(const Tensor& indices, const Dim& size, const Node& node) {
  const auto limit = size.constant();
  for (int64_t i = 0; i < indices.count(); ++i) {
    const int64_t index = indices.int_at(i);
    if (index < 0 || (limit && index >= *limit))
      return invalid(fmt::format("index {} lies outside [0, {})", index, size.to_string()), node.place);
  }
  return Done{};
}

}  // namespace

Status lower_gather(Lowering& lowering, const Node& node) {
  const int axis = static_cast<int>(node.attributes.integer("axis"));
  const View data = operand_view(lowering, node, 0);
  const Value* indices = node.operands[1];
  const Operand index_operand = *lowering.find(indices);
  const Node* source = indices->producer;
  const bool constant = source && source->op == Op::constant;
  if (constant) RONDO_CHECK(check_constant_indices(source->attributes.tensor("value"), data.shape[axis], node));
  if (constant && indices->type->rank() == 0) {  // one slice: a view
    Dim at(source->attributes.tensor("value").int_at(0));
    View slice = select_view(data, axis, constant_index(at));
    if (auto place = lowering.wanted(node.result())) {
      lowering.define(node.result(), slice);
      lowering.deliver(node.result(), *place, &node);
    } else {
      lowering.define(node.result(), slice);
    }
    return Done{};
  }
  Kernel kernel = lowering.start_kernel(&node, "gather");
  KernelBuilder builder = lowering.builder(kernel);
  const Position position = builder.iterate(node.result()->type->shape);
  const int index_rank = indices->type->rank();
  Position at_index(position.begin() + axis, position.begin() + axis + index_rank);
  int index = builder.demand(index_operand, at_index);
  if (!constant) {
    Instr bounded;
    bounded.kind = Instr::Kind::bounded;
    bounded.dtype = kernel.body[index].dtype;
    bounded.operands = {index};
    bounded.extent = data.shape[axis];
    kernel.body.push_back(std::move(bounded));
    index = static_cast<int>(kernel.body.size()) - 1;
  }
  Position at_data(position.begin(), position.begin() + axis);
  at_data.push_back({});
  at_data.insert(at_data.end(), position.begin() + axis + index_rank, position.end());
  Instr load;
  load.kind = Instr::Kind::load;
  load.dtype = data.dtype;
  load.buffer = data.buffer;
  load.index = place(data, at_data);
  load.indirect = {{index, data.strides[axis]}};
  kernel.body.push_back(std::move(load));
  const View to = lowering.destination(node.result());
  builder.store(static_cast<int>(kernel.body.size()) - 1, to, position);
  lowering.append(std::move(kernel));
  lowering.define(node.result(), to);
  return Done{};
}

Status lower_fused(Lowering& lowering, const Node& node) {
  if (lowering.lower_as_kernel(node)) return Done{};
  // What one kernel cannot hold is computed node by node.
  const Graph& body = *node.regions[0];
  std::map<const Value*, View> wanted;
  for (size_t i = 0; i < body.params.size(); ++i)
    lowering.define(body.params[i].get(), *lowering.find(node.operands[i]));
  for (const auto& result : node.results)
    if (auto place = lowering.wanted(result.get())) wanted.emplace(body.outputs[result->index], *place);
  RONDO_CHECK(lowering.lower(body, std::move(wanted)));
  for (const auto& result : node.results) {
    lowering.define(result.get(), *lowering.find(body.outputs[result->index]));
    if (auto place = lowering.wanted(result.get())) lowering.deliver(result.get(), *place, &node);
  }
  return Done{};
}

Status lower_scan(Lowering& lowering, const Node& node) {
  const Scan scan{const_cast<Node&>(node)};
  Loop loop{lowering.start_kernel(&node, "scan").name, shown_places(node.place), lowering.new_var(), scan.trip(), {}};
  const Index step = variable(loop.var);
  const Index backwards = constant_index(scan.trip() - 1) + step * Dim(-1);

  std::vector<View> carried;
  for (int i = 0; i < scan.carried(); ++i) {
    carried.push_back(lowering.destination(scan.carried_final(i)));
    lowering.copy(*lowering.find(scan.carried_init(i)), carried[i], &node);
    lowering.define(scan.carried_param(i), carried[i]);
  }
  lowering.define(scan.step_param(), Operand{Operand::Kind::index, {}, {}, step, 0, DType::i64});
  for (int i = 0; i < scan.scanned(); ++i) {
    View sequence = lowering.in_memory(scan.scanned_operand(i));
    lowering.define(scan.scanned_param(i), select_view(sequence, 0, scan.reverse_scanned(i) ? backwards : step));
  }
  for (int i = 0; i < scan.invariants(); ++i)
    lowering.define(scan.invariant_param(i), *lowering.find(scan.invariant_operand(i)));

  std::map<const Value*, View> wanted;
  std::vector<View> slices;
  for (int i = 0; i < scan.stacked(); ++i) {
    View whole = lowering.destination(scan.stacked_result(i));
    slices.push_back(select_view(whole, 0, scan.reverse_stacked(i) ? backwards : step));
    wanted.emplace(scan.stacked_output(i), slices[i]);
    lowering.define(scan.stacked_result(i), std::move(whole));
  }
  RONDO_CHECK(lowering.in_loop(std::move(loop), [&]() -> Status {
    RONDO_CHECK(lowering.lower(scan.body(), std::move(wanted)));
    for (int i = 0; i < scan.stacked(); ++i) {
      const Operand& operand = *lowering.find(scan.stacked_output(i));
      if (operand.kind != Operand::Kind::view || !(operand.view == slices[i])) lowering.copy(operand, slices[i], &node);
    }
    std::vector<std::pair<Operand, View>> moves;
    for (int i = 0; i < scan.carried(); ++i) moves.emplace_back(*lowering.find(scan.carried_next(i)), carried[i]);
    lowering.copy_together(std::move(moves), &node);
    return Done{};
  }));
  for (int i = 0; i < scan.carried(); ++i) lowering.define(scan.carried_final(i), carried[i]);
  return Done{};
}

}  // namespace rondo
