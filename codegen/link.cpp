// link_shared: lld inside this process. It works on files and has global state, so one link runs at a time, in a
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
Diagnostic link_error(const std::string& messages, const Target& target) {
  std::string text = messages.substr(0, 600);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return unsupported(fmt::format("linking a shared library for {}: {}", target.spec().triple, text));
}

Result<std::string> link(std::string_view object, const Target& target, const std::string& soname, bool& usable) {
  TemporaryDirectory directory;
  std::string from = (directory.path() / "model.o").string(), to = (directory.path() / "model.so").string();
  if (directory.path().empty() || !write(from, object))
    return unsupported("the temporary directory cannot be written to");
  std::vector<const char*> arguments = {
      "ld.lld",   "-shared",   "--build-id=none", "--hash-style=gnu", "-z",      "noexecstack",  "-z",
      "text",     "-s",        "--no-undefined",  "--threads=1",      "-soname", soname.c_str(), "-o",
      to.c_str(), from.c_str()};
  std::string output, errors;
  llvm::raw_string_ostream output_stream(output), error_stream(errors);
  lld::Result result = lld::lldMain(arguments, output_stream, error_stream, {{lld::Gnu, &lld::elf::link}});
  usable = result.canRunAgain;
  if (result.retCode != 0) return link_error(errors, target);
  return read(to);
}

}  // namespace

Result<std::string> link_shared(std::string_view object, const Target& target, const std::string& soname) {
  const llvm::Triple& triple = target.machine().triple;
  if (!triple.isOSBinFormatELF())
    return unsupported(
        fmt::format("shared libraries are linked for ELF targets (Linux); {} needs its own linker: compile to .o or .a",
                    target.spec().triple));
  static std::mutex one_at_a_time;
  std::lock_guard lock(one_at_a_time);
  static bool usable = true;  // lld says when a crash of its own leaves it unusable
  if (!usable) return internal_error("the linker crashed earlier in this process");
  try {
    return link(object, target, soname, usable);
  } catch (const std::exception& error) {
    return internal_error(fmt::format("linking: {}", error.what()));
  }
}

}  // namespace rondo
