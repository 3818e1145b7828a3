// See process.h.
#include "driver/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "driver/files.h"

extern char** environ;

namespace rondo {
namespace {

/// The reading end of a pipe to which a program prints; closed at the end.
class Pipe {
 public:
  Pipe() { good_ = ::pipe2(ends_, O_CLOEXEC) == 0; }
  ~Pipe() { close_writer(), close(0); }
  bool good() const { return good_; }
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_writer() { close(1); }

 private:
  void close(int end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }
  int ends_[2] = {-1, -1};
  bool good_ = false;
};

Result<pid_t> start(const std::vector<std::string>& words, const Pipe& pipe) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe.writer(), 1);
  posix_spawn_file_actions_adddup2(&actions, pipe.writer(), 2);
  pid_t child = 0;
  const int failure = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) return invalid(fmt::format("cannot run '{}': {}", words[0], std::strerror(failure)));
  return child;
}

}  // namespace

Result<Finished> run_program(const std::vector<std::string>& words, int64_t most) {
  Pipe pipe;
  if (!pipe.good()) return invalid(fmt::format("cannot run '{}': {}", words[0], std::strerror(errno)));
  RONDO_TRY(const pid_t child, start(words, pipe));
  pipe.close_writer();
  Finished finished;
  bool too_much = false;
  char chunk[1 << 16];
  for (ssize_t got; (got = ::read(pipe.reader(), chunk, sizeof chunk)) > 0 || (got < 0 && errno == EINTR);) {
    if (got > 0) finished.printed.append(chunk, static_cast<size_t>(got));
    too_much = static_cast<int64_t>(finished.printed.size()) > most;
    if (too_much) ::kill(child, SIGKILL);
    if (too_much) break;
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (too_much) return invalid(fmt::format("'{}' printed more than the {} bytes expected of it", words[0], most));
  finished.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return finished;
}

std::string find_program(const std::vector<std::string>& names) {
  const char* path = std::getenv("PATH");
  const std::string folders = path ? path : "/usr/bin:/bin";
  for (const std::string& name : names)
    for (size_t at = 0; at <= folders.size();) {
      const size_t end = std::min(folders.find(':', at), folders.size());
      if (::access((folders.substr(at, end - at) + "/" + name).c_str(), X_OK) == 0) return name;
      at = end + 1;
    }
  return "";
}

}  // namespace rondo
