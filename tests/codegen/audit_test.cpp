// The audit: what a compiled plan is certified, on every named target; and code that breaks each claim is refused.
#include <map>

#include "tests/codegen/audit_support.h"
#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

// h = tanh(W [x; h] + b) over N steps, with h in the state: loops of both kinds, activations, a symbolic dimension.
Plan recurrent(int lanes) {
  const Dim n = Dim::symbol("N");
  PlanBuilder p("cell");
  p.plan.symbols = {"N"};
  const int x = p.input("x", {DType::f32, {n, 8}}), y = p.output("y", {DType::f32, {n, 8}});
  const int h = p.state("h", {DType::f32, {8}});
  const int w = p.constant(Tensor::from_doubles(DType::f32, {64}, std::vector<double>(64, 0.25)));
  KernelBuilder k;
  k.kernel.name = "step";
  k.kernel.parallel = {{1, 8}};
  k.kernel.reductions = {{{2, 8}}};
  const int product = k.apply(Op::mul, DType::f32, {k.load(DType::f32, h, at({{2, 1}})), k.load(DType::f32, w, at({{1, 1}, {2, 8}}))});
  const int sum = k.reduce(DType::f32, product);
  const int value = k.apply(Op::tanh, DType::f32, {k.apply(Op::add, DType::f32, {sum, k.load(DType::f32, x, at({{0, 8}, {1, 1}}))})});
  k.store(value, y, at({{0, 8}, {1, 1}}));
  if (lanes > 1) k.kernel.schedule = {.vector_axis = 1, .lanes = lanes};
  KernelBuilder copy;
  copy.kernel.name = "copy";
  copy.kernel.parallel = {{3, 8}};
  copy.store(copy.load(DType::f32, y, at({{0, 8}, {3, 1}})), h, at({{3, 1}}));
  p.plan.steps.push_back({Loop{"time", "", 0, n, {{k.kernel}, {copy.kernel}}}});
  return p.plan;
}

Audit audit_of(const Plan& plan, const Target& target) {
  const std::string object = require(generate(plan, target, Form::object));
  return require(audit(plan, target, {}, object));
}

}  // namespace

TEST_CASE("a recurrent float32 plan is certified on every named target, with nothing undefined where there are floats") {
  for (const TargetName& name : target_names()) {
    CAPTURE(name.name);
    const Target target = require(Target::find({name.name}));
    const Audit facts = audit_of(recurrent(std::min(8, target.facts().vector_bytes / 4)), target);
    CHECK(broken(facts) == "");
    CHECK(facts.certified());
    CHECK(facts.writable_bytes == 0);
    CHECK(facts.code_bytes > 100);
    CHECK(facts.stack_bytes >= 0);
    const bool soft = name.name == "cortex-m0plus" || name.name == "cortex-m3" || name.name == "rv32imc";
    const bool windows = name.name.ends_with("-windows");
    CHECK((count(facts, "helper_calls") > 0) == soft);
    CHECK((count(facts, "floating_point") > 0) == !soft);
    if (!soft) CHECK(facts.undefined == (windows && name.name.starts_with("x86") ? std::vector<std::string>{"_fltused"} : std::vector<std::string>{}));
  }
}

TEST_CASE("the functions of an object are found with their sizes, loops and calls") {
  const Audit facts = audit_of(recurrent(1), require(Target::find({"cortex-m4"})));
  int64_t bytes = 0, loops = 0;
  std::map<std::string, FunctionFacts> functions;
  for (const FunctionFacts& function : facts.functions) bytes += function.code_bytes, loops += function.loops, functions[function.name] = function;
  CHECK(bytes <= facts.code_bytes);
  CHECK(bytes > facts.code_bytes - 64);  // padding
  REQUIRE(functions.contains("cell_call"));
  CHECK(functions["cell_call"].entry);
  CHECK(loops == 6);  // time, units, sum, copy; reset, and that of one stream
  const std::vector<std::string>& calls = functions["cell_call"].calls;
  CHECK(std::find(calls.begin(), calls.end(), "cell.valid") != calls.end());
  CHECK_FALSE(functions["cell.valid"].entry);
  CHECK(functions["cell_call"].stack_bytes >= functions["cell.valid"].stack_bytes);
}

TEST_CASE("code is told apart by kernels") {
  for (const TargetName& name : target_names()) {
    if (name.name.ends_with("-windows")) continue;
    CAPTURE(name.name);
    const Audit facts = audit_of(recurrent(1), require(Target::find({name.name})));
    REQUIRE(facts.kernels.size() == 2);
    const KernelFacts &step = facts.kernels[0], &copy = facts.kernels[1];
    CHECK(step.code_bytes > copy.code_bytes);  // a product and an activation against a copy
    CHECK(copy.code_bytes > 0);
    CHECK(step.code_bytes + copy.code_bytes < facts.code_bytes);
    CHECK(std::max(step.stack_bytes, copy.stack_bytes) <= facts.stack_bytes);
    const bool soft = name.name == "cortex-m0plus" || name.name == "cortex-m3" || name.name == "rv32imc";
    CHECK(step.undefined.empty() != soft);
    CHECK(copy.undefined.empty());
    const auto of = [&](const KernelFacts& kernel, const std::string& word) {
      for (size_t i = 0; i < facts.classes.size(); ++i)
        if (facts.classes[i].name == word) return kernel.classes[i];
      return int64_t{-1};
    };
    CHECK(of(step, "loads") >= 2);
    CHECK(of(copy, "loads") >= 1);
    CHECK(of(copy, "stores") >= 1);
    CHECK(of(step, "loads") + of(copy, "loads") < count(facts, "loads"));
    CHECK((of(step, "floating_point") > 0) != soft);
    CHECK((of(step, "helper_calls") > 0) == soft);
    CHECK(of(copy, "floating_point") == 0);
    CHECK(of(copy, "helper_calls") == 0);
  }
}

TEST_CASE("an object that is not what the plan gives is not certified") {
  const Target target = require(Target::find({"cortex-m4"}));
  const Target other = require(Target::find({"cortex-m4", "", "", true}));
  CHECK(bool(audit(recurrent(1), target, {}, require(generate(recurrent(1), target, Form::object)))));
  CHECK_FALSE(bool(audit(recurrent(1), target, {}, require(generate(recurrent(1), other, Form::object)))));
}

TEST_CASE("code that keeps all claims passes") {
  const std::string text =
      "define i32 @g(i32 %a) noinline nounwind {\n  %b = mul i32 %a, 3\n  ret i32 %b\n}\n"
      "define i32 @f(ptr %p, i32 %n) nounwind {\nentry:\n  br label %loop\nloop:\n"
      "  %i = phi i32 [ 0, %entry ], [ %j, %loop ]\n  %q = getelementptr i32, ptr %p, i32 %i\n"
      "  %v = call i32 @g(i32 %i)\n  store volatile i32 %v, ptr %q\n  %j = add nuw nsw i32 %i, 1\n"
      "  %more = icmp slt i32 %j, %n\n  br i1 %more, label %loop, label %done\ndone:\n  ret i32 %n\n}\n";
  for (const char* target : kOneOfEach) {
    CAPTURE(target);
    const Audit facts = audit_ir(text, target);
    CHECK(broken(facts) == "");
    CHECK(count(facts, "own_calls") == 1);
  }
}

TEST_CASE("instructions that enter the system, stop or wait are refused") {
  const std::map<std::string, std::vector<std::string>> words = {
      {"x86-64-v3", {"syscall", "int3", "int $$0x80", "hlt", "ud2", "outb %al, %dx"}},
      {"cortex-a53", {"svc #0", "hvc #0", "brk #1", "hlt #0", "wfi"}},
      {"armv7-neon", {"svc #0", "bkpt #0", "udf #0"}},
      {"cortex-m4", {"svc #0", "bkpt #0", "udf #0", "wfi", "wfe", "cpsid i"}},
      {"rv64gcv", {"ecall", "ebreak", "wfi", "unimp", "csrr a0, mstatus"}},
      {"rv32imc", {"ecall", "c.ebreak"}}};
  for (const auto& [target, instructions] : words)
    for (const std::string& instruction : instructions) {
      CAPTURE(target);
      CAPTURE(instruction);
      const Audit facts = audit_ir(with_assembly(instruction), target);
      CHECK_FALSE(claim(facts, "system").holds());
      CHECK(count(facts, "system") == 1);
      CHECK_FALSE(facts.certified());
    }
}

TEST_CASE("writing the register that says what becomes of denormals is refused") {
  for (const auto& [target, instruction] : std::map<std::string, std::string>{{"x86-64-v3", "ldmxcsr (%rsp)"},
                                                                              {"x86-64", "ldmxcsr (%rsp)"},
                                                                              {"cortex-a53", "msr fpcr, x0"},
                                                                              {"armv7-neon", "vmsr fpscr, r0"},
                                                                              {"cortex-m4", "vmsr fpscr, r0"},
                                                                              {"rv64gcv", "fscsr a0"}}) {
    CAPTURE(target);
    CHECK_FALSE(claim(audit_ir(with_assembly(instruction), target), "denormals").holds());
  }
}

TEST_CASE("calls and jumps to computed places are refused") {
  for (const char* target : kOneOfEach) {
    CAPTURE(target);
    Audit facts = audit_ir("define void @f(ptr %p) nounwind {\n  call void %p()\n  ret void\n}\n", target);
    CHECK_FALSE(claim(facts, "jumps").holds());
    CHECK(count(facts, "computed_calls") + count(facts, "computed_jumps") == 1);
    facts = audit_ir("define void @f(ptr %p) nounwind {\n  tail call void %p()\n  ret void\n}\n", target);
    CHECK_FALSE(claim(facts, "jumps").holds());
    // Many cases of different work: a table of addresses.
    std::string text = "define i32 @f(i32 %a, ptr %p) nounwind {\n  switch i32 %a, label %other [";
    for (int i = 0; i < 20; ++i) text += " i32 " + std::to_string(i) + ", label %l" + std::to_string(i);
    text += " ]\n";
    for (int i = 0; i < 20; ++i) {
      const std::string n = std::to_string(i);
      text += "l" + n + ":\n  store volatile i" + std::to_string(8 << (i % 3)) + " " + n + ", ptr %p\n  br label %other\n";
    }
    facts = audit_ir(text + "other:\n  ret i32 0\n}\n", target);
    CHECK_FALSE(claim(facts, "jumps").holds());
  }
}

TEST_CASE("calls of anything but helpers for arithmetic are refused") {
  for (const char* target : kOneOfEach)
    for (const char* name : {"malloc", "memcpy", "expf", "__aeabi_memcpy", "__stack_chk_fail", "__adder"}) {
      CAPTURE(target);
      CAPTURE(name);
      const std::string at = std::string("@") + name;
      const Audit facts = audit_ir("declare void " + at + "()\ndefine void @f() nounwind {\n  call void " + at + "()\n  call void " + at + "()\n  ret void\n}\n", target);
      CHECK_FALSE(claim(facts, "calls").holds());
      CHECK_FALSE(claim(facts, "memory").holds());
      CHECK(facts.undefined == std::vector<std::string>{name});
    }
}

TEST_CASE("recursion is refused, direct and through others") {
  for (const char* target : kOneOfEach) {
    CAPTURE(target);
    Audit facts = audit_ir(
        "define i32 @f(i32 %a) nounwind {\n  %b = call i32 @g(i32 %a)\n  %c = add i32 %b, %a\n  ret i32 %c\n}\n"
        "define i32 @g(i32 %a) nounwind {\n  %b = call i32 @f(i32 %a)\n  %c = mul i32 %b, %a\n  ret i32 %c\n}\n", target);
    CHECK_FALSE(claim(facts, "recursion").holds());
    CHECK(facts.stack_bytes == -1);
    facts = audit_ir("define i32 @f(i32 %a) nounwind {\n  %b = call i32 @f(i32 %a)\n  %c = add i32 %b, %a\n  ret i32 %c\n}\n", target);
    CHECK_FALSE(claim(facts, "recursion").holds());
  }
}

TEST_CASE("memory of its own is refused") {
  for (const char* target : kOneOfEach) {
    CAPTURE(target);
    const Audit facts = audit_ir("@v = internal global [4 x i32] zeroinitializer\ndefine void @f(i32 %i) nounwind {\n"
                                 "  %p = getelementptr i32, ptr @v, i32 %i\n  store volatile i32 1, ptr %p\n  ret void\n}\n", target);
    CHECK_FALSE(claim(facts, "memory").holds());
    CHECK(facts.writable_bytes == 16);
  }
}

TEST_CASE("a stack whose size depends on values is refused; others are measured, callees included") {
  for (const char* target : kOneOfEach) {
    CAPTURE(target);
    Audit facts = audit_ir("define void @f(i32 %n) nounwind {\n  %p = alloca i32, i32 %n\n  store volatile i32 1, ptr %p\n  ret void\n}\n", target);
    CHECK_FALSE(claim(facts, "stack").holds());
    CHECK(facts.stack_bytes == -1);
    facts = audit_ir("define void @g() noinline nounwind {\n  %p = alloca [100 x i32]\n  store volatile i32 1, ptr %p\n  ret void\n}\n"
                     "define void @f() nounwind {\n  %p = alloca [50 x i32]\n  store volatile i32 1, ptr %p\n  call void @g()\n"
                     "  store volatile i32 2, ptr %p\n  ret void\n}\n", target);
    CHECK(broken(facts) == "");
    CHECK(facts.stack_bytes >= 600);
    CHECK(facts.stack_bytes <= 800);
  }
}

TEST_CASE("bytes that are no instruction are refused, and code that runs into data") {
  CHECK_FALSE(claim(audit_ir(with_assembly(".byte 0x06"), "x86-64-v3"), "code").holds());
  for (const char* target : {"cortex-a53", "armv7-neon", "cortex-m4"}) {
    CAPTURE(target);
    CHECK_FALSE(claim(audit_ir(with_assembly(".word 0xffffffff"), target), "code").holds());
    CHECK_FALSE(claim(audit_ir(with_assembly("nop\\0A .word 0xffffffff"), target), "jumps").holds());
  }
  CHECK_FALSE(claim(audit_ir("define void @f() nounwind {\n  unreachable\n}\n", "rv64gcv"), "code").holds());
}

}  // namespace rondo::test
