/* Blobs of weights from files (see rondo_loader.h): the size and the head are checked before anything else is believed.
 * Tested by tests/driver/weights_test.cpp. */
#include <stdio.h>
#include <stdlib.h>

#include "rondo_loader.h"

static void *fail(FILE *file, void *memory, char *reason, size_t size, const char *what) {
  if (reason && size) snprintf(reason, size, "%s", what);
  if (file) fclose(file);
  free(memory);
  return NULL;
}

void *rondo_read_weights(const rondo_model *model, const char *path, char *reason, size_t reason_size) {
  if (model->constant_bytes == 0) return fail(NULL, NULL, reason, reason_size, "the model has no weights");
  const size_t bytes = (size_t)model->constant_bytes; /* a multiple of RONDO_ALIGNMENT */
  FILE *file = fopen(path, "rb");
  if (!file) return fail(NULL, NULL, reason, reason_size, "the file of weights cannot be opened");
  void *memory = aligned_alloc(RONDO_ALIGNMENT, bytes);
  if (!memory) return fail(file, NULL, reason, reason_size, "there is not enough memory for the weights");
  const size_t got = fread(memory, 1, bytes, file);
  const rondo_weights *head = (const rondo_weights *)memory;
  if (got < sizeof *head || head->magic != RONDO_WEIGHTS_MAGIC)
    return fail(file, memory, reason, reason_size, "the file is no blob of weights, as 'rondo weights' writes it");
  if (head->fingerprint != model->fingerprint)
    return fail(file, memory, reason, reason_size, "the weights are those of another architecture, or compiled in another way");
  if (got != bytes || head->bytes != model->constant_bytes || fgetc(file) != EOF)
    return fail(file, memory, reason, reason_size, "the file of weights is not whole");
  fclose(file);
  return memory;
}

void rondo_free_weights(void *weights) { free(weights); }
