// Recurrences of rondo's own JSON; see docs/json.md.
//
//   {"state": {h: {"from", "next"}}, "over": {slice: sequence}, "nodes", "each": {result: value per step},
//    "last": {result: state}, "reverse"}
//
// becomes ONNX's Scan: states, then sequences; next states, then stacked values. Entry: read_own_scan. Tested by
// tests/frontend/json_own_test.cpp.
#include <algorithm>

#include "frontend/json/own_region.h"

namespace rondo {
namespace {

class ScanReader {
 public:
  ScanReader(const Json& json, OwnScope& scope) : json_(json), scope_(scope) {}

  Status read() {
    Status done = read_parts();
    if (!done) stand_in();
    return done;
  }

 private:
  Status read_parts() {
    RONDO_CHECK(json_.require(JsonKind::object, "an object with 'state', 'over', 'nodes', 'each', 'last'"));
    RONDO_CHECK(json_.only({"state", "over", "nodes", "each", "last", "reverse"}));
    RONDO_TRY(region_, open_own_region("body", scope_, json_.place()));
    are_named_ = true;
    ErrorList errors;
    for (const char* member : {"state", "over"})
      if (const auto names = json_.find(member); !names || !names->is(JsonKind::object)) region_.scope->lose_names();
    errors.keep(read_states());
    errors.keep(read_sequences());
    if (const auto nodes = json_.find("nodes")) errors.keep(read_own_nodes(*nodes, *region_.scope));
    errors.keep(read_results());
    RONDO_CHECK(errors.status());
    return finish();
  }

  /// The results of a recurrence with errors.
  void stand_in() {
    for (const char* member : {"last", "each"}) {
      const std::optional<Json> results = json_.find(member);
      for (size_t i = 0; results && results->is(JsonKind::object) && i < results->size(); ++i)
        scope_.stand_in(results->name(i));
    }
    if (!are_named_) scope_.lose_names();
  }

  Result<Value*> read_initial(const Json& state) {
    RONDO_CHECK(state.require(JsonKind::object, "{\"from\": …, \"next\": …}"));
    RONDO_CHECK(state.only({"from", "next"}));
    RONDO_TRY(const Json from, state.member("from", "a value, or a constant such as {\"f32\": 0, \"shape\": [8]}"));
    RONDO_TRY(Value * initial, read_own_operand(from, scope_));
    if (!initial) return from.expected("a value, or a constant");
    return initial;
  }

  Status read_states() {
    RONDO_TRY(const Json states, json_.member("state", "an object of states: {\"h\": {\"from\": …, \"next\": …}}"));
    RONDO_CHECK(states.require(JsonKind::object, "an object of states"));
    ErrorList errors;
    for (size_t i = 0; i < states.size(); ++i) {
      names_.push_back(states.name(i));
      errors.keep(add_own_param(region_, states.name(i), states.item(i).place()));
      if (errors.keep(read_initial(states.item(i)), operands_.emplace_back())) sound_states_.push_back(states.item(i));
    }
    return errors.status();
  }

  Result<Value*> read_sequence(const Json& json) {
    RONDO_TRY(Value * sequence, read_own_operand(json, scope_));
    if (!sequence) return json.expected("the name of a value");
    return sequence;
  }

  Status read_sequences() {
    RONDO_TRY(const Json over, json_.member("over", "an object of sequences: {\"xt\": \"x\"}"));
    RONDO_CHECK(over.require(JsonKind::object, "an object of sequences"));
    if (over.size() == 0) return over.expected("at least one sequence, which tells the number of steps");
    ErrorList errors;
    for (size_t i = 0; i < over.size(); ++i) {
      errors.keep(read_sequence(over.item(i)), operands_.emplace_back());
      errors.keep(add_own_param(region_, over.name(i), over.item(i).place()));
    }
    sequences_ = static_cast<int64_t>(over.size());
    return errors.status();
  }

  /// The value that a name stands for at the end of a step.
  Status add_output(const Json& json) {
    RONDO_TRY(const std::string name, json.text());
    RONDO_TRY(Value * value, region_.scope->require(name, json.place()));
    region_.graph->outputs.push_back(value);
    return Done{};
  }

  Status read_next(const Json& state) {
    RONDO_TRY(const Json next, state.member("next", "the value that the state becomes"));
    return add_output(next);
  }

  Status read_last(const Json& json, const std::string& result_name) {
    RONDO_TRY(const std::string state, json.text());
    const auto found = std::find(names_.begin(), names_.end(), state);
    if (found == names_.end()) return json.expected("the name of a state");
    std::string& result = results_[static_cast<size_t>(found - names_.begin())];
    if (!result.empty()) return json.expected("each state once");
    result = result_name;
    return Done{};
  }

  Status read_results() {
    ErrorList errors;
    for (const Json& state : sound_states_) errors.keep(read_next(state));
    results_.resize(names_.size());
    const std::optional<Json> last = json_.find("last"), each = json_.find("each");
    if (last && errors.keep(last->require(JsonKind::object, "{\"result\": \"state\"}")))
      for (size_t i = 0; i < last->size(); ++i) errors.keep(read_last(last->item(i), last->name(i)));
    if (each && errors.keep(each->require(JsonKind::object, "{\"result\": \"value of each step\"}")))
      for (size_t i = 0; i < each->size(); ++i) {
        errors.keep(add_output(each->item(i)));
        results_.push_back(each->name(i));
      }
    RONDO_CHECK(errors.status());
    if (std::all_of(results_.begin(), results_.end(), [](const std::string& name) { return name.empty(); }))
      return json_.error("the recurrence has no results; accepted: 'each' or 'last' with at least one");
    return Done{};
  }

  Status finish() {
    Attributes attributes{{"num_scan_inputs", sequences_}};
    if (const auto reverse = json_.find("reverse")) {
      RONDO_TRY(const bool backward, reverse->boolean());
      const size_t stacked = results_.size() - names_.size();
      if (backward) attributes.set("scan_input_directions", std::vector<int64_t>(static_cast<size_t>(sequences_), 1));
      if (backward && stacked > 0) attributes.set("scan_output_directions", std::vector<int64_t>(stacked, 1));
    }
    std::vector<OwnRegion> regions;
    regions.push_back(std::move(region_));
    RONDO_TRY(auto graphs, close_own_regions(std::move(regions), scope_, operands_, attributes));
    Value* first = scope_.append(Op::Scan, std::move(operands_), std::move(attributes),
                                 static_cast<int>(results_.size()), json_.place());
    first->producer->regions = std::move(graphs);
    return name_own_results(*first->producer, results_, scope_, json_.place());
  }

  const Json json_;
  OwnScope& scope_;
  OwnRegion region_;
  std::vector<Value*> operands_;
  std::vector<std::string> names_;    // of the states
  std::vector<Json> sound_states_;    // those that have no errors so far
  std::vector<std::string> results_;  // final states, then stacked values; empty: not wanted
  int64_t sequences_ = 0;
  bool are_named_ = false;  // the members are those of a recurrence, so that its results are known by name
};

}  // namespace

Status read_own_scan(const Json& json, OwnScope& scope) { return ScanReader(json, scope).read(); }

}  // namespace rondo
