// See saved_run.h.
#include "driver/saved_run.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "frontend/file.h"

namespace rondo {
namespace {

using Json = nlohmann::json;
constexpr uint64_t kLargestFile = 1 << 26;

Diagnostic no_run(const std::string& what) {
  return invalid("is no saved run: " + what + "; 'rondo bench MODEL --json' writes one");
}

/// A number of at least 0; exceptions say what else is wrong.
Result<double> seconds_of(const Json& object, const char* key) {
  const double seconds = object.at(key).get<double>();
  if (seconds >= 0) return seconds;
  return no_run(fmt::format("'{}' is negative", key));
}

Result<SavedRun> run_of(const Json& json) {
  SavedRun run;
  run.model = json.at("model").get<std::string>();
  const Json& call = json.at("call");
  RONDO_TRY(run.samples.median, seconds_of(call, "median_seconds"));
  RONDO_TRY(run.samples.best, seconds_of(call, "best_seconds"));
  RONDO_TRY(run.samples.low, seconds_of(call, "low_seconds"));
  RONDO_TRY(run.samples.high, seconds_of(call, "high_seconds"));
  if (run.samples.median == 0) return no_run("'median_seconds' is 0");
  for (const Json& kernel : json.at("kernels")) {
    RONDO_TRY(double seconds, seconds_of(kernel, "seconds"));
    run.kernels.emplace_back(kernel.at("kernel").get<std::string>(), seconds);
  }
  return run;
}

Result<SavedRun> parse_run(const std::string& text) {
  try {
    return run_of(Json::parse(text));
  } catch (const Json::exception& error) {
    return no_run(error.what());
  }
}

}  // namespace

Result<SavedRun> read_saved_run(const std::string& path) {
  RONDO_TRY(std::string text, read_file(path, kLargestFile));
  RONDO_TRY(SavedRun run, about_file(parse_run(text), path));
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
