// Facts of x86 processors. Tested by target_test.cpp.
#include "codegen/machine.h"

namespace rondo {
namespace {

struct Caches {
  std::string_view cpu;
  int l1_kib, l2_kib;
  double far_bytes_per_cycle = 8;  // from the third
};
constexpr Caches kCaches[] = {
    {"skylake-avx512", 32, 1024}, {"cascadelake", 32, 1024},     {"cooperlake", 32, 1024},     {"icelake-server", 48, 1280}, {"rocketlake", 48, 512},
    {"sapphirerapids", 48, 2048}, {"emeraldrapids", 48, 2048},   {"graniterapids", 48, 2048},  {"alderlake", 48, 1280},
    {"raptorlake", 48, 2048},     {"znver3", 32, 512, 16},      {"znver4", 32, 1024, 16},     {"znver5", 48, 1024, 16},
};

/// Per core; a small cache where the processor is not known. Virtual machines may give an older processor's name: what
/// has matrix instructions is a Sapphire Rapids or a later one.
void describe_caches(std::string_view cpu, const Features& features, TargetFacts& facts) {
  facts.l1_bytes = 32 << 10;
  facts.l2_bytes = 256 << 10;
  if (features.has("amx-tile")) cpu = "sapphirerapids";
  for (const Caches& row : kCaches)
    if (row.cpu == cpu) {
      facts.l1_bytes = int64_t{row.l1_kib} << 10, facts.l2_bytes = int64_t{row.l2_kib} << 10;
      facts.far_bytes_per_cycle = row.far_bytes_per_cycle;
    }
}

}  // namespace

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
  facts.multiply_adds = facts.loads = 2;
  facts.l1_bytes_per_cycle = 2.0 * facts.vector_bytes;
  facts.l2_bytes_per_cycle = facts.vector_bytes == 64 ? 48 : 32;
  facts.far_bytes_per_cycle = 8;
  if (machine.spec.cpu == "znver5" && avx512) facts.shuffles = 1;
  describe_caches(machine.spec.cpu, features, facts);
  // What is named for a level of the architecture, not for a processor, computes what other targets compute.
  facts.matrix_unit = avx512 && features.has("amx-tile") && features.has("amx-bf16") && machine.triple.isArch64Bit() &&
                      machine.triple.isOSLinux();
  const bool one_processor = machine.spec.cpu.substr(0, 7) != "x86-64-";
  machine.can = {.fma32 = fma,
                 .fma64 = fma,
                 .sqrt32 = sse2,
                 .sqrt64 = sse2,
                 .rounding = features.has("sse4.1"),
                 .half = features.has("f16c"),
                 .bfloat16 = avx512 && features.has("avx512bf16"),
                 .reciprocal14 = avx512,
                 .tables = avx512 && one_processor,
                 .divide32 = true,
                 .wide = machine.triple.isArch64Bit()};
}

}  // namespace rondo
