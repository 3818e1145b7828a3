// Results whose sizes the data decide: Compress, NonZero, Unique, TopK with a number of the run's.
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

/// One node whose operands are all inputs of the model.
std::vector<Tensor> run_on_inputs(Op op, int opset, const std::vector<Tensor>& operands, Attributes attributes = {},
                                  int results = 1) {
  Model model(opset);
  std::vector<Value*> values;
  for (size_t i = 0; i < operands.size(); ++i) {
    const Type type = operands[i].type();
    values.push_back(model.input("x" + std::to_string(i), type.dtype, type.shape));
  }
  for (Value* result : model.node(op, values, std::move(attributes), results))
    model.output(result, "y" + std::to_string(result->index));
  return run(model, operands);
}

void check_on_inputs(Op op, int opset, const std::vector<Tensor>& operands, Attributes attributes,
                     const std::vector<Tensor>& want) {
  CAPTURE(info(op).word);
  const auto got = run_on_inputs(op, opset, operands, std::move(attributes), static_cast<int>(want.size()));
  REQUIRE(got.size() == want.size());
  for (size_t i = 0; i < want.size(); ++i) check_close(got[i], want[i]);
}

Tensor bools(const std::vector<int64_t>& values) {
  return whole({static_cast<int64_t>(values.size())}, values, DType::boolean);
}

TEST_CASE("Compress") {
  const Tensor x = reals({3, 2}, {1, 2, 3, 4, 5, 6});
  check_on_inputs(Op::Compress, 11, {x, bools({0, 1, 1})}, {{"axis", int64_t{0}}}, {reals({2, 2}, {3, 4, 5, 6})});
  check_on_inputs(Op::Compress, 11, {x, bools({0, 1})}, {{"axis", int64_t{-1}}}, {reals({3, 1}, {2, 4, 6})});
  check_on_inputs(Op::Compress, 9, {x, bools({0, 1, 0, 0, 1})}, {}, {reals({2}, {2, 5})});
  check_on_inputs(Op::Compress, 9, {x, bools({0, 0})}, {}, {reals({0}, {})});
  check_node(Op::Compress, 11, {x, bools({0, 1, 1})}, {{"axis", int64_t{0}}}, reals({2, 2}, {3, 4, 5, 6}));
  CHECK(contains(errors_of(Op::Compress, 11, {x, bools({0, 1, 1, 1})}, {{"axis", int64_t{0}}}), "equal"));
}

TEST_CASE("NonZero") {
  check_on_inputs(Op::NonZero, 13, {whole({2, 2}, {1, 0, 1, 1}, DType::boolean)}, {},
                  {whole({2, 3}, {0, 1, 1, 0, 0, 1})});
  check_on_inputs(Op::NonZero, 9, {reals({2, 1, 3}, {0, -1, 0, 2, 0, 0.5})}, {},
                  {whole({3, 3}, {0, 1, 1, 0, 0, 0, 1, 0, 2})});
  check_on_inputs(Op::NonZero, 9, {reals({2}, {0, 0})}, {}, {whole({1, 0}, {})});
  check_node(Op::NonZero, 9, {reals({3}, {0, 3, 4})}, {}, whole({1, 2}, {1, 2}));
}

TEST_CASE("Unique: sorted or in order of appearance, of elements or of slices") {
  const Tensor x = reals({6}, {2, 1, 1, 3, 4, 3});
  check_on_inputs(Op::Unique, 11, {x}, {{"sorted", int64_t{0}}},
                  {reals({4}, {2, 1, 3, 4}), list({0, 1, 3, 4}), list({0, 1, 1, 2, 3, 2}), list({1, 2, 2, 1})});
  check_on_inputs(Op::Unique, 11, {x}, {},
                  {reals({4}, {1, 2, 3, 4}), list({1, 0, 3, 4}), list({1, 0, 0, 2, 3, 2}), list({2, 1, 2, 1})});
  const Tensor rows = reals({4, 3}, {1, 0, 0, 1, 0, 0, 2, 3, 4, 1, -1, 9});
  check_on_inputs(Op::Unique, 11, {rows}, {{"axis", int64_t{0}}},
                  {reals({3, 3}, {1, -1, 9, 1, 0, 0, 2, 3, 4}), list({3, 0, 2}), list({1, 1, 2, 0}), list({1, 2, 1})});
  check_on_inputs(Op::Unique, 11, {reals({2, 3}, {1, 2, 1, 1, 2, 1})}, {{"axis", int64_t{1}}},
                  {reals({2, 2}, {1, 2, 1, 2})});
}

TEST_CASE("TopK and running totals with numbers that only the run knows") {
  const Tensor x = reals({2, 3}, {3, 1, 2, 4, 6, 5});
  check_on_inputs(Op::TopK, 11, {x, list({2})}, {}, {reals({2, 2}, {3, 2, 6, 5}), whole({2, 2}, {0, 2, 1, 2})});
  check_on_inputs(Op::CumSum, 14, {x, whole({}, {-1}, DType::i32)}, {}, {reals({2, 3}, {3, 4, 6, 4, 10, 15})});
  check_on_inputs(Op::CumSum, 14, {x, whole({}, {0}, DType::i32)}, {}, {reals({2, 3}, {3, 1, 2, 7, 7, 7})});
}

}  // namespace
}  // namespace rondo::testing
