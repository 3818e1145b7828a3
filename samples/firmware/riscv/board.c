/* Start-up on QEMU's machine "virt": stack, memory, floating point; text through the serial port; what main returns is
 * the exit code of QEMU. */
#include "board.h"

__asm__(
    ".section .start, \"ax\"\n"
    ".globl _start\n"
    "_start:\n"
    ".option push\n.option norelax\n  la gp, __global_pointer$\n.option pop\n"
    "  la sp, stack_top\n"
    "  la t0, trap\n  csrw mtvec, t0\n"
    "  li t0, 0x2000\n  csrs mstatus, t0\n" /* FS: the floating-point registers are on */
    "  call start\n"
    ".balign 4\n"
    "trap:\n  li a0, 1\n  call stop\n"
    ".text\n");

extern char data_start[], data_end[], data_image[], bss_start[], bss_end[];
int main(void);

__attribute__((used, noreturn)) void stop(int code) {
  for (;;) *(volatile unsigned *)0x100000 = code == 0 ? 0x5555u : (unsigned)code << 16 | 0x3333u;
}

__attribute__((used, noreturn)) void start(void) {
  for (volatile char *to = data_start, *from = data_image; to < (volatile char *)data_end;) *to++ = *from++;
  for (volatile char *to = bss_start; to < (volatile char *)bss_end;) *to++ = 0;
  stop(main());
}

void print(const char *text) {
  while (*text) *(volatile unsigned char *)0x10000000 = (unsigned char)*text++;
}
