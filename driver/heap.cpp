// Settings of glibc's allocator: see heap.h.
#include "driver/heap.h"

#include <cstdlib>

#ifdef __GLIBC__  // which the header above defines
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <climits>
#include <cstdint>

namespace rondo {
namespace {

constexpr int kReserved = 512 << 20, kLargest = 64 << 20;
constexpr int kSmallStep = 128 << 10;  // glibc's own
constexpr uintptr_t kLargePage = 2 << 20;

}  // namespace

void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, kLargest);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  mallopt(M_TOP_PAD, kReserved);
  void* block = std::malloc(kLargePage);  // more than is left: the heap grows
  mallopt(M_TOP_PAD, kSmallStep);
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(block) + kLargePage - 1) / kLargePage * kLargePage;
  const uintptr_t end = reinterpret_cast<uintptr_t>(sbrk(0));
  std::free(block);
  if (block && begin < end && end - begin <= kReserved + kLargePage)
    (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace rondo

#else

namespace rondo {

void keep_freed_memory() {}

}  // namespace rondo

#endif
