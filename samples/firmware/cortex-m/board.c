/* Start-up on a Cortex-M: vectors, memory, floating-point unit; text and the exit code go through semihosting, to QEMU
 * or a debugger. */
#include "board.h"

#include <stdint.h>

extern char data_start[], data_end[], data_image[], bss_start[], bss_end[];
int main(void);
void stack_top(void); /* not a function: the address that the processor takes as its first stack pointer */
void reset(void);

enum { kWrite0 = 0x04, kExit = 0x18, kGoodExit = 0x20026, kBadExit = 0x20023 };
static void semihost(int operation, const void *argument) {
  register int r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

static void stop(int code) {
  for (;;) semihost(kExit, (const void *)(uintptr_t)(code == 0 ? kGoodExit : kBadExit));
}

static void fault(void) {
  print("fault\n");
  stop(1);
}

void reset(void) {
  *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20; /* CPACR: the floating-point unit is on */
  __asm__ volatile("dsb\n isb");
  for (volatile char *to = data_start, *from = data_image; to < (volatile char *)data_end;) *to++ = *from++;
  for (volatile char *to = bss_start; to < (volatile char *)bss_end;) *to++ = 0;
  stop(main());
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    stack_top, reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault};

void print(const char *text) { semihost(kWrite0, text); }
