// See files.h. Errors of the system are turned into diagnostics here.
#include "driver/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace rondo {
namespace {

Diagnostic system_error(const std::string& path, std::string_view doing) {
  Diagnostic diagnostic = invalid(fmt::format("cannot {}: {}", doing, std::strerror(errno)));
  diagnostic.file = path;
  return diagnostic;
}

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

Status check_place(const std::string& path) {
  struct stat facts;
  if (::stat(path.c_str(), &facts) != 0 || S_ISREG(facts.st_mode)) return Done{};
  Diagnostic diagnostic = invalid("cannot write here: it is not a regular file");
  diagnostic.file = path;
  return diagnostic;
}

/// Removes what is left of a write that did not come to its end.
struct Leftovers {
  std::vector<std::string> paths;
  ~Leftovers() {
    for (const std::string& path : paths) ::unlink(path.c_str());
  }
};

Status write_beside(const std::string& path, std::string_view bytes, Leftovers& leftovers) {
  RONDO_CHECK(check_place(path));
  std::string draft = path + ".XXXXXX";
  int descriptor = ::mkstemp(draft.data());
  if (descriptor < 0) return system_error(path, "write");
  leftovers.paths.push_back(draft);
  mode_t mask = ::umask(0);
  ::umask(mask);
  bool done = ::fchmod(descriptor, 0666 & ~mask) == 0 && write_all(descriptor, bytes);
  if (::close(descriptor) != 0 || !done) return system_error(path, "write");
  return Done{};
}

}  // namespace

Status write_files(const std::vector<std::pair<std::string, std::string_view>>& contents_by_path) {
  Leftovers leftovers;
  for (const auto& [path, bytes] : contents_by_path) RONDO_CHECK(write_beside(path, bytes, leftovers));
  for (size_t i = 0; i < contents_by_path.size(); ++i) {
    const std::string& path = contents_by_path[i].first;
    if (::rename(leftovers.paths[i].c_str(), path.c_str()) != 0) {
      Diagnostic diagnostic = system_error(path, "write");
      for (size_t k = 0; k < i; ++k) ::unlink(contents_by_path[k].first.c_str());
      return diagnostic;
    }
  }
  leftovers.paths.clear();
  return Done{};
}

Result<TemporaryFolder> TemporaryFolder::create() {
  const char* base = std::getenv("TMPDIR");
  std::string path = std::string(base && *base ? base : "/tmp") + "/rondo.XXXXXX";
  if (!::mkdtemp(path.data())) return system_error(path, "make a temporary folder");
  return TemporaryFolder(path);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::string stem_of(const std::string& path) { return std::filesystem::path(path).stem().string(); }

std::string with_ending(const std::string& path, std::string_view ending) {
  return std::filesystem::path(path).replace_extension(ending).string();
}

bool has_ending(std::string_view path, std::string_view ending) { return path.ends_with(ending); }

}  // namespace rondo
