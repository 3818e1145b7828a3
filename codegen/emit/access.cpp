// Addresses and memory accesses of a tile. Tested by kernel_test.cpp, schedule_test.cpp.
#include "codegen/emit/access.h"

#include <algorithm>

#include "codegen/emit/convert.h"

namespace rondo::emit {
namespace {

std::optional<int64_t> known(Value* value) {
  auto* constant = llvm::dyn_cast<llvm::ConstantInt>(value);
  return constant ? std::optional(constant->getSExtValue()) : std::nullopt;
}

}  // namespace

Access::Position Access::position(int var, Instance at, int lane) {
  const Schedule& s = kernel_.schedule;
  int64_t offset = 0;
  if (var == s.vector_axis)
    offset = int64_t(at.vector) * lanes_ + lane;
  else if (var == s.row_axis)
    offset = at.row;
  else if (const int nest = nest_of(kernel_, var); nest >= 0 && var == kernel_.reductions[nest].back().var)
    offset = at.step;
  auto multiple = multiples_.find(var);
  return {frame_.vars.at(var), offset, multiple == multiples_.end() ? 1 : multiple->second};
}

// place += coefficient * (value + offset); value may be null.
void Access::add_scaled(Place& place, const Dim& coefficient, Value* value, int64_t offset) {
  auto& b = emitter_.b;
  auto number = value ? known(value) : std::optional<int64_t>(0);
  if (number) offset += *number, value = nullptr;
  auto constant = coefficient.constant();
  if (constant) place.fixed += *constant * offset;
  Value* product = nullptr;
  if (value) {
    Value* moved = constant || !offset ? value : b.CreateAdd(value, emitter_.word_constant(offset));
    product = b.CreateMul(moved, frame_.dim(coefficient));
  } else if (!constant && offset) {
    product = b.CreateMul(frame_.dim(coefficient), emitter_.word_constant(offset));
  }
  if (product) place.dynamic = place.dynamic ? b.CreateAdd(place.dynamic, product) : product;
}

void Access::add_panel_term(Place& place, const IndexTerm& term, Position at) {
  auto& b = emitter_.b;
  if (auto base = known(at.base)) {
    int64_t v = *base + at.offset;
    add_scaled(place, term.panel_stride, nullptr, v / term.panel);
    add_scaled(place, term.coefficient, nullptr, v % term.panel);
    return;
  }
  Value* panel = emitter_.word_constant(term.panel);
  if (at.multiple % term.panel == 0) {  // the base starts a panel
    add_scaled(place, term.panel_stride, emitter_.divide(at.base, panel, false), at.offset / term.panel);
    add_scaled(place, term.coefficient, nullptr, at.offset % term.panel);
    return;
  }
  bool same_panel = term.panel % at.multiple == 0 && at.offset < at.multiple;
  Value* v = same_panel ? at.base : b.CreateAdd(at.base, emitter_.word_constant(at.offset));
  Value* quotient = emitter_.divide(v, panel, false);
  add_scaled(place, term.panel_stride, quotient, 0);
  add_scaled(place, term.coefficient, b.CreateSub(v, b.CreateMul(quotient, panel)), same_panel ? at.offset : 0);
}

void Access::add_term(Place& place, const IndexTerm& term, Position at) {
  if (term.panel > 0)
    add_panel_term(place, term, at);
  else
    add_scaled(place, term.coefficient, at.base, at.offset);
}

Access::Place Access::element(const Index& index, Instance at, int lane) {
  Place place;
  if (auto constant = index.constant.constant())
    place.fixed = *constant;
  else
    place.dynamic = frame_.dim(index.constant);
  for (const IndexTerm& term : index.terms) add_term(place, term, position(term.var, at, lane));
  return place;
}

/// Whether all lanes lie in the same panel.
bool Access::within_panel(const IndexTerm& term, Position at) const {
  if (auto base = known(at.base)) return (*base + at.offset) % term.panel + lanes_ <= term.panel;
  return term.panel % lanes_ == 0 && at.multiple % lanes_ == 0 && at.offset % lanes_ == 0;
}

Along Access::along(const Index& index, Instance at) {
  if (lanes_ == 1) return Along::uniform;
  for (const IndexTerm& term : index.terms) {
    if (term.var != kernel_.schedule.vector_axis) continue;
    if (term.panel > 0) {
      if (!within_panel(term, position(term.var, at, 0))) return Along::scattered;
      return term.coefficient.is(1) ? Along::contiguous : term.coefficient.is(2) ? Along::paired : Along::scattered;
    }
    if (term.coefficient.is(0)) continue;
    return term.coefficient.is(1) ? Along::contiguous : term.coefficient.is(-1) ? Along::reversed : Along::scattered;
  }
  return Along::uniform;
}

Value* Access::total(const Place& place) {
  Value* fixed = emitter_.word_constant(place.fixed);
  return place.dynamic ? emitter_.b.CreateAdd(place.dynamic, fixed) : fixed;
}

// The fixed part last, where it becomes the displacement of the instruction.
Value* Access::address(int buffer, Place place) {
  llvm::Type* type = emitter_.memory_type(plan_.buffers[buffer].dtype);
  Value* pointer = frame_.buffers.at(buffer);
  if (place.dynamic) pointer = emitter_.b.CreateGEP(type, pointer, place.dynamic);
  if (place.fixed) pointer = emitter_.b.CreateGEP(type, pointer, emitter_.word_constant(place.fixed));
  return pointer;
}

Value* Access::load_from(int buffer, llvm::Type* type, Value* address) {
  const Buffer& from = plan_.buffers[buffer];
  auto* load = emitter_.b.CreateAlignedLoad(type, address, llvm::Align(byte_size(from.dtype)));
  if (from.kind == Buffer::Kind::constant)
    load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(load->getContext(), {}));
  return load;
}

Value* Access::mask(int active) {
  llvm::SmallVector<llvm::Constant*> bits;
  for (int i = 0; i < lanes_; ++i) bits.push_back(emitter_.b.getInt1(i < active));
  return llvm::ConstantVector::get(bits);
}

Value* Access::as_word(Value* value, DType dtype) {
  return emitter_.b.CreateIntCast(value, emitter_.word, kind(dtype) == DTypeKind::signed_int);
}

Value* Access::load_vector(const Instr& instr, Instance at, Along along, Value* extra) {
  auto& b = emitter_.b;
  bool reversed = along == Along::reversed;
  Value* pointer = address(instr.buffer, moved(element(instr.index, at, reversed ? lanes_ - 1 : 0), extra));
  const Buffer& buffer = plan_.buffers[instr.buffer];
  llvm::Type* type = emitter_.memory_type(buffer.dtype, lanes_);
  bool padded = buffer.kind == Buffer::Kind::constant;  // packed panels are whole
  for (const IndexTerm& term : instr.index.terms) padded &= term.var != kernel_.schedule.vector_axis || term.panel > 0;
  int count = active(at);
  if (count < lanes_ && !padded)
    return b.CreateMaskedLoad(type, pointer, llvm::Align(byte_size(buffer.dtype)), mask(count),
                              llvm::Constant::getNullValue(type));
  Value* loaded = load_from(instr.buffer, type, pointer);
  return reversed ? b.CreateVectorReverse(loaded) : loaded;
}

// Each lane's element and its neighbour at once, of which the index's lowest bit chooses one.
Value* Access::load_pairs(const Instr& instr, Instance at) {
  auto& b = emitter_.b;
  const Buffer& buffer = plan_.buffers[instr.buffer];
  const Place place = element(instr.index, at, 0);
  Value* first = total(place);
  Value* even = b.CreateAnd(first, emitter_.word_constant(-2));
  llvm::Type* pair = llvm::FixedVectorType::get(b.getInt32Ty(), static_cast<unsigned>(lanes_));
  Value* pairs = load_from(instr.buffer, pair, b.CreateGEP(emitter_.memory_type(buffer.dtype), frame_.buffers.at(instr.buffer), even));
  Value* odd = b.CreateIntCast(b.CreateAnd(first, emitter_.word_constant(1)), b.getInt32Ty(), false);
  Value* shift = emitter_.splat(b.CreateMul(odd, b.getInt32(16)), lanes_);
  return b.CreateTrunc(b.CreateLShr(pairs, shift), emitter_.memory_type(buffer.dtype, lanes_));
}

bool Access::shared(const std::vector<Value*>& offsets) const {
  return std::all_of(offsets.begin(), offsets.end(), [](Value* offset) { return Emitter::lanes(offset) == 1; });
}

// Sum of coefficient * value, null where there is none.
Value* Access::indirect_part(const std::vector<Instr::Indirect>& indirect, const std::vector<Value*>& offsets, int lane) {
  auto& b = emitter_.b;
  Value* sum = nullptr;
  for (size_t i = 0; i < offsets.size(); ++i) {
    Value* v = Emitter::lanes(offsets[i]) == 1 ? offsets[i] : b.CreateExtractElement(offsets[i], uint64_t(lane));
    v = as_word(v, kernel_.body[indirect[i].instr].dtype);
    v = b.CreateMul(v, frame_.dim(indirect[i].coefficient));
    sum = sum ? b.CreateAdd(sum, v) : v;
  }
  return sum;
}

Access::Place Access::moved(Place place, Value* extra) {
  if (extra) place.dynamic = place.dynamic ? emitter_.b.CreateAdd(place.dynamic, extra) : extra;
  return place;
}

Value* Access::load(const Instr& instr, Instance at, const std::function<Value*(int)>& value_of) {
  auto& b = emitter_.b;
  const Buffer& buffer = plan_.buffers[instr.buffer];
  Along how = along(instr.index, at);
  if (how == Along::reversed && active(at) < lanes_) how = Along::scattered;
  std::vector<Value*> offsets;
  for (const Instr::Indirect& indirect : instr.indirect) offsets.push_back(value_of(indirect.instr));
  const bool together = shared(offsets);
  auto load_lane = [&](int lane) {
    Place place = moved(element(instr.index, at, lane), indirect_part(instr.indirect, offsets, lane));
    return load_from(instr.buffer, emitter_.memory_type(buffer.dtype), address(instr.buffer, place));
  };
  if (together && how == Along::uniform) return from_memory(emitter_, buffer.dtype, load_lane(0));
  if (how == Along::paired) {
    const bool whole = buffer.kind == Buffer::Kind::constant && byte_size(buffer.dtype) == 2 && buffer.value.count() % 2 == 0;
    if (whole && offsets.empty()) return from_memory(emitter_, buffer.dtype, load_pairs(instr, at));
    how = Along::scattered;
  }
  if (together && how != Along::scattered)
    return from_memory(emitter_, buffer.dtype, load_vector(instr, at, how, indirect_part(instr.indirect, offsets, 0)));
  Value* all = llvm::Constant::getNullValue(emitter_.memory_type(buffer.dtype, lanes_));
  for (int lane = 0; lane < active(at); ++lane) all = b.CreateInsertElement(all, load_lane(lane), uint64_t(lane));
  return from_memory(emitter_, buffer.dtype, all);
}

Value* Access::index_value(const Instr& instr, Instance at) {
  auto& b = emitter_.b;
  llvm::Type* type = emitter_.register_type(instr.dtype);
  auto lane_value = [&](int lane) { return b.CreateIntCast(total(element(instr.index, at, lane)), type, true); };
  if (along(instr.index, at) == Along::uniform) return lane_value(0);
  Value* all = llvm::PoisonValue::get(emitter_.register_type(instr.dtype, lanes_));
  for (const IndexTerm& term : instr.index.terms) {
    if (term.var != kernel_.schedule.vector_axis || term.panel > 0) continue;
    // start + lane * coefficient
    llvm::SmallVector<llvm::Constant*> numbers;
    for (int lane = 0; lane < lanes_; ++lane) numbers.push_back(llvm::ConstantInt::get(type, lane));
    Value* coefficient = b.CreateIntCast(frame_.dim(term.coefficient), type, true);
    Value* steps = b.CreateMul(llvm::ConstantVector::get(numbers), emitter_.splat(coefficient, lanes_));
    return b.CreateAdd(emitter_.splat(lane_value(0), lanes_), steps);
  }
  for (int lane = 0; lane < lanes_; ++lane) all = b.CreateInsertElement(all, lane_value(lane), uint64_t(lane));
  return all;
}

void Access::store(const Store& store, Instance at, Value* value, const std::vector<Value*>& offsets) {
  auto& b = emitter_.b;
  const DType dtype = plan_.buffers[store.buffer].dtype;
  const bool together = shared(offsets);
  const Along how = together ? along(store.index, at) : Along::scattered;
  Value* extra = together ? indirect_part(store.indirect, offsets, 0) : nullptr;
  if (how == Along::uniform && Emitter::lanes(value) == 1) {
    Place place = moved(element(store.index, at, 0), extra);
    b.CreateAlignedStore(to_memory(emitter_, dtype, value), address(store.buffer, place), llvm::Align(byte_size(dtype)));
    return;
  }
  Value* raw = to_memory(emitter_, dtype, emitter_.splat(value, lanes_));
  if (how == Along::contiguous || (how == Along::reversed && active(at) == lanes_))
    return store_vector(store, at, how, raw, extra);
  for (int lane = 0; lane < active(at); ++lane) {
    Value* part = together ? extra : indirect_part(store.indirect, offsets, lane);
    b.CreateAlignedStore(b.CreateExtractElement(raw, uint64_t(lane)),
                         address(store.buffer, moved(element(store.index, at, lane), part)),
                         llvm::Align(byte_size(dtype)));
  }
}

void Access::store_vector(const Store& store, Instance at, Along how, Value* raw, Value* extra) {
  auto& b = emitter_.b;
  const bool reversed = how == Along::reversed;
  Value* pointer = address(store.buffer, moved(element(store.index, at, reversed ? lanes_ - 1 : 0), extra));
  const llvm::Align align(byte_size(plan_.buffers[store.buffer].dtype));
  if (active(at) < lanes_)
    b.CreateMaskedStore(raw, pointer, align, mask(active(at)));
  else
    b.CreateAlignedStore(reversed ? b.CreateVectorReverse(raw) : raw, pointer, align);
}

}  // namespace rondo::emit
