// The code of one tile. Tested by kernel_test.cpp, schedule_test.cpp.
#include "codegen/emit/tile.h"

#include "codegen/emit/convert.h"
#include "codegen/emit/math.h"
#include "codegen/emit/pinned.h"
#include "codegen/emit/pointwise.h"

namespace rondo::emit {

TileEmitter::TileEmitter(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel,
                         const KernelFacts& facts, Tile tile, const std::map<int, int64_t>& multiples,
                         Value* next_panel)
    : emitter_(emitter),
      frame_(frame),
      plan_(plan),
      kernel_(kernel),
      facts_(facts),
      tile_(tile),
      access_(emitter, frame, plan, kernel, tile),
      next_panel_(next_panel) {
  const Schedule& s = kernel.schedule;
  int steps = kernel.reductions.empty() ? 1 : s.unroll;
  full_mode_ = facts.vector_in_reduction ? Mode{s.lanes, s.vectors * steps, 1} : Mode{tile.lanes, tile.vectors, steps};
  mode_ = full_mode_;
  for (auto [var, multiple] : multiples) access_.set_multiple(var, multiple);
}

void TileEmitter::emit() {
  const Pinned pinned(emitter_, frame_, plan_, kernel_, facts_);
  for (nest_ = 0; nest_ < kernel_.reductions.size(); ++nest_) run_nest();
  store_all();
}

void TileEmitter::emit_after(const Sums& sums) {
  sums_ = &sums;
  access_.set_lanes(tile_.lanes);
  store_all();
}

void TileEmitter::store_all() {
  struct Result {
    Instance at;
    const Store* store;
    Value* value;
    std::vector<Value*> offsets;
  };
  std::vector<Result> results;
  for (int row = 0; row < tile_.rows; ++row)
    for (int vector = 0; vector < tile_.vectors; ++vector)
      for (const Store& store : kernel_.stores) {
        Instance at{row, vector};
        results.push_back({at, &store, value(store.instr, at), {}});
        for (const Instr::Indirect& part : store.indirect) results.back().offsets.push_back(value(part.instr, at));
      }
  for (const Result& result : results) {
    Lines::At at(emitter_.lines, result.store);
    access_.store(*result.store, result.at, result.value, result.offsets);
  }
}

void TileEmitter::run_nest() {
  access_.set_lanes(full_mode_.lanes);
  prepare();
  make_accumulators();
  start_prefetching();
  reduce(0);
  access_.set_lanes(tile_.lanes);
  finish_reductions();
}

// Instances that differ only where the instruction does not depend on it are one.
uint64_t TileEmitter::key(int instr, Instance at) const {
  const Dependence& d = facts_.depends[instr];
  uint64_t row = d.row ? at.row : 0, vector = d.vector ? at.vector : 0, step = d.step ? at.step : 0;
  return (uint64_t(instr) << 36) | (row << 24) | (vector << 12) | step;
}

Value* TileEmitter::value(int instr, Instance at) {
  auto& values = facts_.depends[instr].nest >= 0 ? inner_ : outer_;
  uint64_t place = key(instr, at);
  auto found = values.find(place);
  if (found != values.end()) return found->second;
  Lines::At here(emitter_.lines, &kernel_.body[instr]);
  return values[place] = compute(instr, at);
}

Value* TileEmitter::compute(int index, Instance at) {
  const Instr& instr = kernel_.body[index];
  switch (instr.kind) {
    case Instr::Kind::immediate: {
      llvm::Type* type = emitter_.register_type(instr.dtype);
      if (!is_float(instr.dtype)) return llvm::ConstantInt::getSigned(type, instr.integer);
      return round_to(emitter_, instr.dtype, llvm::ConstantFP::get(type, instr.real));
    }
    case Instr::Kind::load: return access_.load(instr, at, [&](int operand) { return value(operand, at); });
    case Instr::Kind::index: return access_.index_value(instr, at);
    case Instr::Kind::pointwise: return compute_pointwise(index, at);
    case Instr::Kind::bounded: return compute_bounded(index, at);
    case Instr::Kind::reduce: return compute_reduce(index, at);
  }
  return nullptr;
}

// Only of sums from elsewhere: others are in outer_ once their nest has run.
Value* TileEmitter::compute_reduce(int index, Instance at) {
  const Instr& instr = kernel_.body[index];
  Value* sum = sums_->sum(index, at);
  if (instr.operands.size() < 2 || sums_->has_beginning(index)) return sum;
  return emitter_.b.CreateFAdd(sum, emitter_.splat(value(instr.operands[1], at), Emitter::lanes(sum)));
}

Value* TileEmitter::compute_pointwise(int index, Instance at) {
  const Instr& instr = kernel_.body[index];
  int lanes = facts_.depends[index].vector ? access_.lanes() : 1;
  if (const auto product = product_in(index)) {
    const Instr& mul = kernel_.body[instr.operands[*product]];
    auto real = [&](int operand) { return emitter_.splat(value(operand, at), lanes); };
    Math math(emitter_, real(mul.operands[0])->getType());
    return math.fma(math.wrap(real(mul.operands[0])), math.wrap(real(mul.operands[1])),
                    math.wrap(real(instr.operands[1 - *product]))).v;
  }
  llvm::SmallVector<Value*> operands;
  for (int operand : instr.operands) operands.push_back(emitter_.splat(value(operand, at), lanes));
  DType operand_dtype = kernel_.body[instr.operands.back()].dtype;
  return emit_pointwise(emitter_, instr.op, {instr.dtype, operand_dtype, operands});
}

// Which operand of an addition is a product that nothing else uses, after the reductions: there sums are not exact anyway,
// and rounding once is a step of latency less.
std::optional<int> TileEmitter::product_in(int index) const {
  const Instr& sum = kernel_.body[index];
  if (kernel_.reductions.empty() || sum.op != Op::add || facts_.depends[index].nest >= 0) return std::nullopt;
  if (sum.dtype != DType::f32 && sum.dtype != DType::f64) return std::nullopt;
  if (!(sum.dtype == DType::f32 ? emitter_.machine.can.fma32 : emitter_.machine.can.fma64)) return std::nullopt;
  for (int i : {0, 1}) {
    const int operand = sum.operands[i];
    const Instr& product = kernel_.body[operand];
    if (product.kind == Instr::Kind::pointwise && product.op == Op::mul && facts_.uses[operand] == 1) return i;
  }
  return std::nullopt;
}

// An index outside sets the call's status, which stays, and becomes 0.
Value* TileEmitter::compute_bounded(int index, Instance at) {
  auto& b = emitter_.b;
  const Instr& instr = kernel_.body[index];
  Value* operand = value(instr.operands[0], at);
  int lanes = Emitter::lanes(operand);
  llvm::Type* wide_type = operand->getType()->getWithNewType(b.getInt64Ty());
  Value* wide = b.CreateIntCast(operand, wide_type, kind(instr.dtype) == DTypeKind::signed_int);
  Value* inside = b.CreateICmpULT(wide, emitter_.splat(frame_.dim64(instr.extent), lanes));
  Value* outside = b.CreateNot(inside);
  if (lanes > 1) {
    if (access_.active(at) < lanes) outside = b.CreateAnd(outside, access_.mask(access_.active(at)));
    outside = b.CreateOrReduce(outside);
  }
  Value* status = b.CreateLoad(b.getInt32Ty(), frame_.status);
  b.CreateStore(b.CreateSelect(outside, b.getInt32(3), status), frame_.status);
  return b.CreateSelect(inside, operand, llvm::Constant::getNullValue(operand->getType()));
}

// Values that do not change in the nest are computed before it.
void TileEmitter::prepare() {
  for (int instr : facts_.prepared[nest_])
    for (int row = 0; row < rows_of(instr); ++row)
      for (int vector = 0; vector < vectors_of(instr); ++vector) value(instr, {row, vector});
}

llvm::AllocaInst* TileEmitter::accumulator(int instr, Instance at) {
  return (mode_.rest ? rest_ : accumulators_).at(key(instr, at) | uint64_t(at.step) | uint64_t(at.vector) << 12);
}

// What a reduction begins with: its second operand, or nothing.
Value* TileEmitter::beginning(const Instr& reduce, Instance at, int lanes) {
  if (reduce.operands.size() < 2) return combine_identity(emitter_, reduce.combine, reduce.dtype, lanes);
  return emitter_.splat(value(reduce.operands[1], at), lanes);
}

void TileEmitter::make_accumulators() {
  auto make = [&](Value* begin) {
    llvm::AllocaInst* place = frame_.local(begin->getType());
    emitter_.b.CreateStore(begin, place);
    return place;
  };
  for (int index : reduces()) {
    const Instr& instr = kernel_.body[index];
    Lines::At at(emitter_.lines, &instr);
    auto nothing = [&](int lanes) { return combine_identity(emitter_, instr.combine, instr.dtype, lanes); };
    bool along = facts_.vector_in_reduction;
    int vectors = along ? full_mode_.vectors : vectors_of(index);
    int lanes = along || facts_.depends[index].vector ? full_mode_.lanes : 1;
    for (int row = 0; row < rows_of(index); ++row) {
      uint64_t place = key(index, {row, 0, 0});
      for (int vector = 0; vector < vectors; ++vector)
        for (int step = 0; step < full_mode_.steps; ++step)
          accumulators_[place | uint64_t(vector) << 12 | uint64_t(step)] =
              make(along || step > 0 ? nothing(lanes) : beginning(instr, {row, vector}, lanes));
      if (along) rest_[place] = make(beginning(instr, {row, 0}, 1));
    }
  }
}

void TileEmitter::run(size_t axis, Value* begin, Value* end, int64_t step) {
  int var = axes()[axis].var;
  Lines::At at(emitter_.lines, &axes()[axis]);
  access_.set_multiple(var, step);
  auto body = [&](Value* i) {
    frame_.vars[var] = i;
    reduce(axis + 1);
  };
  if (kernel_.schedule.flat)
    emitter_.repeat(begin, end, step, body);
  else
    emitter_.loop(begin, end, step, body, axis + 1 == axes().size() ? unroll_of(begin, end, step) : 1);
  frame_.vars.erase(var);
}

// Where the loop's own instructions count. The order of the sum stays.
int TileEmitter::unroll_of(Value* begin, Value* end, int64_t step) const {
  auto *first = llvm::dyn_cast<llvm::ConstantInt>(begin), *last = llvm::dyn_cast<llvm::ConstantInt>(end);
  if (!first || !last) return 1;
  const int64_t count = (last->getSExtValue() - first->getSExtValue()) / step;
  const int unroll = emitter_.machine.can.reduction_unroll;
  return count % unroll == 0 ? unroll : 1;
}

void TileEmitter::reduce(size_t axis) {
  if (axis == axes().size()) return reduction_body();
  const Axis& a = axes()[axis];
  if (a.var == kernel_.schedule.vector_axis) return reduce_lanes(axis);
  if (axis + 1 == axes().size() && mode_.steps > 1) return reduce_steps(axis);
  run(axis, emitter_.word_constant(0), frame_.dim(a.extent), 1);
}

// Whole vectors, then what is left, element by element, into accumulators of its own.
void TileEmitter::reduce_lanes(size_t axis) {
  Dim extent = max(axes()[axis].extent, Dim(0));
  int64_t step = int64_t(full_mode_.lanes) * full_mode_.vectors;
  Value* whole = frame_.dim(floor_div(extent, Dim(step)) * Dim(step));
  run(axis, emitter_.word_constant(0), whole, step);
  mode_ = {1, 1, 1, true};
  access_.set_lanes(1);
  run(axis, whole, frame_.dim(extent), 1);
  mode_ = full_mode_;
  access_.set_lanes(mode_.lanes);
}

// Several steps at a time, each into its own accumulator; the steps left over go into the first.
void TileEmitter::reduce_steps(size_t axis) {
  Dim extent = max(axes()[axis].extent, Dim(0));
  Value* whole = frame_.dim(floor_div(extent, Dim(mode_.steps)) * Dim(mode_.steps));
  run(axis, emitter_.word_constant(0), whole, mode_.steps);
  mode_.steps = 1;
  run(axis, whole, frame_.dim(extent), 1);
  mode_ = full_mode_;
}

// Rows outermost: what is spread over lanes is then in one register at a time, beside the weights of all vectors. Where
// weights are more than rows, it is the other way round.
void TileEmitter::reduction_body() {
  inner_.clear();
  if (share_) prefetch();
  for (int step = 0; step < mode_.steps; ++step) {
    if (rows_are_outer())
      for (int row = 0; row < tile_.rows; ++row)
        for (int index : reduces()) accumulate_row(index, row, step);
    else
      for (int index : reduces())
        for (int row = 0; row < tile_.rows; ++row) accumulate_row(index, row, step);
  }
  inner_.clear();
}

bool TileEmitter::rows_are_outer() const {
  int weights = 0;
  for (int index : reduces()) weights += vectors_of(index);
  return weights <= tile_.rows;
}

void TileEmitter::accumulate_row(int index, int row, int step) {
  if (row >= rows_of(index)) return;
  const int vectors = facts_.vector_in_reduction ? mode_.vectors : vectors_of(index);
  for (int vector = 0; vector < vectors; ++vector) {
    Instance at{row, vector, step};
    Lines::At here(emitter_.lines, &kernel_.body[index]);
    llvm::AllocaInst* place = accumulator(index, at);
    Value* sum = emitter_.b.CreateLoad(place->getAllocatedType(), place);
    emitter_.b.CreateStore(accumulate(kernel_.body[index], at, sum), place);
  }
}

Value* TileEmitter::accumulate(const Instr& instr, Instance at, Value* sum) {
  int lanes = Emitter::lanes(sum);
  const Instr& operand = kernel_.body[instr.operands[0]];
  bool product = operand.kind == Instr::Kind::pointwise && operand.op == Op::mul && operand.dtype == instr.dtype &&
                 facts_.depends[instr.operands[0]].nest >= 0;
  if (instr.combine == Combine::sum && is_float(instr.dtype) && product) {
    Math math(emitter_, sum->getType());
    Real a = math.wrap(factor(operand.operands[0], at, lanes));
    Real x = math.wrap(factor(operand.operands[1], at, lanes));
    return math.fma(a, x, math.wrap(sum)).v;
  }
  Value* next = emitter_.splat(value(instr.operands[0], at), lanes);
  return emit_combine(emitter_, instr.combine, instr.dtype, sum, next);
}

Value* TileEmitter::factor(int instr, Instance at, int lanes) {
  const bool from_register = kernel_.schedule.spread && emitter_.machine.facts.shuffles > 0;
  Value* spread = from_register ? this->spread(instr, at, lanes) : nullptr;
  return spread ? spread : emitter_.splat(value(instr, at), lanes);
}

void TileEmitter::finish_reductions() {
  for (int index : reduces())
    for (int row = 0; row < rows_of(index); ++row)
      for (int vector = 0; vector < vectors_of(index); ++vector)
        outer_[key(index, {row, vector})] = finish(index, row, vector);
}

Value* TileEmitter::finish(int index, int row, int vector) {
  const Instr& instr = kernel_.body[index];
  Lines::At at(emitter_.lines, &instr);
  bool along = facts_.vector_in_reduction;
  std::vector<Value*> parts;
  auto take = [&](llvm::AllocaInst* place) { return emitter_.b.CreateLoad(place->getAllocatedType(), place); };
  for (int i = 0; i < (along ? full_mode_.vectors : full_mode_.steps); ++i)
    parts.push_back(take(accumulator(index, along ? Instance{row, i, 0} : Instance{row, vector, i})));
  Value* result = pairwise(instr, std::move(parts));
  if (along) {
    result = across_lanes(instr, result);
    result = emit_combine(emitter_, instr.combine, instr.dtype, result, take(rest_.at(key(index, {row, 0, 0}))));
  }
  return is_float(instr.dtype) ? round_to(emitter_, instr.dtype, result) : result;
}

Value* TileEmitter::pairwise(const Instr& instr, std::vector<Value*> values) {
  while (values.size() > 1) {
    std::vector<Value*> next;
    for (size_t i = 0; i < values.size(); i += 2)
      next.push_back(i + 1 < values.size()
                         ? emit_combine(emitter_, instr.combine, instr.dtype, values[i], values[i + 1])
                         : values[i]);
    values = std::move(next);
  }
  return values[0];
}

// Lane i with lane i + n/2, until one is left.
Value* TileEmitter::across_lanes(const Instr& instr, Value* value) {
  auto& b = emitter_.b;
  int lanes = Emitter::lanes(value);
  for (; lanes > 1 && lanes % 2 == 0; lanes /= 2) {
    std::vector<int> low, high;
    for (int i = 0; i < lanes / 2; ++i) low.push_back(i), high.push_back(i + lanes / 2);
    Value *first = b.CreateShuffleVector(value, low), *second = b.CreateShuffleVector(value, high);
    value = emit_combine(emitter_, instr.combine, instr.dtype, first, second);
  }
  if (!value->getType()->isVectorTy()) return value;
  std::vector<Value*> parts;
  for (int i = 0; i < lanes; ++i) parts.push_back(b.CreateExtractElement(value, uint64_t(i)));
  return pairwise(instr, std::move(parts));
}

}  // namespace rondo::emit
