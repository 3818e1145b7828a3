// Loops are bounded (loops.h) on the module as the code generator gets it; frames are read after the code generator's last
// pass. Tested by audit_test.cpp.
#include "codegen/audit/proofs.h"

#include <llvm/Analysis/AssumptionCache.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/TargetLibraryInfo.h>
#include <llvm/CodeGen/MachineFrameInfo.h>
#include <llvm/CodeGen/MachineFunctionPass.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetFrameLowering.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Mangler.h>
#include <llvm/IR/Module.h>
#include <llvm/Target/TargetMachine.h>

#include "codegen/audit/loops.h"
#include "codegen/emit/tasks.h"
#include "codegen/machine.h"

namespace rondo::machine_code {
namespace {

std::string symbol_of(const llvm::Function& function) {
  llvm::SmallString<64> name;
  llvm::Mangler().getNameWithPrefix(name, &function, false);
  return name.str().str();
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
