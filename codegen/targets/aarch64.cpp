// Facts of 64-bit ARM processors. Vectors are NEON's, or SVE's where their length is stated: code for one
// length is wrong on a machine with another.
// Tested by target_test.cpp.
#include "codegen/machine.h"

namespace rondo {

void describe_aarch64(const Features& features, Target::Machine& machine) {
  TargetFacts& facts = machine.facts;
  bool neon = features.has("neon");
  facts.vector_bytes = neon ? 16 : 0;
  if (features.has("sve") && machine.vector_bits > 0) facts.vector_bytes = machine.vector_bits / 8;
  facts.vector_registers = 32;
  bool fpu = features.has("fp-armv8");
  facts.fused_multiply_add = fpu;
  machine.can = {.fma32 = fpu,
                 .fma64 = fpu,
                 .sqrt32 = fpu,
                 .sqrt64 = fpu,
                 .rounding = fpu && neon,
                 .half = fpu,
                 .divide32 = true,
                 .wide = true};
}

}  // namespace rondo
