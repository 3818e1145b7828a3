// Combine activations: a sigmoid or tanh of a product's sum is as inexact as the sum, so in a kernel that computes such
// sums the cell_ forms take its place, whether the argument is made of the kernel's own sums or of ones that were
// computed before, and are loaded. (Activations in kernels of their own stay exact, unless the plan's math is fast.) Where
// activations are multiplied and added, one operator with one division does it: sigmoid_times_tanh, gated_sum (LSTM's
// state), gated_blend (GRU's state), however their expression is written.
//
// An expression is read as a polynomial of its atoms: activations, and whatever else is multiplied with them. A form is
// taken only if nothing else uses the activations that it swallows. Only float32.
// Tested by combine_activations_test.cpp.
#include <algorithm>
#include <set>

#include "passes/plan/lowering.h"

namespace rondo {
namespace {

constexpr size_t kMostTerms = 6;
constexpr int kDeepest = 5;

struct Term {
  int coefficient = 1;
  std::vector<int> atoms;  // instructions, ascending
};
using Polynomial = std::vector<Term>;

bool is(const Instr& instr, Op op) {
  return instr.kind == Instr::Kind::pointwise && instr.op == op && instr.dtype == DType::f32;
}

bool is_sum(const Instr& instr) {
  return instr.kind == Instr::Kind::reduce && instr.combine == Combine::sum && instr.dtype == DType::f32;
}

/// Which instructions are sums over reduction axes, loads of buffers among `sums`, or float32 made of those.
std::vector<bool> made_of_sums(const std::vector<Instr>& body, const std::set<int>& sums) {
  std::vector<bool> made(body.size(), false);
  for (size_t i = 0; i < body.size(); ++i) {
    const Instr& instr = body[i];
    if (instr.dtype != DType::f32) continue;
    made[i] = is_sum(instr) || (instr.kind == Instr::Kind::load && sums.count(instr.buffer) > 0);
    if (instr.kind == Instr::Kind::pointwise)
      for (int operand : instr.operands) made[i] = made[i] || made[operand];
  }
  return made;
}

/// What a form reads, as instructions.
struct Form {
  Op op;
  std::vector<int> operands;
  bool inverted = false;  // gated_blend of -operand 0
};

class Combiner {
 public:
  /// `sums`: buffers that hold what is made of sums. `all`: all activations count as made of sums.
  Combiner(Kernel& kernel, const std::set<int>& sums, bool all)
      : kernel_(kernel), body_(kernel.body), sums_(sums), all_(all) {}

  void run() {
    replace_activations();
    if (!replaced_) return;
    count_uses();
    // Later sums first: they are the larger expressions.
    for (int i = size(); i-- > 0;)
      if (uses_[i] > 0 && opened_[i]) combine(i);
    drop_unused();
  }

 private:
  int size() const { return static_cast<int>(body_.size()); }

  /// sigmoid -> cell_sigmoid and tanh -> cell_tanh where the argument is made of a sum.
  void replace_activations() {
    if (!all_ && std::none_of(body_.begin(), body_.end(), is_sum)) return;
    const std::vector<bool> of_sum = made_of_sums(body_, sums_);
    for (int i = 0; i < size(); ++i) {
      Instr& instr = body_[i];
      if ((!all_ && !of_sum[i]) || (!is(instr, Op::sigmoid) && !is(instr, Op::tanh))) continue;
      instr.op = instr.op == Op::sigmoid ? Op::cell_sigmoid : Op::cell_tanh;
      replaced_ = true;
    }
  }

  template <class Function>
  static void for_each_input(const Instr& instr, Function f) {
    for (int operand : instr.operands) f(operand);
    for (const Instr::Indirect& part : instr.indirect) f(part.instr);
  }

  bool activation(int i) const { return is(body_[i], Op::cell_sigmoid) || is(body_[i], Op::cell_tanh); }

  /// Whether an expression is opened rather than an atom: it multiplies or adds activations.
  void find_opened() {
    opened_.assign(body_.size(), false);
    for (int i = 0; i < size(); ++i) {
      if (!is(body_[i], Op::add) && !is(body_[i], Op::sub) && !is(body_[i], Op::mul)) continue;
      for (int operand : body_[i].operands)
        if (activation(operand) || (uses_[operand] == 1 && opened_[operand])) opened_[i] = true;
    }
  }

  /// The expression's polynomial; empty if it has too many terms. Counts how often each atom is read.
  Polynomial expand(int i, int depth, std::map<int, int>& reads) const {
    const Instr& instr = body_[i];
    if (instr.kind == Instr::Kind::immediate && instr.real == 1) return {{1, {}}};
    if (!opened_[i] || (depth > 0 && uses_[i] != 1)) {
      ++reads[i];
      return {{1, {i}}};
    }
    if (depth == kDeepest) return {};
    const Polynomial a = expand(instr.operands[0], depth + 1, reads), b = expand(instr.operands[1], depth + 1, reads);
    if (a.empty() || b.empty()) return {};
    Polynomial result = instr.op == Op::mul ? multiply(a, b) : add(a, b, instr.op == Op::sub ? -1 : 1);
    return result.size() <= kMostTerms ? result : Polynomial{};
  }

  static Polynomial multiply(const Polynomial& a, const Polynomial& b) {
    Polynomial result;
    for (const Term& x : a)
      for (const Term& y : b) {
        Term term{x.coefficient * y.coefficient, x.atoms};
        term.atoms.insert(term.atoms.end(), y.atoms.begin(), y.atoms.end());
        std::sort(term.atoms.begin(), term.atoms.end());
        result.push_back(std::move(term));
      }
    return result;
  }

  static Polynomial add(Polynomial a, const Polynomial& b, int sign) {
    for (const Term& term : b) a.push_back({sign * term.coefficient, term.atoms});
    return a;
  }

  void combine(int root) {
    std::map<int, int> reads;
    const Polynomial terms = expand(root, 0, reads);
    const auto found = match(terms);
    if (!found) return;
    // What the form swallows must have no other reader.
    for (const auto& [atom, count] : reads)
      if (activation(atom) && uses_[atom] != count) return;
    Instr joined = body_[root];
    joined.op = found->op;
    joined.operands = found->operands;
    body_[root] = std::move(joined);
    if (found->inverted) inverted_.insert(root);
    count_uses();
  }

  std::optional<Form> match(const Polynomial& terms) const {
    if (terms.size() == 1) return match_product(terms[0]);
    if (terms.size() == 2) return match_sum(terms[0], terms[1]);
    if (terms.size() == 3) return match_blend(terms);
    return std::nullopt;
  }

  int argument(int activation) const { return body_[activation].operands[0]; }

  /// sigmoid(a) * tanh(b)
  std::optional<Form> match_product(const Term& term) const {
    if (term.coefficient != 1 || term.atoms.size() != 2) return std::nullopt;
    int s = term.atoms[0], t = term.atoms[1];
    if (!is(body_[s], Op::cell_sigmoid)) std::swap(s, t);
    if (!is(body_[s], Op::cell_sigmoid) || !is(body_[t], Op::cell_tanh)) return std::nullopt;
    return Form{Op::sigmoid_times_tanh, {argument(s), argument(t)}};
  }

  /// sigmoid(f) * c + sigmoid(a) * tanh(b)
  std::optional<Form> match_sum(const Term& first, const Term& second) const {
    for (const auto& [state, input] : {std::pair(&first, &second), std::pair(&second, &first)}) {
      const auto product = match_product(*input);
      if (!product || state->coefficient != 1 || state->atoms.size() != 2) continue;
      int s = state->atoms[0], c = state->atoms[1];
      if (!is(body_[s], Op::cell_sigmoid)) std::swap(s, c);
      if (!is(body_[s], Op::cell_sigmoid) || activation(c)) continue;
      return Form{Op::gated_sum, {argument(s), c, product->operands[0], product->operands[1]}};
    }
    return std::nullopt;
  }

  /// n - z n + z h, or, with 1 - z in place of z, h - z h + z n; z a sigmoid, n a tanh.
  std::optional<Form> match_blend(const Polynomial& terms) const {
    int kept = -1, gate = -1, other = -1;
    for (const Term& term : terms)
      if (term.coefficient == 1 && term.atoms.size() == 1) kept = term.atoms[0];
    if (kept < 0) return std::nullopt;
    bool taken = false;
    for (const Term& term : terms) {
      if (term.atoms.size() != 2) continue;
      int z = term.atoms[0], x = term.atoms[1];
      if (!is(body_[z], Op::cell_sigmoid)) std::swap(z, x);
      if (!is(body_[z], Op::cell_sigmoid) || (gate >= 0 && z != gate)) return std::nullopt;
      gate = z;
      if (term.coefficient == -1 && x == kept) taken = true;
      if (term.coefficient == 1) other = x;
    }
    if (!taken || other < 0 || kept == other) return std::nullopt;
    const bool plain = is(body_[kept], Op::cell_tanh), inverted = is(body_[other], Op::cell_tanh);
    if (plain == inverted) return std::nullopt;
    return plain ? Form{Op::gated_blend, {argument(gate), argument(kept), other}}
                 : Form{Op::gated_blend, {argument(gate), argument(other), kept}, true};
  }

  std::vector<bool> live() const {
    std::vector<bool> live(body_.size(), false);
    for (const Store& store : kernel_.stores) {
      live[store.instr] = true;
      for (const Instr::Indirect& part : store.indirect) live[part.instr] = true;
    }
    for (int i = size(); i-- > 0;) {
      live[i] = live[i] || body_[i].kind == Instr::Kind::bounded;  // it may fail the call
      if (live[i]) for_each_input(body_[i], [&](int input) { live[input] = true; });
    }
    return live;
  }

  void count_uses() {
    const std::vector<bool> used = live();
    uses_.assign(body_.size(), 0);
    for (int i = 0; i < size(); ++i)
      if (used[i]) for_each_input(body_[i], [&](int input) { ++uses_[input]; });
    for (const Store& store : kernel_.stores) {
      ++uses_[store.instr];
      for (const Instr::Indirect& part : store.indirect) ++uses_[part.instr];
    }
    find_opened();
  }

  /// Drops what nothing uses any more, and inserts the negations of inverted gates.
  void drop_unused() {
    const std::vector<bool> used = live();
    std::vector<int> place(body_.size(), -1);
    std::vector<Instr> kept;
    for (int i = 0; i < size(); ++i) {
      if (!used[i]) continue;
      Instr instr = std::move(body_[i]);
      for (int& operand : instr.operands) operand = place[operand];
      for (Instr::Indirect& part : instr.indirect) part.instr = place[part.instr];
      if (inverted_.count(i)) {
        Instr negation;
        negation.kind = Instr::Kind::pointwise;
        negation.op = Op::neg;
        negation.dtype = DType::f32;
        negation.operands = {instr.operands[0]};
        instr.operands[0] = static_cast<int>(kept.size());
        kept.push_back(std::move(negation));
      }
      place[i] = static_cast<int>(kept.size());
      kept.push_back(std::move(instr));
    }
    body_ = std::move(kept);
    for (Store& store : kernel_.stores) {
      store.instr = place[store.instr];
      for (Instr::Indirect& part : store.indirect) part.instr = place[part.instr];
    }
  }

  Kernel& kernel_;
  std::vector<Instr>& body_;
  const std::set<int>& sums_;
  bool all_;
  std::vector<int> uses_;   // by live instructions and stores
  std::vector<bool> opened_;
  std::set<int> inverted_;
  bool replaced_ = false;
};

}  // namespace

void combine_activations(Plan& plan, const StageContext&) {
  std::set<int> sums;
  for_each_kernel(plan.steps, [&](Kernel& kernel) {
    Combiner(kernel, sums, plan.fast_math).run();
    const std::vector<bool> made = made_of_sums(kernel.body, sums);
    for (const Store& store : kernel.stores)
      if (made[store.instr]) sums.insert(store.buffer);
  });
}

}  // namespace rondo
