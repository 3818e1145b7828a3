// Operators that training and inference treat differently. Tested by expand_reduce_test.cpp.
#include "passes/expand/statistics.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

/// Batch normalisation, read: operands shaped to broadcast to x.
struct Batch {
  Value* x = nullptr;
  Value *scale = nullptr, *bias = nullptr, *mean = nullptr, *variance = nullptr;
  std::vector<int64_t> axes;  // over which a batch's statistics are taken
  Shape one_each, given;      // shapes of statistics: to broadcast, and as operands
};

/// Statistics of the channels (axis 1), or before opset 9 with spatial=0 of each place.
std::optional<Batch> read_batch(Expansion& e, bool per_place) {
  Batch batch;
  batch.x = e.operand(0);
  const int rank = rank_of(batch.x);
  if (!e.ok() || rank == 0) {
    e.fail("the operand must not be a scalar");
    return std::nullopt;
  }
  batch.one_each.assign(rank, Dim(1));
  for (int i = 0; i < rank; ++i) {
    if (i == 1 || (per_place && i > 1))
      batch.one_each[i] = shape_of(batch.x)[i];
    else
      batch.axes.push_back(i);
  }
  batch.given = shape_of(e.operand(3));
  Value** parts[] = {&batch.scale, &batch.bias, &batch.mean, &batch.variance};
  for (int i = 0; i < 4; ++i) {
    Value* operand = e.operand(i + 1);
    e.require_equal(element_count(batch.one_each), element_count(shape_of(operand)), "number of channels");
    *parts[i] = e.b.cast(e.b.reshape(operand, batch.one_each), dtype_of(batch.x));
  }
  return e.ok() ? std::optional(batch) : std::nullopt;
}

/// x * slope + offset, the same as (x - mean) / sqrt(variance + epsilon) * scale + bias.
Value* normalised(Builder& b, const Batch& batch, double epsilon) {
  Value* slope = b.div(batch.scale, b.sqrt(b.add(batch.variance, b.scalar(batch.variance, epsilon))));
  return b.add(b.mul(batch.x, slope), b.sub(batch.bias, b.mul(batch.mean, slope)));
}

/// Training: the batch's own statistics normalise it. Further results: the running statistics, moved towards the
/// batch's; before opset 14 then the batch's own.
Values normalise_and_learn(Expansion& e, Batch batch, double epsilon, double momentum) {
  Builder& b = e.b;
  Value* average = mean(b, batch.x, batch.axes, true);
  Value* centred = b.sub(batch.x, average);
  Value* variance = mean(b, b.mul(centred, centred), batch.axes, true);
  auto as_given = [&](Value* statistic, int operand) {
    return b.cast(b.reshape(statistic, batch.given), dtype_of(e.operand(operand)));
  };
  auto moved = [&](Value* running, Value* own) {
    return b.add(b.mul(running, b.scalar(running, momentum)), b.mul(own, b.scalar(own, 1 - momentum)));
  };
  Values results{nullptr, as_given(moved(batch.mean, average), 3), as_given(moved(batch.variance, variance), 4)};
  if (e.opset < 14) results.insert(results.end(), {as_given(average, 3), as_given(variance, 4)});
  batch.mean = average, batch.variance = variance;
  results[0] = normalised(b, batch, epsilon);
  return results;
}

}  // namespace

// Training is asked for by is_test=0 (before opset 7), by wanting statistics as results (before 14), by training_mode.
Values expand_BatchNormalization(Expansion& e) {
  const double epsilon = e.number("epsilon", 1e-5), momentum = e.number("momentum", 0.9);
  const bool per_place = e.opset < 9 && e.integer("spatial", 1) == 0;
  bool learns = false;
  for (int i = 1; i < e.result_count(); ++i) learns = learns || e.wants_result(i);
  if (e.opset < 7) learns = e.integer("is_test", 0) == 0;
  if (e.opset >= 14) {
    const bool training = e.integer("training_mode", 0) != 0;
    if (learns && !training) return {e.fail("statistics as results, which only training_mode=1 has")};
    learns = training;
  }
  const auto batch = read_batch(e, per_place);
  if (!batch) return {e.operand(0)};
  if (learns) return normalise_and_learn(e, *batch, epsilon, momentum);
  return {normalised(e.b, *batch, epsilon)};
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
