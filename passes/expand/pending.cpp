// Operators that are known by name and not yet defined.
#include <fmt/format.h>

#include "passes/expand/expand.h"

namespace rondo {

#define RONDO_PENDING(word)                                                                            \
  std::vector<Value*> expand_##word(Expansion& e) {                                                    \
    return {e.unsupported("operator '" #word "' is not among the operators that can be compiled")};    \
  }
RONDO_PENDING(AffineGrid)
RONDO_PENDING(Attention)
RONDO_PENDING(CenterCropPad)
RONDO_PENDING(Col2Im)
RONDO_PENDING(DeformConv)
RONDO_PENDING(GridSample)
RONDO_PENDING(MaxRoiPool)
RONDO_PENDING(MaxUnpool)
RONDO_PENDING(NegativeLogLikelihoodLoss)
RONDO_PENDING(NonMaxSuppression)
RONDO_PENDING(RoiAlign)
RONDO_PENDING(RotaryEmbedding)
RONDO_PENDING(SoftmaxCrossEntropyLoss)
#undef RONDO_PENDING

}  // namespace rondo
