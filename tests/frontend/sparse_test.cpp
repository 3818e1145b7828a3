// Sparse tensors become dense ones: as initializers, and as a Constant's value.
#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

pb::TensorProto integers(std::vector<int64_t> dims, const std::vector<int64_t>& values) {
  pb::TensorProto tensor;
  tensor.set_data_type(kInt64);
  for (int64_t dim : dims) tensor.add_dims(dim);
  for (int64_t value : values) tensor.add_int64_data(value);
  return tensor;
}

pb::SparseTensorProto sparse(const std::vector<float>& values, pb::TensorProto indices, std::vector<int64_t> dims) {
  pb::SparseTensorProto tensor;
  *tensor.mutable_values() = floats("w", {static_cast<int64_t>(values.size())}, values);
  *tensor.mutable_indices() = std::move(indices);
  for (int64_t dim : dims) tensor.add_dims(dim);
  return tensor;
}

/// y = Add(x, w) with a sparse w.
pb::ModelProto with_sparse(pb::SparseTensorProto tensor) {
  pb::ModelProto model = tanh_model();
  pb::GraphProto& graph = *model.mutable_graph();
  graph.mutable_node(0)->set_op_type("Add");
  graph.mutable_node(0)->add_input("w");
  *graph.add_sparse_initializer() = std::move(tensor);
  return model;
}

std::vector<double> dense(const pb::ModelProto& model) {
  Graph graph = load_good(model);
  const Tensor& tensor = graph.nodes[0]->attributes.tensor("value");
  CHECK(tensor.shape() == std::vector<int64_t>{2, 3});
  CHECK(tensor.dtype() == DType::f32);
  return tensor.doubles();
}

}  // namespace

TEST_CASE("indices in row-major order, or one for each axis") {
  const std::vector<double> want{0, 7, 0, 0, 0, -2};
  CHECK(dense(with_sparse(sparse({7, -2}, integers({2}, {1, 5}), {2, 3}))) == want);
  CHECK(dense(with_sparse(sparse({7, -2}, integers({2, 2}, {0, 1, 1, 2}), {2, 3}))) == want);
  CHECK(dense(with_sparse(sparse({}, integers({0}, {}), {2, 3}))) == std::vector<double>(6, 0));
}

TEST_CASE("a sparse tensor whose parts do not fit") {
  auto refused = [](pb::SparseTensorProto tensor, const char* text) {
    load_bad(with_sparse(std::move(tensor)), {"initializer 'w'", text});
  };
  refused(sparse({7, -2}, integers({2}, {1, 6}), {2, 3}), "index 1 of a sparse tensor lies outside its shape [2, 3]");
  refused(sparse({7, -2}, integers({2}, {-1, 5}), {2, 3}), "index 0 of a sparse tensor lies outside");
  refused(sparse({7, -2}, integers({2, 2}, {0, 3, 1, 2}), {2, 3}), "index 0 of a sparse tensor lies outside");
  refused(sparse({7, -2}, integers({2}, {5, 1}), {2, 3}), "index 1 of a sparse tensor does not follow");
  refused(sparse({7, -2}, integers({2}, {5, 5}), {2, 3}), "index 1 of a sparse tensor does not follow");
  refused(sparse({7, -2}, integers({1}, {5}), {2, 3}), "the indices of a sparse tensor are i64[1]");
  refused(sparse({7, -2}, integers({2, 3}, {0, 0, 0, 1, 1, 1}), {2, 3}), "the indices of a sparse tensor are i64[2, 3]");
  refused(sparse({7, -2}, floats("", {2}, {1, 5}), {2, 3}), "the indices of a sparse tensor are f32[2]");
  refused(sparse({7}, integers({1}, {0}), {-2, 3}), "negative");
  refused(sparse({7}, integers({1}, {0}), {1 << 20, 1 << 20}), "unsupported: a sparse tensor of 4398046511104 bytes");
  pb::SparseTensorProto square = sparse({7, -2}, integers({2}, {1, 5}), {2, 3});
  square.mutable_values()->add_dims(1);
  refused(std::move(square), "the values of a sparse tensor have the shape [2, 1]");
}

TEST_CASE("an unused one is not even looked at") {
  pb::ModelProto model = with_sparse(sparse({7}, integers({1}, {100}), {2, 3}));
  model.mutable_graph()->mutable_node(0)->set_input(1, "x");
  load_good(model);
}

TEST_CASE("a Constant's sparse value") {
  pb::ModelProto model = tanh_model();
  pb::NodeProto& node = add_node(*model.mutable_graph(), "Constant", {}, {"c"}, "constant");
  *add_attribute(node, "sparse_value", 11).mutable_sparse_tensor() = sparse({3}, integers({1}, {2}), {4});
  Graph graph = load_good(model);
  CHECK(node_of(graph, "constant").attributes.tensor("sparse_value").doubles() == std::vector<double>{0, 0, 3, 0});
}
