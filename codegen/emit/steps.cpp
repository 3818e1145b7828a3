// Steps as functions. Tested by loop_test.cpp.
#include "codegen/emit/steps.h"

#include "codegen/emit/entry.h"
#include "codegen/emit/kernel.h"
#include "codegen/emit/profile.h"
#include "codegen/emit/tasks.h"
#include "codegen/names.h"

namespace rondo::emit {
namespace {

constexpr size_t kInlinedSteps = 4;

class StepEmitter {
 public:
  StepEmitter(Emitter& emitter, const Plan& plan, const std::string& prefix, Profile& profile)
      : emitter_(emitter), b_(emitter.b), plan_(plan), prefix_(prefix), profile_(profile) {}

  Result<llvm::Function*> run() {
    std::vector<llvm::Type*> params(7, b_.getPtrTy());
    llvm::Function* function = emitter_.make_function(prefix_ + ".run", b_.getInt32Ty(), params);
    Frame frame(emitter_, function);
    frame.status = frame.local(b_.getInt32Ty());
    b_.CreateStore(b_.getInt32(0), frame.status);
    load_symbols(emitter_, frame, plan_, function->getArg(5));
    frame.parallel = function->getArg(6);
    Uses uses;
    for (const Step& step : plan_.steps) std::visit([&](const auto& what) { uses.add(what); }, step.what);
    for (int buffer : uses.buffers)
      frame.buffers[buffer] = frame.at_start([&] { return base_of(frame, function, plan_.buffers[buffer]); });
    profile_.time_nothing();
    for (const Step& step : plan_.steps) RONDO_CHECK(outermost(frame, step));
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
    }
    return nullptr;
  }

  static const std::string& name_of(const Step& step) {
    return std::visit([](const auto& what) -> const std::string& { return what.name; }, step.what);
  }

  Status outermost(Frame& frame, const Step& step) {
    Uses uses;
    std::visit([&](const auto& what) { uses.add(what); }, step.what);
    std::string error;
    llvm::SmallVector<Value*> arguments = arguments_of(frame, uses, error);
    if (!error.empty()) return internal_error("step " + name_of(step) + " uses " + error);
    RONDO_TRY(llvm::Function * function, define(step, uses, arguments));
    b_.CreateCall(function, arguments);
    return Done{};
  }

  Result<llvm::Function*> define(const Step& step, const Uses& uses, llvm::ArrayRef<Value*> arguments) {
    llvm::IRBuilderBase::InsertPointGuard guard(b_);
    llvm::SmallVector<llvm::Type*> types;
    for (Value* argument : arguments) types.push_back(argument->getType());
    std::string name = prefix_ + "." + identifier(name_of(step), "step");
    llvm::Function* function = emitter_.make_function(name, b_.getVoidTy(), types);
    // A short plan becomes one function; in a long one, functions keep LLVM's work linear in its length.
    const bool is_short = plan_.steps.size() <= kInlinedSteps;
    function->addFnAttr(is_short ? llvm::Attribute::AlwaysInline : llvm::Attribute::NoInline);
    Frame frame(emitter_, function);
    bind_parameters(frame, *function, plan_, uses);
    RONDO_CHECK(inside(frame, step));
    b_.CreateRetVoid();
    return function;
  }

  Status inside(Frame& frame, const Step& step) {
    if (auto* kernel = std::get_if<Kernel>(&step.what))
      return profile_.time([&] {
        return kernel->schedule.task_axis < 0 ? emit_kernel(emitter_, frame, plan_, *kernel)
                                              : emit_divided(emitter_, frame, plan_, *kernel, prefix_);
      });
    const Loop& loop = std::get<Loop>(step.what);
    Status status = Done{};
    emitter_.loop(emitter_.word_constant(0), frame.dim(loop.trip), 1, [&](Value* i) {
      frame.vars[loop.var] = i;
      for (const Step& nested : loop.steps)
        if (status) status = inside(frame, nested);
    });
    frame.vars.erase(loop.var);
    return status;
  }

  Emitter& emitter_;
  llvm::IRBuilder<>& b_;
  const Plan& plan_;
  const std::string& prefix_;
  Profile& profile_;
};

}  // namespace

Result<llvm::Function*> emit_run(Emitter& emitter, const Plan& plan, const std::string& prefix) {
  RONDO_TRY(Profile profile, Profile::make(emitter, plan, prefix));
  return StepEmitter(emitter, plan, prefix, profile).run();
}

}  // namespace rondo::emit
