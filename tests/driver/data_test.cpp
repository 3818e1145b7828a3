#include "driver/data.h"

#include <doctest/doctest.h>

#include "frontend/npy.h"
#include "tests/driver/fixtures.h"

using namespace rondo;
using rondo::test::f32;
using rondo::test::Folder;

namespace {

Interface one_in_one_out(Type type) { return {{{"x", std::move(type)}}, {"y"}}; }

std::string first_error(const Result<std::vector<Recording>>& result) {
  return result ? std::string() : to_string(result.errors()[0]);
}

void put(const Folder& folder, const std::string& name, const Tensor& tensor) {
  folder.write(name, "");
  REQUIRE(write_npy(folder / name, tensor));
}

}  // namespace

TEST_CASE("named arrays") {
  Folder folder;
  put(folder, "inputs/x.npy", f32({2}, {1, 2}));
  put(folder, "outputs/y.npy", f32({1}, {3}));
  const Interface interface = one_in_one_out({DType::f32, {Dim(2)}});
  auto recordings = recorded_data(folder.path(), interface);
  REQUIRE(recordings);
  REQUIRE(recordings->size() == 1);
  CHECK((*recordings)[0].inputs[0].name == "x");
  CHECK((*recordings)[0].inputs[0].value == f32({2}, {1, 2}));
  CHECK((*recordings)[0].outputs[0].value == f32({1}, {3}));

  put(folder, "inputs/z.npy", f32({1}, {0}));
  CHECK(first_error(recorded_data(folder.path(), interface)).find("holds 2 .npy files, where the model has 1") !=
        std::string::npos);
}

TEST_CASE("folders of folders, in the order of their names") {
  Folder folder;
  for (const char* name : {"b", "a"}) {
    put(folder, std::string(name) + "/inputs/x.npy", f32({1}, {1}));
    put(folder, std::string(name) + "/outputs/y.npy", f32({1}, {1}));
  }
  folder.write("other/notes.txt", "");
  auto recordings = recorded_data(folder.path(), one_in_one_out({DType::f32, {Dim(1)}}));
  REQUIRE(recordings);
  REQUIRE(recordings->size() == 2);
  CHECK((*recordings)[0].path == folder / "a");
}

TEST_CASE("a folder without data is an error") {
  Folder folder;
  CHECK(!first_error(recorded_data(folder.path(), {})).empty());
  CHECK(!first_error(recorded_data(folder / "absent", {})).empty());
}

TEST_CASE("a recorded stream") {
  Folder folder;
  put(folder, "x.npy", f32({3, 1}, {1, 2, 3}));
  put(folder, "y.npy", f32({3, 1}, {1, 3, 6}));
  put(folder, "h.npy", f32({1}, {0}));
  put(folder, "hn.npy", f32({1}, {6}));
  const std::string good =
      R"({"steps": 3, "state": {"h": "hn"}, "inputs": ["x"], "outputs": ["y"],
          "files": {"x": "x.npy", "y": "y.npy", "h": ["h.npy", "hn.npy"]}})";
  folder.write("stream.json", good);
  auto recordings = recorded_data(folder.path(), {});
  REQUIRE(recordings);
  const Recording& stream = (*recordings)[0];
  CHECK(stream.steps == 3);
  CHECK(slice_step(stream.inputs[0].value, 1) == f32({1}, {2}));
  CHECK(stream.states[0].output == "hn");
  CHECK(stream.states[0].final == f32({1}, {6}));

  for (auto [from, to] : {std::pair{"\"steps\": 3", "\"steps\": 4"},
                          {"\"steps\"", "\"stops\""},
                          {"{", "["},
                          {"\"y.npy\"", "\"no.npy\""},
                          {"\"y.npy\"", "7"},
                          {"[\"h.npy\", \"hn.npy\"]", "[\"h.npy\"]"}}) {
    std::string bad = good;
    bad.replace(bad.find(from), std::string(from).size(), to);
    folder.write("stream.json", bad);
    CAPTURE(bad);
    CHECK(!recorded_data(folder.path(), {}));
  }
}

TEST_CASE("tables: a whole sequence where the model takes one, a call per row where it takes a row") {
  Folder folder;
  folder.write("x.csv", "1, 2\n3,4\r\n5,6\n");
  folder.write("y.csv", "1\n2\n3");
  auto whole = recorded_data(folder.path(), one_in_one_out({DType::f32, {Dim::symbol("T"), Dim(1), Dim(2)}}));
  REQUIRE(whole);
  CHECK(!(*whole)[0].steps);
  CHECK((*whole)[0].inputs[0].value == f32({3, 1, 2}, {1, 2, 3, 4, 5, 6}));
  auto steps = recorded_data(folder.path(), one_in_one_out({DType::f32, {Dim(1), Dim(2)}}));
  REQUIRE(steps);
  CHECK((*steps)[0].steps == 3);
  CHECK((*steps)[0].inputs[0].value == f32({3, 1, 2}, {1, 2, 3, 4, 5, 6}));
  CHECK(!recorded_data(folder.path(), one_in_one_out({DType::f32, {Dim(5)}})));

  folder.write("x.csv", "1,2\n3\n");
  CHECK(first_error(recorded_data(folder.path(), one_in_one_out({DType::f32, {Dim::symbol("T")}}))).find("row 2") !=
        std::string::npos);
  folder.write("x.csv", "1,two\n");
  CHECK(!recorded_data(folder.path(), one_in_one_out({DType::f32, {Dim::symbol("T")}})));
}

TEST_CASE("tables of ids") {
  Folder folder;
  folder.write("x.csv", "3\n0\n-1\n");
  folder.write("y.csv", "0.5\n");
  const Interface ids = one_in_one_out({DType::i32, {Dim::symbol("T")}});
  const auto read = recorded_data(folder.path(), ids);
  REQUIRE(read);
  CHECK((*read)[0].inputs[0].value == Tensor::from_ints(DType::i32, {3}, std::vector<int64_t>{3, 0, -1}));
  CHECK((*read)[0].outputs[0].value == f32({1, 1}, {0.5}));
  for (const char* bad : {"3\n0.5\n", "3\n2147483648\n", "-2147483649\n", "1e30\n"}) {
    CAPTURE(bad);
    folder.write("x.csv", bad);
    CHECK(first_error(recorded_data(folder.path(), ids)).find("which no i32 is") != std::string::npos);
  }
}

TEST_CASE("stacking is the opposite of slicing") {
  Tensor whole = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(stack_steps({slice_step(whole, 0), slice_step(whole, 1)}) == whole);
}
