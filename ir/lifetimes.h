// When a plan's buffers are in use. Time is counted in moments: a kernel is one, and so is the beginning of a choice or
// of what a measured symbol sizes.
//
// A buffer lives from the first to the last moment that touches it, and longer where loops make it: a loop that
// contains some of its uses but not all, or all of them but reads it before writing it, counts as a whole. So do loops
// beside each other, for all that any of them uses. Tested by tests/ir/verify_test.cpp.
#pragma once

#include "ir/plan.h"

namespace rondo {

struct Lifetime {
  int first = -1, last = -1;  // both included; -1: never used
  bool empty() const { return first < 0; }
  bool meets(const Lifetime& other) const { return first <= other.last && other.first <= last; }
  bool contains(const Lifetime& other) const { return first <= other.first && other.last <= last; }
  void add(const Lifetime& other);
};

struct Lifetimes {
  std::vector<Lifetime> buffers;     // as many as the plan has
  std::vector<const Step*> moments;  // what happens at each
};

Lifetimes lifetimes_of(const Plan& plan);

}  // namespace rondo
