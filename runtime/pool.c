/* The pool (see rondo_pool.h). A round is one run: the caller publishes the work by raising `round`. Each worker's
 * share is claimed by raising its `claimed` to the round: by the worker when it sees the round, or by the caller once it
 * has done its own share, so that it never waits for a worker that has not begun. A worker that has done its share
 * writes the round to `done`, where the caller looks for it. As long as a claimed share is not done, the work stays
 * published.
 *
 * A worker goes to sleep under the mutex after it has announced itself in `sleepers` and found `round` unchanged; the
 * caller looks at `sleepers` after it has raised `round`. Both are sequentially consistent, so one sees the other.
 * Tested by tests/runtime/pool_test.cpp. */
#define _POSIX_C_SOURCE 200809L
#include "rondo_pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { kLine = 128, kLooksPerClock = 64, kLooksPerYield = 4096 };
static const int64_t kSpinNanoseconds = 200000;

typedef struct worker {
  _Alignas(kLine) _Atomic uint64_t claimed;
  _Atomic uint64_t done;
  rondo_pool *pool;
  int number; /* 1 and up; 0 is the caller */
  pthread_t thread;
} worker;

struct rondo_pool {
  rondo_parallel parallel;
  int threads; /* that were asked for; worker k exists for 1 <= k < started */
  int started;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  _Alignas(kLine) _Atomic uint64_t round;
  rondo_task task;
  void *data;
  int64_t count;
  int stop; /* the pool ends */
  _Alignas(kLine) _Atomic int sleepers;
  atomic_flag busy;
  worker workers[]; /* [0] is unused */
};

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || (defined(__arm__) && __ARM_ARCH >= 7)
  __asm__ volatile("yield");
#endif
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Thread number k of n does the tasks from k * count / n to (k + 1) * count / n, without overflow. */
static int64_t share(int64_t count, int k, int n) { return count / n * k + count % n * k / n; }

static void do_share(const rondo_pool *pool, int number) {
  int64_t end = share(pool->count, number + 1, pool->threads);
  for (int64_t i = share(pool->count, number, pool->threads); i < end; ++i) pool->task(pool->data, i);
}

static void sleep_until_raised(rondo_pool *pool, uint64_t seen) {
  pthread_mutex_lock(&pool->mutex);
  atomic_fetch_add(&pool->sleepers, 1);
  while (atomic_load(&pool->round) == seen) pthread_cond_wait(&pool->wake, &pool->mutex);
  atomic_fetch_sub(&pool->sleepers, 1);
  pthread_mutex_unlock(&pool->mutex);
}

/* A round after `seen`: the last one raised. */
static uint64_t await_round(rondo_pool *pool, uint64_t seen) {
  int64_t begin = now();
  do {
    for (int look = 0; look < kLooksPerClock; ++look) {
      uint64_t round = atomic_load_explicit(&pool->round, memory_order_acquire);
      if (round != seen) return round;
      relax();
    }
  } while (now() - begin < kSpinNanoseconds);
  sleep_until_raised(pool, seen);
  return atomic_load(&pool->round);
}

/* Every round is claimed by someone, so the one before it is what `claimed` holds until then. */
static int claim(worker *one, uint64_t round) {
  uint64_t before = round - 1;
  if (atomic_load_explicit(&one->claimed, memory_order_relaxed) != before) return 0; /* leaves the line where it is */
  return atomic_compare_exchange_strong_explicit(&one->claimed, &before, round, memory_order_acq_rel,
                                                 memory_order_relaxed);
}

static void *work(void *argument) {
  worker *self = argument;
  rondo_pool *pool = self->pool;
  for (uint64_t round = 0;;) {
    round = await_round(pool, round);
    if (!claim(self, round)) continue;
    if (pool->stop) return NULL;
    do_share(pool, self->number);
    atomic_store_explicit(&self->done, round, memory_order_release);
  }
}

static uint64_t raise_round(rondo_pool *pool) {
  uint64_t round = atomic_fetch_add(&pool->round, 1) + 1;
  if (atomic_load(&pool->sleepers) > 0) {
    pthread_mutex_lock(&pool->mutex);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
  }
  return round;
}

static void await_worker(const worker *other, uint64_t round) {
  for (int look = 1; atomic_load_explicit(&other->done, memory_order_acquire) != round; ++look) {
    relax();
    if (look == kLooksPerYield) sched_yield(), look = 0; /* it may need this processor */
  }
}

static void run(void *user, rondo_task task, void *data, int64_t count) {
  rondo_pool *pool = user;
  if (count < 2 || pool->threads < 2 || atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire)) {
    for (int64_t i = 0; i < count; ++i) task(data, i);
    return;
  }
  pool->task = task;
  pool->data = data;
  pool->count = count;
  uint64_t round = raise_round(pool);
  do_share(pool, 0);
  for (int k = 1; k < pool->threads; ++k) {
    if (claim(&pool->workers[k], round))
      do_share(pool, k);
    else
      await_worker(&pool->workers[k], round);
  }
  atomic_flag_clear_explicit(&pool->busy, memory_order_release);
}

rondo_pool *rondo_pool_create(int threads) {
  if (threads < 1 || threads > RONDO_POOL_LARGEST) return NULL;
  size_t bytes = sizeof(rondo_pool) + (size_t)threads * sizeof(worker);
  rondo_pool *pool = aligned_alloc(kLine, (bytes + kLine - 1) / kLine * kLine);
  if (!pool) return NULL;
  pool->parallel = (rondo_parallel){run, pool};
  pool->threads = threads;
  pool->stop = 0;
  atomic_init(&pool->round, 0);
  atomic_init(&pool->sleepers, 0);
  atomic_flag_clear(&pool->busy);
  if (pthread_mutex_init(&pool->mutex, NULL)) return free(pool), NULL;
  if (pthread_cond_init(&pool->wake, NULL)) return pthread_mutex_destroy(&pool->mutex), free(pool), NULL;
  for (pool->started = 1; pool->started < threads; ++pool->started) {
    worker *next = &pool->workers[pool->started];
    atomic_init(&next->claimed, 0);
    atomic_init(&next->done, 0);
    next->pool = pool;
    next->number = pool->started;
    if (pthread_create(&next->thread, NULL, work, next)) return rondo_pool_destroy(pool), NULL;
  }
  return pool;
}

const rondo_parallel *rondo_pool_parallel(const rondo_pool *pool) { return &pool->parallel; }

void rondo_pool_destroy(rondo_pool *pool) {
  if (!pool) return;
  pool->stop = 1;
  raise_round(pool);
  for (int k = 1; k < pool->started; ++k) pthread_join(pool->workers[k].thread, NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_mutex_destroy(&pool->mutex);
  free(pool);
}
