// The certificate's claim about loops: which are known to end, and that no other is.
#include <map>

#include "tests/codegen/audit_support.h"

namespace rondo::test {
namespace {

// Counts to n by threes, with another loop in each turn: that the counter does not wrap is said by the sum alone.
std::string by_threes(const std::string& sum) {
  return "define void @f(ptr %p, i32 %begin, i32 %n) nounwind {\nentry:\n  br label %outer\n"
         "outer:\n  %i = phi i32 [ %begin, %entry ], [ %next, %after ]\n  br label %inner\n"
         "inner:\n  %j = phi i32 [ 0, %outer ], [ %more, %inner ]\n  store volatile i32 %i, ptr %p\n"
         "  %more = add nuw nsw i32 %j, 1\n  %again = icmp ult i32 %more, 5\n  br i1 %again, label %inner, label %after\n"
         "after:\n  %next = " + sum + "\n  %go = icmp slt i32 %next, %n\n  br i1 %go, label %outer, label %done\n"
         "done:\n  ret void\n}\n";
}

// Two ways through the body, on each of which the counter's next value is made; the second way's is `sum`.
std::string merged(const std::string& sum) {
  return "define void @f(ptr %p, i32 %begin, i32 %n, i1 %a) nounwind {\nentry:\n  br label %outer\n"
         "outer:\n  %i = phi i32 [ %begin, %entry ], [ %next, %after ]\n  br i1 %a, label %first, label %second\n"
         "first:\n  %u = add nsw i32 %i, 3\n  store volatile i32 %u, ptr %p\n  br label %after\n"
         "second:\n  %v = " + sum + "\n  store volatile i16 0, ptr %p\n  br label %after\n"
         "after:\n  %next = phi i32 [ %u, %first ], [ %v, %second ]\n  %go = icmp slt i32 %next, %n\n"
         "  br i1 %go, label %outer, label %done\ndone:\n  ret void\n}\n";
}

// A loop whose way back has two parts, each behind a condition of its own: i < n, or j < n.
std::string split(const std::string& i_on_second, const std::string& j_on_first) {
  return "define void @f(ptr %p, i32 %n) nounwind {\nentry:\n  br label %head\n"
         "head:\n  %i = phi i32 [ 0, %entry ], [ %i.next, %latch ]\n  %j = phi i32 [ 0, %entry ], [ %j.next, %latch ]\n"
         "  %i.more = add nsw i32 %i, 3\n  %j.more = add nsw i32 %j, 5\n"
         "  %a = load volatile i1, ptr %p\n  br i1 %a, label %first, label %second\n"
         "first:\n  store volatile i32 1, ptr %p\n  %go.i = icmp slt i32 %i.more, %n\n  br i1 %go.i, label %latch, label %done\n"
         "second:\n  store volatile i16 2, ptr %p\n  %go.j = icmp slt i32 %j.more, %n\n  br i1 %go.j, label %latch, label %done\n"
         "latch:\n  %i.next = phi i32 [ %i.more, %first ], [ " + i_on_second + ", %second ]\n"
         "  %j.next = phi i32 [ " + j_on_first + ", %first ], [ %j.more, %second ]\n"
         "  store volatile i8 3, ptr %p\n  br label %head\ndone:\n  ret void\n}\n";
}

/// So many that LLVM does not put them in two places.
std::string several(const std::string& line) { return line + line + line + line + line + line; }

// Goes back on two ways, while a flag stands; `next` is what it is afterwards.
std::string flagged(const std::string& next) {
  return "define void @f(ptr %p) nounwind {\nentry:\n  br label %head\n"
         "head:\n  %flag = phi i1 [ true, %entry ], [ " + next + ", %latch ]\n"
         "  %a = load volatile i1, ptr %p\n" + several("  store volatile i8 4, ptr %p\n") +
         "  br i1 %a, label %first, label %second\n"
         "first:\n  store volatile i32 1, ptr %p\n  br i1 %flag, label %latch, label %done\n"
         "second:\n  store volatile i16 2, ptr %p\n  br i1 %flag, label %latch, label %done\n"
         "latch:\n  store volatile i8 3, ptr %p\n  br label %head\ndone:\n  ret void\n}\n";
}

}  // namespace

TEST_CASE("loops without a bound are refused: LLVM's, and those that only the object shows") {
  const std::map<std::string, std::string> spins = {{"x86-64-v3", "1: decl %eax\\0A jnz 1b"}, {"cortex-a53", "1: sub x0, x0, #1\\0A cbnz x0, 1b"},
                                                    {"armv7-neon", "1: subs r0, r0, #1\\0A bne 1b"}, {"cortex-m4", "1: subs r0, r0, #1\\0A bne 1b"},
                                                    {"rv64gcv", "1: addi a0, a0, -1\\0A bnez a0, 1b"}, {"rv32imc", "1: c.j 1b"}};
  for (const char* target : kOneOfEach) {
    CAPTURE(target);
    Audit facts = audit_ir("define void @f(ptr %p) nounwind {\nentry:\n  br label %loop\nloop:\n  %v = load volatile i32, ptr %p\n"
                           "  %go = icmp ne i32 %v, 0\n  br i1 %go, label %loop, label %done\ndone:\n  ret void\n}\n", target);
    CHECK_FALSE(claim(facts, "loops").holds());
    facts = audit_ir("define void @f() nounwind {\nentry:\n  br label %loop\nloop:\n  call void asm sideeffect \"\", \"\"()\n  br label %loop\n}\n", target);
    CHECK_FALSE(claim(facts, "loops").holds());
    facts = audit_ir(with_assembly(spins.at(target)), target);
    CHECK_FALSE(claim(facts, "loops").holds());
  }
}

TEST_CASE("a loop around another is bounded by a counter that cannot wrap, and by no other") {
  for (const char* target : kOneOfEach) {
    CAPTURE(target);
    CHECK(broken(audit_ir(by_threes("add nsw i32 %i, 3"), target)) == "");
    CHECK_FALSE(claim(audit_ir(by_threes("add i32 %i, 3"), target), "loops").holds());
    CHECK_FALSE(claim(audit_ir(by_threes("add nuw i32 %i, 3"), target), "loops").holds());
    CHECK_FALSE(claim(audit_ir(by_threes("add nsw i32 %i, 0"), target), "loops").holds());
    CHECK_FALSE(claim(audit_ir(by_threes("add nsw i32 %i, -3"), target), "loops").holds());
  }
}

TEST_CASE("a loop with several ways through it is bounded if all of them are") {
  for (const char* target : kOneOfEach) {
    CAPTURE(target);
    const auto loops_hold = [&](const std::string& text) { return claim(audit_ir(text, target), "loops").holds(); };
    CHECK(loops_hold(merged("add nsw i32 %i, 7")));
    CHECK_FALSE(loops_hold(merged("add i32 %i, 7")));
    CHECK_FALSE(loops_hold(merged("add nsw i32 %i, -7")));
    CHECK_FALSE(loops_hold(merged("load volatile i32, ptr %p")));
    CHECK(loops_hold(split("%i.more", "%j.more")));
    CHECK_FALSE(loops_hold(split("0", "0")));  // each way sets the other one's counter back
    CHECK(loops_hold(flagged("false")));
    CHECK_FALSE(loops_hold(flagged("true")));
    CHECK_FALSE(loops_hold(flagged("%a")));
  }
}

// Jumps of ARMv6-M reach 2 KB: LLVM writes longer ones as calls of a place in the same function.
TEST_CASE("a jump that looks like a call is one, where the function does not return by the link register") {
  std::string body;
  for (int i = 0; i < 400; ++i) body += "  store volatile i32 " + std::to_string(i * 1001) + ", ptr %p\n";
  const Audit facts = audit_ir(
      "define void @f(ptr %p, i32 %n) nounwind {\nentry:\n  br label %loop\nloop:\n  %i = phi i32 [ 0, %entry ], [ %j, %loop ]\n" + body +
          "  %j = add nuw nsw i32 %i, 1\n  %more = icmp slt i32 %j, %n\n  br i1 %more, label %loop, label %done\ndone:\n  ret void\n}\n",
      "cortex-m0plus");
  CHECK(broken(facts) == "");
  CHECK(facts.functions.at(0).loops == 1);
  CHECK(count(facts, "own_calls") + count(facts, "foreign_calls") == 0);
  const Audit lost = audit_ir(with_assembly("nop\\0A bl 1f\\0A nop\\0A 1: nop"), "cortex-m0plus");
  CHECK_FALSE(claim(lost, "calls").holds());  // the return goes back into the function
}

}  // namespace rondo::test
