// The planner's side of passes/tuning.h: the stage between choosing schedules and packing weights for them.
#pragma once

#include "passes/tuning.h"

namespace rondo {

/// Each kernel's schedules that could be used instead of the one it has, the best by estimate first; its own is not
/// among them.
std::vector<Schedule> other_schedules(const Plan& plan, const Kernel& kernel, const TargetFacts& target);

std::vector<KernelChoices> find_choices(const Plan& plan, const TargetFacts& target);
Status apply_tuning(Plan& plan, const TargetFacts& target, const Tuning& tuning);

}  // namespace rondo
