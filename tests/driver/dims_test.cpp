#include "driver/dims.h"

#include <doctest/doctest.h>

#include "tests/driver/fixtures.h"

using namespace rondo;

namespace {

Type type_of(const char* text) { return *parse_type(text); }
Tensor zeros(std::vector<int64_t> shape) { return Tensor::zeros(DType::f32, std::move(shape)); }

}  // namespace

TEST_CASE("types as a reflection record writes them") {
  CHECK(type_of("f32[]") == Type{DType::f32, {}});
  CHECK(type_of("i64[T, 1, 4*H]") == Type{DType::i64, {Dim::symbol("T"), Dim(1), Dim(4) * Dim::symbol("H")}});
  CHECK(type_of("f64[floor(T-1, 2)+1]").shape[0] == floor_div(Dim::symbol("T") - 1, Dim(2)) + 1);
  CHECK(!parse_type("f32"));
  CHECK(!parse_type("f31[2]"));
  CHECK(!parse_type("f32[2"));
}

TEST_CASE("symbols get their values from shapes") {
  DimSolver solver;
  REQUIRE(solver.add("x", type_of("f32[T, B, 3]"), zeros({7, 2, 3})));
  REQUIRE(solver.finish({"T", "B"}));
  CHECK(solver.values() == Dim::Values{{"T", 7}, {"B", 2}});
}

TEST_CASE("linear expressions are solved, others checked once they can be") {
  DimSolver solver;
  REQUIRE(solver.add("x", type_of("f32[T*B, 2*T+1]"), zeros({6, 7})));
  REQUIRE(solver.finish({"T", "B"}));
  CHECK(solver.values() == Dim::Values{{"T", 3}, {"B", 2}});
}

TEST_CASE("what does not fit is an error that says where") {
  auto error = [](const char* type, std::vector<int64_t> shape) {
    DimSolver solver;
    Status status = solver.add("x", type_of(type), zeros(std::move(shape)));
    return status ? std::string() : to_string(status.errors()[0]);
  };
  CHECK(error("i64[2]", {2}).find("i64[2]") != std::string::npos);
  CHECK(error("f32[2, 3]", {2}).find("[2, 3]") != std::string::npos);
  CHECK(error("f32[2]", {3}).find("dimension 0") != std::string::npos);
  CHECK(error("f32[T, T]", {3, 4}).find("T = 3") != std::string::npos);
  CHECK(!error("f32[2*T]", {3}).empty());
  CHECK(!error("f32[T]", {0}).empty());
  CHECK(error("f32[T, T]", {3, 3}).empty());
}

TEST_CASE("a symbol that no shape tells is an error") {
  DimSolver solver;
  REQUIRE(solver.add("x", type_of("f32[2]"), zeros({2})));
  CHECK(!solver.finish({"T"}));
}
