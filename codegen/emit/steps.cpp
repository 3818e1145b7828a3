// Steps as functions. Tested by loop_test.cpp.
#include "codegen/emit/steps.h"

#include "codegen/emit/entry.h"
#include "codegen/emit/kernel.h"
#include "codegen/emit/matrix.h"
#include "codegen/emit/profile.h"
#include "codegen/emit/tasks.h"
#include "codegen/names.h"
#include "runtime/include/rondo.h"

namespace rondo::emit {
namespace {

constexpr size_t kInlinedSteps = 4;

class StepEmitter {
 public:
  StepEmitter(Emitter& emitter, const Plan& plan, const std::string& prefix, Profile& profile)
      : emitter_(emitter), b_(emitter.b), plan_(plan), prefix_(prefix), profile_(profile) {}

  Result<llvm::Function*> run() {
    std::vector<llvm::Type*> params(8, b_.getPtrTy());
    llvm::Function* function = emitter_.make_function(prefix_ + ".run", b_.getInt32Ty(), params);
    Frame frame(emitter_, function);
    frame.status = frame.local(b_.getInt32Ty());
    b_.CreateStore(b_.getInt32(0), frame.status);
    load_symbols(emitter_, frame, plan_, function->getArg(5));
    frame.parallel = function->getArg(6);
    Uses uses;
    uses.add(plan_.steps);
    for (int buffer : uses.buffers)
      frame.buffers[buffer] = frame.at_start([&] { return base_of(frame, function, plan_.buffers[buffer]); });
    profile_.time_nothing();
    RONDO_CHECK(sequence(frame, plan_.steps));
    b_.CreateRet(b_.CreateLoad(b_.getInt32Ty(), frame.status));
    return function;
  }

 private:
  Value* base_of(Frame& frame, llvm::Function* function, const Buffer& buffer) {
    auto pointer = [&](int array) {
      Value* place = b_.CreateConstGEP1_64(b_.getPtrTy(), function->getArg(array), buffer.slot);
      return b_.CreateLoad(b_.getPtrTy(), place);
    };
    auto inside = [&](int argument) {
      return b_.CreateGEP(b_.getInt8Ty(), function->getArg(argument), frame.dim(buffer.offset));
    };
    switch (buffer.kind) {
      case Buffer::Kind::input: return pointer(0);
      case Buffer::Kind::output: return pointer(1);
      case Buffer::Kind::state:
      case Buffer::Kind::turn: return inside(2);
      case Buffer::Kind::scratch: return inside(3);
      case Buffer::Kind::constant: return inside(4);
      case Buffer::Kind::measured: return function->getArg(7);
      case Buffer::Kind::granted: return granted_flag(emitter_, prefix_);
    }
    return nullptr;
  }

  /// Steps that become functions of their own.
  static size_t length(const std::vector<Step>& steps) {
    size_t count = 0;
    for (const Step& step : steps) {
      ++count;
      if (!std::holds_alternative<Loop>(step.what))
        for_each_nested(step, [&](const std::vector<Step>& nested) { count += length(nested); });
    }
    return count;
  }

  static const void* part_of(const Step& step) {
    return std::visit([](const auto& what) -> const void* { return &what; }, step.what);
  }

  /// Steps outside loops: a call each, and loops beside each other together.
  Status sequence(Frame& frame, const std::vector<Step>& steps) {
    for (size_t i = 0; i < steps.size();) {
      llvm::SmallVector<StepCall> calls;
      Lines::At at(emitter_.lines, part_of(steps[i]));
      do {
        RONDO_TRY(StepCall call, outermost(frame, steps[i]));
        calls.push_back(std::move(call));
      } while (++i < steps.size() && is_beside(steps[i]));
      if (calls.size() == 1)
        b_.CreateCall(calls[0].function, calls[0].arguments);
      else
        emit_beside(emitter_, frame, calls[0].function->getName().str(), calls);
    }
    return Done{};
  }

  Result<StepCall> outermost(Frame& frame, const Step& step) {
    Uses uses;
    std::visit([&](const auto& what) { uses.add(what); }, step.what);
    Lines::At at(emitter_.lines, part_of(step));
    std::string error;
    llvm::SmallVector<Value*> arguments = arguments_of(frame, uses, error);
    if (!error.empty()) return internal_error("step " + name_of(step) + " uses " + error);
    RONDO_TRY(llvm::Function * function, define(step, uses, arguments));
    return StepCall{function, arguments};
  }

  llvm::Function* declare(const std::string& step, llvm::ArrayRef<Value*> arguments) {
    llvm::SmallVector<llvm::Type*> types;
    for (Value* argument : arguments) types.push_back(argument->getType());
    std::string name = prefix_ + "." + identifier(step, "step");
    llvm::Function* function = emitter_.make_function(name, b_.getVoidTy(), types);
    // A short plan becomes one function; in a long one, functions keep LLVM's work linear in its length.
    function->addFnAttr(is_short_ ? llvm::Attribute::AlwaysInline : llvm::Attribute::NoInline);
    return function;
  }

  Result<llvm::Function*> define(const Step& step, const Uses& uses, llvm::ArrayRef<Value*> arguments) {
    llvm::IRBuilderBase::InsertPointGuard guard(b_);
    llvm::Function* function = declare(name_of(step), arguments);
    Frame frame(emitter_, function);
    bind_parameters(frame, *function, plan_, uses);
    RONDO_CHECK(inside(frame, step));
    b_.CreateRetVoid();
    return function;
  }

  Status inside(Frame& frame, const Step& step) {
    Lines::At at(emitter_.lines, part_of(step));
    if (auto* kernel = std::get_if<Kernel>(&step.what))
      return profile_.time([&] {
        return kernel->schedule.task_axis < 0 ? emit_kernel(emitter_, frame, plan_, *kernel)
                                              : emit_divided(emitter_, frame, plan_, *kernel, prefix_);
      });
    if (auto* choice = std::get_if<Choice>(&step.what)) return this->choice(frame, *choice);
    if (auto* measure = std::get_if<Measure>(&step.what)) return this->measure(frame, *measure);
    const Loop& loop = std::get<Loop>(step.what);
    if (loop.condition >= 0) return conditional_loop(frame, loop);
    Status status = Done{};
    emitter_.loop(emitter_.word_constant(0), frame.dim(loop.trip), 1, [&](Value* i) {
      frame.vars[loop.var] = i;
      for (const Step& nested : loop.steps)
        if (status) status = inside(frame, nested);
    });
    frame.vars.erase(loop.var);
    return status;
  }

  // Outside loops, what is chosen or measured is as long as a plan, and so made of functions like one.
  Status list(Frame& frame, const std::vector<Step>& steps) {
    if (frame.vars.empty()) return sequence(frame, steps);
    for (const Step& step : steps) RONDO_CHECK(inside(frame, step));
    return Done{};
  }

  Value* is_true(Frame& frame, int buffer) {
    Value* byte = b_.CreateAlignedLoad(b_.getInt8Ty(), frame.buffers.at(buffer), llvm::Align(1));
    return b_.CreateIsNotNull(byte);
  }

  llvm::BasicBlock* block(const char* name) {
    return llvm::BasicBlock::Create(emitter_.module.getContext(), name, b_.GetInsertBlock()->getParent());
  }

  Status conditional_loop(Frame& frame, const Loop& loop) {
    llvm::BasicBlock *before = b_.GetInsertBlock(), *head = block("while"), *asked = block("go"), *body = block("body"),
                     *after = block("done");
    Value* trip = frame.dim(loop.trip);
    b_.CreateBr(head);
    b_.SetInsertPoint(head);
    llvm::PHINode* i = b_.CreatePHI(emitter_.word, 2);
    i->addIncoming(emitter_.word_constant(0), before);
    b_.CreateCondBr(b_.CreateICmpSLT(i, trip), asked, after);
    b_.SetInsertPoint(asked);
    b_.CreateCondBr(is_true(frame, loop.condition), body, after);
    b_.SetInsertPoint(body);
    frame.vars[loop.var] = i;
    Status status = list(frame, loop.steps);
    frame.vars.erase(loop.var);
    i->addIncoming(b_.CreateAdd(i, emitter_.word_constant(1)), b_.GetInsertBlock());
    b_.CreateBr(head);
    after->moveAfter(b_.GetInsertBlock());
    b_.SetInsertPoint(after);
    return status;
  }

  Status choice(Frame& frame, const Choice& choice) {
    llvm::BasicBlock *then = block("then"), *otherwise = block("otherwise"), *after = block("chosen");
    b_.CreateCondBr(is_true(frame, choice.condition), then, otherwise);
    b_.SetInsertPoint(then);
    RONDO_CHECK(list(frame, choice.then));
    b_.CreateBr(after);
    b_.SetInsertPoint(otherwise);
    RONDO_CHECK(list(frame, choice.otherwise));
    b_.CreateBr(after);
    b_.SetInsertPoint(after);
    return Done{};
  }

  // What uses the symbol is a function that takes it: dims are computed where functions begin.
  Status measure(Frame& frame, const Measure& measure) {
    Value* value = b_.CreateAlignedLoad(b_.getInt64Ty(), frame.buffers.at(measure.buffer), llvm::Align(8));
    Value* low = b_.getInt64(measure.low);
    Value* good = b_.CreateAnd(b_.CreateICmpSGE(value, low), b_.CreateICmpSLE(value, frame.dim64(measure.high)));
    Value* symbol = b_.CreateAdd(b_.CreateSub(value, low), b_.getInt64(1));
    Uses uses;
    uses.add(measure);
    std::string error;
    llvm::SmallVector<Value*> arguments = arguments_of(frame, uses, error);
    if (!error.empty()) return internal_error("step " + measure.name + " uses " + error);
    arguments.push_back(symbol);
    RONDO_TRY(llvm::Function * function, define_measured(measure, uses, arguments));
    emitter_.if_then(good, [&] { b_.CreateCall(function, arguments); });
    emitter_.if_then(b_.CreateNot(good), [&] { b_.CreateStore(b_.getInt32(RONDO_OVER_CAPACITY), frame.status); });
    return Done{};
  }

  Result<llvm::Function*> define_measured(const Measure& measure, const Uses& uses, llvm::ArrayRef<Value*> arguments) {
    llvm::IRBuilderBase::InsertPointGuard guard(b_);
    llvm::Function* function = declare(measure.name, arguments);
    Frame frame(emitter_, function);
    bind_parameters(frame, *function, plan_, uses);
    frame.symbols[measure.symbol] = function->getArg(static_cast<unsigned>(function->arg_size()) - 1);
    for (const auto& [left, right] : measure.equalities) {
      Value* equal = b_.CreateICmpEQ(frame.dim64(left), frame.dim64(right));
      emitter_.if_then(b_.CreateNot(equal), [&] {
        b_.CreateStore(b_.getInt32(RONDO_BAD_DIMENSION), frame.status);
        b_.CreateRetVoid();
      });
    }
    RONDO_CHECK(list(frame, measure.steps));
    b_.CreateRetVoid();
    return function;
  }

  Emitter& emitter_;
  llvm::IRBuilder<>& b_;
  const Plan& plan_;
  const std::string& prefix_;
  Profile& profile_;
  const bool is_short_ = length(plan_.steps) <= kInlinedSteps;
};

}  // namespace

Result<llvm::Function*> emit_run(Emitter& emitter, const Plan& plan, const std::string& prefix) {
  RONDO_TRY(Profile profile, Profile::make(emitter, plan, prefix));
  return StepEmitter(emitter, plan, prefix, profile).run();
}

}  // namespace rondo::emit
