// Archives and shared libraries: what they contain, and errors for what cannot be linked.
#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

Plan copy(DType dtype, Op op) {
  PlanBuilder p("copied");
  int x = p.input("x", {dtype, {5}}), z = p.output("z", {dtype, {5}});
  KernelBuilder k;
  k.kernel.parallel = {{0, 5}};
  k.store(k.apply(op, dtype, {k.load(dtype, x, at({{0, 1}}))}), z, at({{0, 1}}));
  p.run(k.kernel);
  return p.plan;
}

}  // namespace

TEST_CASE("an archive holds the object and its symbols") {
  for (const char* name : {"", "cortex-m4"}) {
    Target target = require(Target::find({name}));
    std::string object = require(generate(copy(DType::f32, Op::neg), target, Form::object));
    std::string archive = require(make_archive(object, target, "copied.o"));
    CHECK(archive.substr(0, 8) == "!<arch>\n");
    CHECK(archive.find("copied.o/") != std::string::npos);
    CHECK(archive.find("copied_call") < archive.find("\x7f"
                                                     "ELF"));  // in the symbol table
    CHECK(archive.find(object) != std::string::npos);
    CHECK(archive == require(make_archive(object, target, "copied.o")));
  }
}

TEST_CASE("shared libraries for every hosted target") {
  for (const char* name : {"x86-64", "aarch64", "armv7", "rv64gc", "rv64gcv"}) {
    Target target = require(Target::find({name}));
    std::string object = require(generate(copy(DType::f32, Op::exp), target, Form::object));
    std::string library = require(link_shared(object, target, "libcopied.so"));
    CHECK(library.substr(0, 4) ==
          "\x7f"
          "ELF");
    CHECK(library.find("libcopied.so") != std::string::npos);
    CHECK(library.find("copied_model") != std::string::npos);
    CHECK(library == require(link_shared(object, target, "libcopied.so")));
  }
}

TEST_CASE("there are no shared libraries for firmware") {
  for (const char* name : {"cortex-m4", "rv32imc"}) {
    const Target target = require(Target::find({name}));
    const auto shared = link_shared(require(generate(copy(DType::f32, Op::neg), target, Form::object)), target, "copied.so");
    REQUIRE_FALSE(bool(shared));
    CHECK(to_string(shared.errors()[0]).find("compile to .o or .a") != std::string::npos);
  }
}

TEST_CASE("what cannot be linked says why, and the next link works") {
  Target host = require(Target::find({}));
  auto nonsense = link_shared("this is no object", host, "libx.so");
  REQUIRE_FALSE(bool(nonsense));
  CHECK_FALSE(nonsense.errors()[0].message.empty());
  Target mac = require(Target::find({"arm64-apple-macosx"}));
  auto foreign = link_shared("", mac, "libx.dylib");
  REQUIRE_FALSE(bool(foreign));
  CHECK(foreign.errors()[0].message.find("ELF") != std::string::npos);
  CHECK(bool(link_shared(require(generate(copy(DType::f32, Op::neg), host, Form::object)), host, "libx.so")));
}

}  // namespace rondo::test
