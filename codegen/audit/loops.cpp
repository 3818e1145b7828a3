// ScalarEvolution bounds a loop by one exit that every iteration passes. Where it cannot, the way back to the loop's
// head must be bounded; where LLVM has split that in several, each of them. A wrap of a sum that says it has none (nsw,
// nuw) is poison, and a branch on poison is undefined: who compares such a sum finds no wrap.
#include "codegen/audit/loops.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Operator.h>

namespace rondo::machine_code {
namespace {

/// What `value`, of the latch, is when control comes there from `from`; or is, where `from` is the latch.
const llvm::Value& along(const llvm::Value& value, const llvm::BasicBlock& from, const llvm::BasicBlock& latch) {
  const auto* phi = llvm::dyn_cast<llvm::PHINode>(&value);
  return phi && phi->getParent() == &latch && &from != &latch ? *phi->getIncomingValueForBlock(&from) : value;
}

/// `value` is more than `counter`, whichever way control took through the loop: a sum of it and a positive number that
/// wraps nowhere, as it would be poison.
bool is_more_than(const llvm::Value& value, const llvm::PHINode& counter, const llvm::Loop& loop, bool is_signed,
                  int depth = 4) {
  if (const auto* sum = llvm::dyn_cast<llvm::AddOperator>(&value)) {
    const auto* step = llvm::dyn_cast<llvm::ConstantInt>(sum->getOperand(1));
    const bool wraps = is_signed ? !sum->hasNoSignedWrap() : !sum->hasNoUnsignedWrap();
    return sum->getOperand(0) == &counter && step && step->getValue().isStrictlyPositive() && !wraps;
  }
  const auto* phi = llvm::dyn_cast<llvm::PHINode>(&value);
  if (!phi || phi == &counter || !loop.contains(phi) || depth == 0) return false;
  return llvm::all_of(phi->incoming_values(), [&](const llvm::Use& each) {
    return is_more_than(*each.get(), counter, loop, is_signed, depth - 1);
  });
}

/// Whether `value`, when control goes from `from` to the latch, is what a counter is in the next iteration, which in
/// every iteration is more than in the one before. Who compares it finds no wrap: that would be a branch on poison.
bool counts_up(const llvm::Value& value, const llvm::BasicBlock& from, const llvm::Loop& loop, bool is_signed) {
  const llvm::BasicBlock& latch = *loop.getLoopLatch();
  return llvm::any_of(loop.getHeader()->phis(), [&](const llvm::PHINode& counter) {
    const llvm::Value& next = *counter.getIncomingValueForBlock(&latch);
    return &along(next, from, latch) == &value && is_more_than(next, counter, loop, is_signed);
  });
}

/// The same, as ScalarEvolution knows it.
bool counts_up(const llvm::SCEV& value, const llvm::Loop& loop, bool is_signed, llvm::ScalarEvolution& evolution) {
  const auto* counter = llvm::dyn_cast<llvm::SCEVAddRecExpr>(&value);
  if (!counter || counter->getLoop() != &loop || !counter->isAffine()) return false;
  if (!evolution.isKnownPositive(counter->getStepRecurrence(evolution))) return false;
  return is_signed ? counter->hasNoSignedWrap() : counter->hasNoUnsignedWrap();
}

/// A way on that is taken in the first iteration at most: by a flag that the latch clears.
bool is_taken_once(const llvm::Value& condition, bool way, const llvm::Loop& loop) {
  const auto* flag = llvm::dyn_cast<llvm::PHINode>(&condition);
  if (!flag || flag->getParent() != loop.getHeader()) return false;
  const auto* next = llvm::dyn_cast<llvm::ConstantInt>(flag->getIncomingValueForBlock(loop.getLoopLatch()));
  return next && next->isOne() != way;
}

/// Whether the way from `from` to `to` can be taken in so many iterations only as are known when the loop begins.
bool is_bounded(const llvm::BasicBlock& from, const llvm::BasicBlock& to, const llvm::Loop& loop,
                llvm::ScalarEvolution& evolution) {
  const auto* branch = llvm::dyn_cast<llvm::BranchInst>(from.getTerminator());
  if (!branch || !branch->isConditional() || branch->getSuccessor(0) == branch->getSuccessor(1)) return false;
  const bool way = branch->getSuccessor(0) == &to;
  if (is_taken_once(*branch->getCondition(), way, loop)) return true;
  const auto* compare = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
  if (!compare) return false;
  const auto predicate = way ? compare->getPredicate() : compare->getInversePredicate();
  if (predicate != llvm::ICmpInst::ICMP_ULT && predicate != llvm::ICmpInst::ICMP_SLT) return false;
  const bool is_signed = predicate == llvm::ICmpInst::ICMP_SLT;
  llvm::Value* value = compare->getOperand(0);
  return evolution.isLoopInvariant(evolution.getSCEV(compare->getOperand(1)), &loop) &&
         (counts_up(*value, from, loop, is_signed) || counts_up(*evolution.getSCEV(value), loop, is_signed, evolution));
}

}  // namespace

bool ends(const llvm::Loop& loop, llvm::ScalarEvolution& evolution) {
  if (!llvm::isa<llvm::SCEVCouldNotCompute>(evolution.getSymbolicMaxBackedgeTakenCount(&loop))) return true;
  const llvm::BasicBlock* latch = loop.getLoopLatch();
  if (!latch) return false;
  if (is_bounded(*latch, *loop.getHeader(), loop, evolution)) return true;
  return latch != loop.getHeader() && llvm::all_of(llvm::predecessors(latch), [&](const llvm::BasicBlock* before) {
           return is_bounded(*before, *latch, loop, evolution);
         });
}

}  // namespace rondo::machine_code
