// The corpus of models that lies outside the project, and the lists that choose from it.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace rondo::test {

/// Where the corpus is: $RONDO_CORPUS, or the folder of that name in the build, ../shared/corpus. Empty if it is
/// absent.
std::filesystem::path corpus_folder();

/// The exit code that ctest counts as skipped.
inline constexpr int kSkip = 77;

/// A .list file: a folder of the corpus per line, '*' for any text within a name, a leading '!' to leave out again, '#' for
/// comments. A line "unsupported FOLDER" names an exception among them: a model that must be refused as such. Sorted; only
/// folders with a model count.
struct List {
  std::vector<std::filesystem::path> folders;
  std::set<std::filesystem::path> unsupported;
};
List read_list(const std::filesystem::path& list, const std::filesystem::path& corpus);

/// Puts these exceptions in place of those that the list names.
bool write_exceptions(const std::filesystem::path& list, const std::set<std::string>& folders);

/// model.onnx, model.json or model.nam in a folder; empty if there is none.
std::filesystem::path model_of(const std::filesystem::path& folder);

/// Every model.onnx below the corpus, sorted.
std::vector<std::filesystem::path> all_models(const std::filesystem::path& corpus);

}  // namespace rondo::test
