#include "passes/plan/kernel_builder.h"

#include <fmt/format.h>

namespace rondo {

KernelBuilder::KernelBuilder(Kernel& kernel, Lookup lookup, int& next_var)
    : kernel_(kernel), lookup_(std::move(lookup)), next_var_(next_var) {}

Position KernelBuilder::iterate(const Shape& shape, int grouped_axis, int64_t groups) {
  Position position;
  auto axis = [&](const Dim& extent) {
    if (extent.is(1)) return Index{};
    kernel_.parallel.push_back({next_var_, extent});
    return variable(next_var_++);
  };
  for (size_t i = 0; i < shape.size(); ++i) {
    if (static_cast<int>(i) != grouped_axis || groups == 1) {
      position.push_back(axis(shape[i]));
      continue;
    }
    const Dim inner_extent = floor_div(shape[i], Dim(groups));
    split_.axis = grouped_axis;
    split_.outer = axis(Dim(groups));
    split_.inner = axis(inner_extent);
    split_.whole = split_.outer * inner_extent + split_.inner;
    position.push_back(split_.whole);
  }
  return position;
}

int KernelBuilder::emit(Instr instr) {
  // Loads and immediates of the same thing are one instruction.
  std::string key = fmt::format("{} {} {} {} {} {} {} {}", static_cast<int>(instr.kind), static_cast<int>(instr.op),
                                static_cast<int>(instr.dtype), fmt::join(instr.operands, ","),
                                fmt::format("{:a} {}", instr.real, instr.integer), instr.buffer, to_string(instr.index),
                                fmt::format("{} {}", static_cast<int>(instr.combine), instr.nest));
  for (const Instr::Indirect& part : instr.indirect) key += fmt::format(" @{}*{}", part.instr, part.coefficient.to_string());
  key += " <" + instr.extent.to_string();
  auto [found, fresh] = known_.emplace(std::move(key), static_cast<int>(kernel_.body.size()));
  if (fresh) kernel_.body.push_back(std::move(instr));
  return found->second;
}

int KernelBuilder::demand(const Operand& operand, const Position& position) {
  Instr instr;
  instr.dtype = operand.dtype;
  switch (operand.kind) {
    case Operand::Kind::view:
      instr.kind = Instr::Kind::load;
      instr.buffer = operand.view.buffer;
      instr.index = place(operand.view, position);
      break;
    case Operand::Kind::constant:
      instr.kind = Instr::Kind::immediate;
      if (is_float(operand.dtype))
        instr.real = operand.constant.double_at(0);
      else
        instr.integer = operand.constant.int_at(0);
      break;
    case Operand::Kind::index:
      instr.kind = Instr::Kind::index;
      instr.index = operand.index;
      break;
    case Operand::Kind::iota:
      instr.kind = Instr::Kind::index;
      instr.index = position[operand.axis];
      break;
  }
  if (instr.kind == Instr::Kind::index && is_float(instr.dtype)) {  // an index is an integer first
    Instr cast;
    cast.kind = Instr::Kind::pointwise;
    cast.op = Op::cast;
    cast.dtype = instr.dtype;
    instr.dtype = DType::i64;
    cast.operands = {emit(std::move(instr))};
    return emit(std::move(cast));
  }
  return emit(std::move(instr));
}

int KernelBuilder::demand(const Value* value, const Position& position) {
  if (failed_) return -1;
  if (const Operand* operand = lookup_(value)) return demand(*operand, position);
  if (!value->producer) return fail();
  int id = value_ids_.emplace(value, static_cast<int>(value_ids_.size())).first->second;
  std::string key = fmt::format("value {}", id);
  for (const Index& index : position) key += " " + to_string(index) + ";";
  if (auto found = known_.find(key); found != known_.end()) return found->second;
  int instr = compute(*value->producer, value->index, position);
  known_.emplace(std::move(key), instr);
  return instr;
}

namespace {

/// The position in the operand of a reshape that only inserts and removes axes of length 1.
std::optional<Position> through_unit_axes(const Shape& from, const Shape& to, const Position& position) {
  std::vector<Index> kept;
  Shape kept_sizes;
  for (size_t i = 0; i < to.size(); ++i)
    if (!to[i].is(1)) kept.push_back(position[i]), kept_sizes.push_back(to[i]);
  Position result;
  size_t next = 0;
  for (const Dim& size : from) {
    if (size.is(1)) {
      result.push_back({});
    } else {
      if (next == kept.size() || !(kept_sizes[next] == size)) return std::nullopt;
      result.push_back(kept[next++]);
    }
  }
  if (next != kept.size()) return std::nullopt;
  return result;
}

}  // namespace

// Which operators a kernel can hold, and how: the one table of it.
struct Demands {
  using Function = int (*)(KernelBuilder&, const Node&, int, const Position&);

  static int slice(KernelBuilder& k, const Node& node, int, const Position& position) {
    const auto starts = node.attributes.dims("starts");
    const auto steps = node.attributes.integers("steps");
    Position inner;
    for (size_t i = 0; i < position.size(); ++i)
      inner.push_back(position[i] * Dim(steps[i]) + constant_index(starts[i]));
    return k.demand(node.operands[0], inner);
  }
  static int transpose(KernelBuilder& k, const Node& node, int, const Position& position) {
    const auto perm = node.attributes.integers("perm");
    Position inner(position.size());
    for (size_t i = 0; i < perm.size(); ++i) inner[perm[i]] = position[i];
    return k.demand(node.operands[0], inner);
  }
  static int broadcast(KernelBuilder& k, const Node& node, int, const Position& position) {
    return k.demand(node.operands[0], broadcast_position(position, node.operands[0]->type->shape));
  }
  static int reshape(KernelBuilder& k, const Node& node, int, const Position& position) {
    auto inner = through_unit_axes(node.operands[0]->type->shape, node.result()->type->shape, position);
    return inner ? k.demand(node.operands[0], *inner) : k.fail();
  }
  static int constant(KernelBuilder& k, const Node& node, int, const Position&) {
    const Tensor& value = node.attributes.tensor("value");
    if (value.count() != 1) return k.fail();
    return k.demand(Operand{Operand::Kind::constant, {}, value, {}, 0, value.dtype()}, {});
  }
  static int dims(KernelBuilder& k, const Node& node, int, const Position&) {
    const auto values = node.attributes.dims("values");
    if (values.size() != 1) return k.fail();
    return k.demand(Operand{Operand::Kind::index, {}, {}, constant_index(values[0]), 0, node.result()->type->dtype}, {});
  }
  static int iota(KernelBuilder& k, const Node& node, int, const Position& position) {
    int axis = static_cast<int>(node.attributes.integer("axis"));
    return k.demand(Operand{Operand::Kind::iota, {}, {}, {}, axis, node.result()->type->dtype}, position);
  }
  static int matmul(KernelBuilder& k, const Node& node, int, const Position& p) { return k.matmul(node, p); }
  static int conv(KernelBuilder& k, const Node& node, int, const Position& p) { return k.conv(node, p); }
  static int reduce(KernelBuilder& k, const Node& node, int, const Position& p) { return k.reduce(node, p); }
  static int window(KernelBuilder& k, const Node& node, int, const Position& p) { return k.reduce_window(node, p); }
  static int fused(KernelBuilder& k, const Node& node, int i, const Position& p) { return k.region(node, i, p); }

  static Function find(Op op) {
    static const std::map<Op, Function> table{
        {Op::slice, slice},   {Op::transpose, transpose}, {Op::broadcast, broadcast}, {Op::reshape, reshape},
        {Op::constant, constant}, {Op::dims, dims},       {Op::iota, iota},           {Op::matmul, matmul},
        {Op::conv, conv},     {Op::reduce, reduce},       {Op::reduce_window, window}, {Op::fused, fused}};
    auto found = table.find(op);
    return found == table.end() ? nullptr : found->second;
  }
};

int KernelBuilder::compute(const Node& node, int result, const Position& position) {
  if (is_pointwise(node.op)) return pointwise(node, position);
  if (auto function = Demands::find(node.op)) return function(*this, node, result, position);
  return fail();
}

int KernelBuilder::pointwise(const Node& node, const Position& position) {
  Instr instr;
  instr.kind = Instr::Kind::pointwise;
  instr.op = node.op;
  instr.dtype = node.result()->type->dtype;
  for (const Value* operand : node.operands)
    instr.operands.push_back(demand(operand, broadcast_position(position, operand->type->shape)));
  return failed_ ? -1 : emit(std::move(instr));
}

KernelBuilder::Nest KernelBuilder::nest_over(const std::vector<Dim>& extents, const Node* product) {
  std::vector<std::string> words;
  for (const Dim& extent : extents) words.push_back(extent.to_string());
  auto [found, fresh] = nests_.emplace(std::pair(product, std::move(words)), Nest{});
  Nest& nest = found->second;
  if (!fresh) return nest;
  std::vector<Axis> axes;
  for (const Dim& extent : extents) {
    nest.axes.push_back(extent.is(1) ? Index{} : variable(next_var_));
    if (!extent.is(1)) axes.push_back({next_var_++, extent});
  }
  if (axes.empty()) return nest;
  nest.number = static_cast<int>(kernel_.reductions.size());
  kernel_.reductions.push_back(std::move(axes));
  return nest;
}

bool KernelBuilder::uses_reduction(int instr) const {
  std::vector<bool> uses(instr + 1, false);
  for (int i = 0; i <= instr; ++i) {
    const Instr& candidate = kernel_.body[i];
    uses[i] = candidate.kind == Instr::Kind::reduce;
    for (int operand : candidate.operands) uses[i] = uses[i] || uses[operand];
    for (const Instr::Indirect& part : candidate.indirect) uses[i] = uses[i] || uses[part.instr];
  }
  return uses[instr];
}

int KernelBuilder::accumulate(const Nest& nest, Combine combine, DType dtype, const std::function<int()>& element) {
  Instr instr;
  instr.kind = Instr::Kind::reduce;
  instr.combine = combine;
  instr.dtype = dtype;
  instr.operands = {element()};
  if (failed_ || uses_reduction(instr.operands[0])) return fail();
  if (nest.number < 0) return instr.operands[0];  // over a single element
  instr.nest = nest.number;
  return emit(std::move(instr));
}

int KernelBuilder::multiply_accumulate(const Nest& nest, const Node& node, const Position& left,
                                       const Position& right) {
  const DType dtype = node.result()->type->dtype;
  return accumulate(nest, Combine::sum, dtype, [&] {
    Instr product;
    product.kind = Instr::Kind::pointwise;
    product.op = Op::mul;
    product.dtype = dtype;
    product.operands = {demand(node.operands[0], left), demand(node.operands[1], right)};
    return failed_ ? -1 : emit(std::move(product));
  });
}

// result[..., m, n] = sum over k of a[..., m, k] * b[..., k, n]
int KernelBuilder::matmul(const Node& node, const Position& position) {
  const Value *a = node.operands[0], *b = node.operands[1];
  const size_t rank = position.size();
  const Nest nest = nest_over({a->type->shape.back()}, &node);
  const Index& k = nest.axes[0];
  const Position batch(position.begin(), position.end() - 2);
  auto operand_position = [&](const Value* operand, Index row, Index column) {
    Shape leading(operand->type->shape.begin(), operand->type->shape.end() - 2);
    Position result = broadcast_position(batch, leading);
    result.push_back(std::move(row));
    result.push_back(std::move(column));
    return result;
  };
  return multiply_accumulate(nest, node, operand_position(a, position[rank - 2], k), operand_position(b, k, position[rank - 1]));
}

// result[n, o, s] = sum over c, k of x[n, g*C + c, s*stride + k*dilation] * w[o, c, k], g = group of o
int KernelBuilder::conv(const Node& node, const Position& position) {
  const Value* w = node.operands[1];
  const auto strides = node.attributes.integers("strides"), dilations = node.attributes.integers("dilations");
  const int64_t groups = node.attributes.integer("groups");
  std::vector<Dim> extents(w->type->shape.begin() + 1, w->type->shape.end());
  const Nest nest = nest_over(extents, &node);
  const std::vector<Index>& reduced = nest.axes;
  Index channel = reduced[0];
  if (groups > 1) {
    if (split_.axis != 1 || !(position[1] == split_.whole)) return fail();
    channel = channel + split_.outer * w->type->shape[1];
  }
  Position at_x{position[0], channel}, at_w{position[1]};
  for (size_t i = 0; i < strides.size(); ++i)
    at_x.push_back(position[2 + i] * Dim(strides[i]) + reduced[1 + i] * Dim(dilations[i]));
  at_w.insert(at_w.end(), reduced.begin(), reduced.end());
  return multiply_accumulate(nest, node, at_x, at_w);
}

int KernelBuilder::reduce(const Node& node, const Position& position) {
  const Value* operand = node.operands[0];
  const auto axes = node.attributes.integers("axes");
  std::vector<bool> reduced(operand->type->rank(), false);
  for (int64_t axis : axes) reduced[axis] = true;
  std::vector<Dim> extents;
  for (size_t i = 0; i < reduced.size(); ++i)
    if (reduced[i]) extents.push_back(operand->type->shape[i]);
  const Nest nest = nest_over(extents, nullptr);
  Position inner;
  size_t next_reduced = 0, next_kept = 0;
  for (size_t i = 0; i < reduced.size(); ++i)
    inner.push_back(reduced[i] ? nest.axes[next_reduced++] : position[next_kept++]);
  return accumulate(nest, *find_combine(node.attributes.text("combine")), operand->type->dtype,
                    [&] { return demand(operand, inner); });
}

int KernelBuilder::reduce_window(const Node& node, const Position& position) {
  const Value* operand = node.operands[0];
  const auto window = node.attributes.integers("window"), strides = node.attributes.integers("strides"),
             dilations = node.attributes.integers("dilations");
  const Nest nest = nest_over(std::vector<Dim>(window.begin(), window.end()), nullptr);
  Position inner;
  for (size_t i = 0; i < window.size(); ++i)
    inner.push_back(position[i] * Dim(strides[i]) + nest.axes[i] * Dim(dilations[i]));
  return accumulate(nest, *find_combine(node.attributes.text("combine")), operand->type->dtype,
                    [&] { return demand(operand, inner); });
}

int KernelBuilder::region(const Node& node, int result, const Position& position) {
  const Graph& body = *node.regions[0];
  Lookup outer = lookup_;
  lookup_ = [&node, &body, outer](const Value* value) -> const Operand* {
    if (value->producer || value->index >= static_cast<int>(body.params.size())) return nullptr;
    if (body.params[value->index].get() != value) return outer(value);
    return outer(node.operands[value->index]);
  };
  int instr = demand(body.outputs[result], position);
  lookup_ = std::move(outer);
  return instr;
}

void KernelBuilder::store(int instr, const View& view, const Position& position) {
  if (!failed_) kernel_.stores.push_back({instr, view.buffer, place(view, position)});
}

}  // namespace rondo
