/* Plays a recorded job through a compiled model on its own processor, without a C library, and writes what it computes
 * as text: `rondo verify --runner` builds it for a target, links it with the model's object and a start-up file
 * (linux.c, cortex_m.c, riscv.c), and reads the text back.
 *
 *   rondo-begin
 *   lines of hexadecimal bytes: the outputs of each step, then the state
 *   rondo-end STATUS SUM          both hexadecimal; SUM: of all bytes
 *
 * Memory is filled with NaN patterns before use and has marked bytes around it, so that a model that reads what it has
 * not written, or writes outside, does not go unnoticed. job.h, generated, says what there is. */
#include "harness.h"

#include "job.h"

enum { kGuard = 64, kGuardByte = 0xa5, kPoison = 0xff, kOutside = 0x100 };

__asm__(".section .job, \"a\", %progbits\n"
        ".balign 64\n"
        ".globl job_data\n"
        "job_data:\n"
        ".incbin \"" JOB_DATA "\"\n"
        ".byte 0\n"
        ".text\n");
extern const unsigned char job_data[];

/* Scratch, state and outputs, guards between them; job.h's regions say where. */
static unsigned char memory[JOB_MEMORY] __attribute__((aligned(64), section(".bss.job_memory")));
static uint32_t sum;
static char line[68];
static int filled;

void *memset(void *to, int byte, size_t count) {
  for (volatile unsigned char *at = to; count--;) *at++ = (unsigned char)byte;
  return to;
}

void *memcpy(void *to, const void *from, size_t count) {
  volatile unsigned char *at = to;
  for (const unsigned char *next = from; count--;) *at++ = *next++;
  return to;
}

static void put_line(void) {
  line[filled++] = '\n';
  line[filled] = 0;
  platform_write(line, filled);
  filled = 0;
}

static void put_hex(uint32_t value, int digits) {
  while (digits--) line[filled++] = "0123456789abcdef"[value >> (4 * digits) & 15];
}

static void put_text(const char *text) {
  while (*text) line[filled++] = *text++;
}

static void put_bytes(const unsigned char *bytes, size_t count) {
  for (; count--; ++bytes) {
    sum = sum * 31 + *bytes;
    put_hex(*bytes, 2);
    if (filled >= 64) put_line();
  }
}

static int whole(const struct region *region) {
  const unsigned char *before = memory + region->at - kGuard, *after = memory + region->at + region->bytes;
  for (int i = 0; i < kGuard; ++i)
    if (before[i] != kGuardByte || after[i] != kGuardByte) return 0;
  return 1;
}

static int guards_are_whole(void) {
  int good = 1;
  for (int i = 0; i < JOB_REGIONS; ++i) good &= whole(&job_regions[i]);
  return good;
}

static void poison(const struct region *region) { memset(memory + region->at, kPoison, region->bytes); }

static const void *constants(void) { return JOB_CONSTANTS >= 0 ? job_data + JOB_CONSTANTS : NULL; }

static int start(void) {
  memset(memory, kGuardByte, sizeof memory);
  for (int i = 0; i < JOB_REGIONS; ++i) poison(&job_regions[i]);
  if (!JOB_STATE_BYTES) return 0;
  int status = JOB_RESET(memory + job_regions[1].at, -1, constants(), job_dims);
  for (int i = 0; i < JOB_STATES; ++i)
    memcpy(memory + job_regions[1].at + job_states[i].to, job_data + job_states[i].from, job_states[i].bytes);
  return status;
}

static int step(const unsigned char *data) {
  const void *inputs[JOB_INPUTS + 1];
  void *outputs[JOB_OUTPUTS + 1];
  for (int i = 0; i < JOB_INPUTS; ++i) inputs[i] = data + job_inputs[i];
  for (int i = 0; i < JOB_OUTPUTS; ++i) outputs[i] = memory + job_regions[2 + i].at, poison(&job_regions[2 + i]);
  poison(&job_regions[0]);
  rondo_call call = {inputs,
                     outputs,
                     job_dims,
                     JOB_STATE_BYTES ? memory + job_regions[1].at : NULL,
                     memory + job_regions[0].at,
                     constants(),
                     NULL};
  bench_begin();
  int status = JOB_CALL(&call);
  bench_end();
  return status;
}

/* An instruction counter watches these two. */
__attribute__((noinline)) void bench_begin(void) { __asm__ volatile(""); }
__attribute__((noinline)) void bench_end(void) { __asm__ volatile(""); }

int harness(void) {
  int status = start();
  put_text("rondo-begin");
  put_line();
  for (int64_t t = 0; t < JOB_STEPS && status == 0; ++t) {
    status = step(job_data + JOB_FIRST_STEP + (size_t)t * JOB_STEP_BYTES);
    if (!guards_are_whole()) status = kOutside;
    for (int i = 0; i < JOB_OUTPUTS && status == 0; ++i)
      put_bytes(memory + job_regions[2 + i].at, job_regions[2 + i].bytes);
  }
  if (status == 0) put_bytes(memory + job_regions[1].at, job_regions[1].bytes);
  if (filled) put_line();
  put_text("rondo-end ");
  put_hex((uint32_t)status, 8);
  put_text(" ");
  put_hex(sum, 8);
  put_line();
  return status != 0;
}
