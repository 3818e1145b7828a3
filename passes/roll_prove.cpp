// The proof that roles are a recurrence: see roll.h. For every operand of every role, what it is in all steps must be
// one kind of feed. Tested by tests/passes/roll_scans.test.
#include "passes/roll.h"

namespace rondo {
namespace {

class Prover {
 public:
  explicit Prover(std::vector<Role> roles) {
    result_.roles = std::move(roles);
    for (size_t i = 0; i < result_.roles.size(); ++i)
      for (size_t t = 0; t < result_.roles[i].steps.size(); ++t)
        places_[result_.roles[i].steps[t]] = {static_cast<int>(i), static_cast<int>(t)};
  }

  std::optional<Recurrence> run() {
    for (size_t i = 0; i < result_.roles.size(); ++i) {
      result_.feeds.emplace_back();
      for (size_t k = 0; k < result_.roles[i].steps[0]->operands.size(); ++k) {
        std::optional<Feed> feed = feed_of(static_cast<int>(i), k);
        if (!feed) return std::nullopt;
        result_.feeds.back().push_back(*feed);
      }
    }
    return std::move(result_);
  }

 private:
  struct Place {
    int role, step;
  };

  const Place* place(const Value* value) const {
    auto it = value->producer ? places_.find(value->producer) : places_.end();
    return it == places_.end() ? nullptr : &it->second;
  }

  std::optional<Feed> feed_of(int role, size_t operand) {
    const Role& owner = result_.roles[static_cast<size_t>(role)];
    std::vector<Value*> values;
    for (Node* node : owner.steps) values.push_back(node->operands[operand]);
    if (const Place* last = place(values.back())) return recurrent_feed(*owner.steps[0], values, *last, role);
    for (const Value* value : values)
      if (place(value)) return std::nullopt;
    if (std::equal(values.begin() + 1, values.end(), values.begin()))
      return Feed{Feed::Kind::invariant, values[0]};
    return sequence_feed(values);
  }

  /// What another role makes, in this step or in the one before.
  std::optional<Feed> recurrent_feed(const Node& user, const std::vector<Value*>& values, const Place& last, int role) {
    const int steps = static_cast<int>(values.size()), lag = steps - 1 - last.step, result = values.back()->index;
    if (lag < 0 || lag > 1 || (lag == 0 && last.role >= role)) return std::nullopt;
    for (int t = lag; t < steps; ++t) {
      const Place* here = place(values[static_cast<size_t>(t)]);
      if (!here || here->role != last.role || here->step != t - lag) return std::nullopt;
      if (values[static_cast<size_t>(t)]->index != result) return std::nullopt;
    }
    if (lag == 0) return Feed{Feed::Kind::inner, nullptr, last.role, result};
    if (place(values[0])) return std::nullopt;
    if (!starts_from(user, *values[0]->type, *values[1]->type)) return std::nullopt;
    return Feed{Feed::Kind::carried, nullptr, last.role, result, carry({last.role, result, values[0]})};
  }

  /// An initial value may lack a broadcast that the operator does anyway.
  static bool starts_from(const Node& user, const Type& init, const Type& carried) {
    if (init == carried) return true;
    if (!is_pointwise(user.op) || init.dtype != carried.dtype) return false;
    std::optional<Shape> together = plain_broadcast({&init.shape, &carried.shape});
    return together && *together == carried.shape;
  }

  int carry(const CarriedRole& wanted) {
    std::vector<CarriedRole>& all = result_.carried;
    for (size_t i = 0; i < all.size(); ++i)
      if (all[i].role == wanted.role && all[i].result == wanted.result && all[i].init == wanted.init)
        return static_cast<int>(i);
    all.push_back(wanted);
    return static_cast<int>(all.size()) - 1;
  }

  std::optional<Feed> sequence_feed(const std::vector<Value*>& values) {
    for (size_t i = 0; i < result_.sequences.size(); ++i)
      if (result_.sequences[i].values == values)
        return Feed{Feed::Kind::scanned, nullptr, -1, 0, static_cast<int>(i)};
    StepInput sequence;
    sequence.values = values;
    for (size_t t = 1; t < values.size(); ++t)
      if (!(values[t]->type == values[0]->type)) return std::nullopt;
    int constant = 0;
    for (const Value* value : values) constant += tensor_of(value) != nullptr;
    if (constant != 0 && constant != static_cast<int>(values.size())) return std::nullopt;
    if (constant != 0 && byte_count(*values[0]->type).value_or(INT64_MAX) > kLargestStepConstant) return std::nullopt;
    if (constant != 0)
      sequence.kind = StepInput::Kind::constants;
    else if (slices(sequence))
      sequence.kind = StepInput::Kind::slices;
    result_.sequences.push_back(std::move(sequence));
    return Feed{Feed::Kind::scanned, nullptr, -1, 0, static_cast<int>(result_.sequences.size()) - 1};
  }

  /// Slices that lie one after the other along one axis, or are one element thick and equally spaced.
  static bool slices(StepInput& sequence) {
    for (const Value* value : sequence.values)
      if (!is_op(value, Op::slice) || (value != sequence.values[0] && !same_sequence(sequence.values[0], value)))
        return false;
    const Attributes& at = sequence.values[0]->producer->attributes;
    sequence.source = sequence.values[0]->producer->operands[0];
    sequence.first_starts = at.dims("starts");
    const std::vector<Dim> second = sequence.values[1]->producer->attributes.dims("starts");
    int axes = 0;
    for (size_t i = 0; i < second.size(); ++i)
      if (!(second[i] == sequence.first_starts[i])) sequence.axis = static_cast<int>(i), ++axes;
    const size_t axis = static_cast<size_t>(sequence.axis);
    const std::optional<int64_t> stride = (second[axis] - sequence.first_starts[axis]).constant();
    const std::optional<int64_t> size = at.dims("sizes")[axis].constant();
    if (axes != 1 || !stride || !size || *stride == INT64_MIN || *size < 1) return false;
    if (*size != 1 && (std::abs(*stride) != *size || at.integers("steps")[axis] != 1)) return false;
    sequence.stride = *stride;
    std::vector<Dim> starts = sequence.first_starts;
    for (const Value* value : sequence.values) {
      if (value->producer->attributes.dims("starts") != starts) return false;
      starts[axis] += Dim(*stride);
    }
    return true;
  }

  Recurrence result_;
  std::unordered_map<const Node*, Place> places_;  // looked up only
};

}  // namespace

int Recurrence::work_nodes() const {
  int count = 0;
  for (size_t i = 0; i < roles.size(); ++i) count += is_work(node(static_cast<int>(i)));
  return count;
}

std::optional<Recurrence> prove_recurrence(std::vector<Role> roles) { return Prover(std::move(roles)).run(); }

}  // namespace rondo
