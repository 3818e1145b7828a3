#include "tests/passes/random_graph.h"

#include <algorithm>

#include "passes/query.h"

namespace rondo::testing {
namespace {

class Generator {
 public:
  Generator(Builder& b, Random& random, int depth) : b_(b), random_(random), depth_(depth) {}

  void add(Value* value) {
    if (value->type->dtype == DType::f64) values_.push_back(value);
  }

  void grow(int nodes) {
    while (nodes-- > 0) {
      const int kind = random_.below(depth_ == 0 ? 14 : 15);
      Value* value = make(kind);
      if (value) add(value);
    }
  }

  /// A cell that is written out over the rows of a value: for some steps in order, or for all in reverse.
  void written_out(Value* rows, int64_t steps) {
    const int64_t inner = *rows->type->shape[1].constant();
    Value *r = b_.constant(weights({3, 3})), *w = b_.constant(weights({inner, 3}));
    const int kind = random_.below(8);
    Value* h = kind & 1 ? b_.zeros(DType::f64, {1, 3}) : b_.slice_axis(of_shape({2, 3}), 0, 1, 1);
    std::vector<Value*> all;
    for (int64_t t = 0; t < steps; ++t) {
      Value* x = b_.matmul(b_.slice_axis(rows, 0, kind & 2 ? steps - 1 - t : t, 1), w);
      Value* sum = kind == 1 && t == 0 ? x : b_.add(x, b_.matmul(h, r));
      h = kind & 4 ? b_.mul(b_.sigmoid(sum), b_.add(h, b_.scalar(DType::f64, static_cast<double>(t % 3))))
                   : b_.tanh(sum);
      all.push_back(h);
    }
    add(all[static_cast<size_t>(random_.below(static_cast<int>(steps)))]);
    if (kind & 2) std::reverse(all.begin(), all.end());
    if (random_.below(2)) all.erase(all.begin() + random_.below(3));
    add(b_.concat(std::move(all), random_.below(2)));
  }

  Value* any() { return values_[random_.below(static_cast<int>(values_.size()))]; }
  Value* recent() {
    const int count = static_cast<int>(values_.size());
    return values_[count - 1 - random_.below(std::min(count, 4))];
  }
  Value* of_shape(const Shape& shape) {
    for (int tries = 0; tries < 8; ++tries)
      if (Value* value = any(); value->type->shape == shape) return value;
    for (size_t i = values_.size(); i-- > 0;)
      if (values_[i]->type->shape == shape) return values_[i];
    return b_.zeros(DType::f64, shape);
  }

 private:
  Value* make(int kind) {
    if (kind < 3) return unary(recent());
    if (kind < 6) return binary(recent(), any());
    if (kind < 8) return product(recent());
    if (kind == 8) return part(recent());
    if (kind == 9) return moved(recent());
    if (kind == 10) return constant();
    if (kind == 11) return reduced(recent());
    if (kind == 12) return masked(recent(), any());
    if (kind == 13) return joined(recent(), any());
    return scan();
  }

  Value* unary(Value* a) {
    switch (random_.below(6)) {
      case 0: return b_.neg(a);
      case 1: return b_.sigmoid(a);
      case 2: return b_.abs(a);
      case 3: return b_.cast(b_.cast(a, DType::f64), DType::f64);
      default: return b_.tanh(a);
    }
  }

  Value* binary(Value* a, Value* c) {
    if (!plain_broadcast({&a->type->shape, &c->type->shape})) return nullptr;
    switch (random_.below(6)) {
      case 0: return b_.mul(a, c);
      case 1: return b_.sub(a, c);
      case 2: return b_.maximum(a, c);
      default: return b_.add(a, c);
    }
  }

  Tensor tensor(const std::vector<int64_t>& shape) {
    int64_t count = 1;
    for (int64_t extent : shape) count *= extent;
    std::vector<double> elements(static_cast<size_t>(count));
    const int kind = random_.below(5);
    for (double& element : elements) element = kind == 0 ? 0 : kind == 1 ? 1 : random_.real();
    return Tensor::from_doubles(DType::f64, shape, elements);
  }

  Tensor weights(const std::vector<int64_t>& shape) {
    std::vector<double> elements(static_cast<size_t>(shape[0] * shape[1]));
    for (double& element : elements) element = random_.real();
    return Tensor::from_doubles(DType::f64, shape, elements);
  }

  Value* constant() {
    static const std::vector<std::vector<int64_t>> kShapes{{}, {2}, {3}, {1, 3}, {2, 3}, {2, 1}};
    Value* value = b_.constant(tensor(kShapes[random_.below(static_cast<int>(kShapes.size()))]));
    return random_.below(4) ? value : b_.broadcast(value, value->type->rank() ? value->type->shape : Shape{2, 3});
  }

  Value* product(Value* a) {
    if (a->type->rank() < 2 || !a->type->shape.back().constant()) return nullptr;
    const int64_t inner = *a->type->shape.back().constant(), columns = 1 + random_.below(4);
    Value* first = b_.matmul(a, b_.constant(tensor({inner, columns})));
    if (random_.below(2)) add(b_.add(b_.matmul(a, b_.constant(tensor({inner, 2}))), b_.constant(tensor({2}))));
    return first;
  }

  Value* part(Value* a) {
    std::vector<Dim> starts, sizes;
    std::vector<int64_t> steps;
    for (const Dim& dim : a->type->shape) {
      const int64_t extent = dim.constant().value_or(0);
      const bool cut = extent > 1 && random_.below(2);
      starts.push_back(cut ? random_.below(2) : 0);
      sizes.push_back(cut ? Dim(extent - 1) : dim);
      steps.push_back(1);
    }
    return b_.slice(a, starts, sizes, steps);
  }

  Value* moved(Value* a) {
    const Shape& shape = a->type->shape;
    if (random_.below(3) == 0) return b_.unsqueeze(a, {random_.below(static_cast<int>(shape.size()) + 1)});
    if (shape.size() < 2) return b_.broadcast(a, shape.empty() ? Shape{2} : Shape{2, shape[0]});
    if (random_.below(2)) return b_.reshape(a, {element_count(shape)});
    std::vector<int64_t> perm;
    for (size_t i = 0; i < shape.size(); ++i) perm.push_back(static_cast<int64_t>((i + 1) % shape.size()));
    return b_.transpose(a, perm);
  }

  Value* reduced(Value* a) {
    if (a->type->rank() == 0) return nullptr;
    return b_.reduce(a, random_.below(2) ? "sum" : "max", {random_.below(a->type->rank())}, random_.below(2));
  }

  Value* masked(Value* a, Value* c) {
    if (a->type->rank() == 0 || !plain_broadcast({&a->type->shape, &c->type->shape})) return nullptr;
    const int axis = random_.below(a->type->rank());
    Value* mask = b_.less(b_.iota(a->type->shape, axis), b_.scalar(DType::i64, 1 + random_.below(3)));
    return b_.select(mask, a, c);
  }

  Value* joined(Value* a, Value* c) {
    if (a->type->rank() == 0 || !(a->type->shape == c->type->shape)) return nullptr;
    const int axis = random_.below(a->type->rank());
    Value* whole = b_.concat({a, c}, axis);
    const Dim& extent = a->type->shape[axis];
    return random_.below(2) ? whole : b_.slice_axis(whole, axis, random_.below(2) ? Dim(0) : extent, extent);
  }

  /// A layer, or two over one sequence.
  Value* scan() {
    Value* sequence = any();
    if (sequence->type->rank() == 0) return nullptr;
    Value* first = scan_over(sequence);
    if (random_.below(3) > 0) return first;
    Value* second = scan_over(sequence);
    add(first);
    return second;
  }

  /// A cell: products of the scanned and of the carried value, biases, and whatever else comes along.
  Value* scan_over(Value* sequence) {
    const Dim trip = sequence->type->shape[0];
    std::vector<Value*> scanned{sequence}, carried{of_shape({2, 3}), recent()}, invariants{any(), recent()};
    if (Value* other = any(); other->type->rank() > 0 && other->type->shape[0] == trip) scanned.push_back(other);
    const bool reverse = random_.below(2);
    auto body = [&](Builder& inner, const Builder::ScanBody& parts) {
      Generator cell(inner, random_, depth_ - 1);
      cell.add(inner.cast(parts.step, DType::f64));
      for (const auto* group : {&parts.carried, &parts.invariants, &parts.scanned})
        for (Value* value : *group) cell.add(value);
      cell.grow(4 + random_.below(8));
      Value* next = cell.of_shape({2, 3});
      if (random_.below(2)) next = inner.tanh(inner.add(next, parts.carried[0]));
      Value* other = random_.below(2) ? parts.carried[1] : cell.of_shape(parts.carried[1]->type->shape);
      return std::vector<Value*>{next, other, cell.recent(), cell.any()};
    };
    const std::vector<Value*> results = b_.scan(trip, carried, scanned, invariants, reverse, 2, body);
    for (size_t i = 1; i < results.size(); ++i)
      if (random_.below(2)) add(results[i]);
    return results[0];
  }

  Builder& b_;
  Random& random_;
  const int depth_;
  std::vector<Value*> values_;
};

}  // namespace

Graph random_graph(uint64_t seed) {
  Random random(seed);
  Graph graph;
  graph.name = "random";
  Builder b(graph);
  Generator generator(b, random, 2);
  const Dim t = Dim::symbol("T");
  const std::vector<Shape> shapes{{t, 2, 3}, {2, 3}, {t, 3}, {3}, {}, {3, 2, 2}, {1, 2, 3}};
  for (const Shape& shape : shapes)
    generator.add(graph.add_param(Type{DType::f64, shape}, "x"));
  const int steps = random.below(3) == 0 ? 4 + random.below(4) : 0;  // of a cell written out
  Value* rows = steps ? graph.add_param(Type{DType::f64, {steps, 2}}, "rows") : nullptr;
  graph.states.push_back({"s", graph.add_param(Type{DType::f64, {2, 3}}, "s"), nullptr, std::nullopt});
  generator.add(graph.states[0].current);
  generator.grow(8 + random.below(16));
  if (steps) generator.written_out(rows, steps);
  graph.states[0].next = generator.of_shape({2, 3});
  for (int i = 0; i < 4; ++i) {
    graph.outputs.push_back(generator.recent());
    graph.output_names.push_back("y" + std::to_string(i));
  }
  const Status built = b.status();
  REQUIRE_MESSAGE(built, (built ? "" : to_string(built.errors()[0])));
  return graph;
}

}  // namespace rondo::testing
