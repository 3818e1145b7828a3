// Operators that training and inference treat differently, in their inference form. Tested by expand_reduce_test.cpp.
#include "passes/expand/expand.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

/// A statistic of the channels (axis 1), or before opset 9 with spatial=0 of each place, shaped to broadcast to x.
Value* per_channel(Expansion& e, Value* statistic, const Value* x, bool per_place) {
  Shape shape(rank_of(x), Dim(1));
  if (per_place) {
    std::copy(shape_of(x).begin() + 1, shape_of(x).end(), shape.begin() + 1);
  } else if (rank_of(x) > 1) {
    shape[1] = shape_of(x)[1];
  }
  e.require_equal(element_count(shape), element_count(shape_of(statistic)), "number of channels");
  return e.b.cast(e.b.reshape(statistic, shape), dtype_of(x));
}

}  // namespace

// (x - mean) / sqrt(variance + epsilon) * scale + bias, written as x * slope + offset.
Values expand_BatchNormalization(Expansion& e) {
  Builder& b = e.b;
  Value* x = e.operand(0);
  const double epsilon = e.number("epsilon", 1e-5);
  e.number("momentum", 0.9);  // of training
  const bool per_place = e.opset < 9 && e.integer("spatial", 1) == 0;
  const bool training =
      e.opset < 7 ? e.integer("is_test", 0) == 0 : e.opset >= 14 && e.integer("training_mode", 0) != 0;
  if (training)
    return {e.unsupported(e.opset < 7 ? "training form; is_test=1 is supported" : "training_mode=1; supported: 0")};
  if (!e.ok() || rank_of(x) == 0) return {e.fail("the operand must not be a scalar")};
  Value* statistics[4];
  for (int i = 0; i < 4; ++i) statistics[i] = per_channel(e, e.operand(i + 1), x, per_place);
  auto [scale, bias, mean, variance] = statistics;
  for (int i = 1; i < e.result_count(); ++i) {
    if (e.wants_result(i)) return {e.unsupported("statistics as results, which only training has")};
  }
  Value* slope = b.div(scale, b.sqrt(b.add(variance, b.scalar(variance, epsilon))));
  return {b.add(b.mul(x, slope), b.sub(bias, b.mul(mean, slope)))};
}

namespace {

/// An operand with one number, which must be known; `absent` if it is left out.
double known_number(Expansion& e, int i, const char* what, double absent) {
  if (!e.has_operand(i)) return absent;
  const auto tensor = e.known_tensor(i);
  if (tensor && tensor->count() == 1) return tensor->double_at(0);
  e.unsupported(std::string(what) + " must be one number that is known at compile time");
  return absent;
}

}  // namespace

// The operand itself, and a mask that drops nothing.
Values expand_Dropout(Expansion& e) {
  Value* x = e.operand(0);
  double ratio = e.number("ratio", 0.5);
  bool training = e.opset < 7 && e.integer("is_test", 0) == 0;
  if (e.opset >= 12) {
    e.integer("seed", 0);
    training = known_number(e, 2, "the training mode", 0) != 0;
    if (training) ratio = known_number(e, 1, "the ratio", 0.5);
    e.optional_operand(1);  // inference has no use for the ratio, whatever it is
  }
  if (training && ratio != 0) return {e.unsupported("training form; supported: inference, or a ratio of 0")};
  Values results{x};
  if (e.wants_result(1)) {
    const DType dtype = e.opset < 10 ? dtype_of(x) : DType::boolean;
    results.push_back(e.b.broadcast(e.b.scalar(dtype, 1), shape_of(x)));
  }
  return results;
}

}  // namespace rondo
