/* A program with nothing beneath it but the kernel of x86-64 Linux: no C library, no start files, its own _start.
 * Streams the period of a triangle wave through the compiled samples/sine.onnx and writes each output, in millionths,
 * as text.
 *
 *   rondo compile samples/sine.onnx -o sine.o --dim=time=1 --state=h0=hn --state=c0=cn
 *   cc -nostdlib -ffreestanding -static samples/freestanding.c sine.o -o freestanding */
#include "sine.h"

static _Alignas(RONDO_ALIGNMENT) char state[SINE_STATE_BYTES], scratch[SINE_SCRATCH_BYTES + 1];

static long system_call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

static void write_number(long value) {
  char text[24], *at = text + sizeof text;
  unsigned long rest = value < 0 ? 0ul - (unsigned long)value : (unsigned long)value;
  *--at = '\n';
  do *--at = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) *--at = '-';
  system_call(1, 1, (long)at, text + sizeof text - at); /* write */
}

__attribute__((noreturn, force_align_arg_pointer)) void _start(void) {
  int status = sine_reset(state, NULL);
  for (int t = 0; t < 24 && status == RONDO_OK; ++t) {
    float x = (float)(t < 12 ? t - 6 : 18 - t) / 8, y;
    status = sine_step(state, &x, &y, scratch);
    write_number((long)(y * 1e6f));
  }
  for (;;) system_call(60, status, 0, 0); /* exit */
}
