// align: which elements of two sequences are the same, in order, by keys that match ever more loosely.
// Tested by tests/ir/diff_test.cpp.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace rondo {

/// For each element its keys, the strictest first; all elements have equally many.
using Keys = std::vector<std::vector<size_t>>;

/// Pairs (position in a, position in b), ascending in both. Elements pair by their strictest keys first; between those
/// pairs, by the next.
std::vector<std::pair<size_t, size_t>> align(const Keys& a, const Keys& b);

}  // namespace rondo
