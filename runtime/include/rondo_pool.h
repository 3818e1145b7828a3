/* A small pool of threads for rondo_call's hook. C11 and POSIX threads.
 *
 *     rondo_pool *pool = rondo_pool_create(2);
 *     call.parallel = rondo_pool_parallel(pool);
 *     ...
 *     rondo_pool_destroy(pool);
 *
 * The thread that calls the model takes part. Task i goes to the same thread each time, in contiguous shares. Workers
 * spin for a fraction of a millisecond after each piece of work, then sleep. One call at a time is shared out: what
 * arrives meanwhile, from another thread or from a task, runs on the thread it comes from.
 *
 * Not for real-time threads: the end of a call waits for workers that the system may have put aside.
 * Tested by tests/runtime/pool_test.cpp. */
#ifndef RONDO_POOL_H
#define RONDO_POOL_H

#include "rondo.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RONDO_POOL_LARGEST 256 /* threads */

typedef struct rondo_pool rondo_pool;

/* A pool in which `threads` threads work, the caller's among them: 1 to RONDO_POOL_LARGEST. Null if the memory or the
 * threads are not to be had. Workers have the floating-point modes of the thread that creates the pool. */
rondo_pool *rondo_pool_create(int threads);

/* The hook; valid until the pool is destroyed. */
const rondo_parallel *rondo_pool_parallel(const rondo_pool *pool);

/* Ends the threads; no call may be using the pool. Null is harmless. */
void rondo_pool_destroy(rondo_pool *pool);

#ifdef __cplusplus
}
#endif
#endif
