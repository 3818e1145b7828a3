// Resize and Upsample. Values are worked by hand from the specification's formulas: coordinates first, then weights.
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

Tensor scales(const std::vector<double>& values) { return reals({static_cast<int64_t>(values.size())}, values); }

std::string word(const char* text) { return text; }

/// A vector resized, by scale or by size.
void check_by_scale(const std::vector<double>& x, double scale, Attributes attributes, const std::vector<double>& want,
                    int opset = 19) {
  check_node(Op::Resize, opset, {reals({static_cast<int64_t>(x.size())}, x), std::nullopt, scales({scale})}, attributes,
             reals({static_cast<int64_t>(want.size())}, want));
}
void check_by_size(const std::vector<double>& x, Attributes attributes, const std::vector<double>& want) {
  const auto count = static_cast<int64_t>(want.size());
  check_node(Op::Resize, 19, {reals({static_cast<int64_t>(x.size())}, x), std::nullopt, std::nullopt, list({count})},
             attributes, reals({count}, want));
}

Attributes nearest(const char* coordinates, const char* rounding) {
  return {{"mode", word("nearest")}, {"coordinate_transformation_mode", word(coordinates)}, {"nearest_mode", word(rounding)}};
}
Attributes linear(const char* coordinates) {
  return {{"mode", word("linear")}, {"coordinate_transformation_mode", word(coordinates)}};
}

TEST_CASE("Resize nearest: coordinates and rounding") {
  const std::vector<double> x{1, 2, 3};
  check_by_scale(x, 2, nearest("asymmetric", "floor"), {1, 1, 2, 2, 3, 3});
  check_by_scale(x, 2, nearest("asymmetric", "ceil"), {1, 2, 2, 3, 3, 3});
  check_by_scale(x, 2, nearest("asymmetric", "round_prefer_floor"), {1, 1, 2, 2, 3, 3});
  check_by_scale(x, 2, nearest("asymmetric", "round_prefer_ceil"), {1, 2, 2, 3, 3, 3});
  check_by_scale(x, 2, nearest("half_pixel", "round_prefer_floor"), {1, 1, 2, 2, 3, 3});
  check_by_scale(x, 2, nearest("half_pixel", "floor"), {1, 1, 1, 2, 2, 3});
  check_by_scale({1, 2, 3, 4}, 0.5, nearest("asymmetric", "floor"), {1, 3});
  check_by_size(x, nearest("align_corners", "round_prefer_ceil"), {1, 2, 2, 3, 3});  // 0, .5, 1, 1.5, 2
  check_by_size({1, 2, 3, 4}, nearest("half_pixel", "ceil"), {2, 3, 4});             // 1/6, 1.5, 17/6
  check_by_scale({1, 2, 3, 4, 5, 6, 7, 8, 9}, 1 / 3.0f, nearest("asymmetric", "floor"), {1, 4, 7});
}

TEST_CASE("Resize linear: coordinates") {
  check_by_scale({1, 3}, 2, linear("half_pixel"), {1, 1.5, 2.5, 3});
  check_by_scale({1, 3}, 2, linear("asymmetric"), {1, 2, 3, 3});
  check_by_size({1, 3}, linear("align_corners"), {1, 5 / 3.0, 7 / 3.0, 3});
  check_by_size({1, 3, 9}, linear("pytorch_half_pixel"), {1});
  check_by_size({1, 3, 9}, linear("half_pixel"), {3});
  // 5 * 0.5 = 2.5 elements, of which 2 stay: 2.5 * (1 - 0.8) + (i + 0.5) * 2 - 0.5 = 1, 3
  check_by_scale({1, 2, 4, 8, 16}, 0.5, linear("half_pixel_symmetric"), {2, 8});
  check_by_scale({1, 2, 4, 8, 16}, 0.5, linear("half_pixel"), {1.5, 6});
}

TEST_CASE("Resize cubic: weights, edges, weights outside") {
  Attributes cubic{{"mode", word("cubic")}, {"coordinate_transformation_mode", word("asymmetric")}};
  // At distance 0.5 and a = -0.75 the weights are -0.09375, 0.59375, 0.59375, -0.09375; edges repeat.
  check_by_scale({1, 2, 4, 8}, 2, cubic, {1, 1.3125, 2, 2.71875, 4, 6.1875, 8, 8.375});
  cubic.set("exclude_outside", int64_t{1});
  check_by_scale({1, 2}, 2, cubic, {1, 1.5, 2, (-0.09375 * 1 + 0.59375 * 2) / 0.5});
  cubic.set("exclude_outside", int64_t{0});
  cubic.set("cubic_coeff_a", -0.5);  // -0.0625, 0.5625
  check_by_scale({0, 0, 16, 0}, 2, cubic, {0, -1, 0, 9, 16, 9, 0, -1});
}

TEST_CASE("Resize with antialias: the filter is as wide as an element of the result") {
  Attributes attributes = linear("half_pixel");
  attributes.set("antialias", int64_t{1});
  // Coordinates 0.5 and 2.5, weights 1 - |d| / 2 for d = -1.5, -0.5, 0.5, 1.5: 1/8, 3/8, 3/8, 1/8; edges repeat.
  check_by_scale({1, 2, 3, 4}, 0.5, attributes, {(1 * 0.5 + 2 * 0.375 + 3 * 0.125), (2 * 0.125 + 3 * 0.375 + 4 * 0.5)});
  check_by_scale({1, 3}, 2, attributes, {1, 1.5, 2.5, 3});
}

TEST_CASE("Resize crops: regions and what lies outside") {
  Attributes attributes = linear("tf_crop_and_resize");
  attributes.set("extrapolation_value", -1.0);
  // From 0.25 * 4 = 1 to 0.75 * 4 = 3, then from 2 to 6: 6 lies outside.
  check_node(Op::Resize, 13, {reals({5}, {0, 10, 20, 30, 40}), reals({2}, {0.25, 0.75}), std::nullopt, list({5})},
             attributes, reals({5}, {10, 15, 20, 25, 30}));
  check_node(Op::Resize, 13, {reals({5}, {0, 10, 20, 30, 40}), reals({2}, {0.5, 1.5}), std::nullopt, list({3})},
             attributes, reals({3}, {20, 40, -1}));
}

TEST_CASE("Resize: axes, proportions, element types") {
  const Tensor x = reals({1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  Attributes attributes = nearest("asymmetric", "floor");
  attributes.set("axes", std::vector<int64_t>{2, 0});
  check_node(Op::Resize, 18, {x, std::nullopt, scales({0.5, 2})}, attributes,
             reals({2, 2, 2}, {1, 3, 5, 7, 1, 3, 5, 7}));
  attributes.set("axes", std::vector<int64_t>{1, 2});
  attributes.set("keep_aspect_ratio_policy", word("not_larger"));
  check_node(Op::Resize, 18, {x, std::nullopt, std::nullopt, list({6, 8})}, attributes,  // scale min(3, 2)
             reals({1, 4, 8}, {1, 1, 2, 2, 3, 3, 4, 4, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 5, 5, 6, 6, 7, 7, 8, 8}));
  attributes.set("keep_aspect_ratio_policy", word("not_smaller"));
  check_node(Op::Resize, 18, {x, std::nullopt, std::nullopt, list({1, 1})}, attributes,  // scale max(1/2, 1/4)
             reals({1, 1, 2}, {1, 3}));
  check_node(Op::Resize, 13, {whole({2}, {1, 4}, DType::u8), std::nullopt, scales({2})}, linear("half_pixel"),
             whole({4}, {1, 1, 3, 4}, DType::u8));
}

TEST_CASE("Resize before opset 11, and Upsample in its forms") {
  const Tensor x = reals({1, 1, 2, 2}, {1, 2, 3, 4});
  const Tensor twice = reals({1, 1, 2, 4}, {1, 1, 2, 2, 3, 3, 4, 4});
  check_node(Op::Resize, 10, {x, scales({1, 1, 1, 2})}, {}, twice);
  check_node(Op::Resize, 10, {reals({4}, {1, 2, 3, 4}), scales({0.6})}, {}, reals({2}, {1, 3}));
  check_node(Op::Resize, 10, {x, scales({1, 1, 1, 2})}, {{"mode", word("linear")}},
             reals({1, 1, 2, 4}, {1, 1.5, 2, 2, 3, 3.5, 4, 4}));
  check_node(Op::Upsample, 9, {x, scales({1, 1, 1, 2})}, {}, twice);
  check_node(Op::Upsample, 7, {x}, {{"scales", std::vector<double>{1, 1, 1, 2}}}, twice);
  check_node(Op::Upsample, 1, {x}, {{"height_scale", 1.0}, {"width_scale", 2.0}}, twice);
}

TEST_CASE("Resize of symbolic sizes") {
  for (const auto& [attributes, want] : std::vector<std::pair<Attributes, std::vector<double>>>{
           {nearest("asymmetric", "floor"), {1, 1, 3, 3, 7, 7}},
           {nearest("half_pixel", "floor"), {1, 1, 1, 3, 3, 7}},
           {linear("half_pixel"), {1, 1.5, 2.5, 4, 6, 7}},
           {linear("align_corners"), {1, 1.8, 2.6, 3.8, 5.4, 7}}}) {
    Model model(19);
    Value* x = model.input("x", DType::f32, {Dim::symbol("T")});
    model.output(model.node(Op::Resize, {x, nullptr, model.constant(scales({2}))}, attributes)[0]);
    check_close(run(model, {reals({3}, {1, 3, 7})})[0], reals({6}, want));
  }
}

TEST_CASE("Resize: errors") {
  const Tensor x = reals({2}, {1, 2});
  CHECK(contains(errors_of(Op::Resize, 13, {x, std::nullopt, scales({2}), list({4})}), "exactly one"));
  CHECK(contains(errors_of(Op::Resize, 13, {x, std::nullopt, scales({0})}), "positive"));
  CHECK(contains(errors_of(Op::Resize, 13, {x, std::nullopt, scales({1, 2})}), "scales for"));
  CHECK(contains(errors_of(Op::Resize, 13, {x, std::nullopt, scales({2})}, linear("half_pixel_symmetric")),
                 "'half_pixel_symmetric'"));
  CHECK(contains(errors_of(Op::Resize, 13, {x, std::nullopt, scales({2})}, linear("tf_crop_and_resize")), "region"));
}

}  // namespace
}  // namespace rondo::testing
