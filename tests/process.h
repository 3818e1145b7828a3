// Running the program under test: its exit code, what it printed, and what it used.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace rondo::test {

struct Outcome {
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  double cpu_seconds = 0;
  long peak_kilobytes = 0;
  std::string output, errors;  // stdout, stderr
};

struct Limits {
  rlim_t address_space = RLIM_INFINITY;  // bytes
  unsigned wall_seconds = 600;           // then the program is ended by SIGALRM
};

inline std::string read_all(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void become(const std::vector<std::string>& command, int out, int err, const Limits& limits) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  dup2(out, 1);
  dup2(err, 2);
  rlimit space{limits.address_space, limits.address_space}, no_core{0, 0};
  setrlimit(RLIMIT_AS, &space);
  setrlimit(RLIMIT_CORE, &no_core);
  alarm(limits.wall_seconds);
  execv(arguments[0], arguments.data());
  _exit(127);
}

/// Runs a command (its first word is a path) and waits for it.
inline Outcome run(const std::vector<std::string>& command, const Limits& limits = {}) {
  FILE* out = std::tmpfile();
  FILE* err = std::tmpfile();
  Outcome outcome;
  pid_t child = fork();
  if (child == 0) become(command, fileno(out), fileno(err), limits);
  int status = 0;
  rusage used{};
  wait4(child, &status, 0, &used);
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  outcome.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  outcome.peak_kilobytes = used.ru_maxrss;
  auto drain = [](FILE* file, std::string& text) {
    std::rewind(file);
    char chunk[4096];
    for (size_t got; (got = std::fread(chunk, 1, sizeof chunk, file)) > 0;) text.append(chunk, got);
    std::fclose(file);
  };
  drain(out, outcome.output);
  drain(err, outcome.errors);
  return outcome;
}

}  // namespace rondo::test
