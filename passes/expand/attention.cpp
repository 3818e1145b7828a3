// Attention and rotary positions. Tested by expand_attention_test.cpp.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "passes/expand/expand.h"

namespace rondo {
namespace {

using Values = std::vector<Value*>;

/// [batch, steps, heads * size] -> [batch, heads, steps, size]; four axes are already that.
Value* split_heads(Expansion& e, Value* x, int64_t heads, const char* attribute) {
  Builder& b = e.b;
  if (!e.ok() || rank_of(x) == 4) return x;
  if (rank_of(x) != 3) return e.fail("an operand needs rank 3 [batch, steps, heads * size] or 4 [batch, heads, steps, size]");
  if (heads < 1) return e.fail(fmt::format("attribute '{}' must be given and be at least 1 for operands of rank 3", attribute));
  const Shape& s = shape_of(x);
  const Dim size = floor_div(s[2], Dim(heads));
  e.require_equal(size * Dim(heads), s[2], "width of the heads");
  return b.transpose(b.reshape(x, {s[0], s[1], Dim(heads), size}), {0, 2, 1, 3});
}

/// The reverse of split_heads.
Value* join_heads(Builder& b, Value* x) {
  const Shape s = shape_of(x);
  return b.reshape(b.transpose(x, {0, 2, 1, 3}), {s[0], s[2], s[1] * s[3]});
}

/// Key and value heads, each as often as query heads share it.
Value* repeat_heads(Expansion& e, Value* x, const Dim& heads) {
  Builder& b = e.b;
  const Shape s = shape_of(x);
  if (!e.ok() || s[1] == heads) return x;
  const auto all = heads.constant(), own = s[1].constant();
  if (!all || !own || *own < 1 || *all % *own != 0) {
    return e.fail(fmt::format("{} query heads cannot share {} key heads evenly", heads.to_string(), s[1].to_string()));
  }
  const Dim times = *all / *own;
  return b.reshape(b.broadcast(b.unsqueeze(x, {2}), {s[0], s[1], times, s[2], s[3]}), {s[0], heads, s[2], s[3]});
}

class Attention {
 public:
  explicit Attention(Expansion& e) : e_(e), b_(e.b) {}

  Values run() {
    read();
    if (!e_.ok()) return {query_};
    Values present = extend_by_past();
    if (!e_.ok()) return {query_};
    key_ = repeat_heads(e_, key_, shape_of(query_)[1]);
    value_ = repeat_heads(e_, value_, shape_of(query_)[1]);
    if (!e_.ok()) return {query_};
    Value* scores = raw_scores();
    Value* shown = scores;
    if (Value* bias = this->bias()) scores = b_.add(scores, bias);
    if (mode_ == 1) shown = scores;
    if (softcap_ != 0) {
      Value* cap = b_.scalar(scores, softcap_);
      scores = b_.mul(b_.tanh(b_.div(scores, cap)), cap);
    }
    if (mode_ == 2) shown = scores;
    Value* weights = softmax(scores);
    if (mode_ == 3) shown = weights;
    Value* y = b_.matmul(weights, b_.cast(value_, dtype_of(weights)));
    return {joined_ && e_.ok() ? join_heads(b_, y) : y, present[0], present[1], shown};
  }

 private:
  void read() {
    query_ = e_.operand(0), key_ = e_.operand(1), value_ = e_.operand(2);
    mask_ = e_.optional_operand(3);
    past_key_ = e_.optional_operand(4), past_value_ = e_.optional_operand(5);
    if (e_.opset >= 24) lengths_ = e_.optional_operand(6);
    causal_ = e_.integer("is_causal", 0) != 0;
    softcap_ = e_.number("softcap", 0);
    mode_ = e_.integer("qk_matmul_output_mode", 0);
    const int64_t heads = e_.integer("q_num_heads", 0), key_heads = e_.integer("kv_num_heads", 0);
    scale_ = e_.number("scale", 0);
    has_scale_ = e_.has_attribute("scale");
    if (e_.has_attribute("softmax_precision")) precision_ = e_.element_type("softmax_precision", DType::f32);
    if (e_.has_attribute("softmax_precision") && (!precision_ || !is_float(*precision_)))
      e_.fail("attribute 'softmax_precision' must be a floating-point type");
    if (mode_ < 0 || mode_ > 3) e_.fail("attribute 'qk_matmul_output_mode' must be 0, 1, 2 or 3");
    if (!past_key_ != !past_value_) e_.fail("past keys and past values must be given together");
    joined_ = rank_of(query_) == 3;
    query_ = split_heads(e_, query_, heads, "q_num_heads");
    key_ = split_heads(e_, key_, key_heads, "kv_num_heads");
    value_ = split_heads(e_, value_, key_heads, "kv_num_heads");
  }

  /// Keys and values of earlier calls come first. Gives the present ones.
  Values extend_by_past() {
    if (past_key_) {
      past_ = shape_of(past_key_).size() == 4 ? shape_of(past_key_)[2] : Dim(0);
      key_ = b_.concat({past_key_, key_}, 2);
      value_ = b_.concat({past_value_, value_}, 2);
    }
    return {key_, value_};
  }

  Value* raw_scores() {
    Value* transposed = b_.transpose(key_, {0, 1, 3, 2});
    if (has_scale_ || shape_of(query_)[3].constant()) {
      const auto size = shape_of(query_)[3].constant();
      if (!has_scale_ && *size > 0) scale_ = 1 / std::sqrt(static_cast<double>(*size));
      Value* root = b_.scalar(query_, std::sqrt(scale_));
      return b_.matmul(b_.mul(query_, root), b_.mul(transposed, root));
    }
    Value* size = b_.cast(b_.dim(shape_of(query_)[3]), dtype_of(query_));
    return b_.div(b_.matmul(query_, transposed), b_.sqrt(size));
  }

  /// What is added to the scores: 0 where a query sees a key, -infinity where not, or the mask's numbers.
  Value* bias() {
    const Dim steps = shape_of(query_)[2], total = shape_of(key_)[2];
    Value* sum = nullptr;
    auto add = [&](Value* part) { sum = sum ? b_.add(sum, part) : part; };
    auto where = [&](Value* seen) {
      add(b_.select(seen, b_.scalar(query_, 0), b_.scalar(query_, -std::numeric_limits<double>::infinity())));
    };
    if (causal_) {
      Value* latest = b_.add(b_.iota({steps, total}, 0), b_.dim(past_));
      where(b_.less_equal(b_.iota({steps, total}, 1), latest));
    }
    if (mask_) {
      const bool logical = dtype_of(mask_) == DType::boolean;
      Value* mask = pad_mask(logical, total);
      if (logical) where(mask);
      else add(b_.cast(mask, dtype_of(query_)));
    }
    if (lengths_) {
      Value* length = b_.reshape(b_.cast(lengths_, DType::i64), {shape_of(query_)[0], 1, 1, 1});
      where(b_.less(b_.iota({1, 1, 1, total}, 3), length));
    }
    return sum;
  }

  /// A mask for fewer keys hides the others.
  Value* pad_mask(bool logical, const Dim& total) {
    const int rank = rank_of(mask_);
    if (rank < 1) return e_.fail("the mask must not be a scalar");
    const Dim missing = total - shape_of(mask_)[rank - 1];
    if (missing.upper_bound() <= 0 || !missing.constant() || shape_of(mask_)[rank - 1].is(1)) return mask_;
    std::vector<Dim> none(rank, Dim(0)), high = none;
    high[rank - 1] = missing;
    return b_.pad(mask_, b_.scalar(mask_, logical ? 0 : -std::numeric_limits<double>::infinity()), none, high);
  }

  Value* softmax(Value* scores) {
    const DType dtype = dtype_of(scores);
    if (precision_) scores = b_.cast(scores, *precision_);
    Value* power = b_.exp(b_.sub(scores, b_.reduce(scores, "max", {3}, true)));
    return b_.cast(b_.div(power, b_.reduce(power, "sum", {3}, true)), dtype);
  }

  Expansion& e_;
  Builder& b_;
  Value *query_ = nullptr, *key_ = nullptr, *value_ = nullptr, *mask_ = nullptr;
  Value *past_key_ = nullptr, *past_value_ = nullptr, *lengths_ = nullptr;
  Dim past_ = 0;
  bool causal_ = false, has_scale_ = false, joined_ = false;
  double softcap_ = 0, scale_ = 0;
  int64_t mode_ = 0;
  std::optional<DType> precision_;
};

}  // namespace

// softmax(softcap(Q K' scale + mask)) V, head by head. Further results: present keys and values, and the scores at the
// stage that qk_matmul_output_mode names.
Values expand_Attention(Expansion& e) { return Attention(e).run(); }

namespace {

/// Cosines or sines of each place: [batch, 1, steps, half].
Value* of_places(Expansion& e, Value* table, Value* positions, const Shape& x) {
  Builder& b = e.b;
  if (positions) {
    if (e.ok() && (rank_of(table) != 2 || rank_of(positions) != 2))
      return e.fail("with positions [batch, steps] the cosines and sines must have rank 2: [positions, size / 2]");
    table = b.gather(table, positions, 0);
  }
  if (e.ok() && rank_of(table) != 3) return e.fail("without positions the cosines and sines must have rank 3");
  if (!e.ok()) return table;
  e.require_equal(shape_of(table)[1], x[2], "steps of the cosines and sines");
  return b.unsqueeze(table, {1});
}

}  // namespace

// Pairs of elements of each head are turned by the angle of their place.
Values expand_RotaryEmbedding(Expansion& e) {
  Builder& b = e.b;
  Value *input = e.operand(0), *cosines = e.operand(1), *sines = e.operand(2), *positions = e.optional_operand(3);
  const bool interleaved = e.integer("interleaved", 0) != 0;
  const int64_t turned = e.integer("rotary_embedding_dim", 0), heads = e.integer("num_heads", 0);
  const bool joined = rank_of(input) == 3;
  Value* x = split_heads(e, input, heads, "num_heads");
  if (!e.ok()) return {x};
  const Shape s = shape_of(x);
  const Dim width = turned > 0 ? Dim(turned) : s[3], half = floor_div(width, 2);
  e.require_equal(half * Dim(2), width, "an even number of turned elements");
  cosines = of_places(e, cosines, positions, s);
  sines = of_places(e, sines, positions, s);
  if (!e.ok()) return {x};
  e.require_equal(shape_of(cosines)[3], half, "width of the cosines");
  e.require_equal(shape_of(sines)[3], half, "width of the sines");
  Value* part = b.slice_axis(x, 3, 0, width);
  auto side = [&](int which) {
    if (!interleaved) return b.slice_axis(part, 3, Dim(which) * half, half);
    Value* pairs = b.reshape(part, {s[0], s[1], s[2], half, 2});
    return b.squeeze(b.slice_axis(pairs, 4, which, 1), {4});
  };
  Value *first = side(0), *second = side(1);
  Value* real = b.sub(b.mul(cosines, first), b.mul(sines, second));
  Value* imaginary = b.add(b.mul(sines, first), b.mul(cosines, second));
  Value* y = interleaved ? b.reshape(b.concat({b.unsqueeze(real, {4}), b.unsqueeze(imaginary, {4})}, 4),
                                     {s[0], s[1], s[2], width})
                         : b.concat({real, imaginary}, 3);
  if (!(width == s[3])) y = b.concat({y, b.slice_axis(x, 3, width, s[3] - width)}, 3);
  return {joined && e.ok() ? join_heads(b, y) : y};
}

}  // namespace rondo
