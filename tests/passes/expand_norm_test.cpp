// Normalisations, pooling by norms, and blocks of depth and space. Expected values are the specification's formulas,
// worked out here or by hand.
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

TEST_CASE("InstanceNormalization: each channel by itself") {
  const Tensor x = reals({2, 2, 2}, {1, 5, 10, 20, 0, 2, 7, 7});
  check_node(Op::InstanceNormalization, 6, {x, reals({2}, {1, 3}), reals({2}, {0, 100})}, {{"epsilon", 0.0001}},
             reals({2, 2, 2}, {-2 / std::sqrt(4.0001), 2 / std::sqrt(4.0001), 100 - 15 / std::sqrt(25.0001),
                               100 + 15 / std::sqrt(25.0001), -1 / std::sqrt(1.0001), 1 / std::sqrt(1.0001), 100, 100}));
  CHECK(contains(errors_of(Op::InstanceNormalization, 6, {x, reals({3}, {1, 1, 1}), reals({2}, {0, 0})}), "channels"));
}

TEST_CASE("GroupNormalization: scales of groups, later of channels") {
  const Tensor x = reals({1, 4, 1}, {1, 3, 10, 30});
  const Attributes attributes{{"epsilon", 0.0}, {"num_groups", int64_t{2}}};
  check_node(Op::GroupNormalization, 21, {x, reals({4}, {1, 2, 3, 4}), reals({4}, {0, 10, 20, 30})}, attributes,
             reals({1, 4, 1}, {-1, 12, 17, 34}));
  check_node(Op::GroupNormalization, 18, {x, reals({2}, {1, 2}), reals({2}, {0, 10})}, attributes,
             reals({1, 4, 1}, {-1, 1, 8, 12}));
  CHECK(contains(errors_of(Op::GroupNormalization, 21, {x, reals({4}, {1, 1, 1, 1}), reals({4}, {0, 0, 0, 0})},
                           {{"num_groups", int64_t{3}}}),
                 "groups"));
}

TEST_CASE("RMSNormalization: over the axes from one on") {
  const Tensor x = reals({2, 2}, {3, 4, 0, 2});
  check_node(Op::RMSNormalization, 23, {x, reals({2}, {1, 10})}, {{"epsilon", 0.5}},
             reals({2, 2}, {3 / std::sqrt(13), 40 / std::sqrt(13), 0, 20 / std::sqrt(2.5)}));
  check_node(Op::RMSNormalization, 23, {x, reals({2, 2}, {1, 1, 1, 2})}, {{"epsilon", 0.0}, {"axis", int64_t{0}}},
             reals({2, 2}, {3 / std::sqrt(7.25), 4 / std::sqrt(7.25), 0, 4 / std::sqrt(7.25)}));
}

TEST_CASE("LpNormalization; zero stays zero") {
  const Tensor x = reals({2, 2}, {3, -4, 0, 0});
  check_node(Op::LpNormalization, 22, {x}, {}, reals({2, 2}, {0.6, -0.8, 0, 0}));
  check_node(Op::LpNormalization, 1, {x}, {{"p", int64_t{1}}}, reals({2, 2}, {3 / 7.0, -4 / 7.0, 0, 0}));
  check_node(Op::LpNormalization, 1, {x}, {{"axis", int64_t{0}}}, reals({2, 2}, {1, -1, 0, 0}));
  CHECK(contains(errors_of(Op::LpNormalization, 1, {x}, {{"p", int64_t{3}}}), "'p'"));
}

TEST_CASE("MeanVarianceNormalization: by default all but the channels") {
  const Tensor x = reals({2, 2, 1, 1}, {1, 10, 5, 30});
  check_node(Op::MeanVarianceNormalization, 13, {x}, {}, reals({2, 2, 1, 1}, {-1, -1, 1, 1}));
  check_node(Op::MeanVarianceNormalization, 9, {x}, {{"axes", std::vector<int64_t>{1}}},
             reals({2, 2, 1, 1}, {-1, 1, -1, 1}));
}

TEST_CASE("LRN: neighbouring channels") {
  const Tensor x = reals({1, 4, 1}, {1, 2, 3, 4});
  std::vector<double> want;
  for (const auto& [value, squares] : {std::pair{1.0, 1 + 4 + 9}, {2.0, 1 + 4 + 9 + 16}, {3.0, 4 + 9 + 16}, {4.0, 9 + 16}})
    want.push_back(value / std::pow(2 + 0.5 / 4 * squares, 0.6));
  check_node(Op::LRN, 13, {x}, {{"size", int64_t{4}}, {"alpha", 0.5}, {"beta", 0.6}, {"bias", 2.0}},
             reals({1, 4, 1}, want));
  CHECK(contains(errors_of(Op::LRN, 13, {x}), "'size'"));
}

TEST_CASE("LpPool and GlobalLpPool") {
  const Tensor x = reals({1, 1, 4}, {3, -4, 12, 0});
  Attributes attributes{{"kernel_shape", std::vector<int64_t>{2}}};
  check_node(Op::LpPool, 18, {x}, attributes, reals({1, 1, 3}, {5, std::sqrt(160), 12}));
  attributes.set("p", int64_t{3});
  check_node(Op::LpPool, 11, {x}, attributes, reals({1, 1, 3}, {std::cbrt(91), std::cbrt(1792), 12}));
  attributes.set("p", 1.0);
  attributes.set("pads", std::vector<int64_t>{1, 0});
  check_node(Op::LpPool, 1, {x}, attributes, reals({1, 1, 4}, {3, 7, 16, 12}));
  check_node(Op::GlobalLpPool, 2, {x}, {}, reals({1, 1, 1}, {13}));
  check_node(Op::GlobalLpPool, 1, {x}, {{"p", 1.0}}, reals({1, 1, 1}, {19}));
}

TEST_CASE("DepthToSpace and SpaceToDepth") {
  const Tensor deep = reals({1, 8, 1, 1}, {0, 1, 2, 3, 4, 5, 6, 7}), wide = reals({1, 2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7});
  const Attributes two{{"blocksize", int64_t{2}}};
  check_node(Op::DepthToSpace, 1, {deep}, two, wide);
  Attributes other = two;
  other.set("mode", std::string("CRD"));
  check_node(Op::DepthToSpace, 13, {deep}, other, reals({1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}));
  check_node(Op::SpaceToDepth, 13, {wide}, two, deep);
  check_node(Op::SpaceToDepth, 1, {reals({1, 1, 2, 4}, {0, 1, 2, 3, 4, 5, 6, 7})}, two,
             reals({1, 4, 1, 2}, {0, 2, 1, 3, 4, 6, 5, 7}));
  CHECK(contains(errors_of(Op::DepthToSpace, 13, {wide}, two), "blocks"));
  CHECK(contains(errors_of(Op::SpaceToDepth, 13, {deep}, two), "blocks"));
}

}  // namespace
}  // namespace rondo::testing
