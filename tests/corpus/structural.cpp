// See structural.h. What is frozen is read from the remarks of `verify` on the first recording, and the numbers of the
// recorded files from the order of inputs in the text of the model.
#include "tests/corpus/structural.h"

#include <algorithm>
#include <set>

#include "tests/corpus/lists.h"
#include "tests/process.h"

namespace fs = std::filesystem;

namespace rondo::test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0, end; at < text.size(); at = end + 1) {
    end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
  }
  return lines;
}

/// What stands between two texts in a line; empty if they do not.
std::string between(const std::string& line, const std::string& before, const std::string& after) {
  const size_t begin = line.find(before);
  if (begin == std::string::npos) return {};
  const size_t end = line.find(after, begin + before.size());
  return end == std::string::npos ? std::string() : line.substr(begin + before.size(), end - begin - before.size());
}

fs::path first_recording(const fs::path& folder) {
  std::set<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.is_directory()) found.insert(entry.path());
  return found.empty() ? folder : *found.begin();
}

/// The recording without the inputs at these places.
void copy_without(const fs::path& recording, size_t inputs, const std::set<size_t>& frozen, const fs::path& to) {
  fs::create_directories(to);
  for (const fs::directory_entry& entry : fs::directory_iterator(recording))
    if (entry.path().filename().string().starts_with("output_"))
      fs::create_symlink(fs::canonical(entry.path()), to / entry.path().filename());
  for (size_t i = 0, number = 0; i < inputs; ++i)
    if (!frozen.count(i))
      fs::create_symlink(fs::canonical(recording / ("input_" + std::to_string(i) + ".pb")),
                         to / ("input_" + std::to_string(number++) + ".pb"));
}

}  // namespace

std::vector<std::string> input_names(const std::string& program, const fs::path& model) {
  std::vector<std::string> names;
  for (const std::string& line : lines_of(run({program, "inspect", model.string(), "--level=model"}).output)) {
    if (!line.starts_with("  input %")) continue;
    std::string name = line.substr(9, line.rfind(": ") - 9);
    if (name.size() > 1 && name.front() == '"') name = name.substr(1, name.size() - 2);
    names.push_back(std::move(name));
  }
  return names;
}

Structural find_structural(const std::string& program, const fs::path& folder, const fs::path& scratch) {
  Structural result;
  const fs::path model = model_of(folder), recording = first_recording(folder);
  const Outcome outcome = run({program, "verify", model.string(), "--data", recording.string()});
  if (outcome.exit_code != 0) result.problem = outcome.errors + "verify fails\n";
  std::vector<std::string> inputs;
  std::set<std::string> names;
  for (const std::string& line : lines_of(outcome.errors)) {
    const std::string input = between(line, ": input '", "': remark: taken as a constant: ");
    if (!input.empty()) names.insert(input);
    const std::string dim = between(line, ": dimension '", "': remark: taken as a constant: ");
    if (!dim.empty()) result.options.push_back("--dim=" + dim + "=" + line.substr(line.rfind(' ') + 1));
  }
  result.data = result.options.empty() ? folder : recording;
  if (names.empty()) return result;
  inputs = input_names(program, model);
  std::set<size_t> frozen;
  for (const std::string& name : names) {
    const size_t number = static_cast<size_t>(std::find(inputs.begin(), inputs.end(), name) - inputs.begin());
    const fs::path file = recording / ("input_" + std::to_string(number) + ".pb");
    if (!fs::exists(file)) result.problem += "no file holds the input '" + name + "'\n";
    result.options.push_back("--const=" + name + "=" + file.string());
    frozen.insert(number);
  }
  if (!result.problem.empty()) return result;
  result.data = scratch / "data";
  copy_without(recording, inputs.size(), frozen, result.data);
  return result;
}

}  // namespace rondo::test
