// Facts of RISC-V processors. Vectors are those every machine with V has: 128 bits.
// Tested by target_test.cpp.
#include "codegen/machine.h"

namespace rondo {
namespace {

std::string abi_name(const Features& features, bool is64) {
  std::string base = is64 ? "lp64" : "ilp32";
  if (features.has("e")) return base + "e";
  return base + (features.has("d") ? "d" : features.has("f") ? "f" : "");
}

}  // namespace

void describe_riscv(const Features& features, Target::Machine& machine) {
  TargetFacts& facts = machine.facts;
  bool is64 = machine.triple.isArch64Bit();
  bool single = features.has("f"), twice = features.has("d");
  facts.vector_bytes = features.has("v") ? 16 : 0;
  facts.vector_registers = single ? 32 : 8;
  facts.fused_multiply_add = single;
  if (!is64) facts.l1_bytes = 16 << 10, facts.l2_bytes = 64 << 10;
  machine.abi = abi_name(features, is64);
  machine.can = {.fma32 = single,
                 .fma64 = twice,
                 .sqrt32 = single,
                 .sqrt64 = twice,
                 .rounding = false,
                 .half = false,
                 .divide32 = features.has("m"),
                 .wide = is64 && features.has("m") && twice};
}

}  // namespace rondo
