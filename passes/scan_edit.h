// Changing a scan's signature: what is carried, scanned, invariant and stacked. Operands, body parameters, body
// outputs, results, their indices and the attributes stay in step here and nowhere else.
// Tested by scan_edit_test.cpp.
#pragma once

#include "ir/scan.h"

namespace rondo {

/// Appends an invariant operand; gives the body's parameter for it.
Value* add_invariant(Node& scan, Value* operand);
/// Appends a scanned operand of shape [trip, ...].
Value* add_scanned(Node& scan, Value* operand, bool reverse);

/// Which parts of a scan stay; all, to begin with.
struct ScanParts {
  explicit ScanParts(const Scan& scan);
  std::vector<bool> carried, scanned, invariants, stacked;
  bool all() const;
};

/// Cuts out the parts that do not stay. Their parameters must have no uses in the body, their results none outside;
/// the cut values are returned, so that the caller decides how long their addresses stay taken.
std::vector<std::unique_ptr<Value>> keep_parts(Node& scan, const ScanParts& parts);

/// In the body, every use of `param` becomes one of `by`.
void replace_in_body(Node& scan, const Value* param, Value* by);

}  // namespace rondo
