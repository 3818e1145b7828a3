// Target::Machine: what the emitter and the object writer know of a target. LLVM's side of codegen.h's Target.
#pragma once

#include <llvm/TargetParser/Triple.h>

#include "codegen/codegen.h"

namespace llvm {
class MCSubtargetInfo;
class TargetMachine;
}  // namespace llvm

namespace rondo {

/// What the processor does in an instruction; what it does not, emitted code does by itself, without library calls.
struct Capabilities {
  bool fma32 = false, fma64 = false;    // fused multiply-add
  bool sqrt32 = false, sqrt64 = false;  // square root
  bool rounding = false;                // floor, ceil and rint of vectors
  bool half = false;                    // f32 <-> f16
  bool bfloat16 = false;                // vectors of 16 floats to bfloat16, what is below 2^-126 to 0
  bool reciprocal14 = false;            // 1 / x to 14 bits: of vectors of 4, 8 and 16 floats
  bool tables = false;                  // vectors of 4, 8 and 16 floats: look-up in 2 of them, fractions
  int reduction_unroll = 1;             // steps of a reduction's loop at a time: in-order cores, with short loops
  bool divide32 = true;                 // 32-bit integer division
  bool wide = true;                     // 64-bit integers: division, conversion to and from floats
};

struct Target::Machine {
  Machine();
  ~Machine();
  TargetSpec spec;
  TargetFacts facts;
  Capabilities can;
  llvm::Triple triple;
  int vector_bits = 0;       // SVE and RVV: what the code is compiled for
  std::string abi;  // RISC-V: the calling convention's name, also a module flag; empty elsewhere
  std::unique_ptr<llvm::TargetMachine> llvm;
};

/// LLVM's text for the target's sizes and alignments.
std::string data_layout(const Target::Machine& machine);

/// Fills facts and capabilities from a processor's features; one per architecture (targets/<architecture>.cpp).
struct Features {
  const llvm::MCSubtargetInfo& subtarget;
  /// True if the architecture knows the feature and this processor has it.
  bool has(std::string_view name) const;
};
void describe_x86(const Features& features, Target::Machine& machine);
void describe_arm(const Features& features, Target::Machine& machine);
void describe_aarch64(const Features& features, Target::Machine& machine);
void describe_riscv(const Features& features, Target::Machine& machine);

}  // namespace rondo
