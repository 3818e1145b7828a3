// The harness's floating-point helpers against this machine's own arithmetic, bit for bit.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <random>

#pragma GCC diagnostic ignored "-Wunused-function"
#include "runtime/harness/soft_float.c"

namespace {

template <class To, class From>
To bits(From value) {
  To result;
  static_assert(sizeof(To) == sizeof(From));
  std::memcpy(&result, &value, sizeof result);
  return result;
}

/// Values near each other and at the edges as often as any.
template <class U>
U operand(std::mt19937_64& random, int mantissa) {
  const U any = static_cast<U>(random()), sign = static_cast<U>(random() & 1) << (sizeof(U) * 8 - 1);
  const U exponents = (~U{0} >> (mantissa + 1)), one = (exponents >> 1) << mantissa;
  switch (random() % 6) {
    case 0: return any;
    case 1: return sign | (any & ((U{1} << mantissa) - 1));                  // denormal
    case 2: return sign | (exponents << mantissa) | (random() % 2 ? 0 : any & 3);  // infinite, or not a number
    case 3: return sign | (any & 7);
    case 4: return sign | (one + (any % 64) - 32);
    default: return sign | ((one >> mantissa << mantissa) + (any & ((U{16} << mantissa) - 1)) - (U{8} << mantissa));
  }
}

template <class F, class U>
bool same(U got, F want) {
  return std::isnan(want) ? std::isnan(bits<F>(got)) : got == bits<U>(want);
}

}  // namespace

TEST_CASE("single precision in integers") {
  std::mt19937_64 random(1);
  int wrong = 0;
  for (int i = 0; i < 400000; ++i) {
    const uint32_t a = operand<uint32_t>(random, 23), b = operand<uint32_t>(random, 23);
    const float x = bits<float>(a), y = bits<float>(b);
    wrong += !same(add_32(a, b), x + y) || !same(subtract_32(a, b), x - y) || !same(multiply_32(a, b), x * y) ||
             !same(divide_32(a, b), x / y);
    wrong += order_32(a, b) != (std::isunordered(x, y) ? 2 : x < y ? -1 : x > y);
    wrong += !same(widen(a), static_cast<double>(x));
    wrong += !same(from_signed_32(static_cast<int32_t>(a)), static_cast<float>(static_cast<int32_t>(a)));
    wrong += !same(from_unsigned_32(0, a), static_cast<float>(a));
    if (std::fabs(x) < 2147483520.0f) wrong += to_signed_32(a) != static_cast<int32_t>(x);
    if (x >= 0 && x < 4294967040.0f) wrong += to_unsigned_32(a) != static_cast<uint32_t>(x);
  }
  CHECK(wrong == 0);
}

TEST_CASE("double precision in integers") {
  std::mt19937_64 random(2);
  int wrong = 0;
  for (int i = 0; i < 400000; ++i) {
    const uint64_t a = operand<uint64_t>(random, 52), b = operand<uint64_t>(random, 52);
    const double x = bits<double>(a), y = bits<double>(b);
    wrong += !same(add_64(a, b), x + y) || !same(subtract_64(a, b), x - y) || !same(multiply_64(a, b), x * y) ||
             !same(divide_64(a, b), x / y);
    wrong += order_64(a, b) != (std::isunordered(x, y) ? 2 : x < y ? -1 : x > y);
    wrong += !same(narrow(a), static_cast<float>(x));
    wrong += !same(from_signed_64(static_cast<int32_t>(a)), static_cast<double>(static_cast<int32_t>(a)));
    wrong += multiply_long(a, b) != a * b;
    if (std::fabs(x) < 2147483647.0) wrong += to_signed_64(a) != static_cast<int32_t>(x);
  }
  // Doubles that round to denormal and to the largest floats.
  for (int i = 0; i < 100000; ++i) {
    const double x = std::ldexp(1 + static_cast<double>(random()) / 18446744073709551616.0, -127 - int(random() % 26));
    wrong += !same(narrow(bits<uint64_t>(x)), static_cast<float>(x));
    const double y = std::ldexp(1 + static_cast<double>(random() >> 38) / 67108864.0, 127);
    wrong += !same(narrow(bits<uint64_t>(y)), static_cast<float>(y));
  }
  CHECK(wrong == 0);
}
