// lower_WORD for operators whose shape or course only the run knows: scatter, measure, branch, loop.
#include "passes/plan/lowering.h"

namespace rondo {

#define RONDO_PENDING(word) \
  Status lower_##word(Lowering&, const Node& node) { return unsupported(#word, node.place); }
RONDO_PENDING(measure)
RONDO_PENDING(branch)
RONDO_PENDING(loop)
#undef RONDO_PENDING

}  // namespace rondo
