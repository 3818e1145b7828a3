#include "ir/plan.h"

namespace rondo {
namespace {

constexpr std::string_view kCombines[] = {"sum", "prod", "max", "min"};

}  // namespace

bool operator==(const Loop& a, const Loop& b) {
  return a.name == b.name && a.place == b.place && a.var == b.var && a.trip == b.trip && a.steps == b.steps;
}

int nest_of(const Kernel& kernel, int var) {
  for (size_t nest = 0; nest < kernel.reductions.size(); ++nest)
    for (const Axis& axis : kernel.reductions[nest])
      if (axis.var == var) return static_cast<int>(nest);
  return -1;
}

std::string_view to_string(Combine combine) { return kCombines[static_cast<int>(combine)]; }

std::optional<Combine> find_combine(std::string_view word) {
  for (int i = 0; i < 4; ++i)
    if (kCombines[i] == word) return static_cast<Combine>(i);
  return std::nullopt;
}

}  // namespace rondo
