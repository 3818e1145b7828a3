// The scan over time around a recurrent cell, and its results put together. Entry: run_recurrent.
//
// Ragged batches: a step whose original time index is not below its sequence's length leaves the state as it is and
// gives zero, or that state where ragged = "carry". Run backwards in time, a sequence thus starts at its own last element. Tested by
// expand_recurrent_test.cpp.
#include "passes/expand/recurrent.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

/// Keeps the old values of sequences that have ended; the last one given is the step's output.
void hold_ended(Builder& b, const Recurrent& r, bool reverse, const Builder::ScanBody& body, Value* lengths,
                Values& next) {
  Value* time = reverse ? b.sub(b.dim(r.steps - Dim(1)), body.step) : body.step;
  Value* valid = b.less(time, lengths);
  Value* hidden = next[0];
  for (size_t i = 0; i < body.carried.size(); ++i) next[i] = b.select(valid, next[i], body.carried[i]);
  if (next.size() > body.carried.size()) next.back() = b.select(valid, hidden, r.carries ? body.carried[0] : b.scalar(hidden, 0));
}

/// The list's places filled, in order, from `values`; nulls stay.
Values fill_places(Values list, const Values& values) {
  size_t next = 0;
  for (Value*& place : list) {
    if (place) place = values[next++];
  }
  return list;
}

/// The last carried values, then Y's slices [steps, batch, hidden] if they are wanted.
Values run_direction(Expansion& e, const Recurrent& r, int index, const Direction& direction, const Cell& cell,
                     bool wants_y) {
  const bool reverse = r.reverse[index];
  Values invariants = direction.weights;
  std::erase(invariants, nullptr);
  if (r.lengths) invariants.push_back(r.lengths);
  auto body = [&](Builder& b, const Builder::ScanBody& parts) {
    const Values weights = fill_places(direction.weights, parts.invariants);
    Values next = cell(b, &r.activation(index, 0), parts.scanned[0], parts.carried, weights);
    if (wants_y) next.push_back(next[0]);
    if (r.lengths) hold_ended(b, r, reverse, parts, parts.invariants.back(), next);
    return next;
  };
  return e.b.scan(r.steps, direction.initial, {r.x}, invariants, reverse, wants_y ? 1 : 0, body);
}

}  // namespace

Values run_recurrent(Expansion& e, const Recurrent& r, const std::vector<Direction>& directions, const Cell& cell) {
  Builder& b = e.b;
  const size_t carried = directions[0].initial.size();
  const bool wants_y = e.wants_result(0);
  std::vector<Values> parts(1 + carried);  // a result's parts, one a direction
  for (int i = 0; i < r.directions(); ++i) {
    const Values results = run_direction(e, r, i, directions[i], cell, wants_y);
    if (wants_y) parts[0].push_back(b.unsqueeze(results[carried], {1}));
    for (size_t k = 0; k < carried; ++k) parts[1 + k].push_back(results[k]);
  }
  Values results(1 + carried, nullptr);
  if (wants_y) {
    Value* y = b.concat(parts[0], 1);  // [steps, directions, batch, hidden]
    results[0] = r.batch_first ? b.transpose(y, {2, 0, 1, 3}) : y;
  }
  const int direction_axis = r.batch_first ? 1 : 0;
  for (size_t k = 1; k <= carried; ++k) {
    if (!e.wants_result(static_cast<int>(k))) continue;
    for (Value*& part : parts[k]) part = b.unsqueeze(part, {direction_axis});
    results[k] = b.concat(parts[k], direction_axis);
  }
  return results;
}

}  // namespace rondo
