// Window functions, Fourier transforms and mel weights. Transforms are products with tables of cosines and sines made
// here in double precision. Tested by expand_fourier_test.cpp.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "passes/expand/expand.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

constexpr double kTurn = 6.28318530717958647692;
constexpr int64_t kMaxTable = int64_t{1} << 24;  // elements

/// A scalar operand that is known at compile time.
double known_number(Expansion& e, int i, const char* what) {
  if (const auto tensor = e.known_tensor(i); tensor && tensor->count() == 1) return tensor->double_at(0);
  if (e.ok()) e.unsupported(fmt::format("{} (operand {}) must be one number, known at compile time", what, i));
  return 0;
}

int64_t known_integer(Expansion& e, int i, const char* what) {
  const std::vector<int64_t> numbers = e.known_integers(i, what);
  if (numbers.size() == 1) return numbers[0];
  if (e.ok()) e.fail(fmt::format("{} (operand {}) must be one number", what, i));
  return 0;
}

/// a + b cos(2 pi i / n) + c cos(4 pi i / n), where n is the size, or without `periodic` one less.
Values expand_window(Expansion& e, double a, double b, double c) {
  const auto dtype = e.element_type("output_datatype", DType::f32);
  const bool periodic = e.integer("periodic", 1) != 0;
  const int64_t size = known_integer(e, 0, "the size");
  if (!dtype) e.unsupported("attribute 'output_datatype' names a type that is not supported");
  if (e.ok() && (size < 0 || size > kMaxTable)) e.fail(fmt::format("a window of size {}", size));
  if (!e.ok()) return {nullptr};
  const double n = static_cast<double>(periodic ? size : size - 1);
  std::vector<double> values;
  for (int64_t i = 0; i < size; ++i) {
    const double angle = kTurn * static_cast<double>(i) / n;
    values.push_back(a + b * std::cos(angle) + c * std::cos(2 * angle));
  }
  return {e.b.cast(e.b.constant(Tensor::from_doubles(DType::f64, {size}, values)), *dtype)};
}

}  // namespace

Values expand_HannWindow(Expansion& e) { return expand_window(e, 0.5, -0.5, 0); }
Values expand_HammingWindow(Expansion& e) { return expand_window(e, 25.0 / 46, -21.0 / 46, 0); }
Values expand_BlackmanWindow(Expansion& e) { return expand_window(e, 0.42, -0.5, 0.08); }

namespace {

double mel_of(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double hertz_of(double mel) { return 700 * (std::pow(10, mel / 2595) - 1); }

/// One band's triangle over the bins from low to high with its peak at centre; false if it leaves the spectrum.
bool fill_band(std::vector<double>& weights, int64_t bins, int64_t bands, int64_t band, const int64_t* corner) {
  const auto [low, centre, high] = std::tuple(corner[0], corner[1], corner[2]);
  if (low < 0 || centre < low || centre >= bins || high > bins) return false;
  for (int64_t i = low; i <= centre; ++i)
    weights[i * bands + band] =
        centre == low ? 1 : static_cast<double>(i - low) / static_cast<double>(centre - low);
  for (int64_t i = centre; i < high; ++i)
    weights[i * bands + band] = static_cast<double>(high - i) / static_cast<double>(high - centre);
  return true;
}

}  // namespace

Values expand_MelWeightMatrix(Expansion& e) {
  const auto dtype = e.element_type("output_datatype", DType::f32);
  const int64_t bands = known_integer(e, 0, "the number of bands"), length = known_integer(e, 1, "the DFT's length"),
                rate = known_integer(e, 2, "the sample rate");
  const double low = known_number(e, 3, "the lower edge"), high = known_number(e, 4, "the upper edge");
  if (!dtype) e.unsupported("attribute 'output_datatype' names a type that is not supported");
  if (!e.ok()) return {nullptr};
  const int64_t bins = length / 2 + 1;
  if (bands < 1 || length < 1 || rate < 1 || bands > kMaxTable / bins)
    return {e.fail(fmt::format("{} bands of a DFT of length {} at rate {}", bands, length, rate))};
  std::vector<int64_t> corners;
  const double step = (mel_of(high) - mel_of(low)) / static_cast<double>(bands + 2);
  for (int64_t i = 0; i < bands + 2; ++i) {
    const double hertz = hertz_of(mel_of(low) + step * static_cast<double>(i));
    const double bin = std::floor(static_cast<double>(length + 1) * hertz / static_cast<double>(rate));
    corners.push_back(std::isfinite(bin) && std::fabs(bin) < 1e15 ? static_cast<int64_t>(bin) : -1);
  }
  std::vector<double> weights(bins * bands, 0.0);
  for (int64_t band = 0; band < bands; ++band)
    if (!fill_band(weights, bins, bands, band, &corners[band]))
      return {e.fail(fmt::format("band {} lies outside the spectrum", band))};
  return {e.b.cast(e.b.constant(Tensor::from_doubles(DType::f64, {bins, bands}, weights)), *dtype)};
}

namespace {

/// f(j * k) for j < rows, k < columns, where f(m) is a function of the angle 2 pi m / n.
template <class F>
Value* table(Builder& b, DType dtype, int64_t rows, int64_t columns, int64_t n, F f) {
  std::vector<double> values;
  values.reserve(static_cast<size_t>(rows * columns));
  for (int64_t j = 0; j < rows; ++j)
    for (int64_t k = 0; k < columns; ++k)
      values.push_back(f(kTurn * static_cast<double>(j * k % n) / static_cast<double>(n)));
  return b.constant(Tensor::from_doubles(dtype, {rows, columns}, values));
}

/// Numbers along the last axis, as real and imaginary parts; im is null where it is 0.
struct Complex {
  Value *re, *im;
};

Complex split_parts(Expansion& e, Value* x) {
  Builder& b = e.b;
  const int last = rank_of(x) - 1;
  const auto parts = b.graph().resolve(shape_of(x)[last]).constant();
  if (!parts || (*parts != 1 && *parts != 2)) {
    e.fail("the last axis must hold real (1) or complex (2) numbers");
    return {x, nullptr};
  }
  auto part = [&](int i) { return b.squeeze(b.slice_axis(x, last, i, 1), {last}); };
  return {part(0), *parts == 2 ? part(1) : nullptr};
}

/// The first n elements of the last axis, zeros behind them.
Value* resized(Builder& b, Value* x, int64_t size, int64_t n) {
  const int last = rank_of(x) - 1;
  if (n <= size) return b.slice_axis(x, last, 0, n);
  std::vector<Dim> low(rank_of(x), Dim(0)), high = low;
  high[last] = n - size;
  return b.pad(x, b.scalar(x, 0), low, high);
}

struct Transform {
  int64_t length = 0;
  bool inverse = false, onesided = false;
};

/// The other half of a one-sided spectrum of real numbers: X[n - k] is the conjugate of X[k].
Complex whole_spectrum(Builder& b, Complex half, int64_t n) {
  const int last = rank_of(half.re) - 1;
  const int64_t count = n / 2 + 1, rest = n - count;
  auto mirrored = [&](Value* x) {
    std::vector<Dim> starts(rank_of(x), Dim(0)), sizes = shape_of(x);
    starts[last] = rest;
    sizes[last] = rest;
    std::vector<int64_t> steps(rank_of(x), 1);
    steps[last] = -1;
    return b.slice(x, starts, sizes, steps);
  };
  if (rest < 1) return half;
  Value* re = b.concat({half.re, mirrored(half.re)}, last);
  return {re, half.im ? b.concat({half.im, b.neg(mirrored(half.im))}, last) : nullptr};
}

// X[k] = sum over j of x[j] e^(-2 pi i j k / n); inverse: e^(+...), divided by n.
Complex transform(Builder& b, Complex x, const Transform& t, int64_t columns, bool real_result) {
  const int64_t n = t.length;
  const DType dtype = dtype_of(x.re);
  const double scale = t.inverse ? 1.0 / static_cast<double>(n) : 1, sign = t.inverse ? 1 : -1;
  Value* cosines = table(b, dtype, n, columns, n, [&](double angle) { return scale * std::cos(angle); });
  Value* sines = table(b, dtype, n, columns, n, [&](double angle) { return scale * sign * std::sin(angle); });
  // Products need two axes.
  const bool line = rank_of(x.re) == 1;
  auto row = [&](Value* v) { return v && line ? b.unsqueeze(v, {0}) : v; };
  auto unrow = [&](Value* v) { return v && line ? b.squeeze(v, {0}) : v; };
  Value *re = row(x.re), *im = row(x.im);
  Value* real = b.matmul(re, cosines);
  if (im) real = b.sub(real, b.matmul(im, sines));
  if (real_result) return {unrow(real), nullptr};
  Value* imaginary = b.matmul(re, sines);
  if (im) imaginary = b.add(imaginary, b.matmul(im, cosines));
  return {unrow(real), unrow(imaginary)};
}

Value* joined(Builder& b, Complex x) {
  const int rank = rank_of(x.re);
  Value* re = b.unsqueeze(x.re, {rank});
  return x.im ? b.concat({re, b.unsqueeze(x.im, {rank})}, rank) : re;
}

}  // namespace

Values expand_DFT(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const int rank = rank_of(x);
  Transform t;
  t.inverse = e.integer("inverse", 0) != 0;
  t.onesided = e.integer("onesided", 0) != 0;
  int64_t which = e.opset < 20 ? e.integer("axis", 1) : -2;
  if (e.opset >= 20 && e.has_operand(2)) which = known_integer(e, 2, "the axis");
  if (!e.ok()) return {x};
  const int axis = normalise_axis(e, which, rank);
  if (rank < 2 || axis == rank - 1) e.fail("the last axis holds the parts of complex numbers and is not transformed");
  if (!e.ok()) return {x};
  const auto size = b.graph().resolve(shape_of(x)[axis]).constant();
  if (!size) return {e.unsupported("the transformed axis must have a constant size; --dim fixes a dimension")};
  const bool halved = t.inverse && t.onesided;
  t.length = e.has_operand(1) ? known_integer(e, 1, "the length") : halved ? 2 * (*size - 1) : *size;
  if (e.ok() && (t.length < 1 || t.length > kMaxTable / t.length))
    e.unsupported(fmt::format("a transform of length {}; up to {} are supported", t.length, 4096));
  Complex parts = split_parts(e, x);
  if (e.ok() && t.onesided && !t.inverse && parts.im)
    e.fail("attribute 'onesided' is for real numbers, the operand is complex");
  if (!e.ok()) return {x};

  std::vector<int64_t> perm;
  for (int i = 0; i < rank - 1; ++i)
    if (i != axis) perm.push_back(i);
  perm.push_back(axis);
  std::vector<int64_t> inverse(perm.size() + 1, rank - 1);
  for (size_t i = 0; i < perm.size(); ++i) inverse[perm[i]] = static_cast<int64_t>(i);
  const int64_t given = halved ? t.length / 2 + 1 : t.length;
  auto prepared = [&](Value* v) { return v ? resized(b, b.transpose(v, perm), *size, given) : nullptr; };
  parts = {prepared(parts.re), prepared(parts.im)};
  if (halved) parts = whole_spectrum(b, parts, t.length);
  const int64_t columns = t.onesided && !t.inverse ? t.length / 2 + 1 : t.length;
  return {b.transpose(joined(b, transform(b, parts, t, columns, halved)), inverse)};
}

namespace {

struct Frames {
  int64_t length = 0, step = 0, bins = 0;
  Value* window = nullptr;
};

std::optional<Frames> read_frames(Expansion& e) {
  Frames frames;
  frames.step = known_integer(e, 1, "the step between frames");
  frames.window = e.optional_operand(2);
  if (frames.window && rank_of(frames.window) != 1) e.fail("the window must have 1 axis");
  if (e.has_operand(3)) {
    frames.length = known_integer(e, 3, "the frames' length");
    if (e.ok() && frames.window) e.require_equal(shape_of(frames.window)[0], frames.length, "the window's size");
  } else if (e.ok() && frames.window) {
    const auto size = e.b.graph().resolve(shape_of(frames.window)[0]).constant();
    if (!size) e.unsupported("the window must have a constant size; --dim fixes a dimension");
    frames.length = size.value_or(0);
  } else if (e.ok()) {
    e.fail("needs a window or the frames' length");
  }
  const bool onesided = e.integer("onesided", 1) != 0;
  if (!e.ok()) return std::nullopt;
  if (frames.step < 1 || frames.length < 1 || frames.length > kMaxTable / frames.length)
    e.unsupported(fmt::format("frames of length {} every {}; lengths up to 4096 are supported", frames.length, frames.step));
  frames.bins = onesided ? frames.length / 2 + 1 : frames.length;
  return e.ok() ? std::optional(frames) : std::nullopt;
}

/// [2 bins, 1, length]: the window times cosines, then times negative sines.
Value* frame_weights(Builder& b, const Frames& frames, DType dtype) {
  const int64_t n = frames.length;
  Value* cosines = table(b, dtype, frames.bins, n, n, [](double angle) { return std::cos(angle); });
  Value* sines = table(b, dtype, frames.bins, n, n, [](double angle) { return -std::sin(angle); });
  Value* both = b.concat({cosines, sines}, 0);
  return b.unsqueeze(frames.window ? b.mul(both, frames.window) : both, {1});
}

}  // namespace

// A convolution: each frame's bins are its channels.
Values expand_STFT(Expansion& e) {
  Builder& b = e.b;
  Value* signal = e.operand(0);
  const auto frames = read_frames(e);
  if (!frames) return {signal};
  if (rank_of(signal) == 2) signal = b.unsqueeze(signal, {2});
  if (rank_of(signal) != 3) return {e.fail("the signal must be [batch, length, 1 or 2]")};
  const Complex parts = split_parts(e, signal);
  if (!e.ok()) return {signal};
  Value* weights = frame_weights(b, *frames, dtype_of(signal));
  auto spectrum = [&](Value* x) {  // [batch, frames, bins, 2]
    Value* y = b.one(Op::conv, {b.unsqueeze(x, {1}), weights},
                     {{"strides", std::vector<int64_t>{frames->step}},
                      {"dilations", std::vector<int64_t>{1}},
                      {"groups", int64_t{1}}});
    const Shape shape = shape_of(y);
    if (!e.ok()) return y;
    return b.transpose(b.reshape(y, {shape[0], 2, frames->bins, shape[2]}), {0, 3, 2, 1});
  };
  Value* result = spectrum(parts.re);
  if (!parts.im) return {result};
  // (a + i b) times i turns [b, c] into [-c, b].
  Value* turned = spectrum(parts.im);
  if (!e.ok()) return {result};
  Value *re = b.slice_axis(turned, 3, 0, 1), *im = b.slice_axis(turned, 3, 1, 1);
  return {b.add(result, b.concat({b.neg(im), re}, 3))};
}

}  // namespace rondo
