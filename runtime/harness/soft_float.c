/* The helpers that the ABIs of ARM and RISC-V name for arithmetic which a processor lacks, so that images link without
 * a compiler's own library. Correctly rounded. Weak: another library's are taken where there is one. */
#include <stdint.h>

#define OUTLINE __attribute__((noinline)) /* small code is compiled sooner */

OUTLINE static uint64_t product32(uint32_t a, uint32_t b) {
  uint32_t low = (a & 0xffff) * (b & 0xffff), high = (a >> 16) * (b >> 16);
  uint32_t first = (a >> 16) * (b & 0xffff), second = (a & 0xffff) * (b >> 16);
  uint32_t middle = (low >> 16) + (first & 0xffff) + (second & 0xffff);
  high += (first >> 16) + (second >> 16) + (middle >> 16);
  return (uint64_t)high << 32 | (middle << 16 | (low & 0xffff));
}

static uint64_t product64(uint64_t a, uint64_t b, uint64_t *low) {
  uint64_t ll = product32((uint32_t)a, (uint32_t)b), hl = product32((uint32_t)(a >> 32), (uint32_t)b);
  uint64_t lh = product32((uint32_t)a, (uint32_t)(b >> 32)), hh = product32((uint32_t)(a >> 32), (uint32_t)(b >> 32));
  uint64_t middle = (ll >> 32) + (uint32_t)hl + (uint32_t)lh;
  *low = middle << 32 | (uint32_t)ll;
  return hh + (hl >> 32) + (lh >> 32) + (middle >> 32);
}

#define NAME(x) x##_32
#define U uint32_t
#define BITS 32
#define MANTISSA 23
#define PRODUCT(a, b, high, low) \
  do {                           \
    uint64_t all = product32(a, b); \
    (high) = (uint32_t)(all >> 32); \
    (low) = (uint32_t)all;          \
  } while (0)
#include "soft_float.inc"

#define NAME(x) x##_64
#define U uint64_t
#define BITS 64
#define MANTISSA 52
#define PRODUCT(a, b, high, low) ((high) = product64(a, b, &(low)))
#include "soft_float.inc"

static uint64_t widen(uint32_t a) {
  uint64_t sign = (uint64_t)(a & 0x80000000u) << 32;
  if (is_nan_32(a)) return 0x7ff8000000000000u;
  if (exponent_of_32(a) == 255) return sign | 0x7ff0000000000000u;
  if (!(a << 1)) return sign;
  int exponent;
  uint64_t s = (uint64_t)unpack_32(a, &exponent) << 32;
  return pack_64(sign, exponent + 1023 - 127, s);
}

static uint32_t narrow(uint64_t a) {
  uint32_t sign = (uint32_t)(a >> 32) & 0x80000000u;
  if (is_nan_64(a)) return 0x7fc00000u;
  if (exponent_of_64(a) == 2047) return sign | 0x7f800000u;
  if (!(a << 1)) return sign;
  int exponent;
  uint64_t s = unpack_64(a, &exponent);
  return pack_32(sign, exponent - 1023 + 127, (uint32_t)(s >> 32) | ((uint32_t)s != 0));
}

static uint64_t multiply_long(uint64_t a, uint64_t b) {
  return product32((uint32_t)a, (uint32_t)b) +
         ((uint64_t)((uint32_t)a * (uint32_t)(b >> 32) + (uint32_t)(a >> 32) * (uint32_t)b) << 32);
}

#define HELPER __attribute__((weak, used))
#if defined(__arm__)
#define ABI HELPER __attribute__((pcs("aapcs")))
#define ARITHMETIC(u, letter, bits)                                                   \
  ABI u __aeabi_##letter##add(u a, u b) { return add_##bits(a, b); }                  \
  ABI u __aeabi_##letter##sub(u a, u b) { return subtract_##bits(a, b); }             \
  ABI u __aeabi_##letter##rsub(u a, u b) { return subtract_##bits(b, a); }            \
  ABI u __aeabi_##letter##mul(u a, u b) { return multiply_##bits(a, b); }             \
  ABI u __aeabi_##letter##div(u a, u b) { return divide_##bits(a, b); }               \
  ABI int __aeabi_##letter##cmpeq(u a, u b) { return order_##bits(a, b) == 0; }       \
  ABI int __aeabi_##letter##cmplt(u a, u b) { return order_##bits(a, b) == -1; }      \
  ABI int __aeabi_##letter##cmple(u a, u b) { return order_##bits(a, b) <= 0; }       \
  ABI int __aeabi_##letter##cmpgt(u a, u b) { return order_##bits(a, b) == 1; }       \
  ABI int __aeabi_##letter##cmpge(u a, u b) { return (unsigned)order_##bits(a, b) <= 1; }       \
  ABI int __aeabi_##letter##cmpun(u a, u b) { return order_##bits(a, b) == 2; }       \
  ABI u __aeabi_i2##letter(int32_t a) { return from_signed_##bits(a); }               \
  ABI u __aeabi_ui2##letter(uint32_t a) { return from_unsigned_##bits(0, a); }        \
  ABI int32_t __aeabi_##letter##2iz(u a) { return to_signed_##bits(a); }              \
  ABI uint32_t __aeabi_##letter##2uiz(u a) { return to_unsigned_##bits(a); }
ARITHMETIC(uint32_t, f, 32)
ARITHMETIC(uint64_t, d, 64)
ABI uint64_t __aeabi_f2d(uint32_t a) { return widen(a); }
ABI uint32_t __aeabi_d2f(uint64_t a) { return narrow(a); }
ABI uint64_t __aeabi_lmul(uint64_t a, uint64_t b) { return multiply_long(a, b); }
ABI uint64_t __aeabi_llsl(uint64_t a, int count) {
  uint32_t low = (uint32_t)a, high = (uint32_t)(a >> 32);
  if (count >= 32) return (uint64_t)(low << (count - 32)) << 32;
  return count ? (uint64_t)(high << count | low >> (32 - count)) << 32 | low << count : a;
}
ABI uint64_t __aeabi_llsr(uint64_t a, int count) {
  uint32_t low = (uint32_t)a, high = (uint32_t)(a >> 32);
  if (count >= 32) return high >> (count - 32);
  return count ? (uint64_t)(high >> count) << 32 | (low >> count | high << (32 - count)) : a;
}
ABI int64_t __aeabi_lasr(int64_t a, int count) {
  uint32_t low = (uint32_t)a;
  int32_t high = (int32_t)(a >> 32);
  if (count >= 32) return (int64_t)((uint64_t)(uint32_t)(high >> 31) << 32 | (uint32_t)(high >> (count - 32)));
  return count ? (int64_t)((uint64_t)(uint32_t)(high >> count) << 32 | (low >> count | (uint32_t)high << (32 - count)))
               : a;
}
#elif defined(__riscv)
#define ARITHMETIC(u, letters, bits)                                                    \
  HELPER u __add##letters##3(u a, u b) { return add_##bits(a, b); }                              \
  HELPER u __sub##letters##3(u a, u b) { return subtract_##bits(a, b); }                         \
  HELPER u __mul##letters##3(u a, u b) { return multiply_##bits(a, b); }                         \
  HELPER u __div##letters##3(u a, u b) { return divide_##bits(a, b); }                           \
  HELPER int __eq##letters##2(u a, u b) { return order_##bits(a, b); }                           \
  HELPER int __ne##letters##2(u a, u b) { return order_##bits(a, b); }                           \
  HELPER int __lt##letters##2(u a, u b) { return order_##bits(a, b); }                           \
  HELPER int __le##letters##2(u a, u b) { return order_##bits(a, b); }                           \
  HELPER int __gt##letters##2(u a, u b) { return order_##bits(a, b) == 2 ? -1 : order_##bits(a, b); } \
  HELPER int __ge##letters##2(u a, u b) { return order_##bits(a, b) == 2 ? -1 : order_##bits(a, b); } \
  HELPER int __unord##letters##2(u a, u b) { return order_##bits(a, b) == 2; }                   \
  HELPER u __floatsi##letters(int32_t a) { return from_signed_##bits(a); }                       \
  HELPER u __floatunsi##letters(uint32_t a) { return from_unsigned_##bits(0, a); }               \
  HELPER int32_t __fix##letters##si(u a) { return to_signed_##bits(a); }                         \
  HELPER uint32_t __fixuns##letters##si(u a) { return to_unsigned_##bits(a); }
#if !defined(__riscv_f)
ARITHMETIC(uint32_t, sf, 32)
#endif
#if !defined(__riscv_d)
ARITHMETIC(uint64_t, df, 64)
HELPER uint64_t __extendsfdf2(uint32_t a) { return widen(a); }
HELPER uint32_t __truncdfsf2(uint64_t a) { return narrow(a); }
#endif
HELPER uint64_t __muldi3(uint64_t a, uint64_t b) { return multiply_long(a, b); }
#endif
