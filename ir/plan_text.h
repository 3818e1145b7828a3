// A plan's text together with where in it the plan's parts stand: what debug information refers to.
// Tested by tests/ir/text_test.cpp.
#pragma once

#include "ir/text.h"

namespace rondo {

/// Lines, counted from 1, of the plan, its steps (Kernel, Loop, Choice, Measure), axes, instructions and stores, by their
/// addresses in the plan that was printed.
using PlanLines = std::map<const void*, int>;

struct PlanText {
  std::string text;  // as print gives it
  PlanLines lines;
};

PlanText print_with_lines(const Plan& plan, const PrintOptions& options = {});

}  // namespace rondo
