// Inputs and dimensions that a model must know when it is compiled: the hint of `compile`, --const, and what verify, run
// and bench take from data. Expected values are sums and shapes worked out by hand.
#include <doctest/doctest.h>

#include "frontend/npy.h"
#include "tests/driver/fixtures.h"

using namespace rondo::test;
using rondo::Tensor;

namespace {

constexpr const char* kSum = R"(model "sum" opset 13 {
  input %x: f32[2, 3]
  input %axes: i64[1]
  %y = ReduceSum(%x, %axes) {keepdims = 0}
  output %y: f32[n]
}
)";

// The shape reaches Reshape through a Cast.
constexpr const char* kChain = R"(model "chain" opset 13 {
  input %x: f32[2, 3]
  input %shape: i32[2]
  %wide = Cast(%shape) {to = 7}
  %y = Reshape(%x, %wide)
  output %y: f32[a, b]
}
)";

// Neither of the two parts may be as long as only the call knows.
constexpr const char* kDim = R"(model "dim" opset 13 {
  input %x: f32[T, 2]
  %shape = Shape(%x)
  %first = Constant() {value_ints = [0]}
  %length = Gather(%shape, %first) {axis = 0}
  %y = ReduceSum(%x, %length) {keepdims = 1}
  output %y: f32[1, 2]
}
)";

void put(const Folder& folder, const std::string& name, const Tensor& tensor) {
  folder.write(name, "");
  REQUIRE(rondo::write_npy(folder / name, tensor));
}

Tensor x() { return f32({2, 3}, {1, 2, 3, 4, 5, 6}); }
Tensor i64(std::vector<int64_t> values) { return Tensor::vector_i64(values); }

void record(const Folder& folder, const std::string& place, const std::string& input, const Tensor& value,
            const Tensor& want) {
  put(folder, place + "/inputs/x.npy", x());
  put(folder, place + "/inputs/" + input + ".npy", value);
  put(folder, place + "/outputs/y.npy", want);
}

Outcome verify(const std::string& model, const std::string& data, std::vector<std::string> options = {}) {
  options.insert(options.begin(), {program(), "verify", model, "--data", data});
  return run(options);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("compile says which inputs would settle it, and takes them") {
  Folder folder;
  const std::string model = folder.write("sum.rir", kSum), out = folder / "sum.so";
  Outcome open = run({program(), "compile", model, "-o", out});
  CHECK(open.exit_code == 1);
  CHECK(has(open.errors, "must be known at compile time"));
  CHECK(has(open.errors, "--const=axes="));
  CHECK_FALSE(has(open.errors, "--const=x="));
  CHECK(run({program(), "compile", model, "-o", out, "--const=axes=1"}).exit_code == 0);
  CHECK(run({program(), "compile", model, "-o", out, "--const=axes=2"}).exit_code == 1);
  CHECK(run({program(), "compile", model, "-o", out, "--const=axes=1.5"}).exit_code == 1);
  put(folder, "axes.npy", i64({0}));
  CHECK(run({program(), "compile", model, "-o", out, "--const=axes=" + (folder / "axes.npy")}).exit_code == 0);
  put(folder, "axes.npy", i64({0, 1}));
  CHECK(run({program(), "compile", model, "-o", out, "--const=axes=" + (folder / "axes.npy")}).exit_code == 1);
}

TEST_CASE("a tensor file of ONNX serves as well as NumPy's") {
  Folder folder;
  const std::string model = folder.write("sum.rir", kSum);
  // TensorProto: dims [1], data_type INT64, raw_data 1
  const std::string proto = folder.write("axes.pb", std::string("\x08\x01\x10\x07\x4a\x08\x01\0\0\0\0\0\0\0", 14));
  put(folder, "x.npy", x());
  Outcome outcome = run({program(), "run", model, "--const=axes=" + proto, "--input=x=" + (folder / "x.npy")});
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  CHECK(has(outcome.output, "6 15"));
  CHECK(run({program(), "compile", model, "-o", folder / "m.so", "--const=axes=" + (folder / "none.pb")}).exit_code == 1);
}

TEST_CASE("verify freezes an input for each value that is recorded for it") {
  Folder folder;
  const std::string model = folder.write("sum.rir", kSum);
  record(folder, "data/a", "axes", i64({0}), f32({3}, {5, 7, 9}));
  record(folder, "data/b", "axes", i64({1}), f32({2}, {6, 15}));
  record(folder, "data/c", "axes", i64({-2}), f32({3}, {5, 7, 9}));
  Outcome outcome = verify(model, folder / "data");
  CAPTURE(outcome.output);
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  CHECK(has(outcome.output, "ok: 3 tensors agree"));
  CHECK(has(outcome.errors, "data/b: input 'axes': remark: taken as a constant: i64[1] 1"));
  CHECK(count(outcome.errors, "taken as a constant") == 3);
  CHECK_FALSE(has(outcome.errors, "'x'"));
}

TEST_CASE("what is frozen is compared like the rest") {
  Folder folder;
  const std::string model = folder.write("sum.rir", kSum);
  record(folder, "data", "axes", i64({0}), f32({3}, {5, 7, 8}));
  Outcome outcome = verify(model, folder / "data");
  CHECK(outcome.exit_code == 1);
  CHECK(has(outcome.output, "WRONG"));
}

TEST_CASE("the user's constants win") {
  Folder folder;
  const std::string model = folder.write("sum.rir", kSum);
  record(folder, "data", "axes", i64({0}), f32({2}, {6, 15}));
  Outcome outcome = verify(model, folder / "data", {"--const=axes=1"});
  CHECK(outcome.exit_code == 0);
  CHECK(has(outcome.errors, "--const replaces the recorded values"));
  CHECK_FALSE(has(outcome.errors, "taken as a constant"));
}

TEST_CASE("through other operators") {
  Folder folder;
  const std::string model = folder.write("chain.rir", kChain);
  const std::vector<int64_t> shape{3, -1};
  record(folder, "data", "shape", Tensor::from_ints(rondo::DType::i32, {2}, shape), f32({3, 2}, {1, 2, 3, 4, 5, 6}));
  Outcome outcome = verify(model, folder / "data");
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  CHECK(has(outcome.errors, "input 'shape': remark: taken as a constant: i32[2] 3 -1"));
}

TEST_CASE("dimensions that must be constants") {
  Folder folder;
  const std::string model = folder.write("dim.rir", kDim);
  Outcome open = run({program(), "compile", model, "-o", folder / "dim.so"});
  CHECK(open.exit_code == 1);
  CHECK(has(open.errors, "--dim=T=N"));
  put(folder, "data/inputs/x.npy", f32({1, 2}, {3, 4}));
  put(folder, "data/outputs/y.npy", f32({1, 1}, {7}));
  Outcome outcome = verify(model, folder / "data");
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  CHECK(has(outcome.errors, "dimension 'T': remark: taken as a constant: 1"));
  put(folder, "data/inputs/x.npy", f32({3, 2}, {1, 2, 3, 4, 5, 6}));
  CHECK(verify(model, folder / "data").exit_code == 1);
}

TEST_CASE("run and bench take them from the inputs that are given") {
  Folder folder;
  const std::string model = folder.write("sum.rir", kSum);
  put(folder, "x.npy", x());
  put(folder, "axes.npy", i64({1}));
  const std::string axes = "--input=axes=" + (folder / "axes.npy");
  Outcome outcome = run({program(), "run", model, "--input=x=" + (folder / "x.npy"), axes});
  CHECK(outcome.exit_code == 0);
  CHECK(has(outcome.output, "y f32[2]\n6 15"));
  CHECK(has(outcome.errors, "input 'axes'"));
  CHECK(run({program(), "run", model, "--input=x=" + (folder / "x.npy")}).exit_code == 1);
  CHECK(run({program(), "bench", model, "--seconds=0.01", axes}).exit_code == 0);
  CHECK(run({program(), "bench", model, "--seconds=0.01"}).exit_code == 1);
}
