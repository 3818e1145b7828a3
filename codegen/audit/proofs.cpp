// Loops are LLVM's ScalarEvolution's to bound, on the module as the code generator gets it; frames are read after the
// code generator's last pass. Tested by audit_test.cpp.
#include "codegen/audit/proofs.h"

#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/CodeGen/MachineFrameInfo.h>
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetFrameLowering.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Mangler.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include "codegen/emit/tasks.h"
#include "codegen/machine.h"

namespace rondo::machine_code {
namespace {

std::string symbol_of(const llvm::Function& function) {
  llvm::SmallString<64> name;
  llvm::Mangler().getNameWithPrefix(name, &function, false);
  return name.str().str();
}

/// `value` is counter + step in the same iteration, and a wrap would be undefined: the branch on what compares it would
/// be one on poison. ScalarEvolution does not see that where another loop lies between the counter and the branch.
bool is_step_without_wrap(const llvm::Value& value, const llvm::SCEV& step, llvm::ScalarEvolution& evolution) {
  const auto* sum = llvm::dyn_cast<llvm::AddOperator>(&value);
  return sum && sum->hasNoSignedWrap() && evolution.getSCEV(sum->getOperand(1)) == &step;
}

/// A counter of the loop that only grows, below a bound that stays the same, on the way from `from` to `to`.
bool grows_below_a_bound(const llvm::BasicBlock& from, const llvm::BasicBlock& to, const llvm::Loop& loop,
                         llvm::ScalarEvolution& evolution) {
  const auto* branch = llvm::dyn_cast<llvm::BranchInst>(from.getTerminator());
  if (!branch || !branch->isConditional() || branch->getSuccessor(0) == branch->getSuccessor(1)) return false;
  const auto* compare = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
  if (!compare) return false;
  const auto predicate = branch->getSuccessor(0) == &to ? compare->getPredicate() : compare->getInversePredicate();
  const llvm::Value& value = *compare->getOperand(0);
  const auto* counter = llvm::dyn_cast<llvm::SCEVAddRecExpr>(evolution.getSCEV(compare->getOperand(0)));
  if (!counter || counter->getLoop() != &loop || !counter->isAffine()) return false;
  if (!evolution.isLoopInvariant(evolution.getSCEV(compare->getOperand(1)), &loop)) return false;
  const llvm::SCEV* step = counter->getStepRecurrence(evolution);
  if (!evolution.isKnownPositive(step)) return false;
  if (predicate == llvm::ICmpInst::ICMP_ULT) return counter->hasNoUnsignedWrap();
  return predicate == llvm::ICmpInst::ICMP_SLT && (counter->hasNoSignedWrap() || is_step_without_wrap(value, *step, evolution));
}

/// ScalarEvolution bounds a loop by one exit that every iteration passes. Where it cannot, the way back must pass one; where
/// LLVM has split that exit in several, each way back must.
bool ends(const llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  if (!llvm::isa<llvm::SCEVCouldNotCompute>(evolution.getSymbolicMaxBackedgeTakenCount(&loop))) return true;
  const llvm::BasicBlock* latch = loop.getLoopLatch();
  if (!latch) return false;
  if (grows_below_a_bound(*latch, *loop.getHeader(), loop, evolution)) return true;
  if (latch == loop.getHeader()) return false;
  for (const llvm::BasicBlock* before : llvm::predecessors(latch))
    if (!grows_below_a_bound(*before, *latch, loop, evolution)) return false;
  return true;
}

void prove_loops(llvm::Function& function, const llvm::TargetLibraryInfoImpl& library, FunctionProof& proof) {
  llvm::DominatorTree dominators(function);
  llvm::LoopInfo loops(dominators);
  llvm::AssumptionCache assumptions(function);
  llvm::TargetLibraryInfo library_of_function(library, &function);
  llvm::ScalarEvolution evolution(function, library_of_function, assumptions, dominators, loops);
  for (const llvm::Loop* loop : loops.getLoopsInPreorder()) ++(ends(*loop, evolution) ? proof.bounded_loops : proof.unbounded_loops);
}

void count_hook_calls(const llvm::Function& function, FunctionProof& proof) {
  for (const llvm::BasicBlock& block : function)
    for (const llvm::Instruction& instruction : block) proof.hook_calls += instruction.hasMetadata(emit::kHookCall);
}

/// Reads frames when they are final.
class FrameReader : public llvm::MachineFunctionPass {
 public:
  FrameReader(Proven& proven, const Target::Machine& machine)
      : MachineFunctionPass(kId), proven_(proven), machine_(machine) {}

  void getAnalysisUsage(llvm::AnalysisUsage& usage) const override {
    usage.setPreservesAll();
    MachineFunctionPass::getAnalysisUsage(usage);
  }

  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    const llvm::MachineFrameInfo& frame = function.getFrameInfo();
    FunctionProof& proof = proven_.functions[symbol_of(function.getFunction())];
    proof.fixed_frame = !frame.hasVarSizedObjects() && !frame.hasOpaqueSPAdjustment();
    proof.frame_bytes = static_cast<int64_t>(frame.getStackSize()) + realignment(function) + red_zone(function);
    if (machine_.triple.isX86()) proof.frame_bytes += machine_.facts.pointer_bytes;  // the address to return to
    proof.scalable_bytes = scalable(frame);
    proof.frame_bytes += proof.scalable_bytes;
    return false;
  }

 private:
  static int64_t realignment(const llvm::MachineFunction& function) {
    const llvm::TargetSubtargetInfo& subtarget = function.getSubtarget();
    if (!subtarget.getRegisterInfo()->hasStackRealignment(function)) return 0;
    return static_cast<int64_t>(function.getFrameInfo().getMaxAlign().value());
  }

  /// Below its stack pointer a function of x86-64 that calls none may use bytes that it has not taken.
  int64_t red_zone(const llvm::MachineFunction& function) const {
    const llvm::MachineFrameInfo& frame = function.getFrameInfo();
    const bool has = machine_.triple.isX86() && machine_.triple.isArch64Bit() && !machine_.triple.isOSWindows() &&
                     !function.getFunction().hasFnAttribute(llvm::Attribute::NoRedZone);
    return has && !frame.hasCalls() && frame.hasStackObjects() ? kRedZone : 0;
  }

  /// Sizes are for the shortest vectors there can be: 128 bits of SVE, 64 of RVV.
  int64_t scalable(const llvm::MachineFrameInfo& frame) const {
    int64_t bytes = 0;
    for (int i = frame.getObjectIndexBegin(); i < frame.getObjectIndexEnd(); ++i)
      if (!frame.isDeadObjectIndex(i) && frame.getStackID(i) == llvm::TargetStackID::ScalableVector)
        bytes += std::max(frame.getObjectSize(i), int64_t{kShortest});
    if (bytes == 0) return 0;
    const int64_t times = std::max(1, machine_.vector_bits / (machine_.triple.isRISCV() ? 64 : 128));
    return bytes * times + kShortest;  // and what alignment may take
  }

  static constexpr int64_t kShortest = 16, kRedZone = 128;
  inline static char kId = 0;
  Proven& proven_;
  const Target::Machine& machine_;
};

/// LLVMTargetMachine::addPassesToEmitFile with the reader before the printer.
bool add_passes(llvm::legacy::PassManager& passes, llvm::LLVMTargetMachine& machine, llvm::Pass* reader,
                llvm::raw_pwrite_stream& out) {
  auto* info = new llvm::MachineModuleInfoWrapperPass(&machine);
  llvm::TargetPassConfig* config = machine.createPassConfig(passes);
  config->setDisableVerify(true);
  passes.add(config);
  passes.add(info);
  if (config->addISelPasses()) return false;
  config->addMachinePasses();
  config->setInitialized();
  passes.add(reader);
  if (machine.addAsmPrinter(passes, out, nullptr, llvm::CodeGenFileType::ObjectFile, info->getMMI().getContext()))
    return false;
  passes.add(llvm::createFreeMachineFunctionPass());
  return true;
}

}  // namespace

Result<Proven> emit_proven(llvm::Module& module, const Target& target) {
  Proven proven;
  const Target::Machine& machine = target.machine();
  const llvm::TargetLibraryInfoImpl library(machine.triple);
  for (llvm::Function& function : module)
    if (!function.isDeclaration()) {
      FunctionProof& proof = proven.functions[symbol_of(function)];
      prove_loops(function, library, proof);
      count_hook_calls(function, proof);
    }
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  auto& writer = static_cast<llvm::LLVMTargetMachine&>(*machine.llvm);
  if (!add_passes(passes, writer, new FrameReader(proven, machine), stream))
    return internal_error("LLVM cannot write this kind of file for the target");
  passes.run(module);
  proven.object.assign(bytes.data(), bytes.size());
  return proven;
}

}  // namespace rondo::machine_code
