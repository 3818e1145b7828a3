/* Between the harness and what it stands on. */
#ifndef RONDO_HARNESS_H
#define RONDO_HARNESS_H

#include <stddef.h>
#include <stdint.h>

/* Of a start-up file: writes text that ends with a null, `count` characters before it. */
void platform_write(const char *text, int count);

/* Called by the start-up file, once memory is ready and the floating-point unit on; returns the exit code. */
int harness(void);

void bench_begin(void);
void bench_end(void);

struct region {
  size_t at, bytes;
};
struct initial {
  size_t to, from, bytes;
};

#endif
