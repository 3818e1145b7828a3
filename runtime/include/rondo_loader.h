/* The loader: opens a compiled model (.so) by its reflection record, without its generated header. C11.
 *
 *     rondo_library library;
 *     char reason[256];
 *     if (rondo_open(&library, "./sine.so", "sine", reason, sizeof reason)) library.model->call(...);
 *     rondo_close(&library);
 *
 * Tested by tests/driver/loader_test.cpp. */
#ifndef RONDO_LOADER_H
#define RONDO_LOADER_H

#include "rondo.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct rondo_library {
  void *handle;             /* of the shared library */
  const rondo_model *model; /* valid until rondo_close */
} rondo_library;

/* Opens the shared library and finds PREFIX_model in it; a null prefix means the file's stem without a leading "lib".
 * Gives 1; or 0 with a sentence in `reason` (cut to reason_size), and then nothing is left open. */
int rondo_open(rondo_library *library, const char *path, const char *prefix, char *reason, size_t reason_size);

/* Closes what rondo_open opened; harmless on a library that is not open. */
void rondo_close(rondo_library *library);

/* Reads a blob of weights from a file, if it is one for this model: memory that is aligned as the interface asks, for
 * rondo_call.constants. Null, with a sentence in `reason`, if it is not. */
void *rondo_read_weights(const rondo_model *model, const char *path, char *reason, size_t reason_size);

/* Frees what rondo_read_weights gave; harmless on null. */
void rondo_free_weights(void *weights);

#ifdef __cplusplus
}
#endif
#endif
