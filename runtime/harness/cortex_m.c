/* Start-up on Cortex-M without an operating system: vectors, memory, floating-point unit; text and the end of the
 * program go through semihosting, to an emulator or a debugger. */
#include "harness.h"

extern uint32_t image_stack[], image_bss[], image_bss_end[];

enum { kWrite0 = 0x04, kExit = 0x18, kExitExtended = 0x20 };
static int semihost(int operation, const void *argument) {
  register int r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void platform_write(const char *text, int count) {
  (void)count;
  semihost(kWrite0, text);
}

static void stop(int good) {
  semihost(kExit, (void *)(good ? 0x20026u : 0x20023u)); /* ADP_Stopped_ApplicationExit, ..._RunTimeErrorUnknown */
  for (;;) {
  }
}

static void fault(void) {
  semihost(kWrite0, "rondo-fault\n");
  stop(0);
}

__attribute__((used, noreturn)) void reset(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20; /* CPACR: the floating-point and vector units */
  __asm__ volatile("dsb\n isb");
#endif
  for (uint32_t *at = image_bss; at < image_bss_end; ++at) *at = 0;
  stop(harness() == 0);
  for (;;) {
  }
}

__attribute__((section(".vectors"), used)) void (*const vectors[16])(void) = {
    (void (*)(void))image_stack, reset, fault, fault, fault, fault, fault, fault,
    fault,                       fault, fault, fault, fault, fault, fault, fault};
