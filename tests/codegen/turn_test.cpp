// Kernels that walk their vector axis backwards in every other run: they do, and no result's bits show it; the turn in
// the state memory changes from call to call, is copied with the state and cleared by reset.
#include <fmt/format.h>

#include "runtime/include/rondo_pool.h"
#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

constexpr int kInner = 6, kRows = 3;

int add_turn(PlanBuilder& p) {
  Buffer turn{Buffer::Kind::turn, DType::i32, Dim(1), "turn", 0, p.plan.state_bytes, {}};
  p.plan.buffers.push_back(turn);
  p.plan.state_bytes = p.plan.state_bytes + Dim(64);
  return static_cast<int>(p.plan.buffers.size()) - 1;
}

Kernel change_turn(int turn) {
  KernelBuilder k;
  k.kernel.name = "change_turn";
  k.store(k.apply(Op::sub, DType::i32, {k.integer(DType::i32, 1), k.load(DType::i32, turn, at({}))}), turn, at({}));
  return k.kernel;
}

struct Case {
  int n, trips;
  Schedule schedule;  // of the kernel; alternate and turn say only whether (0: yes)
  bool symbolic;
};

std::vector<float> noise(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& v : values) v = float(random()) / 4e9f - 0.5f;
  return values;
}

// Each trip: y[t, i, j] = sum_k x[t, i, k] w[k, j] + s[i, j], and last[j % lanes] = j, which shows which tile ran last.
// After the loop: s[i, j] = y[trips - 1, i, j]. Divided kernels are without state, hence without s and turn; their tasks
// have no order among them, hence no last.
Plan stream(const Case& c, bool alternates) {
  const Dim n = c.symbolic ? Dim::symbol("N") : Dim(c.n), trips = c.symbolic ? Dim::symbol("T") : Dim(c.trips);
  PlanBuilder p;
  if (c.symbolic) p.plan.symbols = {"N", "T"};
  const int x = p.input("x", {DType::f32, {trips, kRows, kInner}}), w = p.input("w", {DType::f32, {kInner, n}});
  const int y = p.output("y", {DType::f32, {trips, kRows, n}}), last = p.output("last", {DType::i32, {trips, 64}});
  const bool divided = c.schedule.task_axis >= 0;
  const int s = divided ? -1 : p.state("s", {DType::f32, {kRows, n}});
  KernelBuilder k;
  k.kernel.name = "walk";
  k.kernel.parallel = {{0, kRows}, {1, n}};
  k.kernel.reductions = {{{2, kInner}}};
  const int term = k.apply(Op::mul, DType::f32, {k.load(DType::f32, x, at({{0, kInner}, {2, 1}, {3, kRows * kInner}})),
                                                 k.load(DType::f32, w, at({{1, 1}, {2, n}}))});
  int sum = k.reduce(DType::f32, term);
  if (!divided) sum = k.apply(Op::add, DType::f32, {sum, k.load(DType::f32, s, at({{0, n}, {1, 1}}))});
  k.store(sum, y, at({{0, n}, {1, 1}, {3, Dim(kRows) * n}}));
  if (!divided)
    k.store(k.index(DType::i32, at({{1, 1}})), last, with_panel(at({{3, 64}}), 1, c.schedule.lanes, 0));
  k.kernel.schedule = c.schedule;
  k.kernel.schedule.alternate = k.kernel.schedule.turn = -1;
  int turn = -1;
  if (alternates && c.schedule.alternate >= 0) k.kernel.schedule.alternate = 3;
  if (alternates && c.schedule.turn >= 0 && !divided) k.kernel.schedule.turn = turn = add_turn(p);
  p.plan.steps.push_back({Loop{"time", "", 3, trips, {{k.kernel}}}});
  if (divided) return p.plan;
  KernelBuilder keep;
  keep.kernel.name = "keep";
  keep.kernel.parallel = {{0, kRows}, {1, n}};
  const Dim from = (trips - Dim(1)) * Dim(kRows) * n;
  keep.store(keep.load(DType::f32, y, at({{0, n}, {1, 1}}, from)), s, at({{0, n}, {1, 1}}));
  p.plan.steps.push_back({keep.kernel});
  if (turn >= 0) p.plan.steps.push_back({change_turn(turn)});
  return p.plan;
}

struct Outcome {
  std::vector<float> y;
  std::vector<int> last;  // 64 for each trip
};

/// A model with memory for its state.
class Stream {
 public:
  Stream(const Case& c, const Compiled& compiled)
      : c_(c), compiled_(compiled), dims_{c.n, c.trips}, size_(compiled.model->state_size(dims_.data())), state_(size_) {
    reset();
  }
  void reset() { REQUIRE(compiled_.model->reset(state_.get(), dims_.data()) == RONDO_OK); }
  void copy_from(Stream& other) { std::memcpy(state_.get(), other.state_.get(), size_); }

  Outcome call(unsigned seed, const rondo_parallel* parallel = nullptr) {
    const std::vector<float> x = noise(c_.trips * kRows * kInner, seed), w = noise(kInner * c_.n, 99);
    Outcome out{std::vector<float>(c_.trips * kRows * c_.n), std::vector<int>(c_.trips * 64, -1)};
    const void* inputs[] = {x.data(), w.data()};
    void* outputs[] = {out.y.data(), out.last.data()};
    rondo_call call = {inputs, outputs, dims_.data(), state_.get(), nullptr, nullptr, parallel};
    REQUIRE(compiled_.model->call(&call) == RONDO_OK);
    return out;
  }

 private:
  Case c_;
  const Compiled& compiled_;
  std::vector<int64_t> dims_;
  size_t size_;
  Memory state_;
};

Schedule walk(int lanes, int vectors, int rows, bool alternate, bool turn) {
  return {.vector_axis = 1,
          .lanes = lanes,
          .vectors = vectors,
          .row_axis = rows > 1 ? 0 : -1,
          .rows = rows,
          .alternate = alternate ? 0 : -1,
          .turn = turn ? 0 : -1};
}

}  // namespace

TEST_CASE("the direction changes from run to run and from call to call") {
  for (auto [alternate, turn] : {std::pair{true, false}, std::pair{false, true}, std::pair{true, true}})
    for (int trips : {1, 2, 3, 4}) {
      const Case c{64, trips, walk(8, 2, 1, alternate, turn), false};
      const Compiled compiled(stream(c, true));
      Stream model(c, compiled);
      for (int call = 0; call < 5; ++call) {
        if (call == 3) model.reset();
        const int turns = turn ? (call < 3 ? call : call - 3) : 0;
        const Outcome out = model.call(call);
        for (int t = 0; t < trips; ++t) {
          const bool backwards = (turns + (alternate ? t : 0)) % 2 == 1;
          CAPTURE(t);
          CAPTURE(call);
          CHECK(out.last[t * 64 + 7] == (backwards ? 15 : 63));  // the last tile starts at 48, the first at 0
        }
      }
    }
}

TEST_CASE("bits do not show the direction") {
  struct Tasks {
    int axis;
    int64_t size;
  };
  for (int n : {5, 16, 37, 70, 128})
    for (bool symbolic : {false, true})
      for (Schedule schedule : {walk(8, 2, 1, true, true), walk(16, 1, 3, true, false), walk(16, 1, 3, false, true), walk(4, 3, 2, true, false)})
        for (Tasks tasks : {Tasks{-1, 0}, Tasks{0, 6}, Tasks{1, 48}}) {
          Case c{n, 3, schedule, symbolic};
          c.schedule.task_axis = tasks.axis, c.schedule.task_size = tasks.size;
          std::string what = fmt::format("{} columns, {} lanes, {} vectors, {} rows, tasks {}/{}, symbolic {}", n,
                                         schedule.lanes, schedule.vectors, schedule.rows, tasks.axis, tasks.size, symbolic);
          CAPTURE(what);
          const Compiled plain(stream(c, false)), turning(stream(c, true));
          Stream a(c, plain), b(c, turning), copy(c, turning);
          std::unique_ptr<rondo_pool, void (*)(rondo_pool*)> pool(rondo_pool_create(2), rondo_pool_destroy);
          for (int call = 0; call < 5; ++call) {
            const Outcome expected = a.call(call);
            CHECK(b.call(call, call % 2 ? rondo_pool_parallel(pool.get()) : nullptr).y == expected.y);
            if (call >= 2) CHECK(copy.call(call).y == expected.y);
            if (call == 1) copy.copy_from(b);
          }
        }
}

TEST_CASE("a copied state continues in the same direction") {
  const Case c{64, 1, walk(8, 2, 1, false, true), false};
  const Compiled compiled(stream(c, true));
  Stream original(c, compiled), copy(c, compiled);
  original.call(0);
  copy.copy_from(original);
  for (int call = 1; call < 4; ++call) {
    const Outcome a = original.call(call), b = copy.call(call);
    CHECK(a.y == b.y);
    CHECK(a.last == b.last);
  }
}

}  // namespace rondo::test
