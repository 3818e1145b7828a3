// Contractions: matmul and conv. Products are summed in ascending order of the contracted index.
// Tested by tests/ir/infer_test.cpp and reference_test.cpp.
#include <fmt/format.h>

#include "ir/ops/arrays.h"
#include "ir/ops/checks.h"

namespace rondo {

Result<std::vector<Type>> infer_matmul(const InferContext& context) {
  RONDO_CHECK(require_same_number(context));
  Shape a = operand_shape(context, 0), b = operand_shape(context, 1);
  if (a.size() < 2 || b.size() < 2)
    return broken_rule(context,
                       fmt::format("operands must have at least 2 axes, not {} and {}", to_string(a), to_string(b)));
  RONDO_CHECK(require_equal(context, a.back(), b[b.size() - 2], "inner sizes"));
  const Dim rows = a[a.size() - 2], columns = b.back();
  a.resize(a.size() - 2);
  b.resize(b.size() - 2);
  RONDO_TRY(Shape shape, broadcast_shapes(a, b, context.graph, context.node.place));
  shape.push_back(rows);
  shape.push_back(columns);
  return std::vector<Type>{{context.operand(0).dtype, std::move(shape)}};
}

namespace {

/// c += a * b, with c rows x columns. T is double or uint64_t, whose arithmetic is that of wrapping integers.
template <class T>
void multiply_matrices(const T* a, const T* b, T* c, int64_t rows, int64_t inner, int64_t columns) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t k = 0; k < inner; ++k)
      for (int64_t j = 0; j < columns; ++j) c[i * columns + j] += a[i * inner + k] * b[k * columns + j];
}

/// Calls f with a zero of the type to add and multiply a dtype's elements in.
template <class F>
void with_ring(DType dtype, F&& f) {
  if (is_float(dtype))
    f(double{});
  else
    f(uint64_t{});
}

}  // namespace

Result<std::vector<Array>> evaluate_matmul(const EvaluateContext& context) {
  const Array &a = *context.operands[0], &b = *context.operands[1];
  const int64_t rows = a.shape[a.shape.size() - 2], inner = a.shape.back(), columns = b.shape.back();
  const Extents a_batch(a.shape.begin(), a.shape.end() - 2), b_batch(b.shape.begin(), b.shape.end() - 2);
  if (b.shape[b.shape.size() - 2] != inner) return evaluation_error(context, "inner sizes differ");
  RONDO_TRY(const Extents batch, broadcast_extents(context, {&a_batch, &b_batch}));
  Extents shape = batch;
  shape.insert(shape.end(), {rows, columns});
  RONDO_TRY(Array result, make_array(a.dtype, shape));
  with_ring(a.dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = elements<T>(result);
    walk<2>(batch, {broadcast_strides(a_batch, batch), broadcast_strides(b_batch, batch)}, {0, 0}, [&](const auto& at) {
      multiply_matrices(elements<T>(a) + at[0] * rows * inner, elements<T>(b) + at[1] * inner * columns, to, rows,
                        inner, columns);
      to += rows * columns;
    });
  });
  wrap_all(result);
  return one(std::move(result));
}

Result<std::vector<Type>> infer_conv(const InferContext& context) {
  RONDO_CHECK(require_same_number(context));
  const Shape x = operand_shape(context, 0), w = operand_shape(context, 1);
  if (x.size() < 3 || x.size() != w.size())
    return broken_rule(context,
                       fmt::format("operands must be [N, C, spatial...] and [O, C/groups, window...], not {} and {}",
                                   to_string(x), to_string(w)));
  const size_t spatial = x.size() - 2;
  for (const char* list : {"strides", "dilations"}) {
    RONDO_CHECK(require_length(context, list, context.attributes().integers(list).size(), spatial));
    RONDO_CHECK(require_positive(context, list));
  }
  const int64_t groups = context.attributes().integer("groups");
  if (groups < 1) return broken_rule(context, fmt::format("'groups' must be at least 1, not {}", groups));
  RONDO_CHECK(require_equal(context, x[1], w[1] * groups, "channels of operand 0, and of operand 1 times groups"));
  RONDO_CHECK(
      require_equal(context, w[0], floor_div(w[0], groups) * groups, "output channels, and a multiple of groups"));
  Shape shape{x[0], w[0]};
  const std::vector<int64_t> strides = context.attributes().integers("strides"),
                             dilations = context.attributes().integers("dilations");
  for (size_t i = 0; i < spatial; ++i) {
    RONDO_CHECK(require_le(context, 1, w[2 + i], "the window's sizes"));
    shape.push_back(window_count(x[2 + i], w[2 + i], strides[i], dilations[i]));
  }
  RONDO_CHECK(require_sizes(context, shape, "the result's sizes"));
  return std::vector<Type>{{context.operand(0).dtype, std::move(shape)}};
}

namespace {

/// One convolution's geometry: extents and strides of the loops over results and over the contracted indices.
struct ConvLoops {
  Extents out;          // result's spatial shape
  Extents out_strides;  // of x, from one result to the next
  Extents inner;        // channels in a group, window...
  Extents x_strides, w_strides;
};

ConvLoops conv_loops(const Array& x, const Array& w, const Extents& strides, const Extents& dilations) {
  const Extents xs = row_major_strides(x.shape), ws = row_major_strides(w.shape);
  ConvLoops loops;
  loops.inner.assign(w.shape.begin() + 1, w.shape.end());
  loops.w_strides.assign(ws.begin() + 1, ws.end());
  loops.x_strides.push_back(xs[1]);
  for (size_t i = 0; i < strides.size(); ++i) {
    loops.out.push_back(window_count(x.shape[2 + i], w.shape[2 + i], strides[i], dilations[i]));
    loops.out_strides.push_back(distance(loops.out[i], strides[i], xs[2 + i]));
    loops.x_strides.push_back(distance(w.shape[2 + i], dilations[i], xs[2 + i]));
  }
  return loops;
}

template <class T>
void convolve(const Array& x, const Array& w, int64_t groups, const ConvLoops& loops, T* to) {
  const T *from = elements<T>(x), *weights = elements<T>(w);
  const int64_t x_channel = product(x.shape, 2, x.shape.size()), w_channel = product(w.shape, 1, w.shape.size());
  for (int64_t n = 0; n < x.shape[0]; ++n) {
    for (int64_t o = 0; o < w.shape[0]; ++o) {
      const int64_t group = o / (w.shape[0] / groups);
      const int64_t base = (n * x.shape[1] + group * w.shape[1]) * x_channel;
      walk<1>(loops.out, {loops.out_strides}, {base}, [&](const auto& start) {
        T total{};
        walk<2>(loops.inner, {loops.x_strides, loops.w_strides}, {start[0], o * w_channel},
                [&](const auto& at) { total += from[at[0]] * weights[at[1]]; });
        *to++ = total;
      });
    }
  }
}

}  // namespace

Result<std::vector<Array>> evaluate_conv(const EvaluateContext& context) {
  const Array &x = *context.operands[0], &w = *context.operands[1];
  const int64_t groups = context.attributes().integer("groups");
  if (x.shape[1] != w.shape[1] * groups || w.shape[0] % groups != 0)
    return evaluation_error(context, "channels do not fit the groups");
  const ConvLoops loops =
      conv_loops(x, w, context.attributes().integers("strides"), context.attributes().integers("dilations"));
  Extents shape{x.shape[0], w.shape[0]};
  shape.insert(shape.end(), loops.out.begin(), loops.out.end());
  RONDO_TRY(Array result, make_array(x.dtype, shape));
  with_ring(x.dtype, [&](auto zero) { convolve(x, w, groups, loops, elements<decltype(zero)>(result)); });
  wrap_all(result);
  return one(std::move(result));
}

}  // namespace rondo
