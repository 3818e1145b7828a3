// KernelBuilder: turns values demanded at positions into one kernel's scalar program.
//
// A kernel starts from the positions of its results. Each value is demanded at the position where it is needed;
// data movement only changes positions, a pointwise operator becomes an instruction, a contraction or reduction
// introduces a reduction nest, and a value from outside becomes a load. A contraction demanded at several positions (the
// gates of a cell) gives several accumulators that share one nest; each contraction has a nest of its own.
#pragma once

#include <functional>

#include "passes/plan/view.h"

namespace rondo {

/// What a value is to the kernels that use it.
struct Operand {
  enum class Kind : uint8_t {
    view,      // elements in a buffer
    constant,  // one element, known
    index,     // one element: the value of an index (a scan's step, a dimension)
    iota,      // the position along an axis
  };
  Kind kind = Kind::view;
  View view;
  Tensor constant;
  Index index;
  int axis = 0;
  DType dtype = DType::f32;
};

class KernelBuilder {
 public:
  using Lookup = std::function<const Operand*(const Value*)>;

  /// `lookup` gives values from outside the kernel, null for those to be computed in it; `next_var` numbers variables.
  KernelBuilder(Kernel& kernel, Lookup lookup, int& next_var);

  /// Makes the parallel axes of a result shape; its elements' position. An axis split in `groups` parts
  /// (of equal, constant size) becomes two axes.
  Position iterate(const Shape& shape, int grouped_axis = -1, int64_t groups = 1);

  /// The instruction that holds a value's element; -1 if the kernel cannot hold it (see failed()).
  int demand(const Value* value, const Position& position);
  int demand(const Operand& operand, const Position& position);
  void store(int instr, const View& view, const Position& position);

  bool failed() const { return failed_; }

 private:
  friend struct Demands;
  int emit(Instr instr);
  int compute(const Node& node, int result, const Position& position);
  int pointwise(const Node& node, const Position& position);
  int matmul(const Node& node, const Position& position);
  int conv(const Node& node, const Position& position);
  int reduce(const Node& node, const Position& position);
  int reduce_window(const Node& node, const Position& position);
  int region(const Node& node, int result, const Position& position);
  /// A reduction nest, -1 if it has a single iteration, and the index along each of its extents.
  struct Nest {
    int number = -1;
    std::vector<Index> axes;
  };
  /// The nest of a product, or that of all other reductions over these extents (product is null).
  Nest nest_over(const std::vector<Dim>& extents, const Node* product);
  /// Combines what `element` demands over the nest. Reductions over the results of others are another kernel's work.
  int accumulate(const Nest& nest, Combine combine, DType dtype, const std::function<int()>& element);
  bool uses_reduction(int instr) const;
  int multiply_accumulate(const Nest& nest, const Node& node, const Position& left, const Position& right);
  int fail() { return failed_ = true, -1; }

  Kernel& kernel_;
  Lookup lookup_;
  int& next_var_;
  bool failed_ = false;
  std::map<std::string, int> known_;  // instructions by what they hold
  std::map<const Value*, int> value_ids_;
  std::map<std::pair<const Node*, std::vector<std::string>>, Nest> nests_;  // looked up only
  struct Split {  // a parallel axis of the result in two: outer * inner_extent + inner
    int axis = -1;
    Index whole, outer, inner;
  } split_;
};

}  // namespace rondo
