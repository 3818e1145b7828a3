// Emitter: LLVM's builder, the target, and the few words all emitted code is made of.
//
// In registers float16 and bfloat16 are floats rounded to their precision, and booleans are i1; in memory they are
// their bits and bytes. `word` is an integer as wide as a pointer.
#pragma once

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <functional>

#include "codegen/emit/lines.h"
#include "codegen/machine.h"

namespace rondo::emit {

using llvm::Value;  // inside this namespace; the graph's Value is rondo::Value

class Emitter {
 public:
  Emitter(const Target::Machine& machine, llvm::Module& module, const CodegenOptions& options);

  const Target::Machine& machine;
  llvm::Module& module;
  const CodegenOptions options;
  llvm::IRBuilder<> b;
  llvm::IntegerType* word;
  bool fast_math = false;  // the plan's
  Lines lines;

  llvm::Type* register_type(DType dtype, int lanes = 1);
  llvm::Type* memory_type(DType dtype, int lanes = 1);
  static int lanes(llvm::Type* type);
  static int lanes(Value* value) { return lanes(value->getType()); }
  /// `scalar` in every lane; a value that has these lanes already is left alone.
  Value* splat(Value* scalar, int lanes);
  Value* word_constant(int64_t value) { return llvm::ConstantInt::getSigned(word, value); }

  /// An internal function with the attributes all of rondo's functions share: no unwinding, no library calls.
  llvm::Function* make_function(const std::string& name, llvm::Type* result, llvm::ArrayRef<llvm::Type*> params);
  /// The function of this name; if new, `body` emits it, with the builder inside. Never inlined.
  using HelperBody = std::function<Value*(llvm::ArrayRef<Value*>)>;
  Value* call_helper(const std::string& name, llvm::Type* result, llvm::ArrayRef<Value*> arguments,
                     const HelperBody& body);
  /// A helper on scalars applied to each lane.
  Value* call_per_lane(const std::string& name, llvm::ArrayRef<Value*> arguments, const HelperBody& body);

  /// for (i = begin; i < end; i += step) body(i), signed; straight-line where begin and end say it runs once.
  /// `unroll` (where begin and end are constants): runs of the body that LLVM puts one after the other.
  void loop(Value* begin, Value* end, int64_t step, const std::function<void(Value*)>& body, int unroll = 1);
  /// The same in straight-line code; begin and end are constants.
  void repeat(Value* begin, Value* end, int64_t step, const std::function<void(Value*)>& body);
  void if_then(Value* condition, const std::function<void()>& body);

  /// Integer division by a positive or negative divisor, not 0, in instructions alone.
  Value* divide(Value* a, Value* b, bool is_signed);

 private:
  llvm::MDNode* words_for_loop(int unroll);
  Value* long_division(Value* a, Value* b, bool is_signed);
};

}  // namespace rondo::emit
