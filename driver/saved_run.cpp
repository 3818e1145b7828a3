// See saved_run.h.
#include "driver/saved_run.h"

#include <map>

#include "frontend/file.h"
#include "frontend/json/json.h"

namespace rondo {
namespace {

constexpr uint64_t kLargestFile = 1 << 26;
constexpr std::string_view kAccepted = "a saved run, as 'rondo bench MODEL --json' writes it";

Result<double> seconds_of(const Json& object, std::string_view name) {
  RONDO_TRY(const Json member, object.member(name, kAccepted));
  RONDO_TRY(const double seconds, member.number());
  if (seconds < 0) return member.expected("seconds, at least 0");
  return seconds;
}

Result<std::string> text_of(const Json& object, std::string_view name) {
  RONDO_TRY(const Json member, object.member(name, kAccepted));
  return member.text();
}

Result<Samples> samples_of(const Json& json) {
  RONDO_TRY(const Json call, json.member("call", kAccepted));
  Samples samples;
  ErrorList errors;
  errors.keep(seconds_of(call, "median_seconds"), samples.median);
  errors.keep(seconds_of(call, "best_seconds"), samples.best);
  errors.keep(seconds_of(call, "low_seconds"), samples.low);
  errors.keep(seconds_of(call, "high_seconds"), samples.high);
  RONDO_CHECK(errors.status());
  if (samples.median == 0) return call.find("median_seconds")->expected("seconds, more than 0");
  return samples;
}

Result<std::pair<std::string, double>> kernel_of(const Json& json) {
  std::pair<std::string, double> kernel;
  ErrorList errors;
  errors.keep(text_of(json, "kernel"), kernel.first);
  errors.keep(seconds_of(json, "seconds"), kernel.second);
  RONDO_CHECK(errors.status());
  return kernel;
}

Result<SavedRun> run_of(const Json& json) {
  RONDO_CHECK(json.require(JsonKind::object, kAccepted));
  SavedRun run;
  ErrorList errors;
  errors.keep(text_of(json, "model"), run.model);
  errors.keep(samples_of(json), run.samples);
  RONDO_CHECK(errors.status());
  RONDO_TRY(const Json kernels, json.member("kernels", kAccepted));
  RONDO_CHECK(kernels.require(JsonKind::list, "a list of kernels"));
  run.kernels.resize(kernels.size());
  for (size_t i = 0; i < kernels.size(); ++i) errors.keep(kernel_of(kernels.item(i)), run.kernels[i]);
  RONDO_CHECK(errors.status());
  return run;
}

}  // namespace

Result<SavedRun> read_saved_run(const std::string& path) {
  RONDO_TRY(std::string text, read_file(path, kLargestFile));
  RONDO_TRY(SavedRun run, about_file(read_json_text(text, run_of), path));
  run.file = path;
  return run;
}

std::vector<KernelChange> changes_since(const SavedRun& before, const CallTime& now) {
  std::map<std::string, double> seconds(before.kernels.begin(), before.kernels.end());
  std::vector<KernelChange> changes;
  for (const KernelTime& kernel : now.kernels) {
    const auto found = seconds.find(kernel.kernel);
    changes.push_back({kernel.kernel, std::nullopt, kernel.seconds});
    if (found == seconds.end()) continue;
    changes.back().before = found->second;
    seconds.erase(found);
  }
  for (const auto& [kernel, was] : before.kernels)
    if (seconds.count(kernel)) changes.push_back({kernel, was, std::nullopt});
  return changes;
}

}  // namespace rondo
