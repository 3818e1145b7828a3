// Entry points: what they check, what they answer, and the reflection record.
#include <string>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

// y[i] = x[i] + s[i] over N elements; s is a state; the sum is kept in scratch on the way and becomes the state.
Plan stateful() {
  Dim n = Dim::symbol("N"), m = Dim::symbol("M");
  constexpr DType f32 = DType::f32;
  PlanBuilder p("entry");
  p.plan.symbols = {"M", "N"};
  p.plan.equalities = {{n, Dim(2) * m}};
  int x = p.input("x", {f32, {n}}), y = p.output("y", {f32, {n}});
  p.state("first", {DType::i16, {3}}, Tensor::from_ints(DType::i16, {3}, std::vector<int64_t>{4, -5, 6}));
  int s = p.state("sum", {f32, {n}}), c = p.constant(Tensor::from_doubles(f32, {1}, std::vector<double>{0.5}));
  int between = p.scratch(f32, n);
  auto run = [&](int from, int to, bool add) {
    KernelBuilder k;
    k.kernel.parallel = {{0, n}};
    int v = k.load(f32, from, at({{0, 1}}));
    if (add)
      v = k.apply(Op::add, f32, {k.apply(Op::add, f32, {v, k.load(f32, s, at({{0, 1}}))}), k.load(f32, c, at({}))});
    k.store(v, to, at({{0, 1}}));
    p.run(k.kernel);
  };
  run(x, between, true), run(between, s, false), run(between, y, false);
  return p.plan;
}

}  // namespace

TEST_CASE("calls check pointers, alignment and dimensions") {
  Compiled compiled(stateful());
  const rondo_model& model = *compiled.model;
  float x[4] = {1, 2, 3, 4}, y[4] = {};
  int64_t dims[] = {2, 4}, wrong[] = {2, 5}, zero[] = {0, 0};
  CHECK(model.state_size(dims) == 128);
  CHECK(model.scratch_size(dims) == 64);
  Memory state(128), scratch(64);
  const void* inputs[] = {x};
  void* outputs[] = {y};
  rondo_call good = {inputs, outputs, dims, state.get(), scratch.get(), nullptr};
  REQUIRE(model.reset(state.get(), dims) == RONDO_OK);
  auto status = [&](auto change) {
    rondo_call call = good;
    change(call);
    return model.call(&call);
  };
  CHECK(model.call(nullptr) == RONDO_BAD_POINTER);
  CHECK(status([](rondo_call& c) { c.inputs = nullptr; }) == RONDO_BAD_POINTER);
  CHECK(status([](rondo_call& c) { c.outputs = nullptr; }) == RONDO_BAD_POINTER);
  CHECK(status([](rondo_call& c) { c.dims = nullptr; }) == RONDO_BAD_POINTER);
  CHECK(status([](rondo_call& c) { c.state = nullptr; }) == RONDO_BAD_POINTER);
  CHECK(status([](rondo_call& c) { c.scratch = nullptr; }) == RONDO_BAD_POINTER);
  CHECK(status([](rondo_call& c) { c.state = static_cast<char*>(c.state) + 32; }) == RONDO_BAD_POINTER);
  CHECK(status([](rondo_call& c) { c.scratch = static_cast<char*>(c.scratch) + 4; }) == RONDO_BAD_POINTER);
  CHECK(status([&](rondo_call& c) { c.constants = &x[1]; }) == RONDO_BAD_POINTER);
  CHECK(status([&](rondo_call& c) { c.dims = wrong; }) == RONDO_BAD_DIMENSION);
  CHECK(status([&](rondo_call& c) { c.dims = zero; }) == RONDO_BAD_DIMENSION);
  const void* missing[] = {nullptr};
  void* nowhere[] = {nullptr};
  CHECK(status([&](rondo_call& c) { c.inputs = missing; }) == RONDO_BAD_POINTER);
  CHECK(status([&](rondo_call& c) { c.outputs = nowhere; }) == RONDO_BAD_POINTER);
  CHECK(y[0] == 0);  // nothing ran so far
  REQUIRE(model.call(&good) == RONDO_OK);
  for (int i = 0; i < 4; ++i) CHECK(y[i] == x[i] + 0.5f);
  Memory other(model.constant_bytes);  // weights of the caller's
  std::memcpy(other.get(), model.constants, model.constant_bytes);
  static_cast<float*>(other.get())[16] = 100;
  REQUIRE(status([&](rondo_call& c) { c.constants = other.get(); }) == RONDO_OK);
  for (int i = 0; i < 4; ++i) CHECK(y[i] == 2 * x[i] + 100.5f);
  static_cast<rondo_weights*>(other.get())->fingerprint ^= 1;
  CHECK(status([&](rondo_call& c) { c.constants = other.get(); }) == RONDO_OTHER_WEIGHTS);
  CHECK(model.state_size(wrong) == -1);
  CHECK(model.scratch_size(zero) == -1);
  CHECK(model.state_size(nullptr) == -1);
}

TEST_CASE("reset writes initial values and zeros, within the slots") {
  Compiled compiled(stateful());
  int64_t dims[] = {2, 4}, offsets[2];
  Memory state(128);
  REQUIRE(compiled.model->reset(state.get(), dims) == RONDO_OK);
  REQUIRE(compiled.model->state_offsets(dims, offsets) == RONDO_OK);
  CHECK(offsets[0] == 0);
  CHECK(offsets[1] == 64);
  auto* bytes = static_cast<char*>(state.get());
  int16_t first[3];
  float sum[4];
  std::memcpy(first, bytes + offsets[0], sizeof first);
  std::memcpy(sum, bytes + offsets[1], sizeof sum);
  CHECK((first[0] == 4 && first[1] == -5 && first[2] == 6));
  for (float v : sum) CHECK(v == 0);
  CHECK(compiled.model->reset(nullptr, dims) == RONDO_BAD_POINTER);
  CHECK(compiled.model->reset(bytes + 1, dims) == RONDO_BAD_POINTER);
  CHECK(compiled.model->reset(bytes, nullptr) == RONDO_BAD_POINTER);
}

TEST_CASE("an initial value of length 1 along an axis is repeated there") {
  Dim n = Dim::symbol("N");
  PlanBuilder p;
  p.plan.symbols = {"N"};
  p.input("x", {DType::f32, {n}});
  p.state("s", {DType::i32, {2, n, 3}},
          Tensor::from_ints(DType::i32, {2, 1, 3}, std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
  Compiled compiled(p.plan);
  int64_t dims[] = {5};
  Memory state(compiled.model->state_size(dims));
  REQUIRE(compiled.model->reset(state.get(), dims) == RONDO_OK);
  auto* values = static_cast<int32_t*>(state.get());
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 5; ++j)
      for (int k = 0; k < 3; ++k) CHECK(values[(i * 5 + j) * 3 + k] == i * 3 + k + 1);
}

TEST_CASE("one stream of several is reset alone") {
  PlanBuilder p;
  p.plan.stepping.streams = 3;
  p.state("zero", {DType::f32, {3, 2}});
  p.state("same", {DType::i16, {3, 2}}, Tensor::from_ints(DType::i16, {1, 2}, std::vector<int64_t>{4, 5}));
  p.state("each", {DType::i16, {3, 1}}, Tensor::from_ints(DType::i16, {3, 1}, std::vector<int64_t>{6, 7, 8}));
  Compiled compiled(p.plan);
  const rondo_model& model = *compiled.model;
  CHECK(model.streams == 3);
  Memory state(model.state_size(nullptr));
  auto* bytes = static_cast<char*>(state.get());
  std::memset(bytes, 0x11, 192);
  REQUIRE(model.reset_stream(bytes, 1, nullptr, nullptr) == RONDO_OK);
  const int16_t other = 0x1111;
  const auto* zero = reinterpret_cast<const int32_t*>(bytes);
  const auto *same = reinterpret_cast<const int16_t*>(bytes + 64), *each = reinterpret_cast<const int16_t*>(bytes + 128);
  CHECK((zero[1] == 0x11111111 && zero[2] == 0 && zero[3] == 0 && zero[4] == 0x11111111));
  CHECK((same[1] == other && same[2] == 4 && same[3] == 5 && same[4] == other));
  CHECK((each[0] == other && each[1] == 7 && each[2] == other));
  REQUIRE(model.reset(bytes, nullptr) == RONDO_OK);
  CHECK((zero[0] == 0 && zero[5] == 0 && same[0] == 4 && same[5] == 5 && each[0] == 6 && each[2] == 8));
  CHECK(model.reset_stream(bytes, 3, nullptr, nullptr) == RONDO_BAD_DIMENSION);
}

TEST_CASE("the reflection record tells names, types and shapes") {
  Compiled compiled(stateful());
  const rondo_model& model = *compiled.model;
  CHECK(model.interface_version == RONDO_INTERFACE_VERSION);
  CHECK(std::string(model.name) == "entry");
  CHECK((model.input_count == 1 && model.output_count == 1 && model.state_count == 2 && model.dim_count == 2));
  CHECK(std::string(model.dims[0]) == "M");
  CHECK(std::string(model.inputs[0].name) == "x");
  CHECK(model.inputs[0].dtype == RONDO_F32);
  CHECK(model.inputs[0].rank == 1);
  CHECK(model.inputs[0].shape[0] == -1);
  CHECK(std::string(model.inputs[0].type) == "f32[N]");
  CHECK(std::string(model.states[0].name) == "first");
  CHECK(model.states[0].dtype == RONDO_I16);
  CHECK(model.states[0].shape[0] == 3);
  CHECK(model.constant_bytes == 64 + 64 + 64);  // head, constants, initial values
  CHECK(static_cast<const float*>(model.constants)[16] == 0.5f);
  const auto* head = static_cast<const rondo_weights*>(model.constants);
  CHECK((head->magic == RONDO_WEIGHTS_MAGIC && head->bytes == 192 && head->fingerprint == model.fingerprint));
  CHECK((model.streams == 0 && model.frames == 0 && model.latency == 0));
  int64_t dims[] = {3, 6}, shapes[4];
  REQUIRE(model.shapes(dims, nullptr, shapes) == RONDO_OK);
  CHECK((shapes[0] == 6 && shapes[1] == 6 && shapes[2] == 3 && shapes[3] == 6));
  CHECK(model.shapes(dims, nullptr, nullptr) == RONDO_BAD_POINTER);
}

}  // namespace rondo::test
