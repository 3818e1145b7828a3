// See kernel_times.h. Shares come from the build that times kernels, less what reading the counter costs; they divide
// the time of a call of the build that does not.
#include "driver/kernel_times.h"

#include "driver/tick_table.h"

namespace rondo {
namespace {

/// A sum of dims as numbers; saturated sizes stay large.
Result<double> number(const Dim& dim, const Dim::Values& dims) {
  RONDO_TRY(int64_t value, dim.evaluate(dims));
  return static_cast<double>(value);
}

void fill_table(TickTable& table, const Instance& instance, double seconds) {
  const auto call = [&] { (void)instance.call_again(); };
  const int64_t calls = calls_in_sample(call);
  (void)measure(
      [&] {
        table.take(calls, [&] {
          for (int64_t i = 0; i < calls; ++i) call();
        });
      },
      seconds);
}

/// What goes by between two runs of a kernel: everything in the loop around it, or in the whole call.
Result<std::map<const Loop*, double>> working_sets(const std::vector<PlacedCost>& costs, const Dim::Values& dims) {
  std::map<const Loop*, double> sets;
  for (const PlacedCost& placed : costs) {
    RONDO_TRY(double bytes, number(placed.cost.bytes(), dims));
    sets[nullptr] += bytes;
    for (const Loop* loop : placed.loops) sets[loop] += bytes;
  }
  return sets;
}

DType float_type(const Kernel& kernel) {
  for (const Instr& instr : kernel.body)
    if (instr.dtype == DType::f64) return DType::f64;
  return DType::f32;
}

Result<double> least_memory_seconds(double bytes, double working_set, MachineLimits& limits) {
  if (bytes <= 0) return 0.0;
  RONDO_TRY(double bandwidth, limits.bandwidth(static_cast<int64_t>(working_set)));
  return bytes / bandwidth;
}

Status describe(const PlacedCost& placed, const Dim::Values& dims, double working_set, MachineLimits& limits,
                KernelTime& time) {
  const KernelCost& cost = placed.cost;
  time.kernel = placed.kernel->name;
  time.place = placed.kernel->place;
  RONDO_TRY(double flops, number(cost.flops(), dims));
  RONDO_TRY(double bytes, number(cost.bytes(), dims));
  RONDO_TRY(double constant_bytes, number(cost.constant_bytes, dims));
  time.flops = flops * time.runs;
  time.bytes = bytes * time.runs;
  time.constant_bytes = constant_bytes * time.runs;
  if (time.flops > 0) {
    RONDO_TRY(double most, limits.flops(float_type(*placed.kernel)));
    time.arithmetic_seconds = time.flops / most;
  }
  RONDO_TRY(time.memory_seconds, least_memory_seconds(time.constant_bytes, working_set, limits));
  RONDO_TRY(double other, least_memory_seconds(time.bytes - time.constant_bytes, bytes - constant_bytes, limits));
  time.memory_seconds += other;
  return Done{};
}

}  // namespace

double CallTime::least_seconds() const {
  double sum = 0;
  for (const KernelTime& kernel : kernels) sum += kernel.least_seconds();
  return sum;
}

Result<CallTime> time_kernels(const Plan& plan, const Target& target, const ModelOptions& options,
                              const LoadedModel& model, const Dim::Values& dims, const std::vector<Tensor>& inputs,
                              double seconds) {
  const std::vector<PlacedCost> costs = costs_of(plan);
  RONDO_TRY(LoadedModel timed, LoadedModel::build(plan, target, options, {.profile = true}));
  RONDO_TRY(TickTable table, TickTable::find(timed, plan.name, costs.size()));
  RONDO_TRY(Instance plain, model.instantiate(dims));
  RONDO_TRY(Instance instance, timed.instantiate(dims));
  RONDO_TRY(std::vector<Tensor> first, plain.call(inputs));
  RONDO_TRY(std::vector<Tensor> second, instance.call(inputs));
  RONDO_TRY(MachineLimits limits, MachineLimits::prepare(target));
  RONDO_TRY(auto sets, working_sets(costs, dims));

  CallTime result;
  result.samples = measure([&] { (void)plain.call_again(); }, seconds * 2 / 3);
  fill_table(table, instance, seconds / 3);
  double all = 0;
  for (size_t i = 0; i < costs.size(); ++i) all += table.ticks(i);
  for (size_t i = 0; i < costs.size(); ++i) {
    KernelTime time;
    time.runs = table.runs(i);
    time.share = all > 0 ? table.ticks(i) / all : 0;
    time.seconds = time.share * result.samples.median;
    RONDO_CHECK(
        describe(costs[i], dims, sets.at(costs[i].loops.empty() ? nullptr : costs[i].loops.back()), limits, time));
    result.kernels.push_back(std::move(time));
  }
  RONDO_TRY(result.peak_flops, limits.flops(DType::f32));
  RONDO_TRY(result.bandwidth, limits.bandwidth(static_cast<int64_t>(sets[nullptr])));
  return result;
}

}  // namespace rondo
