#include "driver/sizes.h"

#include <doctest/doctest.h>

#include "tests/driver/fixtures.h"

using namespace rondo;
using namespace rondo::test;

TEST_CASE("graphs with absurd sizes are refused, symbolic ones are not") {
  auto with = [](Shape shape) {
    Graph graph;
    graph.add_param(Type{DType::f32, std::move(shape)}, "x");
    return graph;
  };
  CHECK(check_sizes(with({Dim(1 << 20)})));
  CHECK(check_sizes(with({Dim::symbol("T"), Dim(1 << 20)})));
  CHECK(!check_sizes(with({Dim(int64_t{1} << 40)})));
  CHECK(!check_sizes(with({Dim(INT64_MAX), Dim(INT64_MAX)})));
  CHECK(!check_sizes(with({Dim::symbol("T"), Dim(int64_t{1} << 40)})));
}

TEST_CASE("plans with absurd sizes are refused") {
  Plan plan;
  plan.buffers.push_back({.count = Dim(1000)});
  CHECK(check_sizes(plan));
  plan.constant_bytes = int64_t{1} << 31;
  CHECK(!check_sizes(plan));
  plan.constant_bytes = 0;
  plan.buffers.push_back({.count = Dim(int64_t{1} << 39)});
  CHECK(!check_sizes(plan));
}

TEST_CASE("an absurd dimension is an error, not a bug") {
  Folder folder;
  for (const char* size : {"1000000000000", "9000000000000000000"}) {
    Outcome outcome = run({program(), "compile", sample("sine.onnx"), "-o", folder / "x.o",
                           "--dim=time=" + std::string(size)});
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find("unsupported") != std::string::npos);
    CHECK(outcome.errors.find("internal") == std::string::npos);
  }
  CHECK(folder.file_count() == 0);
}
