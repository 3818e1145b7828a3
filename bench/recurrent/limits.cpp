// The machine's limits (see limits.h). Compiled for this processor; vectors are as wide as it has them.
#include "bench/recurrent/limits.h"

#include <unistd.h>

namespace rondo::benchmark {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif
typedef float Vec __attribute__((vector_size(kLanes * sizeof(float))));
constexpr int kChains = 12, kRepeats = 2000;
constexpr size_t kStreamBytes = 16 * sizeof(Vec);

volatile float sink;

/// Keeps a value in a register and unknown to the optimiser.
inline void hide(Vec& value) {
#if defined(__x86_64__)
  asm volatile("" : "+v"(value));
#else
  asm volatile("" : "+w"(value));
#endif
}

}  // namespace

void work_at_peak() {
  Vec sums[kChains], a = Vec{} + 0.999f, b = Vec{} + 1e-9f;
  for (Vec& sum : sums) sum = Vec{} + 1.0f;
  for (int i = 0; i < kRepeats; ++i) {
    hide(a);  // once a round; the loop stays a loop
#pragma GCC unroll 12
    for (int j = 0; j < kChains; ++j) sums[j] = sums[j] * a + b;
  }
  Vec total{};
  for (const Vec& sum : sums) total += sum;
  sink = total[0];
}

double peak_flops() { return 2.0 * kLanes * kChains * kRepeats; }

void read_all_once(const Floats& memory) {
  const char* at = reinterpret_cast<const char*>(memory.data());
  const char* end = at + memory.bytes() / kStreamBytes * kStreamBytes;
  Vec sums[8] = {}, factor = Vec{} + 1.0f;
  hide(factor);
  for (; at < end; at += kStreamBytes) {
    const Vec* v = reinterpret_cast<const Vec*>(at);
#pragma GCC unroll 16
    for (int j = 0; j < 16; ++j) sums[j % 8] = v[j] * factor + sums[j % 8];
  }
  Vec total{};
  for (const Vec& sum : sums) total += sum;
  sink = total[0];
}

int64_t second_level_cache() {
  const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  return bytes > 0 ? bytes : 1 << 20;
}

}  // namespace rondo::benchmark
