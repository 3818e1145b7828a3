// Which counter is read, and how: one that programs may read without asking the system, after all earlier work is done,
// so that a kernel pays for its own work. Tested by profile_test.cpp.
#include "codegen/emit/profile.h"

#include <fmt/format.h>
#include <llvm/IR/IntrinsicsAArch64.h>
#include <llvm/IR/IntrinsicsX86.h>

namespace rondo::emit {
namespace {

void add_names(const std::vector<Step>& steps, std::vector<std::string>& names) {
  for (const Step& step : steps) {
    if (auto* kernel = std::get_if<Kernel>(&step.what)) names.push_back(kernel->name);
    for_each_nested(step, [&](const std::vector<Step>& nested) { add_names(nested, names); });
  }
}

llvm::Intrinsic::ID counter_of(const Target::Machine& machine) {
  if (machine.triple.isX86() && machine.can.sqrt64) return llvm::Intrinsic::readcyclecounter;  // SSE2: lfence
  if (machine.triple.isAArch64() || machine.triple.isRISCV64()) return llvm::Intrinsic::readsteadycounter;
  return llvm::Intrinsic::not_intrinsic;
}

}  // namespace

Result<Profile> Profile::make(Emitter& emitter, const Plan& plan, const std::string& prefix) {
  Profile profile(emitter);
  if (!emitter.options.profile) return profile;
  if (counter_of(emitter.machine) == llvm::Intrinsic::not_intrinsic)
    return unsupported(fmt::format(
        "{} has no counter that a program may read; kernels are timed on x86 with SSE2, AArch64 and 64-bit RISC-V",
        emitter.machine.spec.triple));
  std::vector<std::string> names{""};
  add_names(plan.steps, names);
  auto& b = emitter.b;
  llvm::Constant *zero = b.getInt64(0), *none = llvm::ConstantPointerNull::get(b.getPtrTy());
  auto* type = llvm::StructType::get(b.getPtrTy(), b.getInt64Ty(), b.getInt64Ty());
  std::vector<llvm::Constant*> rows;
  for (const std::string& name : names) {
    auto* text = llvm::ConstantDataArray::getString(emitter.module.getContext(), name);
    auto* global = new llvm::GlobalVariable(emitter.module, text->getType(), true, llvm::GlobalValue::PrivateLinkage,
                                            text, prefix + ".profiled");
    rows.push_back(llvm::ConstantStruct::get(type, {global, zero, zero}));
  }
  rows.push_back(llvm::ConstantStruct::get(type, {none, zero, zero}));
  auto* table = llvm::ConstantArray::get(llvm::ArrayType::get(type, rows.size()), rows);
  profile.table_ = new llvm::GlobalVariable(emitter.module, table->getType(), false, llvm::GlobalValue::ExternalLinkage,
                                            table, prefix + "_profile");
  profile.table_->setDSOLocal(true);
  profile.table_->setAlignment(llvm::Align(8));
  return profile;
}

Value* Profile::read() {
  auto& b = emitter_.b;
  b.CreateFence(llvm::AtomicOrdering::SequentiallyConsistent,
                llvm::SyncScope::SingleThread);  // keeps memory accesses here
  if (emitter_.machine.triple.isX86()) b.CreateIntrinsic(llvm::Intrinsic::x86_sse2_lfence, {}, {});
  if (emitter_.machine.triple.isAArch64()) b.CreateIntrinsic(llvm::Intrinsic::aarch64_isb, {}, {b.getInt32(15)});
  return b.CreateIntrinsic(counter_of(emitter_.machine), {}, {});
}

// A row of the table: name, ticks, calls.
void Profile::add(int row, Value* start, Value* end) {
  auto& b = emitter_.b;
  auto bump = [&](unsigned field, Value* by) {
    llvm::Type* rows = table_->getValueType();
    Value* place = b.CreateInBoundsGEP(rows, table_, {b.getInt32(0), b.getInt32(row), b.getInt32(field)});
    b.CreateAlignedStore(b.CreateAdd(b.CreateAlignedLoad(b.getInt64Ty(), place, llvm::Align(8)), by), place,
                         llvm::Align(8));
  };
  bump(1, b.CreateSub(end, start));
  bump(2, b.getInt64(1));
}

void Profile::time_nothing() {
  if (!table_) return;
  next_ = 1;
  Value* start = read();
  add(0, start, read());
}

Status Profile::time(const std::function<Status()>& work) {
  if (!table_) return work();
  const int row = next_++;
  Value* start = read();
  RONDO_CHECK(work());
  add(row, start, read());
  return Done{};
}

}  // namespace rondo::emit
