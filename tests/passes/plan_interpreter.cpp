#include "plan_interpreter.h"

#include <fmt/format.h>

#include <cmath>

namespace rondo {
namespace {

class Interpreter {
 public:
  Interpreter(const Plan& plan, const Dim::Values& symbols) : plan_(plan), symbols_(symbols) {}  // copied: measured ones join

  Status prepare(const std::vector<Array>& arguments, bool granted) {
    for (const Buffer& buffer : plan_.buffers) {
      RONDO_TRY(int64_t count, buffer.count.evaluate(symbols_));
      Array memory = Array::zeros(buffer.dtype, {count});
      if (buffer.kind == Buffer::Kind::constant) memory = Array::from(buffer.value);
      if (buffer.kind == Buffer::Kind::input) memory = arguments[buffer.slot];
      if (buffer.kind == Buffer::Kind::turn) memory = Array::zeros(buffer.dtype, {1});
      if (buffer.kind == Buffer::Kind::granted) memory.ints[0] = granted;
      if (buffer.kind == Buffer::Kind::state) memory = arguments[plan_.inputs.size() + buffer.slot];
      memory_.push_back(std::move(memory));
      written_.emplace_back(count, buffer.kind != Buffer::Kind::scratch && buffer.kind != Buffer::Kind::output);
    }
    return Done{};
  }

  Status run(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      if (const auto* kernel = std::get_if<Kernel>(&step.what)) {
        RONDO_CHECK(nest(kernel->parallel, 0, [&] { return element_of(*kernel); }));
        continue;
      }
      if (const auto* choice = std::get_if<Choice>(&step.what)) {
        RONDO_TRY(int64_t condition, first_of(choice->condition));
        RONDO_CHECK(run(condition ? choice->then : choice->otherwise));
        continue;
      }
      if (const auto* measure = std::get_if<Measure>(&step.what)) {
        RONDO_CHECK(this->measure(*measure));
        continue;
      }
      const Loop& loop = std::get<Loop>(step.what);
      RONDO_TRY(int64_t trip, loop.trip.evaluate(symbols_));
      for (vars_[loop.var] = 0; vars_[loop.var] < trip; ++vars_[loop.var]) {
        RONDO_TRY(int64_t go, loop.condition < 0 ? Result<int64_t>(1) : first_of(loop.condition));
        if (!go) break;
        RONDO_CHECK(run(loop.steps));
      }
    }
    return Done{};
  }

  Result<Array> read(int buffer, const Type& type) const {
    Array array = memory_[buffer];
    array.shape.clear();
    int64_t count = 1;  // the buffer may have room for more
    for (const Dim& dim : type.shape) {
      RONDO_TRY(int64_t size, dim.evaluate(symbols_));
      array.shape.push_back(size);
      count *= size;
    }
    (is_float(type.dtype) ? array.reals.resize(count) : array.ints.resize(count));
    for (int64_t i = 0; i < array.count(); ++i)
      if (!written_[buffer][i]) return invalid(fmt::format("element {} of {} was never written", i, plan_.buffers[buffer].name));
    return array;
  }

 private:
  Result<int64_t> first_of(int buffer) const {
    if (!written_[buffer].at(0)) return invalid(fmt::format("{} is read before it is written", plan_.buffers[buffer].name));
    return memory_[buffer].ints.at(0);
  }

  Status measure(const Measure& measure) {
    RONDO_TRY(int64_t value, first_of(measure.buffer));
    RONDO_TRY(int64_t high, measure.high.evaluate(symbols_));
    if (value < measure.low || value > high) return invalid("over capacity");
    symbols_[measure.symbol] = value - measure.low + 1;
    for (const auto& [a, b] : measure.equalities) {
      RONDO_TRY(int64_t left, a.evaluate(symbols_));
      RONDO_TRY(int64_t right, b.evaluate(symbols_));
      if (left != right) return invalid("bad dimension");
    }
    return run(measure.steps);
  }

  template <class Function>
  Status nest(const std::vector<Axis>& axes, size_t depth, Function body) {
    if (depth == axes.size()) return body();
    RONDO_TRY(int64_t extent, axes[depth].extent.evaluate(symbols_));
    for (int64_t i = 0; i < extent; ++i) {
      vars_[axes[depth].var] = i;
      RONDO_CHECK(nest(axes, depth + 1, body));
    }
    return Done{};
  }

  Status element_of(const Kernel& kernel) {
    std::vector<Array> values;
    std::vector<int64_t> places;
    for (const Store& store : kernel.stores) {
      RONDO_TRY(Array element, evaluate_instr(kernel, store.instr));
      values.push_back(std::move(element));
      RONDO_TRY(int64_t at, evaluate_index(store.index));
      for (const auto& part : store.indirect) {
        RONDO_TRY(int64_t coefficient, part.coefficient.evaluate(symbols_));
        RONDO_TRY(Array offset, evaluate_instr(kernel, part.instr));
        at += coefficient * offset.ints[0];
      }
      places.push_back(at);
    }
    for (size_t i = 0; i < values.size(); ++i) {
      const Store& store = kernel.stores[i];
      const int64_t at = places[i];
      RONDO_CHECK(check(store.buffer, at, kernel));
      Array& memory = memory_[store.buffer];
      if (is_float(memory.dtype))
        memory.reals[at] = values[i].reals[0];
      else
        memory.ints[at] = values[i].ints[0];
      written_[store.buffer][at] = true;
    }
    return Done{};
  }

  Result<int64_t> evaluate_index(const Index& index) const {
    RONDO_TRY(int64_t sum, index.constant.evaluate(symbols_));
    for (const IndexTerm& term : index.terms) {
      RONDO_TRY(int64_t coefficient, term.coefficient.evaluate(symbols_));
      RONDO_TRY(int64_t stride, term.panel_stride.evaluate(symbols_));
      const int64_t var = vars_.at(term.var);
      sum += term.panel == 0 ? coefficient * var : var / term.panel * stride + var % term.panel * coefficient;
    }
    return sum;
  }

  Status check(int buffer, int64_t at, const Kernel& kernel) const {
    if (at >= 0 && at < memory_[buffer].count()) return Done{};
    return invalid(fmt::format("{}: element {} of {} lies outside", kernel.name, at, plan_.buffers[buffer].name));
  }

  // Each instruction anew wherever it is needed, under the current values of the variables.
  Result<Array> evaluate_instr(const Kernel& kernel, int i) {
    const Instr& instr = kernel.body[i];
    Array result = Array::zeros(instr.dtype, {});
    switch (instr.kind) {
      case Instr::Kind::immediate:
        if (is_float(instr.dtype))
          result.reals[0] = instr.real;
        else
          result.ints[0] = instr.integer;
        return result;
      case Instr::Kind::index: {
        RONDO_TRY(result.ints[0], evaluate_index(instr.index));
        return result;
      }
      case Instr::Kind::bounded: {
        RONDO_TRY(result, evaluate_instr(kernel, instr.operands[0]));
        RONDO_TRY(int64_t extent, instr.extent.evaluate(symbols_));
        if (result.ints[0] < 0 || result.ints[0] >= extent) return invalid("index out of range");
        return result;
      }
      case Instr::Kind::load: return load(kernel, instr);
      case Instr::Kind::reduce: return reduce(kernel, instr);
      case Instr::Kind::pointwise: return pointwise(kernel, instr);
    }
    return result;
  }

  Result<Array> load(const Kernel& kernel, const Instr& instr) {
    RONDO_TRY(int64_t at, evaluate_index(instr.index));
    for (const auto& part : instr.indirect) {
      RONDO_TRY(int64_t coefficient, part.coefficient.evaluate(symbols_));
      RONDO_TRY(Array offset, evaluate_instr(kernel, part.instr));
      at += coefficient * offset.ints[0];
    }
    RONDO_CHECK(check(instr.buffer, at, kernel));
    if (!written_[instr.buffer][at])
      return invalid(fmt::format("{}: element {} of {} is read before it is written", kernel.name, at, plan_.buffers[instr.buffer].name));
    const Array& memory = memory_[instr.buffer];
    Array result = Array::zeros(instr.dtype, {});
    if (is_float(instr.dtype))
      result.reals[0] = memory.reals[at];
    else
      result.ints[0] = memory.ints[at];
    return result;
  }

  Result<Array> reduce(const Kernel& kernel, const Instr& instr) {
    Array total = Array::zeros(instr.dtype, {});
    bool first = instr.operands.size() < 2;
    if (!first) {
      RONDO_TRY(total, evaluate_instr(kernel, instr.operands[1]));
    }
    RONDO_CHECK(nest(kernel.reductions.at(instr.nest), 0, [&]() -> Status {
      RONDO_TRY(Array next, evaluate_instr(kernel, instr.operands[0]));
      auto combine = [&](auto& sum, auto value) {
        switch (instr.combine) {
          case Combine::sum: sum = sum + value; break;
          case Combine::prod: sum = first ? value : sum * value; break;
          case Combine::max: sum = first ? value : std::max(sum, value); break;
          case Combine::min: sum = first ? value : std::min(sum, value); break;
        }
      };
      if (is_float(instr.dtype))
        combine(total.reals[0], next.reals[0]);
      else
        combine(total.ints[0], next.ints[0]);
      first = false;
      return Done{};
    }));
    return total;
  }

  Result<Array> pointwise(const Kernel& kernel, const Instr& instr) {
    Node node;
    node.op = instr.op;
    if (instr.op == Op::cast) node.attributes.set("to", instr.dtype);
    node.results.push_back(std::make_unique<Value>());
    node.result()->type = Type{instr.dtype, {}};
    std::vector<Array> operands;
    std::vector<Value> values(instr.operands.size());
    for (size_t i = 0; i < values.size(); ++i) {
      RONDO_TRY(Array operand, evaluate_instr(kernel, instr.operands[i]));
      values[i].type = Type{operand.dtype, {}};
      node.operands.push_back(&values[i]);
      operands.push_back(std::move(operand));
    }
    std::vector<const Array*> pointers;
    for (const Array& operand : operands) pointers.push_back(&operand);
    RONDO_TRY(auto results, evaluate(node, pointers, symbols_));
    return results[0];
  }

  const Plan& plan_;
  Dim::Values symbols_;
  std::vector<Array> memory_;
  std::vector<std::vector<bool>> written_;
  std::map<int, int64_t> vars_;
};

}  // namespace

Result<std::vector<Array>> interpret(const Plan& plan, const std::vector<Array>& arguments, const Dim::Values& symbols, bool granted) {
  Interpreter interpreter(plan, symbols);
  RONDO_CHECK(interpreter.prepare(arguments, granted));
  RONDO_CHECK(interpreter.run(plan.steps));
  std::vector<Array> results;
  for (const Port& port : plan.outputs) {
    RONDO_TRY(Array output, interpreter.read(port.buffer, port.type));
    results.push_back(std::move(output));
  }
  for (const StateSlot& state : plan.states) {
    RONDO_TRY(Array next, interpreter.read(state.buffer, state.type));
    results.push_back(std::move(next));
  }
  return results;
}

}  // namespace rondo
