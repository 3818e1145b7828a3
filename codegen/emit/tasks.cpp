// A divided kernel is two functions beside the step's own:
//
//   KERNEL.part(what it uses, begin, end)   a range of the task axis
//   KERNEL.task(captured, index)            rondo_task: what it uses from the caller's stack, the range from the index
//
// Loops beside each other are a function each, and one more:
//
//   LOOP.task(captured, index)              rondo_task: runs one of the loops
//
// A task keeps a status of its own until it ends; only a failure is written to the call's, which all tasks share: they
// can but write the same number there. Tested by tasks_test.cpp.
#include "codegen/emit/tasks.h"

#include "codegen/emit/kernel.h"
#include "codegen/names.h"

namespace rondo::emit {
namespace {

/// Emits `alone` for callers without a hook, or with less than two tasks, and `together` for others.
void choose(Emitter& emitter, Frame& frame, Value* tasks, const std::function<void()>& alone,
            const std::function<void()>& together) {
  auto& b = emitter.b;
  llvm::Function* function = b.GetInsertBlock()->getParent();
  auto block = [&](const char* name) { return llvm::BasicBlock::Create(emitter.module.getContext(), name, function); };
  llvm::BasicBlock *one = block("alone"), *many = block("together"), *after = block("after");
  Value* few = b.CreateICmpSLT(tasks, b.getInt64(2));
  b.CreateCondBr(b.CreateOr(b.CreateIsNull(frame.parallel), few), one, many);
  b.SetInsertPoint(one);
  alone();
  b.CreateBr(after);
  b.SetInsertPoint(many);
  together();
  b.CreateBr(after);
  b.SetInsertPoint(after);
}

llvm::StructType* captured_type(Emitter& emitter, llvm::ArrayRef<Value*> values) {
  llvm::SmallVector<llvm::Type*> fields;
  for (Value* value : values) fields.push_back(value->getType());
  return llvm::StructType::get(emitter.module.getContext(), fields);
}

/// The fields of what a task has captured.
llvm::SmallVector<Value*> load_captured(Emitter& emitter, llvm::StructType* type, Value* data) {
  llvm::SmallVector<Value*> fields;
  for (unsigned i = 0; i < type->getNumElements(); ++i)
    fields.push_back(emitter.b.CreateLoad(type->getElementType(i), emitter.b.CreateStructGEP(type, data, i)));
  return fields;
}

void run_tasks(Emitter& emitter, Frame& frame, llvm::Function* task, llvm::ArrayRef<Value*> captured, Value* count) {
  auto& b = emitter.b;
  llvm::StructType* type = captured_type(emitter, captured);
  llvm::AllocaInst* data = frame.local(type);
  for (unsigned i = 0; i < captured.size(); ++i) b.CreateStore(captured[i], b.CreateStructGEP(type, data, i));
  auto field = [&](int i) {
    return b.CreateLoad(b.getPtrTy(), b.CreateConstGEP1_64(b.getPtrTy(), frame.parallel, i));
  };
  auto* run = llvm::FunctionType::get(b.getVoidTy(), {b.getPtrTy(), b.getPtrTy(), b.getPtrTy(), b.getInt64Ty()}, false);
  auto* call = b.CreateCall(run, field(0), {field(1), task, data, count});
  call->setMetadata(kHookCall, llvm::MDNode::get(emitter.module.getContext(), {}));
}

/// Starts a rondo_task.
llvm::Function* start_task(Emitter& emitter, const std::string& name) {
  auto& b = emitter.b;
  llvm::Function* task = emitter.make_function(name + ".task", b.getVoidTy(), {b.getPtrTy(), b.getInt64Ty()});
  task->addFnAttr(llvm::Attribute::NoInline);
  b.SetInsertPoint(llvm::BasicBlock::Create(emitter.module.getContext(), "entry", task));
  return task;
}

/// Runs `emit` with a status of its own; a failure is written to the call's.
void with_own_status(Emitter& emitter, Value* own, Value* shared, const std::function<void()>& emit) {
  auto& b = emitter.b;
  b.CreateStore(b.getInt32(0), own);
  emit();
  Value* status = b.CreateLoad(b.getInt32Ty(), own);
  emitter.if_then(b.CreateIsNotNull(status), [&] { b.CreateStore(status, shared); });
}

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
    Value* tasks = frame.dim64(task_count(kernel_));
    choose(emitter_, frame, tasks, [&] { call_part(part, arguments, emitter_.word_constant(0), extent); },
           [&] {
             arguments.push_back(extent);
             run_tasks(emitter_, frame, define_task(part, captured_type(emitter_, arguments)), arguments, tasks);
           });
    return Done{};
  }

 private:
  const Dim& extent_of_tasks() const {
    size_t k = 0;
    while (kernel_.parallel[k].var != kernel_.schedule.task_axis) ++k;
    return kernel_.parallel[k].extent;
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
    llvm::Function* part = emitter_.make_function(name_ + ".part", b_.getVoidTy(), params);
    part->addFnAttr(llvm::Attribute::NoInline);
    Frame frame(emitter_, part);
    bind_parameters(frame, *part, plan_, uses_);
    Value* shared = std::exchange(frame.status, frame.local(b_.getInt32Ty()));
    Range range{part->getArg(part->arg_size() - 2), part->getArg(part->arg_size() - 1)};
    Status status = Done{};
    with_own_status(emitter_, frame.status, shared,
                    [&] { status = emit_kernel(emitter_, frame, plan_, kernel_, range); });
    RONDO_CHECK(status);
    b_.CreateRetVoid();
    return part;
  }

  llvm::Function* define_task(llvm::Function* part, llvm::StructType* type) {
    llvm::IRBuilderBase::InsertPointGuard guard(b_);
    llvm::Function* task = start_task(emitter_, name_);
    llvm::SmallVector<Value*> fields = load_captured(emitter_, type, task->getArg(0));
    Value* extent = fields.pop_back_val();
    Value* size = emitter_.word_constant(kernel_.schedule.task_size);
    Value* begin = b_.CreateMul(b_.CreateTrunc(task->getArg(1), emitter_.word), size);
    call_part(part, fields, begin, end_of(begin, extent));
    b_.CreateRetVoid();
    return task;
  }

  Emitter& emitter_;
  llvm::IRBuilder<>& b_;
  const Plan& plan_;
  const Kernel& kernel_;
  std::string name_;
  Uses uses_;
  llvm::SmallVector<llvm::Type*> types_;  // of what it uses
};

/// LOOP.task: the index says which of the calls, whose arguments lie one after the other in what is captured.
llvm::Function* define_choice(Emitter& emitter, const std::string& name, llvm::ArrayRef<StepCall> calls,
                              llvm::StructType* type) {
  auto& b = emitter.b;
  llvm::IRBuilderBase::InsertPointGuard guard(b);
  llvm::Function* task = start_task(emitter, name);
  llvm::SmallVector<Value*> fields = load_captured(emitter, type, task->getArg(0));
  llvm::AllocaInst* own = b.CreateAlloca(b.getInt32Ty());
  size_t first = 0;
  for (size_t i = 0; i < calls.size(); ++i) {
    llvm::SmallVector<Value*> arguments(llvm::ArrayRef<Value*>(fields).slice(first, calls[i].arguments.size()));
    first += calls[i].arguments.size();
    emitter.if_then(b.CreateICmpEQ(task->getArg(1), b.getInt64(i)), [&] {
      Value* shared = std::exchange(arguments[0], own);
      with_own_status(emitter, own, shared, [&] { b.CreateCall(calls[i].function, arguments); });
    });
  }
  b.CreateRetVoid();
  return task;
}

}  // namespace

void emit_beside(Emitter& emitter, Frame& frame, const std::string& name, llvm::ArrayRef<StepCall> calls) {
  for (const StepCall& call : calls) {  // called from two places
    call.function->removeFnAttr(llvm::Attribute::AlwaysInline);
    call.function->addFnAttr(llvm::Attribute::NoInline);
  }
  Value* tasks = emitter.b.getInt64(calls.size());
  choose(emitter, frame, tasks,
         [&] {
           for (const StepCall& call : calls) emitter.b.CreateCall(call.function, call.arguments);
         },
         [&] {
           llvm::SmallVector<Value*> captured;
           for (const StepCall& call : calls) captured.append(call.arguments.begin(), call.arguments.end());
           run_tasks(emitter, frame, define_choice(emitter, name, calls, captured_type(emitter, captured)), captured, tasks);
         });
}

Status emit_divided(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel, const std::string& prefix) {
  return DividedEmitter(emitter, plan, kernel, prefix).emit(frame);
}

}  // namespace rondo::emit
