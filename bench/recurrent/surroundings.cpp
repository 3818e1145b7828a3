// The machine's name, work folders and files (see surroundings.h).
#include "bench/recurrent/surroundings.h"

#include <filesystem>

#include "tests/process.h"

namespace rondo::benchmark {

namespace fs = std::filesystem;

std::string processor() {
  const std::string text = rondo::test::read_all("/proc/cpuinfo");
  const size_t at = text.find("model name"), colon = text.find(": ", at);
  if (at == std::string::npos || colon == std::string::npos) return "unknown processor";
  return text.substr(colon + 2, text.find('\n', colon) - colon - 2);
}

bool write_file(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  std::ofstream stream(path, std::ios::binary);
  stream << text;
  if (stream.flush()) return true;
  std::fprintf(stderr, "cannot write '%s'\n", path.c_str());
  return false;
}

WorkFolder::WorkFolder(const std::string& given) : path_(given), temporary_(given.empty()) {
  std::error_code ignored;  // writing into the folder will tell
  if (!temporary_) {
    fs::create_directories(path_, ignored);
    return;
  }
  path_ = (fs::temp_directory_path(ignored) / "rondo-bench.XXXXXX").string();
  if (!mkdtemp(path_.data())) path_ = ".";
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  if (temporary_ && path_ != ".") fs::remove_all(path_, ignored);
}

}  // namespace rondo::benchmark
