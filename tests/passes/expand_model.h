// A small model built by hand, expanded and evaluated: what the tests of expansions share.
#pragma once

#include <doctest/doctest.h>

#include <cmath>

#include "ir/reference.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/pipeline.h"

namespace rondo::testing {

inline std::string all_messages(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) text += to_string(diagnostic) + "\n";
  return text;
}

inline Tensor reals(std::vector<int64_t> shape, const std::vector<double>& values, DType dtype = DType::f32) {
  return Tensor::from_doubles(dtype, std::move(shape), values);
}

inline Tensor whole(std::vector<int64_t> shape, const std::vector<int64_t>& values, DType dtype = DType::i64) {
  return Tensor::from_ints(dtype, std::move(shape), values);
}

inline Tensor list(const std::vector<int64_t>& values) { return Tensor::vector_i64(values); }

class Model {
 public:
  explicit Model(int opset = 17) : graph(Level::model) { graph.opset = opset; }

  Value* input(const std::string& name, DType dtype, Shape shape) {
    return graph.add_param(Type{dtype, std::move(shape)}, name);
  }
  Value* constant(Tensor tensor) { return node(Op::Constant, {}, {{"value", std::move(tensor)}})[0]; }
  std::vector<Value*> node(Op op, std::vector<Value*> operands, Attributes attributes = {}, int results = 1) {
    Node* made = graph.append(op, std::move(operands), std::move(attributes), results);
    made->place = "node 'n" + std::to_string(graph.nodes.size()) + "' (" + std::string(info(op).word) + ")";
    std::vector<Value*> values;
    for (const auto& result : made->results) values.push_back(result.get());
    return values;
  }
  void output(Value* value, const std::string& name = "y") {
    graph.outputs.push_back(value);
    graph.output_names.push_back(name);
    graph.declared_outputs.push_back(std::nullopt);
  }
  Result<Graph> expand() { return rondo::expand(graph, warnings); }

  Graph graph;
  Diagnostics warnings;
};

/// The outputs on these arguments; no outputs, and a failed check, if anything goes wrong.
inline std::vector<Tensor> run(Model& model, const std::vector<Tensor>& arguments = {}) {
  auto core = model.expand();
  if (!core) {
    CHECK_MESSAGE(false, all_messages(core.errors()));
    return {};
  }
  if (Status verified = verify(*core); !verified) CHECK_MESSAGE(false, all_messages(verified.errors()));
  std::vector<Array> arrays;
  for (const Tensor& tensor : arguments) arrays.push_back(Array::from(tensor));
  auto results = evaluate(*core, std::move(arrays));
  if (!results) {
    CHECK_MESSAGE(false, all_messages(results.errors()));
    return {};
  }
  std::vector<Tensor> tensors;
  for (const Array& array : *results) tensors.push_back(array.to_tensor());
  return tensors;
}

/// One node on constants. Empty operands stand for optional ones left out.
inline std::vector<Tensor> run_node(Op op, int opset, const std::vector<std::optional<Tensor>>& operands,
                                    Attributes attributes = {}, int results = 1) {
  Model model(opset);
  std::vector<Value*> values;
  for (const auto& operand : operands) values.push_back(operand ? model.constant(*operand) : nullptr);
  for (Value* result : model.node(op, values, std::move(attributes), results))
    model.output(result, "y" + std::to_string(result->index));
  return run(model);
}

/// The messages with which the expansion of one node on constants fails; empty if it does not.
inline std::string errors_of(Op op, int opset, const std::vector<std::optional<Tensor>>& operands,
                             Attributes attributes = {}, int results = 1) {
  Model model(opset);
  std::vector<Value*> values;
  for (const auto& operand : operands) values.push_back(operand ? model.constant(*operand) : nullptr);
  for (Value* result : model.node(op, values, std::move(attributes), results))
    model.output(result, "y" + std::to_string(result->index));
  auto core = model.expand();
  return core ? "" : all_messages(core.errors());
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Same type, and elements within the tolerance (NaN matches NaN).
inline void check_close(const Tensor& got, const Tensor& want, double tolerance = 1e-5) {
  CHECK(to_string(got.type()) == to_string(want.type()));
  if (got.type() != want.type()) return;
  for (int64_t i = 0; i < want.count(); ++i) {
    const double a = got.double_at(i), b = want.double_at(i);
    if (std::isnan(a) && std::isnan(b)) continue;
    if (a == b) continue;
    CAPTURE(i);
    CHECK(std::abs(a - b) <= tolerance + tolerance * std::abs(b));
  }
}

inline void check_node(Op op, int opset, const std::vector<std::optional<Tensor>>& operands, Attributes attributes,
                       const Tensor& want) {
  CAPTURE(info(op).word);
  CAPTURE(opset);
  const std::vector<Tensor> got = run_node(op, opset, operands, std::move(attributes));
  REQUIRE(got.size() == 1);
  check_close(got[0], want);
}

}  // namespace rondo::testing
