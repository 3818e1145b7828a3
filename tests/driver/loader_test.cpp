// The loader, and calling a model by its record alone, on hand-written records that have what a test needs wrong.
#include <doctest/doctest.h>

#include "driver/loaded_model.h"
#include "driver/play.h"
#include "rondo_loader.h"
#include "tests/driver/fixtures.h"

using namespace rondo;
using rondo::test::f32;

namespace {

std::string fake(const std::string& name) { return std::string(RONDO_FAKES) + "/" + name + ".so"; }

std::string open_error(const std::string& path, const char* prefix) {
  rondo_library library;
  char reason[256] = "";
  bool open = rondo_open(&library, path.c_str(), prefix, reason, sizeof reason);
  CHECK(open == (library.model != nullptr));
  rondo_close(&library);
  CHECK(library.handle == nullptr);
  return open ? "" : reason;
}

Instance instance_of(const std::string& name, int64_t n) {
  auto model = LoadedModel::open(fake(name), "fake");
  REQUIRE(model);
  auto instance = model->instantiate({{"n", n}});
  REQUIRE(instance);
  return *std::move(instance);
}

std::string call_error(Instance& instance, const Tensor& x) {
  auto outputs = instance.call({x});
  return outputs ? "" : to_string(outputs.errors()[0]);
}

}  // namespace

TEST_CASE("the record is found by its prefix, or by the file's name") {
  CHECK(open_error(fake("fake_good"), "fake") == "");
  test::Folder folder;
  std::filesystem::copy(fake("fake_good"), folder / "libfake.so");
  CHECK(open_error(folder / "libfake.so", nullptr) == "");
  CHECK(open_error(fake("fake_good"), nullptr).find("fake_good_model") != std::string::npos);
}

TEST_CASE("what cannot be opened is said") {
  CHECK(!open_error("absent.so", "fake").empty());
  CHECK(open_error(fake("fake_good"), "other").find("other_model") != std::string::npos);
  CHECK(open_error(fake("fake_version"), "fake").find("version") != std::string::npos);
  CHECK(open_error(fake("fake_incomplete"), "fake").find("incomplete") != std::string::npos);
  CHECK(!open_error(fake("fake_good"), std::string(2000, 'x').c_str()).empty());
  test::Folder folder;
  CHECK(!open_error(folder.write("text.so", "no library"), "text").empty());
}

TEST_CASE("a call gives outputs and moves the state on") {
  Instance instance = instance_of("fake_good", 3);
  auto outputs = instance.call({f32({3}, {1, 2, 3})});
  REQUIRE(outputs);
  CHECK((*outputs)[0] == f32({3}, {2, 4, 6}));
  CHECK(instance.state("calls")->int_at(0) == 6);
  REQUIRE(instance.set_state("calls", Tensor::scalar(DType::i32, 100)));
  REQUIRE(instance.call({f32({3}, {1, 2, 3})}));
  CHECK(instance.state("calls")->int_at(0) == 101);
  REQUIRE(instance.reset());
  CHECK(instance.state("calls")->int_at(0) == 5);
}

TEST_CASE("what does not fit is refused before the call") {
  Instance instance = instance_of("fake_good", 3);
  CHECK(!call_error(instance, f32({2}, {1, 2})).empty());
  CHECK(!call_error(instance, Tensor::zeros(DType::f64, {3})).empty());
  CHECK(!instance.call({}));
  CHECK(!instance.set_state("calls", f32({}, {1})));
  CHECK(!instance.set_state("other", Tensor::scalar(DType::i32, 1)));
  CHECK(!LoadedModel::open(fake("fake_good"), "fake")->instantiate({}));
}

TEST_CASE("a status that is not done becomes an error") {
  Instance instance = instance_of("fake_good", 13);
  CHECK(call_error(instance, Tensor::zeros(DType::f32, {13})).find("dimensions") != std::string::npos);
}

TEST_CASE("a model that writes outside its memory is found out") {
  Instance output = instance_of("fake_overrun", 3), scratch = instance_of("fake_scratch", 3);
  CHECK(call_error(output, f32({3}, {1, 2, 3})).find("outside its output 'y'") != std::string::npos);
  CHECK(call_error(scratch, f32({3}, {1, 2, 3})).find("outside its scratch") != std::string::npos);
}

TEST_CASE("a recording is played step by step from its states") {
  Recording recording;
  recording.steps = 2;
  recording.inputs.push_back({"x", f32({2, 1}, {1, 2})});
  recording.states.push_back({"calls", "calls_out", Tensor::scalar(DType::i32, 40), Tensor::scalar(DType::i32, 42)});
  auto model = LoadedModel::open(fake("fake_good"), "fake");
  auto played = play(*model, recording, {});
  REQUIRE(played);
  CHECK(played->outputs[0].value == f32({2, 1}, {2, 4}));
  CHECK(played->states[0].value.int_at(0) == 42);

  recording.inputs.push_back({"z", f32({2, 1}, {1, 2})});
  CHECK(to_string(play(*model, recording, {}).errors()[0]).find("'z'") != std::string::npos);
  CHECK(play(*model, recording, {"z"}));
  recording.inputs.clear();
  CHECK(to_string(play(*model, recording, {}).errors()[0]).find("'x' f32[n]") != std::string::npos);
}
