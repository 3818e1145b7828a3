// Facts of x86 processors. Tested by target_test.cpp.
#include "codegen/machine.h"

namespace rondo {

void describe_x86(const Features& features, Target::Machine& machine) {
  TargetFacts& facts = machine.facts;
  bool avx512 =
      features.has("avx512f") && features.has("avx512vl") && features.has("avx512bw") && features.has("avx512dq");
  bool sse2 = features.has("sse2");
  facts.vector_bytes = avx512 ? 64 : features.has("avx") ? 32 : sse2 ? 16 : 0;
  facts.vector_registers = avx512 ? 32 : machine.triple.isArch64Bit() ? 16 : 8;
  facts.masked_memory = avx512;
  bool fma = features.has("fma") || avx512;
  facts.fused_multiply_add = fma;
  machine.can = {.fma32 = fma,
                 .fma64 = fma,
                 .sqrt32 = sse2,
                 .sqrt64 = sse2,
                 .rounding = features.has("sse4.1"),
                 .half = features.has("f16c"),
                 .reciprocal14 = avx512,
                 .divide32 = true,
                 .wide = machine.triple.isArch64Bit()};
}

}  // namespace rondo
