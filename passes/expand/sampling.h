// Reading a tensor at computed places: what the operators that sample share.
#pragma once

#include "passes/expand/expand.h"

namespace rondo {

/// Elements of x [batch, channels, spatial...] at places: `batch` and one index for each spatial axis, i64 values that
/// broadcast to each other and lie within their axes. Gives [places..., channels].
class Sampler {
 public:
  Sampler(Expansion& e, Value* x);
  Value* at(Value* batch, const std::vector<Value*>& places) const;

 private:
  Builder& b_;
  Shape sizes_;
  Value* rows_;  // [batch * spatial, channels]
};

/// An index, given in floating point, kept within [0, size - 1].
Value* bounded_index(Builder& b, Value* place, const Dim& size);
/// True where 0 <= place <= size - 1.
Value* within(Builder& b, Value* place, const Dim& size);


}  // namespace rondo
