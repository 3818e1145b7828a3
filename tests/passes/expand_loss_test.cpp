// Losses: picked log-probabilities, weighted and reduced.
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

std::string word(const char* text) { return text; }

TEST_CASE("NegativeLogLikelihoodLoss: reductions, weights, ignored labels, further axes") {
  const Tensor logs = reals({3, 2}, {-1, -2, -3, -4, -5, -6}), labels = list({1, 0, 1});
  const Tensor weights = reals({2}, {2, 10});
  auto check = [&](Attributes attributes, bool weighted, const Tensor& want) {
    const std::optional<Tensor> part = weighted ? std::optional(weights) : std::nullopt;
    check_node(Op::NegativeLogLikelihoodLoss, 13, {logs, labels, part}, attributes, want);
  };
  check({{"reduction", word("none")}}, false, reals({3}, {2, 3, 6}));
  check({{"reduction", word("sum")}}, false, reals({}, {11}));
  check({}, false, reals({}, {11 / 3.0}));
  check({{"reduction", word("none")}}, true, reals({3}, {20, 6, 60}));
  check({}, true, reals({}, {86 / 22.0}));
  check({{"ignore_index", int64_t{0}}}, false, reals({}, {4}));
  check({{"ignore_index", int64_t{0}}}, true, reals({}, {4}));
  check_node(Op::NegativeLogLikelihoodLoss, 13, {logs, list({1, -5, 0})},
             {{"ignore_index", int64_t{-5}}, {"reduction", word("none")}}, reals({3}, {2, 0, 5}));
  check_node(Op::NegativeLogLikelihoodLoss, 12, {reals({1, 2, 2}, {1, 2, 3, 4}), whole({1, 2}, {1, 0}, DType::i32)},
             {{"reduction", word("none")}}, reals({1, 2}, {-3, -2}));
  CHECK(contains(errors_of(Op::NegativeLogLikelihoodLoss, 13, {logs, labels}, {{"reduction", word("max")}}), "'reduction'"));
  CHECK(contains(errors_of(Op::NegativeLogLikelihoodLoss, 13, {logs, logs}), "labels"));
}

TEST_CASE("SoftmaxCrossEntropyLoss: the loss and the log-probabilities") {
  const Tensor scores = reals({2, 3}, {0, std::log(2), 0, std::log(8), 0, 0});
  const auto got = run_node(Op::SoftmaxCrossEntropyLoss, 13, {scores, list({1, 2})}, {{"reduction", word("none")}}, 2);
  REQUIRE(got.size() == 2);
  check_close(got[0], reals({2}, {std::log(2), std::log(10)}));
  check_close(got[1], reals({2, 3}, {-std::log(4), -std::log(2), -std::log(4), std::log(0.8), -std::log(10), -std::log(10)}));
  check_node(Op::SoftmaxCrossEntropyLoss, 13, {scores, list({1, 2}), reals({3}, {1, 1, 3})}, {},
             reals({}, {(std::log(2) + 3 * std::log(10)) / 4}));
}

}  // namespace
}  // namespace rondo::testing
