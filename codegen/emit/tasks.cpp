// A divided kernel is two functions beside the step's own:
//
//   KERNEL.part(what it uses, begin, end)   a range of the task axis
//   KERNEL.task(captured, index)            rondo_task: what it uses from the caller's stack, the range from the index
//
// A part keeps a status of its own until it ends; only a failure is written to the call's, which all parts share: they
// can but write the same number there. Tested by tasks_test.cpp.
#include "codegen/emit/tasks.h"

#include "codegen/emit/kernel.h"
#include "codegen/names.h"

namespace rondo::emit {
namespace {

class DividedEmitter {
 public:
  DividedEmitter(Emitter& emitter, const Plan& plan, const Kernel& kernel, const std::string& prefix)
      : emitter_(emitter),
        b_(emitter.b),
        plan_(plan),
        kernel_(kernel),
        name_(prefix + "." + identifier(kernel.name, "step")) {
    uses_.add(kernel);
    uses_.tasks = false;  // parts do not divide further
  }

  Status emit(Frame& frame) {
    std::string error;
    llvm::SmallVector<Value*> arguments = arguments_of(frame, uses_, error);
    if (!error.empty()) return internal_error("kernel " + kernel_.name + " uses " + error);
    for (Value* argument : arguments) types_.push_back(argument->getType());
    RONDO_TRY(llvm::Function * part, define_part());
    Value* extent = frame.dim(extent_of_tasks());
    choose(frame, [&] { call_part(part, arguments, emitter_.word_constant(0), extent); },
           [&] {
             arguments.push_back(extent);
             run_tasks(frame, define_task(part), arguments);
           });
    return Done{};
  }

 private:
  const Dim& extent_of_tasks() const {
    size_t k = 0;
    while (kernel_.parallel[k].var != kernel_.schedule.task_axis) ++k;
    return kernel_.parallel[k].extent;
  }

  llvm::Function* start(const char* what, llvm::ArrayRef<llvm::Type*> params) {
    llvm::Function* function = emitter_.make_function(name_ + what, b_.getVoidTy(), params);
    function->addFnAttr(llvm::Attribute::NoInline);
    return function;
  }

  void call_part(llvm::Function* part, llvm::ArrayRef<Value*> arguments, Value* begin, Value* end) {
    llvm::SmallVector<Value*> all(arguments.begin(), arguments.end());
    all.push_back(begin);
    all.push_back(end);
    b_.CreateCall(part, all);
  }

  Value* end_of(Value* begin, Value* extent) {
    Value* size = emitter_.word_constant(kernel_.schedule.task_size);
    Value* more = b_.CreateICmpSLT(size, b_.CreateSub(extent, begin));
    return b_.CreateSelect(more, b_.CreateAdd(begin, size), extent);
  }

  Result<llvm::Function*> define_part() {
    llvm::IRBuilderBase::InsertPointGuard guard(b_);
    llvm::SmallVector<llvm::Type*> params = types_;
    params.append(2, emitter_.word);
    llvm::Function* part = start(".part", params);
    Frame frame(emitter_, part);
    bind_parameters(frame, *part, plan_, uses_);
    Value* shared = std::exchange(frame.status, frame.local(b_.getInt32Ty()));
    b_.CreateStore(b_.getInt32(0), frame.status);
    Range range{part->getArg(part->arg_size() - 2), part->getArg(part->arg_size() - 1)};
    RONDO_CHECK(emit_kernel(emitter_, frame, plan_, kernel_, range));
    Value* status = b_.CreateLoad(b_.getInt32Ty(), frame.status);
    emitter_.if_then(b_.CreateIsNotNull(status), [&] { b_.CreateStore(status, shared); });
    b_.CreateRetVoid();
    return part;
  }

  llvm::StructType* captured_type() {
    llvm::SmallVector<llvm::Type*> fields = types_;
    fields.push_back(emitter_.word);  // the extent
    return llvm::StructType::get(emitter_.module.getContext(), fields);
  }

  llvm::Function* define_task(llvm::Function* part) {
    llvm::IRBuilderBase::InsertPointGuard guard(b_);
    llvm::Function* task = start(".task", {b_.getPtrTy(), b_.getInt64Ty()});
    b_.SetInsertPoint(llvm::BasicBlock::Create(emitter_.module.getContext(), "entry", task));
    llvm::StructType* type = captured_type();
    llvm::SmallVector<Value*> fields;
    for (unsigned i = 0; i < type->getNumElements(); ++i)
      fields.push_back(b_.CreateLoad(type->getElementType(i), b_.CreateStructGEP(type, task->getArg(0), i)));
    Value* extent = fields.pop_back_val();
    Value* size = emitter_.word_constant(kernel_.schedule.task_size);
    Value* begin = b_.CreateMul(b_.CreateTrunc(task->getArg(1), emitter_.word), size);
    call_part(part, fields, begin, end_of(begin, extent));
    b_.CreateRetVoid();
    return task;
  }

  void choose(Frame& frame, const std::function<void()>& alone, const std::function<void()>& together) {
    llvm::Function* function = b_.GetInsertBlock()->getParent();
    auto block = [&](const char* name) {
      return llvm::BasicBlock::Create(emitter_.module.getContext(), name, function);
    };
    llvm::BasicBlock *one = block("alone"), *many = block("together"), *after = block("after");
    Value* few = b_.CreateICmpSLT(frame.dim64(task_count(kernel_)), b_.getInt64(2));
    b_.CreateCondBr(b_.CreateOr(b_.CreateIsNull(frame.parallel), few), one, many);
    b_.SetInsertPoint(one);
    alone();
    b_.CreateBr(after);
    b_.SetInsertPoint(many);
    together();
    b_.CreateBr(after);
    b_.SetInsertPoint(after);
  }

  void run_tasks(Frame& frame, llvm::Function* task, llvm::ArrayRef<Value*> captured) {
    llvm::StructType* type = captured_type();
    llvm::AllocaInst* data = frame.local(type);
    for (unsigned i = 0; i < captured.size(); ++i) b_.CreateStore(captured[i], b_.CreateStructGEP(type, data, i));
    auto field = [&](int i) {
      return b_.CreateLoad(b_.getPtrTy(), b_.CreateConstGEP1_64(b_.getPtrTy(), frame.parallel, i));
    };
    auto* run = llvm::FunctionType::get(b_.getVoidTy(),
                                        {b_.getPtrTy(), b_.getPtrTy(), b_.getPtrTy(), b_.getInt64Ty()}, false);
    auto* call = b_.CreateCall(run, field(0), {field(1), task, data, frame.dim64(task_count(kernel_))});
    call->setMetadata(kHookCall, llvm::MDNode::get(emitter_.module.getContext(), {}));
  }

  Emitter& emitter_;
  llvm::IRBuilder<>& b_;
  const Plan& plan_;
  const Kernel& kernel_;
  std::string name_;
  Uses uses_;
  llvm::SmallVector<llvm::Type*> types_;  // of what it uses
};

}  // namespace

Status emit_divided(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel, const std::string& prefix) {
  return DividedEmitter(emitter, plan, kernel, prefix).emit(frame);
}

}  // namespace rondo::emit
