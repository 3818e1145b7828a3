// Statistics of a tensor's parts, which reductions and normalisations share.
#pragma once

#include "passes/expand/expand.h"

namespace rondo {

/// The mean over axes, which stay as 1 if `keep` says so. In reductions.cpp.
Value* mean(Builder& b, Value* x, const std::vector<int64_t>& axes, bool keep);

}  // namespace rondo
