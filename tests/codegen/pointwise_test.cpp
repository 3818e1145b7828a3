// Pointwise operators on every element type they take, against C++'s own arithmetic.
#include <array>
#include <cmath>
#include <limits>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

// z[i] = op(x[i], y[i]) over constants-free inputs of one type, lanes 1 and 8.
Plan elementwise(Op op, int arity, DType operands, DType result, int n, int lanes) {
  PlanBuilder p;
  KernelBuilder k;
  std::vector<int> loads;
  for (int i = 0; i < arity; ++i)
    loads.push_back(k.load(operands, p.input("x" + std::to_string(i), {operands, {n}}), at({{0, 1}})));
  int z = p.output("z", {result, {n}});
  k.kernel.parallel = {{0, n}};
  k.store(k.apply(op, result, loads), z, at({{0, 1}}));
  if (lanes > 1) k.kernel.schedule = {.vector_axis = 0, .lanes = lanes};
  p.run(k.kernel);
  return p.plan;
}

template <class T>
std::vector<T> edge_values() {
  using limits = std::numeric_limits<T>;
  std::vector<T> values = {limits::lowest(), T(limits::lowest() + 1), 0, 1, 2, 3, 7, T(limits::max() - 1),
                           limits::max()};
  if (limits::is_signed)
    for (int value : {-1, -2, -7}) values.push_back(T(value));
  if (limits::has_infinity)
    for (double value : {HUGE_VAL, -HUGE_VAL, std::nan(""), -0.0, 0.5, -2.75}) values.push_back(T(value));
  return values;
}

template <class T, class R>
void check(Op op, DType dtype, DType result, R (*reference)(T, T), int arity = 2) {
  std::vector<T> x, y;
  for (T a : edge_values<T>())
    for (T b : edge_values<T>()) x.push_back(a), y.push_back(b);
  for (int lanes : {1, 8}) {
    Compiled compiled(elementwise(op, arity, dtype, result, int(x.size()), lanes));
    std::vector<R> z(x.size());
    std::vector<const void*> inputs = {x.data(), y.data()};
    inputs.resize(arity);
    REQUIRE(compiled.call(inputs, {z.data()}) == RONDO_OK);
    for (size_t i = 0; i < x.size(); ++i) {
      R want = reference(x[i], y[i]);
      bool same = z[i] == want || (want != want && z[i] != z[i]);
      CAPTURE(info(op).word);
      CAPTURE(+x[i]);
      CAPTURE(+y[i]);
      CHECK(same);
    }
  }
}

template <class T>
using Wide = std::conditional_t<std::is_floating_point_v<T>, T, unsigned __int128>;  // wraps when narrowed

template <class T>
T quotient(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a / b;
  else
    return b == 0 ? T(0) : T(__int128(a) / __int128(b));
}
template <class T>
T rest(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return std::fmod(a, b);
  else
    return b == 0 ? T(0) : T(__int128(a) % __int128(b));
}
template <class T>
T smaller(T a, T b) {
  return a != a ? a : b != b ? b : a < b ? a : b;
}
template <class T>
T larger(T a, T b) {
  return a != a ? a : b != b ? b : a > b ? a : b;
}

template <class T>
void check_numeric(DType dtype) {
  check<T, T>(Op::add, dtype, dtype, [](T a, T b) { return T(Wide<T>(a) + Wide<T>(b)); });
  check<T, T>(Op::sub, dtype, dtype, [](T a, T b) { return T(Wide<T>(a) - Wide<T>(b)); });
  check<T, T>(Op::mul, dtype, dtype, [](T a, T b) { return T(Wide<T>(a) * Wide<T>(b)); });
  check<T, T>(Op::div, dtype, dtype, quotient<T>);
  check<T, T>(Op::remainder, dtype, dtype, rest<T>);
  check<T, T>(Op::minimum, dtype, dtype, smaller<T>);
  check<T, T>(Op::maximum, dtype, dtype, larger<T>);
  check<T, T>(
      Op::neg, dtype, dtype, [](T a, T) { return T(Wide<T>(0) - Wide<T>(a)); }, 1);
  check<T, T>(
      Op::abs, dtype, dtype, [](T a, T) { return a < 0 ? T(Wide<T>(0) - Wide<T>(a)) : a; }, 1);
  check<T, T>(
      Op::sign, dtype, dtype, [](T a, T) { return a > 0   ? T(1)
                                                  : a < 0 ? T(-1)
                                                          : a; }, 1);
  check<T, uint8_t>(Op::equal, dtype, DType::boolean, [](T a, T b) { return uint8_t(a == b); });
  check<T, uint8_t>(Op::less, dtype, DType::boolean, [](T a, T b) { return uint8_t(a < b); });
  check<T, uint8_t>(Op::less_equal, dtype, DType::boolean, [](T a, T b) { return uint8_t(a <= b); });
}

}  // namespace

TEST_CASE("arithmetic and comparison on integers and floats") {
  check_numeric<int8_t>(DType::i8);
  check_numeric<int16_t>(DType::i16);
  check_numeric<int32_t>(DType::i32);
  check_numeric<int64_t>(DType::i64);
  check_numeric<uint8_t>(DType::u8);
  check_numeric<uint16_t>(DType::u16);
  check_numeric<uint32_t>(DType::u32);
  check_numeric<uint64_t>(DType::u64);
  check_numeric<float>(DType::f32);
  check_numeric<double>(DType::f64);
}

namespace {

template <class T>
T shifted_left(T a, T b) {
  return b < 0 || b >= T(8 * sizeof(T)) ? T(0) : T(uint64_t(a) << b);
}
template <class T>
T shifted_right(T a, T b) {
  const T by = b < 0 ? T(0) : std::min(b, T(8 * sizeof(T) - 1));
  return T(std::floor(std::ldexp((long double)a, -int(by))));
}

template <class T>
void check_bits(DType dtype) {
  check<T, T>(Op::bit_and, dtype, dtype, [](T a, T b) { return T(a & b); });
  check<T, T>(Op::bit_or, dtype, dtype, [](T a, T b) { return T(a | b); });
  check<T, T>(Op::bit_xor, dtype, dtype, [](T a, T b) { return T(a ^ b); });
  check<T, T>(Op::shift_left, dtype, dtype, shifted_left<T>);
  check<T, T>(Op::shift_right, dtype, dtype, shifted_right<T>);
}

}  // namespace

TEST_CASE("bits and shifts, by any count") {
  check_bits<int8_t>(DType::i8);
  check_bits<int16_t>(DType::i16);
  check_bits<int32_t>(DType::i32);
  check_bits<int64_t>(DType::i64);
  check_bits<uint8_t>(DType::u8);
  check_bits<uint16_t>(DType::u16);
  check_bits<uint32_t>(DType::u32);
  check_bits<uint64_t>(DType::u64);
}

TEST_CASE("logic and selection") {
  const std::array<uint8_t, 9> a = {0, 0, 1, 1, 1, 0, 1, 0, 1}, b = {0, 1, 0, 1, 1, 0, 0, 1, 1};
  auto run = [&](Op op, int arity) {
    Compiled compiled(elementwise(op, arity, DType::boolean, DType::boolean, 9, 8));
    std::vector<const void*> inputs = {a.data(), b.data()};
    inputs.resize(arity);
    std::array<uint8_t, 9> z = {};
    REQUIRE(compiled.call(inputs, {z.data()}) == RONDO_OK);
    return z;
  };
  for (int i = 0; i < 9; ++i) {
    CHECK(run(Op::logical_and, 2)[i] == (a[i] & b[i]));
    CHECK(run(Op::logical_or, 2)[i] == (a[i] | b[i]));
    CHECK(run(Op::logical_xor, 2)[i] == (a[i] ^ b[i]));
    CHECK(run(Op::logical_not, 1)[i] == 1 - a[i]);
    CHECK(run(Op::equal, 2)[i] == (a[i] == b[i]));
  }
  PlanBuilder p;  // z[i] = c[i] ? x[i] : 7
  int c = p.input("c", {DType::boolean, {9}}), x = p.input("x", {DType::f32, {9}}),
      z = p.output("z", {DType::f32, {9}});
  KernelBuilder k;
  k.kernel.parallel = {{0, 9}};
  int chosen =
      k.apply(Op::select, DType::f32,
              {k.load(DType::boolean, c, at({{0, 1}})), k.load(DType::f32, x, at({{0, 1}})), k.real(DType::f32, 7)});
  k.store(chosen, z, at({{0, 1}}));
  k.kernel.schedule = {.vector_axis = 0, .lanes = 8};
  p.run(k.kernel);
  Compiled compiled(p.plan);
  std::vector<float> xs = small_floats(9, 1), zs(9);
  REQUIRE(compiled.call({a.data(), xs.data()}, {zs.data()}) == RONDO_OK);
  for (int i = 0; i < 9; ++i) CHECK(zs[i] == (a[i] ? xs[i] : 7));
}

}  // namespace rondo::test
