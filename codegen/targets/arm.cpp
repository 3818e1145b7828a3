// Facts of 32-bit ARM processors, from Cortex-M0 to ARMv8-A. Tested by target_test.cpp.
#include "codegen/machine.h"

namespace rondo {
namespace {

constexpr int kScalarRegisters = 24;  // of 32: the rest hold what is on its way

}  // namespace

void describe_arm(const Features& features, Target::Machine& machine) {
  TargetFacts& facts = machine.facts;
  bool fpu = features.has("vfp2sp") && !features.has("soft-float");
  bool fma = fpu && features.has("vfp4d16sp");
  bool helium = features.has("mve.fp");
  bool neon = features.has("neon");
  facts.vector_bytes = fpu && (neon || helium) ? 16 : 0;
  facts.vector_registers = helium ? 8 : neon ? 16 : fpu ? kScalarRegisters : 8;
  facts.fused_multiply_add = fma;
  facts.far_offsets = false;
  if (features.has("mclass"))
    facts.l1_bytes = facts.l2_bytes = 1 << 20;  // no caches, or memories as fast beside them
  else
    facts.l2_bytes = 512 << 10;
  machine.can = {.fma32 = fma,
                 .fma64 = fma && features.has("fp64"),
                 .sqrt32 = fpu,
                 .sqrt64 = fpu && features.has("fp64"),
                 .rounding = false,
                 .half = false,
                 .reduction_unroll = fpu && !neon ? 2 : 1,
                 .divide32 = features.has(machine.triple.isThumb() ? "hwdiv" : "hwdiv-arm"),
                 .wide = false};
}

}  // namespace rondo
