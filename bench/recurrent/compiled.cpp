// Running `rondo compile` (see compiled.h).
#include "bench/recurrent/compiled.h"

#include <elf.h>

#include <cstring>

#include "tests/process.h"

namespace rondo::benchmark {
namespace {

/// Bytes of a section of a 64-bit ELF file; 0 if there is none.
int64_t section_bytes(const std::string& elf, const std::string& wanted) {
  auto read = [&](size_t at, auto value) {
    if (at + sizeof value <= elf.size()) std::memcpy(&value, elf.data() + at, sizeof value);
    return value;
  };
  const auto header = read(0, Elf64_Ehdr{});
  auto section = [&](size_t i) { return read(header.e_shoff + i * sizeof(Elf64_Shdr), Elf64_Shdr{}); };
  const Elf64_Shdr names = section(header.e_shstrndx);
  for (size_t i = 0; i < header.e_shnum; ++i)
    if (elf.compare(names.sh_offset + section(i).sh_name, wanted.size() + 1, wanted.c_str(), wanted.size() + 1) == 0)
      return static_cast<int64_t>(section(i).sh_size);
  return 0;
}

}  // namespace

Result<CompiledModel> compile_model(const RondoOptions& options, const std::string& model, const std::string& name,
                                    const std::vector<std::string>& further) {
  CompiledModel compiled{.library = options.folder + "/" + name + ".so"};
  std::vector<std::string> command{options.program, "compile", model, "-o", compiled.library, "--name", kPrefix};
  command.insert(command.end(), further.begin(), further.end());
  command.insert(command.end(), options.compile.begin(), options.compile.end());
  const auto start = std::chrono::steady_clock::now();
  const test::Outcome outcome = test::run(command);
  compiled.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (outcome.exit_code == 127) return invalid("cannot run '" + options.program + "'");
  if (outcome.exit_code != 0) return invalid("rondo compile: " + outcome.errors);
  const std::string elf = test::read_all(compiled.library);
  compiled.text_bytes = section_bytes(elf, ".text");
  compiled.constant_bytes = section_bytes(elf, ".rodata");
  return compiled;
}

}  // namespace rondo::benchmark
