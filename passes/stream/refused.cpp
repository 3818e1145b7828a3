// Operators that have no streaming form. Those without operands are never asked.
#include "passes/stream/streamer.h"

namespace rondo {

std::vector<Streamed> stream_constant(StreamNode& n) { return n.refuse("a constant has no frames"); }
std::vector<Streamed> stream_weight(StreamNode& n) { return n.refuse("a weight has no frames"); }
std::vector<Streamed> stream_dims(StreamNode& n) { return n.refuse("dimensions have no frames"); }
std::vector<Streamed> stream_iota(StreamNode& n) { return n.refuse("indices have no frames"); }

std::vector<Streamed> stream_scatter(StreamNode& n) {
  return n.refuse("it writes to places that may lie anywhere in the sequence");
}
std::vector<Streamed> stream_measure(StreamNode& n) {
  return n.refuse("it makes a size of what the whole sequence holds");
}
std::vector<Streamed> stream_branch(StreamNode& n) {
  return n.refuse("it does one of two things with the whole sequence");
}
std::vector<Streamed> stream_loop(StreamNode& n) {
  return n.refuse("it repeats something with the whole sequence, until a condition holds");
}
std::vector<Streamed> stream_fused(StreamNode& n) { return n.refuse("fused nodes are made after streaming"); }

}  // namespace rondo
