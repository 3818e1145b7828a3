// docs/ir.md and docs/passes.md say all that there is, in the words of the tables, and the examples are true.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "ir/reference.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "passes/pipeline.h"

namespace rondo::testing {
namespace {

std::string page(const std::string& name) {
  std::ifstream stream(std::string(RONDO_TEST_DATA) + "/../../docs/" + name);
  REQUIRE_MESSAGE(stream, "no docs/" << name);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// As it stands in a table's cell.
std::string cell(std::string_view text) {
  std::string escaped;
  for (char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The core graph of these statements; its outputs are the values that "# %v = tensor" lines name.
struct Example {
  std::string statements;
  std::vector<std::pair<std::string, std::string>> expected;  // value, tensor
};

Graph graph_of(const std::string& text) {
  CAPTURE(text);
  Result<Parsed> parsed = parse(text);
  REQUIRE_MESSAGE(parsed, (parsed ? "" : to_string(parsed.errors()[0])));
  CHECK(verify(*parsed->graph));
  return std::move(*parsed->graph);
}

Tensor tensor_of(const std::string& text) {
  const Graph graph = graph_of("core \"t\" {\n %v = constant() {value = " + text + "}\n output %v\n}");
  return *constant_of(graph.outputs[0]);
}

void check_close(const Array& got, const Tensor& want) {
  CHECK(got.dtype == want.dtype());
  CHECK(got.shape == want.shape());
  for (int64_t i = 0; i < std::min(got.count(), want.count()); ++i) {
    const double expected = want.double_at(i);
    const double value = is_float(got.dtype) ? got.reals[i] : static_cast<double>(got.ints[i]);
    if (std::isnan(expected))
      CHECK(std::isnan(value));
    else
      CHECK(value == doctest::Approx(expected).epsilon(1e-7));
  }
}

void check_example(const Example& example) {
  std::string text = "core \"example\" {\n" + example.statements;
  for (const auto& [value, tensor] : example.expected) text += "output " + value + "\n";
  if (example.expected.empty()) text += "output %y\n";
  const Graph graph = graph_of(text + "}");
  if (example.expected.empty()) return;
  const auto results = evaluate(graph, std::vector<Array>{});
  REQUIRE_MESSAGE(results, (results ? "" : to_string(results.errors()[0])));
  for (size_t i = 0; i < example.expected.size(); ++i)
    check_close((*results)[i], tensor_of(example.expected[i].second));
}

/// The indented lines after a heading and its sentence.
Example example_under(const std::string& text, const std::string& heading) {
  Example example;
  std::stringstream lines(text.substr(text.find(heading) + heading.size()));
  bool begun = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("    ", 0) != 0) {
      if (begun) break;
      continue;
    }
    begun = true;
    const size_t mark = line.find("# %"), equals = line.find(" = ");
    if (mark == line.npos)
      example.statements += line + "\n";
    else
      example.expected.emplace_back(line.substr(mark + 2, equals - mark - 2), line.substr(equals + 3));
  }
  return example;
}

/// "1.0" is an f32, "1" an i64, "true" a bool, each a scalar.
std::string scalar(const std::string& number) {
  const bool truth = number == "true" || number == "false";
  const bool real = number.find_first_of(".en") != number.npos;
  return fmt::format("{}[] {{{}}}", truth ? "bool" : real ? "f32" : "i64", number);
}

/// `word(1.0, 2.0) = 3.0`
void check_call(const std::string& word, const std::string& call) {
  CAPTURE(call);
  const size_t open = call.find('('), close = call.find(") = ");
  REQUIRE(call.substr(0, open) == word);
  REQUIRE(close != call.npos);
  Example example;
  std::string names, arguments = call.substr(open + 1, close - open - 1) + ", ";
  for (size_t at; (at = arguments.find(", ")) != arguments.npos; arguments.erase(0, at + 2)) {
    const std::string name = fmt::format("%a{}", names.size());
    example.statements += fmt::format("{} = constant() {{value = {}}}\n", name, scalar(arguments.substr(0, at)));
    names += (names.empty() ? "" : ", ") + name;
  }
  const std::string result = call.substr(close + 4);
  example.statements += fmt::format("%y = {}({}){}\n", word, names, word == "cast" ? " {to = i64}" : "");
  example.expected.emplace_back("%y", scalar(result));
  check_example(example);
}

TEST_CASE("every core operator is in docs/ir.md in the table's words, with an example that is true") {
  const std::string text = page("ir.md");
  for (int i = 0; i < static_cast<int>(Op::unsupported); ++i) {
    const OpInfo& op = info(static_cast<Op>(i));
    CAPTURE(op.word);
    const std::string word(op.word);
    if (op.family == OpFamily::core) {
      const std::string heading = fmt::format("\n### `{}`\n\n{}\n", word, op.doc);
      CHECK(has(text, heading));
      if (has(text, heading)) check_example(example_under(text, heading));
    } else if (op.family == OpFamily::pointwise) {
      const std::string row = fmt::format("\n| `{}` | {} | `", word, cell(op.doc));
      CHECK(has(text, row));
      const size_t begin = text.find(row) + row.size();
      if (has(text, row)) check_call(word, text.substr(begin, text.find("` |", begin) - begin));
    } else {
      CHECK(has(text, fmt::format("\n| `{}` | {} |\n", word, cell(op.doc))));
    }
  }
}

TEST_CASE("every pass and every stage is in docs/passes.md in the table's words, and the order is true") {
  const std::string text = page("passes.md");
  for (const PassInfo& pass : all_passes()) {
    CAPTURE(pass.name);
    CHECK(has(text, fmt::format("\n| `{}` | {} |\n", pass.name, cell(pass.doc))));
  }
#define RONDO_PLAN_STAGE(name, doc) CHECK(has(text, fmt::format("\n| `{}` | {} |\n", #name, cell(doc))));
#include "passes/plan/stages.def"
  std::vector<std::string> told, run;
  std::stringstream words(text.substr(text.find("new to do:"), text.find("| pass |") - text.find("new to do:")));
  for (std::string word; words >> word;)
    if (word.find(':') == word.npos && word != "new" && word != "to") told.push_back(word);
  PipelineOptions options;
  options.begin = [&](std::string_view pass) { run.emplace_back(pass); };
  Graph nothing;
  Diagnostics remarks;
  REQUIRE(optimise(nothing, TargetFacts(), options, remarks));
  CHECK(told == run);
}

}  // namespace
}  // namespace rondo::testing
