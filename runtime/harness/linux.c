/* Start-up on Linux, without a C library: _start, and the system calls write and exit. */
#include "harness.h"

static long system_call(long number, long a, long b, long c) {
#if defined(__x86_64__)
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x8) : "memory");
  return x0;
#elif defined(__riscv)
  register long a7 __asm__("a7") = number, a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
  return a0;
#elif defined(__arm__)
  register long r7 __asm__("r7") = number, r0 __asm__("r0") = a, r1 __asm__("r1") = b, r2 __asm__("r2") = c;
  __asm__ volatile("svc 0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r7) : "memory");
  return r0;
#else
#error "the harness knows Linux on x86-64, AArch64, ARM and RISC-V"
#endif
}

#if defined(__x86_64__)
enum { kWrite = 1, kExit = 60 };
__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  and $-64, %rsp\n  call enter\n");
#elif defined(__aarch64__)
enum { kWrite = 64, kExit = 93 };
__asm__(".globl _start\n_start:\n  bl enter\n");
#elif defined(__riscv)
enum { kWrite = 64, kExit = 93 };
__asm__(
    ".globl _start\n_start:\n.option push\n.option norelax\n  lla gp, __global_pointer$\n.option pop\n"
    "  andi sp, sp, -64\n  call enter\n");
#else
enum { kWrite = 4, kExit = 1 };
__asm__(".arm\n.globl _start\n_start:\n  bic sp, sp, #63\n  bl enter\n");
#endif

void platform_write(const char *text, int count) {
  for (long put = 0; put < count;) {
    long got = system_call(kWrite, 1, (long)(text + put), count - put);
    if (got <= 0) return;
    put += got;
  }
}

__attribute__((used, noreturn)) void enter(void) {
  int code = harness();
  for (;;) system_call(kExit, code, 0, 0);
}
