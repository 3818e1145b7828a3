// What both programs need of the machine: its name, a folder to work in, and files to write.
#pragma once

#include <string>

namespace rondo::benchmark {

/// The processor in its own words.
std::string processor();

/// True if there is no path, or the text was written there; otherwise it says so on stderr.
bool write_file(const std::string& path, const std::string& text);

/// The folder given, which stays; or a temporary one, removed at the end.
class WorkFolder {
 public:
  explicit WorkFolder(const std::string& given);
  WorkFolder(const WorkFolder&) = delete;
  ~WorkFolder();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  bool temporary_;
};

}  // namespace rondo::benchmark
