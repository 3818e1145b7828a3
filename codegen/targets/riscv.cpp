// Facts of RISC-V processors. Vectors are those every machine with V has, of 128 bits, unless more is stated.
// Tested by target_test.cpp.
#include "codegen/machine.h"

namespace rondo {
namespace {

constexpr int kScalarRegisters = 24;  // of 32: the rest hold what is on its way

std::string abi_name(const Features& features, bool is64) {
  std::string base = is64 ? "lp64" : "ilp32";
  if (features.has("e")) return base + "e";
  return base + (features.has("d") ? "d" : features.has("f") ? "f" : "");
}

/// V promises 128; zvlNb promises more.
int vector_bits(const Features& features) {
  int bits = 128;
  for (int more : {256, 512, 1024})
    if (features.has("zvl" + std::to_string(more) + "b")) bits = more;
  return bits;
}

}  // namespace

void describe_riscv(const Features& features, Target::Machine& machine) {
  TargetFacts& facts = machine.facts;
  bool is64 = machine.triple.isArch64Bit();
  bool single = features.has("f"), twice = features.has("d");
  machine.vector_bits = features.has("v") ? vector_bits(features) : 0;
  // Registers are used in groups of four: the same instructions do four times as much. One group of eight is for masks.
  facts.vector_bytes = machine.vector_bits / 8 * 4;
  facts.vector_registers = machine.vector_bits > 0 ? 7 : single ? kScalarRegisters : 8;
  facts.fused_multiply_add = single;
  facts.far_offsets = false;
  if (!is64) facts.l1_bytes = 16 << 10, facts.l2_bytes = 64 << 10;
  machine.abi = abi_name(features, is64);
  machine.can = {.fma32 = single,
                 .fma64 = twice,
                 .sqrt32 = single,
                 .sqrt64 = twice,
                 .rounding = false,
                 .half = false,
                 .reduction_unroll = single ? 2 : 1,
                 .divide32 = features.has("m"),
                 .wide = is64 && features.has("m") && twice};
}

}  // namespace rondo
