// Entry points: they check what can be checked in O(1) and return a status. Tested by entry_test.cpp.
#include "codegen/emit/entry.h"

#include <llvm/IR/InlineAsm.h>

#include <algorithm>
#include <cstddef>

#include "ir/measure.h"
#include "runtime/include/rondo.h"

namespace rondo::emit {

void load_symbols(Emitter& emitter, Frame& frame, const Plan& plan, Value* dims) {
  auto& b = emitter.b;
  frame.at_start([&]() -> Value* {
    for (size_t i = 0; i < plan.symbols.size(); ++i) {
      Value* place = b.CreateConstGEP1_64(b.getInt64Ty(), dims, i);
      frame.symbols[plan.symbols[i]] = b.CreateAlignedLoad(b.getInt64Ty(), place, llvm::Align(8));
    }
    return nullptr;
  });
}

Entries EntryEmitter::emit(llvm::Function* run) {
  valid_ = plan_.symbols.empty() && plan_.equalities.empty() ? nullptr : make_valid();
  std::vector<Dim> offsets;
  for (const StateSlot& slot : plan_.states) offsets.push_back(plan_.buffers[slot.buffer].offset);
  llvm::Function* reset_stream = make_reset_stream();
  return {make_call(run),
          make_reset(reset_stream),
          make_size("_state_size", plan_.state_bytes),
          make_size("_scratch_size", plan_.scratch_bytes),
          make_shapes(),
          make_writer("_state_offsets", offsets),
          reset_stream};
}

llvm::Function* EntryEmitter::make(const std::string& name, llvm::Type* result, llvm::ArrayRef<llvm::Type*> params) {
  llvm::Function* function = emitter_.make_function(prefix_ + name, result, params);
  function->setLinkage(llvm::GlobalValue::ExternalLinkage);
  function->setDSOLocal(true);
  return function;
}

void EntryEmitter::start_checks(llvm::Function* function) {
  b_.SetInsertPoint(llvm::BasicBlock::Create(emitter_.module.getContext(), "check", function));
}

void EntryEmitter::fail_if(Value* condition, Value* result) {
  emitter_.if_then(condition, [&] { b_.CreateRet(result); });
}

Value* EntryEmitter::misaligned(Value* pointer) {
  Value* bits = b_.CreateAnd(b_.CreatePtrToInt(pointer, emitter_.word), emitter_.word_constant(Plan::kAlignment - 1));
  return b_.CreateICmpNE(bits, emitter_.word_constant(0));
}

// i1(dims): every symbol at least 1 (and no wider than an address), every equality true.
llvm::Function* EntryEmitter::make_valid() {
  llvm::Function* function = emitter_.make_function(prefix_ + ".valid", b_.getInt1Ty(), {b_.getPtrTy()});
  function->addFnAttr(llvm::Attribute::NoInline);
  Frame frame(emitter_, function);
  load_symbols(emitter_, frame, plan_, function->getArg(0));
  Value* good = b_.getTrue();
  int64_t largest = emitter_.machine.facts.pointer_bytes == 8 ? INT64_MAX : INT32_MAX;
  for (const std::string& name : plan_.symbols) {
    Value* dim = frame.symbols[name];
    good = b_.CreateAnd(good, b_.CreateICmpSGE(dim, b_.getInt64(1)));
    good = b_.CreateAnd(good, b_.CreateICmpSLE(dim, b_.getInt64(largest)));
  }
  for (const auto& [left, right] : plan_.equalities)
    good = b_.CreateAnd(good, b_.CreateICmpEQ(frame.dim64(left), frame.dim64(right)));
  b_.CreateRet(good);
  return function;
}

void EntryEmitter::check_dims(Value* dims, Value* if_null, Value* if_bad) {
  if (!valid_) return;
  if (!plan_.symbols.empty()) fail_if(is_null(dims), if_null);
  fail_if(b_.CreateNot(b_.CreateCall(valid_, {dims})), if_bad);
}

Value* EntryEmitter::field(Value* call, int index) {
  Value* place = b_.CreateConstGEP1_64(b_.getPtrTy(), call, index);
  return b_.CreateLoad(b_.getPtrTy(), place);
}

void EntryEmitter::check_pointers(Value* array, const std::vector<Port>& ports) {
  Value* missing = b_.getFalse();
  if (!ports.empty()) fail_if(is_null(array), RONDO_BAD_POINTER);
  for (size_t i = 0; i < ports.size(); ++i)
    if (!element_count(ports[i].type.shape).is(0)) missing = b_.CreateOr(missing, is_null(field(array, i)));
  fail_if(missing, RONDO_BAD_POINTER);
}

llvm::Function* EntryEmitter::make_call(llvm::Function* run) {
  llvm::Function* function = make("_call", b_.getInt32Ty(), {b_.getPtrTy()});
  start_checks(function);
  Value* call = function->getArg(0);
  fail_if(is_null(call), RONDO_BAD_POINTER);
  Value *inputs = field(call, 0), *outputs = field(call, 1), *dims = field(call, 2);
  Value *state = field(call, 3), *scratch = field(call, 4), *constants = field(call, 5);
  check_dims(dims, b_.getInt32(RONDO_BAD_POINTER), b_.getInt32(RONDO_BAD_DIMENSION));
  check_pointers(inputs, plan_.inputs);
  check_pointers(outputs, plan_.outputs);
  check_vector_length();
  Value* bad = b_.getFalse();
  if (!plan_.state_bytes.is(0)) bad = b_.CreateOr(bad, b_.CreateOr(is_null(state), misaligned(state)));
  if (!plan_.scratch_bytes.is(0)) bad = b_.CreateOr(bad, b_.CreateOr(is_null(scratch), misaligned(scratch)));
  fail_if(bad, RONDO_BAD_POINTER);
  if (plan_.constant_bytes > 0)
    constants = b_.CreateConstGEP1_64(b_.getInt8Ty(), checked_weights(constants), Blob::kHeadBytes);
  Value* measured = llvm::ConstantPointerNull::get(b_.getPtrTy());
  if (!plan_.measured.empty()) {
    measured = field(call, 7);
    fail_if(is_null(measured), RONDO_BAD_POINTER);
  }
  b_.CreateRet(b_.CreateCall(run, {inputs, outputs, state, scratch, constants, dims, checked_hook(call), measured}));
  return function;
}

Value* EntryEmitter::checked_weights(Value* given) {
  Value* bad = misaligned(given);
  if (!constants_) bad = b_.CreateOr(bad, is_null(given));
  fail_if(bad, RONDO_BAD_POINTER);
  emitter_.if_then(b_.CreateIsNotNull(given), [&] {
    Value* place = b_.CreateConstGEP1_64(b_.getInt8Ty(), given, offsetof(rondo_weights, fingerprint));
    Value* stated = b_.CreateAlignedLoad(b_.getInt64Ty(), place, llvm::Align(8));
    fail_if(b_.CreateICmpNE(stated, b_.getInt64(fingerprint(plan_))), RONDO_OTHER_WEIGHTS);
  });
  return constants_ ? b_.CreateSelect(is_null(given), constants_, given) : given;
}

// Code for vectors of one length gives wrong numbers on a processor whose vectors are shorter, or, with SVE, longer.
void EntryEmitter::check_vector_length() {
  const Target::Machine& machine = emitter_.machine;
  const bool riscv = machine.triple.isRISCV();
  if (machine.vector_bits == 0 || (riscv && machine.vector_bits <= 128)) return;  // V promises 128 bits
  auto* type = llvm::FunctionType::get(emitter_.word, {}, false);
  auto* read = llvm::InlineAsm::get(type, riscv ? "csrr $0, vlenb" : "rdvl $0, #1", "=r", false);
  Value *bytes = b_.CreateCall(type, read, {}), *stated = emitter_.word_constant(machine.vector_bits / 8);
  fail_if(riscv ? b_.CreateICmpULT(bytes, stated) : b_.CreateICmpNE(bytes, stated), RONDO_OTHER_VECTORS);
}

// Plans without tasks do not look at the hook; for others it is null, or complete.
Value* EntryEmitter::checked_hook(Value* call) {
  if (!has_tasks(plan_.steps)) return llvm::ConstantPointerNull::get(b_.getPtrTy());
  Value* parallel = field(call, 6);
  emitter_.if_then(b_.CreateIsNotNull(parallel), [&] { fail_if(is_null(field(parallel, 0)), RONDO_BAD_POINTER); });
  return parallel;
}

llvm::Function* EntryEmitter::make_reset_stream() {
  llvm::Type* pointer = b_.getPtrTy();
  llvm::Function* function = make("_reset_stream", b_.getInt32Ty(), {pointer, b_.getInt64Ty(), pointer, pointer});
  start_checks(function);
  Value *state = function->getArg(0), *dims = function->getArg(3);
  check_dims(dims, b_.getInt32(RONDO_BAD_POINTER), b_.getInt32(RONDO_BAD_DIMENSION));
  if (!plan_.state_bytes.is(0)) fail_if(b_.CreateOr(is_null(state), misaligned(state)), RONDO_BAD_POINTER);
  const Range streams = checked_streams(function->getArg(1));
  const bool weighted = std::any_of(plan_.states.begin(), plan_.states.end(), [](auto& slot) { return slot.initial; });
  Value* weights = weighted ? checked_weights(function->getArg(2)) : nullptr;
  Frame frame(emitter_, function);
  load_symbols(emitter_, frame, plan_, dims);
  for (size_t i = 0; i < plan_.states.size(); ++i) reset_slot(frame, state, weights, streams, i);
  for (const Buffer& buffer : plan_.buffers)
    if (buffer.kind == Buffer::Kind::turn)
      clear(b_.CreateGEP(b_.getInt8Ty(), state, frame.dim(buffer.offset)), buffer, emitter_.word_constant(0),
            frame.dim(buffer.count));
  b_.CreateRet(b_.getInt32(RONDO_OK));
  return function;
}

llvm::Function* EntryEmitter::make_reset(llvm::Function* reset_stream) {
  llvm::Function* function = make("_reset", b_.getInt32Ty(), {b_.getPtrTy(), b_.getPtrTy()});
  start_checks(function);
  Value* null = llvm::ConstantPointerNull::get(b_.getPtrTy());
  b_.CreateRet(b_.CreateCall(reset_stream, {function->getArg(0), b_.getInt64(-1), null, function->getArg(1)}));
  return function;
}

EntryEmitter::Range EntryEmitter::checked_streams(Value* stream) {
  const int64_t count = std::max<int64_t>(plan_.stepping.streams, 1);
  fail_if(b_.CreateICmpSGE(stream, b_.getInt64(count)), RONDO_BAD_DIMENSION);
  if (count == 1) return {emitter_.word_constant(0), emitter_.word_constant(1)};
  Value *all = b_.CreateICmpSLT(stream, b_.getInt64(0)), *one = b_.CreateTrunc(stream, emitter_.word);
  return {b_.CreateSelect(all, emitter_.word_constant(0), one),
          b_.CreateSelect(all, emitter_.word_constant(count), b_.CreateAdd(one, emitter_.word_constant(1)))};
}

void EntryEmitter::clear(Value* to, const Buffer& buffer, Value* begin, Value* end) {
  llvm::Type* type = b_.getIntNTy(byte_size(buffer.dtype) * 8);
  emitter_.loop(begin, end, 1, [&](Value* i) {
    b_.CreateAlignedStore(llvm::Constant::getNullValue(type), b_.CreateGEP(type, to, i),
                          llvm::Align(byte_size(buffer.dtype)));
  });
}

// Element by element: a call of memcpy or memset would be an undefined symbol.
void EntryEmitter::reset_slot(Frame& frame, Value* state, Value* weights, const Range& streams, size_t index) {
  const StateSlot& slot = plan_.states[index];
  const Buffer& buffer = plan_.buffers[slot.buffer];
  llvm::Type* type = b_.getIntNTy(byte_size(buffer.dtype) * 8);
  llvm::Align align(byte_size(buffer.dtype));
  Value* to = b_.CreateGEP(b_.getInt8Ty(), state, frame.dim(buffer.offset));
  if (!slot.initial) {
    Value* each = frame.dim(floor_div(buffer.count, Dim(std::max<int64_t>(plan_.stepping.streams, 1))));
    return clear(to, buffer, b_.CreateMul(streams.begin, each), b_.CreateMul(streams.end, each));
  }
  Value* from = b_.CreateConstGEP1_64(b_.getInt8Ty(), weights, blob_.initial_offset(index));
  auto copy = [&](Value* to_index, Value* from_index) {
    Value* element = b_.CreateAlignedLoad(type, b_.CreateGEP(type, from, from_index), align);
    b_.CreateAlignedStore(element, b_.CreateGEP(type, to, to_index), align);
  };
  Value* zero = emitter_.word_constant(0);
  broadcast(frame, slot, 0, zero, zero, streams, copy);
}

// Walks the state in row-major order; along axes where the initial value has one element, that one is repeated.
void EntryEmitter::broadcast(Frame& frame, const StateSlot& slot, size_t axis, Value* to, Value* from,
                             const Range& streams, const std::function<void(Value*, Value*)>& copy) {
  if (axis == slot.type.shape.size()) return copy(to, from);
  Value* extent = frame.dim(slot.type.shape[axis]);
  int64_t count = slot.initial->shape()[axis];
  const bool of_streams = axis == 0 && plan_.stepping.streams > 0;
  const Range range = of_streams ? streams : Range{emitter_.word_constant(0), extent};
  emitter_.loop(range.begin, range.end, 1, [&](Value* i) {
    Value* next_from = b_.CreateMul(from, emitter_.word_constant(count));
    if (count != 1) next_from = b_.CreateAdd(next_from, i);
    broadcast(frame, slot, axis + 1, b_.CreateAdd(b_.CreateMul(to, extent), i), next_from, streams, copy);
  });
}

llvm::Function* EntryEmitter::make_size(const std::string& name, const Dim& bytes) {
  llvm::Function* function = make(name, b_.getInt64Ty(), {b_.getPtrTy()});
  start_checks(function);
  Value* dims = function->getArg(0);
  check_dims(dims, b_.getInt64(-1), b_.getInt64(-1));
  Frame frame(emitter_, function);
  load_symbols(emitter_, frame, plan_, dims);
  b_.CreateRet(frame.dim64(bytes));
  return function;
}

llvm::Function* EntryEmitter::make_writer(const std::string& name, const std::vector<Dim>& values) {
  llvm::Function* function = make(name, b_.getInt32Ty(), {b_.getPtrTy(), b_.getPtrTy()});
  start_checks(function);
  Value *dims = function->getArg(0), *out = function->getArg(1);
  check_dims(dims, b_.getInt32(RONDO_BAD_POINTER), b_.getInt32(RONDO_BAD_DIMENSION));
  if (!values.empty()) fail_if(is_null(out), RONDO_BAD_POINTER);
  Frame frame(emitter_, function);
  load_symbols(emitter_, frame, plan_, dims);
  write(frame, out, values);
  return function;
}

void EntryEmitter::write(Frame& frame, Value* out, const std::vector<Dim>& values) {
  for (size_t i = 0; i < values.size(); ++i)
    b_.CreateAlignedStore(frame.dim64(values[i]), b_.CreateConstGEP1_64(b_.getInt64Ty(), out, i), llvm::Align(8));
  b_.CreateRet(b_.getInt32(RONDO_OK));
}

// shapes(dims, measured, out): without measured values, the largest that each dimension can be.
llvm::Function* EntryEmitter::make_shapes() {
  std::vector<Dim> sizes, largest;
  const Highest highest(plan_.measured.begin(), plan_.measured.end());
  auto add = [&](const Type& type) {
    for (const Dim& dim : type.shape) sizes.push_back(dim), largest.push_back(upper(dim, highest));
  };
  for (const Port& port : plan_.inputs) add(port.type);
  for (const Port& port : plan_.outputs) add(port.type);
  for (const StateSlot& slot : plan_.states) add(slot.type);
  llvm::Function* function = make("_shapes", b_.getInt32Ty(), {b_.getPtrTy(), b_.getPtrTy(), b_.getPtrTy()});
  start_checks(function);
  Value *dims = function->getArg(0), *measured = function->getArg(1), *out = function->getArg(2);
  check_dims(dims, b_.getInt32(RONDO_BAD_POINTER), b_.getInt32(RONDO_BAD_DIMENSION));
  if (!sizes.empty()) fail_if(is_null(out), RONDO_BAD_POINTER);
  if (!highest.empty())
    emitter_.if_then(is_null(measured), [&] {
      Frame frame(emitter_, function);
      load_symbols(emitter_, frame, plan_, dims);
      write(frame, out, largest);
    });
  Frame frame(emitter_, function);
  load_symbols(emitter_, frame, plan_, dims);
  for (size_t i = 0; i < plan_.measured.size(); ++i)
    frame.symbols[plan_.measured[i].first] = frame.at_start([&]() -> Value* {
      return b_.CreateAlignedLoad(b_.getInt64Ty(), b_.CreateConstGEP1_64(b_.getInt64Ty(), measured, i), llvm::Align(8));
    });
  write(frame, out, sizes);
  return function;
}

}  // namespace rondo::emit
