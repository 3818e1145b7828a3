// Writing at positions: ScatterElements, ScatterND, TensorScatter, Scatter. Each is a scatter along one axis whose
// positions are computed. Tested by expand_positions_test.cpp.
#include <fmt/format.h>

#include "passes/expand/positions.h"

namespace rondo {

using Values = std::vector<Value*>;

namespace {

/// core scatter's word for attribute 'reduction'; empty after an error.
std::string read_reduction(Expansion& e) {
  const std::string word = e.text("reduction", "none");
  static const std::map<std::string, std::string> words{
      {"none", "none"}, {"add", "sum"}, {"mul", "prod"}, {"max", "max"}, {"min", "min"}};
  auto found = words.find(word);
  if (found != words.end()) return found->second;
  e.fail(fmt::format("attribute 'reduction' is '{}', must be none, add, mul, max or min", word));
  return "";
}

Values scatter_elements(Expansion& e, const std::string& combine) {
  Builder& b = e.b;
  Value *data = e.operand(0), *indices = e.operand(1), *updates = e.operand(2);
  const int axis = normalise_axis(e, e.integer("axis", 0), rank_of(data));
  if (!e.ok()) return {data};
  if (rank_of(indices) != rank_of(data) || rank_of(updates) != rank_of(data))
    return {e.fail("data, indices and updates must have as many axes")};
  for (int i = 0; i < rank_of(data); ++i)
    e.require_equal(shape_of(indices)[i], shape_of(updates)[i], fmt::format("axis {} of indices and updates", i));
  if (!e.ok()) return {data};
  const Shape shape = shape_of(data);
  const Dim all = element_count(shape), count = element_count(shape_of(indices));
  Value* place = flat_positions(b, shape, from_front(b, indices, shape[axis]), axis);
  Value* result = b.scatter(b.reshape(data, {all}), b.reshape(place, {count}), b.reshape(updates, {count}), combine);
  return {b.reshape(result, shape)};
}

}  // namespace

Values expand_ScatterElements(Expansion& e) {
  const std::string combine = read_reduction(e);
  return scatter_elements(e, combine);
}
Values expand_Scatter(Expansion& e) { return scatter_elements(e, "none"); }

Values expand_ScatterND(Expansion& e) {
  Builder& b = e.b;
  const std::string combine = read_reduction(e);
  Value *data = e.operand(0), *indices = e.operand(1), *updates = e.operand(2);
  if (!e.ok()) return {data};
  if (rank_of(indices) < 1) return {e.fail("the indices must have at least 1 axis")};
  const Shape shape = shape_of(data);
  Value* place = tuple_positions(e, shape, indices, 0);
  if (!e.ok()) return {data};
  const int64_t width = *b.graph().resolve(shape_of(indices).back()).constant();
  const Shape rest(shape.begin() + width, shape.end());
  const Dim count = element_count(shape_of(place));
  Shape flat{element_count({shape.begin(), shape.begin() + width})}, pieces{count};
  flat.insert(flat.end(), rest.begin(), rest.end());
  pieces.insert(pieces.end(), rest.begin(), rest.end());
  Value* result = b.scatter(b.reshape(data, flat), b.reshape(place, {count}), b.reshape(updates, pieces), combine);
  return {b.reshape(result, shape)};
}

// A cache [batch, .., steps, ..] takes in each batch's new steps from its write index on; circular: modulo the steps.
Values expand_TensorScatter(Expansion& e) {
  Builder& b = e.b;
  Value *cache = e.operand(0), *update = e.operand(1), *starts = e.optional_operand(2);
  const std::string mode = e.text("mode", "linear");
  const int axis = normalise_axis(e, e.integer("axis", -2), rank_of(cache));
  if (!e.ok()) return {cache};
  if (mode != "linear" && mode != "circular")
    return {e.fail(fmt::format("attribute 'mode' is '{}', must be linear or circular", mode))};
  if (axis == 0 || rank_of(update) != rank_of(cache)) return {e.fail("the cache must be [batch, .., steps, ..]")};
  const int rank = rank_of(cache);
  std::vector<int64_t> perm{0, axis}, inverse(rank);
  for (int i = 1; i < rank; ++i)
    if (i != axis) perm.push_back(i);
  for (int i = 0; i < rank; ++i) inverse[perm[i]] = i;
  Value *to = b.transpose(cache, perm), *from = b.transpose(update, perm);
  if (!e.ok()) return {cache};
  const Shape shape = shape_of(to);
  const Shape grid{shape_of(from)[0], shape_of(from)[1]};
  e.require_equal(grid[0], shape[0], "the batches of cache and update");
  Value* step = positions_along(b, grid, 1);
  if (starts) step = b.add(step, b.reshape(b.cast(starts, DType::i64), {grid[0], 1}));
  step = b.broadcast(step, grid);
  if (mode == "circular") step = b.remainder(step, b.dim(shape[1]));
  Value* place = flat_positions(b, {shape[0], shape[1]}, step, 1);
  if (!e.ok()) return {cache};
  Shape flat{shape[0] * shape[1]}, pieces{grid[0] * grid[1]};
  flat.insert(flat.end(), shape.begin() + 2, shape.end());
  pieces.insert(pieces.end(), shape_of(from).begin() + 2, shape_of(from).end());
  Value* result =
      b.scatter(b.reshape(to, flat), b.reshape(place, {pieces[0]}), b.reshape(from, pieces), "none");
  return {b.transpose(b.reshape(result, shape), inverse)};
}

}  // namespace rondo
