// See lists.h.
#include "tests/corpus/lists.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace fs = std::filesystem;

namespace rondo::test {
namespace {

constexpr std::string_view kException = "unsupported ";

/// '*' stands for any text, the empty one included.
bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] != '*') return !text.empty() && text[0] == pattern[0] && matches(pattern.substr(1), text.substr(1));
  for (size_t i = 0; i <= text.size(); ++i)
    if (matches(pattern.substr(1), text.substr(i))) return true;
  return false;
}

std::set<fs::path> folders_like(const fs::path& corpus, const std::string& pattern) {
  std::set<fs::path> found;
  fs::path group = corpus / fs::path(pattern).parent_path();
  if (!fs::is_directory(group)) return found;
  for (const fs::directory_entry& entry : fs::directory_iterator(group))
    if (matches(fs::path(pattern).filename().string(), entry.path().filename().string()) &&
        !model_of(entry.path()).empty())
      found.insert(entry.path());
  return found;
}

}  // namespace

fs::path model_of(const fs::path& folder) {
  for (const char* name : {"model.onnx", "model.json", "model.nam"})
    if (fs::exists(folder / name)) return folder / name;
  return {};
}

fs::path corpus_folder() {
  const char* named = std::getenv("RONDO_CORPUS");
  fs::path folder = named && *named ? fs::path(named) : fs::path(RONDO_CORPUS);
  std::error_code error;
  return fs::is_directory(folder, error) ? fs::canonical(folder) : fs::path();
}

List read_list(const fs::path& list, const fs::path& corpus) {
  std::ifstream stream(list);
  std::set<fs::path> chosen;
  List result;
  for (std::string line; std::getline(stream, line);) {
    line = line.substr(0, line.find('#'));
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (line.empty()) continue;
    if (line.starts_with(kException))
      result.unsupported.insert(corpus / line.substr(kException.size()));
    else if (line[0] == '!')
      for (const fs::path& folder : folders_like(corpus, line.substr(1))) chosen.erase(folder);
    else
      chosen.merge(folders_like(corpus, line));
  }
  result.folders.assign(chosen.begin(), chosen.end());
  return result;
}

bool write_exceptions(const fs::path& list, const std::set<std::string>& folders) {
  std::string text;
  {
    std::ifstream stream(list);
    for (std::string line; std::getline(stream, line);)
      if (!line.starts_with(kException)) text += line + "\n";
  }
  for (const std::string& folder : folders) text += std::string(kException) + folder + "\n";
  return static_cast<bool>(std::ofstream(list) << text << std::flush);
}

std::vector<fs::path> all_models(const fs::path& corpus) {
  std::vector<fs::path> models;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(corpus))
    if (entry.path().filename() == "model.onnx") models.push_back(entry.path());
  std::sort(models.begin(), models.end());
  return models;
}

}  // namespace rondo::test
