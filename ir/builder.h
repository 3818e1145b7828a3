// Builder: appends core nodes to a graph with their types inferred, folding nothing.
//
// Errors are sticky, so that equations read as equations: after a failed call every further one returns
// a value without type and does nothing, and `status()` tells the first error.
#pragma once

#include "ir/graph.h"

namespace rondo {

class Builder {
 public:
  /// Nodes made are named and placed after `origin` (may be null).
  explicit Builder(Graph& graph, const Node* origin = nullptr);

  Graph& graph() { return graph_; }
  Status status() const;
  bool ok() const { return errors_.empty(); }
  /// Records an error at the origin's place; returns a value without type, to be returned or ignored.
  Value* fail(Diagnostic diagnostic);
  Value* fail(std::string message) { return fail(invalid(std::move(message))); }

  std::vector<Value*> node(Op op, std::vector<Value*> operands, Attributes attributes = {}, int results = 1,
                           std::vector<std::unique_ptr<Graph>> regions = {});
  Value* one(Op op, std::vector<Value*> operands, Attributes attributes = {}) {
    return node(op, std::move(operands), std::move(attributes))[0];
  }

  // Sources.
  Value* constant(Tensor value);
  Value* weight(Tensor value);
  /// A scalar of `like`'s dtype.
  Value* scalar(const Value* like, double value);
  Value* scalar(DType dtype, double value);
  Value* dims(const std::vector<Dim>& values, DType to = DType::i64);  // rank 1
  Value* dim(const Dim& value, DType to = DType::i64);                 // scalar
  Value* iota(Shape shape, int axis, DType to = DType::i64);
  Value* zeros(DType dtype, const Shape& shape);

  // Pointwise, by operator word: b.add(x, y), b.tanh(x).
#define RONDO_POINTWISE_1(word) \
  Value* word(Value* a) { return one(Op::word, {a}); }
#define RONDO_POINTWISE_2(word) \
  Value* word(Value* a, Value* b) { return one(Op::word, {a, b}); }
  RONDO_POINTWISE_2(add) RONDO_POINTWISE_2(sub) RONDO_POINTWISE_2(mul) RONDO_POINTWISE_2(div)
  RONDO_POINTWISE_2(remainder) RONDO_POINTWISE_2(pow) RONDO_POINTWISE_2(minimum) RONDO_POINTWISE_2(maximum)
  RONDO_POINTWISE_1(neg) RONDO_POINTWISE_1(abs) RONDO_POINTWISE_1(sign) RONDO_POINTWISE_1(floor)
  RONDO_POINTWISE_1(ceil) RONDO_POINTWISE_1(round) RONDO_POINTWISE_1(sqrt) RONDO_POINTWISE_1(exp)
  RONDO_POINTWISE_1(expm1) RONDO_POINTWISE_1(log) RONDO_POINTWISE_1(log1p) RONDO_POINTWISE_1(tanh)
  RONDO_POINTWISE_1(sigmoid) RONDO_POINTWISE_1(erf) RONDO_POINTWISE_1(sin) RONDO_POINTWISE_1(cos)
  RONDO_POINTWISE_1(atan) RONDO_POINTWISE_2(bit_and) RONDO_POINTWISE_2(bit_or) RONDO_POINTWISE_2(bit_xor)
  RONDO_POINTWISE_2(shift_left) RONDO_POINTWISE_2(shift_right) RONDO_POINTWISE_2(equal) RONDO_POINTWISE_2(less)
  RONDO_POINTWISE_2(less_equal) RONDO_POINTWISE_2(logical_and) RONDO_POINTWISE_2(logical_or)
  RONDO_POINTWISE_2(logical_xor) RONDO_POINTWISE_1(logical_not)
#undef RONDO_POINTWISE_1
#undef RONDO_POINTWISE_2
  Value* select(Value* condition, Value* a, Value* b) { return one(Op::select, {condition, a, b}); }
  Value* cast(Value* a, DType to);  // a itself if it has that type

  // Contractions, reductions, data movement. Those that would change nothing return their operand.
  Value* matmul(Value* a, Value* b) { return one(Op::matmul, {a, b}); }
  /// combine: "sum", "prod", "max", "min".
  Value* reduce(Value* a, std::string combine, std::vector<int64_t> axes, bool keep_dims = false);
  Value* transpose(Value* a, std::vector<int64_t> perm);
  Value* reshape(Value* a, Shape shape);
  Value* broadcast(Value* a, Shape shape);
  Value* slice(Value* a, std::vector<Dim> starts, std::vector<Dim> sizes, std::vector<int64_t> steps = {});
  /// Elements [start, start + size) along one axis.
  Value* slice_axis(Value* a, int axis, Dim start, Dim size);
  Value* concat(std::vector<Value*> parts, int axis);
  Value* pad(Value* a, Value* fill, std::vector<Dim> low, std::vector<Dim> high);
  Value* gather(Value* data, Value* indices, int axis);
  /// Data with slices along axis 0 replaced (combine "none") by, or joined with, updates at integer positions.
  Value* scatter(Value* data, Value* positions, Value* updates, std::string combine) {
    return one(Op::scatter, {data, positions, updates}, {{"combine", std::move(combine)}});
  }
  Value* squeeze(Value* a, std::vector<int64_t> axes);    // those axes, known to be 1
  Value* unsqueeze(Value* a, std::vector<int64_t> axes);  // positions in the result

  /// A recurrence (see ir/scan.h). `body` gets a builder inside the region and the region's parameters, and returns
  /// the next carried values followed by the stacked slices.
  struct ScanBody {
    Value* step;
    std::vector<Value*> carried, scanned, invariants;
  };
  template <class Function>
  std::vector<Value*> scan(Dim trip, std::vector<Value*> carried, std::vector<Value*> scanned,
                           std::vector<Value*> invariants, bool reverse, int stacked, Function body);

  /// One of two computations (see ir/branch.h). Each of `then` and `otherwise` gets a builder inside its region and the
  /// region's parameters, one for each operand, and returns as many results; their types must be equal.
  template <class Then, class Otherwise>
  std::vector<Value*> branch(Value* condition, std::vector<Value*> operands, int results, Then then,
                             Otherwise otherwise);

  /// A recurrence that a condition may end (see ir/loop.h). `body` returns the next condition, then the next carried
  /// values, then the stacked slices.
  struct LoopBody {
    Value* step;
    std::vector<Value*> carried, invariants;
  };
  template <class Function>
  std::vector<Value*> loop(Dim trip, Value* condition, std::vector<Value*> carried, std::vector<Value*> invariants,
                           int stacked, Function body);

  /// An i64 scalar as a dimension. The result's one element, symbol + (low - 1), is `elements[0]`: the dim to go on with.
  Value* measure(Value* a, int64_t low, Dim high);

 private:
  std::vector<Value*> failed(int results);
  std::unique_ptr<Graph> start_region(int number);
  static Value* capture(Graph& region, const Value& value);
  void adopt_facts(Graph& region);
  bool have_types(std::initializer_list<const std::vector<Value*>*> groups);
  std::unique_ptr<Graph> start_arm(int number, const std::vector<Value*>& operands, std::vector<Value*>& params);
  void finish_arm(Graph& region, std::vector<Value*> outputs, const Builder& inner);
  std::vector<Value*> finish_branch(Value* condition, std::vector<Value*> operands, int results,
                                    std::vector<std::unique_ptr<Graph>> arms);
  std::unique_ptr<Graph> start_loop(const std::vector<Value*>& carried, const std::vector<Value*>& invariants,
                                    LoopBody& body);
  std::vector<Value*> finish_loop(Dim trip, Value* condition, std::vector<Value*> carried,
                                  std::vector<Value*> invariants, int stacked, std::unique_ptr<Graph> region);
  std::unique_ptr<Graph> start_scan(const std::vector<Value*>& carried, const std::vector<Value*>& scanned,
                                    const std::vector<Value*>& invariants, ScanBody& body);
  std::vector<Value*> finish_scan(Dim trip, std::vector<Value*> carried, std::vector<Value*> scanned,
                                  std::vector<Value*> invariants, bool reverse, int stacked,
                                  std::unique_ptr<Graph> region, std::vector<Value*> outputs, const Builder& inner);

  Graph& graph_;
  const Node* origin_;
  Diagnostics errors_;
  std::vector<std::unique_ptr<Value>> placeholders_;  // what failed calls return
};

template <class Function>
std::vector<Value*> Builder::scan(Dim trip, std::vector<Value*> carried, std::vector<Value*> scanned,
                                  std::vector<Value*> invariants, bool reverse, int stacked, Function body) {
  ScanBody parts;
  std::unique_ptr<Graph> region = start_scan(carried, scanned, invariants, parts);
  Builder inner(*region, origin_);
  std::vector<Value*> outputs;
  if (ok()) outputs = body(inner, parts);
  return finish_scan(std::move(trip), std::move(carried), std::move(scanned), std::move(invariants), reverse, stacked,
                     std::move(region), std::move(outputs), inner);
}

template <class Then, class Otherwise>
std::vector<Value*> Builder::branch(Value* condition, std::vector<Value*> operands, int results, Then then,
                                    Otherwise otherwise) {
  std::vector<std::unique_ptr<Graph>> arms;
  const auto arm = [&](int number, auto& body) {
    std::vector<Value*> params;
    arms.push_back(start_arm(number, operands, params));
    Builder inner(*arms.back(), origin_);
    std::vector<Value*> outputs;
    if (ok()) outputs = body(inner, params);
    finish_arm(*arms.back(), std::move(outputs), inner);
  };
  arm(0, then);
  arm(1, otherwise);
  return finish_branch(condition, std::move(operands), results, std::move(arms));
}

template <class Function>
std::vector<Value*> Builder::loop(Dim trip, Value* condition, std::vector<Value*> carried,
                                  std::vector<Value*> invariants, int stacked, Function body) {
  LoopBody parts;
  std::unique_ptr<Graph> region = start_loop(carried, invariants, parts);
  Builder inner(*region, origin_);
  std::vector<Value*> outputs;
  if (ok()) outputs = body(inner, parts);
  finish_arm(*region, std::move(outputs), inner);
  return finish_loop(std::move(trip), condition, std::move(carried), std::move(invariants), stacked, std::move(region));
}

}  // namespace rondo
