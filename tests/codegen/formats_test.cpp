// What other people's tools make of the objects: llvm-readobj of Mach-O, COFF and the ABI's attributes, and the cross
// compilers' linkers, which take the objects together with their own code. Skipped, loudly, where a tool is missing.
#include <array>
#include <fstream>
#include <sstream>

#include "codegen/audit.h"
#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

/// z[i] = x[i] * constant[i]
Plan weighted() {
  PlanBuilder p("weighted");
  std::vector<double> values(64, 1.5);
  int x = p.input("x", {DType::f32, {64}}), w = p.constant(Tensor::from_doubles(DType::f32, {64}, values)),
      z = p.output("z", {DType::f32, {64}});
  KernelBuilder k;
  k.kernel.parallel = {{0, 64}};
  k.store(k.apply(Op::mul, DType::f32, {k.load(DType::f32, x, at({{0, 1}})), k.load(DType::f32, w, at({{0, 1}}))}), z,
          at({{0, 1}}));
  p.run(k.kernel);
  return p.plan;
}

bool have(const std::string& program) {
  if (std::system(("command -v " + program + " > /dev/null 2>&1").c_str()) == 0) return true;
  MESSAGE("SKIPPED: needs ", program);
  return false;
}

struct Files {
  std::string folder;
  Files() {
    char pattern[] = "/tmp/rondo-formats-XXXXXX";
    REQUIRE(mkdtemp(pattern));
    folder = pattern;
  }
  ~Files() { (void)!std::system(("rm -r " + folder).c_str()); }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder + "/" + name, std::ios::binary) << bytes;
  }
  /// What a command prints, in this folder, and its exit code.
  std::pair<int, std::string> run(const std::string& command) const {
    FILE* pipe = popen(("cd " + folder + " && " + command + " 2>&1").c_str(), "r");
    REQUIRE(pipe);
    std::string text;
    std::array<char, 4096> chunk{};
    for (size_t got; (got = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;) text.append(chunk.data(), got);
    return {pclose(pipe), text};
  }
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string object_for(const char* target, const CodegenOptions& options = {}) {
  return require(generate(weighted(), require(Target::find({target})), Form::object, options));
}

/// The functions of the object, with their bytes.
std::map<std::string, int64_t> code_bytes(const std::string& object, const Target& target) {
  std::map<std::string, int64_t> bytes;
  for (const FunctionFacts& function : require(audit(weighted(), target, {}, object)).functions)
    bytes[function.name] = function.code_bytes;
  return bytes;
}

struct Format {
  const char *target, *format, *architecture, *prefix;
};

}  // namespace

TEST_CASE("objects and archives for macOS and Windows") {
  if (!have("llvm-readobj-19") || !have("llvm-nm-19")) return;
  const Format formats[] = {{"x86-64-macos", "Mach-O 64-bit x86-64", "Arch: x86_64", "_"},
                            {"aarch64-macos", "Mach-O arm64", "Arch: aarch64", "_"},
                            {"x86-64-windows", "COFF-x86-64", "Arch: x86_64", ""},
                            {"aarch64-windows", "COFF-ARM64", "Arch: aarch64", ""}};
  for (const Format& format : formats) {
    CAPTURE(format.target);
    Files files;
    Target target = require(Target::find({format.target}));
    const std::string object = object_for(format.target);
    files.write("weighted.o", object);
    files.write("weighted.a", require(make_archive(object, target, "weighted.o")));
    auto [code, text] = files.run("llvm-readobj-19 --file-headers --sections --symbols weighted.o");
    CAPTURE(text);
    CHECK(code == 0);
    CHECK(contains(text, format.format));
    CHECK(contains(text, format.architecture));
    CHECK(contains(text, std::string("Name: ") + format.prefix + "weighted_call"));
    CHECK(contains(files.run("llvm-nm-19 --print-armap weighted.a").second,
                   std::string(format.prefix) + "weighted_call in weighted.o"));
    // The C library of Microsoft asks for _fltused of all objects with floats, and has it.
    for (const std::string& symbol : require(undefined_symbols(object))) CHECK(symbol == "_fltused");
    CHECK(code_bytes(object, target).at("weighted_call") > 0);
    auto shared = link_shared(object, target, "libweighted.so");
    REQUIRE_FALSE(bool(shared));
    CHECK(contains(to_string(shared.errors()[0]), "compile to .o or .a"));
  }
}

TEST_CASE("the section of the weights is the one that is asked for") {
  if (!have("llvm-readobj-19")) return;
  const std::pair<const char*, const char*> wanted[] = {
      {"cortex-m4", ".qspi_flash"}, {"x86-64", ".rodata.weights"}, {"aarch64-macos", "__DATA,__weights"},
      {"x86-64-windows", ".weights"}};
  for (const auto& [target, section] : wanted) {
    CAPTURE(target);
    Files files;
    files.write("weighted.o", object_for(target, {.constants_section = section}));
    const std::string text = files.run("llvm-readobj-19 --sections weighted.o").second;
    std::string name = section;
    CHECK(contains(text, "Name: " + name.substr(name.find(',') + 1)));
  }
  for (const char* bad : {"has space", "x,y", "quote\""}) {
    CAPTURE(bad);
    CHECK_FALSE(bool(generate(weighted(), require(Target::find({"cortex-m4"})), Form::object, {.constants_section = bad})));
  }
  for (const char* bad : {".text", ".text.weights", ".bss", ".init_array", ".init_array.5", ".note.GNU-stack", ".symtab", ".rela.text", ".debug_info", ".ARM.attributes"}) {
    CAPTURE(bad);
    const auto refused = generate(weighted(), require(Target::find({"cortex-m4"})), Form::object, {.constants_section = bad});
    REQUIRE_FALSE(bool(refused));
    CHECK(contains(to_string(refused.errors()[0]), "a meaning of its own"));
  }
  for (const char* good : {".rodata", ".relics", ".textures", ".data", ".weights", "weights", ".notes", ".initial"}) {
    CAPTURE(good);
    CHECK(bool(generate(weighted(), require(Target::find({"cortex-m4"})), Form::object, {.constants_section = good})));
  }
  for (const char* bad : {"weights", "A,b,c", ",x", "SEGMENTOFMORETHAN16,x"})
    CHECK_FALSE(bool(generate(weighted(), require(Target::find({"aarch64-macos"})), Form::object, {.constants_section = bad})));
}

TEST_CASE("an object without its weights") {
  CodegenOptions external{.external_constants = true};
  const std::string with = object_for("x86-64"), without = object_for("x86-64", external);
  const std::string blob = weights_of(weighted());
  CHECK(blob.size() == 64 + 256);
  CHECK(contains(with, blob));
  CHECK_FALSE(contains(without, blob.substr(64, 64)));
  CHECK(contains(make_header(weighted(), external), "const void *constants"));
  CHECK_FALSE(contains(make_header(weighted()), "const void *constants)"));

  Compiled model(weighted(), {}, external);
  float x[64], z[64] = {};
  for (int i = 0; i < 64; ++i) x[i] = float(i);
  alignas(64) char copy[64 + 256 + 64];
  std::memcpy(copy, blob.data(), blob.size());
  const void* inputs[] = {x};
  void* outputs[] = {z};
  rondo_call call = {inputs, outputs};
  CHECK(model.model->constants == nullptr);
  CHECK(model.model->constant_bytes == 64 + 256);
  CHECK(model.model->call(&call) == RONDO_BAD_POINTER);
  call.constants = copy + 4;
  CHECK(model.model->call(&call) == RONDO_BAD_POINTER);
  call.constants = copy;
  CHECK(model.model->call(&call) == RONDO_OK);
  for (int i = 0; i < 64; ++i) CHECK(z[i] == 1.5f * float(i));
}

TEST_CASE("build attributes say which processor and which calling convention") {
  if (!have("llvm-readelf-19")) return;
  struct Wanted {
    const char* target;
    std::vector<const char*> parts;
  };
  const Wanted all[] = {
      {"cortex-m0plus", {"ARM v6S-M", "Microcontroller"}},
      {"cortex-m3", {"ARM v7", "Microcontroller"}},
      {"cortex-m4", {"ARM v7E-M", "AAPCS VFP", "Single-Precision"}},
      {"cortex-m33", {"ARM v8-M Mainline", "AAPCS VFP"}},
      {"cortex-m55", {"ARM v8.1-M Mainline", "AAPCS VFP", "MVE"}},
      {"armv7-neon", {"ARM v7", "Application", "AAPCS VFP", "NEON"}},
      {"rv32imc", {"rv32i2p1_m2p0_c2p0"}},
      {"rv32imafc", {"rv32i2p1_m2p0_a2p1_f2p2_c2p0", "single-float ABI"}},
      {"rv64gcv", {"v1p0", "double-float ABI"}}};
  for (const Wanted& wanted : all) {
    CAPTURE(wanted.target);
    Files files;
    files.write("weighted.o", object_for(wanted.target));
    const std::string text = files.run("llvm-readelf-19 -hA weighted.o").second;
    CAPTURE(text);
    for (const char* part : wanted.parts) {
      CAPTURE(part);
      CHECK(contains(text, part));
    }
  }
}

TEST_CASE("what objects need from elsewhere") {
  CHECK(require(undefined_symbols(object_for("cortex-m4"))).empty());
  CHECK(require(undefined_symbols(object_for("cortex-m3"))) == std::vector<std::string>{"__aeabi_fmul"});
  CHECK(require(undefined_symbols(object_for("rv32imc"))) == std::vector<std::string>{"__mulsf3"});
  CHECK_FALSE(bool(undefined_symbols("this is no object")));
}

TEST_CASE("functions' sizes are what nm says") {
  if (!have("llvm-nm-19")) return;
  Files files;
  const std::string object = object_for("cortex-m4");
  files.write("weighted.o", object);
  const auto sizes = code_bytes(object, require(Target::find({"cortex-m4"})));
  std::istringstream lines(files.run("llvm-nm-19 --print-size --radix=d weighted.o").second);
  size_t functions = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string value, size, kind, name;
    if (!(words >> value >> size >> kind >> name) || (kind != "t" && kind != "T")) continue;
    ++functions;
    CAPTURE(name);
    CHECK(sizes.at(name) == std::stoll(size));
  }
  CHECK(functions > 0);
  CHECK(functions == sizes.size());
}

TEST_CASE("objects for firmware have a section for each function, none about executable stacks, and no unwind tables") {
  if (!have("llvm-readobj-19")) return;
  for (const char* target : {"cortex-m0plus", "cortex-m4", "cortex-m55", "rv32imc", "rv32imafc"}) {
    CAPTURE(target);
    Files files;
    files.write("weighted.o", object_for(target));
    const std::string text = files.run("llvm-readobj-19 --sections weighted.o").second;
    CHECK(contains(text, "Name: .text.weighted_call"));
    CHECK(contains(text, "Name: .text.weighted_reset"));
    CHECK(contains(text, "Name: .rodata.weighted_model"));
    CHECK_FALSE(contains(text, "GNU-stack"));
    CHECK_FALSE(contains(text, "exidx"));
    CHECK_FALSE(contains(text, ".eh_frame"));
    const std::string assembly = require(generate(weighted(), require(Target::find({target})), Form::assembly));
    CHECK(contains(assembly, "weighted_call"));
    CHECK_FALSE(contains(assembly, "GNU-stack"));
  }
  for (const char* target : {"x86-64", "aarch64", "armv7-neon", "rv64gc"}) {
    CAPTURE(target);
    Files files;
    files.write("weighted.o", object_for(target));
    CHECK(contains(files.run("llvm-readobj-19 --sections weighted.o").second, "Name: .note.GNU-stack"));
  }
}

TEST_CASE("a firmware's linker leaves out the functions that it does not call") {
  if (!have("arm-none-eabi-gcc")) return;
  Files files;
  files.write("weighted.o", object_for("cortex-m4"));
  files.write("weighted.h", make_header(weighted()));
  files.write("main.c", "#include \"weighted.h\"\nfloat x[64], z[64];\nvoid _start(void) { weighted_run(x, z, 0); }\n");
  const auto [code, text] = files.run(
      "arm-none-eabi-gcc -mthumb -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16 -O1 -ffreestanding -nostdlib -Wl,--gc-sections "
      "-Wl,--fatal-warnings -Wl,--no-warn-rwx-segments main.c weighted.o -o out.elf && arm-none-eabi-nm out.elf");
  CAPTURE(text);
  CHECK(code == 0);
  CHECK(contains(text, " weighted_call"));
  for (const char* other : {" weighted_model", " weighted_reset", " weighted_shapes"}) CHECK_FALSE(contains(text, other));
}

TEST_CASE("the cross compilers' linkers take the objects") {
  struct Cross {
    const char *target, *compiler, *library = "-lgcc";
  };
  const Cross all[] = {
      {"cortex-m0plus", "arm-none-eabi-gcc -mthumb -mcpu=cortex-m0plus"},
      {"cortex-m3", "arm-none-eabi-gcc -mthumb -mcpu=cortex-m3"},
      {"cortex-m4", "arm-none-eabi-gcc -mthumb -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16"},
      {"cortex-m7", "arm-none-eabi-gcc -mthumb -mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16"},
      {"cortex-m33", "arm-none-eabi-gcc -mthumb -mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16"},
      {"cortex-m55", "arm-none-eabi-gcc -mthumb -mcpu=cortex-m55 -mfloat-abi=hard"},
      // Debian's compiler takes its 64-bit library for this architecture, which it has no library of its own for.
      {"rv32imc", "riscv64-unknown-elf-gcc -march=rv32imc -mabi=ilp32",
       "$(riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32 -print-libgcc-file-name)"},
      {"rv32imafc", "riscv64-unknown-elf-gcc -march=rv32imafc -mabi=ilp32f"},
      // An object for Linux says that it needs no executable stack, which this compiler's objects do not.
      {"rv64gc", "riscv64-unknown-elf-gcc -march=rv64gc -mabi=lp64d -mcmodel=medany -Wl,-z,noexecstack"}};
  for (const Cross& cross : all) {
    const std::string compiler = cross.compiler;
    if (!have(compiler.substr(0, compiler.find(' ')))) continue;
    CAPTURE(cross.target);
    Files files;
    files.write("weighted.o", object_for(cross.target));
    files.write("weighted.h", make_header(weighted()));
    files.write("main.c",
                "#include \"weighted.h\"\n"
                "float x[64], z[64];\n"
                "static float f(float v) { return v + 1; }\n"
                "void _start(void) { z[0] = f((float)weighted_run(x, z, 0)); }\n");
    auto [code, text] = files.run(compiler +
                                  " -O1 -ffreestanding -nostdlib -Wall -Werror -Wl,--fatal-warnings "
                                  "-Wl,--no-warn-rwx-segments main.c weighted.o " +
                                  cross.library + " -o out.elf");
    CAPTURE(text);
    CHECK(code == 0);
    CHECK(text == "");
  }
}

}  // namespace rondo::test
