// rondo verify: compiles a model, plays each recording through it, and compares. Entry: verify.
// Tested by tests/driver/verify_test.cpp and by every lane of tests/corpus.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <deque>

#include "driver/compare.h"
#include "driver/foreign_model.h"
#include "driver/frames.h"
#include "driver/output_files.h"
#include "driver/play.h"
#include "driver/report.h"
#include "driver/settle.h"
#include "driver/streams.h"

namespace rondo {
namespace {

Interface interface_of(const Parsed& source) {
  Interface interface;
  if (source.plan) {
    for (const Port& port : source.plan->inputs) interface.inputs.push_back({port.name, port.type});
    for (const Port& port : source.plan->outputs) interface.outputs.push_back(port.name);
    return interface;
  }
  for (const Value* input : source.graph->inputs())
    interface.inputs.push_back({input->name, input->type.value_or(Type{})});
  interface.outputs = source.graph->output_names;
  return interface;
}

bool has_state(const Parsed& source, const std::string& name) {
  if (source.plan)
    return std::any_of(source.plan->states.begin(), source.plan->states.end(),
                       [&](const StateSlot& slot) { return slot.name == name; });
  return std::any_of(source.graph->states.begin(), source.graph->states.end(),
                     [&](const State& state) { return state.name == name; });
}

class Verifier {
 public:
  Verifier(const VerifyOptions& options, Parsed source) : options_(options), source_(std::move(source)) {
    for (const auto& [input, value] : options.model.constants) frozen_.insert(input);
  }

  Status check(const Recording& recorded) {
    const std::vector<NamePair> states = states_for(recorded);
    RONDO_TRY(const Built* built, model_for(recorded, states));
    const int64_t streams = options_.model.streams;
    RONDO_TRY(const Recording recording, about_file(join_recorded_steps(built->ports, streams > 0 ? in_all_streams(recorded, streams)
                                                                                                  : recorded),
                                                    recorded.path));
    return check_played(recording, states, *built);
  }

  Status conclude() const {
    if (compared_ == 0) return invalid("the data hold nothing to compare with");
    if (wrong_ > 0) return invalid(fmt::format("{} of {} tensors differ from the recorded ones", wrong_, compared_));
    fmt::print("ok: {} tensors agree\n", compared_);
    return Done{};
  }

 private:
  static const Tensor* find(const std::vector<NamedTensor>& tensors, const std::string& name) {
    for (const NamedTensor& tensor : tensors)
      if (tensor.name == name) return &tensor.value;
    return nullptr;
  }

  /// What the user asks for, and the recording's pairs that are not among it.
  std::vector<NamePair> states_for(const Recording& recording) const {
    std::vector<NamePair> states = options_.model.states;
    for (const RecordedState& state : recording.states) {
      NamePair pair{state.input, state.output};
      if (std::find(states.begin(), states.end(), pair) == states.end() && !has_state(source_, state.input))
        states.push_back(pair);
    }
    return states;
  }

  using Player = std::function<Result<Played>(const Recording&, const std::set<std::string>& frozen)>;

  struct Built {
    std::vector<NamePair> states;
    Settled settled;
    Player play;
    Ports ports;
  };

  /// The model on this machine, or where the user says.
  Result<Player> make_player(Parsed source, const ModelOptions& options, Ports& ports) const {
    if (options_.runner.empty()) {
      RONDO_TRY(LoadedModel model, LoadedModel::build(std::move(source), options));
      ports = ports_of(model);
      return Player([model](const Recording& recording, const std::set<std::string>& frozen) {
        return rondo::play(model, recording, frozen);
      });
    }
    RONDO_TRY(ForeignModel model, ForeignModel::build(std::move(source), options, options_.runner));
    ports = model.ports();
    return Player([model](const Recording& recording, const std::set<std::string>& frozen) -> Result<Played> {
      const bool cut = needs_steps(model.ports(), recording);
      RONDO_TRY(const Recording steps, cut ? cut_into_steps(model.ports(), recording, frozen) : recording);
      RONDO_TRY(Script script, make_script(model.ports(), steps, frozen));
      RONDO_TRY(Played played, model.play(script));
      return cut ? put_together(model.ports(), played) : played;
    });
  }

  /// The model compiled with these states, and what it must know taken from the recording; once for all recordings that
  /// agree in both.
  Result<const Built*> model_for(const Recording& recording, const std::vector<NamePair>& states) {
    const Given given = given_by(recording, states);
    for (const Built& built : built_)
      if (built.states == states && holds(source_, built.settled, given)) return &built;
    ModelOptions options = options_.model;
    options.states = states;
    Settled settled;
    Ports ports;
    RONDO_TRY(Player player, build_settled<Player>(source_, given, settled, [&](Parsed copied) {
                return make_player(std::move(copied), options, ports);
              }));
    built_.push_back({states, std::move(settled), std::move(player), std::move(ports)});
    return &built_.back();
  }

  Status check_played(const Recording& recording, const std::vector<NamePair>& states, const Built& built) {
    for (const NamedTensor& input : recording.inputs)
      if (frozen_.count(input.name)) report({warning("--const replaces the recorded values", "'" + input.name + "'")});
    report_settled(built.settled, recording.path);
    std::set<std::string> frozen = names_of(built.settled);
    frozen.insert(frozen_.begin(), frozen_.end());
    RONDO_TRY(Played played, about_file(built.play(recording, frozen), recording.path));
    if (!options_.outputs.empty()) RONDO_CHECK(write_played(options_.outputs, number_++, played));
    for (const NamedTensor& want : recording.outputs) RONDO_CHECK(check_output(recording, states, built, played, want));
    for (const RecordedState& state : recording.states)
      compare_one(recording, "state", state.input, *find(played.states, state.input), state.final);
    for (const NamedTensor& output : played.outputs)
      if (!find(recording.outputs, output.name))
        fmt::print("{}: output '{}': not recorded, not compared\n", recording.path, output.name);
    return Done{};
  }

  Status check_output(const Recording& recording, const std::vector<NamePair>& states, const Built& built,
                      const Played& played, const NamedTensor& want) {
    if (const Tensor* got = find(played.outputs, want.name)) {
      if (needs_steps(built.ports, recording)) return check_steps(recording, built.ports, *got, want);
      compare_one(recording, "output", want.name, *got, want.value);
      return Done{};
    }
    auto pair = std::find_if(states.begin(), states.end(), [&](const NamePair& p) { return p.second == want.name; });
    if (pair == states.end() || recording.steps)
      return invalid(fmt::format("values are recorded for '{}', which is no output of the model", want.name));
    compare_one(recording, "state", pair->first, *find(played.states, pair->first), want.value);
    return Done{};
  }

  /// What the steps gave against what the whole sequence gives.
  Status check_steps(const Recording& recording, const Ports& ports, const Tensor& got, const NamedTensor& want) {
    const auto slot = std::find_if(ports.outputs.begin(), ports.outputs.end(),
                                   [&](const Slot& one) { return one.name == want.name; });
    if (slot->time_axis < 0) {
      if (!whole_steps(ports, recording))
        return invalid("the sequence is no whole number of steps, and what it ends with cannot be compared",
                       "output '" + want.name + "'");
      compare_one(recording, "output after all steps", want.name, got, want.value);
      return Done{};
    }
    const Tensor& whole = want.value;
    RONDO_TRY(Common common, recording.flat_outputs ? common_rows(*slot, got, whole) : common_frames(*slot, got, whole));
    compare_one(recording, "output by steps", want.name, common.steps, common.whole);
    return Done{};
  }

  void compare_one(const Recording& recording, const char* what, const std::string& name, const Tensor& got,
                   Tensor want) {
    if (recording.flat_outputs && want.count() == got.count() && want.dtype() == got.dtype())
      want = want.reshaped(got.shape());
    Tolerance tolerance = default_tolerance(want.dtype());
    if (want.dtype() != DType::boolean) {
      tolerance.absolute = options_.absolute.value_or(tolerance.absolute);
      tolerance.relative = options_.relative.value_or(tolerance.relative);
    }
    Comparison comparison = compare(got, want, tolerance);
    fmt::print("{}: {} '{}': {}: {}\n", recording.path, what, name, comparison.good() ? "ok" : "WRONG",
               describe(comparison, got, want));
    ++compared_;
    wrong_ += !comparison.good();
  }

  const VerifyOptions& options_;
  Parsed source_;
  std::set<std::string> frozen_;
  std::deque<Built> built_;  // what is in it stays where it is
  int64_t compared_ = 0, wrong_ = 0, number_ = 0;
};

}  // namespace

Status verify(const VerifyOptions& options) {
  RONDO_TRY(Parsed source, read_source(options.model));
  const Interface interface = interface_of(source);
  Verifier verifier(options, std::move(source));
  for (const std::string& folder : options.data) {
    RONDO_TRY(std::vector<Recording> recordings, recorded_data(folder, interface));
    for (const Recording& recording : recordings) RONDO_CHECK(verifier.check(recording));
  }
  return verifier.conclude();
}

}  // namespace rondo
