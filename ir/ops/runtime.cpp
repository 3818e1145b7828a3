// Operators whose shape or course only the run knows: scatter, measure, branch, loop. Tested by tests/ir.
#include "ir/ops/arrays.h"
#include "ir/ops/checks.h"

namespace rondo {

#define RONDO_PENDING(word)                                                                                    \
  Result<std::vector<Type>> infer_##word(const InferContext& c) { return unsupported(#word, c.node.place); }   \
  Result<std::vector<Array>> evaluate_##word(const EvaluateContext& c) { return unsupported(#word, c.node.place); }
RONDO_PENDING(scatter)
#undef RONDO_PENDING

}  // namespace rondo
