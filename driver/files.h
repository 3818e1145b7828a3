// Files as the driver needs them: several written together or not at all, and folders that vanish.
// Tested by tests/driver/files_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/result.h"

namespace rondo {

/// Writes all files, or none of them: each is written beside its place and renamed when all are complete. What stood in
/// the place stays until then. A place that is not a regular file (a folder, a device) is an error.
Status write_files(const std::vector<std::pair<std::string, std::string_view>>& contents_by_path);

/// A fresh folder, removed with its contents at the end.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> create();
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// "vad" of "dir/vad.onnx"; "dir/vad.h" of ("dir/vad.so", ".h").
std::string stem_of(const std::string& path);
std::string with_ending(const std::string& path, std::string_view ending);
bool has_ending(std::string_view path, std::string_view ending);

}  // namespace rondo
