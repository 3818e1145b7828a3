// merge_common: nodes with the same operator, operands and attributes become one, in every graph and region.
//
// Operands of commutative operators compare in any order. Constants are equal if their bytes are, weights if
// they are copies of one. Nodes with regions
// are not compared; a scan that gets one value twice, as two invariants or two scanned operands, gets it once.
// Tested by tests/passes/merge_common.test.
#include <algorithm>
#include <bit>

#include "passes/pass.h"
#include "passes/query.h"
#include "passes/rewriter.h"
#include "passes/scan_edit.h"
#include "support/places.h"

namespace rondo {
namespace {

constexpr int kMaxSweeps = 4;

size_t mix(size_t hash, size_t value) { return (hash ^ value) * 0x9e3779b97f4a7c15u + (hash >> 29); }

size_t hash_text(std::string_view text) { return std::hash<std::string_view>()(text); }

struct HashAttribute {
  size_t operator()(int64_t value) const { return static_cast<size_t>(value); }
  size_t operator()(double value) const { return std::bit_cast<uint64_t>(value); }
  size_t operator()(const std::string& value) const { return hash_text(value); }
  size_t operator()(const Dim& value) const { return hash_text(value.to_string()); }
  size_t operator()(DType value) const { return static_cast<size_t>(value); }
  size_t operator()(const Tensor& value) const {
    size_t hash = mix(static_cast<size_t>(value.dtype()), hash_text(value.bytes()));
    return mix(hash, (*this)(value.shape()));
  }
  template <class T>
  size_t operator()(const std::vector<T>& values) const {
    size_t hash = values.size();
    for (const T& value : values) hash = mix(hash, (*this)(value));
    return hash;
  }
};

bool commutes(Op op) {
  for (Op known : {Op::add, Op::mul, Op::minimum, Op::maximum, Op::equal, Op::logical_and, Op::logical_or,
                   Op::logical_xor})
    if (op == known) return true;
  return false;
}

/// Nodes seen so far in the graph being swept. Operands are numbered in the order in which they are met, so that
/// nothing depends on addresses.
class Seen {
 public:
  /// An earlier node that computes the same, or null: then this one is remembered.
  Node* find_or_add(Node& node) {
    const std::vector<int> operands = numbers(node);
    size_t hash = mix(static_cast<size_t>(node.op), node.results.size());
    for (int number : operands) hash = mix(hash, static_cast<size_t>(number));
    for (const auto& [name, value] : node.attributes.entries())
      hash = mix(mix(hash, hash_text(name)), std::visit(HashAttribute(), value));
    for (Node* other : nodes_[hash])
      if (other->op == node.op && numbers(*other) == operands && same_attributes(*other, node)) return other;
    nodes_[hash].push_back(&node);
    return nullptr;
  }

 private:
  std::vector<int> numbers(const Node& node) {
    std::vector<int> result;
    for (const Value* operand : node.operands)
      result.push_back(numbers_.emplace(operand, static_cast<int>(numbers_.size())).first->second);
    if (commutes(node.op)) std::sort(result.begin(), result.end());
    return result;
  }

  std::unordered_map<const Value*, int> numbers_;
  std::unordered_map<size_t, std::vector<Node*>> nodes_;
};

/// For each of `count` operands from `first`: true if no earlier one of them is the same value in the same direction.
/// The body's parameters of the others are replaced.
std::vector<bool> merge_operands(Node& node, int first, int count, const std::vector<int64_t>& flags) {
  std::vector<bool> stays(static_cast<size_t>(count), true);
  std::map<const Value*, Value*> replacement;
  const auto& params = node.regions[0]->params;
  for (int i = 0; i < count; ++i)
    for (int k = 0; k < i && stays[i]; ++k) {
      if (node.operands[first + i] != node.operands[first + k] || flags[i] != flags[k] || !stays[k]) continue;
      stays[i] = false;
      replacement[params[1 + first + i].get()] = params[1 + first + k].get();
    }
  if (!replacement.empty()) replace_uses(*node.regions[0], replacement);
  return stays;
}

void merge_scan_operands(Node& node, Rewriter& rewriter) {
  Scan scan{node};
  ScanParts parts(scan);
  const int scanned = scan.scanned(), invariants = scan.invariants();
  parts.scanned = merge_operands(node, scan.carried(), scanned, node.attributes.integers("reverse_scanned"));
  parts.invariants = merge_operands(node, scan.carried() + scanned, invariants,
                                    std::vector<int64_t>(static_cast<size_t>(invariants), 0));
  if (parts.all()) return;
  for (auto& value : keep_parts(node, parts)) rewriter.keep(std::move(value));
  rewriter.note_change();
}

Result<bool> sweep(Graph& graph) {
  // Values of different graphs are different operands; only sources have none, so they are kept apart by graph.
  std::unordered_map<const Graph*, Seen> seen;
  return Rewriter([&](Node& node, Builder& b, Rewriter& rewriter) -> std::vector<Value*> {
           if (node.op == Op::scan) merge_scan_operands(node, rewriter);
           if (!node.regions.empty()) return {};
           Node* same = seen[&b.graph()].find_or_add(node);
           if (!same) return {};
           if (!node.operands.empty()) join_places(same->place, node.place);  // constants are everybody's
           std::vector<Value*> values;
           for (const auto& result : same->results) values.push_back(result.get());
           return values;
         })
      .run(graph);
}

}  // namespace

Result<bool> merge_common(Graph& graph, const PassContext&) {
  // A body is swept before its scan's operands are merged, and what is merged in it then is seen by the next sweep.
  bool changed = false;
  for (int i = 0; i < kMaxSweeps; ++i) {
    RONDO_TRY(bool again, sweep(graph));
    if (!again) break;
    changed = true;
  }
  return changed;
}

}  // namespace rondo
