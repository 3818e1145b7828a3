// What compile writes: each form, whole or not at all, the same bytes each time, with no undefined symbol.
#include <doctest/doctest.h>

#include "tests/driver/fixtures.h"
#include "tests/elf_symbols.h"

using namespace rondo::test;

namespace {

Outcome compile(const std::string& model, const std::string& out, std::vector<std::string> options = {}) {
  options.insert(options.begin(), {program(), "compile", model, "-o", out});
  return run(options);
}

}  // namespace

TEST_CASE("each form is written with its header") {
  Folder folder;
  const std::pair<const char*, std::string> forms[] = {{"so",
                                                        "\x7f"
                                                        "ELF"},
                                                       {"o",
                                                        "\x7f"
                                                        "ELF"},
                                                       {"a", "!<arch>"},
                                                       {"ll", ""},
                                                       {"s", ""}};
  for (const auto& [form, magic] : forms) {
    CAPTURE(form);
    const std::string out = folder / ("sine." + std::string(form));
    REQUIRE(compile(sample("sine.onnx"), out).exit_code == 0);
    const std::string bytes = read_all(out);
    CHECK(bytes.size() > 1000);
    CHECK(bytes.starts_with(magic));
    CHECK(read_all(folder / "sine.h").find("sine_model") != std::string::npos);
    std::filesystem::remove(folder / "sine.h");
  }
  CHECK(compile(sample("sine.onnx"), folder / "sine.bin", {"--emit=o"}).exit_code == 0);
  CHECK(read_all(folder / "sine.bin") == read_all(folder / "sine.o"));
  CHECK(compile(sample("sine.onnx"), folder / "sine.exe").exit_code == 1);
  CHECK(!std::filesystem::exists(folder / "sine.exe"));
}

TEST_CASE("no symbol is undefined, in an object as in a library") {
  Folder folder;
  for (const char* name : {"sine.o", "sine.so"}) {
    REQUIRE(compile(sample("sine.onnx"), folder / name).exit_code == 0);
    auto undefined = undefined_symbols(read_all(folder / name));
    REQUIRE(undefined);
    CHECK(undefined->empty());
  }
}

TEST_CASE("the same model gives the same bytes from any folder") {
  Folder first, second;
  std::filesystem::copy(sample("sine.onnx"), second / "sine.onnx");
  for (const char* name : {"sine.o", "sine.so", "sine.a", "sine.ll", "sine.s", "sine.h"}) {
    CAPTURE(name);
    if (std::string(name) != "sine.h") {
      REQUIRE(compile(sample("sine.onnx"), first / name).exit_code == 0);
      REQUIRE(compile(second / "sine.onnx", second / name).exit_code == 0);
    }
    CHECK(read_all(first / name) == read_all(second / name));
  }
}

TEST_CASE("nothing is left where the output cannot be written") {
  Folder folder;
  std::filesystem::create_directory(folder / "sine.h");  // the header's place is taken
  Outcome outcome = compile(sample("sine.onnx"), folder / "sine.o");
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find("sine.h") != std::string::npos);
  CHECK(folder.file_count() == 1);
  CHECK(compile(sample("sine.onnx"), folder / "missing/sine.o").exit_code == 1);
}

TEST_CASE("a failed compile leaves what was there") {
  Folder folder;
  folder.write("sine.o", "earlier");
  folder.write("broken.onnx", "no model");
  CHECK(compile(folder / "broken.onnx", folder / "sine.o").exit_code == 1);
  CHECK(read_all(folder / "sine.o") == "earlier");
}

TEST_CASE("each level's text compiles to the bytes that the model compiles to") {
  Folder folder;
  REQUIRE(
      run(with_state({program(), "compile", sample("sine.onnx"), "-o", folder / "a.o", "--dim=time=1"})).exit_code ==
      0);
  for (const char* level : {"model", "core", "plan"}) {
    CAPTURE(level);
    const std::string text = folder / (std::string(level) + ".rir");
    REQUIRE(run(with_state({program(), "inspect", sample("sine.onnx"), "--dim=time=1", "--level", level, "-o", text}))
                .exit_code == 0);
    Outcome outcome = compile(text, folder / "b.o");
    CAPTURE(outcome.errors);
    REQUIRE(outcome.exit_code == 0);
    CHECK(read_all(folder / "b.o") == read_all(folder / "a.o"));
  }
}

TEST_CASE("the symbol prefix is the model's name, or what --name says") {
  Folder folder;
  std::filesystem::copy(sample("sine.onnx"), folder / "2-sine.v1.onnx");
  REQUIRE(compile(folder / "2-sine.v1.onnx", folder / "out.o").exit_code == 0);
  CHECK(read_all(folder / "out.h").find("m2_sine_v1_model") != std::string::npos);
  REQUIRE(compile(folder / "2-sine.v1.onnx", folder / "out.o", {"--name=wave"}).exit_code == 0);
  CHECK(read_all(folder / "out.h").find("wave_model") != std::string::npos);
}

TEST_CASE("passes can be left out and timed") {
  Folder folder;
  Outcome outcome = compile(sample("sine.onnx"), folder / "sine.o",
                            {"--without=fuse_gates", "--without=unroll_scans", "--unroll=never", "--time-passes"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.errors.find("remove_dead") != std::string::npos);
  CHECK(outcome.errors.find("fuse_gates") == std::string::npos);
  CHECK(outcome.errors.find("generate") != std::string::npos);
}

TEST_CASE("other targets") {
  Folder folder;
  for (const char* target : {"cortex-m4", "aarch64", "rv64gc"}) {
    CAPTURE(target);
    Outcome outcome = compile(sample("sine.onnx"), folder / "sine.o", {"--target", target});
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == 0);
    CHECK(read_all(folder / "sine.o")
              .starts_with("\x7f"
                           "ELF"));
  }
}
