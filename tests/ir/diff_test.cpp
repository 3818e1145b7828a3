// diff and align: what changed is shown, what was only numbered anew is not.
#include "ir/diff.h"

#include <doctest/doctest.h>

#include "ir/align.h"

using namespace rondo;

namespace {

Graph graph_of(std::string_view text) {
  auto parsed = parse(text);
  REQUIRE_MESSAGE(parsed, (parsed ? "" : to_string(parsed.errors()[0])));
  return std::move(*parsed->graph);
}

std::string diff_of(std::string_view before, std::string_view after) { return diff(graph_of(before), graph_of(after)); }

constexpr const char* kBefore = R"(core "m" {
  input %x: f32[4]
  input %y: f32[4]
  %0 = add(%x, %y)
  %1 = neg(%0)
  %2 = tanh(%1)
  %3 = exp(%2)
  %4 = abs(%3)
  %5 = mul(%4, %y)
  output %5 as "z"
})";

}  // namespace

TEST_CASE("equal sequences, insertions and removals align") {
  const Keys a{{1}, {2}, {3}, {2}, {4}}, b{{1}, {2}, {5}, {3}, {2}};
  using Pairs = std::vector<std::pair<size_t, size_t>>;
  CHECK(align(a, a) == Pairs{{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}});
  CHECK(align(a, b) == Pairs{{0, 0}, {1, 1}, {2, 3}, {3, 4}});
  CHECK(align(a, {}).empty());
  CHECK(align({{7}, {7}, {8}}, {{9}, {7}, {7}}) == Pairs{{0, 1}, {1, 2}});  // nothing occurs once: by table
}

TEST_CASE("the strictest keys pair first, the looser ones between those pairs only") {
  using Pairs = std::vector<std::pair<size_t, size_t>>;
  CHECK(align({{1, 0}, {2, 0}, {3, 0}}, {{4, 0}, {2, 0}}) == Pairs{{0, 0}, {1, 1}});
  CHECK(align({{1, 5}, {2, 6}}, {{2, 6}, {3, 5}}) == Pairs{{1, 0}});  // crossing it would be no order
}

TEST_CASE("no difference is no text") { CHECK(diff_of(kBefore, kBefore).empty()); }

TEST_CASE("a new node shows with its neighbours; values numbered anew do not") {
  const std::string text = diff_of(kBefore, R"(core "m" {
  input %x: f32[4]
  input %y: f32[4]
  %0 = cos(%x)
  %1 = add(%0, %y)
  %2 = neg(%1)
  %3 = tanh(%2)
  %4 = exp(%3)
  %5 = abs(%4)
  %6 = mul(%5, %y)
  output %6 as "z"
})");
  CHECK(text == R"(# new: 1 cos; changed: 1 add
  input %x: f32[4]
  input %y: f32[4]
+ %0 = cos(%x): f32[4]
- %1 = add(%x, %y): f32[4]
+ %1 = add(%0, %y): f32[4]
  %2 = neg(%1): f32[4]
  %3 = tanh(%2): f32[4]
  ...
)");
}

TEST_CASE("a node that went keeps its old name, marked") {
  const std::string text = diff_of(kBefore, R"(core "m" {
  input %x: f32[4]
  input %y: f32[4]
  %0 = add(%x, %y)
  %1 = neg(%0)
  %2 = exp(%1)
  %3 = abs(%2)
  %4 = mul(%3, %y)
  output %4 as "z"
})");
  CHECK(text == R"(# gone: 1 tanh; changed: 1 exp
  ...
  %0 = add(%x, %y): f32[4]
  %1 = neg(%0): f32[4]
- %2' = tanh(%1): f32[4]
- %2 = exp(%2'): f32[4]
+ %2 = exp(%1): f32[4]
  %3 = abs(%2): f32[4]
  %4 = mul(%3, %y): f32[4]
  output %4 as "z"
)");
}

TEST_CASE("a change inside a region shows under the region's head, and only there") {
  const auto scan = [](const char* body) {
    return std::string(R"(core "m" {
  input %x: f32[T, 4]
  %h = constant() {value = f32[4] {0.0, 0.0, 0.0, 0.0}}
  %last, %all = scan(%h, %x) {carried = 1, reverse_scanned = [0], reverse_stacked = [0], scanned = 1, trip = T} @ "rnn"
    region (%t: i64[], %h: f32[4], %x: f32[4]) {
)") + body +
           R"(    }
  output %all as "y"
})";
  };
  const std::string text = diff_of(scan("%0 = add(%h, %x)\n %1 = tanh(%0)\n yield %1, %1\n"),
                                   scan("%0 = add(%h, %x)\n %1 = sigmoid(%0)\n yield %1, %1\n"));
  CHECK(text == R"(# gone: 1 tanh; new: 1 sigmoid
  ...
  %last, %all = scan(%h, %x) {carried = 1, reverse_scanned = [0], reverse_stacked = [0], scanned = 1, trip = T}: f32[4], f32[T, 4] @ "rnn"
    region (%t: i64[], %h: f32[4], %x: f32[4]) {
      %0 = add(%h, %x): f32[4]
-     %1' = tanh(%0): f32[4]
+     %1 = sigmoid(%0): f32[4]
-     yield %1', %1'
+     yield %1, %1
    }
  output %all as "y"
)");
}

TEST_CASE("parameters, facts and outputs that change show too") {
  const std::string text = diff_of(R"(core "m" {
  input %x: f32[T, 4]
  require T == 2*S because "halves"
  %y = tanh(%x)
  output %y
})",
                                   R"(core "m" {
  input %x: f32[T, 4]
  state %h: f32[4]
  %y = tanh(%x)
  next %h = %h
  output %y as "z"
})");
  for (const char* line : {"\n+ state %h: f32[4]\n", "\n- require T == 2*S because \"halves\"\n", "\n+ next %h = %h\n",
                           "\n- output %y\n", "\n+ output %y as \"z\"\n"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}
