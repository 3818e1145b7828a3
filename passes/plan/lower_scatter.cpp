// scatter: a copy of the data, then a loop over the positions whose kernel writes one slice; one position needs no loop.
// Tested by scatter_test.cpp.
#include "passes/plan/lowering.h"
#include "support/places.h"

namespace rondo {
namespace {

int push(Kernel& kernel, Instr instr) {
  kernel.body.push_back(std::move(instr));
  return static_cast<int>(kernel.body.size()) - 1;
}

int bounded(Kernel& kernel, int index, const Dim& extent) {
  Instr instr;
  instr.kind = Instr::Kind::bounded;
  instr.dtype = kernel.body[index].dtype;
  instr.operands = {index};
  instr.extent = extent;
  return push(kernel, std::move(instr));
}

Op op_of(const std::string& combine) {
  if (combine == "sum") return Op::add;
  if (combine == "prod") return Op::mul;
  return combine == "max" ? Op::maximum : Op::minimum;
}

/// The update joined with what lies at the place.
int joined(Kernel& kernel, const std::string& combine, const Store& to, DType dtype, int update) {
  Instr load;
  load.kind = Instr::Kind::load;
  load.dtype = dtype;
  load.buffer = to.buffer;
  load.index = to.index;
  load.indirect = to.indirect;
  Instr join;
  join.kind = Instr::Kind::pointwise;
  join.op = op_of(combine);
  join.dtype = dtype;
  join.operands = {push(kernel, std::move(load)), update};
  return push(kernel, std::move(join));
}

/// Writes update `step` to its place.
void append_update(Lowering& lowering, const Node& node, const View& to, const Index& step) {
  const std::string& combine = node.attributes.text("combine");
  const View positions = lowering.in_memory(node.operands[1]), updates = lowering.in_memory(node.operands[2]);
  Kernel kernel = lowering.start_kernel(&node, "scatter");
  KernelBuilder builder = lowering.builder(kernel);
  Position position = builder.iterate({to.shape.begin() + 1, to.shape.end()});
  auto operand = [](const View& view) { return Operand{Operand::Kind::view, view, {}, {}, 0, view.dtype}; };
  const int place_in_axis = bounded(kernel, builder.demand(operand(positions), {step}), to.shape[0]);
  position.insert(position.begin(), step);
  const int update = builder.demand(operand(updates), position);
  position.front() = {};
  Store store{update, to.buffer, place(to, position), {{place_in_axis, to.strides[0]}}};
  if (combine != "none") store.instr = joined(kernel, combine, store, to.dtype, update);
  kernel.stores.push_back(std::move(store));
  lowering.append(std::move(kernel));
}

}  // namespace

Status lower_scatter(Lowering& lowering, const Node& node) {
  const View to = lowering.destination(node.result());
  lowering.copy(*lowering.find(node.operands[0]), to, &node);
  lowering.in_memory(node.operands[1]);
  lowering.in_memory(node.operands[2]);
  lowering.define(node.result(), to);
  const Dim count = node.operands[1]->type->shape[0];
  if (count.is(1)) {
    append_update(lowering, node, to, constant_index(0));
    return Done{};
  }
  Loop loop{lowering.start_kernel(&node, "scatter").name, shown_places(node.place), lowering.new_var(), count, {}};
  const Index step = variable(loop.var);
  return lowering.in_loop(std::move(loop), [&]() -> Status {
    append_update(lowering, node, to, step);
    return Done{};
  });
}

}  // namespace rondo
