// Streams: what the files passes/streams*.cpp share. A value of a graph for one stream becomes, in the graph for many,
// either one that all streams share (it depends on constants alone) or one that is apart: each stream has its own, along
// a new first axis. What an operator does to values that are apart is a row of the table in streams_rules.cpp.
//
// Tested by streams_test.cpp.
#pragma once

#include <unordered_map>

#include "ir/builder.h"

namespace rondo {

struct Many {
  Value* value = nullptr;
  bool apart = false;
};

/// Makes the nodes of one graph or region again, for many streams.
class Streams {
 public:
  Streams(Graph& into, int64_t count) : graph_(into), count_(count) {}

  int64_t count() const { return count_; }
  Graph& graph() { return graph_; }
  void stand_for(const Value* one, Many many) { many_of_[one] = many; }
  Many many_of(const Value* one) const { return many_of_.at(one); }
  Status add(const Graph& one);

  /// A type of one stream with the axis of streams.
  Type apart(const Type& one) const;
  Shape apart(const Shape& one) const;
  /// [streams, …] of a value, whether shared or apart already.
  Value* make_apart(Many many, Builder& b) const;
  /// As an operand that is to broadcast, as in NumPy, with values of this rank (of one stream).
  Value* aligned(Many many, int rank, Builder& b) const;

 private:
  Status add_node(const Node& node);

  Graph& graph_;
  const int64_t count_;
  std::unordered_map<const Value*, Many> many_of_;  // looked up only
};

std::string place_of(const Node& node);

/// A node of which at least one operand is apart, for many streams: a value for each result.
using StreamsRule = std::vector<Many> (*)(const Streams& streams, const Node& node, const std::vector<Many>& operands,
                                          Builder& b);
StreamsRule find_streams_rule(Op op);

/// The node for each stream alone, one after the other; the results together. Right for every operator.
std::vector<Many> each_alone(const Streams& streams, const Node& node, const std::vector<Many>& operands, Builder& b);
std::vector<Many> scan_for_streams(const Streams& streams, const Node& node, const std::vector<Many>& operands, Builder& b);
std::vector<Many> branch_for_streams(const Streams& streams, const Node& node, const std::vector<Many>& operands,
                                     Builder& b);

}  // namespace rondo
