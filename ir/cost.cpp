// Counting by what each value changes with. Tested by tests/ir/cost_test.cpp.
#include "ir/cost.h"

#include "ir/measure.h"

#include <algorithm>

namespace rondo {
namespace {

/// What one operator stands for.
struct Parts {
  int functions, arithmetic;
};

Parts parts_of(Op op) {
  static constexpr std::pair<Op, Parts> kSpecial[] = {{Op::pow, {1, 0}},
                                                      {Op::exp, {1, 0}},
                                                      {Op::expm1, {1, 0}},
                                                      {Op::log, {1, 0}},
                                                      {Op::log1p, {1, 0}},
                                                      {Op::tanh, {1, 0}},
                                                      {Op::sigmoid, {1, 0}},
                                                      {Op::erf, {1, 0}},
                                                      {Op::cell_tanh, {1, 0}},
                                                      {Op::cell_sigmoid, {1, 0}},
                                                      {Op::gated_blend, {2, 4}},
                                                      {Op::gated_sum, {3, 3}},
                                                      {Op::sigmoid_times_tanh, {2, 1}}};
  for (const auto& [special, parts] : kSpecial)
    if (op == special) return parts;
  const Signature signature = info(op).signature;
  const bool counts =
      signature == Signature::numeric || signature == Signature::floating || signature == Signature::integral || signature == Signature::compare;
  return {0, counts ? 1 : 0};
}

class Counter {
 public:
  Counter(const Plan& plan, const Kernel& kernel) : plan_(plan), kernel_(kernel) {
    for_each_axis(kernel, [&](const Axis& axis) { extents_[axis.var] = axis.extent; });
  }

  KernelCost count() {
    find_changes();
    for (size_t i = 0; i < kernel_.body.size(); ++i) count_operation(i);
    count_bytes();
    return cost_;
  }

 private:
  using Vars = std::set<int>;

  Vars vars_of(const Index& index) const {
    Vars vars;
    for (const IndexTerm& term : index.terms)
      if (extents_.count(term.var)) vars.insert(term.var);
    return vars;
  }

  /// The axes that each instruction's value changes with, and those of the work for it: a reduce's terms.
  void find_changes() {
    for (const Instr& instr : kernel_.body) {
      Vars vars = vars_of(instr.index);
      for (int operand : instr.operands) vars.insert(value_vars_[operand].begin(), value_vars_[operand].end());
      for (const Instr::Indirect& part : instr.indirect)
        vars.insert(value_vars_[part.instr].begin(), value_vars_[part.instr].end());
      Vars terms = vars;
      if (instr.kind == Instr::Kind::reduce)
        for (const Axis& axis : kernel_.reductions[instr.nest]) vars.erase(axis.var), terms.insert(axis.var);
      value_vars_.push_back(std::move(vars));
      work_vars_.push_back(std::move(terms));
    }
  }

  Dim product(const Vars& vars) const {
    Dim count = 1;
    for (int var : vars) count *= extents_.at(var);
    return count;
  }

  /// A weight, or one that is cast to the type that computes.
  bool is_weight(int value) const {
    const Instr& instr = kernel_.body[value];
    if (instr.kind == Instr::Kind::load) return plan_.buffers[instr.buffer].kind == Buffer::Kind::constant;
    return instr.kind == Instr::Kind::pointwise && instr.op == Op::cast && is_weight(instr.operands[0]);
  }

  bool is_product(const Instr& instr) const {
    return instr.kind == Instr::Kind::pointwise && instr.op == Op::mul && is_float(instr.dtype);
  }

  /// How a product is used.
  enum class Place : uint8_t {
    term,    // of a sum over reduction axes
    addend,  // what such a sum begins with, or one side of an addition
    another,
  };
  Place place_in(const Instr& user, size_t user_index, size_t product) const {
    const int value = static_cast<int>(product);
    const bool sums = user.kind == Instr::Kind::reduce && user.combine == Combine::sum;
    if (sums && user.operands[0] == value)
      return work_vars_[user_index] == work_vars_[product] ? Place::term : Place::another;
    const bool adds = user.kind == Instr::Kind::pointwise && user.op == Op::add;
    return (sums || adds) && value_vars_[user_index] == work_vars_[product] ? Place::addend : Place::another;
  }

  /// The place of all that use the instruction, if it is the product of a multiply-add: the terms of sums, or one sum
  /// to which a product by a weight is added. Such is the product of a matrix whose inner size is 1.
  Place multiply_add_at(size_t index) const {
    const Instr& instr = kernel_.body[index];
    const auto stored = [&](const Store& store) { return store.instr == static_cast<int>(index); };
    if (!is_product(instr) || std::any_of(kernel_.stores.begin(), kernel_.stores.end(), stored)) return Place::another;
    std::vector<Place> places;
    for (size_t user = index + 1; user < kernel_.body.size(); ++user)
      for (int operand : kernel_.body[user].operands)
        if (operand == static_cast<int>(index)) places.push_back(place_in(kernel_.body[user], user, index));
    const bool terms = std::all_of(places.begin(), places.end(), [](Place place) { return place == Place::term; });
    if (!places.empty() && terms) return Place::term;
    const bool by_weight = is_weight(instr.operands[0]) || is_weight(instr.operands[1]);
    return by_weight && places.size() == 1 && places[0] == Place::addend ? Place::addend : Place::another;
  }

  /// Whether it is computed for each term of a reduction.
  bool is_inside(size_t index) const {
    const Vars& vars = value_vars_[index];
    return std::any_of(vars.begin(), vars.end(), [&](int var) { return nest_of(kernel_, var) >= 0; });
  }

  bool takes_in_a_product(const Instr& instr) const {
    return instr.op == Op::add && std::any_of(instr.operands.begin(), instr.operands.end(), [&](int operand) {
             return multiply_add_at(static_cast<size_t>(operand)) == Place::addend;
           });
  }

  void count_operation(size_t index) {
    const Instr& instr = kernel_.body[index];
    const Dim times = product(work_vars_[index]);
    const bool in_parts = kernel_.schedule.matrix > 0;  // a product is then a sum of products of parts
    if (in_parts && is_inside(index)) return;
    if (instr.kind == Instr::Kind::reduce && is_float(instr.dtype)) {
      const bool fused =
          in_parts || (instr.combine == Combine::sum &&
                       multiply_add_at(static_cast<size_t>(instr.operands[0])) == Place::term);
      (fused ? cost_.multiply_adds : cost_.arithmetic) += times;
    }
    if (instr.kind != Instr::Kind::pointwise) return;
    const Place place = multiply_add_at(index);
    if (place == Place::addend) cost_.multiply_adds += times;
    if (place != Place::another || takes_in_a_product(instr)) return;
    const bool floats = is_float(instr.dtype) || is_float(kernel_.body[instr.operands.back()].dtype);
    if (!floats) return;
    const Parts parts = parts_of(instr.op);
    cost_.functions += Dim(parts.functions) * times;
    cost_.arithmetic += Dim(parts.arithmetic) * times;
  }

  /// Elements that an access touches, a buffer's own at most.
  Dim touched(int buffer, const Vars& vars) const { return min(product(vars), plan_.buffers[buffer].count); }

  void count_bytes() {
    std::map<int, Dim> read, written;
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      const Instr& instr = kernel_.body[i];
      if (instr.kind != Instr::Kind::load) continue;
      const auto same = [&](const Instr& one) {
        return one.kind == Instr::Kind::load && one.buffer == instr.buffer && one.index == instr.index &&
               one.indirect == instr.indirect;
      };
      if (std::any_of(kernel_.body.begin(), kernel_.body.begin() + static_cast<std::ptrdiff_t>(i), same)) continue;
      read[instr.buffer] += touched(instr.buffer, work_vars_[i]);
    }
    for (const Store& store : kernel_.stores) {
      Vars vars = vars_of(store.index);
      written[store.buffer] += touched(store.buffer, vars);
    }
    for (const auto& [buffer, count] : read) {
      const bool constant = plan_.buffers[buffer].kind == Buffer::Kind::constant;
      (constant ? cost_.constant_bytes : cost_.read_bytes) += bytes(buffer, count);
    }
    for (const auto& [buffer, count] : written) cost_.written_bytes += bytes(buffer, count);
  }

  Dim bytes(int buffer, const Dim& count) const {
    return min(count, plan_.buffers[buffer].count) * Dim(byte_size(plan_.buffers[buffer].dtype));
  }

  const Plan& plan_;
  const Kernel& kernel_;
  std::map<int, Dim> extents_;
  std::vector<Vars> value_vars_, work_vars_;
  KernelCost cost_;
};

/// What is around a step.
struct Around {
  std::vector<const Loop*> loops;
  const Choice* choice = nullptr;
  bool otherwise = false;
};

void add_costs(const Plan& plan, const std::vector<Step>& steps, Around& around, std::vector<PlacedCost>& costs) {
  for (const Step& step : steps) {
    const auto* loop = std::get_if<Loop>(&step.what);
    const auto* choice = std::get_if<Choice>(&step.what);
    const Around outside = around;
    if (loop) around.loops.push_back(loop);
    for_each_nested(step, [&](const std::vector<Step>& nested) {
      if (choice) around.choice = choice, around.otherwise = &nested == &choice->otherwise;
      add_costs(plan, nested, around, costs);
    });
    around = outside;
    const auto* kernel = std::get_if<Kernel>(&step.what);
    if (!kernel) continue;
    costs.push_back({kernel, around.loops, around.choice, around.otherwise, cost_of(plan, *kernel)});
    for (const Loop* each : around.loops) costs.back().cost.runs *= each->trip;
  }
}

}  // namespace

KernelCost cost_of(const Plan& plan, const Kernel& kernel) { return Counter(plan, kernel).count(); }

std::vector<PlacedCost> costs_of(const Plan& plan) {
  std::vector<PlacedCost> costs;
  Around around;
  add_costs(plan, plan.steps, around, costs);
  if (const Highest highest = highest_of(plan); !highest.empty())
    for (PlacedCost& placed : costs) {
      KernelCost& c = placed.cost;
      for (Dim* each : {&c.runs, &c.multiply_adds, &c.arithmetic, &c.functions, &c.constant_bytes, &c.read_bytes,
                        &c.written_bytes})
        *each = upper(*each, highest);
    }
  return costs;
}

}  // namespace rondo
