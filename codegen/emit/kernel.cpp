// The loops around tiles. Tested by kernel_test.cpp, schedule_test.cpp.
#include "codegen/emit/kernel.h"

#include <algorithm>
#include <bit>

#include "codegen/emit/matrix.h"
#include "codegen/emit/tile.h"

namespace rondo::emit {
namespace {

class KernelEmitter {
 public:
  KernelEmitter(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel, const KernelFacts& facts,
                const std::vector<MatrixSum>& sums, Range range)
      : emitter_(emitter), frame_(frame), plan_(plan), kernel_(kernel), facts_(facts), sums_(sums), range_(range) {}

  void axis(size_t k, Tile tile) {
    if (k == kernel_.parallel.size()) {
      if (kernel_.schedule.matrix > 0) return matrix_tile(tile);
      TileEmitter(emitter_, frame_, plan_, kernel_, facts_, tile, multiples_, next_panel_).emit();
      return;
    }
    int var = kernel_.parallel[k].var;
    if (var == kernel_.schedule.vector_axis)
      vector_axis(k, tile);
    else if (var == kernel_.schedule.row_axis)
      kernel_.schedule.matrix > 0 ? matrix_rows(k, tile) : row_axis(k, tile);
    else
      run(k, tile, first(k), last(k), 1);
  }

 private:
  Value* extent(size_t k) { return frame_.dim(kernel_.parallel[k].extent); }
  bool in_part(size_t k) const { return range_.begin && kernel_.parallel[k].var == kernel_.schedule.task_axis; }
  Value* first(size_t k) { return in_part(k) ? range_.begin : emitter_.word_constant(0); }
  Value* last(size_t k) { return in_part(k) ? range_.end : extent(k); }
  /// Where the last whole step ends.
  Value* whole(size_t k, int64_t step) {
    Value* end = frame_.dim(floor_div(max(kernel_.parallel[k].extent, Dim(0)), Dim(step)) * Dim(step));
    if (!in_part(k)) return end;
    return emitter_.b.CreateSelect(emitter_.b.CreateICmpSLT(range_.end, end), range_.end, end);
  }
  /// What comes after the axis's last whole step belongs to the part that ends with the axis.
  void at_end_of_axis(size_t k, const std::function<void()>& rest) {
    if (!in_part(k)) return rest();
    emitter_.if_then(emitter_.b.CreateICmpEQ(range_.end, extent(k)), rest);
  }

  // The axis from begin to end in steps, with this tile.
  void run(size_t k, Tile tile, Value* begin, Value* end, int64_t step) {
    run_each(k, tile, begin, end, step, [](Value* i) { return i; });
  }
  void run_each(size_t k, Tile tile, Value* begin, Value* end, int64_t step, const std::function<Value*(Value*)>& turned) {
    int var = kernel_.parallel[k].var;
    Lines::At at(emitter_.lines, &kernel_.parallel[k]);
    multiples_[var] = var == kernel_.schedule.row_axis ? 1 : step;  // a rest of rows begins anywhere
    emitter_.loop(begin, end, step, [&](Value* i) {
      frame_.vars[var] = turned(i);
      axis(k + 1, tile);
    });
    frame_.vars.erase(var);
  }

  // 1 in every other run of the kernel, by the loop around and the turn kept between calls.
  Value* turn() {
    auto& b = emitter_.b;
    const int var = kernel_.schedule.alternate;
    Value* count = var >= 0 ? frame_.vars.at(var) : emitter_.word_constant(0);
    if (kernel_.schedule.turn >= 0) {
      Value* kept = b.CreateAlignedLoad(b.getInt32Ty(), frame_.buffers.at(kernel_.schedule.turn), llvm::Align(4));
      count = b.CreateAdd(count, b.CreateZExtOrTrunc(kept, emitter_.word));
    }
    return b.CreateAnd(count, emitter_.word_constant(1));
  }

  // All whole steps, backwards in every other run.
  void run_alternately(size_t k, Tile tile, Value* end, int64_t step) {
    auto& b = emitter_.b;
    Value* backwards = b.CreateICmpNE(turn(), emitter_.word_constant(0));
    next_panel_ = b.CreateSelect(backwards, emitter_.word_constant(-step), emitter_.word_constant(step));
    Value* both_ends = b.CreateAdd(first(k), b.CreateSub(end, emitter_.word_constant(step)));
    run_each(k, tile, first(k), end, step,
             [&](Value* i) { return b.CreateSelect(backwards, b.CreateSub(both_ends, i), i); });
  }
  void once(size_t k, Tile tile, int64_t at) {
    run(k, tile, emitter_.word_constant(at), emitter_.word_constant(at + 1), 1);
  }

  void row_axis(size_t k, Tile tile) {
    int rows = kernel_.schedule.rows;
    Value* end = whole(k, rows);
    tile.rows = rows;
    run(k, tile, first(k), end, rows);
    auto count = kernel_.parallel[k].extent.constant();
    if (count && *count % rows > 0) {
      tile.rows = static_cast<int>(*count % rows);
      at_end_of_axis(k, [&] { once(k, tile, *count - tile.rows); });
    } else if (!count) {
      at_end_of_axis(k, [&] { rest_of_rows(k, tile, end); });
    }
  }

  // Whole tiles, and what is left over in tiles of one register, of whose rows the last may be missing.
  void matrix_rows(size_t k, Tile tile) {
    const int rows = tile.rows = kernel_.schedule.rows;
    Value* end = whole(k, rows);
    run(k, tile, first(k), end, rows);
    const auto count = kernel_.parallel[k].extent.constant();
    if (count && *count % rows == 0) return;
    tile.rows = std::min(rows, kMatrixRows);
    tile.whole = false;
    at_end_of_axis(k, [&] { run(k, tile, end, last(k), tile.rows); });
  }

  // The unit computes the sums of a tile; what follows them goes row by row.
  void matrix_tile(Tile tile) {
    auto& b = emitter_.b;
    MatrixEmitter matrix(emitter_, frame_, plan_, kernel_, sums_, tile, multiples_);
    matrix.emit();
    if (matrix.complete()) return;
    const int var = kernel_.schedule.row_axis;
    Value* begin = frame_.vars.at(var);
    Value* end = b.CreateAdd(begin, emitter_.word_constant(tile.rows));
    if (!tile.whole) {
      Value* extent = frame_.dim(axis_of(var).extent);
      end = b.CreateSelect(b.CreateICmpSLT(end, extent), end, extent);
    }
    tile.rows = 1;
    emitter_.loop(begin, end, 1, [&](Value* i) {
      frame_.vars[var] = i;
      const TileEmitter::Sums sums{
          [&](int reduce, Instance at) { return matrix.sum(reduce, b.CreateSub(i, begin), at.vector); },
          [&](int reduce) { return matrix.has_beginning(reduce); }};
      TileEmitter(emitter_, frame_, plan_, kernel_, facts_, tile, multiples_, nullptr).emit_after(sums);
    });
    frame_.vars[var] = begin;
  }

  const Axis& axis_of(int var) const {
    return *std::find_if(kernel_.parallel.begin(), kernel_.parallel.end(), [&](const Axis& axis) { return axis.var == var; });
  }

  // Ever smaller blocks: 8, 4, 3, 2, 1. What is left over reads the weights once or twice, and few rows do so once.
  void rest_of_rows(size_t k, Tile tile, Value* begin) {
    Dim rest = max(kernel_.parallel[k].extent, Dim(0));
    int rows = tile.rows;
    while (rows > 1) {
      rest = rest - floor_div(rest, Dim(rows)) * Dim(rows);
      rows = rows > 4 ? static_cast<int>(std::bit_floor(unsigned(rows - 1))) : rows - 1;
      tile.rows = rows;
      Value* length = frame_.dim(floor_div(rest, Dim(rows)) * Dim(rows));
      Value* end = emitter_.b.CreateAdd(begin, length);
      run(k, tile, begin, end, rows);
      begin = end;
    }
  }

  void vector_axis(size_t k, Tile tile) {
    const Schedule& s = kernel_.schedule;
    int64_t step = int64_t(s.lanes) * s.vectors;
    Value* end = whole(k, step);
    tile.lanes = tile.active = s.lanes;
    tile.vectors = s.vectors;
    next_panel_ = emitter_.word_constant(step);
    if (s.alternate >= 0 || s.turn >= 0)
      run_alternately(k, tile, end, step);
    else
      run(k, tile, first(k), end, step);
    auto count = kernel_.parallel[k].extent.constant();
    if (count && *count > 0 && *count % step > 0)
      at_end_of_axis(k, [&] { rest_of_known(k, tile, *count / step * step, *count % step); });
    if (count) return;
    tile.vectors = 1;
    if (s.vectors > 1) {
      Value* vectors_end = whole(k, s.lanes);
      run(k, tile, end, vectors_end, s.lanes);
      end = vectors_end;
    }
    tile.lanes = tile.active = 1;
    if (s.lanes > 1) run(k, tile, end, last(k), 1);
  }

  // Whole vectors, then a masked one, or ever narrower ones.
  void rest_of_known(size_t k, Tile tile, int64_t at, int64_t rest) {
    int lanes = kernel_.schedule.lanes;
    tile.vectors = static_cast<int>(rest / lanes);
    int tail = static_cast<int>(rest % lanes);
    if (tail > 0 && emitter_.machine.facts.masked_memory) {
      tile.vectors += 1;
      tile.active = tail;
      return once(k, tile, at);
    }
    if (tile.vectors > 0) once(k, tile, at);
    at += int64_t(tile.vectors) * lanes;
    tile.vectors = 1;
    for (; tail > 0; at += tile.lanes, tail -= tile.lanes) {
      tile.lanes = tile.active = static_cast<int>(std::bit_floor(unsigned(tail)));
      once(k, tile, at);
    }
  }

  Emitter& emitter_;
  Frame& frame_;
  const Plan& plan_;
  const Kernel& kernel_;
  const KernelFacts& facts_;
  const std::vector<MatrixSum>& sums_;  // of a kernel for the matrix unit
  Range range_;  // of the task axis; empty: all of it
  std::map<int, int64_t> multiples_;  // of the base values of parallel variables
  Value* next_panel_ = nullptr;       // from one value of the vector axis' variable to the next
};

}  // namespace

Status emit_kernel(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel, Range range) {
  RONDO_TRY(KernelFacts facts, KernelFacts::of(kernel));
  std::vector<MatrixSum> sums;
  if (kernel.schedule.matrix > 0) {
    RONDO_TRY(sums, matrix_sums(plan, kernel));
    start_matrix(emitter);
  }
  KernelEmitter(emitter, frame, plan, kernel, facts, sums, range).axis(0, Tile{});
  if (kernel.schedule.matrix > 0) end_matrix(emitter);
  return Done{};
}

}  // namespace rondo::emit
