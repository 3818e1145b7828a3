// mark_weights: constants that a training sets become weights, so that nothing later is decided by their values, and the
// same code runs with those of another file of the same architecture. Which constants these are, types alone tell: arrays
// (not scalars) of floats, and of 8-bit integers, as quantised models store them. Zeros and scalars that the expansion of
// an operator makes stay constants, and fold away.
// Entry: mark_weights. Tested by tests/passes/mark_weights.test
// and tests/driver/weights_test.cpp.
#include <set>

#include "passes/pass.h"

namespace rondo {
namespace {

bool is_trained(const Tensor& tensor) {
  const bool narrow = is_integer(tensor.dtype()) && byte_size(tensor.dtype()) == 1;
  return !tensor.shape().empty() && tensor.count() > 0 && (is_float(tensor.dtype()) || narrow);
}

/// What expansion knew of the elements of weights, and of what is computed of them, is forgotten.
void mark(Graph& graph, const std::set<const Value*>& weights_outside) {
  std::set<const Value*> forgotten = weights_outside;
  for (const auto& node : graph.nodes) {
    const Tensor* tensor = tensor_of(*node);
    bool forget = tensor && is_trained(*tensor);
    if (forget) node->op = Op::weight;
    for (const Value* operand : node->operands) forget = forget || forgotten.count(operand) != 0;
    for (const auto& region : node->regions) {
      std::set<const Value*> inside;
      for (const auto& param : region->params) {
        if (!forget) break;
        param->elements.reset();
        inside.insert(param.get());
      }
      mark(*region, inside);
    }
    if (!forget) continue;
    for (const auto& result : node->results) {
      result->elements.reset();
      forgotten.insert(result.get());
    }
  }
}

}  // namespace

Result<bool> mark_weights(Graph& graph, const PassContext& context) {
  mark(graph, {});
  // Equal expressions of one weight become one before each folds into a weight of its own.
  RONDO_CHECK(merge_common(graph, context));
  return true;
}

}  // namespace rondo
