// A Loop whose body is a region, as a core scan or loop; see loop_emit.h.
#include "passes/expand/loop_emit.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {
namespace {

using Values = std::vector<Value*>;
using Kind = Carried::Kind;

/// Files say "any number of steps" by numbers this large.
constexpr int64_t kUnlimited = INT32_MAX;

bool is_unlimited(const Dim& limit) { return limit.constant() && *limit.constant() >= kUnlimited; }

/// A loop on its way from the body to the node's results.
class LoopEmitter {
 public:
  LoopEmitter(Expansion& e, const LoopOperands& operands, LoopBody& body)
      : e_(e), b_(e.b), operands_(operands), body_(body), steps_(body.region->graph(), body.step, body.counted) {
    for (size_t i = 0; i < body.stacked.size(); ++i)
      if (e.wants_result(static_cast<int>(operands.carried.size() + i))) wanted_.push_back(i);
  }

  Values run();

 private:
  std::optional<Dim> counted_trip();
  Values none();
  Values as_scan(const Dim& trip);
  Values as_loop();
  Dim bound(const Holds& holds) const;
  std::optional<size_t> counter_index(size_t carried) const;
  Values stacked_outputs() const;
  Value* counter_at(Builder& b, const Linear& counter, Value* step, const Type& type) const;
  void replace_counters();
  void drop_params(bool counters);
  /// The node's results from the core node's: carried finals by position, then the stacked ones.
  Values results(const std::vector<std::pair<size_t, Value*>>& finals, const Values& stacked, const Dim& steps);
  Value* grown(const Carried& c, Value* slices);
  Value* gathered(const Carried& c, Value* slices, const Dim& steps);

  Expansion& e_;
  Builder& b_;
  const LoopOperands& operands_;
  LoopBody& body_;
  LoopSteps steps_;
  std::vector<size_t> wanted_;  // of the body's stacked slices
  std::optional<Dim> limit_, first_;
};

std::optional<size_t> LoopEmitter::counter_index(size_t carried) const {
  for (size_t k = 0; k < body_.counted_index.size(); ++k)
    if (body_.counted_index[k] == carried && steps_.counter(k)) return k;
  return std::nullopt;
}

/// The number of steps as a size; nothing if only the run knows.
std::optional<Dim> LoopEmitter::counted_trip() {
  if (!first_) return std::nullopt;
  if (first_->is(0) || (limit_ && limit_->upper_bound() <= 0)) return Dim(0);
  const Holds holds = operands_.condition ? steps_.holds(body_.condition) : Holds{true, std::nullopt};
  if (holds.exact && limit_) {
    Dim trip = *limit_;
    if (holds.steps) trip = is_unlimited(trip) ? *holds.steps + Dim(1) : min(trip, *holds.steps + Dim(1));
    if (!first_->is(1)) trip = trip * *first_;
    return max(b_.graph().resolve(trip), 0);
  }
  if (!limit_ || !first_->is(1) || !limit_->constant()) return std::nullopt;
  if (auto steps = simulated_steps(body_.region->graph(), body_.condition, body_.counted, *limit_->constant()))
    return Dim(*steps);
  return std::nullopt;
}

Values LoopEmitter::run() {
  limit_ = steps_allowed(e_, operands_.limit);
  first_ = operands_.condition ? condition_of_sizes(operands_.condition) : Dim(1);
  if (!body_.region->adopt_facts()) return {};
  const auto trip = counted_trip();
  if (trip && trip->is(0)) return none();
  if (trip && !is_unlimited(*trip)) return as_scan(*trip);
  if (trip) return {e_.fail("the loop has no end: neither a number of steps nor its condition ends it")};
  return as_loop();
}

Values LoopEmitter::stacked_outputs() const {
  Values slices;
  for (size_t i : wanted_) slices.push_back(body_.stacked[i]);
  for (const Carried& c : body_.carried)
    if (c.kind == Kind::grown || c.kind == Kind::gathered) slices.push_back(c.next);
  return slices;
}

/// No step runs.
Values LoopEmitter::none() {
  Values results = operands_.carried;
  for (const Value* slice : body_.stacked) {
    Type type = *slice->type;
    type.shape.insert(type.shape.begin(), Dim(0));
    results.push_back(b_.zeros(type.dtype, type.shape));
  }
  return results;
}

Value* LoopEmitter::counter_at(Builder& b, const Linear& counter, Value* step, const Type& type) const {
  Value* value = b.cast(step, type.dtype);
  if (counter.step != 1) value = b.mul(value, b.scalar(type.dtype, static_cast<double>(counter.step)));
  if (!counter.constant.is(0)) value = b.add(value, number_of(b, counter.constant, type.dtype));
  return b.reshape(value, type.shape);
}

/// In the body of a scan, counters follow from the step.
void LoopEmitter::replace_counters() {
  Region& region = *body_.region;
  auto& nodes = region.graph().nodes;
  const auto old = static_cast<std::ptrdiff_t>(nodes.size());
  std::map<const Value*, Value*> replacement;
  for (size_t i = 0; i < body_.carried.size(); ++i)
    if (const auto k = counter_index(i))
      replacement[body_.carried[i].param] =
          counter_at(region.b(), *steps_.counter(*k), body_.step, *body_.carried[i].param->type);
  std::rotate(nodes.begin(), nodes.begin() + old, nodes.end());
  body_.replace(replacement);
}

/// Takes out the parameters of what grows, and of counters; nothing uses them any more.
void LoopEmitter::drop_params(bool counters) {
  for (size_t i = 0; i < body_.carried.size(); ++i) {
    const Carried& c = body_.carried[i];
    if (c.kind == Kind::grown || (counters && counter_index(i))) body_.region->remove_param(c.param);
  }
}

Values LoopEmitter::as_scan(const Dim& trip) {
  steps_.set_trip(trip);
  const std::vector<ScannedOperand> scanned = scan_gathers(e_, body_, steps_, trip);
  replace_counters();
  Values outputs, operands;
  std::vector<size_t> carried;
  for (size_t i = 0; i < body_.carried.size(); ++i) {
    if (body_.carried[i].kind != Kind::value || counter_index(i)) continue;
    carried.push_back(i);
    outputs.push_back(body_.carried[i].next);
    operands.push_back(body_.carried[i].init);
  }
  const Values slices = stacked_outputs();
  outputs.insert(outputs.end(), slices.begin(), slices.end());
  body_.region->finish(outputs);
  drop_params(true);
  std::vector<int64_t> reverse;
  for (const ScannedOperand& one : scanned) operands.push_back(one.sequence), reverse.push_back(one.reverse);
  const Values& imported = body_.region->imported();
  operands.insert(operands.end(), imported.begin(), imported.end());
  std::vector<std::unique_ptr<Graph>> regions;
  regions.push_back(body_.region->take());
  if (!e_.ok()) return {};
  const Values made = b_.node(Op::scan, operands,
                              {{"trip", trip},
                               {"carried", static_cast<int64_t>(carried.size())},
                               {"scanned", static_cast<int64_t>(scanned.size())},
                               {"reverse_scanned", reverse},
                               {"reverse_stacked", std::vector<int64_t>(slices.size(), 0)}},
                              static_cast<int>(outputs.size()), std::move(regions));
  std::vector<std::pair<size_t, Value*>> finals;
  for (size_t k = 0; k < carried.size(); ++k) finals.push_back({carried[k], made[k]});
  for (size_t i = 0; i < body_.carried.size(); ++i) {
    const auto k = counter_index(i);
    if (!k) continue;
    const Linear counter = *steps_.counter(*k);
    const Type& type = *body_.carried[i].init->type;
    Value* last = b_.dim(counter.constant + Dim(counter.step) * trip, type.dtype);
    finals.push_back({i, b_.reshape(last, type.shape)});
  }
  return results(finals, {made.begin() + static_cast<std::ptrdiff_t>(carried.size()), made.end()}, trip);
}

Value* LoopEmitter::grown(const Carried& c, Value* slices) {
  Shape shape = shape_of(slices);
  const Dim steps = shape[0];
  shape.erase(shape.begin());
  shape[static_cast<size_t>(c.axis)] *= steps;
  std::vector<int64_t> perm = all_axes(rank_of(slices));
  std::rotate(perm.begin(), perm.begin() + 1, perm.begin() + c.axis + 1);
  return b_.concat({c.init, b_.reshape(b_.transpose(slices, perm), shape)}, c.axis);
}

Value* LoopEmitter::gathered(const Carried& c, Value* slices, const Dim& steps) {
  Sequence sequence = *e_.sequences.find(c.init);
  Shape shape = shape_of(slices);
  if (c.single) {
    sequence.parts.push_back({slices, steps});
  } else {
    const Dim count = steps * shape[1];
    shape.erase(shape.begin());
    shape[0] = count;
    sequence.parts.push_back({b_.reshape(slices, shape), count});
  }
  return e_.sequences.add(std::move(sequence));
}

Values LoopEmitter::results(const std::vector<std::pair<size_t, Value*>>& finals, const Values& stacked,
                            const Dim& steps) {
  Values results = operands_.carried;  // what is passed on stays
  for (const auto& [index, value] : finals) results[index] = value;
  size_t next = wanted_.size();
  for (size_t i = 0; i < body_.carried.size(); ++i) {
    const Carried& c = body_.carried[i];
    if (c.kind == Kind::grown) results[i] = grown(c, stacked[next++]);
    if (c.kind == Kind::gathered) results[i] = gathered(c, stacked[next++], steps);
  }
  results.resize(results.size() + body_.stacked.size(), nullptr);
  for (size_t k = 0; k < wanted_.size(); ++k) results[operands_.carried.size() + wanted_[k]] = stacked[k];
  return results;
}

/// The largest number of steps that the operands and the condition allow; INT64_MAX if nothing bounds it.
Dim LoopEmitter::bound(const Holds& holds) const {
  Dim most = limit_ && !is_unlimited(*limit_) ? max(*limit_, 0) : Dim(INT64_MAX);
  if (!holds.steps) return most;
  const Dim steps = *holds.steps + Dim(1);
  return is_unlimited(most) ? steps : min(most, steps);
}

Values LoopEmitter::as_loop() {
  Region& region = *body_.region;
  const Values slices = stacked_outputs();
  const Dim most = bound(operands_.condition ? steps_.holds(body_.condition) : Holds{true, std::nullopt});
  if (!slices.empty() && is_unlimited(most)) {
    if (operands_.limit && !limit_) e_.want(operands_.limit);
    return {e_.unsupported(
        "how many steps the loop makes is only known when the model runs, and nothing bounds its results' size; a constant "
        "number of steps bounds it")};
  }
  const Values inits = [&] {
    Values list;
    for (const Carried& c : body_.carried)
      if (c.kind == Kind::value) list.push_back(c.init);
    return list;
  }();
  // The condition, with what a limit only known to the run adds to it.
  Value* first = operands_.condition ? b_.reshape(operands_.condition, {}) : b_.scalar(DType::boolean, 1);
  Value* go_on = operands_.condition ? region.b().reshape(body_.condition, {}) : region.b().scalar(DType::boolean, 1);
  first = b_.cast(first, DType::boolean);
  go_on = region.b().cast(go_on, DType::boolean);
  Value* count = region.b().add(body_.step, region.b().dim(1));
  if (!limit_) {
    Value* limit = b_.cast(b_.reshape(operands_.limit, {}), DType::i64);
    first = b_.logical_and(first, b_.less(b_.dim(0), limit));
    go_on = region.b().logical_and(go_on, region.b().less(count, region.import(limit)));
  }
  const bool counts = !slices.empty();
  Values outputs{go_on};
  for (const Carried& c : body_.carried)
    if (c.kind == Kind::value) outputs.push_back(c.next);
  if (counts) region.add_param({DType::i64, {}}, "steps"), outputs.push_back(count);
  outputs.insert(outputs.end(), slices.begin(), slices.end());
  region.finish(outputs);
  drop_params(false);
  Values operands{first};
  operands.insert(operands.end(), inits.begin(), inits.end());
  if (counts) operands.push_back(b_.dim(0));
  operands.insert(operands.end(), region.imported().begin(), region.imported().end());
  std::vector<std::unique_ptr<Graph>> regions;
  regions.push_back(region.take());
  if (!e_.ok()) return {};
  const size_t carried = inits.size() + counts;
  const Values made = b_.node(Op::loop, operands, {{"trip", most}, {"carried", static_cast<int64_t>(carried)}},
                              static_cast<int>(outputs.size()) - 1, std::move(regions));
  if (!e_.ok()) return {};
  std::vector<std::pair<size_t, Value*>> finals;
  for (size_t i = 0, k = 0; i < body_.carried.size(); ++i)
    if (body_.carried[i].kind == Kind::value) finals.push_back({i, made[k++]});
  if (!counts) return results(finals, {}, 0);
  const int64_t low = first_ && first_->is(1) && limit_ && limit_->lower_bound() >= 1 ? 1 : 0;
  const Value* measured = b_.measure(made[inits.size()], low, most);
  if (!e_.ok() || !measured->elements) return {e_.fail("the number of steps cannot be a size")};
  const Dim steps = (*measured->elements)[0];
  Values stacked;
  for (size_t k = carried; k < made.size(); ++k) stacked.push_back(b_.slice_axis(made[k], 0, 0, steps));
  return results(finals, stacked, steps);
}

}  // namespace

std::optional<Dim> steps_allowed(Expansion& e, const Value* limit) {
  if (!limit) return Dim(INT64_MAX);
  if (limit->elements && limit->elements->size() == 1) return e.b.graph().resolve((*limit->elements)[0]);
  if (auto tensor = known_tensor(limit); tensor && tensor->count() == 1) return Dim(tensor->int_at(0));
  return std::nullopt;
}

Values emit_loop(Expansion& e, const LoopOperands& operands, LoopBody& body) {
  return LoopEmitter(e, operands, body).run();
}

}  // namespace rondo
