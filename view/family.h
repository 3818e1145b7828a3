// The families by which vertices are coloured. Tested by tests/view/scene_test.cpp.
#pragma once

#include <span>
#include <string_view>

#include "ir/op.h"

namespace rondo::view {

/// From the least to the most telling: a model operator is of the last of its expansion's families.
inline constexpr std::string_view kFamilies[] = {"model",    "source",     "arithmetic", "movement",
                                                 "function", "reduction",  "product",    "fused",
                                                 "choice",   "recurrence", "interface"};

/// Of an operator by itself: "model" for model operators.
std::string_view family_of(Op op);
/// The more telling of two.
std::string_view stronger(std::string_view a, std::string_view b);

}  // namespace rondo::view
