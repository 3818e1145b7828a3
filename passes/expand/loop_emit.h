// A Loop whose body is a region, as a core scan or loop. Internal to loop*.cpp.
#pragma once

#include "passes/expand/loop_body.h"

namespace rondo {

/// How many steps an operand allows, as a size. Nothing: only the run knows. INT64_MAX: any number.
std::optional<Dim> steps_allowed(Expansion& e, const Value* limit);

/// The node's results.
std::vector<Value*> emit_loop(Expansion& e, const LoopOperands& operands, LoopBody& body);

/// In the body of a scan of `trip` steps, gathers of one slice of an outer value at t + c or c - t become scanned
/// parameters. Gives the scanned operands, which are made outside.
struct ScannedOperand {
  Value* sequence;
  Value* param;  // in the region
  bool reverse;
};
std::vector<ScannedOperand> scan_gathers(Expansion& e, LoopBody& body, const LoopSteps& steps, const Dim& trip);

}  // namespace rondo
