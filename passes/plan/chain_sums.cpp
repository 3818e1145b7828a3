// chain_sums: a sum of a reduction and something else becomes a reduction that begins with it: s + sum(a b) is one chain of
// multiply-adds from s on. Sums of several products (x W + h R + bias) become one chain through their nests: a bias is
// where the first begins, and its result is where the second does. Where a product is one of several things in a sum, as
// a GRU's x W + r (h R), it is the bias that it begins with.
//
// The order of the additions is then: beginning, products in ascending order. Floating-point sums of one type only; a sum
// in float16 or bfloat16 is rounded on the way, so it stays. Tested by chain_sums_test.cpp.
#include <algorithm>
#include <functional>

#include "passes/plan/lowering.h"

namespace rondo {
namespace {

class Chains {
 public:
  explicit Chains(Kernel& kernel) : kernel_(kernel) {}

  void run() {
    while (join_one()) sort();
  }

 private:
  bool join_one() {
    look();
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      const Instr& sum = kernel_.body[i];
      if (sum.kind != Instr::Kind::pointwise || sum.op != Op::add) continue;
      if (sum.dtype != DType::f32 && sum.dtype != DType::f64) continue;
      // The reduction that runs later takes in the other.
      int first = sum.operands[0], second = sum.operands[1];
      if (nest(first) > nest(second)) std::swap(first, second);
      if (join(static_cast<int>(i), first, second) || join(static_cast<int>(i), second, first)) return true;
      if (insert(static_cast<int>(i), first, second)) return true;
      if (begin_within(static_cast<int>(i), first, second) || begin_within(static_cast<int>(i), second, first)) return true;
    }
    return false;
  }

  /// beginning + reduction, in place of instruction `sum`, becomes a reduction.
  bool join(int sum, int beginning, int reduction) {
    const int root = chain_root(reduction);
    if (root < 0 || beginning == reduction || after_[beginning] >= kernel_.body[root].nest) return false;
    kernel_.body[root].operands.push_back(beginning);
    replace(sum, reduction);
    return true;
  }

  /// earlier + (reduction from v) becomes reduction from (earlier from v).
  bool insert(int sum, int earlier, int reduction) {
    const int root = chain_root(earlier), start = chain_start(reduction);
    if (root < 0 || start < 0 || kernel_.body[start].operands.size() < 2) return false;
    const int beginning = kernel_.body[start].operands[1];
    if (after_[earlier] >= kernel_.body[start].nest || after_[beginning] >= kernel_.body[root].nest) return false;
    kernel_.body[root].operands.push_back(beginning);
    kernel_.body[start].operands[1] = earlier;
    replace(sum, reduction);
    return true;
  }

  /// beginning + (other + reduction) becomes other + reduction from beginning.
  bool begin_within(int sum, int beginning, int inner) {
    const Instr& addition = kernel_.body[inner];
    if (addition.kind != Instr::Kind::pointwise || addition.op != Op::add || addition.dtype != kernel_.body[sum].dtype ||
        uses_[inner] != 1)
      return false;
    for (int operand : addition.operands) {
      const int root = chain_root(operand);
      if (root < 0 || after_[beginning] >= kernel_.body[root].nest) continue;
      kernel_.body[root].operands.push_back(beginning);
      replace(sum, inner);
      return true;
    }
    return false;
  }

  /// The first reduction of a chain of sums each of which only the next one uses; -1 if there is none.
  int chain_start(int instr) const {
    while (is_own_sum(instr) && kernel_.body[instr].operands.size() > 1 && is_own_sum(kernel_.body[instr].operands[1]))
      instr = kernel_.body[instr].operands[1];
    return is_own_sum(instr) ? instr : -1;
  }
  /// The same if it begins with nothing, else -1.
  int chain_root(int instr) const {
    const int start = chain_start(instr);
    return start >= 0 && kernel_.body[start].operands.size() < 2 ? start : -1;
  }
  bool is_own_sum(int instr) const {
    const Instr& reduction = kernel_.body[instr];
    return reduction.kind == Instr::Kind::reduce && reduction.combine == Combine::sum && uses_[instr] == 1;
  }

  int nest(int instr) const {
    return kernel_.body[instr].kind == Instr::Kind::reduce ? kernel_.body[instr].nest : -1;
  }

  void look() {
    uses_.assign(kernel_.body.size(), 0);
    after_.assign(kernel_.body.size(), -1);
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      auto use = [&](int operand) {
        ++uses_[operand];
        after_[i] = std::max(after_[i], after_[operand]);
      };
      for (int operand : kernel_.body[i].operands) use(operand);
      for (const auto& part : kernel_.body[i].indirect) use(part.instr);
      after_[i] = std::max(after_[i], nest(static_cast<int>(i)));
    }
    for (const Store& store : kernel_.stores) {
      ++uses_[store.instr];
      for (const auto& part : store.indirect) ++uses_[part.instr];
    }
  }

  void replace(int from, int to) {
    for (Instr& instr : kernel_.body) {
      std::replace(instr.operands.begin(), instr.operands.end(), from, to);
      for (auto& part : instr.indirect)
        if (part.instr == from) part.instr = to;
    }
    for (Store& store : kernel_.stores) {
      if (store.instr == from) store.instr = to;
      for (auto& part : store.indirect)
        if (part.instr == from) part.instr = to;
    }
  }

  /// Operands before their uses again, without what nothing uses.
  void sort() {
    std::vector<Instr> sorted;
    std::vector<int> place(kernel_.body.size(), -1);
    std::function<int(int)> visit = [&](int old) {
      if (place[old] >= 0) return place[old];
      Instr instr = kernel_.body[old];
      for (int& operand : instr.operands) operand = visit(operand);
      for (auto& part : instr.indirect) part.instr = visit(part.instr);
      sorted.push_back(std::move(instr));
      return place[old] = static_cast<int>(sorted.size()) - 1;
    };
    for (Store& store : kernel_.stores) {
      store.instr = visit(store.instr);
      for (auto& part : store.indirect) part.instr = visit(part.instr);
    }
    kernel_.body = std::move(sorted);
  }

  Kernel& kernel_;
  std::vector<int> uses_, after_;  // by instruction; after_: the last nest that must have run before it is known
};

}  // namespace

void chain_sums(Plan& plan, const StageContext&) {
  for_each_kernel(plan.steps, [](Kernel& kernel) { Chains(kernel).run(); });
}

}  // namespace rondo
