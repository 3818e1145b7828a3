// link_shared, link_program: lld inside this process. It works on files and has global state, so one link runs at a time, in a
// directory of its own. Tested by link_test.cpp.
#include <fmt/format.h>
#include <lld/Common/Driver.h>

#include <filesystem>
#include <fstream>
#include <mutex>

#include "codegen/machine.h"

LLD_HAS_DRIVER(elf)

namespace rondo {
namespace {

namespace fs = std::filesystem;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::error_code error;
    std::string pattern = (fs::temp_directory_path(error) / "rondo-XXXXXX").string();
    if (!error && mkdtemp(pattern.data())) path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

bool write(const fs::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bool(file.flush());
}

Result<std::string> read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::string bytes(file ? static_cast<size_t>(file.tellg()) : 0, '\0');
  file.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file || bytes.empty()) return internal_error("the linker wrote no file");
  return bytes;
}

// The object's undefined symbols are what a user can act on: the processor lacks an instruction for the model's types.
Diagnostic link_error(const std::string& what, const std::string& messages, const Target& target) {
  std::string text = messages.substr(0, 600);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return unsupported(fmt::format("linking {} for {}: {}", what, target.spec().triple, text));
}

/// Files that go into a link, by name, and lld's words before them.
struct Job {
  std::string what;
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string_view>> files;
};

Result<std::string> link(const Job& job, const Target& target, bool& usable) {
  TemporaryDirectory directory;
  const std::string to = (directory.path() / "linked").string();
  std::vector<std::string> words = {"ld.lld", "--build-id=none", "--threads=1", "-o", to};
  words.insert(words.end(), job.words.begin(), job.words.end());
  for (const auto& [name, contents] : job.files) {
    const std::string path = (directory.path() / name).string();
    if (directory.path().empty() || !write(path, contents))
      return unsupported("the temporary directory cannot be written to");
    if (name.ends_with(".ld")) words.push_back("-T");
    words.push_back(path);
  }
  std::vector<const char*> arguments;
  for (const std::string& word : words) arguments.push_back(word.c_str());
  std::string output, errors;
  llvm::raw_string_ostream output_stream(output), error_stream(errors);
  lld::Result result = lld::lldMain(arguments, output_stream, error_stream, {{lld::Gnu, &lld::elf::link}});
  usable = result.canRunAgain;
  if (result.retCode != 0) return link_error(job.what, errors, target);
  return read(to);
}

Result<std::string> link_alone(const Job& job, const Target& target) {
  static std::mutex one_at_a_time;
  std::lock_guard lock(one_at_a_time);
  static bool usable = true;  // lld says when a crash of its own leaves it unusable
  if (!usable) return internal_error("the linker crashed earlier in this process");
  try {
    return link(job, target, usable);
  } catch (const std::exception& error) {
    return internal_error(fmt::format("linking: {}", error.what()));
  }
}

}  // namespace

Result<std::string> link_shared(std::string_view object, const Target& target, const std::string& soname,
                                bool keep_debug) {
  const llvm::Triple& triple = target.machine().triple;
  if (!triple.isOSBinFormatELF())
    return unsupported(
        fmt::format("shared libraries are linked for ELF targets (Linux); {} needs its own linker: compile to .o or .a",
                    target.spec().triple));
  if (target.system() == Target::System::none)
    return unsupported(
        fmt::format("there are no shared libraries on bare metal ({}): compile to .o or .a", target.spec().triple));
  std::vector<std::string> words = {"-shared", "--hash-style=gnu", "-z", "noexecstack", "-z", "text"};
  if (!keep_debug) words.push_back("-s");
  words.insert(words.end(), {"--no-undefined", "-soname", soname});
  return link_alone({"a shared library", words, {{"model.o", object}}}, target);
}

Result<std::string> link_program(const std::vector<std::string>& objects, const Target& target,
                                 const std::string& script) {
  if (target.system() == Target::System::other)
    return unsupported(fmt::format("programs are linked for Linux and for bare metal; {} needs its own linker",
                                   target.spec().triple));
  Job job{"a program", {"-static", "-z", "noexecstack"}, {}};
  if (!script.empty()) job.files.emplace_back("layout.ld", script);
  for (size_t i = 0; i < objects.size(); ++i) job.files.emplace_back(fmt::format("part{}.o", i), objects[i]);
  return link_alone(job, target);
}

}  // namespace rondo
