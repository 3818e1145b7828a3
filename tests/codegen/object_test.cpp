// Objects for every target: no undefined symbols where the hardware has floats, the same bytes each time, every form.
#include <elf.h>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

// Every pointwise operator of one float type, a product with a reduction, a gather and a symbolic dimension.
Plan everything(DType dtype, int lanes) {
  Dim n = Dim::symbol("N");
  PlanBuilder p("every_thing");
  p.plan.symbols = {"N"};
  int x = p.input("x", {dtype, {n, 24}}), ids = p.input("ids", {DType::i32, {n}}), y = p.output("y", {dtype, {n, 24}});
  std::vector<double> values(24 * 24, 0.5);
  int w = p.constant(Tensor::from_doubles(dtype, {24 * 24}, values));
  KernelBuilder k;
  k.kernel.parallel = {{0, n}, {1, 24}};
  k.kernel.reductions = {{{2, 24}}};
  int row = k.bounded(DType::i32, k.load(DType::i32, ids, at({{0, 1}})), n);
  int term =
      k.apply(Op::mul, dtype, {k.load(dtype, x, at({{2, 1}}), {{row, 24}}), k.load(dtype, w, at({{1, 1}, {2, 24}}))});
  int value = k.reduce(dtype, term);
  for (int i = 0; i < int(Op::count); ++i) {
    const OpInfo& op = info(Op(i));
    if (op.signature != Signature::numeric && op.signature != Signature::floating) continue;
    std::vector<int> operands = {value};
    while (static_cast<int>(operands.size()) < op.min_operands) operands.push_back(k.real(dtype, 1.5));
    value = k.apply(Op(i), dtype, operands);
  }
  int positive = k.apply(Op::less, DType::boolean, {k.real(dtype, 0), value});
  value =
      k.apply(Op::select, dtype, {positive, value, k.apply(Op::cast, dtype, {k.apply(Op::cast, DType::i64, {value})})});
  k.store(value, y, at({{0, 24}, {1, 1}}));
  if (lanes > 1)
    k.kernel.schedule = {.vector_axis = 1, .lanes = lanes, .vectors = 2, .row_axis = 0, .rows = 2, .unroll = 2};
  p.run(k.kernel);
  return p.plan;
}

template <class Header, class Section, class Symbol>
std::vector<std::string> undefined(const std::string& object) {
  std::vector<std::string> names;
  Header header;
  std::memcpy(&header, object.data(), sizeof header);
  auto section = [&](int i) {
    Section s;
    std::memcpy(&s, object.data() + header.e_shoff + i * sizeof s, sizeof s);
    return s;
  };
  for (int i = 0; i < header.e_shnum; ++i) {
    Section table = section(i);
    if (table.sh_type != SHT_SYMTAB) continue;
    Section strings = section(table.sh_link);
    for (size_t at = sizeof(Symbol); at < table.sh_size; at += sizeof(Symbol)) {
      Symbol symbol;
      std::memcpy(&symbol, object.data() + table.sh_offset + at, sizeof symbol);
      if (symbol.st_shndx == SHN_UNDEF) names.push_back(object.data() + strings.sh_offset + symbol.st_name);
    }
  }
  return names;
}

std::vector<std::string> undefined_symbols(const std::string& object) {
  REQUIRE(object.substr(0, 4) ==
          "\x7f"
          "ELF");
  return object[EI_CLASS] == ELFCLASS64 ? undefined<Elf64_Ehdr, Elf64_Shdr, Elf64_Sym>(object)
                                        : undefined<Elf32_Ehdr, Elf32_Shdr, Elf32_Sym>(object);
}

const char* const kWithFloats[] = {"x86-64",    "x86-64-v3", "x86-64-v4", "aarch64",    "armv7",
                                   "cortex-a7", "armv7-vfp", "neoverse-v1", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55",
                                   "rv64gc",    "rv64gcv",   "rv32imafc"};

}  // namespace

TEST_CASE("float32 and float16 models need nothing from outside on any processor with floats") {
  for (const char* name : kWithFloats)
    for (DType dtype : {DType::f32, DType::f16, DType::bf16}) {
      Target target = require(Target::find({name}));
      CAPTURE(name);
      std::string object = require(generate(everything(dtype, target.facts().vector_bytes / 4), target, Form::object));
      std::vector<std::string> names = undefined_symbols(object);
      std::string first = names.empty() ? "" : names[0];
      CAPTURE(first);
      CHECK(names.empty());
    }
}

TEST_CASE("without floats in hardware, only the ABI's own helpers are missing") {
  for (const char* name : {"cortex-m0plus", "cortex-m3", "rv32imc"}) {
    Target target = require(Target::find({name}));
    for (const std::string& symbol :
         undefined_symbols(require(generate(everything(DType::f32, 1), target, Form::object)))) {
      CAPTURE(symbol);
      CHECK((symbol.rfind("__", 0) == 0 && symbol.find("mem") == std::string::npos));
    }
  }
}

TEST_CASE("float64 needs nothing either where the hardware has it") {
  for (const char* name : {"x86-64", "x86-64-v4", "aarch64", "armv7", "cortex-m7", "rv64gc", "rv64gcv"}) {
    Target target = require(Target::find({name}));
    CAPTURE(name);
    CHECK(undefined_symbols(require(generate(everything(DType::f64, 2), target, Form::object))).empty());
  }
}

TEST_CASE("the same plan gives the same bytes, in every form") {
  for (const char* name : {"", "x86-64-v4", "cortex-m4", "rv64gcv"})
    for (Form form : {Form::llvm, Form::assembly, Form::object}) {
      Target first = require(Target::find({name})), second = require(Target::find({name}));
      std::string one = require(generate(everything(DType::f32, 4), first, form));
      require(generate(everything(DType::f16, 1), first, form));  // a model between them changes nothing
      CHECK(one == require(generate(everything(DType::f32, 4), second, form)));
      CHECK(one.size() > 1000);
    }
}

TEST_CASE("text forms are what they say") {
  Target target = require(Target::find({"x86-64-v3"}));
  std::string ir = require(generate(everything(DType::f32, 8), target, Form::llvm));
  CHECK(ir.find("define") != std::string::npos);
  CHECK(ir.find("<8 x float> @llvm.fma") != std::string::npos);
  std::string assembly = require(generate(everything(DType::f32, 8), target, Form::assembly));
  CHECK(assembly.find("vfmadd") != std::string::npos);
  CHECK(assembly.find("every_thing_model") != std::string::npos);
}

TEST_CASE("a large constant is compiled quickly and found whole") {
  constexpr int64_t count = 4 << 20;
  PlanBuilder p;
  int z = p.output("z", {DType::f32, {1}});
  std::vector<float> values(count);
  values[count - 1] = 3;
  int c = p.constant(tensor_of(DType::f32, values));
  KernelBuilder k;
  k.store(k.load(DType::f32, c, at({}, count - 1)), z, at({}));
  p.run(k.kernel);
  Compiled compiled(p.plan);
  float out = 0;
  REQUIRE(compiled.call({}, {&out}) == RONDO_OK);
  CHECK(out == 3);
  CHECK(compiled.model->constant_bytes == 64 + count * 4);
}

TEST_CASE("constants outside their blob are refused") {
  PlanBuilder p;
  p.output("z", {DType::f32, {1}});
  p.constant(Tensor::from_doubles(DType::f32, {2}, std::vector<double>{1, 2}));
  p.plan.constant_bytes = 4;
  CHECK_FALSE(bool(generate(p.plan, require(Target::find({})), Form::object)));
  p.plan.constant_bytes = INT64_MAX;
  CHECK_FALSE(bool(generate(p.plan, require(Target::find({})), Form::object)));
}

}  // namespace rondo::test
