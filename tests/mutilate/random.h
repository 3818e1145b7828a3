// The random numbers of the mutations.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rondo {

/// SplitMix64: a fixed sequence, so that every run makes the same variants.
class Random {
 public:
  size_t below(size_t limit) {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return static_cast<size_t>((z ^ (z >> 31)) % limit);
  }

 private:
  uint64_t state_ = 1;
};

}  // namespace rondo
