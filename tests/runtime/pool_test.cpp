// The pool: every task exactly once, whoever calls and however often; shares that stay with their thread.
#include <doctest/doctest.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "rondo_pool.h"

namespace {

struct Destroy {
  void operator()(rondo_pool* pool) const { rondo_pool_destroy(pool); }
};
using Pool = std::unique_ptr<rondo_pool, Destroy>;

Pool make_pool(int threads) {
  Pool pool(rondo_pool_create(threads));
  REQUIRE(pool);
  return pool;
}

void run(const Pool& pool, rondo_task task, void* data, int64_t count) {
  const rondo_parallel* hook = rondo_pool_parallel(pool.get());
  hook->run(hook->user, task, data, count);
}

/// Plain integers: a task that two threads run, or that is not awaited, is also a race that tools see.
using Counts = std::vector<int>;
void count_one(void* data, int64_t index) { ++static_cast<Counts*>(data)->at(index); }

}  // namespace

TEST_CASE("every task runs exactly once, for any number of threads and tasks") {
  for (int threads : {1, 2, 3, 8}) {
    CAPTURE(threads);
    Pool pool = make_pool(threads);
    for (int64_t count : {0, 1, 2, 3, 7, 8, 64, 1000}) {
      CAPTURE(count);
      Counts counts(count);
      for (int round = 1; round <= 50; ++round) {
        run(pool, count_one, &counts, count);
        CHECK(std::all_of(counts.begin(), counts.end(), [&](int each) { return each == round; }));
      }
    }
  }
}

TEST_CASE("many short rounds, each using what the one before wrote") {
  constexpr int64_t kCount = 16;
  constexpr int kRounds = 20000;
  struct Work {
    int64_t values[2][kCount] = {};
    int now = 0;
  } work;
  Pool pool = make_pool(2);
  auto step = [](void* data, int64_t i) {
    auto& work = *static_cast<Work*>(data);
    work.values[1 - work.now][i] = work.values[work.now][(i + 1) % kCount] + 1;
  };
  for (int round = 0; round < kRounds; ++round) {
    run(pool, step, &work, kCount);
    work.now = 1 - work.now;
  }
  for (int64_t value : work.values[work.now]) CHECK(value == kRounds);
}

TEST_CASE("workers that sleep are woken, or done without") {
  Pool pool = make_pool(3);
  Counts counts(9);
  for (int round = 1; round <= 20; ++round) {
    usleep(2000);  // longer than workers spin
    run(pool, count_one, &counts, 9);
    CHECK(counts == Counts(9, round));
  }
}

TEST_CASE("a task that uses the pool again, and threads that use it at once") {
  Pool pool = make_pool(2);
  struct Nested {
    const Pool& pool;
    std::vector<Counts> counts;
  } nested{pool, std::vector<Counts>(6, Counts(5))};
  run(
      pool,
      [](void* data, int64_t i) {
        auto& nested = *static_cast<Nested*>(data);
        run(nested.pool, count_one, &nested.counts[i], 5);
      },
      &nested, 6);
  for (const Counts& counts : nested.counts) CHECK(counts == Counts(5, 1));

  constexpr int kRounds = 2000;
  std::vector<Counts> both(2, Counts(8));
  std::vector<std::thread> callers;
  for (Counts& counts : both)
    callers.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) run(pool, count_one, &counts, 8);
    });
  for (std::thread& caller : callers) caller.join();
  for (const Counts& counts : both) CHECK(counts == Counts(8, kRounds));
}

TEST_CASE("shares are contiguous and of equal size, and more than one thread works") {
  Pool pool = make_pool(2);
  struct Who {
    std::vector<pthread_t> threads = std::vector<pthread_t>(8);
    std::atomic<int> begun{0};
  };
  bool shared = false;
  for (int attempt = 0; attempt < 1000 && !shared; ++attempt) {
    Who who;
    run(
        pool,
        [](void* data, int64_t i) {
          auto& who = *static_cast<Who*>(data);
          who.threads[i] = pthread_self();
          who.begun += i == 4;
          if (i == 3)  // leaves the worker time to begin
            for (int wait = 0; wait < 1000 && !who.begun; ++wait) sched_yield();
        },
        &who, 8);
    for (int i = 0; i < 8; ++i) CHECK(pthread_equal(who.threads[i], who.threads[i / 4 * 4]));
    CHECK(pthread_equal(who.threads[0], pthread_self()));
    shared = !pthread_equal(who.threads[4], pthread_self());
  }
  CHECK(shared);
}

TEST_CASE("numbers of threads that are refused; pools that are never used") {
  CHECK(rondo_pool_create(0) == nullptr);
  CHECK(rondo_pool_create(-1) == nullptr);
  CHECK(rondo_pool_create(RONDO_POOL_LARGEST + 1) == nullptr);
  rondo_pool_destroy(nullptr);
  for (int i = 0; i < 50; ++i) make_pool(3);
}
