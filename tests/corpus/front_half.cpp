// front_half SEED...: takes every damaged variant of the seeds, and of a JSON model of each dialect, from the file to
// the plan in this process, for builds with sanitizers, which end it at the first fault. What is certain to matter must
// give an error.
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "frontend/frontend.h"
#include "ir/verify.h"
#include "passes/pipeline.h"
#include "tests/frontend/json_models.h"
#include "tests/mutilate/mutilate.h"

namespace fs = std::filesystem;

namespace {

rondo::Status plan_of(const fs::path& path) {
  rondo::Diagnostics warnings;
  RONDO_TRY(rondo::Graph model, rondo::read_model(path, warnings));
  model.name = "model";
  RONDO_TRY(rondo::Graph core, rondo::expand(model, warnings));
  RONDO_CHECK(rondo::verify(core));
  const rondo::TargetFacts facts;
  core.timing.clear();  // a call takes whole sequences
  RONDO_CHECK(rondo::optimise(core, facts, {}, warnings));
  RONDO_TRY(rondo::Plan plan, rondo::make_plan(core, facts));
  return rondo::verify(plan);
}

/// How many variants went as they should, and how many not.
struct Counts {
  int good = 0, bad = 0;
};

void check_variants(const std::string& seed, const std::string& name, const fs::path& scratch, Counts& counts) {
  const std::string ending = fs::path(name).extension().string();
  const auto variants_of = ending == ".onnx" ? rondo::mutilate : rondo::mutilate_json;
  variants_of(seed, [&](const rondo::Variant& variant) {
    const fs::path path = scratch / ("model" + ending);
    std::ofstream(path, std::ios::binary) << variant.bytes;
    rondo::Status status = plan_of(path);
    std::string problem;
    if (status && variant.expect != rondo::Expect::may_pass) problem = "was accepted";
    if (!status && status.errors().empty()) problem = "failed without a word";
    if (!status)
      for (const rondo::Diagnostic& error : status.errors())
        if (error.severity == rondo::Severity::internal) problem = to_string(error);
    (problem.empty() ? counts.good : counts.bad)++;
    if (!problem.empty()) std::printf("FAIL %s, %s: %s\n", name.c_str(), variant.name.c_str(), problem.c_str());
  });
}

}  // namespace

int main(int argc, char** argv) {
  std::string scratch_text = (fs::temp_directory_path() / "rondo-front-half.XXXXXX").string();
  const fs::path scratch = mkdtemp(scratch_text.data());
  Counts counts;
  for (int i = 1; i < argc; ++i) {
    std::ifstream stream(argv[i], std::ios::binary);
    check_variants({std::istreambuf_iterator<char>(stream), {}}, argv[i], scratch, counts);
  }
  using namespace rondo::test;
  for (const auto& [name, seed] : {std::pair("rtneural.json", kRtneuralJson), std::pair("aidax.json", kAidaxJson),
                                   std::pair("guitarml.json", kGuitarmlJson), std::pair("lstm.nam", kNamJson),
                                   std::pair("state_dict.json", kStateDictJson), std::pair("keras.json", kKerasJson),
                                   std::pair("rondo.json", kRondoJson)})
    check_variants(seed, name, scratch, counts);
  fs::remove_all(scratch);
  std::printf("mutilated models, file to plan: %d as they should be, %d not\n", counts.good, counts.bad);
  return counts.bad == 0 && counts.good >= 100 ? 0 : 1;
}
