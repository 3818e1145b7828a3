// Helpers of the reference evaluator's tests: arrays from lists, and one operator run as a graph of its own.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "ir/builder.h"
#include "ir/reference.h"

namespace rondo::testing {

using Ints = std::vector<int64_t>;
using Reals = std::vector<double>;

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
inline constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();

inline Array real_array(Ints shape, Reals values, DType dtype = DType::f32) {
  Array array{dtype, std::move(shape), std::move(values), {}};
  return array;
}
inline Array int_array(Ints shape, Ints values, DType dtype = DType::i64) {
  Array array{dtype, std::move(shape), {}, std::move(values)};
  return array;
}
/// A vector.
inline Array reals(Reals values, DType dtype = DType::f32) {
  return real_array(Ints{static_cast<int64_t>(values.size())}, values, dtype);
}
inline Array ints(Ints values, DType dtype = DType::i64) {
  return int_array(Ints{static_cast<int64_t>(values.size())}, values, dtype);
}

inline std::string text_of(const Array& array) {
  std::string text =
      std::string(to_string(array.dtype)) + to_string(Shape(array.shape.begin(), array.shape.end())) + ":";
  for (double value : array.reals) text += std::isnan(value) ? " nan" : " " + std::to_string(value);
  for (int64_t value : array.ints) text += " " + std::to_string(value);
  return text;
}

/// Equal in dtype, shape and elements; NaN equals NaN, and 0 is not -0.
inline bool same(const Array& a, const Array& b) {
  if (a.dtype != b.dtype || a.shape != b.shape || a.ints != b.ints || a.reals.size() != b.reals.size()) return false;
  for (size_t i = 0; i < a.reals.size(); ++i) {
    const double x = a.reals[i], y = b.reals[i];
    if (std::isnan(x) != std::isnan(y) || (!std::isnan(x) && (x != y || std::signbit(x) != std::signbit(y))))
      return false;
  }
  return true;
}

inline Type type_of(const Array& array) { return {array.dtype, Shape(array.shape.begin(), array.shape.end())}; }

/// The operator's result on the operands, inferred and evaluated.
inline Result<std::vector<Array>> try_run(Op op, std::vector<Array> operands, Attributes attributes = {}) {
  Graph graph;
  Builder b(graph);
  std::vector<Value*> params;
  for (const Array& operand : operands) params.push_back(graph.add_param(type_of(operand), ""));
  Value* result = b.one(op, params, std::move(attributes));
  if (!b.ok()) return b.status().errors();
  graph.outputs = {result};
  graph.output_names = {"y"};
  return evaluate(graph, std::move(operands));
}

inline Array run(Op op, std::vector<Array> operands, Attributes attributes = {}) {
  auto results = try_run(op, std::move(operands), std::move(attributes));
  REQUIRE_MESSAGE(results, (results ? "" : to_string(results.errors()[0])));
  return results->at(0);
}

inline std::string error_of(const Result<std::vector<Array>>& results) {
  return results ? "no error" : to_string(results.errors()[0]);
}

}  // namespace rondo::testing

#define CHECK_SAME(got, ...)                                \
  do {                                                      \
    const rondo::Array got_ = (got), want_ = (__VA_ARGS__); \
    CAPTURE(rondo::testing::text_of(got_));                 \
    CAPTURE(rondo::testing::text_of(want_));                \
    CHECK(rondo::testing::same(got_, want_));               \
  } while (false)
