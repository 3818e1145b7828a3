// Steps as functions. A function takes what it uses: the status' address, buffers, symbols, in that order. Tested by
// loop_test.cpp.
#include "codegen/emit/steps.h"

#include "codegen/emit/entry.h"
#include "codegen/emit/kernel.h"
#include "codegen/emit/profile.h"
#include "codegen/names.h"

namespace rondo::emit {
namespace {

class StepEmitter {
 public:
  StepEmitter(Emitter& emitter, const Plan& plan, const std::string& prefix, Profile& profile)
      : emitter_(emitter), b_(emitter.b), plan_(plan), prefix_(prefix), profile_(profile) {}

  Result<llvm::Function*> run() {
    std::vector<llvm::Type*> params(6, b_.getPtrTy());
    llvm::Function* function = emitter_.make_function(prefix_ + ".run", b_.getInt32Ty(), params);
    Frame frame(emitter_, function);
    frame.status = frame.local(b_.getInt32Ty());
    b_.CreateStore(b_.getInt32(0), frame.status);
    load_symbols(emitter_, frame, plan_, function->getArg(5));
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
      case Buffer::Kind::state: return inside(2);
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
    if (!uses.vars.empty()) return internal_error("step " + name_of(step) + " uses a variable of no loop around it");
    llvm::SmallVector<Value*> arguments = {frame.status};
    for (int buffer : uses.buffers) arguments.push_back(frame.buffers.at(buffer));
    for (const std::string& symbol : uses.symbols) {
      if (!frame.symbols.count(symbol))
        return internal_error("step " + name_of(step) + " uses an unknown dimension " + symbol);
      arguments.push_back(frame.symbols.at(symbol));
    }
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
    function->addFnAttr(llvm::Attribute::NoInline);
    Frame frame(emitter_, function);
    unsigned next = 0;
    frame.status = function->getArg(next++);
    for (int buffer : uses.buffers) {
      describe_buffer(*function, next, plan_.buffers[buffer]);
      frame.buffers[buffer] = function->getArg(next++);
    }
    for (const std::string& symbol : uses.symbols) frame.symbols[symbol] = function->getArg(next++);
    RONDO_CHECK(inside(frame, step));
    b_.CreateRetVoid();
    return function;
  }

  // Nothing writes constants, so they are apart from all else; other buffers may share memory.
  void describe_buffer(llvm::Function& function, unsigned argument, const Buffer& buffer) {
    if (buffer.kind == Buffer::Kind::constant) {
      function.addParamAttr(argument, llvm::Attribute::NoAlias);
      function.addParamAttr(argument, llvm::Attribute::ReadOnly);
    }
    if (buffer.kind == Buffer::Kind::input || buffer.kind == Buffer::Kind::output) return;
    auto align = llvm::Attribute::getWithAlignment(function.getContext(), llvm::Align(Plan::kAlignment));
    function.addParamAttr(argument, align);
  }

  Status inside(Frame& frame, const Step& step) {
    if (auto* kernel = std::get_if<Kernel>(&step.what))
      return profile_.time([&] { return emit_kernel(emitter_, frame, plan_, *kernel); });
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
