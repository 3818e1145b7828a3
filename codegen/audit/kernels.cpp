// See kernels.h. The stack in use while a kernel runs: of all callers down to the function that holds its code, and of
// what that calls for it.
#include "codegen/audit/kernels.h"

#include <algorithm>

namespace rondo::machine_code {
namespace {

/// Chains of calls among an object's functions; one that is a circle has no bound.
class Chains {
 public:
  Chains(const std::vector<FunctionFacts>& functions, const std::map<std::string, StackOf>& stacks) : stacks_(stacks) {
    for (const FunctionFacts& function : functions) {
      by_name_[function.name] = &function;
      for (const std::string& callee : function.calls) callers_[callee].insert(function.name);
    }
  }

  /// Bytes of stack when the function is entered; -1: no bound.
  int64_t above(const std::string& name) {
    if (const auto known = above_.find(name); known != above_.end()) return known->second;
    above_[name] = -1;  // until all callers are known
    int64_t most = 0;
    for (const std::string& caller : callers_[name]) most = deeper(most, sum(above(caller), frame(caller)));
    return above_[name] = most;
  }

  int64_t frame(const std::string& name) const { return stacks_.contains(name) ? stacks_.at(name).frame : -1; }
  int64_t below(const std::string& callee) const { return stacks_.contains(callee) ? stacks_.at(callee).deepest : 0; }

  /// The names outside the object that a call of the function leads to, through others too.
  void add_outside(const std::string& name, std::set<std::string>& outside, std::set<std::string>& seen) const {
    const auto function = by_name_.find(name);
    if (function == by_name_.end()) {
      outside.insert(name);
    } else if (seen.insert(name).second) {
      for (const std::string& callee : function->second->calls) add_outside(callee, outside, seen);
    }
  }

  static int64_t sum(int64_t a, int64_t b) { return a < 0 || b < 0 ? -1 : a + b; }
  static int64_t deeper(int64_t a, int64_t b) { return a < 0 || b < 0 ? -1 : std::max(a, b); }

 private:
  const std::map<std::string, StackOf>& stacks_;
  std::map<std::string, const FunctionFacts*> by_name_;
  std::map<std::string, std::set<std::string>> callers_;
  std::map<std::string, int64_t> above_;
};

}  // namespace

KernelLedger::KernelLedger(const LinesOfFunctions& lines, size_t kernels, size_t classes)
    : lines_(lines),
      kernels_(lines.empty() ? 0 : kernels, KernelFacts{0, 0, {}, std::vector<int64_t>(classes)}),
      calls_(kernels_.size()) {}

void KernelLedger::look_at(const Routine& routine, const Instruction& instruction) {
  current_ = 0;
  const auto lines = lines_.find(routine.name);
  if (lines == lines_.end()) return;
  auto line = lines->second.upper_bound(instruction.address - routine.begin);
  if (line == lines->second.begin()) return;
  current_ = static_cast<size_t>(std::prev(line)->second);
  if (current_ > kernels_.size()) current_ = 0;
  if (current_ == 0) return;
  function_ = routine.name;
  calls_[current_ - 1][function_];
}

void KernelLedger::count(size_t instruction_class) {
  if (current_ > 0) ++kernels_[current_ - 1].classes[instruction_class];
}

void KernelLedger::call(const std::string& name) {
  if (current_ > 0) calls_[current_ - 1][function_].insert(name);
}

std::vector<KernelFacts> KernelLedger::close(const std::vector<FunctionFacts>& functions,
                                             const std::map<std::string, StackOf>& stacks) {
  Chains chains(functions, stacks);
  for (const FunctionFacts& function : functions) {
    const auto lines = lines_.find(function.name);
    if (lines == lines_.end()) continue;
    for (auto line = lines->second.begin(); line != lines->second.end(); ++line) {
      const auto next = std::next(line);
      const uint64_t end = next == lines->second.end() ? static_cast<uint64_t>(function.code_bytes) : next->first;
      if (line->second > 0 && static_cast<size_t>(line->second) <= kernels_.size())
        kernels_[static_cast<size_t>(line->second) - 1].code_bytes += static_cast<int64_t>(end - line->first);
    }
  }
  for (size_t k = 0; k < kernels_.size(); ++k) {
    std::set<std::string> outside, seen;
    for (const auto& [function, callees] : calls_[k]) {
      int64_t below = 0;
      for (const std::string& callee : callees) {
        below = Chains::deeper(below, chains.below(callee));
        chains.add_outside(callee, outside, seen);
      }
      const int64_t here = Chains::sum(Chains::sum(chains.above(function), chains.frame(function)), below);
      kernels_[k].stack_bytes = Chains::deeper(kernels_[k].stack_bytes, here);
    }
    kernels_[k].undefined.assign(outside.begin(), outside.end());
  }
  return std::move(kernels_);
}

}  // namespace rondo::machine_code
