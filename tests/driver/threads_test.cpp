// Recurrent layers on several threads: the same bits as on one, for any number of threads, constant and symbolic
// dimensions, one direction and two.
#include <doctest/doctest.h>

#include "driver/loaded_model.h"
#include "tests/driver/fixtures.h"

namespace rondo::test {
namespace {

struct Layer {
  Op op;
  int64_t gates, hidden;
  const char* direction;
  bool symbolic;
};

constexpr int64_t kSteps = 5, kBatch = 7, kWidth = 24;

/// Noise in [-1, 1) / 8, the same on every run.
Tensor noise(std::vector<int64_t> shape, uint64_t seed) {
  int64_t count = 1;
  for (int64_t dim : shape) count *= dim;
  std::vector<double> values(count);
  uint64_t random = seed * 0x9e3779b97f4a7c15 + 1;
  for (double& value : values) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    value = (static_cast<double>(random >> 11) * 0x1p-52 - 1) / 8;
  }
  return Tensor::from_doubles(DType::f32, std::move(shape), values);
}

Parsed model_of(const Layer& layer) {
  Graph graph(Level::model);
  graph.opset = 14;
  graph.name = "layer";
  const int64_t directions = layer.direction == std::string("bidirectional") ? 2 : 1;
  auto constant = [&](Tensor value) {
    Node* node = graph.append(Op::Constant, {}, {{"value", std::move(value)}}, 1);
    node->place = "a constant";
    return node->results[0].get();
  };
  Dim steps = layer.symbolic ? Dim::symbol("T") : Dim(kSteps), batch = layer.symbolic ? Dim::symbol("B") : Dim(kBatch);
  Value* x = graph.add_param(Type{DType::f32, {steps, batch, kWidth}}, "x");
  Value* w = constant(noise({directions, layer.gates * layer.hidden, kWidth}, 1));
  Value* r = constant(noise({directions, layer.gates * layer.hidden, layer.hidden}, 2));
  Node* node = graph.append(layer.op, {x, w, r},
                            {{"hidden_size", layer.hidden}, {"direction", std::string(layer.direction)}}, 1);
  node->place = "the layer";
  graph.outputs.push_back(node->results[0].get());
  graph.output_names.push_back("y");
  graph.declared_outputs.push_back(std::nullopt);
  Parsed parsed;
  parsed.graph = std::move(graph);
  return parsed;
}

template <class T>
T require(Result<T> result) {
  if (!result) FAIL(to_string(result.errors()[0]));
  return *std::move(result);
}

struct Counting {
  const rondo_parallel* real;
  int64_t calls = 0;
  rondo_parallel hook{[](void* user, rondo_task task, void* data, int64_t count) {
                        auto* self = static_cast<Counting*>(user);
                        ++self->calls;
                        self->real->run(self->real->user, task, data, count);
                      },
                      this};
};

}  // namespace

TEST_CASE("layers on threads give the bits they give on one") {
  for (Layer layer : {Layer{Op::LSTM, 4, 176, "forward", false}, Layer{Op::LSTM, 4, 176, "bidirectional", true},
                      Layer{Op::GRU, 3, 208, "bidirectional", false}, Layer{Op::GRU, 3, 208, "reverse", true},
                      Layer{Op::LSTM, 4, 40, "bidirectional", true}}) {
    CAPTURE(layer.hidden);
    CAPTURE(layer.direction);
    CAPTURE(layer.symbolic);
    LoadedModel model = require(LoadedModel::build(model_of(layer), {}));
    using Size = std::pair<int64_t, int64_t>;
    for (auto [steps, batch] : {Size{kSteps, kBatch}, Size{1, 1}, Size{9, 64}}) {
      if (!layer.symbolic && batch != kBatch) continue;
      CAPTURE(batch);
      const Dim::Values dims = {{"T", steps}, {"B", batch}};
      const std::vector<Tensor> input = {noise({steps, batch, kWidth}, 3)};
      std::optional<Tensor> expected;
      for (int threads : {1, 2, 3}) {
        REQUIRE(model.use_threads(threads));
        CHECK((model.parallel() != nullptr) == (threads > 1));
        Instance instance = require(model.instantiate(dims));
        for (int repetition = 0; repetition < 3; ++repetition) {
          std::vector<Tensor> outputs = require(instance.call(input));
          if (!expected) expected = outputs[0];
          CHECK(outputs[0] == *expected);
        }
      }
    }
  }
}

TEST_CASE("the hook is asked to run each step of a layer that is worth it, and the command line takes --threads") {
  LoadedModel model = require(LoadedModel::build(model_of({Op::LSTM, 4, 176, "forward", false}), {}));
  REQUIRE(model.use_threads(2));
  Counting counting{model.parallel()};
  Instance instance = require(model.instantiate({}));
  require(instance.call({noise({kSteps, kBatch, kWidth}, 3)}));
  instance.set_parallel(&counting.hook);
  CHECK(instance.call_again() == RONDO_OK);
  CHECK(counting.calls >= kSteps);

  Outcome one = run({program(), "bench", sample("sine.onnx"), "--dim=time=4", "--seconds=0.01", "--threads=2"});
  CHECK(one.exit_code == 0);
  CHECK(run({program(), "bench", sample("sine.onnx"), "--threads=0"}).exit_code == 2);
  CHECK(run({program(), "compile", sample("sine.onnx"), "-o", "x.so", "--threads=2"}).exit_code == 2);
}

}  // namespace rondo::test
