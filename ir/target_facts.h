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
  // What a core does in a cycle, and the cycles from a multiply-add to one that needs its result.
  double multiply_adds = 1, loads = 1, latency = 4;  // vector instructions; cycles
  int64_t l1_bytes = 32 << 10, l2_bytes = 1 << 20;
  double l1_bytes_per_cycle = 32, l2_bytes_per_cycle = 16, far_bytes_per_cycle = 4;  // sequential reads
  double shuffles = 0;  // instructions in a cycle that move lanes about while all multiply-adds go on
  bool matrix_unit = false;  // multiplies matrices of bfloat16, where the system grants it
  bool small_code = false;  // code is to be short rather than fast: of two ways, the shorter is taken
  bool threads = true;      // a caller may have some to share a call's work; firmware has none
  bool far_offsets = true;  // a load reaches all weights of a tile from one address: straight-line code is cheap
};

}  // namespace rondo
