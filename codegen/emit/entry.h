// The entry points of rondo.h, around a function that runs the steps.
#pragma once

#include "codegen/emit/frame.h"

namespace rondo::emit {

/// The functions the reflection record names.
struct Entries {
  llvm::Function *call, *reset, *state_size, *scratch_size, *shapes, *state_offsets;
};

class EntryEmitter {
 public:
  EntryEmitter(Emitter& emitter, const Plan& plan, std::string prefix, llvm::Constant* constants)
      : emitter_(emitter), b_(emitter.b), plan_(plan), prefix_(std::move(prefix)), constants_(constants) {}

  /// `run` is rondo_status(inputs, outputs, state, scratch, constants, dims, parallel), called with arguments that
  /// were checked.
  Entries emit(llvm::Function* run);

 private:
  llvm::Function* make(const std::string& name, llvm::Type* result, llvm::ArrayRef<llvm::Type*> params);
  void start_checks(llvm::Function* function);
  llvm::Function* make_valid();
  llvm::Function* make_call(llvm::Function* run);
  llvm::Function* make_reset();
  llvm::Function* make_size(const std::string& name, const Dim& bytes);
  llvm::Function* make_writer(const std::string& name, const std::vector<Dim>& values);
  llvm::Function* make_shapes();
  void write(Frame& frame, Value* out, const std::vector<Dim>& values);

  /// Returns the status from the function if the condition holds.
  void fail_if(Value* condition, Value* result);
  void fail_if(Value* condition, int status) { fail_if(condition, b_.getInt32(status)); }
  Value* is_null(Value* pointer) { return b_.CreateIsNull(pointer); }
  Value* misaligned(Value* pointer);
  void check_dims(Value* dims, Value* if_null, Value* if_bad);
  Value* field(Value* call, int index);
  void check_vector_length();
  Value* checked_hook(Value* call);
  void check_pointers(Value* array, const std::vector<Port>& ports);
  void clear(Frame& frame, Value* state, const Buffer& buffer);
  void reset_slot(Frame& frame, Value* state, const StateSlot& slot, int index);
  void broadcast(Frame& frame, const StateSlot& slot, size_t axis, Value* to, Value* from,
                 const std::function<void(Value*, Value*)>& copy);

  Emitter& emitter_;
  llvm::IRBuilder<>& b_;
  const Plan& plan_;
  std::string prefix_;
  llvm::Constant* constants_;  // the object's own; null if there are none
  llvm::Function* valid_ = nullptr;
};

void load_symbols(Emitter& emitter, Frame& frame, const Plan& plan, Value* dims);

}  // namespace rondo::emit
