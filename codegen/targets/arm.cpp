// Facts of 32-bit ARM processors, from Cortex-M0 to ARMv8-A. Tested by target_test.cpp.
#include "codegen/machine.h"

namespace rondo {

void describe_arm(const Features& features, Target::Machine& machine) {
  TargetFacts& facts = machine.facts;
  bool fpu = features.has("vfp2sp") && !features.has("soft-float");
  bool fma = fpu && features.has("vfp4d16sp");
  bool helium = features.has("mve.fp");
  bool neon = features.has("neon");
  facts.vector_bytes = fpu && (neon || helium) ? 16 : 0;
  facts.vector_registers = helium ? 8 : neon ? 16 : fpu ? 32 : 8;
  facts.fused_multiply_add = fma;
  if (features.has("mclass"))
    facts.l1_bytes = 16 << 10, facts.l2_bytes = 64 << 10;
  else
    facts.l2_bytes = 512 << 10;
  machine.can = {.fma32 = fma,
                 .fma64 = fma && features.has("fp64"),
                 .sqrt32 = fpu,
                 .sqrt64 = fpu && features.has("fp64"),
                 .rounding = false,
                 .half = false,
                 .divide32 = features.has(machine.triple.isThumb() ? "hwdiv" : "hwdiv-arm"),
                 .wide = false};
}

}  // namespace rondo
