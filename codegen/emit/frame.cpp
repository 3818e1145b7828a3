// Dims as instructions, and what a step uses. Tested by dims_test.cpp.
#include "codegen/emit/frame.h"

namespace rondo::emit {

Frame::Frame(Emitter& emitter, llvm::Function* function) : emitter_(emitter) {
  auto& context = emitter.module.getContext();
  bool fresh = function->empty();
  auto* entry = llvm::BasicBlock::Create(context, "entry", function);
  auto* body = llvm::BasicBlock::Create(context, "body", function);
  if (!fresh) emitter.b.CreateBr(entry);
  emitter.b.SetInsertPoint(entry);
  entry_end_ = emitter.b.CreateBr(body);
  emitter.b.SetInsertPoint(body);
}

llvm::AllocaInst* Frame::local(llvm::Type* type) {
  llvm::IRBuilderBase::InsertPointGuard guard(emitter_.b);
  emitter_.b.SetInsertPoint(&entry_end_->getFunction()->getEntryBlock().front());
  return emitter_.b.CreateAlloca(type);
}

Value* Frame::at_start(const std::function<Value*()>& emit) {
  llvm::IRBuilderBase::InsertPointGuard guard(emitter_.b);
  emitter_.b.SetInsertPoint(entry_end_);
  return emit();
}

Value* Frame::dim64(const Dim& dim) {
  auto found = wide_.find(dim);
  if (found != wide_.end()) return found->second;
  return wide_[dim] = at_start([&] { return emit(dim); });
}

Value* Frame::dim(const Dim& dim) {
  auto found = words_.find(dim);
  if (found != words_.end()) return found->second;
  Value* wide = dim64(dim);
  return words_[dim] = at_start([&] { return emitter_.b.CreateTrunc(wide, emitter_.word); });
}

Value* Frame::emit(const Dim& dim) {
  auto& b = emitter_.b;
  Value* sum = b.getInt64(dim.constant_part());
  for (const Dim::Term& term : dim.terms()) {
    Value* product = b.getInt64(term.coefficient);
    for (const auto& factor : term.factors) product = b.CreateMul(emit_atom(*factor), product);
    sum = b.CreateAdd(sum, product);
  }
  return sum;
}

Value* Frame::emit_atom(const Dim::Atom& atom) {
  auto& b = emitter_.b;
  switch (atom.kind) {
    case Dim::Atom::Kind::symbol: return symbols.at(atom.name);
    case Dim::Atom::Kind::floor_div: return floor_division(*atom.a, *atom.b);
    case Dim::Atom::Kind::min: break;
    case Dim::Atom::Kind::max: break;
  }
  Value *x = dim64(*atom.a), *y = dim64(*atom.b);
  bool min = atom.kind == Dim::Atom::Kind::min;
  return b.CreateSelect(min ? b.CreateICmpSLT(x, y) : b.CreateICmpSGT(x, y), x, y);
}

// Rounds towards minus infinity; a divisor of 0, which a valid plan does not meet, counts as 1.
Value* Frame::floor_division(const Dim& a, const Dim& d) {
  auto& b = emitter_.b;
  Value *x = dim64(a), *y = dim64(d);
  if (d.lower_bound() < 1 && d.upper_bound() > -1)
    y = b.CreateSelect(b.CreateICmpEQ(y, b.getInt64(0)), b.getInt64(1), y);
  if (a.lower_bound() >= 0 && d.lower_bound() >= 1) return emitter_.divide(x, y, false);
  Value* quotient = emitter_.divide(x, y, true);
  Value* rest = b.CreateSub(x, b.CreateMul(quotient, y));
  Value* inexact = b.CreateICmpNE(rest, b.getInt64(0));
  Value* differ = b.CreateICmpSLT(b.CreateXor(rest, y), b.getInt64(0));
  return b.CreateSub(quotient, b.CreateZExt(b.CreateAnd(inexact, differ), b.getInt64Ty()));
}

void Uses::add(const Index& index) {
  index.constant.collect_symbols(symbols);
  for (const IndexTerm& term : index.terms) {
    vars.insert(term.var);
    term.coefficient.collect_symbols(symbols);
    term.panel_stride.collect_symbols(symbols);
  }
}

void Uses::add(const Kernel& kernel) {
  for_each_axis(kernel, [&](const Axis& axis) { axis.extent.collect_symbols(symbols); });
  for (const Instr& instr : kernel.body) {
    add(instr.index);
    instr.extent.collect_symbols(symbols);
    for (const Instr::Indirect& indirect : instr.indirect) indirect.coefficient.collect_symbols(symbols);
    if (instr.kind == Instr::Kind::load) buffers.insert(instr.buffer);
  }
  tasks |= kernel.schedule.task_axis >= 0;
  for (const Store& store : kernel.stores) {
    buffers.insert(store.buffer), add(store.index);
    for (const Instr::Indirect& indirect : store.indirect) indirect.coefficient.collect_symbols(symbols);
  }
  if (kernel.schedule.turn >= 0) buffers.insert(kernel.schedule.turn);
  if (kernel.schedule.alternate >= 0) vars.insert(kernel.schedule.alternate);
  for_each_axis(kernel, [&](const Axis& axis) { vars.erase(axis.var); });
}

void Uses::add(const std::vector<Step>& steps) {
  tasks |= std::any_of(steps.begin(), steps.end(), [](const Step& step) { return is_beside(step); });
  for (const Step& step : steps) std::visit([&](const auto& what) { add(what); }, step.what);
}

void Uses::add(const Loop& loop) {
  add(loop.steps);
  loop.trip.collect_symbols(symbols);
  if (loop.condition >= 0) buffers.insert(loop.condition);
  vars.erase(loop.var);
}

void Uses::add(const Choice& choice) {
  buffers.insert(choice.condition);
  add(choice.then);
  add(choice.otherwise);
}

void Uses::add(const Measure& measure) {
  buffers.insert(measure.buffer);
  add(measure.steps);
  for (const auto& [a, b] : measure.equalities) a.collect_symbols(symbols), b.collect_symbols(symbols);
  symbols.erase(measure.symbol);
  measure.high.collect_symbols(symbols);
}

llvm::SmallVector<Value*> arguments_of(const Frame& frame, const Uses& uses, std::string& error) {
  llvm::SmallVector<Value*> arguments = {frame.status};
  if (uses.tasks) arguments.push_back(frame.parallel);
  for (int buffer : uses.buffers) arguments.push_back(frame.buffers.at(buffer));
  for (const std::string& symbol : uses.symbols) {
    if (!frame.symbols.count(symbol)) return error = "an unknown dimension " + symbol, arguments;
    arguments.push_back(frame.symbols.at(symbol));
  }
  for (int var : uses.vars) {
    if (!frame.vars.count(var)) return error = "a variable of no loop around it", arguments;
    arguments.push_back(frame.vars.at(var));
  }
  return arguments;
}

namespace {

// Nothing writes constants, so they are apart from all else; other buffers may share memory.
void describe_buffer(llvm::Function& function, unsigned argument, const Buffer& buffer) {
  if (buffer.kind == Buffer::Kind::constant) {
    function.addParamAttr(argument, llvm::Attribute::NoAlias);
    function.addParamAttr(argument, llvm::Attribute::ReadOnly);
  }
  if (buffer.kind == Buffer::Kind::input || buffer.kind == Buffer::Kind::output ||
      buffer.kind == Buffer::Kind::measured || buffer.kind == Buffer::Kind::granted)
    return;
  auto align = llvm::Attribute::getWithAlignment(function.getContext(), llvm::Align(Plan::kAlignment));
  function.addParamAttr(argument, align);
}

}  // namespace

void bind_parameters(Frame& frame, llvm::Function& function, const Plan& plan, const Uses& uses) {
  unsigned next = 0;
  frame.status = function.getArg(next++);
  if (uses.tasks) frame.parallel = function.getArg(next++);
  for (int buffer : uses.buffers) {
    describe_buffer(function, next, plan.buffers[buffer]);
    frame.buffers[buffer] = function.getArg(next++);
  }
  for (const std::string& symbol : uses.symbols) frame.symbols[symbol] = function.getArg(next++);
  for (int var : uses.vars) frame.vars[var] = function.getArg(next++);
}

}  // namespace rondo::emit
