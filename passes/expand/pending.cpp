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
RONDO_PENDING(ConvInteger)
RONDO_PENDING(ConvTranspose)
RONDO_PENDING(DeformConv)
RONDO_PENDING(DepthToSpace)
RONDO_PENDING(DequantizeLinear)
RONDO_PENDING(DynamicQuantizeLinear)
RONDO_PENDING(GlobalLpPool)
RONDO_PENDING(GridSample)
RONDO_PENDING(GroupNormalization)
RONDO_PENDING(InstanceNormalization)
RONDO_PENDING(LRN)
RONDO_PENDING(LpNormalization)
RONDO_PENDING(LpPool)
RONDO_PENDING(MatMulInteger)
RONDO_PENDING(MaxRoiPool)
RONDO_PENDING(MaxUnpool)
RONDO_PENDING(MeanVarianceNormalization)
RONDO_PENDING(NegativeLogLikelihoodLoss)
RONDO_PENDING(NonMaxSuppression)
RONDO_PENDING(QLinearConv)
RONDO_PENDING(QLinearMatMul)
RONDO_PENDING(QuantizeLinear)
RONDO_PENDING(RMSNormalization)
RONDO_PENDING(Resize)
RONDO_PENDING(RoiAlign)
RONDO_PENDING(RotaryEmbedding)
RONDO_PENDING(SoftmaxCrossEntropyLoss)
RONDO_PENDING(SpaceToDepth)
RONDO_PENDING(Upsample)
#undef RONDO_PENDING

}  // namespace rondo
