// Sequences cut into steps and put together again.
#include "driver/frames.h"

#include <doctest/doctest.h>

#include "tests/driver/fixtures.h"

using namespace rondo;
using rondo::test::f32;

namespace {

Slot slot(const std::string& name, Shape shape, int axis = -1, int64_t latency = 0) {
  return {name, {DType::f32, std::move(shape)}, axis, latency};
}

const Ports kPorts{{slot("x", {1, 2, 1}, 1), slot("knob", {})}, {slot("y", {1, 1}, 1, 1), slot("last", {1})}, {}, {}};

}  // namespace

TEST_CASE("a sequence is cut along time, and frames that make no step are left out") {
  const Recording whole{"r", {}, {{"x", f32({1, 5, 1}, {1, 2, 3, 4, 5})}, {"knob", f32({}, {9})}}, {}, {}};
  CHECK(needs_steps(kPorts, whole));
  Result<Recording> steps = cut_into_steps(kPorts, whole, {});
  REQUIRE(steps);
  CHECK(steps->steps == 2);
  CHECK(steps->inputs[0].value == f32({2, 1, 2, 1}, {1, 2, 3, 4}));
  CHECK(steps->inputs[1].value == f32({2}, {9, 9}));
  CHECK_FALSE(needs_steps(kPorts, *steps));
  CHECK_FALSE(whole_steps(kPorts, whole));
}

TEST_CASE("a sequence that is too short or of another rank is an error") {
  const auto error = [](Tensor x) {
    Result<Recording> steps = cut_into_steps(kPorts, {"r", {}, {{"x", std::move(x)}}, {}, {}}, {});
    return steps ? "" : to_string(steps.errors()[0]);
  };
  CHECK(error(f32({1, 1, 1}, {1})).find("at least 2 along axis 1") != std::string::npos);
  CHECK(error(f32({2, 2}, {1, 2, 3, 4})).find("another rank") != std::string::npos);
  CHECK(cut_into_steps(kPorts, {"r", {}, {{"knob", f32({}, {1})}}, {}, {}}, {}).errors()[0].message ==
        "the data hold no sequence to cut into steps");
}

TEST_CASE("steps are put together from the sequence's first frame on") {
  const Played steps{{{"y", f32({3, 1, 1}, {0, 7, 8})}, {"last", f32({3, 1}, {4, 5, 6})}}, {}};
  const Played whole = put_together(kPorts, steps);
  CHECK(whole.outputs[0].value == f32({1, 2}, {7, 8}));
  CHECK(whole.outputs[1].value == f32({1}, {6}));
}

TEST_CASE("a recorded stream of longer steps becomes whole sequences") {
  const Recording steps{"r",
                        2,
                        {{"x", f32({2, 1, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8})}, {"knob", f32({2}, {9, 9})}},
                        {{"y", f32({2, 1, 2}, {1, 2, 3, 4})}, {"last", f32({2, 1}, {5, 6})}},
                        {}};
  Result<Recording> whole = join_recorded_steps(kPorts, steps);
  REQUIRE(whole);
  CHECK_FALSE(whole->steps);
  CHECK(whole->inputs[0].value == f32({1, 8, 1}, {1, 2, 3, 4, 5, 6, 7, 8}));
  CHECK(whole->inputs[1].value == f32({}, {9}));
  CHECK(whole->outputs[0].value == f32({1, 4}, {1, 2, 3, 4}));
  CHECK(whole->outputs[1].value == f32({1}, {6}));
  Recording fitting = steps, turned = steps;
  fitting.inputs[0].value = f32({2, 1, 2, 1}, {1, 2, 3, 4});
  CHECK(join_recorded_steps(kPorts, fitting)->steps == 2);
  turned.inputs[1].value = f32({2}, {9, 8});
  CHECK_FALSE(join_recorded_steps(kPorts, turned));
}

TEST_CASE("frames that both have are compared") {
  Result<Common> common = common_frames(kPorts.outputs[0], f32({1, 2}, {7, 8}), f32({1, 3}, {7, 8, 9}));
  REQUIRE(common);
  CHECK(common->steps == f32({1, 2}, {7, 8}));
  CHECK(common->whole == f32({1, 2}, {7, 8}));
  CHECK_FALSE(common_frames(kPorts.outputs[0], f32({1, 0}, {}), f32({1, 3}, {7, 8, 9})));
  CHECK_FALSE(common_frames(kPorts.outputs[0], f32({1, 2}, {7, 8}), f32({2}, {7, 8})));
  common = common_rows(slot("y", {1, 2, 2}, 0), f32({1, 2, 2}, {1, 2, 3, 4}),
                       f32({3, 4}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0}));
  REQUIRE(common);
  CHECK(common->steps == f32({1, 1, 4}, {1, 2, 3, 4}));
  CHECK(common->whole == f32({1, 1, 4}, {1, 2, 3, 4}));
}
