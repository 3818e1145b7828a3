/* A hand-written record in place of a compiled model: y[i] = 2 x[i], as many elements as the dimension n says; and a
 * state that counts calls. FAULT plants an error for the loader or the caller to find. */
#include "rondo.h"

enum { kGood, kWrongVersion, kIncomplete, kOverrun, kScratchOverrun };
#ifndef FAULT
#define FAULT kGood
#endif

static rondo_status call(const rondo_call *c) {
  const float *x = (const float *)c->inputs[0];
  float *y = (float *)c->outputs[0];
  int64_t n = c->dims[0];
  if (n == 13) return RONDO_BAD_DIMENSION;
  for (int64_t i = 0; i < n + (FAULT == kOverrun); ++i) y[i] = 2 * x[i < n ? i : 0];
  if (FAULT == kScratchOverrun) ((char *)c->scratch)[64] = 1;
  ++*(int32_t *)((char *)c->state + 64);
  return RONDO_OK;
}
static rondo_status reset(void *state, const int64_t *dims) {
  (void)dims;
  *(int32_t *)((char *)state + 64) = 5;
  return RONDO_OK;
}
static rondo_status reset_stream(void *state, int64_t stream, const void *constants, const int64_t *dims) {
  (void)constants;
  return stream > 0 ? RONDO_BAD_DIMENSION : reset(state, dims);
}
static int64_t state_size(const int64_t *dims) { return (void)dims, 128; }
static int64_t scratch_size(const int64_t *dims) { return (void)dims, 64; }
static rondo_status shapes(const int64_t *dims, const int64_t *measured, int64_t *out) {
  (void)measured;
  out[0] = out[1] = dims[0];
  return RONDO_OK;
}
static rondo_status state_offsets(const int64_t *dims, int64_t *offsets) {
  (void)dims;
  offsets[0] = 64;
  return RONDO_OK;
}

static const int64_t kShape[] = {-1};
static const rondo_tensor kInputs[] = {{"x", RONDO_F32, 1, kShape, "f32[n]", -1, 0}};
static const rondo_tensor kOutputs[] = {{"y", RONDO_F32, 1, kShape, "f32[n]", -1, 0}};
static const rondo_tensor kStates[] = {{"calls", RONDO_I32, 0, 0, "i32[]", -1, 0}};
static const char *const kDims[] = {"n"};

#ifndef RECORD
#define RECORD fake_model
#endif
const rondo_model RECORD = {RONDO_INTERFACE_VERSION + (FAULT == kWrongVersion),
                            1,
                            1,
                            1,
                            1,
                            0,
                            "fake",
                            kInputs,
                            kOutputs,
                            kStates,
                            kDims,
                            0,
                            0,
                            0,
                            FAULT == kIncomplete ? 0 : call,
                            reset,
                            state_size,
                            scratch_size,
                            shapes,
                            state_offsets,
                            reset_stream,
                            0,
                            0,
                            0,
                            0};
