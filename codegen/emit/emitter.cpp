// The Emitter's words: types, functions, loops, division. Tested by kernel_test.cpp.
#include "codegen/emit/emitter.h"

#include <llvm/Target/TargetMachine.h>

namespace rondo::emit {

Emitter::Emitter(const Target::Machine& machine, llvm::Module& module, const CodegenOptions& options)
    : machine(machine),
      module(module),
      options(options),
      b(module.getContext()),
      word(llvm::IntegerType::get(module.getContext(), machine.facts.pointer_bytes * 8)),
      lines(module, b, machine, this->options) {}

namespace {

llvm::Type* with_lanes(llvm::Type* type, int lanes) {
  return lanes == 1 ? type : llvm::FixedVectorType::get(type, lanes);
}

}  // namespace

llvm::Type* Emitter::register_type(DType dtype, int lanes) {
  if (dtype == DType::boolean) return with_lanes(b.getInt1Ty(), lanes);
  if (dtype == DType::f64) return with_lanes(b.getDoubleTy(), lanes);
  if (is_float(dtype)) return with_lanes(b.getFloatTy(), lanes);
  return memory_type(dtype, lanes);
}

llvm::Type* Emitter::memory_type(DType dtype, int lanes) {
  if (dtype == DType::f32 || dtype == DType::f64) return register_type(dtype, lanes);
  return with_lanes(b.getIntNTy(byte_size(dtype) * 8), lanes);
}

int Emitter::lanes(llvm::Type* type) {
  auto* vector = llvm::dyn_cast<llvm::FixedVectorType>(type);
  return vector ? static_cast<int>(vector->getNumElements()) : 1;
}

Value* Emitter::splat(Value* scalar, int count) {
  return count == 1 || lanes(scalar) == count ? scalar : b.CreateVectorSplat(count, scalar);
}

llvm::Function* Emitter::make_function(const std::string& name, llvm::Type* result,
                                       llvm::ArrayRef<llvm::Type*> params) {
  auto* type = llvm::FunctionType::get(result, params, false);
  auto* function = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage, name, module);
  lines.declare(*function);
  function->addFnAttr("target-cpu", machine.spec.cpu);
  if (auto features = machine.llvm->getTargetFeatureString(); !features.empty())
    function->addFnAttr("target-features", features);
  if (machine.triple.isAArch64() && machine.vector_bits > 0) {  // SVE's registers are as long as stated
    unsigned blocks = static_cast<unsigned>(machine.vector_bits) / 128;
    function->addFnAttr(llvm::Attribute::getWithVScaleRangeArgs(module.getContext(), blocks, blocks));
  }
  function->addFnAttr("no-builtins");
  if (machine.facts.small_code) {
    function->addFnAttr(llvm::Attribute::OptimizeForSize);
    // On Thumb it also makes calls go through registers, and no longer plain to see for whoever reads the code.
    if (!machine.triple.isThumb()) function->addFnAttr(llvm::Attribute::MinSize);
  }
  function->addFnAttr(llvm::Attribute::NoUnwind);
  return function;
}

Value* Emitter::call_helper(const std::string& name, llvm::Type* result, llvm::ArrayRef<Value*> arguments,
                            const HelperBody& body) {
  llvm::Function* function = module.getFunction(name);
  if (!function) {
    llvm::IRBuilderBase::InsertPointGuard guard(b);
    Lines::At nowhere(lines, nullptr);
    llvm::SmallVector<llvm::Type*> types;
    for (Value* argument : arguments) types.push_back(argument->getType());
    function = make_function(name, result, types);
    function->addFnAttr(llvm::Attribute::NoInline);
    b.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "entry", function));
    llvm::SmallVector<Value*> params;
    for (llvm::Argument& param : function->args()) params.push_back(&param);
    b.CreateRet(body(params));
  }
  return b.CreateCall(function, arguments);
}

Value* Emitter::call_per_lane(const std::string& name, llvm::ArrayRef<Value*> arguments, const HelperBody& body) {
  int count = lanes(arguments[0]);
  llvm::Type* result = arguments[0]->getType();
  if (count == 1) return call_helper(name, result, arguments, body);
  Value* all = llvm::PoisonValue::get(result);
  for (int lane = 0; lane < count; ++lane) {
    llvm::SmallVector<Value*> scalars;
    for (Value* argument : arguments) scalars.push_back(b.CreateExtractElement(argument, uint64_t(lane)));
    all = b.CreateInsertElement(all, call_helper(name, result->getScalarType(), scalars, body), uint64_t(lane));
  }
  return all;
}

void Emitter::loop(Value* begin, Value* end, int64_t step, const std::function<void(Value*)>& body, int unroll) {
  auto* first = llvm::dyn_cast<llvm::ConstantInt>(begin);
  auto* last = llvm::dyn_cast<llvm::ConstantInt>(end);
  bool known = first && last;
  if (known && first->getSExtValue() >= last->getSExtValue()) return;
  if (known && first->getSExtValue() + step >= last->getSExtValue()) return body(begin);

  llvm::Function* function = b.GetInsertBlock()->getParent();
  auto block = [&](const char* name) { return llvm::BasicBlock::Create(module.getContext(), name, function); };
  llvm::BasicBlock* before = b.GetInsertBlock();
  llvm::BasicBlock* inside = block("loop");
  llvm::BasicBlock* after = block("done");
  if (known)
    b.CreateBr(inside);
  else
    b.CreateCondBr(b.CreateICmpSLT(begin, end), inside, after);
  b.SetInsertPoint(inside);
  llvm::PHINode* i = b.CreatePHI(begin->getType(), 2);
  i->addIncoming(begin, before);
  body(i);
  Value* next = b.CreateAdd(i, llvm::ConstantInt::getSigned(begin->getType(), step), "", false, true);
  i->addIncoming(next, b.GetInsertBlock());
  llvm::Instruction* back = b.CreateCondBr(b.CreateICmpSLT(next, end), inside, after);
  if (llvm::MDNode* words = words_for_loop(known ? unroll : 1)) back->setMetadata(llvm::LLVMContext::MD_loop, words);
  after->moveAfter(b.GetInsertBlock());
  b.SetInsertPoint(after);
}

// Vectors whose length only the processor knows would make loops whose trip count only it knows.
llvm::MDNode* Emitter::words_for_loop(int unroll) {
  llvm::LLVMContext& context = module.getContext();
  llvm::SmallVector<llvm::Metadata*> words{nullptr};
  const auto say = [&](const char* word, llvm::Constant* value) {
    words.push_back(llvm::MDNode::get(context, {llvm::MDString::get(context, word), llvm::ConstantAsMetadata::get(value)}));
  };
  if (unroll > 1) say("llvm.loop.unroll.count", b.getInt32(unroll));
  if (machine.vector_bits > 0) say("llvm.loop.vectorize.scalable.enable", b.getFalse());
  if (words.size() == 1) return nullptr;
  llvm::MDNode* node = llvm::MDNode::getDistinct(context, words);
  node->replaceOperandWith(0, node);  // a loop's name is the node itself
  return node;
}

void Emitter::repeat(Value* begin, Value* end, int64_t step, const std::function<void(Value*)>& body) {
  const int64_t last = llvm::cast<llvm::ConstantInt>(end)->getSExtValue();
  for (int64_t i = llvm::cast<llvm::ConstantInt>(begin)->getSExtValue(); i < last; i += step) body(word_constant(i));
}

void Emitter::if_then(Value* condition, const std::function<void()>& body) {
  llvm::Function* function = b.GetInsertBlock()->getParent();
  auto* inside = llvm::BasicBlock::Create(module.getContext(), "then", function);
  auto* after = llvm::BasicBlock::Create(module.getContext(), "after", function);
  b.CreateCondBr(condition, inside, after);
  b.SetInsertPoint(inside);
  body();
  if (!b.GetInsertBlock()->getTerminator()) b.CreateBr(after);
  b.SetInsertPoint(after);
}

Value* Emitter::divide(Value* a, Value* d, bool is_signed) {
  unsigned bits = a->getType()->getScalarSizeInBits();
  bool instruction = bits <= 32 ? machine.can.divide32 : machine.can.wide || machine.facts.pointer_bytes == 8;
  auto* constant = llvm::dyn_cast<llvm::ConstantInt>(d);
  bool shift = constant && constant->getValue().isPowerOf2() && !constant->isMinusOne();
  if (instruction || shift || (llvm::isa<llvm::Constant>(a) && llvm::isa<llvm::Constant>(d)))
    return is_signed ? b.CreateSDiv(a, d) : b.CreateUDiv(a, d);
  std::string name = std::string(is_signed ? "rondo.sdiv.i" : "rondo.udiv.i") + std::to_string(bits);
  return call_per_lane(name, {a, d},
                       [&](llvm::ArrayRef<Value*> args) { return long_division(args[0], args[1], is_signed); });
}

// Bit by bit: the remainder takes in one bit of a at a time and gives up d wherever it can.
Value* Emitter::long_division(Value* a, Value* d, bool is_signed) {
  auto* type = llvm::cast<llvm::IntegerType>(a->getType());
  unsigned bits = type->getBitWidth();
  Value* zero = llvm::ConstantInt::get(type, 0);
  auto magnitude = [&](Value* v) { return b.CreateSelect(b.CreateICmpSLT(v, zero), b.CreateNeg(v), v); };
  Value* numerator = is_signed ? magnitude(a) : a;
  Value* divisor = is_signed ? magnitude(d) : d;
  llvm::AllocaInst* rest = b.CreateAlloca(type);
  llvm::AllocaInst* shifted = b.CreateAlloca(type);
  llvm::AllocaInst* quotient = b.CreateAlloca(type);
  b.CreateStore(zero, rest);
  b.CreateStore(zero, quotient);
  b.CreateStore(numerator, shifted);
  loop(b.getInt32(0), b.getInt32(bits), 1, [&](Value*) {
    Value* n = b.CreateLoad(type, shifted);
    Value* r = b.CreateLoad(type, rest);
    Value* overflow = b.CreateICmpSLT(r, zero);  // its top bit leaves when it is shifted
    r = b.CreateOr(b.CreateShl(r, 1), b.CreateLShr(n, bits - 1));
    Value* fits = b.CreateOr(overflow, b.CreateICmpUGE(r, divisor));
    b.CreateStore(b.CreateSelect(fits, b.CreateSub(r, divisor), r), rest);
    b.CreateStore(b.CreateShl(n, 1), shifted);
    Value* q = b.CreateShl(b.CreateLoad(type, quotient), 1);
    b.CreateStore(b.CreateOr(q, b.CreateZExt(fits, type)), quotient);
  });
  Value* q = b.CreateLoad(type, quotient);
  if (!is_signed) return q;
  return b.CreateSelect(b.CreateICmpSLT(b.CreateXor(a, d), zero), b.CreateNeg(q), q);
}

}  // namespace rondo::emit
