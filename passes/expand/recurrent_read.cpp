// Recurrent nodes, read into plain parts: attributes, activations, weights. Entry: read_recurrent.
// Tested by expand_recurrent_test.cpp.
#include <fmt/format.h>

#include "passes/expand/recurrent.h"

namespace rondo {
namespace {

void read_direction(Expansion& e, Recurrent& r) {
  const std::string direction = e.text("direction", "forward");
  if (direction == "forward") r.reverse = {false};
  if (direction == "reverse") r.reverse = {true};
  if (direction == "bidirectional") r.reverse = {false, true};
  if (r.reverse.empty()) {
    e.fail(fmt::format("attribute 'direction' is '{}', must be forward, reverse or bidirectional", direction));
  }
}

/// The next number of a list, or the default at its end.
double take(const std::vector<double>& list, size_t& next, double absent) {
  return next < list.size() ? list[next++] : absent;
}

/// activation_alpha and activation_beta go, in order, to those activations that take them.
void read_activations(Expansion& e, Recurrent& r, const std::vector<std::string>& defaults) {
  std::vector<std::string> names = e.texts("activations");
  if (names.empty()) {
    for (int i = 0; i < r.directions(); ++i) names.insert(names.end(), defaults.begin(), defaults.end());
  }
  if (names.size() != defaults.size() * r.directions()) {
    e.fail(fmt::format("attribute 'activations' has {} names; {} for each of {} directions are needed", names.size(),
                       defaults.size(), r.directions()));
  }
  const std::vector<double> alphas = e.numbers("activation_alpha"), betas = e.numbers("activation_beta");
  size_t next_alpha = 0, next_beta = 0;
  for (const std::string& name : names) {
    const ActivationKind* kind = find_activation(name);
    if (!kind) {
      e.fail(fmt::format("attribute 'activations' names '{}', must be one of: {}", name, activation_names()));
      return;
    }
    const double alpha = kind->takes_alpha ? take(alphas, next_alpha, kind->alpha) : 0;
    const double beta = kind->takes_beta ? take(betas, next_beta, kind->beta) : 0;
    r.activations.push_back({kind, alpha, beta});
  }
  if (next_alpha < alphas.size() || next_beta < betas.size()) {
    e.fail(fmt::format(
        "attributes 'activation_alpha' and 'activation_beta' have {} and {} numbers; the activations take {} "
        "and {}",
        alphas.size(), betas.size(), next_alpha, next_beta));
  }
}

void read_clip(Expansion& e, Recurrent& r) {
  if (!e.has_attribute("clip")) return;
  r.clip = e.number("clip", 0);
  if (!(*r.clip > 0)) e.fail(fmt::format("attribute 'clip' is {}, must be above 0", *r.clip));
}

bool has_rank(Expansion& e, const Value* value, int rank, const char* name) {
  if (!value || rank_of(value) == rank) return true;
  e.fail(fmt::format("{} has type {}, must have rank {}", name, to_string(type_of(value)), rank));
  return false;
}

/// Sizes, from X and R; every other operand must agree.
void read_operands(Expansion& e, Recurrent& r) {
  Value* x = e.operand(0);
  r.input_weights = e.operand(1);
  r.recurrent_weights = e.operand(2);
  r.biases = e.optional_operand(3);
  if (!e.ok() || !has_rank(e, x, 3, "X") || !has_rank(e, r.input_weights, 3, "W") ||
      !has_rank(e, r.recurrent_weights, 3, "R") || !has_rank(e, r.biases, 2, "B")) {
    return;
  }
  r.x = r.batch_first ? e.b.transpose(x, {1, 0, 2}) : x;
  const Shape &w = shape_of(r.input_weights), &recurrent = shape_of(r.recurrent_weights);
  r.steps = shape_of(r.x)[0];
  r.batch = shape_of(r.x)[1];
  r.hidden = recurrent[2];
  const Dim rows = Dim(r.gates) * r.hidden, directions = r.directions();
  if (e.has_attribute("hidden_size"))
    e.require_equal(e.integer("hidden_size", 0), r.hidden, "hidden_size and R's last dimension");
  e.require_equal(w[0], directions, "directions of W");
  e.require_equal(recurrent[0], directions, "directions of R");
  e.require_equal(w[1], rows, "rows of W");
  e.require_equal(recurrent[1], rows, "rows of R");
  e.require_equal(w[2], shape_of(r.x)[2], "inputs of W and X");
  if (r.biases) {
    e.require_equal(shape_of(r.biases)[0], directions, "directions of B");
    e.require_equal(shape_of(r.biases)[1], Dim(2) * rows, "length of B");
  }
}

/// rondo's own attribute, which --ragged sets.
void read_ragged(Expansion& e, Recurrent& r) {
  const std::string ragged = e.text("ragged", "zero");
  r.carries = ragged == "carry";
  if (!r.carries && ragged != "zero") e.fail(fmt::format("attribute 'ragged' is '{}', must be zero or carry", ragged));
}

bool all_equal(const Tensor& lengths, const Dim& steps) {
  for (int64_t length : lengths.ints()) {
    if (!steps.is(length)) return false;
  }
  return true;
}

void read_lengths(Expansion& e, Recurrent& r) {
  Value* lengths = e.optional_operand(4);
  if (!lengths || !e.ok() || !has_rank(e, lengths, 1, "sequence_lens")) return;
  e.require_equal(shape_of(lengths)[0], r.batch, "batch of sequence_lens and X");
  const Tensor* constant = constant_of(lengths);
  if (constant && is_integer(constant->dtype()) && all_equal(*constant, r.steps)) return;
  r.lengths = e.b.unsqueeze(e.b.cast(lengths, DType::i64), {1});
}

}  // namespace

std::optional<Recurrent> read_recurrent(Expansion& e, int gates, std::vector<std::string> default_activations) {
  Recurrent r;
  r.gates = gates;
  read_direction(e, r);
  r.batch_first = e.integer("layout", 0) != 0;
  if (e.opset < 7) e.integer("output_sequence", 0);  // whether Y is a result, which the results say too
  read_clip(e, r);
  read_ragged(e, r);
  if (!e.ok()) return std::nullopt;
  read_activations(e, r, default_activations);
  read_operands(e, r);
  read_lengths(e, r);
  return e.ok() ? std::optional(std::move(r)) : std::nullopt;
}

namespace {

/// [directions, gates * hidden, columns] -> a gate's rows, transposed: [columns, hidden].
Value* gate_weights(Expansion& e, const Recurrent& r, Value* stacked, int direction, int gate) {
  const Dim columns = shape_of(stacked)[2];
  Value* rows = e.b.slice(stacked, {direction, Dim(gate) * r.hidden, 0}, {1, r.hidden, columns});
  return e.b.transpose(e.b.reshape(rows, {r.hidden, columns}), {1, 0});
}

}  // namespace

Value* input_weights(Expansion& e, const Recurrent& r, int direction, int gate) {
  return gate_weights(e, r, r.input_weights, direction, gate);
}

Value* recurrent_weights(Expansion& e, const Recurrent& r, int direction, int gate) {
  return gate_weights(e, r, r.recurrent_weights, direction, gate);
}

Value* bias(Expansion& e, const Recurrent& r, int direction, int gate, int which) {
  if (!r.biases) return nullptr;
  const Dim start = Dim(which * r.gates + gate) * r.hidden;
  return e.b.reshape(e.b.slice(r.biases, {direction, start}, {1, r.hidden}), {r.hidden});
}

Value* bias_sum(Expansion& e, const Recurrent& r, int direction, int gate) {
  if (!r.biases) return nullptr;
  return e.b.add(bias(e, r, direction, gate, 0), bias(e, r, direction, gate, 1));
}

Value* initial_state(Expansion& e, const Recurrent& r, int operand, int direction) {
  Value* stacked = e.optional_operand(operand);
  if (!stacked) return e.b.zeros(dtype_of(r.x), {r.batch, r.hidden});
  if (!has_rank(e, stacked, 3, "an initial state")) return stacked;
  const int batch_axis = r.batch_first ? 0 : 1;
  e.require_equal(shape_of(stacked)[1 - batch_axis], r.directions(), "directions of an initial state");
  e.require_equal(shape_of(stacked)[batch_axis], r.batch, "batch of an initial state and X");
  e.require_equal(shape_of(stacked)[2], r.hidden, "size of an initial state and R");
  return e.b.reshape(e.b.slice_axis(stacked, 1 - batch_axis, direction, 1), {r.batch, r.hidden});
}

Value* clipped(Builder& b, const Recurrent& r, Value* x) {
  if (!r.clip) return x;
  return b.minimum(b.maximum(x, b.scalar(x, -*r.clip)), b.scalar(x, *r.clip));
}

}  // namespace rondo
