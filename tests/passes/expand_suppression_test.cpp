// NonMaxSuppression and MaxUnpool: what the specification's examples say.
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

// Three pairs of boxes, each pair far from the others.
Tensor corners() {
  return reals({1, 6, 4}, {0, 0,    1, 1,   0, 0.1, 1, 1.1, 0, -0.1, 1, 0.9,
                           0, 10,   1, 11,  0, 10.1, 1, 11.1, 0, 100, 1, 101});
}
Tensor scores() { return reals({1, 1, 6}, {0.9, 0.75, 0.6, 0.95, 0.5, 0.3}); }

void check(const std::vector<std::optional<Tensor>>& operands, Attributes attributes, const std::vector<int64_t>& want) {
  check_node(Op::NonMaxSuppression, 11, operands, attributes, whole({static_cast<int64_t>(want.size()) / 3, 3}, want));
}

TEST_CASE("NonMaxSuppression: limits, both forms of boxes") {
  const Tensor three = list({3}), two = list({2}), half = reals({1}, {0.5}), none = reals({1}, {0});
  check({corners(), scores(), three, half, none}, {}, {0, 0, 3, 0, 0, 0, 0, 0, 5});
  check({corners(), scores(), two, half, none}, {}, {0, 0, 3, 0, 0, 0});
  check({corners(), scores(), list({30}), half, reals({1}, {0.4})}, {}, {0, 0, 3, 0, 0, 0});
  check({corners(), scores(), three, half}, {}, {0, 0, 3, 0, 0, 0, 0, 0, 5});
  check({corners(), scores(), list({2}), reals({1}, {0.99})}, {}, {0, 0, 3, 0, 0, 0});
  check({corners(), scores()}, {}, {});
  const Tensor centres = reals({1, 6, 4}, {0.5, 0.5, 1, 1, 0.5, 0.6, 1, 1, 0.5, 0.4, 1, 1,
                                           0.5, 10.5, 1, 1, 0.5, 10.6, 1, 1, 0.5, 100.5, 1, 1});
  check({centres, scores(), three, half, none}, {{"center_point_box", int64_t{1}}}, {0, 0, 3, 0, 0, 0, 0, 0, 5});
}

TEST_CASE("NonMaxSuppression: batches and classes, equal boxes, flipped corners") {
  const Tensor boxes = reals({2, 2, 4}, {0, 0, 1, 1, 2, 2, 3, 3, 1, 1, 0, 0, 0, 0, 1, 1});
  const Tensor points = reals({2, 2, 2}, {0.1, 0.2, 0.4, 0.3, 0.5, 0.5, 0.1, 0.9});
  check({boxes, points, list({5}), reals({1}, {0.5})}, {}, {0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1});
}

TEST_CASE("NonMaxSuppression: limits that only the run knows") {
  Model model(11);
  Value* most = model.input("most", DType::i64, {1});
  Value* least = model.input("least", DType::f32, {1});
  model.output(model.node(Op::NonMaxSuppression, {model.constant(corners()), model.constant(scores()), most,
                                                  model.constant(reals({1}, {0.5})), least})[0]);
  const auto got = run(model, {list({2}), reals({1}, {0.92})});
  REQUIRE(got.size() == 1);
  check_close(got[0], whole({1, 3}, {0, 0, 3}));
}

TEST_CASE("MaxUnpool: indices of the pooled tensor, further room at the ends") {
  const Tensor x = reals({1, 1, 2, 2}, {1, 2, 3, 4}), at = whole({1, 1, 2, 2}, {5, 7, 13, 15});
  const Attributes attributes{{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}};
  check_node(Op::MaxUnpool, 11, {x, at}, attributes,
             reals({1, 1, 4, 4}, {0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4}));
  check_node(Op::MaxUnpool, 11, {x, at, list({1, 1, 5, 5})}, attributes,
             reals({1, 1, 5, 5}, {0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0, 0}));
}

}  // namespace
}  // namespace rondo::testing
