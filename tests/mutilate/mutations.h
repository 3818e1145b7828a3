// The structural mutations: rows of tables, one table per subject.
#pragma once

#include <span>
#include <unordered_set>

#include "onnx.pb.h"
#include "tests/mutilate/mutilate.h"

namespace rondo {
namespace pb = onnx_pb;

/// Damages the `site`-th place where it can be done; false if there is none.
struct Mutation {
  std::string_view name;
  Expect expect;
  bool (*apply)(pb::ModelProto& model, int site);
};

std::span<const Mutation> structure_mutations();
std::span<const Mutation> initializer_mutations();
std::span<const Mutation> node_mutations();

/// Truncations, flipped bits, moved and overwritten stretches.
int mutilate_bytes(std::string_view seed, const std::function<void(const Variant&)>& take);

/// All names that nodes and outputs of a graph use, subgraphs included.
std::unordered_set<std::string> used_names(const pb::GraphProto& graph);

/// The nodes of the main graph that an output depends on, in order.
std::vector<pb::NodeProto*> live_nodes(pb::GraphProto& graph);

/// The site-th element that satisfies a condition, or null.
template <class Repeated, class Condition>
auto pick(Repeated* elements, int site, Condition condition) -> decltype(elements->Mutable(0)) {
  for (int i = 0; i < elements->size(); ++i)
    if (condition(elements->Get(i)) && site-- == 0) return elements->Mutable(i);
  return nullptr;
}

}  // namespace rondo
