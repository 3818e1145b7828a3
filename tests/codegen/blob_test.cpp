// Blobs of weights: what the fingerprint depends on, and initial values that the caller brings.
#include "codegen/blob.h"

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

/// y = weight * x + s, s = y; s begins with `initial`.
Plan model(float weight, float initial, const std::string& name = "m", Op op = Op::mul) {
  constexpr DType f32 = DType::f32;
  PlanBuilder p(name);
  int x = p.input(name + "_x", {f32, {1}}), y = p.output("y", {f32, {1}});
  int w = p.constant(tensor_of<float>(f32, {weight}));
  int s = p.state("s", {f32, {1}}, tensor_of<float>(f32, {initial}));
  KernelBuilder k;
  int product = k.apply(op, f32, {k.load(f32, x, at({})), k.load(f32, w, at({}))});
  int sum = k.apply(Op::add, f32, {product, k.load(f32, s, at({}))});
  k.store(sum, y, at({}));
  k.store(sum, s, at({}));
  p.run(k.kernel);
  return p.plan;
}

}  // namespace

TEST_CASE("the fingerprint is that of the architecture") {
  const uint64_t one = fingerprint(model(2, 3));
  CHECK(one == fingerprint(model(0, 0, "other_name")));
  CHECK(one != fingerprint(model(2, 3, "m", Op::sub)));
  Plan narrow = model(2, 3);
  narrow.fast_math = true;
  CHECK(one != fingerprint(narrow));
}

TEST_CASE("weights and initial values come from the caller's blob") {
  Compiled compiled(model(2, 3), {}, {.external_constants = true});
  const rondo_model& record = *compiled.model;
  const std::string bytes = weights_of(model(10, 100));
  REQUIRE(record.constant_bytes == std::ssize(bytes));
  Memory blob(record.constant_bytes), state(record.state_size(nullptr));
  std::memcpy(blob.get(), bytes.data(), bytes.size());
  float x = 1, y = 0;
  const void* inputs[] = {&x};
  void* outputs[] = {&y};
  CHECK(record.reset(state.get(), nullptr) == RONDO_BAD_POINTER);
  REQUIRE(record.reset_stream(state.get(), -1, blob.get(), nullptr) == RONDO_OK);
  const rondo_call call = {inputs, outputs, nullptr, state.get(), nullptr, blob.get(), nullptr, nullptr};
  REQUIRE(record.call(&call) == RONDO_OK);
  CHECK(y == 110);
  static_cast<char*>(blob.get())[8] ^= 1;
  CHECK(record.call(&call) == RONDO_OTHER_WEIGHTS);
  CHECK(record.reset_stream(state.get(), -1, blob.get(), nullptr) == RONDO_OTHER_WEIGHTS);
}

TEST_CASE("a model without weights has no blob") {
  PlanBuilder p;
  p.input("x", {DType::f32, {1}});
  CHECK(weights_of(p.plan).empty());
  Compiled compiled(p.plan);
  CHECK(compiled.model->constants == nullptr);
  CHECK(compiled.model->constant_bytes == 0);
}

}  // namespace rondo::test
