// See tune.h. Build number i of the model uses choice i for every kernel at once, and times each kernel; so the number
// of builds is that of one kernel's choices. The builds take turns, so that what disturbs one disturbs all. At the end,
// the best of each kernel together must beat the planner's own choice in a build that times nothing, or that stays.
#include "driver/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "driver/inputs.h"
#include "driver/stages.h"
#include "driver/tick_table.h"
#include "driver/tuning_file.h"
#include "ir/cost.h"

namespace rondo {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int64_t kAssumedExtent = 32;  // of a dimension that only the run knows
constexpr double kLeastGain = 0.02;     // below it, the planner's own choice stays
constexpr double kLeastShare = 0.01;    // of the time; below it, a kernel is not worth a choice
constexpr int kFewestRounds = 5;

class Tuner {
 public:
  Tuner(const Graph& core, const CompileOptions& options, const Target& target)
      : core_(core), options_(options), target_(target), start_(Clock::now()) {}

  Result<Tuning> run() {
    RONDO_TRY(Plan own, plan_core(core_, options_.model, target_, {.choices = &choices_}));
    choose_dims(own);
    if (choices_.empty()) return Tuning{};
    RONDO_CHECK(build_all());
    run_stage(options_.model.stages, "measure", [&] { measure_builds(); });
    RONDO_TRY(Tuning best, better_of(choice(0), best_of_each()));
    return best;
  }

 private:
  /// A choice may bring kernels of its own, so each build knows its kernels by name.
  struct Build {
    Instance instance;
    TickTable table;
    std::vector<std::string> kernels;

    double ticks(const std::string& kernel) const {
      return table.ticks(std::find(kernels.begin(), kernels.end(), kernel) - kernels.begin());
    }
  };

  double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  void choose_dims(const Plan& plan) {
    for (const std::string& symbol : plan.symbols) dims_[symbol] = kAssumedExtent;
  }

  /// Choice i of every kernel that has so many, the planner's own of the others.
  Tuning choice(size_t i) const {
    Tuning tuning;
    for (const KernelChoices& kernel : choices_)
      tuning.push_back({kernel.kernel, kernel.fingerprint, kernel.tiles[i < kernel.tiles.size() ? i : 0]});
    return tuning;
  }

  Result<Plan> plan_of(const Tuning& tuning) const {
    return plan_core(core_, options_.model, target_, {.tuning = &tuning});
  }

  Result<Instance> start(const LoadedModel& model) const {
    RONDO_TRY(std::vector<Tensor> inputs, make_up_inputs(model, {}, dims_));
    RONDO_TRY(Instance instance, model.instantiate(dims_));
    RONDO_TRY(std::vector<Tensor> outputs, instance.call(inputs));
    return instance;
  }

  /// Half of the time is for building.
  Status build_all() {
    size_t most = 0;
    for (const KernelChoices& kernel : choices_) most = std::max(most, kernel.tiles.size());
    for (size_t i = 0; i < most && (i < 2 || elapsed() < options_.tune_seconds / 2); ++i) {
      RONDO_TRY(Plan plan, plan_of(choice(i)));
      std::vector<std::string> kernels;
      for (const PlacedCost& placed : costs_of(plan)) kernels.push_back(placed.kernel->name);
      RONDO_TRY(LoadedModel model, LoadedModel::build(plan, target_, options_.model, {.profile = true}));
      RONDO_TRY(TickTable table, TickTable::find(model, plan.name, kernels.size()));
      RONDO_TRY(Instance instance, start(model));
      builds_.push_back({std::move(instance), std::move(table), std::move(kernels)});
    }
    return Done{};
  }

  void measure_builds() {
    const int64_t calls = calls_in_sample([&] { (void)builds_[0].instance.call_again(); });
    for (int round = 0; round < kFewestRounds || elapsed() < options_.tune_seconds * 3 / 4; ++round)
      for (Build& build : builds_)
        build.table.take(calls, [&] {
          for (int64_t i = 0; i < calls; ++i) (void)build.instance.call_again();
        });
  }

  Tuning best_of_each() const {
    double all = 0;
    for (size_t kernel = 0; kernel < builds_[0].kernels.size(); ++kernel) all += builds_[0].table.ticks(kernel);
    Tuning tuning = choice(0);
    for (size_t k = 0; k < choices_.size(); ++k) {
      const double own = builds_[0].ticks(choices_[k].kernel);
      if (own < kLeastShare * all) continue;
      double best = own * (1 - kLeastGain);
      for (size_t i = 1; i < std::min(builds_.size(), choices_[k].tiles.size()); ++i) {
        const double ticks = builds_[i].ticks(choices_[k].kernel);
        if (ticks >= best) continue;
        best = ticks;
        tuning[k].tile = choices_[k].tiles[i];
      }
    }
    return tuning;
  }

  /// Whole calls, without any timing inside, taken in turn.
  Result<Tuning> better_of(Tuning own, Tuning tuned) {
    size_t changed = 0;
    for (size_t k = 0; k < own.size(); ++k) changed += !(own[k] == tuned[k]);
    if (changed == 0) {
      fmt::print("tuned: {} kernels have a choice, and the planner's was the best for all\n", own.size());
      return own;
    }
    RONDO_TRY(Plan own_plan, plan_of(own));
    RONDO_TRY(Plan tuned_plan, plan_of(tuned));
    RONDO_TRY(LoadedModel own_model, LoadedModel::build(own_plan, target_, options_.model));
    RONDO_TRY(LoadedModel tuned_model, LoadedModel::build(tuned_plan, target_, options_.model));
    RONDO_TRY(Instance first, start(own_model));
    RONDO_TRY(Instance second, start(tuned_model));
    std::vector<double> before, after;
    for (int round = 0; round < kFewestRounds || elapsed() < options_.tune_seconds; ++round) {
      before.push_back(measure([&] { (void)first.call_again(); }, 0).median);
      after.push_back(measure([&] { (void)second.call_again(); }, 0).median);
    }
    const bool better = median(after) < median(before);
    fmt::print("tuned: {} of {} kernels changed, {:.2f} -> {:.2f} us per call{}\n", changed, own.size(),
               median(before) * 1e6, median(after) * 1e6, better ? "" : ": not faster, so nothing is changed");
    return better ? tuned : own;
  }

  const Graph& core_;
  const CompileOptions& options_;
  const Target& target_;
  Clock::time_point start_;
  Dim::Values dims_;
  std::vector<KernelChoices> choices_;
  std::vector<Build> builds_;
};

}  // namespace

Result<Plan> tune(Parsed source, const CompileOptions& options, const Target& target, std::string& text) {
  if (source.plan) return invalid("the text is at the plan level, where --tune comes too late");
  RONDO_TRY(Target host, host_target(options.model.target));
  Diagnostics remarks;
  auto work = [&]() -> Result<Plan> {
    RONDO_TRY(Graph core, lower_to_core(std::move(*source.graph), options.model, target, {}, remarks));
    RONDO_TRY(Tuning tuning, Tuner(core, options, target).run());
    text = tuning_text(tuning, target);
    return plan_core(core, options.model, target, {.tuning = &tuning});
  };
  return about_file(work(), options.model.model);
}

}  // namespace rondo
