// The entry points of rondo.h, around a function that runs the steps.
#pragma once

#include "codegen/blob.h"
#include "codegen/emit/frame.h"

namespace rondo::emit {

/// The functions the reflection record names.
struct Entries {
  llvm::Function *call, *reset, *state_size, *scratch_size, *shapes, *state_offsets, *reset_stream;
};

class EntryEmitter {
 public:
  EntryEmitter(Emitter& emitter, const Plan& plan, std::string prefix, llvm::Constant* constants)
      : emitter_(emitter), b_(emitter.b), plan_(plan), prefix_(std::move(prefix)), blob_(plan), constants_(constants) {}

  /// `run` is rondo_status(inputs, outputs, state, scratch, constants, dims, parallel), called with arguments that
  /// were checked.
  Entries emit(llvm::Function* run);

 private:
  llvm::Function* make(const std::string& name, llvm::Type* result, llvm::ArrayRef<llvm::Type*> params);
  void start_checks(llvm::Function* function);
  llvm::Function* make_valid();
  llvm::Function* make_call(llvm::Function* run);
  llvm::Function* make_reset_stream();
  llvm::Function* make_reset(llvm::Function* reset_stream);
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
  /// The caller's blob of weights, or the object's own, checked; its constants are behind the head.
  Value* checked_weights(Value* given);
  void check_vector_length();
  Value* checked_hook(Value* call);
  void check_pointers(Value* array, const std::vector<Port>& ports);
  /// Elements along the axis of streams; the whole of it where there is none.
  struct Range {
    Value *begin, *end;
  };
  Range checked_streams(Value* stream);
  void clear(Value* to, const Buffer& buffer, Value* begin, Value* end);
  void reset_slot(Frame& frame, Value* state, Value* weights, const Range& streams, size_t index);
  void broadcast(Frame& frame, const StateSlot& slot, size_t axis, Value* to, Value* from, const Range& streams,
                 const std::function<void(Value*, Value*)>& copy);

  Emitter& emitter_;
  llvm::IRBuilder<>& b_;
  const Plan& plan_;
  std::string prefix_;
  const Blob blob_;
  llvm::Constant* constants_;  // the object's own blob; null if there is none
  llvm::Function* valid_ = nullptr;
};

void load_symbols(Emitter& emitter, Frame& frame, const Plan& plan, Value* dims);

}  // namespace rondo::emit
