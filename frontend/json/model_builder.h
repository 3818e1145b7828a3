// Builds a model-level graph node by node; what every JSON dialect ends in. Operators are ONNX's at kJsonOpset.
// Tested through the dialects.
#pragma once

#include "frontend/json/numbers.h"
#include "ir/graph.h"

namespace rondo {

inline constexpr int kJsonOpset = 17;

class ModelBuilder {
 public:
  explicit ModelBuilder(int opset = kJsonOpset) : graph(Level::model) { graph.opset = opset; }

  Graph graph;
  /// Where nodes come from: the JSON pointer that the places of further nodes name.
  std::string pointer = "/";

  /// A sequence: its axis 0 is time.
  Value* input(std::string name, DType dtype, Shape shape) {
    graph.timing.push_back({Timing::Port::input, name});
    return graph.add_param(Type{dtype, std::move(shape)}, std::move(name));
  }
  Value* constant(Tensor tensor) { return node(Op::Constant, {}, {{"value", std::move(tensor)}}); }
  Value* constant(const Numbers& numbers) { return constant(numbers.tensor()); }
  Value* integers(const std::vector<int64_t>& values) { return constant(Tensor::vector_i64(values)); }
  Value* number(double value) { return constant(Tensor::scalar(DType::f32, value)); }

  /// The first result of a new node.
  Value* node(Op op, std::vector<Value*> operands, Attributes attributes = {}, int results = 1);

  Value* unsqueeze(Value* x, std::vector<int64_t> axes) { return node(Op::Unsqueeze, {x, integers(axes)}); }
  Value* squeeze(Value* x, std::vector<int64_t> axes) { return node(Op::Squeeze, {x, integers(axes)}); }
  Value* transpose(Value* x, std::vector<int64_t> perm) {
    return node(Op::Transpose, {x}, {{"perm", std::move(perm)}});
  }
  /// Elements [start, end) along an axis.
  Value* slice(Value* x, int64_t axis, int64_t start, int64_t end) {
    return node(Op::Slice, {x, integers({start}), integers({end}), integers({axis})});
  }
  Value* add(Value* a, Value* b) { return node(Op::Add, {a, b}); }
  Value* mul(Value* a, Value* b) { return node(Op::Mul, {a, b}); }

  void output(Value* value, std::string name);
};

}  // namespace rondo
