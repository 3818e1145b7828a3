// The certificate. A claim collects what speaks against it, each with its place; nothing is held back after the first.
#include "codegen/audit/claims.h"

#include <fmt/format.h>
#include <llvm/MC/MCInstrDesc.h>

#include <algorithm>
#include <set>

#include "codegen/audit/contents.h"
#include "codegen/audit/flow.h"
#include "codegen/audit/kernels.h"
#include "codegen/audit/words.h"

namespace rondo::machine_code {
namespace {

enum ClaimIndex { kDecoded, kCalls, kJumps, kRecursion, kAllocation, kSystem, kLoops, kStack, kDenormals };
enum ClassIndex { kLoads, kStores, kFloats, kDivisions, kOwnCalls, kHelperCalls, kForeignCalls, kHookCalls, kFarCalls, kFarJumps,
                  kSystemWords, kFloatControl };

std::string denormals_of(const Target::Machine& machine) {
  const std::string kept = "denormal numbers are kept, unless the caller has set ";
  if (machine.triple.isX86()) return kept + "MXCSR to drop them; the code does not touch MXCSR";
  if (machine.triple.isAArch64()) return kept + "FPCR to drop them; the code does not touch FPCR";
  if (machine.triple.isRISCV())
    return machine.can.fma32 ? "denormal numbers are kept: RISC-V has no other mode; the code does not touch fcsr"
                             : "denormal numbers are as the soft-float helpers treat them";
  if (!machine.can.sqrt32) return "denormal numbers are as the soft-float helpers treat them";
  if (machine.facts.vector_bytes > 0)
    return "denormal numbers become 0 in vectors, as the processor's vectors always do; in scalars they are kept, unless "
           "the caller has set FPSCR to drop them; the code does not touch FPSCR";
  return kept + "FPSCR to drop them; the code does not touch FPSCR";
}

std::vector<Claim> claims_for(const Target::Machine& machine) {
  return {{"code", "all of the code is instructions of the target", {}},
          {"calls", "it calls nothing but its own functions and the ABI's helpers for arithmetic", {}},
          {"jumps", "it jumps to and calls only places that are written in the code; returns excepted, and the hook for threads, "
           "where the caller gives one", {}},
          {"recursion", "no function calls itself, directly or through others", {}},
          {"memory", "it asks for no memory and has none of its own to write to", {}},
          {"system", "no instruction enters the system or a debugger, stops, or waits", {}},
          {"loops", "every loop's number of iterations is known when it begins", {}},
          {"stack", "every function's stack has a fixed size", {}},
          {"denormals", denormals_of(machine), {}}};
}

std::vector<InstructionClass> classes() {
  return {{"loads", "read memory: fault on a bad address"},
          {"stores", "write memory: fault on a bad address"},
          {"floating_point", "may raise floating-point exceptions, where the caller has unmasked them"},
          {"integer_divisions", "fault on a divisor of 0 on some processors; none is 0"},
          {"own_calls", "call a function of the object"},
          {"helper_calls", "call one of the ABI's helpers for arithmetic"},
          {"foreign_calls", "call something else by name"},
          {"hook_calls", "call the hook for threads, where the caller gives one"},
          {"computed_calls", "call an address that is computed"},
          {"computed_jumps", "jump to an address that is computed"},
          {"system", "enter the system or a debugger, stop, or wait"},
          {"float_control", "change how floating point works"}};
}

class Examiner {
 public:
  Examiner(const Target& target, const Knowledge& knowledge)
      : machine_(target.machine()),
        disassembler_(target),
        proofs_(knowledge.proofs),
        ledger_(knowledge.lines, knowledge.kernels, classes().size()) {
    audit_.claims = claims_for(machine_);
    audit_.classes = classes();
  }

  Result<Audit> run(std::string_view object) {
    RONDO_TRY(audit_.undefined, undefined_symbols(object));
    for (const std::string& symbol : audit_.undefined)
      if (!is_arithmetic_helper(plain(symbol))) against(kAllocation, "it needs '" + symbol + "' from elsewhere");
    RONDO_TRY(Contents contents, contents_of(object));
    audit_.code_bytes = contents.code_bytes;
    audit_.read_only_bytes = contents.read_only_bytes;
    for (const auto& [name, size] : contents.writable) {
      audit_.writable_bytes += size;
      against(kAllocation, fmt::format("{} bytes in the section {}", size, name));
    }
    global_ = std::move(contents.global);
    RONDO_TRY(routines_, disassembler_.read(object));
    for (const Routine& routine : routines_) {
      by_name_[routine.name] = &routine;
      entries_[routine.section].push_back(routine.begin);
    }
    for (const Routine& routine : routines_) examine_routine(routine);
    for (size_t i = 0; i < routines_.size(); ++i) audit_.functions[i].stack_bytes = deepest(routines_[i].name);
    for (const FunctionFacts& function : audit_.functions) note_entry(function);
    audit_.kernels = ledger_.close(audit_.functions, stacks());
    for (FunctionFacts& function : audit_.functions) function.name = plain(function.name);
    return std::move(audit_);
  }

 private:
  void against(ClaimIndex claim, std::string what) { audit_.claims[claim].against.push_back(std::move(what)); }
  void count(ClassIndex index) {
    ++audit_.classes[index].count;
    ledger_.count(index);
  }

  /// macOS and 32-bit Windows write an underscore before C's names.
  std::string plain(const std::string& symbol) const {
    return machine_.triple.isOSDarwin() && symbol.starts_with('_') ? symbol.substr(1) : symbol;
  }

  void examine_routine(const Routine& routine) {
    FunctionFacts facts{routine.name, global_.contains(routine.name)};
    facts.code_bytes = static_cast<int64_t>(routine.end - routine.begin);
    for (uint64_t address : routine.unknown)
      against(kDecoded, fmt::format("bytes that are no instruction at {}+{:#x}", routine.name, address - routine.begin));
    if (routine.code.empty() || routine.code[0].address != routine.begin)
      against(kDecoded, routine.name + " does not begin with an instruction");
    std::set<std::string> calls;
    hook_calls_ = proof_of(routine).hook_calls;
    for (const Instruction& instruction : routine.code) examine_instruction(routine, instruction, calls);
    facts.calls.assign(calls.begin(), calls.end());
    examine_shape(routine, facts);
    if (!proofs_.contains(routine.name))
      against(kStack, fmt::format("nothing is known of the stack of {}", routine.name));
    else if (!proofs_.at(routine.name).fixed_frame)
      against(kStack, fmt::format("the stack of {} depends on values", routine.name));
    audit_.functions.push_back(std::move(facts));
  }

  const FunctionProof& proof_of(const Routine& routine) const {
    static const FunctionProof kNothing;
    const auto proof = proofs_.find(routine.name);
    return proof == proofs_.end() ? kNothing : proof->second;
  }

  std::string place(const Routine& routine, const Instruction& at) const {
    return fmt::format("{}+{:#x}: {}", routine.name, at.address - routine.begin, disassembler_.text(at));
  }

  void examine_instruction(const Routine& routine, const Instruction& at, std::set<std::string>& calls) {
    ledger_.look_at(routine, at);
    const llvm::MCInstrDesc& description = disassembler_.describe(at.code);
    const llvm::StringRef word = disassembler_.word(at.code);
    if (description.mayLoad()) count(kLoads);
    if (description.mayStore()) count(kStores);
    if (description.mayRaiseFPException() || is_arm_float(word)) count(kFloats);
    if (is_division(word)) count(kDivisions);
    if (is_system(word, at.code)) count(kSystemWords), against(kSystem, place(routine, at));
    if (writes_float_control(word, at.code)) count(kFloatControl), against(kDenormals, place(routine, at));
    if (at.flow == Flow::far_call && --hook_calls_ >= 0)
      count(kHookCalls);
    else if (at.flow == Flow::far_call)
      count(kFarCalls), against(kJumps, place(routine, at));
    if (at.flow == Flow::far_jump) count(kFarJumps), against(kJumps, place(routine, at));
    const bool jumps = at.flow == Flow::jump || at.flow == Flow::choice;
    if (at.flow == Flow::call || (jumps && leads_outside(routine, at))) note_call(routine, at, calls);
  }

  bool leads_outside(const Routine& routine, const Instruction& at) const {
    return at.to ? *at.to < routine.begin || *at.to >= routine.end : !at.names.empty();
  }

  void note_call(const Routine& routine, const Instruction& at, std::set<std::string>& calls) {
    std::string name = at.names;
    if (at.to) {
      const auto callee = std::find_if(routines_.begin(), routines_.end(), [&](const Routine& other) {
        return other.section == routine.section && other.begin == *at.to;
      });
      if (callee != routines_.end()) name = callee->name;
    }
    if (by_name_.contains(name))
      count(kOwnCalls);
    else if (is_arithmetic_helper(plain(name)))
      count(kHelperCalls);
    else
      count(kForeignCalls), against(kCalls, place(routine, at) + (name.empty() ? "" : " (" + name + ")"));
    calls.insert(name);
    ledger_.call(name);
  }

  void examine_shape(const Routine& routine, FunctionFacts& facts) {
    std::vector<uint64_t>& entries = entries_[routine.section];
    std::sort(entries.begin(), entries.end());
    const Shape shape = shape_of(routine, entries);
    facts.loops = shape.loops;
    for (size_t i : shape.strays) against(kJumps, place(routine, routine.code[i]) + ": leads out of the function");
    const int known = proof_of(routine).bounded_loops;
    if (facts.loops > known)
      against(kLoops, fmt::format("{} loops in {}, of which {} are known to end", facts.loops, routine.name, known));
  }

  /// Of a function and what it calls; -1 where there is no bound.
  int64_t deepest(const std::string& name) {
    if (const auto known = depths_.find(name); known != depths_.end()) return known->second;
    if (!by_name_.contains(name)) return 0;  // a helper
    if (open_.contains(name)) {
      against(kRecursion, name + " calls itself");
      return -1;
    }
    open_.insert(name);
    const size_t index = static_cast<size_t>(by_name_.at(name) - routines_.data());
    int64_t below = 0;
    for (const std::string& callee : audit_.functions[index].calls) {
      const int64_t depth = deepest(callee);
      below = depth < 0 || below < 0 ? -1 : std::max(below, depth);
    }
    open_.erase(name);
    const auto proof = proofs_.find(name);
    const bool known = proof != proofs_.end() && proof->second.fixed_frame && below >= 0;
    return depths_[name] = known ? proof->second.frame_bytes + below : -1;
  }

  std::map<std::string, StackOf> stacks() const {
    std::map<std::string, StackOf> stacks;
    for (const FunctionFacts& function : audit_.functions) {
      const auto proof = proofs_.find(function.name);
      const bool known = proof != proofs_.end() && proof->second.fixed_frame;
      stacks[function.name] = {known ? proof->second.frame_bytes : -1, function.stack_bytes};
    }
    return stacks;
  }

  void note_entry(const FunctionFacts& function) {
    if (audit_.stack_bytes < 0) return;
    audit_.stack_bytes = function.stack_bytes < 0 ? -1 : std::max(audit_.stack_bytes, function.stack_bytes);
  }

  const Target::Machine& machine_;
  Disassembler disassembler_;
  const std::map<std::string, FunctionProof>& proofs_;
  KernelLedger ledger_;
  Audit audit_;
  std::vector<Routine> routines_;
  std::map<std::string, const Routine*> by_name_;
  std::map<uint64_t, std::vector<uint64_t>> entries_;  // by section
  std::set<std::string> global_, open_;
  std::map<std::string, int64_t> depths_;
  int hook_calls_ = 0;  // of the routine that is looked at, still to be found
};

}  // namespace

Result<Audit> examine(std::string_view object, const Target& target, const Knowledge& knowledge) {
  return Examiner(target, knowledge).run(object);
}

}  // namespace rondo::machine_code
