// The parts of hoist_input_products and chunk_scans. Internal to passes/.
#pragma once

#include "passes/pass.h"
#include "passes/query.h"
#include "passes/rewriter.h"

#include "ir/scan.h"

namespace rondo {

/// What a value of a scan body depends on, and so where it can be computed.
enum class Varies : uint8_t {
  not_at_all,  // invariants and constants: once, before the scan
  forward,     // scanned operands in order: before the scan, for all steps at once
  backward,    // scanned operands in reverse order: likewise
  with_step,   // carried values, the step: only in the scan
};

struct Dependence {
  Varies varies = Varies::with_step;
  bool has_product = false;  // a matmul or conv that varies in the same way is among what it is computed from
  /// Worth computing before the scan.
  bool hoists() const { return varies != Varies::with_step && has_product; }
};
using Dependences = std::unordered_map<const Value*, Dependence>;

Dependences find_dependences(const Scan& scan);

/// What of a scan's body can be computed before it.
struct Hoistable {
  Dependences dependences;
  std::vector<Value*> frontier;        // what carries products into the work that stays, in the order of use
  std::vector<const Node*> products;  // that the frontier is computed from
};
/// A product of so many rows uses each weight often enough.
inline constexpr int64_t kManyRows = 16;
/// Rows of a product with a constant matrix; 1 of any other.
Dim rows_of(const Node& product);
Hoistable find_hoistable(const Scan& scan);
/// Why the products had better stay in the scan; empty if they had not.
std::string reason_to_stay(const Hoistable& hoistable, const Scan& scan, const PassContext& context);

/// Sums in the body become (what can be computed before the scan) + (the rest), where the first part holds a product.
/// This changes the order of floating-point additions. Then biases added to slices of one product become one bias
/// added to the product. True if the body changed.
Result<bool> regroup_sums(const Scan& scan);

/// Makes values outside the scan from values of its body that do not vary with the step. A value that varies forward
/// or backward gets the time axis in front.
class Lifter {
 public:
  Lifter(const Scan& scan, const Dependences& dependences, Builder& outside);
  /// Lifts the wanted values and all they need.
  void lift(const std::vector<Value*>& wanted);
  Value* lifted(const Value* value) const { return lifted_.at(value); }
  /// True if a node with operands in time can be computed for all steps at once.
  static bool can_lift(const Node& node, const Dependences& dependences);

 private:
  bool in_time(const Value* value) const { return dependences_.at(value).varies != Varies::not_at_all; }
  Shape with_time(const Shape& shape) const;
  Value* aligned(const Value* value, int rank);
  Value* filled(const Value* value);
  Value* lift_node(const Node& node, Builder& b);
  Value* lift_pointwise(const Node& node, Builder& b);
  Value* lift_conv(const Node& node, Builder& b);
  Value* lift_movement(const Node& node, Builder& b);

  const Scan& scan_;
  const Dependences& dependences_;
  Builder& outside_;
  std::unordered_map<const Value*, Value*> lifted_;
};

}  // namespace rondo
