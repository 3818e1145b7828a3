/* The interface between a compiled model and its caller: plain C11, usable from C++.
 *
 * A generated header contains this text, so that it stands alone; it is the same everywhere. The caller owns all
 * memory. No entry point prints, allocates, locks or calls the system; each is reentrant, and two instances share
 * nothing but constants. A call uses one thread, its caller's, unless it is given a hook that runs tasks on several. */
#ifndef RONDO_H
#define RONDO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RONDO_INTERFACE_VERSION 4
#define RONDO_ALIGNMENT 64 /* of state, scratch and caller-supplied constants, in bytes */

typedef enum rondo_status {
  RONDO_OK = 0,
  RONDO_BAD_POINTER = 1,        /* a needed pointer is null, or state or scratch is not aligned */
  RONDO_BAD_DIMENSION = 2,      /* a dimension is below 1, or dimensions contradict each other */
  RONDO_INDEX_OUT_OF_RANGE = 3, /* the data hold an index outside the table it selects from; outputs are not valid */
  RONDO_OVER_CAPACITY = 4,      /* the data make a dimension larger, or smaller, than there is room for; likewise */
  RONDO_OTHER_VECTORS = 5,      /* the code is for vectors of another length than this processor's */
  RONDO_OTHER_WEIGHTS = 6       /* the weights that the caller brings are no blob, or one of another architecture */
} rondo_status;

/* Element types, numbered as in ONNX. float16 and bfloat16 are passed as their bits; bool is one byte, 0 or 1. */
typedef enum rondo_dtype {
  RONDO_F32 = 1, RONDO_U8 = 2, RONDO_I8 = 3, RONDO_U16 = 4, RONDO_I16 = 5, RONDO_I32 = 6, RONDO_I64 = 7,
  RONDO_BOOL = 9, RONDO_F16 = 10, RONDO_F64 = 11, RONDO_U32 = 12, RONDO_U64 = 13, RONDO_BF16 = 16
} rondo_dtype;

/* Runs tasks, on as many threads as it likes: run returns after task(data, i) has returned for every i from 0 to
 * count - 1, each called exactly once, in any order, at the same time or not. What the caller wrote before run is seen
 * by each task, and what the tasks wrote by the caller. The results do not depend on who runs which task. It pays to
 * run the same i on the same thread every time: each then finds its part of the weights in its own cache. Workers must
 * compute in the caller's floating-point modes (rounding, denormals). rondo_pool.h has such a hook. */
typedef void (*rondo_task)(void *data, int64_t index);
typedef struct rondo_parallel {
  void (*run)(void *user, rondo_task task, void *data, int64_t count);
  void *user;
} rondo_parallel;

/* A blob of weights begins with this, filled with zeros up to RONDO_ALIGNMENT. What follows only the code that has the
 * same fingerprint can read. The code reads nothing of a blob before it has compared the two. */
#define RONDO_WEIGHTS_MAGIC UINT64_C(0x3157006f646e6f72) /* "rondo", 0, "W1" in a file */
typedef struct rondo_weights {
  uint64_t magic;
  uint64_t fingerprint; /* that of rondo_model */
  int64_t bytes;        /* of the whole blob */
} rondo_weights;

/* One call of a model. Arrays are in the order of the reflection record. */
typedef struct rondo_call {
  const void *const *inputs;
  void *const *outputs;
  const int64_t *dims;   /* values of the symbolic dimensions; may be null if there are none */
  void *state;           /* null if the model has none */
  void *scratch;         /* null if the model needs none */
  const void *constants; /* a blob of weights; null: the one in the object, if it holds one */
  const rondo_parallel *parallel; /* null: one thread; models with state, and small ones, always use one */
  int64_t *measured;     /* receives the measured dimensions; may be null if there are none */
} rondo_call;

typedef struct rondo_tensor {
  const char *name;
  int32_t dtype;         /* rondo_dtype */
  int32_t rank;
  const int64_t *shape;  /* -1 where it depends on symbolic or measured dimensions; see rondo_model.shapes */
  const char *type;      /* as text, "f32[T, 1, 64]" */
  int32_t time_axis;     /* where a call is a step of a sequence: the axis of its next frames; -1: none */
  int32_t latency;       /* of such an output: its frame t, over all steps, is frame t - latency of the sequence */
} rondo_tensor;

/* The reflection record: enough for a caller that has no generated header. */
typedef struct rondo_model {
  uint32_t interface_version;
  int32_t input_count, output_count, state_count, dim_count, measured_count;
  const char *name;
  const rondo_tensor *inputs, *outputs, *states;
  const char *const *dims;                /* names of the symbolic dimensions */
  const char *const *measured;            /* names of the dimensions of outputs that only a call finds out */
  const void *constants;  /* the blob of weights that the object holds; null: there is none, or the caller brings it */
  int64_t constant_bytes; /* of the blob, wherever it is; 0: the model has no weights */
  rondo_status (*call)(const rondo_call *call);
  /* Sets the state to its initial value: reset_stream of all streams, with the weights in the object. */
  rondo_status (*reset)(void *state, const int64_t *dims);
  /* Bytes of state and scratch for these dimensions; -1 if the dimensions are not valid. */
  int64_t (*state_size)(const int64_t *dims);
  int64_t (*scratch_size)(const int64_t *dims);
  /* Writes the dimensions of all inputs, then outputs, then states, one after the other. `measured` are the values that
   * a call wrote; null: the largest that each dimension can be, which is the room that outputs must have. A call writes
   * an output's elements one after the other from the beginning, in row-major order of the actual dimensions. */
  rondo_status (*shapes)(const int64_t *dims, const int64_t *measured, int64_t *shapes);
  /* Writes the byte offset of each state in the state memory. */
  rondo_status (*state_offsets)(const int64_t *dims, int64_t *offsets);
  /* Sets the state of one stream to its initial value; a negative `stream`: of all. `constants`: as in rondo_call; they
   * are needed where initial values are among the weights. */
  rondo_status (*reset_stream)(void *state, int64_t stream, const void *constants, const int64_t *dims);
  /* Of everything that decides the code and where each weight lies, but not of the weights: models that differ in the
   * values of weights alone have the same, if they were compiled so that weights can be swapped. */
  uint64_t fingerprint;
  /* How many independent streams one call moves on; they are the first axis of every input, output and state, so that a
   * state's part that belongs to a stream is one block. 0: there is no such axis. */
  int64_t streams;
  /* Of a model that takes a sequence piece by piece: the frames of the sequence that one call takes, and by how many
   * frames the outputs are late. 0 frames: not such a model. */
  int64_t frames, latency;
} rondo_model;

#ifdef __cplusplus
}
#endif
#endif
