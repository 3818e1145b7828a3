// Conversions between element types, against C++'s and against float16 and bfloat16 by definition; with and without
// instructions for halves.
#include <cmath>
#include <limits>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

Plan cast_plan(DType from, DType to, int n, int lanes, Op op = Op::cast) {
  PlanBuilder p;
  int x = p.input("x", {from, {n}}), z = p.output("z", {to, {n}});
  KernelBuilder k;
  k.kernel.parallel = {{0, n}};
  k.store(k.apply(op, to, {k.load(from, x, at({{0, 1}}))}), z, at({{0, 1}}));
  if (lanes > 1) k.kernel.schedule = {.vector_axis = 0, .lanes = lanes};
  p.run(k.kernel);
  return p.plan;
}

template <class To, class From>
std::vector<To> convert(DType from, DType to, const std::vector<From>& x, const char* target, Op op = Op::cast) {
  Compiled compiled(cast_plan(from, to, int(x.size()), 16, op), {target});
  std::vector<To> z(x.size());
  REQUIRE(compiled.call({x.data()}, {z.data()}) == RONDO_OK);
  return z;
}

// The value of a half, by the definition of the format: 1 sign, 5 exponent, 10 fraction bits.
double half_value(uint16_t h) {
  int exponent = h >> 10 & 31, fraction = h & 1023;
  double size = exponent == 31 ? (fraction ? NAN : INFINITY)
                : exponent     ? std::ldexp(1024 + fraction, exponent - 25)
                               : std::ldexp(fraction, -24);
  return h & 0x8000 ? -size : size;
}

// The half nearest to v, ties to even, by trying both neighbours.
uint16_t nearest_half(double v) {
  uint16_t sign = std::signbit(v) ? 0x8000 : 0;
  double size = std::fabs(v);
  if (size >= 65520) return sign | 0x7c00;
  uint16_t low = 0;
  for (int bit = 14; bit >= 0; --bit)
    if (uint16_t next = low | 1 << bit; next < 0x7c00 && half_value(next) <= size) low = next;
  double below = size - half_value(low), above = (low == 0x7bff ? 65536 : half_value(low + 1)) - size;
  bool up = above < below || (above == below && (low & 1));
  return sign | uint16_t(low + up);
}

const char* const kTargets[] = {"", "x86-64"};

}  // namespace

TEST_CASE("all halves become floats, and come back") {
  std::vector<uint16_t> all(65536);
  for (int i = 0; i < 65536; ++i) all[i] = uint16_t(i);
  for (const char* target : kTargets) {
    auto floats = convert<float>(DType::f16, DType::f32, all, target);
    auto back = convert<uint16_t>(DType::f32, DType::f16, floats, target);
    int wrong = 0;
    for (int i = 0; i < 65536; ++i) {
      double want = half_value(all[i]);
      wrong += std::isnan(want) ? !std::isnan(floats[i]) : floats[i] != want || std::signbit(floats[i]) != (i >= 32768);
      wrong += std::isnan(want) ? !std::isnan(half_value(back[i])) : back[i] != all[i];
    }
    CHECK(wrong == 0);
    auto wide = convert<float>(DType::bf16, DType::f32, all, target);
    auto narrow = convert<uint16_t>(DType::f32, DType::bf16, wide, target);
    for (int i = 0; i < 65536; ++i) {
      uint32_t bits = uint32_t(i) << 16, got;
      std::memcpy(&got, &wide[i], 4);
      wrong += got != bits;
      wrong += std::isnan(wide[i]) ? (narrow[i] & 0x7fff) <= 0x7f80 : narrow[i] != i;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("floats and doubles round to the nearest half and bfloat") {
  std::vector<double> x = {0,
                           -0.0,
                           1e-9,
                           5.9604644775390625e-8,
                           2.98e-8,
                           2.9802322387695312e-8,
                           2.9802322387695313e-8 * 1.0000001,
                           65504,
                           65519.99,
                           65520,
                           1e6,
                           INFINITY,
                           -INFINITY,
                           6.1035e-5,
                           6.097555160522461e-05};
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) x.push_back(std::ldexp(double(int64_t(random())), int(random() % 45) - 63 - 28));
  for (int i = 0; i < 5000; ++i) {  // on and just beside the middle between two halves
    double middle = (half_value(uint16_t(i * 6)) + half_value(uint16_t(i * 6 + 1))) / 2;
    if (std::isfinite(middle)) x.insert(x.end(), {middle, std::nextafter(middle, 0.0), std::nextafter(middle, 1e9)});
  }
  std::vector<float> singles(x.begin(), x.end());
  for (const char* target : kTargets) {
    auto from_double = convert<uint16_t>(DType::f64, DType::f16, x, target);
    auto from_single = convert<uint16_t>(DType::f32, DType::f16, singles, target);
    auto bfloats = convert<uint16_t>(DType::f32, DType::bf16, singles, target);
    int wrong = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      wrong += from_double[i] != nearest_half(x[i]);
      wrong += from_single[i] != nearest_half(singles[i]);
      uint32_t bits;
      std::memcpy(&bits, &singles[i], 4);
      uint32_t low = bits & 0xffff, high = bits >> 16;
      wrong += bfloats[i] != uint16_t(high + (low > 0x8000 || (low == 0x8000 && (high & 1))));
    }
    CHECK(wrong == 0);
  }
}

namespace {

float float_of(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
uint32_t bits_of(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

/// Bit patterns of all kinds: any, ties and their neighbours, the smallest and the largest numbers, infinities, NaN.
std::vector<float> patterns() {
  std::vector<uint32_t> bits = {0, 1, 0x7fff, 0x8000, 0x8001, 0x7fffff, 0x800000, 0x7f7f7fff, 0x7f7f8000, 0x7f7fffff, 0x7f800000, 0x7f800001,
                                0x7f80ffff, 0x7fbfffff, 0x7fc00000, 0x7fffffff};
  std::mt19937 random(9);
  for (int i = 0; i < 40000; ++i) bits.push_back(random());
  for (int i = 0; i < 20000; ++i) bits.push_back((random() & 0xffff0000) | (0x7fff + random() % 3));
  for (int i = 0; i < 2000; ++i) bits.push_back(random() & 0x00ffffff);
  std::vector<float> values;
  for (uint32_t each : bits)
    for (uint32_t sign : {0U, 0x80000000U}) values.push_back(float_of(each ^ sign));
  return values;
}

/// The nearest bfloat16, ties to even, in double precision.
double nearest_bfloat(float x) {
  if (!std::isfinite(x) || x == 0) return x;
  const double unit = std::ldexp(1.0, std::max(std::ilogb(x), -126) - 7);
  const double rounded = std::nearbyint(x / unit) * unit;
  return std::fabs(rounded) >= 0x1p128 ? std::copysign(INFINITY, x) : rounded;
}

}  // namespace

TEST_CASE("a float's nearest bfloat, at every width; below 2^-126 it may be 0") {
  const std::vector<float> x = patterns();
  for (const char* target : kTargets)
    for (int lanes : {1, 4, 8, 16}) {
      CAPTURE(target);
      CAPTURE(lanes);
      const Compiled compiled(cast_plan(DType::f32, DType::f32, int(x.size()), lanes, Op::bfloat_part), {target});
      std::vector<float> z(x.size());
      REQUIRE(compiled.call({x.data()}, {z.data()}) == RONDO_OK);
      int wrong = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        const double want = nearest_bfloat(x[i]);
        if (std::isnan(want)) {
          wrong += !std::isnan(z[i]);
          continue;
        }
        const bool right = z[i] == want && std::signbit(z[i]) == std::signbit(x[i]);
        const bool shut = std::fabs(x[i]) < 0x1p-126F && z[i] == 0 && std::signbit(z[i]) == std::signbit(x[i]);
        wrong += !right && !shut;
        wrong += (bits_of(z[i]) & 0xffff) != 0;
      }
      CHECK(wrong == 0);
    }
}

TEST_CASE("what a bfloat was widened from is stored as it was, with and without a cast between") {
  // z = bf16(f32(x)), y = bf16(bfloat_part(f32)), in one kernel each.
  std::vector<uint16_t> all(65536);
  for (int i = 0; i < 65536; ++i) all[i] = uint16_t(i);
  for (const char* target : kTargets)
    for (int lanes : {1, 4, 8, 16}) {
      PlanBuilder p;
      const int n = int(all.size()), x = p.input("x", {DType::bf16, {n}}), z = p.output("z", {DType::bf16, {n}}), y = p.output("y", {DType::bf16, {n}});
      KernelBuilder k;
      k.kernel.parallel = {{0, n}};
      const int wide = k.apply(Op::cast, DType::f32, {k.load(DType::bf16, x, at({{0, 1}}))});
      k.store(k.apply(Op::cast, DType::bf16, {wide}), z, at({{0, 1}}));
      k.store(k.apply(Op::cast, DType::bf16, {k.apply(Op::bfloat_part, DType::f32, {wide})}), y, at({{0, 1}}));
      if (lanes > 1) k.kernel.schedule = {.vector_axis = 0, .lanes = lanes};
      p.run(k.kernel);
      const Compiled compiled(p.plan, {target});
      std::vector<uint16_t> zs(all.size()), ys(all.size());
      REQUIRE(compiled.call({all.data()}, {zs.data(), ys.data()}) == RONDO_OK);
      int wrong = 0;
      for (int i = 0; i < 65536; ++i) {
        const bool is_nan = (i & 0x7fff) > 0x7f80, small = (i & 0x7f80) == 0;
        wrong += is_nan ? (zs[i] & 0x7fff) <= 0x7f80 || (ys[i] & 0x7fff) <= 0x7f80
                        : zs[i] != i || (ys[i] != i && !(small && ys[i] == (i & 0x8000)));
      }
      CHECK(wrong == 0);
    }
}

TEST_CASE("operators on halves round each result to a half") {
  std::vector<uint16_t> x;
  for (int i = 0; i < 0x7c00; i += 7) x.push_back(uint16_t(i));
  for (const char* target : kTargets) {
    auto roots = convert<uint16_t>(DType::f16, DType::f16, x, target, Op::sqrt);
    int wrong = 0;
    for (size_t i = 0; i < x.size(); ++i) wrong += roots[i] != nearest_half(std::sqrt(half_value(x[i])));
    CHECK(wrong == 0);
  }
}

namespace {

template <class From, class To>
void check_cast(DType from, DType to) {
  std::vector<From> x = {0, 1, 2, 3, 100, 127, std::numeric_limits<From>::max(), std::numeric_limits<From>::lowest()};
  std::mt19937_64 random(5);
  for (int i = 0; i < 100; ++i) x.push_back(From(std::ldexp(double(int64_t(random())), -int(random() % 64))));
  std::vector<To> z = convert<To>(from, to, x, "");
  for (size_t i = 0; i < x.size(); ++i) {
    To want;
    if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
      double low = double(std::numeric_limits<To>::min()), high = std::ldexp(1.0, std::numeric_limits<To>::digits);
      want = double(x[i]) <= low    ? std::numeric_limits<To>::min()
             : double(x[i]) >= high ? std::numeric_limits<To>::max()
                                    : To(x[i]);
    } else {
      want = To(x[i]);
    }
    CAPTURE(+x[i]);
    CHECK(z[i] == want);
  }
}

template <class From>
void check_casts(DType from) {
  check_cast<From, int8_t>(from, DType::i8);
  check_cast<From, int16_t>(from, DType::i16);
  check_cast<From, int32_t>(from, DType::i32);
  check_cast<From, int64_t>(from, DType::i64);
  check_cast<From, uint8_t>(from, DType::u8);
  check_cast<From, uint16_t>(from, DType::u16);
  check_cast<From, uint32_t>(from, DType::u32);
  check_cast<From, uint64_t>(from, DType::u64);
  check_cast<From, float>(from, DType::f32);
  check_cast<From, double>(from, DType::f64);
}

}  // namespace

TEST_CASE("casts between integers and floats") {
  check_casts<int8_t>(DType::i8);
  check_casts<int32_t>(DType::i32);
  check_casts<int64_t>(DType::i64);
  check_casts<uint16_t>(DType::u16);
  check_casts<uint64_t>(DType::u64);
  check_casts<float>(DType::f32);
  check_casts<double>(DType::f64);
}

TEST_CASE("casts to and from booleans, and of NaN") {
  std::vector<float> x = {0, -0.0f, 1, -2, 1e-40f, NAN, INFINITY};
  CHECK(convert<uint8_t>(DType::f32, DType::boolean, x, "") == std::vector<uint8_t>{0, 0, 1, 1, 1, 1, 1});
  CHECK(convert<uint8_t>(DType::i64, DType::boolean, std::vector<int64_t>{0, 256, -1}, "") ==
        std::vector<uint8_t>{0, 1, 1});
  CHECK(convert<float>(DType::boolean, DType::f32, std::vector<uint8_t>{0, 1}, "") == std::vector<float>{0, 1});
  CHECK(convert<int64_t>(DType::boolean, DType::i64, std::vector<uint8_t>{0, 1}, "") == std::vector<int64_t>{0, 1});
  CHECK(convert<int32_t>(DType::f32, DType::i32, std::vector<float>{NAN}, "")[0] == 0);
}

}  // namespace rondo::test
