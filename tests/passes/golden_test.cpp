// One pass at a time against tests/passes/<pass>.test: the graph after it must be the one in the file, and must mean
// what the graph before it means.
//
// A file holds cases: "== title", perhaps "-- unroll always|never", "-- l1 BYTES" (0 is
// the default: no product is too small to be moved) or "-- l2 BYTES", "-- before" and "-- after" with a core graph each,
// and perhaps "-- remarks" with what the pass says. RONDO_UPDATE_GOLDENS=1 writes what comes out into the files, to be
// read before it is believed.
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "ir/text.h"
#include "tests/passes/meaning.h"

namespace rondo::testing {
namespace {

struct Case {
  std::string title, before, after, remarks;
  Unroll unroll = Unroll::by_cost;
  int64_t l1_bytes = 0, l2_bytes = TargetFacts{}.l2_bytes;
};

struct Golden {
  std::string heading;  // what stands before the first case
  std::vector<Case> cases;
};

std::string path_of(std::string_view pass) { return std::string(RONDO_TEST_DATA) + "/" + std::string(pass) + ".test"; }

Golden read_golden(const std::string& path) {
  std::ifstream file(path);
  REQUIRE_MESSAGE(file, "no file " << path);
  Golden golden;
  std::string* section = &golden.heading;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("== ", 0) == 0) {
      golden.cases.push_back({line.substr(3)});
      section = nullptr;
    } else if (line == "-- unroll always" || line == "-- unroll never") {
      golden.cases.back().unroll = line == "-- unroll never" ? Unroll::never : Unroll::always;
    } else if (line.rfind("-- l1 ", 0) == 0) {
      golden.cases.back().l1_bytes = std::stoll(line.substr(6));
    } else if (line.rfind("-- l2 ", 0) == 0) {
      golden.cases.back().l2_bytes = std::stoll(line.substr(6));
    } else if (line.rfind("-- ", 0) == 0) {
      Case& last = golden.cases.back();
      section = line == "-- before" ? &last.before : line == "-- after" ? &last.after : &last.remarks;
    } else if (section) {
      *section += line + "\n";
    }
  }
  return golden;
}

void write_golden(const std::string& path, const Golden& golden) {
  std::ofstream file(path);
  file << golden.heading;
  for (const Case& each : golden.cases) {
    file << "== " << each.title << "\n";
    if (each.unroll == Unroll::never) file << "-- unroll never\n";
    if (each.unroll == Unroll::always) file << "-- unroll always\n";
    if (each.l1_bytes > 0) file << "-- l1 " << each.l1_bytes << "\n";
    if (each.l2_bytes != TargetFacts{}.l2_bytes) file << "-- l2 " << each.l2_bytes << "\n";
    file << "-- before\n" << each.before << "-- after\n" << each.after;
    if (!each.remarks.empty()) file << "-- remarks\n" << each.remarks;
  }
}

Graph parse_core(const std::string& text) {
  Result<Parsed> parsed = parse(text);
  REQUIRE_MESSAGE(parsed, (parsed ? "" : to_string(parsed.errors()[0])));
  REQUIRE(parsed->graph);
  return *std::move(parsed->graph);
}

void check_golden(std::string_view pass) {
  const std::string path = path_of(pass);
  Golden golden = read_golden(path);
  CHECK(!golden.cases.empty());
  const bool update = std::getenv("RONDO_UPDATE_GOLDENS") != nullptr;
  for (Case& each : golden.cases) {
    CAPTURE(each.title);
    Graph graph = parse_core(each.before);
    const std::unique_ptr<Graph> before = graph.clone();
    std::string remarks;
    for (const Diagnostic& remark : run_pass(graph, pass, each.unroll, each.l1_bytes, each.l2_bytes)) remarks += remark.message + "\n";
    const std::string after = print(graph, {true});
    for (uint64_t seed : {1, 2, 3}) check_same_meaning(*before, graph, seed);
    if (update) {
      each.after = after;
      each.remarks = remarks;
    } else {
      CHECK(after == print(parse_core(each.after), {true}));
      CHECK(remarks == each.remarks);
    }
  }
  if (update) write_golden(path, golden);
}

TEST_CASE("passes do to graphs what their .test files say") {
  for (const PassInfo& pass : all_passes()) {
    CAPTURE(pass.name);
    check_golden(pass.name);
  }
}

}  // namespace
}  // namespace rondo::testing
