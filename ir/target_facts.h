// TargetFacts: what passes may know of a target. Numbers, never an architecture's name.
#pragma once

#include <cstdint>

namespace rondo {

struct TargetFacts {
  int pointer_bytes = 8;
  int vector_bytes = 16;       // widest register worth using; 0: scalar only
  int vector_registers = 16;
  bool fused_multiply_add = false;
  bool masked_memory = false;  // cheap masked loads and stores
  int64_t l1_bytes = 32 << 10;
  int64_t l2_bytes = 1 << 20;
};

}  // namespace rondo
