// The cost of a tile, in cycles of a core that starts `multiply_adds` vector multiply-adds and `loads` loads in a cycle.
//
// One step of a reduction nest, for r rows and v vectors, with R reductions, W loads of weights (they differ along the
// lanes) and X loads of what is spread over lanes (they differ from row to row), u partial results:
//
//   core:   max(R r v / multiply_adds, (W v + X r) / loads, kSlack latency / u,
//               (R r v + X r + 2 / u) / (kIssue multiply_adds))
//   memory: bytes of W v / bandwidth of the level they come from
//
// A tile takes the longer of two: memory's steps; or the core's, log2(u) latencies for joining its partial results, and the
// longest chain of the work after its reductions, during which only memory goes on. The core's steps take kContention of
// all costs but latency more, since they do not overlap perfectly. To this comes kTile for what the end of one tile and the
// beginning of the next keep waiting: kFlatTile where no loops are between them.
//
// Weights come from the level of the memory that holds all of the kernel's; of those that do not fit the first level, as
// many whole panels are found there as fit, since the walk alternates. When rows are blocked inside the vector axis, later
// rows find a panel in the nearest level that holds it. What does not fit the registers is not considered.
//
// Where code is to be short, a tile costs the vectors that code is written for, and nothing is straight-line code.
//
// Rounding errors grow with a chain's length: chains, through all nests that continue them, have no more than kLongestChain
// terms where the registers hold the partial results for it. Where rows are blocked, registers are worth more as rows.
// Tested by plan_test.cpp, tile_test.cpp, long_sums_test.cpp.
#include "passes/plan/tile.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "passes/plan/lowering.h"

namespace rondo {
namespace {

constexpr double kAssumedExtent = 32;
constexpr int kMostVectors = 8, kMostRows = 12, kMostPartials = 4;
constexpr double kLongestChain = 512;
constexpr double kIssue = 3;           // instructions that a core starts in a cycle, for each multiply-add of them
constexpr double kFlatProducts = 512;  // multiply-adds of a tile that is straight-line code
constexpr double kFlatNear = 16;       // the same, where each load would need an address of its own
constexpr double kContention = 0.1;
constexpr double kTile = 60, kFlatTile = 20;  // cycles
constexpr double kSlack = 1.25;        // instructions do not start in the very cycle in which they could
constexpr double kUsable = 0.75;       // of a cache: the rest holds what is not weights
constexpr double kTranscendental = 30; // latency of exp, tanh and their like; cycles

struct NestWork {
  double steps = 1;     // iterations
  int reductions = 0;   // R
  int weights = 0;      // W
  int apart = 0;        // of these, whose lanes lie apart: what varies is never packed
  int spread = 0;       // X
  int alive = 0;        // results of earlier nests that are needed later and are no beginning here
  int weight_bytes = 0; // of one vector of each weight
};

class TileCost {
 public:
  TileCost(const Plan& plan, const Kernel& kernel, int row, const TargetFacts& target)
      : kernel_(kernel), target_(target) {
    const Schedule& s = kernel.schedule;
    const std::vector<int> inside = nests_of_body(kernel);
    for (const auto& nest : kernel.reductions) works_.push_back({estimate(nest)});
    for (size_t i = 0; i < kernel.body.size(); ++i) {
      const Instr& instr = kernel.body[i];
      if (instr.kind == Instr::Kind::reduce) ++works_[instr.nest].reductions;
      if (instr.kind != Instr::Kind::load || inside[i] < 0) continue;
      NestWork& work = works_[inside[i]];
      if (!depends(instr.index, s.vector_axis)) {
        ++work.spread;
        continue;
      }
      const int width = byte_size(plan.buffers[instr.buffer].dtype);
      ++work.weights;
      const bool packed = plan.buffers[instr.buffer].kind == Buffer::Kind::constant;
      work.apart += !packed && !coefficient(instr.index, s.vector_axis).is(1);
      work.weight_bytes += s.lanes * width;
      all_weights_ += footprint(kernel, instr);
      panel_ += work.steps * s.lanes * width;
    }
    count_alive();
    chain_ = longest_chain();
    for (size_t i = 0; i < kernel.parallel.size(); ++i) {
      if (kernel.parallel[i].var == row) rows_ = estimate(kernel.parallel[i].extent), row_at_ = i;
      if (kernel.parallel[i].var == s.vector_axis) vector_at_ = i;
    }
  }

  double rows() const { return rows_; }

  bool fits(int rows, int vectors, int partials) const {
    for (const NestWork& work : works_) {
      const int sums = (work.reductions * partials + work.alive) * rows * vectors;
      const int operands = rows == 1 ? work.spread : std::min(work.weights * vectors, work.spread * rows) + 1;
      if (sums + std::max(1, operands) > std::max(4, target_.vector_registers)) return false;
    }
    return true;
  }

  /// Cycles for all rows and `vector_count` vectors.
  double total(int rows, int vectors, int partials, double vector_count, bool flat) const {
    double sum = 0;
    for_each_part(vector_count, vectors, [&](double tiles, int part_vectors) {
      bool first = true;
      for_each_part(rows_, rows, [&](double blocks, int part_rows) {
        const double ends = blocks * (flat ? kFlatTile : kTile);
        sum += tiles * (panel_rows(part_rows, part_vectors, partials, blocks, first) + ends);
        first = false;
      });
    });
    return sum;
  }

  /// Vectors that code is written for: those of the tile, and of the smaller tiles at the ends of the axes.
  double code(int rows, int vectors, int partials, double vector_count) const {
    double sum = 0;
    for_each_part(vector_count, vectors, [&](double, int part_vectors) {
      for_each_part(rows_, rows, [&](double, int part_rows) { sum += part_vectors * part_rows * partials; });
    });
    return sum;
  }

  /// The fewest partial results for which no chain is longer than kLongestChain; fewer if they do not fit, one if there
  /// are rows.
  int least_partials(Sums sums) const {
    if (rows_ > 1 && sums == Sums::as_suits) return 1;
    std::vector<double> terms(kernel_.body.size(), 0);
    double longest = 0;
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      const Instr& instr = kernel_.body[i];
      if (instr.kind != Instr::Kind::reduce) continue;
      terms[i] = works_[instr.nest].steps + (instr.operands.size() > 1 ? terms[instr.operands[1]] : 0);
      if (instr.combine == Combine::sum) longest = std::max(longest, terms[i]);
    }
    int partials = 1;
    while (partials < kMostPartials && longest > kLongestChain * partials &&
           (sums == Sums::same_everywhere || fits(1, 1, partials * 2)))
      partials *= 2;
    return partials;
  }

  /// Multiply-adds, or loads of single lanes, of all nests in one tile: what straight-line code is long by.
  double length(int rows, int vectors) const {
    double sum = 0;
    for (const NestWork& work : works_)
      sum += work.steps * vectors * (work.reductions * rows + work.apart * kernel_.schedule.lanes);
    return sum;
  }

 private:
  /// Loads for one vector along the vector axis: one for each lane where the lanes lie apart.
  double loads_along(const NestWork& work) const {
    return work.weights + work.apart * (kernel_.schedule.lanes - 1);
  }

  void count_alive() {
    for (size_t nest = 1; nest < works_.size(); ++nest)
      for (size_t i = 0; i < kernel_.body.size(); ++i) {
        const Instr& instr = kernel_.body[i];
        if (instr.kind == Instr::Kind::reduce && instr.nest < static_cast<int>(nest)) works_[nest].alive += 1;
        if (instr.kind == Instr::Kind::reduce && instr.nest <= static_cast<int>(nest) && instr.operands.size() > 1 &&
            kernel_.body[instr.operands[1]].kind == Instr::Kind::reduce)
          works_[nest].alive -= 1;
      }
  }

  /// Cycles from the last reduction's result to the last store.
  double longest_chain() const {
    std::vector<double> ready(kernel_.body.size(), 0);
    double last = 0;
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      const Instr& instr = kernel_.body[i];
      if (instr.kind != Instr::Kind::pointwise) continue;
      bool after = false;
      for (int operand : instr.operands) {
        after = after || ready[operand] > 0 || kernel_.body[operand].kind == Instr::Kind::reduce;
        ready[i] = std::max(ready[i], ready[operand]);
      }
      if (after) ready[i] += is_transcendental(instr.op) ? kTranscendental : target_.latency;
      last = std::max(last, ready[i]);
    }
    return last;
  }

  static bool is_transcendental(Op op) {
    return info(op).signature == Signature::floating && op != Op::sqrt && op != Op::floor && op != Op::ceil;
  }

  template <class Function>
  static void for_each_part(double extent, int size, Function f) {
    const double whole = std::floor(extent / size);
    const int rest = static_cast<int>(extent - whole * size);
    if (whole > 0) f(whole, size);
    if (rest > 0) f(1.0, rest);
  }

  double bandwidth(double bytes) const {
    if (bytes <= kUsable * static_cast<double>(target_.l1_bytes)) return target_.l1_bytes_per_cycle;
    if (bytes <= static_cast<double>(target_.l2_bytes)) return target_.l2_bytes_per_cycle;
    return target_.far_bytes_per_cycle;
  }

  /// The part of all weights that is found in the first level when they are walked in alternating order.
  double kept(double panel) const {
    if (bandwidth(all_weights_) == target_.l1_bytes_per_cycle) return 1;
    return std::floor(kUsable * static_cast<double>(target_.l1_bytes) / panel) * panel / all_weights_;
  }

  /// `blocks` blocks of rows, one after the other, over one panel of weights.
  double panel_rows(int rows, int vectors, int partials, double blocks, bool first) const {
    const auto from = [&](double bytes_per_cycle) { return tile(rows, vectors, partials, bytes_per_cycle); };
    const double near = kept(panel_ * vectors);
    const double initial = near * from(target_.l1_bytes_per_cycle) + (1 - near) * from(bandwidth(all_weights_));
    const double later = row_at_ > vector_at_ ? from(bandwidth(panel_ * vectors)) : initial;
    return first ? initial + (blocks - 1) * later : blocks * later;
  }

  double tile(int rows, int vectors, int partials, double bytes_per_cycle) const {
    double core = chain_, memory = 0;
    for (const NestWork& work : works_) {
      const double products = work.reductions * rows * vectors, spread = work.spread * rows;
      const std::initializer_list<double> costs = {
          products / target_.multiply_adds, (loads_along(work) * vectors + spread) / target_.loads,
          (products + spread + 2.0 / partials) / (kIssue * target_.multiply_adds)};
      const double bytes = work.weight_bytes * vectors / bytes_per_cycle;
      const double all = std::accumulate(costs.begin(), costs.end(), bytes);
      core += work.steps * (std::max(std::max(costs), kSlack * target_.latency / partials) + kContention * all) +
              std::log2(partials) * target_.latency;
      memory += work.steps * bytes;
    }
    return std::max(core, memory);
  }

  const Kernel& kernel_;
  const TargetFacts& target_;
  std::vector<NestWork> works_;
  double all_weights_ = 0, panel_ = 0;  // bytes; panel: of one vector of each weight, over its nest
  double chain_ = 0;                    // cycles
  double rows_ = 1;
  size_t row_at_ = 0, vector_at_ = 0;  // depth of the loops
};

/// A reduction along the lanes has nothing but its own chains to hide latency.
void choose_chains(Kernel& kernel, const TargetFacts& target) {
  Schedule& schedule = kernel.schedule;
  int reductions = 0;
  for (const Instr& instr : kernel.body) reductions += instr.kind == Instr::Kind::reduce;
  const int chains = static_cast<int>(target.latency * target.multiply_adds);
  if (target.small_code) return;
  const double iterations = estimate(kernel.reductions[0].back().extent) / schedule.lanes;
  const int budget = std::max(1, target.vector_registers / 2 / std::max(1, reductions));
  while (schedule.unroll * 2 <= std::min(budget, 8) && reductions * schedule.unroll < chains &&
         iterations >= 2 * schedule.unroll)
    schedule.unroll *= 2;
}

/// A smaller part gives as few parts.
bool wasteful(double extent, int part) { return part > 1 && std::ceil(extent / part) == std::ceil(extent / (part - 1)); }

}  // namespace

double estimate(const Dim& extent) {
  return extent.constant() ? static_cast<double>(*extent.constant()) : kAssumedExtent;
}

double estimate(const std::vector<Axis>& axes) {
  double product = 1;
  for (const Axis& axis : axes) product *= estimate(axis.extent);
  return product;
}

bool depends(const Index& index, int var) { return !coefficient(index, var).is(0); }

std::vector<int> nests_of_body(const Kernel& kernel) {
  std::vector<int> inside(kernel.body.size(), -1);
  for (size_t i = 0; i < kernel.body.size(); ++i) {
    const Instr& instr = kernel.body[i];
    if (instr.kind == Instr::Kind::reduce) continue;
    for (const IndexTerm& term : instr.index.terms) inside[i] = std::max(inside[i], nest_of(kernel, term.var));
    for (int operand : instr.operands) inside[i] = std::max(inside[i], inside[operand]);
    for (const auto& part : instr.indirect) inside[i] = std::max(inside[i], inside[part.instr]);
  }
  return inside;
}

std::vector<bool> varies_along(const Kernel& kernel, int var) {
  std::vector<bool> varies(kernel.body.size(), false);
  for (size_t i = 0; i < kernel.body.size(); ++i) {
    const Instr& instr = kernel.body[i];
    varies[i] = depends(instr.index, var);
    for (int operand : instr.operands) varies[i] = varies[i] || varies[operand];
    for (const auto& part : instr.indirect) varies[i] = varies[i] || varies[part.instr];
  }
  return varies;
}

bool sums_floats_only(const Kernel& kernel) {
  for (const Instr& instr : kernel.body)
    if (instr.kind == Instr::Kind::reduce && !is_float(instr.dtype)) return false;
  return true;
}

double footprint(const Kernel& kernel, const Instr& load) {
  double elements = 1;
  for_each_axis(kernel, [&](const Axis& axis) {
    if (depends(load.index, axis.var)) elements *= estimate(axis.extent);
  });
  return elements * byte_size(load.dtype);
}

std::vector<PricedTile> tiles_of(const Plan& plan, const Kernel& kernel, int row, const TargetFacts& target,
                                 Sums sums) {
  const Schedule& own = kernel.schedule;
  if (nest_of(kernel, own.vector_axis) >= 0) return {};
  const TileCost cost(plan, kernel, row, target);
  double vector_count = 1;
  for (const Axis& axis : kernel.parallel)
    if (axis.var == own.vector_axis) vector_count = std::ceil(estimate(axis.extent) / own.lanes);
  bool constant = true;
  for (const auto& nest : kernel.reductions)
    for (const Axis& axis : nest) constant = constant && axis.extent.constant();
  const bool splits = sums_floats_only(kernel);
  std::vector<PricedTile> tiles;
  const int least = splits ? cost.least_partials(sums) : 1;
  const int most = splits && sums == Sums::as_suits ? kMostPartials : least;
  for (int partials = least; partials <= most; partials *= 2)
    for (int vectors = 1; vectors <= std::clamp<double>(vector_count, 1, kMostVectors); ++vectors)
      for (int rows = 1; rows <= std::clamp<double>(cost.rows(), 1, kMostRows); ++rows) {
        if (wasteful(vector_count, vectors) || wasteful(cost.rows(), rows)) continue;
        if (rows * vectors * partials > least && !cost.fits(rows, vectors, partials)) continue;
        Schedule schedule = own;
        schedule.vectors = vectors, schedule.rows = rows, schedule.unroll = partials;
        schedule.row_axis = rows > 1 ? row : -1;
        schedule.flat = constant && !target.small_code &&
                        cost.length(rows, vectors) <= (target.far_offsets ? kFlatProducts : kFlatNear);
        const double price = target.small_code ? cost.code(rows, vectors, partials, vector_count)
                                               : cost.total(rows, vectors, partials, vector_count, schedule.flat);
        tiles.push_back({price, schedule});
      }
  return tiles;
}

size_t choose_tile(const Plan& plan, Kernel& kernel, int row, const TargetFacts& target, Sums sums,
                   int vectors) {
  if (nest_of(kernel, kernel.schedule.vector_axis) >= 0) return choose_chains(kernel, target), 1;
  std::vector<PricedTile> tiles = tiles_of(plan, kernel, row, target, sums);
  const auto is_other = [&](const PricedTile& tile) { return tile.schedule.vectors != vectors; };
  if (!std::all_of(tiles.begin(), tiles.end(), is_other)) std::erase_if(tiles, is_other);
  double lowest = tiles.front().price;
  for (const PricedTile& tile : tiles) lowest = std::min(lowest, tile.price);
  const auto size = [](const Schedule& s) { return s.rows * s.vectors * s.unroll; };
  const PricedTile* best = nullptr;  // the smallest of those that cost about the same
  for (const PricedTile& tile : tiles)
    if (tile.price <= 1.01 * lowest && (!best || size(tile.schedule) < size(best->schedule))) best = &tile;
  kernel.schedule = best->schedule;
  return tiles.size();
}

}  // namespace rondo
