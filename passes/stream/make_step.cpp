// Entry: make_step. Tries each axis that may be time, with as many frames to a step as the strides of the model ask
// for, and takes the one over which the model has recurrences; where it has none, windows.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "ir/verify.h"
#include "passes/stream/streamer.h"

namespace rondo {
namespace {

constexpr int64_t kMostHop = 1 << 20;

struct Attempt {
  const TimeAxes* axes;
  Result<Graph> step;
  int evidence;  // that this is time: 2, a recurrence; 1, a window; 0, none
  Diagnostics remarks;
};

Attempt attempt(const Graph& whole, const TimeAxes& axes, const TargetFacts& target) {
  for (int64_t hop = 1;;) {
    Streamer streamer(whole, axes, hop, target);
    Result<Graph> step = streamer.run();
    const int64_t factor = streamer.wanted_factor;
    if (step || factor == 1 || hop > kMostHop / factor)
      return {&axes, std::move(step),
              streamer.recurrences > 0 ? 2
              : streamer.windows > 0   ? 1
                                       : 0,
              std::move(streamer.remarks)};
    hop *= factor;
  }
}

/// The passes that show what is constant and what is a recurrence.
Status prepare(Graph& core, const StreamRequest& request, const TargetFacts& target) {
  Diagnostics unsaid;
  const PassContext context{target, Unroll::by_cost, unsaid};
  if (request.swap_weights) RONDO_CHECK(mark_weights(core, context));
  for (const auto pass :
       {fold_constants, merge_common, remove_dead, roll_scans, fold_constants, merge_common, remove_dead})
    RONDO_CHECK(pass(core, context));
  return Done{};
}

Diagnostic ask(const std::vector<const Attempt*>& choice) {
  std::vector<std::string> options;
  for (const Attempt* each : choice) options.push_back("--stream=" + each->axes->text);
  return invalid(
      fmt::format("--stream: the model does not tell which axis is time; one of {} does", fmt::join(options, ", ")));
}

Result<Attempt*> choose(std::vector<Attempt>& attempts) {
  int evidence = 0;
  for (const Attempt& each : attempts) evidence = std::max(evidence, each.evidence);
  std::vector<const Attempt*> best, streaming;
  for (const Attempt& each : attempts) {
    if (each.evidence < evidence) continue;
    best.push_back(&each);
    if (each.step) streaming.push_back(&each);
  }
  if (streaming.size() == 1) best = streaming;
  const bool sure = attempts.size() == 1 || evidence > 0;
  if (best.size() > 1 || !sure) return ask(best);
  for (Attempt& each : attempts)
    if (&each == best[0]) return &each;
  return internal_error("no attempt to stream");
}

/// What a step takes, and how late it gives what it makes of it, both in frames of the inputs.
void set_stepping(Graph& step) {
  const auto frames = [](const Type& type, int axis) {
    return type.shape[static_cast<size_t>(axis)].constant().value_or(1);
  };
  for (const Value* input : step.inputs())
    if (const Timing* timing = find_timing(step.timing, Timing::Port::input, input->name))
      step.stepping.frames = std::max(step.stepping.frames, frames(*input->type, timing->axis));
  for (size_t i = 0; i < step.outputs.size(); ++i)
    if (const Timing* timing = find_timing(step.timing, Timing::Port::output, step.output_names[i])) {
      const int64_t each = std::max<int64_t>(frames(*step.outputs[i]->type, timing->axis), 1);
      step.stepping.latency =
          std::max(step.stepping.latency, (timing->latency * step.stepping.frames + each - 1) / each);
    }
}

}  // namespace

Result<Graph> make_step(Graph core, const StreamRequest& request, const TargetFacts& target, Diagnostics& remarks) {
  if (core.stepping.frames > 0) return invalid("--stream: the text is the graph of a step already");
  RONDO_CHECK(prepare(core, request, target));
  RONDO_TRY(const std::vector<TimeAxes> possible, possible_time_axes(core, request));
  std::vector<Attempt> attempts;
  for (const TimeAxes& axes : possible) attempts.push_back(attempt(core, axes, target));
  RONDO_TRY(Attempt* const chosen, choose(attempts));
  RONDO_TRY(Graph step, std::move(chosen->step));
  remarks.insert(remarks.end(), chosen->remarks.begin(), chosen->remarks.end());
  for (const Timing& timing : step.timing)
    if (timing.latency > 0)
      remarks.push_back(remark(
          fmt::format("output '{}': frame t of the sequence comes {} frames later", timing.name, timing.latency)));
  set_stepping(step);
  RONDO_CHECK(verify(step));
  return step;
}

}  // namespace rondo
