// Losses of classification. Tested by expand_loss_test.cpp.
#include <fmt/format.h>

#include "passes/expand/expand.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

/// The loss of log-probabilities [N, C, ...] at labels [N, ...], reduced as the attributes say.
Value* likelihood_loss(Expansion& e, Value* logs, Value* labels, Value* weights) {
  Builder& b = e.b;
  const std::string reduction = e.text("reduction", "mean");
  const bool ignores = e.has_attribute("ignore_index");
  const int64_t ignored = e.integer("ignore_index", 0);
  if (!e.ok()) return logs;
  if (reduction != "mean" && reduction != "sum" && reduction != "none") {
    return e.fail(fmt::format("attribute 'reduction' is '{}', must be mean, sum or none", reduction));
  }
  if (rank_of(logs) < 2 || rank_of(labels) != rank_of(logs) - 1) {
    return e.fail("the operand needs rank 2 or more, [batch, classes, ...], and the labels one axis less: [batch, ...]");
  }
  for (int i = 0; i < rank_of(labels); ++i) {
    e.require_equal(shape_of(labels)[i], shape_of(logs)[i == 0 ? 0 : i + 1], "sizes of the labels");
  }
  if (weights) e.require_equal(element_count(shape_of(weights)), shape_of(logs)[1], "weights of classes");
  if (!e.ok()) return logs;
  // Of each place's classes, that of its label.
  Value* classes = b.iota(shape_of(logs), 1, DType::i64);
  Value* wide = b.cast(labels, DType::i64);
  Value* chosen = b.equal(classes, b.unsqueeze(wide, {1}));
  auto at_label = [&](Value* values) { return b.reduce(b.select(chosen, values, b.scalar(logs, 0)), "sum", {1}); };
  Shape per_class(rank_of(logs), Dim(1));
  per_class[1] = shape_of(logs)[1];
  Value* one = b.scalar(logs, 1);
  Value* weight = weights ? at_label(b.broadcast(b.reshape(weights, per_class), shape_of(logs)))
                          : b.broadcast(one, shape_of(labels));
  if (ignores) {
    const Tensor index = Tensor::from_ints(DType::i64, {}, std::span(&ignored, 1));
    weight = b.select(b.equal(wide, b.constant(index)), b.scalar(logs, 0), weight);
  }
  Value* loss = b.neg(b.mul(at_label(logs), weight));
  if (reduction == "none") return loss;
  Value* sum = b.reduce(loss, "sum", all_axes(rank_of(loss)));
  return reduction == "sum" ? sum : b.div(sum, b.reduce(weight, "sum", all_axes(rank_of(loss))));
}

}  // namespace

Values expand_NegativeLogLikelihoodLoss(Expansion& e) {
  Value *logs = e.operand(0), *labels = e.operand(1), *weights = e.optional_operand(2);
  return {likelihood_loss(e, logs, labels, weights)};
}

// The same of log-softmax over the classes, which is the second result.
Values expand_SoftmaxCrossEntropyLoss(Expansion& e) {
  Builder& b = e.b;
  Value *scores = e.operand(0), *labels = e.operand(1), *weights = e.optional_operand(2);
  if (!e.ok()) return {scores};
  if (rank_of(scores) < 2) return {e.fail("the scores need rank 2 or more: [batch, classes, ...]")};
  Value* below = b.sub(scores, b.reduce(scores, "max", {1}, true));
  Value* logs = b.sub(below, b.log(b.reduce(b.exp(below), "sum", {1}, true)));
  return {likelihood_loss(e, logs, labels, weights), logs};
}

}  // namespace rondo
