// Frame: what code inside one function can see: buffers, symbolic dimensions, loop variables. Dims become instructions
// at the function's start, once each, so that they are out of all loops.
#pragma once

#include <map>

#include "codegen/emit/emitter.h"

namespace rondo::emit {

class Frame {
 public:
  /// Starts the function's code, or goes on after checks where the builder is: a block for dims, and a body, where the
  /// builder is put.
  Frame(Emitter& emitter, llvm::Function* function);

  std::map<int, Value*> buffers;          // base addresses by Plan::buffers index
  std::map<std::string, Value*> symbols;  // i64
  std::map<int, Value*> vars;             // word
  Value* status = nullptr;                // address of the call's rondo_status
  Value* parallel = nullptr;              // the call's rondo_parallel, or null; where steps have tasks

  /// The dim's value as a word (addresses, loops) or as i64 (what callers see).
  Value* dim(const Dim& dim);
  Value* dim64(const Dim& dim);
  llvm::AllocaInst* local(llvm::Type* type);
  /// Emits at the function's start, after what was emitted there before.
  Value* at_start(const std::function<Value*()>& emit);

 private:
  Value* emit(const Dim& dim);
  Value* emit_atom(const Dim::Atom& atom);
  Value* floor_division(const Dim& a, const Dim& b);

  Emitter& emitter_;
  llvm::Instruction* entry_end_;
  std::map<Dim, Value*> wide_, words_;
};

/// Symbols, loop variables and buffers that a step uses, in order.
struct Uses {
  std::set<std::string> symbols;
  std::set<int> buffers, vars;
  bool tasks = false;
  void add(const Kernel& kernel);
  void add(const Loop& loop);
  void add(const Choice& choice);
  void add(const Measure& measure);
  void add(const std::vector<Step>& steps);
  void add(const Index& index);
};

/// A function takes what its steps use: the status' address, the hook, buffers, symbols, variables, in that order.
/// `error` names a symbol or variable that the frame does not see; it is empty if all is well.
llvm::SmallVector<Value*> arguments_of(const Frame& frame, const Uses& uses, std::string& error);
/// Lets a frame see the parameters of its function.
void bind_parameters(Frame& frame, llvm::Function& function, const Plan& plan, const Uses& uses);

}  // namespace rondo::emit
