// verify, run and bench through the whole path, on the sample's recording: computed in NumPy in double precision, and
// starting from a state that is not zero.
#include <doctest/doctest.h>

#include "frontend/npy.h"
#include "tests/driver/fixtures.h"

using namespace rondo::test;
using rondo::Tensor;

namespace {

Tensor recorded(const std::string& name) { return *rondo::read_npy(sample("recording/" + name)); }

void put(const Folder& folder, const std::string& name, const Tensor& tensor) {
  folder.write(name, "");
  REQUIRE(rondo::write_npy(folder / name, tensor));
}

/// A copy of the recording in which one file is another tensor.
void copy_recording(const Folder& folder, const std::string& changed, const Tensor& tensor) {
  for (const auto& entry : std::filesystem::directory_iterator(sample("recording")))
    std::filesystem::copy(entry.path(), folder / entry.path().filename().string());
  put(folder, changed, tensor);
}

Tensor scaled(const Tensor& tensor, double factor) {
  std::vector<double> values = tensor.doubles();
  for (double& value : values) value *= factor;
  return Tensor::from_doubles(tensor.dtype(), tensor.shape(), values);
}

Outcome verify(const std::string& data, std::vector<std::string> options = {}) {
  options.insert(options.begin(), {program(), "verify", sample("sine.onnx"), "--data", data});
  return run(options);
}

/// The recording as one call on the whole sequence.
void whole_sequence(const Folder& folder) {
  put(folder, "inputs/x.npy", recorded("x.npy").reshaped({48, 1, 1}));
  put(folder, "inputs/h0.npy", recorded("h_first.npy"));
  put(folder, "inputs/c0.npy", recorded("c_first.npy"));
  put(folder, "outputs/y.npy", recorded("y.npy").reshaped({48, 1, 1}));
  put(folder, "outputs/hn.npy", recorded("h_last.npy"));
  put(folder, "outputs/cn.npy", recorded("c_last.npy"));
}

}  // namespace

TEST_CASE("a stream that starts from a state that is not zero") {
  CHECK(recorded("h_first.npy").double_at(0) != 0);
  Outcome outcome = verify(sample("recording"));
  CAPTURE(outcome.output);
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  for (const char* line : {"output 'y': ok", "state 'h0': ok", "state 'c0': ok"})
    CHECK(outcome.output.find(line) != std::string::npos);
  CHECK(verify(sample("recording"), {"--dim=time=1", "--unroll=always"}).exit_code == 0);
  CHECK(verify(sample("recording"), {"--dim=time=1", "--state=h0=hn"}).exit_code == 0);
  CHECK(verify(sample("recording"), {"--dim=time=2"}).exit_code == 1);
}

TEST_CASE("a wrong start, output or end is found") {
  for (const char* name : {"h_first.npy", "c_last.npy", "y.npy"}) {
    CAPTURE(name);
    Folder folder;
    copy_recording(folder, name, scaled(recorded(name), 1.01));
    Outcome outcome = verify(folder.path());
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.output.find("WRONG") != std::string::npos);
    CHECK(verify(folder.path(), {"--atol=0.5", "--rtol=0"}).exit_code == 0);
  }
}

TEST_CASE("the whole sequence in one call, its length taken from the data") {
  Folder folder;
  whole_sequence(folder);
  Outcome outcome = verify(folder.path());
  CAPTURE(outcome.output);
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  CHECK(verify(folder.path(), {"--dim=time=48"}).exit_code == 0);
  // As states, h0 and c0 start from the recorded inputs and end at the recorded outputs.
  CHECK(verify(folder.path(), {"--state=h0=hn", "--state=c0=cn"}).exit_code == 0);
}

TEST_CASE("data that do not fit the model are errors") {
  Folder folder;
  whole_sequence(folder);
  CHECK(verify(folder.path(), {"--dim=time=47"}).exit_code == 1);
  put(folder, "outputs/y.npy", recorded("y.npy"));
  CHECK(verify(folder.path()).output.find("WRONG") != std::string::npos);
  put(folder, "inputs/h0.npy", Tensor::zeros(rondo::DType::f32, {1, 2, 12}));
  CHECK(verify(folder.path()).errors.find("'h0' dimension 1") != std::string::npos);
  put(folder, "inputs/h0.npy", Tensor::zeros(rondo::DType::f64, {1, 1, 12}));
  CHECK(verify(folder.path()).errors.find("f64") != std::string::npos);
}

TEST_CASE("frozen inputs") {
  Folder folder;
  whole_sequence(folder);
  Outcome outcome = verify(folder.path(), {"--const=h0=" + sample("recording/h_first.npy"),
                                           "--const=c0=" + sample("recording/c_first.npy")});
  CAPTURE(outcome.output);
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  CHECK(verify(folder.path(), {"--const=h0=0"}).exit_code == 1);
  CHECK(verify(folder.path(), {"--const=h0=zero"}).errors.find("--const=h0") != std::string::npos);
}

TEST_CASE("run writes and prints what the model computes") {
  Folder folder;
  whole_sequence(folder);
  std::vector<std::string> command{program(), "run", sample("sine.onnx")};
  for (const char* name : {"x", "h0", "c0"})
    command.push_back("--input=" + std::string(name) + "=" + (folder / ("inputs/" + std::string(name) + ".npy")));
  std::vector<std::string> writing = command;
  writing.push_back("--output=y=" + (folder / "y.npy"));
  Outcome outcome = run(writing);
  CAPTURE(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
  CHECK(outcome.output.empty());
  Tensor got = *rondo::read_npy(folder / "y.npy"), want = recorded("y.npy");
  REQUIRE(got.shape() == std::vector<int64_t>{48, 1, 1});
  for (int64_t i = 0; i < 48; ++i) CHECK(got.double_at(i) == doctest::Approx(want.double_at(i)).epsilon(1e-4));

  Outcome printing = run(command);
  CHECK(printing.exit_code == 0);
  for (const char* line : {"y f32[48, 1, 1]", "hn f32[1, 1, 12]", "cn f32[1, 1, 12]"})
    CHECK(printing.output.find(line) != std::string::npos);
}

TEST_CASE("run says which inputs it misses") {
  Outcome outcome = run({program(), "run", sample("sine.onnx")});
  CHECK(outcome.exit_code == 1);
  for (const char* name : {"'x' f32[time, 1, 1]", "'h0'", "'c0'"})
    CHECK(outcome.errors.find(name) != std::string::npos);
}

TEST_CASE("run in steps carries the state along") {
  Folder folder;
  const Tensor x = recorded("x.npy");
  put(folder, "steps.npy", x);
  put(folder, "whole.npy", x.reshaped({48, 1, 1}));
  put(folder, "zero.npy", Tensor::zeros(rondo::DType::f32, {1, 1, 12}));
  REQUIRE(run(with_state({program(), "run", sample("sine.onnx"), "--steps", "--input=x=" + (folder / "steps.npy"),
                          "--output=y=" + (folder / "a.npy")}))
              .exit_code == 0);
  REQUIRE(run({program(), "run", sample("sine.onnx"), "--input=x=" + (folder / "whole.npy"),
               "--input=h0=" + (folder / "zero.npy"), "--input=c0=" + (folder / "zero.npy"),
               "--output=y=" + (folder / "b.npy")})
              .exit_code == 0);
  Tensor a = *rondo::read_npy(folder / "a.npy"), b = *rondo::read_npy(folder / "b.npy");
  REQUIRE(a.shape() == std::vector<int64_t>{48, 1, 1, 1});
  for (int64_t i = 0; i < 48; ++i) CHECK(a.double_at(i) == doctest::Approx(b.double_at(i)).epsilon(1e-5));
}

TEST_CASE("bench prints median, best and spread") {
  Outcome outcome = run({program(), "bench", sample("sine.onnx"), "--dim=time=10", "--seconds=0.05"});
  CAPTURE(outcome.errors);
  CHECK(outcome.exit_code == 0);
  for (const char* word : {"median", "best", "spread"}) CHECK(outcome.output.find(word) != std::string::npos);
  Outcome open = run({program(), "bench", sample("sine.onnx"), "--seconds=0.05"});
  CHECK(open.exit_code == 1);
  CHECK(open.errors.find("--dim") != std::string::npos);
}
