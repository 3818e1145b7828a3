// Col2Im and MaxUnpool: parts put back to where windows took them from. Tested by expand_sampling_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "passes/expand/windows.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

struct Fold {
  int64_t block, stride, dilation, low, high;
  Dim image;
};

/// [..., count, ...] -> [..., whole, ...]: element t at start + t * stride, zeros elsewhere.
Value* place(Builder& b, Value* x, int axis, int64_t stride, int64_t start, const Dim& whole) {
  std::vector<Dim> none(rank_of(x) + 1, Dim(0)), high = none;
  Shape shape = shape_of(x);
  const Dim count = shape[axis];
  if (stride > 1) {
    high[axis + 1] = stride - 1;
    shape[axis] = count * Dim(stride);
    x = b.reshape(b.pad(b.unsqueeze(x, {axis + 1}), b.scalar(x, 0), none, high), shape);
    x = b.slice_axis(x, axis, 0, (count - 1) * Dim(stride) + 1);
  }
  std::vector<Dim> before(rank_of(x), Dim(0)), after = before;
  before[axis] = start;
  after[axis] = whole - Dim(start) - shape_of(x)[axis];
  return b.pad(x, b.scalar(x, 0), before, after);
}

/// Sums the blocks of one axis into its image: x has the places within a block along `block_axis` (which vanishes) and the
/// blocks along `axis`.
Value* fold(Expansion& e, Value* x, int block_axis, int axis, const Fold& f) {
  Builder& b = e.b;
  const Dim whole = f.image + Dim(f.low + f.high);
  Value* sum = nullptr;
  for (int64_t i = 0; e.ok() && i < f.block; ++i) {
    Value* part = b.squeeze(b.slice_axis(x, block_axis, i, 1), {block_axis});
    part = place(b, part, axis - 1, f.stride, i * f.dilation, whole);
    sum = sum ? b.add(sum, part) : part;
  }
  return e.ok() ? b.slice_axis(sum, axis - 1, f.low, f.image) : x;
}

}  // namespace

// [N, C * block..., blocks] -> [N, C, image...]: overlapping blocks add up, one axis after the other.
Values expand_Col2Im(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const std::vector<Dim> image = e.known_elements(1, "the image's shape");
  const std::vector<int64_t> block = e.known_integers(2, "the block's shape");
  const size_t axes = block.size();
  const auto strides = per_axis(e, "strides", axes, 1, 1), dilations = per_axis(e, "dilations", axes, 1, 1);
  const auto pads = per_axis(e, "pads", 2 * axes, 0, 0);
  if (!e.ok()) return {x};
  if (axes == 0 || image.size() != axes || rank_of(x) != 3)
    return {e.fail("the operand must be [batch, channels * block, blocks]; image and block need one number for each axis")};
  Dim block_size = 1, blocks = 1;
  std::vector<Fold> folds;
  for (size_t i = 0; i < axes; ++i) {
    if (block[i] < 1 || block[i] > 4096) return {e.unsupported("a block's sizes must lie in 1 .. 4096")};
    folds.push_back({block[i], strides[i], dilations[i], pads[i], pads[i + axes], image[i]});
    block_size *= Dim(block[i]);
  }
  Shape split{shape_of(x)[0], floor_div(shape_of(x)[1], block_size)};
  e.require_equal(split[1] * block_size, shape_of(x)[1], "channels in blocks");
  for (int64_t size : block) split.push_back(size);
  for (const Fold& f : folds) {
    const Dim room = f.image + Dim(f.low + f.high) - Dim((f.block - 1) * f.dilation + 1);
    split.push_back(floor_div(room, Dim(f.stride)) + Dim(1));
    blocks *= split.back();
  }
  if (!e.require_equal(blocks, shape_of(x)[2], "number of blocks")) return {x};
  x = b.reshape(x, split);
  for (size_t i = 0; e.ok() && i < axes; ++i) x = fold(e, x, 2, static_cast<int>(2 + axes), folds[i]);
  return {x};
}

// Every element to the place its index names in the tensor that was pooled, zeros elsewhere; a larger result has further
// zeros at the ends of its axes.
Values expand_MaxUnpool(Expansion& e) {
  Builder& b = e.b;
  Value *x = e.operand(0), *indices = e.operand(1);
  const std::vector<int64_t> kernel = e.integers("kernel_shape");
  const size_t axes = kernel.size();
  const auto strides = per_axis(e, "strides", axes, 1, 1), pads = per_axis(e, "pads", 2 * axes, 0, 0);
  std::vector<Dim> wanted;
  if (e.has_operand(2)) wanted = e.known_elements(2, "the result's shape");
  if (!e.ok()) return {x};
  if (axes == 0 || rank_of(x) != static_cast<int>(axes) + 2 || (!wanted.empty() && wanted.size() != axes + 2))
    return {e.fail("attribute 'kernel_shape' must have one number for each spatial axis, the result's shape one for each axis")};
  if (!(shape_of(x) == shape_of(indices))) {
    for (int i = 0; i < rank_of(x); ++i) e.require_equal(shape_of(x)[i], shape_of(indices)[i], "shape of the indices");
  }
  Shape shape{shape_of(x)[0], shape_of(x)[1]};
  for (size_t i = 0; i < axes; ++i)
    shape.push_back((shape_of(x)[i + 2] - 1) * Dim(strides[i]) + Dim(kernel[i] - pads[i] - pads[i + axes]));
  const Dim count = element_count(shape_of(x));
  Value* flat = b.scatter(b.zeros(dtype_of(x), {element_count(shape)}), b.reshape(indices, {count}), b.reshape(x, {count}), "none");
  Value* y = b.reshape(flat, shape);
  if (wanted.empty()) return {y};
  std::vector<Dim> none(shape.size(), Dim(0)), high;
  for (size_t i = 0; i < shape.size(); ++i) high.push_back(wanted[i] - shape[i]);
  return {b.pad(y, b.scalar(y, 0), none, high)};
}

}  // namespace rondo
