// fuse_gates: matmul(x, A), matmul(x, B), … with constant matrices A[K, M], B[K, N], … become slices of
// matmul(x, [A B …]), in every graph and region. The gates of a recurrent cell become one product.
//
// Columns stand in program order. The product stands where the first of its parts stood. Results are bit-identical.
// Tested by tests/passes/fuse_gates.test.
#include <map>

#include "passes/pass.h"
#include "passes/query.h"
#include "passes/rewriter.h"
#include "support/places.h"

namespace rondo {
namespace {

struct Gates {
  std::vector<const Node*> products;  // program order
  std::vector<Value*> slices;         // what becomes of their results; empty until the product is built
};

const Tensor* gate_matrix(const Node& node) {
  if (node.op != Op::matmul) return nullptr;
  const Tensor* matrix = tensor_of(node.operands[1]);
  return matrix && matrix->shape().size() == 2 ? matrix : nullptr;
}

/// [A B …] of matrices with equally many rows.
Tensor join_columns(const std::vector<const Tensor*>& matrices) {
  const int64_t rows = matrices[0]->shape()[0];
  int64_t columns = 0;
  for (const Tensor* matrix : matrices) columns += matrix->shape()[1];
  std::string bytes;
  bytes.reserve(static_cast<size_t>(rows * columns * byte_size(matrices[0]->dtype())));
  for (int64_t row = 0; row < rows; ++row)
    for (const Tensor* matrix : matrices) {
      const size_t width = static_cast<size_t>(matrix->shape()[1] * byte_size(matrix->dtype()));
      bytes += matrix->bytes().substr(static_cast<size_t>(row) * width, width);
    }
  return Tensor(matrices[0]->dtype(), {rows, columns}, std::move(bytes));
}

class GateFusion {
 public:
  explicit GateFusion(const Graph& graph) { collect(graph); }

  std::vector<Value*> visit(Node& node, Builder& b) {
    auto found = gates_of_.find(&node);
    if (found == gates_of_.end()) return {};
    Gates& gates = gates_[found->second.first];
    if (gates.products.size() < 2) return {};
    if (gates.slices.empty()) build(gates, node.operands[0], b);
    return {gates.slices[found->second.second]};
  }

 private:
  void collect(const Graph& graph) {
    std::unordered_map<const Value*, size_t> by_operand;
    for (const auto& node : graph.nodes) {
      for (const auto& region : node->regions) collect(*region);
      if (!gate_matrix(*node)) continue;
      auto [found, fresh] = by_operand.emplace(node->operands[0], gates_.size());
      if (fresh) gates_.emplace_back();
      Gates& gates = gates_[found->second];
      gates_of_[node.get()] = {found->second, gates.products.size()};
      gates.products.push_back(node.get());
    }
  }

  void build(Gates& gates, Value* x, Builder& b) {
    std::vector<const Value*> matrices;
    for (const Node* product : gates.products) matrices.push_back(product->operands[1]);
    Value* product = b.matmul(x, joined(matrices, b));
    const int axis = product->type ? product->type->rank() - 1 : 0;
    Dim offset = 0;
    for (size_t i = 0; i < matrices.size(); ++i) {
      const Dim width = matrices[i]->type->shape[1];
      gates.slices.push_back(b.slice_axis(product, axis, offset, width));
      offset += width;
      if (!product->producer || !gates.slices.back()->producer) continue;
      join_places(product->producer->place, gates.products[i]->place);
      gates.slices.back()->producer->place = gates.products[i]->place;
    }
  }

  /// One constant for all products with the same matrices, as in a network that was unrolled over time.
  Value* joined(const std::vector<const Value*>& matrices, Builder& b) {
    Value*& known = joined_[matrices];
    if (known) return known;
    std::vector<const Tensor*> tensors;
    for (const Value* matrix : matrices) tensors.push_back(tensor_of(matrix));
    return known = constant_from(matrices, join_columns(tensors), b);
  }

  std::vector<Gates> gates_;
  std::unordered_map<const Node*, std::pair<size_t, size_t>> gates_of_;  // index of Gates, position in it
  std::map<std::vector<const Value*>, Value*> joined_;                   // looked up only
};

}  // namespace

Result<bool> fuse_gates(Graph& graph, const PassContext&) {
  GateFusion fusion(graph);
  auto visit = [&](Node& node, Builder& b, Rewriter&) { return fusion.visit(node, b); };
  RONDO_TRY(bool changed, Rewriter(visit).run(graph));
  if (changed) remove_dead_nodes(graph);
  return changed;
}

}  // namespace rondo
