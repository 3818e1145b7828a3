// Math functions against libm in higher precision: at most 4 units in the last place, and C's special cases, on targets
// with and without fused multiply-add and rounding instructions.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kAllowed = 4;

template <class T>
constexpr DType dtype_of() {
  return sizeof(T) == 4 ? DType::f32 : DType::f64;
}

// z[i] = op(x[i]) or op(x[i], y[i]) for N elements.
template <class T>
Plan elementwise(Op op, int arity, int lanes) {
  Dim n = Dim::symbol("N");
  constexpr DType dtype = dtype_of<T>();
  PlanBuilder p;
  p.plan.symbols = {"N"};
  KernelBuilder k;
  std::vector<int> operands;
  for (int i = 0; i < arity; ++i)
    operands.push_back(k.load(dtype, p.input("x" + std::to_string(i), {dtype, {n}}), at({{0, 1}})));
  int z = p.output("z", {dtype, {n}});
  k.kernel.parallel = {{0, n}};
  k.store(k.apply(op, dtype, operands), z, at({{0, 1}}));
  if (lanes > 1) k.kernel.schedule = {.vector_axis = 0, .lanes = lanes};
  p.run(k.kernel);
  return p.plan;
}

// Distance of `got` from the true value, in units of the type's last place there. Overflow counts as the next number.
template <class T>
double ulps(T got, long double want) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : kInf;
  constexpr int digits = std::numeric_limits<T>::digits, top = std::numeric_limits<T>::max_exponent;
  constexpr int bottom = std::numeric_limits<T>::min_exponent - digits;
  if (std::isinf(want)) return std::isinf(got) && (got > 0) == (want > 0) ? 0 : kInf;
  auto finite = [&](long double v) { return std::isinf(v) ? std::copysign(std::ldexp(1.0L, top), v) : v; };
  int exponent = want == 0 ? bottom : std::max(std::ilogb(want) + 1 - digits, bottom);
  exponent = std::min(exponent, top - digits);
  if (std::isinf(got) && std::fabs(want) > std::ldexp(1.0L, top)) return (got > 0) == (want > 0) ? 0 : kInf;
  return double(std::ldexp(std::fabs(finite(got) - want), -exponent));
}

template <class T>
using Function = long double (*)(T);

struct Op1 {
  Op op;
  double (*in_double)(double);
  long double (*in_long)(long double);
};
double sigmoid_double(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
long double sigmoid_long(long double x) { return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x)); }

const Op1 kOps[] = {{Op::exp, std::exp, expl},    {Op::expm1, std::expm1, expm1l},
                    {Op::log, std::log, logl},    {Op::log1p, std::log1p, log1pl},
                    {Op::tanh, std::tanh, tanhl}, {Op::sigmoid, sigmoid_double, sigmoid_long},
                    {Op::erf, std::erf, erfl},    {Op::sqrt, std::sqrt, sqrtl},
                    {Op::sin, std::sin, sinl},    {Op::cos, std::cos, cosl},
                    {Op::atan, std::atan, atanl}};

const char* const kTargets[] = {"", "x86-64", "x86-64-v3"};

bool runs_here(const std::string& target) {
  if (target == "x86-64-v3") return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return true;
}

template <class T>
std::vector<T> special_values() {
  using limits = std::numeric_limits<T>;
  std::vector<T> values = {0,
                           1,
                           2,
                           3,
                           T(0.5),
                           T(0.25),
                           limits::min(),
                           limits::denorm_min(),
                           limits::max(),
                           limits::epsilon(),
                           limits::infinity(),
                           T(88.7228),
                           T(88.7229),
                           T(88),
                           T(103.97),
                           T(104),
                           T(745.13),
                           T(709.78),
                           T(710),
                           T(0.34657359),
                           T(0.6931472),
                           T(1.0397208),
                           T(9.01),
                           T(19.06),
                           T(3.9),
                           T(5.9),
                           T(0.999999),
                           T(1.000001)};
  size_t count = values.size();
  for (size_t i = 0; i < count; ++i) {
    values.push_back(std::nextafter(values[i], T(0)));
    values.push_back(std::nextafter(values[i], limits::infinity()));
  }
  count = values.size();
  for (size_t i = 0; i < count; ++i) values.push_back(-values[i]);
  values.push_back(limits::quiet_NaN());
  return values;
}

float float_of(uint32_t bits) {
  float f;
  std::memcpy(&f, &bits, 4);
  return f;
}

template <class T, class Reference>
void check_values(const Compiled& compiled, const std::vector<T>& x, Reference reference, const std::string& what) {
  std::vector<T> z(x.size());
  REQUIRE(compiled.call({x.data()}, {z.data()}, {int64_t(x.size())}) == RONDO_OK);
  double worst = -1;
  size_t where = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    long double want = reference(x[i]);
    double distance = ulps(z[i], want);
    if (want == 0 && z[i] == 0 && std::signbit(want) != std::signbit(z[i])) distance = kInf;
    if (distance > worst) worst = distance, where = i;
  }
  std::string place = fmt::format("{}: {:.3f} ulp at {:a}: {:a}", what, worst, double(x[where]), double(z[where]));
  if (std::getenv("RONDO_SHOW_ULPS")) std::puts(place.c_str());
  CAPTURE(place);
  CHECK(worst <= kAllowed);
}

}  // namespace

TEST_CASE("float32 functions over the whole range") {
  std::vector<float> x = special_values<float>();
  uint32_t step = 1021;  // odd, so that the low bits vary
  if (const char* dense = std::getenv("RONDO_MATH_STEP")) step = uint32_t(std::atoi(dense));
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += step) x.push_back(float_of(uint32_t(bits)));
  for (const Op1& op : kOps)
    for (const char* target : kTargets)
      if (runs_here(target)) {
        Compiled compiled(elementwise<float>(op.op, 1, 16), {target});
        check_values(
            compiled, x, [&](float v) -> long double { return op.in_double(v); },
            fmt::format("{} f32 '{}'", info(op.op).word, target));
      }
}

TEST_CASE("float64 functions: random values of every size, and special ones") {
  std::vector<double> x = special_values<double>();
  std::mt19937_64 random(7);
  for (int i = 0; i < 60000; ++i) {
    double significand = 1 + double(random() >> 12) * 0x1p-52;
    int exponent = i % 3 == 0 ? int(random() % 2098) - 1074 : int(random() % 24) - 14;
    x.push_back(std::ldexp(random() % 2 ? significand : -significand, exponent));
  }
  auto uniform = [&] { return double(random() >> 11) * 0x1p-53 - 0.5; };
  for (int i = 0; i < 20000; ++i) x.push_back(uniform() * 1500);
  for (int i = 0; i < 200000; ++i) x.push_back(uniform() * 5);  // where the functions turn
  for (const Op1& op : kOps)
    for (const char* target : kTargets)
      if (runs_here(target)) {
        Compiled compiled(elementwise<double>(op.op, 1, 8), {target});
        check_values(
            compiled, x, [&](double v) -> long double { return op.in_long(v); },
            fmt::format("{} f64 '{}'", info(op.op).word, target));
      }
}

namespace {

template <class T>
void check_pow(const char* target, std::vector<T> x, std::vector<T> y) {
  Compiled compiled(elementwise<T>(Op::pow, 2, sizeof(T) == 4 ? 16 : 8), {target});
  std::vector<T> z(x.size());
  REQUIRE(compiled.call({x.data(), y.data()}, {z.data()}, {int64_t(x.size())}) == RONDO_OK);
  double worst = -1;
  size_t where = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    long double want = powl(x[i], y[i]);
    double distance = ulps(z[i], want);
    if (std::isfinite(want) && std::signbit(want) != std::signbit(z[i]) && !(want == 0 && z[i] != 0)) distance = kInf;
    if (distance > worst) worst = distance, where = i;
  }
  std::string place = fmt::format("pow f{} '{}': {:.3f} ulp at {:a}, {:a}: {:a}", sizeof(T) * 8, target, worst,
                                  double(x[where]), double(y[where]), double(z[where]));
  if (std::getenv("RONDO_SHOW_ULPS")) std::puts(place.c_str());
  CAPTURE(place);
  CHECK(worst <= kAllowed);
}

template <class T>
void check_pow_everywhere() {
  std::vector<T> x, y, values = special_values<T>();
  for (T v : {T(-7), T(-3), T(-2.5), T(3), T(1e10), T(16777217), T(9007199254740993.0), T(-1), T(1)})
    values.push_back(v);
  for (T a : values)
    for (T b : values) x.push_back(a), y.push_back(b);
  std::mt19937_64 random(11);
  auto uniform = [&](double low, double high) { return low + (high - low) * double(random() >> 11) * 0x1p-53; };
  for (int i = 0; i < 40000; ++i) {
    double exponent = uniform(-12, 12);
    T base = T(i % 4 == 0 ? 1 + uniform(-1e-3, 1e-3) : std::exp2(exponent));
    // The result's logarithm is spread over the type's range and a little beyond.
    double size = uniform(-1.1, 1.1) * std::numeric_limits<T>::max_exponent;
    T power = T(i % 3 == 0 ? uniform(-5, 5) : size / std::log2(double(base)));
    if (i % 7 == 0) power = T(std::round(uniform(-9, 9)));
    x.push_back(i % 5 == 0 ? -base : base), y.push_back(power);
  }
  for (const char* target : kTargets)
    if (runs_here(target)) check_pow<T>(target, x, y);
}

template <class T>
void check_exact(Op op, T (*reference)(T, T), bool two, const char* target) {
  std::vector<T> x, y, values = special_values<T>();
  std::mt19937_64 random(13);
  for (T a : values)
    for (T b : values) x.push_back(a), y.push_back(b);
  for (int i = 0; i < 20000; ++i) {
    x.push_back(T((double(random() % 20001) - 10000) / (i % 4 == 0 ? 2 : 64)));
    y.push_back(T((double(random() % 2001) - 1000) / 32));
    x.push_back(T(std::ldexp(double(random() >> 11), int(random() % 120) - 100)));
    y.push_back(T(std::ldexp(double(random() >> 11), int(random() % 90) - 110)));
  }
  Compiled compiled(elementwise<T>(op, two ? 2 : 1, 8), {target});
  std::vector<T> z(x.size());
  std::vector<const void*> inputs = {x.data(), y.data()};
  inputs.resize(two ? 2 : 1);
  REQUIRE(compiled.call(inputs, {z.data()}, {int64_t(x.size())}) == RONDO_OK);
  int wrong = 0;
  std::string place;
  for (size_t i = 0; i < x.size(); ++i) {
    T want = reference(x[i], y[i]);
    bool same = std::isnan(want) ? std::isnan(z[i]) : z[i] == want && std::signbit(z[i]) == std::signbit(want);
    if (!same && wrong++ == 0)
      place = fmt::format("{} '{}' {:a} {:a}: {:a}, not {:a}", info(op).word, target, double(x[i]), double(y[i]),
                          double(z[i]), double(want));
  }
  CAPTURE(place);
  CHECK(wrong == 0);
}

template <class T>
void check_exact_functions(const char* target) {
  check_exact<T>(
      Op::floor, [](T a, T) { return std::floor(a); }, false, target);
  check_exact<T>(
      Op::ceil, [](T a, T) { return std::ceil(a); }, false, target);
  check_exact<T>(
      Op::round, [](T a, T) { return std::nearbyint(a); }, false, target);
  check_exact<T>(
      Op::sqrt, [](T a, T) { return std::sqrt(a); }, false, target);
  check_exact<T>(
      Op::remainder, [](T a, T b) { return std::fmod(a, b); }, true, target);
}

}  // namespace

TEST_CASE("pow, with all of C's special cases") {
  check_pow_everywhere<float>();
  check_pow_everywhere<double>();
}

TEST_CASE("floor, ceil, round, square root and remainder are exact") {
  for (const char* target : kTargets)
    if (runs_here(target)) check_exact_functions<float>(target), check_exact_functions<double>(target);
}

}  // namespace rondo::test
