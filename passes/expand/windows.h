// Sliding windows over the spatial axes: what convolution and pooling share.
#pragma once

#include "passes/expand/expand.h"

namespace rondo {

/// The geometry of windows over axes 2, 3, … of an operand [N, C, spatial...].
struct Windows {
  std::vector<int64_t> kernel, strides, dilations;
  std::vector<Dim> low, high;  // the padding that the node asks for
  std::vector<Dim> extra;      // further room at the high end, so that rounding up yields whole windows
  std::vector<Dim> counts;     // windows along each axis

  int axes() const { return static_cast<int>(kernel.size()); }
  bool padded() const;
};

/// A list attribute of `count` numbers, none below `least`; after an error those of an absent one.
std::vector<int64_t> per_axis(Expansion& e, const char* name, size_t count, int64_t absent, int64_t least);

/// Reads strides, dilations, pads, auto_pad and, for pooling, ceil_mode. Nothing after an error.
std::optional<Windows> read_windows(Expansion& e, const Shape& operand, std::vector<int64_t> kernel, bool pooling);

/// The operand with padding (and extra room) of the fill value, a scalar.
Value* pad_spatial(Expansion& e, Value* x, Value* fill, const Windows& windows, bool with_extra);

/// The convolution that the node's attributes describe, of any number type: padding is zero. In conv.cpp.
Value* convolve(Expansion& e, Value* x, Value* weights);
/// y + a number for each channel (axis 1); y itself if there is no bias. In conv.cpp.
Value* add_bias(Expansion& e, Value* y, Value* bias);

/// [1, 1, list...]
template <class T>
std::vector<T> spatial(const std::vector<T>& list, T lead = T(1)) {
  std::vector<T> result{lead, lead};
  result.insert(result.end(), list.begin(), list.end());
  return result;
}

}  // namespace rondo
