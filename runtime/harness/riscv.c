/* Start-up on RISC-V without an operating system, in machine mode, on the memory map of QEMU's virt: text goes to the
 * serial port, and a word to the test device ends the program. */
#include "harness.h"

__asm__(
    ".section .start, \"ax\"\n"
    ".globl _start\n"
    "_start:\n"
    ".option push\n.option norelax\n  lla gp, __global_pointer$\n.option pop\n"
    "  lla sp, image_stack\n"
    "  lla t0, trap\n  csrw mtvec, t0\n"
    "  li t0, 0x6600\n  csrs mstatus, t0\n" /* floating-point and vector registers */
    "  call enter\n"
    ".balign 4\n"
    "trap:\n  call fault\n"
    ".text\n");

extern uint32_t image_bss[], image_bss_end[];

void platform_write(const char *text, int count) {
  while (count--) *(volatile unsigned char *)0x10000000 = (unsigned char)*text++;
}

__attribute__((used, noreturn)) static void stop(uint32_t code) {
  for (;;) *(volatile uint32_t *)0x100000 = code;
}

__attribute__((used, noreturn)) void fault(void) {
  platform_write("rondo-fault\n", 12);
  stop(0x13333);
}

__attribute__((used, noreturn)) void enter(void) {
  for (uint32_t *at = image_bss; at < image_bss_end; ++at) *at = 0;
  stop(harness() == 0 ? 0x5555 : 0x13333);
}
