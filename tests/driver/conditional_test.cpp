// Models whose course only the run knows, through the whole path: branches with weights of their own, loops that end
// early, outputs whose size a call finds out, nothing included; with every choice of optimisation.
#include <doctest/doctest.h>

#include "frontend/npy.h"
#include "tests/driver/fixtures.h"

using namespace rondo::test;
using rondo::DType;
using rondo::Tensor;

namespace {

void put(const Folder& folder, const std::string& name, const Tensor& tensor) {
  folder.write(name, "");
  REQUIRE(rondo::write_npy(folder / name, tensor));
}

Tensor ints(std::vector<int64_t> shape, std::vector<int64_t> values, DType dtype = DType::i64) {
  return Tensor::from_ints(dtype, std::move(shape), values);
}

struct Named {
  std::string name;
  Tensor value;
};

/// The program's verdict, for every choice of optimisation.
void check(const std::string& model, const std::vector<Named>& inputs, const std::vector<Named>& outputs) {
  Folder folder;
  folder.write("model.rir", model);
  for (const Named& input : inputs) put(folder, "data/inputs/" + input.name + ".npy", input.value);
  for (const Named& output : outputs) put(folder, "data/outputs/" + output.name + ".npy", output.value);
  const std::vector<std::vector<std::string>> choices = {
      {}, {"--unroll=always"}, {"--unroll=never"}, {"--without=fold_constants"}, {"--without=fuse_pointwise"},
      {"--without=update_in_place"}, {"--math=fast"}};
  for (const auto& options : choices) {
    std::vector<std::string> command{program(), "verify", folder / "model.rir", "--data", folder / "data"};
    command.insert(command.end(), options.begin(), options.end());
    Outcome outcome = run(command);
    CAPTURE(options.empty() ? "" : options[0]);
    CAPTURE(outcome.output);
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == 0);
  }
}

const char* kBranch = R"(core "branch" {
  input %x: f32[B, 3]
  input %go: bool[]
  %v = constant() {value = f32[3, 2] {1.0, 0.0, 0.0, 1.0, 1.0, 1.0}}
  %w = constant() {value = f32[3, 2] {2.0, 0.0, 0.0, -1.0, 0.0, 0.0}}
  %y = branch(%go, %x, %v, %w) region (%x: f32[B, 3], %v: f32[3, 2], %w: f32[3, 2]) {
    %y = matmul(%x, %v)
    yield %y
  } region (%x: f32[B, 3], %v: f32[3, 2], %w: f32[3, 2]) {
    %y = matmul(%x, %w)
    yield %y
  }
  output %y
})";

// A generator that doubles its vector until the sum passes a limit.
const char* kLoop = R"(core "generator" {
  input %x: f32[4]
  input %limit: f32[]
  %yes = constant() {value = bool[] {true}}
  %zero = constant() {value = i64[] {0}}
  %one = constant() {value = i64[] {1}}
  %last, %count, %all = loop(%yes, %x, %zero, %limit, %one) {carried = 2, trip = 6} region (%t: i64[], %x: f32[4], %count: i64[], %limit: f32[], %one: i64[]) {
    %y = add(%x, %x)
    %sum = reduce(%y) {combine = "sum", axes = [0]}
    %more = less(%sum, %limit)
    %n = add(%count, %one)
    yield %more, %y, %n, %y
  }
  %m = measure(%count) {symbol = "measured_steps", low = 0, high = 6}
  %made = slice(%all) {starts = [0, 0], sizes = [measured_steps-1, 4], steps = [1, 1]}
  output %last
  output %made
})";

// As many rows as n says, each the sum of the rows before it in x and a product.
const char* kMeasure = R"(core "rows" {
  input %n: i64[]
  input %x: f32[T, 3]
  %w = constant() {value = f32[3, 2] {1.0, 0.0, 0.0, 1.0, 1.0, 1.0}}
  %m = measure(%n) {symbol = "measured_n", low = 0, high = T}
  %head = slice(%x) {starts = [0, 0], sizes = [measured_n-1, 3], steps = [1, 1]}
  %y = matmul(%head, %w)
  %h0 = constant() {value = f32[2] {0.0, 0.0}}
  %h, %sums = scan(%h0, %y) {carried = 1, scanned = 1, reverse_scanned = [0], reverse_stacked = [0], trip = measured_n-1} region (%t: i64[], %h: f32[2], %y: f32[2]) {
    %s = add(%h, %y)
    yield %s, %s
  }
  %rest = slice(%x) {starts = [measured_n-1, 0], sizes = [T-measured_n+1, 3], steps = [1, 1]}
  %most = reduce(%y) {combine = "sum", axes = [0]}
  output %sums
  output %rest
  output %most
  output %h
})";

}  // namespace

TEST_CASE("a branch with weights of its own in each region") {
  const Tensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  check(kBranch, {{"x", x}, {"go", ints({}, {1}, DType::boolean)}}, {{"y", f32({2, 2}, {4, 5, 10, 11})}});
  check(kBranch, {{"x", x}, {"go", ints({}, {0}, DType::boolean)}}, {{"y", f32({2, 2}, {2, -2, 8, -5})}});
}

TEST_CASE("a loop that ends early, and what it made in its actual size") {
  const Tensor x = f32({4}, {1, 0, 2, 1});
  check(kLoop, {{"x", x}, {"limit", f32({}, {10})}},
        {{"last", f32({4}, {4, 0, 8, 4})}, {"made", f32({2, 4}, {2, 0, 4, 2, 4, 0, 8, 4})}});
  check(kLoop, {{"x", x}, {"limit", f32({}, {0})}},
        {{"last", f32({4}, {2, 0, 4, 2})}, {"made", f32({1, 4}, {2, 0, 4, 2})}});
  check(kLoop, {{"x", f32({4}, {0, 0, 0, 0})}, {"limit", f32({}, {10})}},
        {{"last", f32({4}, {0, 0, 0, 0})}, {"made", f32({6, 4}, std::vector<double>(24, 0))}});
}

TEST_CASE("sizes that only the run knows, none included") {
  const Tensor x = f32({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  check(kMeasure, {{"n", ints({}, {2})}, {"x", x}},
        {{"sums", f32({2, 2}, {4, 5, 14, 16})}, {"rest", f32({1, 3}, {7, 8, 9})}, {"most", f32({2}, {14, 16})},
         {"h", f32({2}, {14, 16})}});
  check(kMeasure, {{"n", ints({}, {0})}, {"x", x}},
        {{"sums", f32({0, 2}, {})}, {"rest", x}, {"most", f32({2}, {0, 0})}, {"h", f32({2}, {0, 0})}});
  check(kMeasure, {{"n", ints({}, {3})}, {"x", x}},
        {{"sums", f32({3, 2}, {4, 5, 14, 16, 30, 33})}, {"rest", f32({0, 3}, {})}, {"most", f32({2}, {30, 33})},
         {"h", f32({2}, {30, 33})}});
}

TEST_CASE("a value without room ends the call") {
  Folder folder;
  folder.write("model.rir", kMeasure);
  put(folder, "n.npy", ints({}, {4}));
  put(folder, "x.npy", f32({3, 3}, std::vector<double>(9, 1)));
  Outcome outcome = run({program(), "run", folder / "model.rir", "--input=n=" + (folder / "n.npy"), "--input=x=" + (folder / "x.npy")});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find("make a dimension of the model larger or smaller than it can be") != std::string::npos);
}
