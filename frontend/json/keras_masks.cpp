// Where Keras's masks come from, and how layers that look at more than one step, or at more than one input, go on with
// them. A mask says which steps count; recurrent layers (keras_recurrent.cpp) carry their state over the others, and
// layers that work on each step alone pass it on.
//
//   Masking                  a step counts if any feature differs from mask_value; others become zeros
//   Embedding                row x[t] of weights [input_dim, output_dim]; with mask_zero, a step counts if x[t] != 0
//   GlobalAveragePooling1D   the sum of the steps that count / how many they are
//   Add, Concatenate, …      one mask that all inputs have; Keras's versions join masks that differ in different ways
//
// Tested by tests/passes/json_meaning_test.cpp, tests/frontend/json_bad_test.cpp.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "frontend/json/keras_layer_reader.h"

namespace rondo {
namespace {

Value* cast(ModelBuilder& m, Value* x, DType to) { return m.node(Op::Cast, {x}, {{"to", int64_t{onnx_code(to)}}}); }

}  // namespace

/// Steps at which every feature is the mask's value do not count in the recurrent layers that follow. A layer gives
/// zeros or, as a recurrent layer does by default, what it gave before.
Status KerasLayer::masking() {
  RONDO_CHECK(require_rank(1));
  RONDO_CHECK(only({"mask_value"}));
  RONDO_TRY(const double value, number("mask_value", 0));
  Value* differs = m_.node(Op::Not, {m_.node(Op::Equal, {x_.value, m_.number(value)})});
  x_.mask = m_.node(Op::ReduceMax, {cast(m_, differs, DType::f32)},
                    {{"axes", std::vector<int64_t>{1}}, {"keepdims", int64_t{0}}});
  x_.value = m_.mul(x_.value, m_.unsqueeze(x_.mask, {1}));
  return Done{};
}

/// An id outside the table ends the call.
Status KerasLayer::embedding() {
  if (!x_.ids && x_.is_known())
    return json_.error(fmt::format("its input is [time, {}]; accepted: ids, which an input of [batch, time] gives",
                                   fmt::join(x_.features, ", ")));
  RONDO_CHECK(only({"input_dim", "output_dim", "mask_zero", "input_length"}));
  RONDO_TRY(const int64_t rows, size("input_dim"));
  RONDO_TRY(const int64_t columns, size("output_dim"));
  RONDO_TRY(const bool mask_zero, flag(config_, "mask_zero", false));
  if (const auto length = config_.find_value("input_length")) {
    RONDO_TRY(const int64_t steps, length->integer(1, kLargestSize));
    if (x_.ids && x_.steps != steps)
      return length->refused(fmt::format("found {}; accepted: as many steps as its input has, {}", steps,
                                         x_.steps ? std::to_string(*x_.steps) : "or null for any number of them"));
  }
  RONDO_TRY(const Numbers table, weights("weights", {rows, columns}));
  x_.features = {columns};
  if (!x_.ids) return Done{};
  Value* zero = m_.constant(Tensor::scalar(x_.value->type->dtype, 0));
  if (mask_zero) x_.mask = cast(m_, m_.node(Op::Not, {m_.node(Op::Equal, {x_.value, zero})}), DType::f32);
  Value* ids = cast(m_, x_.value, DType::i64);
  const auto number = [&](int64_t value) { return m_.constant(Tensor::from_ints(DType::i64, {}, std::vector{value})); };
  Value* negative = m_.node(Op::Less, {ids, number(0)});  // which Gather would count from the end
  x_.value = m_.node(Op::Gather, {m_.constant(table), m_.node(Op::Where, {negative, number(rows), ids})});
  x_.ids = false;
  return Done{};
}

Value* KerasLayer::masked_mean() {
  Value* counts = m_.unsqueeze(x_.mask, {1});
  const auto sum = [&](Value* x) { return m_.node(Op::ReduceSum, {x, m_.integers({0})}, {{"keepdims", int64_t{1}}}); };
  return m_.node(Op::Div, {sum(m_.mul(x_.value, counts)), sum(counts)});
}

Status KerasLayer::require_one_mask() const {
  for (const JsonSequence& input : inputs_)
    if (x_.is_known() && input.is_known() && input.mask != x_.mask)
      return json_.refused(
          "masks that differ reach its inputs, which Keras's versions join in different ways; accepted: the same mask "
          "for "
          "all of them, or none");
  return Done{};
}

}  // namespace rondo
