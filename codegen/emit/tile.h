// One tile: each reduction nest with the values prepared for it and its accumulators, the parallel work, the stores.
#pragma once

#include <functional>

#include "codegen/emit/access.h"

namespace rondo::emit {

class TileEmitter {
 public:
  TileEmitter(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel, const KernelFacts& facts,
              Tile tile, const std::map<int, int64_t>& multiples, Value* next_panel);
  void emit();
  /// Only what follows the reductions, whose sums are there already.
  struct Sums {
    std::function<Value*(int reduce, Instance at)> sum;
    std::function<bool(int reduce)> has_beginning;
  };
  void emit_after(const Sums& sums);

 private:
  // How a reduction nest runs at the moment.
  struct Mode {
    int lanes, vectors, steps;
    bool rest = false;  // the elements left over of a reduction along lanes: scalar, apart
  };

  // What one tile reads of packed weights in one nest.
  struct Panel {
    const Instr* first = nullptr;  // the load that comes first in it
    Dim bytes = 0;
  };

  Value* value(int instr, Instance at);
  Value* compute(int instr, Instance at);
  Value* compute_pointwise(int instr, Instance at);
  std::optional<int> product_in(int index) const;
  Value* compute_bounded(int instr, Instance at);
  Value* compute_reduce(int instr, Instance at);
  void store_all();
  uint64_t key(int instr, Instance at) const;

  const std::vector<Axis>& axes() const { return kernel_.reductions[nest_]; }
  const std::vector<int>& reduces() const { return facts_.reduces[nest_]; }
  void run_nest();
  void prepare();
  void make_accumulators();
  Value* beginning(const Instr& reduce, Instance at, int lanes);
  int unroll_of(Value* begin, Value* end, int64_t step) const;
  void reduce(size_t axis);
  void reduce_lanes(size_t axis);
  void reduce_steps(size_t axis);
  void reduction_body();
  bool rows_are_outer() const;
  void accumulate_row(int reduce_index, int row, int step);
  void start_prefetching();
  Panel panel_of_nest() const;
  void prefetch();
  Value* accumulate(const Instr& instr, Instance at, Value* sum);
  Value* factor(int instr, Instance at, int lanes);
  Value* spread(int instr, Instance at, int lanes);
  Value* opaque(Value* vector);
  void finish_reductions();
  Value* finish(int reduce_index, int row, int vector);
  Value* pairwise(const Instr& instr, std::vector<Value*> values);
  Value* across_lanes(const Instr& instr, Value* value);
  void run(size_t axis, Value* begin, Value* end, int64_t step);
  int rows_of(int instr) const { return facts_.depends[instr].row ? tile_.rows : 1; }
  int vectors_of(int instr) const { return facts_.depends[instr].vector ? tile_.vectors : 1; }
  llvm::AllocaInst* accumulator(int reduce_index, Instance at);

  Emitter& emitter_;
  Frame& frame_;
  const Plan& plan_;
  const Kernel& kernel_;
  const KernelFacts& facts_;
  Tile tile_;
  Access access_;
  Value* next_panel_;        // what the vector axis' variable advances by
  Value* share_ = nullptr;   // what this block of rows asks for of the next panel; null: nothing
  const Sums* sums_ = nullptr;  // where reductions are computed elsewhere
  Mode mode_, full_mode_;
  size_t nest_ = 0;                           // the one that runs
  std::map<uint64_t, Value*> outer_, inner_;  // values outside the nests, and in the current body
  std::map<uint64_t, llvm::AllocaInst*> accumulators_, rest_;
  std::map<std::pair<uint64_t, int64_t>, Value*> spread_;  // vectors and quarters of them, by load and first element
};

}  // namespace rondo::emit
