#include "passes/scan_edit.h"

#include <algorithm>

#include "passes/keep_flags.h"

namespace rondo {
namespace {

using Values = std::vector<std::unique_ptr<Value>>;

Value* insert_param(Graph& body, int position, Type type, std::string name) {
  body.add_param(std::move(type), std::move(name));
  std::rotate(body.params.begin() + position, body.params.end() - 1, body.params.end());
  renumber(body.params);
  return body.params[position].get();
}

}  // namespace

Value* add_invariant(Node& node, Value* operand) {
  Scan scan{node};
  node.operands.push_back(operand);
  Value* param = scan.body().add_param(operand->type, operand->name);
  param->elements = operand->elements;
  return param;
}

Value* add_scanned(Node& node, Value* operand, bool reverse) {
  Scan scan{node};
  const int position = scan.carried() + scan.scanned();
  Type slice = *operand->type;
  slice.shape.erase(slice.shape.begin());
  Value* param = insert_param(scan.body(), 1 + position, std::move(slice), operand->name);
  node.operands.insert(node.operands.begin() + position, operand);
  std::vector<int64_t> flags = node.attributes.integers("reverse_scanned");
  flags.push_back(reverse);
  node.attributes.set("reverse_scanned", std::move(flags));
  node.attributes.set("scanned", node.attributes.integer("scanned") + 1);
  return param;
}

ScanParts::ScanParts(const Scan& scan)
    : carried(scan.carried(), true), scanned(scan.scanned(), true), invariants(scan.invariants(), true),
      stacked(scan.stacked(), true) {}

bool ScanParts::all() const {
  auto whole = [](const std::vector<bool>& flags) {
    return std::find(flags.begin(), flags.end(), false) == flags.end();
  };
  return whole(carried) && whole(scanned) && whole(invariants) && whole(stacked);
}

Values keep_parts(Node& node, const ScanParts& parts) {
  Values cut;
  Graph& body = *node.regions[0];
  filter(node.operands, join({parts.carried, parts.scanned, parts.invariants}));
  filter(body.params, join({{true}, parts.carried, parts.scanned, parts.invariants}), cut);
  filter(body.outputs, join({parts.carried, parts.stacked}));
  filter(node.results, join({parts.carried, parts.stacked}), cut);
  auto filter_flags = [&](const char* name, const std::vector<bool>& stays) {
    std::vector<int64_t> flags = node.attributes.integers(name);
    filter(flags, stays);
    node.attributes.set(name, std::move(flags));
  };
  filter_flags("reverse_scanned", parts.scanned);
  filter_flags("reverse_stacked", parts.stacked);
  node.attributes.set("carried", static_cast<int64_t>(std::count(parts.carried.begin(), parts.carried.end(), true)));
  node.attributes.set("scanned", static_cast<int64_t>(std::count(parts.scanned.begin(), parts.scanned.end(), true)));
  return cut;
}

void replace_in_body(Node& node, const Value* param, Value* by) { replace_uses(*node.regions[0], {{param, by}}); }

}  // namespace rondo
