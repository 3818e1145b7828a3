// Errors of the text form say where and what, and no bytes upset the parser.
#include <doctest/doctest.h>

#include "ir/text.h"
#include "support/closest.h"
#include "support/error_list.h"

using namespace rondo;

namespace {

struct Wrong {
  std::string text, place, message;
};

}  // namespace

TEST_CASE("errors say where and what") {
  const Wrong table[] = {
      {"", "1:1", "expected 'model', 'core' or 'plan', found the end of the text"},
      {"graph", "1:1", "found 'graph'"},
      {"core x {}", "1:6", "expected a string in quotes, found 'x'"},
      {"core \"x", "1:6", "not closed"},
      {"core \"x\n\" {}", "1:6", "not closed"},
      {"core \"\\q\" {}", "1:6", "unknown escape"},
      {"core \"x\" {", "1:11", "expected a statement or '}', found the end of the text"},
      {"core \"x\" {\n\n  \n", "1:11", "expected a statement or '}', found the end of the text"},
      {"core \"x\" {} more", "1:13", "expected the end of the text"},
      {"core \"x\" {\n  \x01\n}", "2:3", "no meaning here"},
      {"core \"é\" { ; }", "1:12", "no meaning here"},  // columns are characters
      {"model \"x\" opset -1 {}", "1:17", "operator set"},
      {"model \"x\" opset 99999999999 {}", "1:17", "too large"},
      {"core \"x\" { input %x: ? }", "1:22", "has a type"},
      {"core \"x\" { input %x f32[] }", "1:21", "expected ':'"},
      {"core \"x\" { input %x: f31[] }", "1:22", "expected a type"},
      {"core \"x\" { input %x: f32[2 }", "1:28", "expected ',' or ']'"},
      {"core \"x\" { input %x: f32[9223372036854775808] }", "1:26", "too large for 64 bits"},
      {"core \"x\" { input %x: f32[] input %x: f32[] }", "1:34", "already taken"},
      {"core \"x\" { output %x }", "1:19", "not defined before here"},
      {"core \"x\" { input %x: f32[] %y = foo(%x) }", "1:33", "no operator 'foo'"},
      {"core \"x\" { input %x: f32[] %y = LSTM(%x) }", "1:33", "model level"},
      {"core \"x\" { input %x: f32[] %y = tanh(%x, %x) }", "1:33", "takes 1 operands, not 2"},
      {"core \"x\" { input %x: f32[] %y = tanh(%x) {a = 1} }", "1:33", "unknown attribute 'a'"},
      {"core \"x\" { input %x: f32[2]\n %y = tanh(%x): f32[3] }", "2:17", "gives f32[2], not f32[3]"},
      {"core \"x\" { input %x: f32[2]\n %y = tanh(%x): f64[2] }", "2:17", "gives f32[2], not f64[2]"},
      {"core \"x\" { input %x: f32[2] %y = tanh(_) }", "1:39", "no operand out"},
      {"core \"x\" { input %x: f32[2] _ = tanh(%x) }", "1:29", "no result out"},
      {"core \"x\" { input %x: f32[2] %y = tanh(%x): f32[2], f32[2] }", "1:42", "expected 1 types"},
      {"model \"x\" { %y = Relu(%y) }", "1:23", "not defined before here"},
      {"model \"x\" { %y = Relu() {a = 1, a = 2} }", "1:33", "given twice"},
      {"model \"x\" { %y = Relu() {a = [1, 2.5]} }", "1:31", "not several of these"},
      {"model \"x\" { %y = Relu() {a = ,} }", "1:30", "expected an attribute's value"},
      {"model \"x\" { %y = Relu() {a = 1e999} }", "1:30", "fits f64"},
      {"model \"x\" { %y = Relu() {a = f32[2] {1.0}} }", "1:38", "expected 2 elements, found 1"},
      {"model \"x\" { %y = Relu() {a = i8[1] {128}} }", "1:37", "does not fit i8"},
      {"model \"x\" { %y = Relu() {a = u8[1] {-1}} }", "1:37", "element of type u8"},
      {"model \"x\" { %y = Relu() {a = bool[1] {1}} }", "1:39", "true or false"},
      {"model \"x\" { %y = Relu() {a = f32[1] {1e39}} }", "1:38", "fits f32"},
      {"model \"x\" { %y = Relu() {a = f32[T] {1.0}} }", "1:34", "sizes are numbers"},
      {"model \"x\" { %y = Relu() {a = f32[4000000000, 4000000000] \"\"} }", "1:33", "too large"},
      {"model \"x\" { %y = Relu() {a = f32[1000000000000] \"AAAA\"} }", "1:49", "base64 of 4000000000000 bytes"},
      {"model \"x\" { %y = Relu() {a = u8[1] \"AB==\"} }", "1:36", "base64 of 1 bytes"},
      {"model \"x\" { %y = Relu() {a = u8[1] \"A===\"} }", "1:36", "base64 of 1 bytes"},
      {"model \"x\" { %y = Relu() {a = u8[4] \"AAAA====\"} }", "1:36", "base64 of 4 bytes"},
      {"model \"x\" { %y = Relu(): _ }", "1:26", "goes with the result '_'"},
      {"model \"x\" { %y = unsupported(%x) }", "1:29", "expected a string"},
      {"model \"x\" { state %h: f32[1] }", "1:19", "needs its next value"},
      {"model \"x\" { input %h: f32[1] next %h = %h }", "1:35", "not a state"},
      {"model \"x\" { state %h: f32[1] next %h = %h next %h = %h }", "1:48", "has a next value already"},
      {"model \"x\" { input %h: f32[1] output %h yield %h }", "1:46", "not both"},
      {"model \"x\" { bind T = 1 bind T = 2 }", "1:29", "bound already"},
      {"model \"x\" { require T = 1 }", "1:23", "expected '=='"},
      {"model \"x\" { input %x: f32[]\n  unsupported \"If\"() region () {\n    yield %x\n  }\n}", "3:11",
       "values from outside come in as operands"},
      {"model \"x\" { unsupported \"If\"() region () { input %x: ? } }", "1:44", "parentheses"},
      {"plan \"p\" { buffer b = heap f32[1] }", "1:23", "expected input, output, state, constant, scratch, measured or granted"},
      {"plan \"p\" { buffer b = scratch f32[1, 2] }", "1:31", "one size"},
      {"plan \"p\" { buffer b = scratch f32[1] buffer b = scratch f32[1] }", "1:45", "already taken"},
      {"plan \"p\" { input \"x\": f32[] in x }", "1:32", "no buffer of this name"},
      {"plan \"p\" { kernel k { %1 = immediate 1: i8 } }", "1:23", "this one is %0"},
      {"plan \"p\" { kernel k { %0 = immediate 1.5: i8 } }", "1:43", "without a point"},
      {"plan \"p\" { kernel k { %0 = neg %0: i8 } }", "1:32", "not defined before here"},
      {"plan \"p\" { kernel k { %0 = matmul %0: i8 } }", "1:28", "pointwise operator"},
      {"plan \"p\" { kernel k { %0 = index 1 + 2: i8 } }", "1:38", "one constant"},
      {"plan \"p\" { kernel k { %0 = index T: i8 } }", "1:34", "expected a part of an index"},
      {"plan \"p\" { kernel k { %0 = index (i0 / 4) + (i1 % 4): i8 } }", "1:34", "a panel is written"},
      {"plan \"p\" { kernel k { %0 = index (i0 / 0) + (i0 % 0): i8 } }", "1:34", "a panel is written"},
      {"plan \"p\" { kernel k { schedule lanes } }", "1:38", "expected '='"},
      {"plan \"p\" { kernel k { schedule wide=3 } }", "1:32", "vector="},
      {"plan \"p\" { kernel k { schedule tasks=8 } }", "1:38", "loop variable such as i0"},
      {"plan \"p\" { kernel k { schedule tasks=i0 } }", "1:41", "expected '/'"},
      {"plan \"p\" { loop l: j < 3 {} }", "1:20", "loop variable such as i0"},
      {"plan \"p\" { loop l: i99999999999 < 3 {} }", "1:20", "too large"},
  };
  for (const Wrong& wrong : table) {
    CAPTURE(wrong.text);
    const auto parsed = parse(wrong.text);
    REQUIRE_FALSE(parsed);
    const Diagnostic& error = parsed.errors()[0];
    CAPTURE(error.message);
    CHECK(error.place == wrong.place);
    CHECK(error.message.find(wrong.message) != std::string::npos);
  }
}

TEST_CASE("an error shows its line with a caret under the place") {
  const auto parsed = parse("core \"x\" {\n\tinput %x: f32[2]\n\t%é = tanh(%x)\n}");
  REQUIRE_FALSE(parsed);
  CHECK(to_string(parsed.errors()[0]).find("3:2: error: ") == 0);
  CHECK(parsed.errors()[0].message.find("\n    \t%é = tanh(%x)\n    \t^") != std::string::npos);

  const std::string far(500, ' ');
  const auto cut = parse("core \"x\" {" + far + "?" + far + "}");
  REQUIRE_FALSE(cut);
  CHECK(cut.errors()[0].place == "1:511");
  CHECK(cut.errors()[0].message.size() < 250);
}

TEST_CASE("hostile texts end in an error, soon") {
  const auto repeated = [](std::string_view unit, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += unit;
    return text;
  };
  const std::string dims[] = {repeated("(", 100000),
                              repeated("-", 100000) + "1",
                              repeated("floor(", 100000),
                              repeated("(a+b)*(c+d)*", 50000) + "1",
                              repeated("T*", 100000) + "T",
                              repeated("min(T*S,", 12) + "1" + repeated(")", 12),
                              repeated(repeated("min(T-5*S,3*", 10) + "V" + repeated(")", 10) + ", ", 2000) + "1",
                              repeated("floor((a+b)*(", 7) + "c" + repeated("),T)", 7),
                              [] {
                                std::string sum = "a";
                                for (int i = 0; i < 50000; ++i) sum += "+a" + std::to_string(i);
                                return sum;
                              }()};
  for (const std::string& dim : dims) {
    CAPTURE(dim.substr(0, 40));
    const auto parsed = parse("core \"x\" { input %x: f32[" + dim + "] }");
    if (dim.size() > 1000) CHECK_FALSE(parsed);
  }
  CHECK_FALSE(parse("model \"x\" {" + repeated(" unsupported \"If\"() region () {", 100000)));
  CHECK_FALSE(parse("plan \"x\" {" + repeated(" loop l: i0 < 1 {", 100000)));
  CHECK(parse("plan \"x\" {" + repeated(" loop l: i0 < 1 {", 60) + repeated("}", 61)));
  CHECK_FALSE(parse("model \"x\" { %y = Relu() {a = " + repeated("[", 100000) + "} }"));
  CHECK_FALSE(parse("\""));
  CHECK_FALSE(parse("%\"\\"));
  CHECK_FALSE(parse(std::string_view("\0\0", 2)));
}

TEST_CASE("damaged texts never crash the parser") {
  const std::string model = R"(model "m" opset 17 { state %h: f32[2, T] initial u8[4] "AAECAw==" require 2*T == S
    %y, _ = unsupported "a.B"(%h, _) {d = 2*T, f = [1.5, inf], n = nan(0x7ff8000000000001), s = ["a\\\\b"]}: f32[T], _ @ "n"
    next %h = %y output %y as "out": f32[T] })";
  const std::string scan = R"(core "c" { input %x: f32[T, 4] %y = scan(%x) {carried = 0, reverse_scanned = [0],
    reverse_stacked = [0], scanned = 1, trip = T} region (%t: i64[], %x: f32[4]) { %0 = tanh(%x) yield %0 } output %y })";
  const std::string plan =
      R"(plan "p" { symbols T, `a b` require T == 2*`a b` memory constants 64, state 0, scratch 64*T
    buffer x = input f32[T] slot 0 buffer w = constant f32[2] at 0 value f32[2] {1.0, nan} buffer b2 "x" = scratch f32[T] at 0
    input "x": f32[T] in x loop l: i0 < 3 @ "n" { kernel k { parallel i1 < T reduction i2 < 2 schedule vector=i1 lanes=4
    %0 = load x[(i1 / 4)*4 + (i1 % 4) - 1]: f32 %1 = index i2*{T}: i64 %2 = bounded %1 < 2: i64 %3 = load w[%2*1]: f32
    %4 = mul %0, %3: f32 %5 = reduce max %4: f32 %6 = immediate -1e-05: f32 %7 = add %5, %6: f32 store b2[i1] = %7 } } })";
  uint32_t random = 1;
  int accepted = 0;
  for (const std::string& text : {model, scan, plan}) {
    REQUIRE(parse(text));
    for (size_t i = 0; i < text.size(); ++i) accepted += static_cast<bool>(parse(std::string_view(text).substr(0, i)));
    for (int i = 0; i < 3000; ++i) {
      std::string damaged = text;
      random = random * 1664525 + 1013904223;
      const size_t at = (random >> 8) % text.size();
      random = random * 1664525 + 1013904223;
      const char* marks = "(){}[]<>,:=+-*/%@?_ 019aT\"`\n";
      if (i % 3 == 0)
        damaged.erase(at, 1 + (random >> 28));
      else if (i % 3 == 1)
        damaged[at] = marks[(random >> 8) % 28];
      else
        damaged[at] = static_cast<char>(random >> 8);
      const auto parsed = parse(damaged);
      if (!parsed) CHECK_FALSE(parsed.errors()[0].place.empty());
    }
  }
  CHECK(accepted <= 3);  // no text is complete before its last bracket but for the newline after it
}

namespace {

std::vector<std::string> errors_of(std::string_view text) {
  const auto parsed = parse(text);
  std::vector<std::string> errors;
  if (!parsed)
    for (const Diagnostic& error : parsed.errors()) {
      const std::string shown = to_string(error);
      errors.push_back(shown.substr(0, shown.find('\n')));
    }
  return errors;
}

using Errors = std::vector<std::string>;

}  // namespace

TEST_CASE("several errors at once; what uses a value with an error has none of its own") {
  CHECK(errors_of(R"(core "m" {
  input %x: f32[2]
  input %z: f33[2]
  %a = tahn(%x)
  %b = add(%a, %z)
  %c = add(%x, %b) {axis = 1}
  %d = add(%x, %w)
  %e = add(%d, %c)
  output %e
})") == Errors{"3:13: error: expected a type such as f32[2, T], found 'f33'",
              "4:8: error: there is no operator 'tahn'; at the model level it can be written as unsupported \"tahn\"; did "
              "you mean 'tanh'?",
              "7:16: error: this value is not defined before here"});
}

TEST_CASE("errors inside regions and behind them") {
  CHECK(errors_of(R"(core "m" {
  input %x: f32[T, 4]
  %h = constant() {value = f32[4] {0.0, 0.0, 0.0, 0.0}}
  %last, %all = scan(%h, %x) {carried = 1, reverse_scanned = [0], reverse_stacked = [0], scanned = 1, trip = T}
    region (%t: i64[], %h: f32[4], %x: f32[4]) {
      %0 = ad(%h, %x)
      %1 = tanh(%hh)
      %2 = neg(%1)
      yield %0, %2
    }
  %y = matmul(%all, %last)
  %z = exp(%x, %x)
  output %y
  output %zz
})") == Errors{"6:12: error: there is no operator 'ad'; at the model level it can be written as unsupported \"ad\"; did you "
              "mean 'add'?",
              "7:17: error: this value is not defined before here in the region; values from outside come in as operands of "
              "the node; did you mean 'h'?",
              "12:8: error: exp: takes 1 operands, not 2",
              "14:10: error: this value is not defined before here; did you mean 'z'?"});
}

TEST_CASE("several errors of a plan: buffers, instructions, steps") {
  CHECK(errors_of(R"(plan "p" {
  buffer x = imput f32[8] slot 0
  buffer y = output f32[8] slot 0
  input "x": f32[8] in x
  output "y": f33[8] in y
  loop l: i0 < 3 {
    kernel first {
      parallel i1 < 8
      schedule lanes
      %0 = load x[i1]: f32
      %1 = tahn %0: f32
      %2 = neg %1: f32
      %3 = add %2, %7: f32
      store yy[i1] = %3
    }
    kernel second {
      parallel i1 <
      %0 = load x[i1]: f32
      store y[i1] = %0
    }
  }
  loop m: j < 3 {
  }
})") == Errors{"2:14: error: expected input, output, state, constant, scratch, measured or granted, found 'imput'",
              "5:15: error: expected a type such as f32[2, T], found 'f33'",
              "10:7: error: expected '=', found '%0'",
              "11:12: error: 'tahn' is not load, index, immediate, bounded, reduce or a pointwise operator",
              "13:20: error: this instruction is not defined before here",
              "14:13: error: there is no buffer of this name before here; did you mean 'y'?",
              "18:7: error: expected a dimension, found '%0'",
              "22:11: error: expected a loop variable such as i0, found 'j'"});
}

TEST_CASE("one slip in a plan is one error") {
  CHECK(errors_of(R"(plan "p" {
  buffer y = output f32[8] slot 0
  kernel first {
    parallel i1 < 8
    %1 = immediate 1.0: f32
    %2 = neg %1: f32
    store y[i1] = %2
  }
})") == Errors{"5:5: error: instructions are numbered in order; this one is %0"});
  CHECK(errors_of(R"(plan "p" {
  buffer "y" = output f32[8] slot 0
  kernel first {
    parallel i1 < 8
    %0 = immediate 1.0: f32
    store y[i1] = %0

  kernel second {
    parallel i1 < 8
    %0 = immediate 2.0: f32
    store y[i1] = %0
  }
})") == Errors{"2:10: error: expected a buffer's name, found \"y\"",
              "8:3: error: expected an instruction such as '%0 = …', parallel, reduction, schedule, store or '}', found "
              "'kernel'"});
}

TEST_CASE("a name that is not known is told once, and a brace that is missing as one error") {
  CHECK(errors_of(R"(plan "p" {
  buffer y = output f32[8] slot 0
  kernel first {
    parallel i1 < 8
    %0 = load xx[i1]: f32
    %1 = load xx[i1 + 1]: f32
    store y[i1] = %0
    store y[i1] = %1
  }
})") == Errors{"5:15: error: there is no buffer of this name before here"});
  CHECK(errors_of(R"(plan "p" {
  bufer y = output f32[8] slot 0
  output "y": f32[8] in y
})") == Errors{"2:3: error: expected a statement or '}', found 'bufer'"});
  CHECK(
      errors_of(R"(core "m" {
  input %x: f32[2]
  %a = add(%x, %w)
  %b = add(%w, %a)
  %c = constant() {value = f32[2] {1.0, 2.0}
  %d = add(%c, %x)
  %e = tahn(%x)
  output %e
})") ==
      Errors{
          "3:16: error: this value is not defined before here", "6:3: error: expected ',' or '}', found '%d'",
          "7:8: error: there is no operator 'tahn'; at the model level it can be written as unsupported \"tahn\"; did "
          "you mean 'tanh'?"});
}

TEST_CASE("a text of many errors tells the first of them, and that there are more") {
  const auto errors = [](int count) {
    std::string text = "plan \"p\" {\n";
    for (int i = 0; i < count; ++i) text += "  input \"x\": f33[8] in x\n";
    return errors_of(text + "}");
  };
  CHECK(errors(20).size() == ErrorList::kMost);
  REQUIRE(errors(100).size() == ErrorList::kMost + 1);
  CHECK(errors(100)[19] == "21:14: error: expected a type such as f32[2, T], found 'f33'");
  CHECK(errors(100)[20] == "error: reading stopped after 20 errors: there are more");
}

TEST_CASE("what was perhaps meant") {
  const std::vector<std::string> words{"tanh", "add", "matmul"};
  CHECK(did_you_mean("tahn", words) == "; did you mean 'tanh'?");
  CHECK(did_you_mean("MatMul", words) == "; did you mean 'matmul'?");
  CHECK(did_you_mean("ad", words) == "; did you mean 'add'?");
  CHECK(did_you_mean("conv", words).empty());
  CHECK(did_you_mean("", words).empty());
  CHECK(did_you_mean("tahn", {}).empty());
}
