// Targets: facts of known processors, and errors that help.
#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

TargetFacts facts(const TargetSpec& spec) { return require(Target::find(spec)).facts(); }

std::string error(const TargetSpec& spec) {
  auto result = Target::find(spec);
  return result ? "" : to_string(result.errors()[0]);
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("facts follow the processor") {
  TargetFacts v4 = facts({"x86-64-v4"}), v3 = facts({"x86-64-v3"}), v1 = facts({"x86-64"});
  CHECK((v4.vector_bytes == 64 && v4.vector_registers == 32 && v4.masked_memory && v4.fused_multiply_add));
  CHECK((v3.vector_bytes == 32 && v3.vector_registers == 16 && !v3.masked_memory && v3.fused_multiply_add));
  CHECK((v1.vector_bytes == 16 && !v1.fused_multiply_add && v1.pointer_bytes == 8));
  TargetFacts a53 = facts({"cortex-a53"}), a9 = facts({"armv7"}), a7 = facts({"cortex-a7"});
  CHECK((a53.vector_bytes == 16 && a53.vector_registers == 32 && a53.fused_multiply_add && a53.pointer_bytes == 8));
  CHECK((a9.vector_bytes == 16 && !a9.fused_multiply_add && a9.pointer_bytes == 4));
  CHECK(a7.fused_multiply_add);
  TargetFacts m0 = facts({"cortex-m0plus"}), m4 = facts({"cortex-m4"}), m55 = facts({"cortex-m55"});
  CHECK((m0.vector_bytes == 0 && !m0.fused_multiply_add));
  CHECK((m4.vector_bytes == 0 && m4.fused_multiply_add && m4.pointer_bytes == 4));
  CHECK((m55.vector_bytes == 16 && m55.vector_registers == 8));
  TargetFacts gc = facts({"rv64gc"}), gcv = facts({"rv64gcv"}), imc = facts({"rv32imc"});
  CHECK((gc.vector_bytes == 0 && gc.fused_multiply_add));
  CHECK((gcv.vector_bytes == 64 && gcv.vector_registers == 7));  // groups of four registers of 128 bits
  CHECK((!gcv.far_offsets && facts({"cortex-a53"}).far_offsets && !m4.far_offsets));
  CHECK((gc.threads && a53.threads && v1.threads && !m0.threads && !m55.threads && !imc.threads));
  CHECK((imc.vector_bytes == 0 && !imc.fused_multiply_add && imc.pointer_bytes == 4));
}

TEST_CASE("a matrix unit is for those who ask, on Linux, and on processors that have one") {
  const auto has = [](TargetSpec spec) {
    CHECK_FALSE((bool(Target::find(spec)) && facts(spec).matrix_unit));
    spec.matrix_unit = true;
    const auto found = Target::find(spec);
    if (found) CHECK(found->facts().matrix_unit);
    else CHECK(to_string(found.errors()[0]).find("no matrix unit") != std::string::npos);
    return bool(found);
  };
  CHECK(has({"x86_64-linux-gnu", "sapphirerapids", ""}));
  CHECK(has({"x86_64-linux-gnu", "graniterapids", ""}));
  CHECK(has({"x86-64-v4", "", "+amx-tile,+amx-bf16"}));
  CHECK_FALSE(has({"x86_64-linux-gnu", "sapphirerapids", "-amx-bf16"}));
  CHECK_FALSE(has({"x86_64-linux-gnu", "sapphirerapids", "-avx512f"}));
  CHECK_FALSE(has({"x86_64-pc-windows-msvc", "sapphirerapids", ""}));
  CHECK_FALSE(has({"x86_64-freebsd", "sapphirerapids", ""}));
  CHECK_FALSE(has({"x86_64-linux-gnu", "icelake-server", ""}));
  for (const TargetName& name : target_names())
    if (name.name != "host") CHECK_FALSE(has({name.name}));
}

TEST_CASE("vectors of unstated length get a stated one") {
  auto bits = [](const TargetSpec& spec) { return require(Target::find(spec)).vector_bits(); };
  CHECK(bits({"neoverse-v1"}) == 256);
  CHECK(facts({"neoverse-v1"}).vector_bytes == 32);
  CHECK(bits({"neoverse-v1", "", "+sve512"}) == 512);
  CHECK(bits({"neoverse-v1", "", "-sve"}) == 0);
  CHECK(facts({"neoverse-v1", "", "-sve"}).vector_bytes == 16);
  CHECK(bits({"aarch64-linux-gnu", "neoverse-v1", ""}) == 0);  // not stated: NEON
  CHECK(contains(error({"neoverse-v1", "", "+sve300"}), "sve300"));
  CHECK(contains(error({"x86-64", "", "+sve256"}), "sve256"));
  CHECK((bits({"rv64gcv"}) == 128 && bits({"rv64gcv", "", "+zvl256b"}) == 256 && bits({"rv64gc"}) == 0));
  CHECK(facts({"rv64gcv", "", "+zvl256b"}).vector_bytes == 128);
  Target again = require(Target::find(require(Target::find({"neoverse-v1"})).spec()));
  CHECK(again.vector_bits() == 256);
}

TEST_CASE("every named target exists and is listed once") {
  std::set<std::string> names;
  for (const TargetName& name : target_names()) {
    CHECK(names.insert(name.name).second);
    CHECK_FALSE(name.doc.empty());
    CHECK(error({name.name}) == "");
  }
  CHECK(names.count("host"));
  CHECK(names.count("cortex-m4"));
}

TEST_CASE("the machine rondo runs on is the default, and its description is complete") {
  Target host = require(Target::find({}));
  CHECK(contains(host.spec().triple, "-"));
  CHECK_FALSE(host.spec().cpu.empty());
  CHECK(host.facts().pointer_bytes == int(sizeof(void*)));
  Target again = require(Target::find(host.spec()));  // complete: finds the same machine
  CHECK(again.spec().cpu == host.spec().cpu);
  CHECK(again.facts().vector_bytes == host.facts().vector_bytes);
}

TEST_CASE("triples, CPUs and features of the user's") {
  CHECK(require(Target::find({"thumbv7em-none-eabihf", "cortex-m4", ""})).spec().triple ==
        "thumbv7em-unknown-none-eabihf");
  CHECK(facts({"x86_64-linux-gnu", "", "+avx2,+fma"}).vector_bytes == 32);
  CHECK(facts({"x86-64-v4", "", "-avx512f"}).vector_bytes == 32);
  CHECK(facts({"riscv64-linux-gnu"}).fused_multiply_add);
}

TEST_CASE("triples are taken as they are spelled elsewhere, and not where a part of them is misspelled") {
  for (const char* triple : {"arm-none-eabi", "thumbv7em-none-eabihf", "riscv32-unknown-elf", "riscv32-esp-elf", "riscv64-none-elf", "riscv64",
                             "aarch64-linux-gnu", "x86_64-pc-linux-gnu", "x86_64-unknown-linux-musl", "aarch64-linux-android21",
                             "arm-linux-gnueabihf", "arm64-apple-macos11", "aarch64-apple-darwin", "x86_64-pc-windows-msvc",
                             "x86_64-freebsd", "aarch64-poky-linux"}) {
    CAPTURE(triple);
    CHECK(bool(Target::find({triple})));
  }
  for (const char* triple : {"x86_64-v3", "aarch64-linx-gnu", "aarch64-linux-gnuu", "arm-none-eabihf-foo", "riscv64-vector", "x86_64-pc-linus-gnu"}) {
    CAPTURE(triple);
    auto target = Target::find({triple});
    REQUIRE_FALSE(bool(target));
    CHECK(to_string(target.errors()[0]).find("unknown target") != std::string::npos);
  }
}

TEST_CASE("unknown names are errors that list near ones") {
  CHECK(contains(error({"cortex-m44"}), "cortex-m4"));
  CHECK(contains(error({"x86-64-v4", "skylak", ""}), "skylake"));
  CHECK(contains(error({"x86-64", "", "+avx22"}), "avx2"));
  CHECK(contains(error({"x86-64", "", "avx2"}), "+NAME"));
  CHECK(contains(error({"x86-64", "", "+"}), "+NAME"));
  CHECK(contains(error({"sparc-unknown-linux"}), "unknown target"));
  CHECK(contains(error({"wasm32-unknown-unknown"}), "unknown target"));
  CHECK(contains(error({"aarch64_be-linux-gnu"}), "unknown target"));
  CHECK(contains(error({"cortex-a53", "native", ""}), "native"));
  CHECK(contains(error({std::string(5000, 'x')}), "unknown target"));
}

}  // namespace rondo::test
