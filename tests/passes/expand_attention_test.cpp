// Attention and RotaryEmbedding against loops over heads, queries and keys.
#include <functional>
#include <limits>

#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

Tensor pattern(std::vector<int64_t> shape, int64_t seed) {
  int64_t count = 1;
  for (int64_t size : shape) count *= size;
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(((i * 7 + seed * 5) % 11 - 5) / 4.0);
  return reals(std::move(shape), values);
}

struct Sizes {
  int64_t batch = 2, heads = 2, key_heads = 2, queries = 3, keys = 4, size = 2, value_size = 3;
};

using Bias = std::function<double(int64_t batch, int64_t head, int64_t query, int64_t key)>;

Tensor attended(const Sizes& n, const Tensor& q, const Tensor& k, const Tensor& v, double scale, const Bias& bias,
                double softcap = 0) {
  std::vector<double> y;
  for (int64_t b = 0; b < n.batch; ++b)
    for (int64_t h = 0; h < n.heads; ++h)
      for (int64_t i = 0; i < n.queries; ++i) {
        const int64_t shared = b * n.key_heads + h / (n.heads / n.key_heads);
        std::vector<double> out(n.value_size, 0);
        double total = 0;
        for (int64_t j = 0; j < n.keys; ++j) {
          double score = 0;
          for (int64_t d = 0; d < n.size; ++d)
            score += q.double_at(((b * n.heads + h) * n.queries + i) * n.size + d) * k.double_at((shared * n.keys + j) * n.size + d);
          score = score * scale + bias(b, h, i, j);
          if (softcap != 0) score = softcap * std::tanh(score / softcap);
          total += std::exp(score);
          for (int64_t d = 0; d < n.value_size; ++d)
            out[d] += std::exp(score) * v.double_at((shared * n.keys + j) * n.value_size + d);
        }
        for (double part : out) y.push_back(part / total);
      }
  return reals({n.batch, n.heads, n.queries, n.value_size}, y);
}

const double kHidden = -std::numeric_limits<double>::infinity();
double no_bias(int64_t, int64_t, int64_t, int64_t) { return 0; }

TEST_CASE("Attention: scale, cap, masks, causality, shared heads") {
  Sizes n;
  const Tensor q = pattern({2, 2, 3, 2}, 1), k = pattern({2, 2, 4, 2}, 2), v = pattern({2, 2, 4, 3}, 3);
  check_node(Op::Attention, 23, {q, k, v}, {}, attended(n, q, k, v, 1 / std::sqrt(2), no_bias));
  check_node(Op::Attention, 23, {q, k, v}, {{"scale", 0.25}, {"softcap", 0.5}}, attended(n, q, k, v, 0.25, no_bias, 0.5));
  check_node(Op::Attention, 23, {q, k, v}, {{"is_causal", int64_t{1}}, {"scale", 1.0}},
             attended(n, q, k, v, 1, [](auto, auto, int64_t i, int64_t j) { return j <= i ? 0 : kHidden; }));
  const Tensor mask = pattern({3, 4}, 4);
  check_node(Op::Attention, 23, {q, k, v, mask}, {{"scale", 1.0}},
             attended(n, q, k, v, 1, [&](auto, auto, int64_t i, int64_t j) { return mask.double_at(i * 4 + j); }));
  const Tensor seen = whole({2, 1, 1, 4}, {1, 0, 1, 1, 0, 1, 0, 0}, DType::boolean);
  check_node(Op::Attention, 23, {q, k, v, seen}, {{"scale", 1.0}},
             attended(n, q, k, v, 1, [&](int64_t b, auto, auto, int64_t j) { return seen.int_at(b * 4 + j) ? 0 : kHidden; }));
  check_node(Op::Attention, 24, {q, k, v, std::nullopt, std::nullopt, std::nullopt, list({2, 3})}, {{"scale", 1.0}},
             attended(n, q, k, v, 1, [](int64_t b, auto, auto, int64_t j) { return j < b + 2 ? 0 : kHidden; }));
  n.key_heads = 2, n.heads = 4;
  const Tensor many = pattern({2, 4, 3, 2}, 5);
  check_node(Op::Attention, 23, {many, k, v}, {{"scale", 1.0}}, attended(n, many, k, v, 1, no_bias));
}

TEST_CASE("Attention: joined heads, past keys, the scores") {
  Sizes n{.batch = 1, .heads = 2, .key_heads = 2, .queries = 1, .keys = 2, .size = 2, .value_size = 2};
  const Tensor q = pattern({1, 1, 4}, 1), k = pattern({1, 2, 2, 2}, 2), v = pattern({1, 2, 2, 2}, 3);
  // The last step's keys and values, joined: head 0's, then head 1's.
  auto last = [](const Tensor& x) {
    return reals({1, 1, 4}, {x.double_at(2), x.double_at(3), x.double_at(6), x.double_at(7)});
  };
  auto first = [](const Tensor& x) {
    return reals({1, 2, 1, 2}, {x.double_at(0), x.double_at(1), x.double_at(4), x.double_at(5)});
  };
  const auto got = run_node(Op::Attention, 23, {q, last(k), last(v), std::nullopt, first(k), first(v)},
                            {{"q_num_heads", int64_t{2}}, {"kv_num_heads", int64_t{2}}, {"scale", 1.0},
                             {"is_causal", int64_t{1}}},
                            4);
  REQUIRE(got.size() == 4);
  check_close(got[0], attended(n, q, k, v, 1, no_bias).reshaped({1, 1, 4}));
  check_close(got[1], k);
  check_close(got[2], v);
  std::vector<double> scores;
  for (int64_t h = 0; h < 2; ++h)
    for (int64_t j = 0; j < 2; ++j)
      scores.push_back(q.double_at(h * 2) * k.double_at(h * 4 + j * 2) + q.double_at(h * 2 + 1) * k.double_at(h * 4 + j * 2 + 1));
  check_close(got[3], reals({1, 2, 1, 2}, scores));
  CHECK(contains(errors_of(Op::Attention, 23, {q, last(k), last(v)}), "q_num_heads"));
}

TEST_CASE("RotaryEmbedding: halves, pairs, positions, a part of the elements") {
  // One head of four elements at two places; angles whose cosine and sine are (0, 1) and (0.6, 0.8).
  const Tensor x = reals({1, 1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor cosines = reals({1, 2, 2}, {0, 0.6, 1, 0}), sines = reals({1, 2, 2}, {1, 0.8, 0, 1});
  check_node(Op::RotaryEmbedding, 23, {x, cosines, sines}, {},
             reals({1, 1, 2, 4}, {-3, 0.6 * 2 - 0.8 * 4, 1, 0.8 * 2 + 0.6 * 4, 5, -8, 7, 6}));
  check_node(Op::RotaryEmbedding, 23, {x, cosines, sines}, {{"interleaved", int64_t{1}}},
             reals({1, 1, 2, 4}, {-2, 1, 0.6 * 3 - 0.8 * 4, 0.8 * 3 + 0.6 * 4, 5, 6, -8, 7}));
  const Tensor table_cosines = reals({2, 1}, {1, 0}), table_sines = reals({2, 1}, {0, 1});
  check_node(Op::RotaryEmbedding, 23, {x, table_cosines, table_sines, whole({1, 2}, {1, 0})},
             {{"rotary_embedding_dim", int64_t{2}}}, reals({1, 1, 2, 4}, {-2, 1, 3, 4, 5, 6, 7, 8}));
  check_node(Op::RotaryEmbedding, 23,
             {reals({1, 1, 4}, {1, 2, 3, 4}), table_cosines, table_sines, whole({1, 1}, {1})},
             {{"num_heads", int64_t{2}}}, reals({1, 1, 4}, {-2, 1, -4, 3}));
}

}  // namespace
}  // namespace rondo::testing
