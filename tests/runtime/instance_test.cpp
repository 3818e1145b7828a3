// rondo.hpp on a record written by hand: sums[i] += k * x[i] for n elements, y = sums; the state begins at 100.
// Compiled models go through it in tests/package and in samples/audio.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "rondo.hpp"

namespace {

rondo_status call(const rondo_call* c) {
  const auto n = c->dims[0];
  auto* sums = static_cast<float*>(c->state);
  if (*static_cast<const int64_t*>(c->inputs[1]) < 0) return RONDO_INDEX_OUT_OF_RANGE;
  for (int64_t i = 0; i < n; ++i) {
    static_cast<float*>(c->scratch)[i] = static_cast<const float*>(c->inputs[0])[i];
    sums[i] += static_cast<float>(*static_cast<const int64_t*>(c->inputs[1])) * static_cast<float*>(c->scratch)[i];
    static_cast<float*>(c->outputs[0])[i] = sums[i];
  }
  c->measured[0] = n;
  return RONDO_OK;
}
rondo_status reset(void* state, const int64_t* dims) {
  for (int64_t i = 0; i < dims[0]; ++i) static_cast<float*>(state)[i] = 100;
  return RONDO_OK;
}
int64_t bytes(const int64_t* dims) { return dims[0] < 1 ? -1 : 4 * dims[0]; }
rondo_status shapes(const int64_t* dims, const int64_t*, int64_t* to) {
  to[0] = to[1] = to[2] = dims[0];  // x, y, sums; k has no dimension
  return RONDO_OK;
}
rondo_status offsets(const int64_t*, int64_t* to) { return to[0] = 0, RONDO_OK; }

const int64_t kShape[] = {-1};
const rondo_tensor kInputs[] = {{"x", RONDO_F32, 1, kShape, "f32[n]", -1, 0}, {"k", RONDO_I64, 0, nullptr, "i64[]", -1, 0}};
const rondo_tensor kOutputs[] = {{"y", RONDO_F32, 1, kShape, "f32[n]", -1, 0}};
const rondo_tensor kStates[] = {{"sums", RONDO_F32, 1, kShape, "f32[n]", -1, 0}};
const char* const kDims[] = {"n"};
const char* const kMeasured[] = {"m"};

rondo_model record() {
  rondo_model model{};
  model.interface_version = RONDO_INTERFACE_VERSION;
  model.input_count = 2;
  model.output_count = model.state_count = model.dim_count = model.measured_count = 1;
  model.name = "sums";
  model.inputs = kInputs;
  model.outputs = kOutputs;
  model.states = kStates;
  model.dims = kDims;
  model.measured = kMeasured;
  model.call = call;
  model.reset = reset;
  model.reset_stream = [](void* state, int64_t, const void*, const int64_t* dims) { return reset(state, dims); };
  model.state_size = model.scratch_size = bytes;
  model.shapes = shapes;
  model.state_offsets = offsets;
  return model;
}
const rondo_model kModel = record();
const int64_t kTwo[] = {2};

}  // namespace

TEST_CASE("an instance steps, and takes numbers, arrays, vectors and spans") {
  rondo::Instance sums(kModel, kTwo);
  REQUIRE(sums);
  CHECK(sums.input_size(0) == 2);
  CHECK(sums.input_size(1) == 1);
  CHECK(sums.output_size(0) == 2);
  float x[] = {1, 2};
  std::vector<float> y(2);
  const int64_t k = 3;
  CHECK(sums.step({x, k}, {y}) == RONDO_OK);
  CHECK(y == std::vector<float>{103, 106});
  CHECK(sums.step({std::span<const float>(x), k}, {std::span(y)}) == RONDO_OK);
  CHECK(y == std::vector<float>{106, 112});
  CHECK(sums.measured()[0] == 2);
  CHECK(reinterpret_cast<uintptr_t>(sums.state().data()) % RONDO_ALIGNMENT == 0);
}

TEST_CASE("arrays of another type, size or number are refused, and nothing is done") {
  rondo::Instance sums(kModel, kTwo);
  std::array<float, 2> x{1, 2}, y{};
  std::array<float, 3> longer{};
  std::array<double, 2> doubles{};
  const int64_t k = 1;
  const int32_t narrow = 1;
  CHECK(sums.step({x, narrow}, {y}) == RONDO_BAD_DIMENSION);
  CHECK(sums.step({doubles, k}, {y}) == RONDO_BAD_DIMENSION);
  CHECK(sums.step({longer, k}, {y}) == RONDO_BAD_DIMENSION);
  CHECK(sums.step({x, k}, {longer}) == RONDO_BAD_DIMENSION);
  CHECK(sums.step({x}, {y}) == RONDO_BAD_DIMENSION);
  CHECK(sums.step({x, k}, {y, y}) == RONDO_BAD_DIMENSION);
  CHECK(sums.step_n(-1, {x, k}, {y}) == RONDO_BAD_DIMENSION);
  CHECK(sums.step({x, k}, {y}) == RONDO_OK);
  CHECK(y == std::array<float, 2>{101, 102});
}

TEST_CASE("step_n equals steps, and an error leaves the state of the step before") {
  rondo::Instance one(kModel, kTwo), many(kModel, kTwo);
  const std::vector<float> x{1, 2, 3, 4, 5, 6};
  const std::vector<int64_t> k{1, 2, 3}, broken{1, -1, 3};
  std::vector<float> together(6), apart(6);
  CHECK(many.step_n(3, {x, k}, {together}) == RONDO_OK);
  for (size_t t = 0; t < 3; ++t)
    CHECK(one.step({std::span(x).subspan(2 * t, 2), k[t]}, {std::span(apart).subspan(2 * t, 2)}) == RONDO_OK);
  CHECK(together == apart);
  CHECK(many.step_n(0, {std::span<float>(), std::span<const int64_t>()}, {std::span<float>()}) == RONDO_OK);

  REQUIRE(many.reset() == RONDO_OK);
  REQUIRE(one.reset() == RONDO_OK);
  CHECK(many.step_n(3, {x, broken}, {together}) == RONDO_INDEX_OUT_OF_RANGE);
  CHECK(one.step({std::span(x).first(2), k[0]}, {std::span(apart).first(2)}) == RONDO_OK);
  CHECK(std::ranges::equal(many.state(), one.state()));
}

TEST_CASE("a copy continues identically and shares nothing; states are saved, restored and reset") {
  rondo::Instance first(kModel, kTwo);
  std::vector<float> x{1, 2}, a(2), b(2);
  const int64_t k = 1;
  REQUIRE(first.step({x, k}, {a}) == RONDO_OK);
  rondo::Instance second = first;
  std::vector<std::byte> saved(first.state().size());
  REQUIRE(first.save(saved));
  REQUIRE(first.step({x, k}, {a}) == RONDO_OK);
  REQUIRE(second.step({x, k}, {b}) == RONDO_OK);
  CHECK(a == b);
  REQUIRE(first.step({x, k}, {a}) == RONDO_OK);
  CHECK(first.copy(second));
  REQUIRE(first.step({x, k}, {a}) == RONDO_OK);
  CHECK(a == std::vector<float>{103, 106});
  REQUIRE(first.restore(saved));
  REQUIRE(first.step({x, k}, {a}) == RONDO_OK);
  CHECK(a == std::vector<float>{102, 104});
  REQUIRE(first.reset() == RONDO_OK);
  REQUIRE(first.step({x, k}, {a}) == RONDO_OK);
  CHECK(a == std::vector<float>{101, 102});

  saved.pop_back();
  CHECK_FALSE(first.save(saved));
  CHECK_FALSE(first.restore(saved));
  const int64_t three[] = {3};
  CHECK_FALSE(first.copy(rondo::Instance(kModel, three)));
}

TEST_CASE("instances move and are assigned; one that could not be made does nothing") {
  rondo::Instance first(kModel, kTwo), second(kModel, kTwo);
  std::vector<float> x{1, 2}, y(2);
  const int64_t k = 1;
  REQUIRE(first.step({x, k}, {y}) == RONDO_OK);
  second = first;
  rondo::Instance moved = std::move(second);
  CHECK_FALSE(second);
  CHECK(second.step({x, k}, {y}) == RONDO_BAD_POINTER);
  REQUIRE(moved.step({x, k}, {y}) == RONDO_OK);
  CHECK(y == std::vector<float>{102, 104});

  const int64_t nothing[] = {0};
  CHECK_FALSE(rondo::Instance(kModel, nothing));
  CHECK_FALSE(rondo::Instance(kModel));
  rondo_model other = kModel;
  other.interface_version += 1;
  CHECK_FALSE(rondo::Instance(other, kTwo));
}
