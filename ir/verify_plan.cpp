// verify(Plan): buffers, interface and kernels, each in its class; all breaches are reported.
// Tested by tests/ir/verify_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "ir/independent.h"
#include "ir/lexer.h"
#include "ir/matrix.h"
#include "ir/measure.h"
#include "ir/verify.h"
#include "ir/verify_access.h"
#include "ir/verify_memory.h"

namespace rondo {
namespace {

/// What the rules share: the plan, and where breaches go.
struct Report {
  const Plan& plan;
  Diagnostics errors;
  std::set<std::string> measured = {};  // symbols that steps around have given a value

  bool add(bool holds, const std::string& place, std::string message) {
    if (!holds) errors.push_back(internal_error(std::move(message), place));
    return holds;
  }
  const Buffer* buffer(int number) const {
    return number >= 0 && static_cast<size_t>(number) < plan.buffers.size() ? &plan.buffers[number] : nullptr;
  }
  /// Dims may use the plan's symbols only.
  void symbols(const Dim& dim, const std::string& place) {
    if (dim.constant()) return;
    std::set<std::string> names;
    dim.collect_symbols(names);
    for (const std::string& name : names)
      add(measured.count(name) || std::find(plan.symbols.begin(), plan.symbols.end(), name) != plan.symbols.end(), place,
          fmt::format("dimension '{}' is not a symbol of the plan", name));
  }
};

// --- buffers and interface

class InterfaceCheck {
 public:
  explicit InterfaceCheck(Report& report) : report_(report), plan_(report.plan) {}

  void run() {
    for (size_t i = 0; i < plan_.symbols.size(); ++i)
      report_.add(std::find(plan_.symbols.begin(), plan_.symbols.begin() + static_cast<std::ptrdiff_t>(i),
                            plan_.symbols[i]) == plan_.symbols.begin() + static_cast<std::ptrdiff_t>(i),
                  "symbols", fmt::format("'{}' stands there twice", plan_.symbols[i]));
    for (const auto& [symbol, highest] : plan_.measured) {
      report_.symbols(highest, "measured");
      report_.add(highest_.emplace(symbol, highest).second, "measured", fmt::format("'{}' stands there twice", symbol));
    }
    for (const auto& [a, b] : plan_.equalities) {
      report_.symbols(a, "require");
      report_.symbols(b, "require");
    }
    report_.symbols(plan_.state_bytes, "memory");
    report_.symbols(plan_.scratch_bytes, "memory");
    for (size_t i = 0; i < plan_.buffers.size(); ++i) buffer(plan_.buffers[i], i);
    for (size_t i = 0; i < plan_.inputs.size(); ++i) port("input", plan_.inputs[i], i, Buffer::Kind::input);
    for (size_t i = 0; i < plan_.outputs.size(); ++i) port("output", plan_.outputs[i], i, Buffer::Kind::output);
    for (size_t i = 0; i < plan_.states.size(); ++i) state(plan_.states[i], i);
    const Stepping& stepping = plan_.stepping;
    report_.add(std::min({stepping.streams, stepping.frames, stepping.latency}) >= 0, "stepping", "a number is negative");
    for (std::string& message : timing_errors(plan_.timing, [&](const Timing& each) { return type_of(each); }))
      report_.add(false, "", std::move(message));
    for (const Timing& timing : plan_.timing)
      if (const Type* type = type_of(timing); type && timing.axis >= 0 && timing.axis < type->rank())
        report_.add(type->shape[static_cast<size_t>(timing.axis)].lower_bound() >= 1 &&
                        type->shape[static_cast<size_t>(timing.axis)].constant().has_value(),
                    fmt::format("time of {} '{}'", to_string(timing.port), timing.name),
                    "the frames of a step must be a known number of them");
    for (std::string& message : memory_errors(plan_)) report_.add(false, "memory", std::move(message));
  }

 private:
  const Type* type_of(const Timing& timing) const {
    for (const Port& port : timing.port == Timing::Port::input ? plan_.inputs : plan_.outputs)
      if (port.name == timing.name) return &port.type;
    return nullptr;
  }

  void buffer(const Buffer& buffer, size_t number) {
    using Kind = Buffer::Kind;
    const std::string place = fmt::format("buffer {} '{}'", number, buffer.name);
    report_.symbols(buffer.count, place);
    report_.symbols(buffer.offset, place);
    report_.add(buffer.count.upper_bound() >= 0, place, "its count is negative");
    if (buffer.kind == Kind::constant) constant(buffer, place);
    report_.add(buffer.kind != Kind::measured || (buffer.dtype == DType::i64 && buffer.count.is(std::ssize(plan_.measured))),
                place, "it must hold one i64 for each measured dimension");
    if (buffer.kind == Kind::input) slot(buffer, plan_.inputs.size(), place);
    if (buffer.kind == Kind::output) slot(buffer, plan_.outputs.size(), place);
    if (buffer.kind == Kind::state) slot(buffer, plan_.states.size(), place);
    if (buffer.kind == Kind::state || buffer.kind == Kind::turn) inside(buffer, plan_.state_bytes, place);
    report_.add(buffer.kind != Kind::turn || (buffer.dtype == DType::i32 && buffer.count.is(1)), place,
                "a turn is one i32");
    report_.add(buffer.kind != Kind::granted || (buffer.dtype == DType::boolean && buffer.count.is(1)), place,
                "what is granted is one bool");
    if (buffer.kind == Kind::scratch) inside(buffer, plan_.scratch_bytes, place);
    if (buffer.kind == Kind::constant) inside(buffer, Dim(plan_.constant_bytes), place);
  }

  void slot(const Buffer& buffer, size_t count, const std::string& place) {
    report_.add(buffer.slot >= 0 && static_cast<size_t>(buffer.slot) < count, place,
                fmt::format("slot {} does not exist", buffer.slot));
  }

  void inside(const Buffer& buffer, const Dim& memory, const std::string& place) {
    if (const auto offset = buffer.offset.constant())
      report_.add(*offset >= 0 && *offset % Plan::kAlignment == 0, place,
                  fmt::format("its offset {} is not a multiple of {}", *offset, Plan::kAlignment));
    const Dim end = buffer.offset + buffer.count * Dim(byte_size(buffer.dtype));
    report_.add(!provably_le(memory + Dim(1), end), place,
                fmt::format("it ends at byte {} of {}", end.to_string(), memory.to_string()));
  }

  void constant(const Buffer& buffer, const std::string& place) {
    report_.add(buffer.offset.constant().has_value(), place, "a constant's offset must be a number");
    report_.add(buffer.value.dtype() == buffer.dtype && buffer.value.shape().size() == 1 &&
                    buffer.count.is(buffer.value.count()),
                place,
                fmt::format("its value is {}, which does not fit {}[{}]", to_string(buffer.value.type()),
                            to_string(buffer.dtype), buffer.count.to_string()));
  }

  template <class PortOrState>
  void port(const char* word, const PortOrState& port, size_t number, Buffer::Kind kind) {
    const std::string place = fmt::format("{} '{}'", word, port.name);
    const Shape shape = kind == Buffer::Kind::output ? upper(port.type.shape, highest_) : port.type.shape;
    for (const Dim& dim : shape) report_.symbols(dim, place);
    const Buffer* buffer = report_.buffer(port.buffer);
    if (!report_.add(buffer, place, fmt::format("buffer {} does not exist", port.buffer))) return;
    report_.add(buffer->kind == kind && buffer->slot == static_cast<int>(number), place,
                fmt::format("its buffer '{}' must be {} {}", buffer->name, word, number));
    report_.add(has_streams_axis(plan_.stepping, port.type), place, "its first axis is not that of the streams");
    report_.add(buffer->dtype == port.type.dtype && buffer->count == element_count(shape), place,
                fmt::format("its type {} does not fit its buffer, {}[{}]", to_string(port.type),
                            to_string(buffer->dtype), buffer->count.to_string()));
  }

  void state(const StateSlot& state, size_t number) {
    port("state", state, number, Buffer::Kind::state);
    if (!state.initial) return;
    bool fits = state.initial->dtype() == state.type.dtype && state.initial->shape().size() == state.type.shape.size();
    for (size_t i = 0; fits && i < state.type.shape.size(); ++i)
      fits = state.initial->shape()[i] == 1 || state.type.shape[i].is(state.initial->shape()[i]);
    report_.add(fits, fmt::format("state '{}'", state.name),
                fmt::format("its initial value is {}, which does not broadcast to {}", to_string(state.initial->type()),
                            to_string(state.type)));
  }

  Report& report_;
  const Plan& plan_;
  Highest highest_;
};

// --- kernels

constexpr int64_t kMostFlatSteps = 4096;

class KernelCheck {
 public:
  KernelCheck(Report& report, const Kernel& kernel, Extents extents)
      : report_(report),
        kernel_(kernel),
        extents_(std::move(extents)),
        place_(fmt::format("kernel '{}'", kernel.name)) {}

  void run() {
    require(is_word(kernel_.name), "its name is not an identifier");
    for_each_axis(kernel_, [&](const Axis& axis) { this->axis(axis); });
    for (const auto& nest : kernel_.reductions) require(!nest.empty(), "a reduction nest has no axes");
    schedule();
    for (const auto& [var, extent] : extents_) runs_ = runs_ && extent.upper_bound() >= 1;
    for (size_t i = 0; i < kernel_.body.size(); ++i) instr(kernel_.body[i], i);
    for (size_t i = 0; i < kernel_.stores.size(); ++i) store(kernel_.stores[i], i);
    if (kernel_.schedule.matrix != 0 && report_.errors.empty()) matrix();
  }

 private:
  bool require(bool holds, std::string message) { return report_.add(holds, at_, std::move(message)); }

  void axis(const Axis& axis) {
    report_.symbols(axis.extent, place_);
    require(axis.var >= 0, fmt::format("variable {} is negative", axis.var));
    require(axis.extent.upper_bound() >= 0, fmt::format("the extent of i{} is negative", axis.var));
    require(extents_.emplace(axis.var, axis.extent).second,
            fmt::format("variable i{} is taken by a loop around", axis.var));
  }

  bool is_axis(int var) const { return among(kernel_.parallel, var) || nest_of(kernel_, var) >= 0; }
  static bool among(const std::vector<Axis>& axes, int var) {
    return std::any_of(axes.begin(), axes.end(), [&](const Axis& axis) { return axis.var == var; });
  }

  void schedule() {
    const Schedule& s = kernel_.schedule;
    require(s.lanes >= 1 && s.vectors >= 1 && s.rows >= 1 && s.unroll >= 1, "the schedule's counts must be at least 1");
    require(s.vector_axis == -1 || is_axis(s.vector_axis),
            fmt::format("the vector axis i{} is none of its axes", s.vector_axis));
    require(nest_of(kernel_, s.vector_axis) < 0 || kernel_.reductions.size() == 1,
            "lanes run along a reduction although there are several");
    require(s.alternate == -1 || (extents_.count(s.alternate) && !is_axis(s.alternate)),
            fmt::format("i{} is no loop around that counts its runs", s.alternate));
    require(s.prefetch >= 0 && s.prefetch <= 64, "it prefetches between 0 and 64 lines in a step");
    const Buffer* turn = report_.buffer(s.turn);
    require(s.turn == -1 || (turn && turn->kind == Buffer::Kind::turn), "its turn is no buffer of that kind");
    require(!s.flat || flat_steps() <= kMostFlatSteps,
            fmt::format("straight-line reductions need constant extents and at most {} steps", kMostFlatSteps));
    require(s.flat || !s.keep, "it keeps weights in registers, which needs straight-line reductions");
    require(s.flat || !s.spread, "it spreads numbers from registers, which needs straight-line reductions");
    require(s.row_axis == -1 || (among(kernel_.parallel, s.row_axis) && s.row_axis != s.vector_axis),
            fmt::format("the row axis i{} is no other parallel axis", s.row_axis));
    if (s.task_axis != -1) tasks();
  }

  /// Tasks may run at the same time, so each writes elements of its own; and tiles are the same as without tasks.
  void tasks() {
    const Schedule& s = kernel_.schedule;
    require(report_.plan.states.empty(), "a plan with state runs on one thread, so its kernels have no tasks");
    if (!require(among(kernel_.parallel, s.task_axis), fmt::format("the tasks' axis i{} is not parallel", s.task_axis)))
      return;
    const int64_t tile = tile_size(s, s.task_axis);
    require(s.task_size >= 1 && tile >= 1 && s.task_size % tile == 0,
            fmt::format("tasks of {} elements are not whole tiles of {}", s.task_size, tile));
    for (const Store& store : kernel_.stores) {
      const auto& terms = store.index.terms;
      require(std::any_of(terms.begin(), terms.end(), [&](const IndexTerm& term) { return term.var == s.task_axis; }),
              "several tasks store to the same place");
    }
  }

  /// Registers are whole, and so is what they read.
  void matrix() {
    require(kernel_.schedule.matrix > 0 && kernel_.schedule.matrix <= kMatrixRows,
            fmt::format("matrix= is between 1 and {}", kMatrixRows));
    const auto sums = matrix_sums(report_.plan, kernel_);
    if (!sums) return void(report_.errors.insert(report_.errors.end(), sums.errors().begin(), sums.errors().end()));
    Extents whole = extents_;
    for (const Axis& axis : kernel_.parallel)
      whole[axis.var] = axis.var == kernel_.schedule.row_axis ? matrix_rows(kernel_, axis.extent)
                                                              : ceil_div(axis.extent, Dim(kMatrixLanes)) * Dim(kMatrixLanes);
    for (const MatrixSum& sum : *sums)
      for (const MatrixProduct& product : sum.products)
        for (int load : {product.left, product.right})
          access(range_of_access(kernel_.body[load], kernel_.body, whole), *report_.buffer(kernel_.body[load].buffer));
  }

  int64_t flat_steps() const {
    int64_t sum = 0;
    for (const auto& nest : kernel_.reductions) {
      int64_t product = 1;
      for (const Axis& axis : nest)
        product = std::min(product * std::min(axis.extent.constant().value_or(kMostFlatSteps + 1), kMostFlatSteps + 1), kMostFlatSteps + 1);
      sum += product;
      if (sum > kMostFlatSteps) break;
    }
    return sum;
  }

  // --- indices

  /// Whether every variable is in scope.
  bool index(const Index& index) {
    report_.symbols(index.constant, at_);
    bool good = true;
    for (size_t i = 0; i < index.terms.size(); ++i) {
      const IndexTerm& term = index.terms[i];
      report_.symbols(term.coefficient, at_);
      report_.symbols(term.panel_stride, at_);
      good &= require(extents_.count(term.var) != 0, fmt::format("variable i{} is not in scope", term.var));
      require(term.panel > 0 || (term.panel == 0 && term.panel_stride.is(0)),
              fmt::format("the panel of i{} must be above 0, or 0 without a stride", term.var));
      require(i == 0 || index.terms[i - 1].var < term.var,
              "an index has one term for each variable, in ascending order");
    }
    return good;
  }

  /// The nests whose variables an index varies with.
  std::set<int> nests_of(const Index& index) const {
    std::set<int> nests;
    for (const IndexTerm& term : index.terms)
      if (const int nest = nest_of(kernel_, term.var); nest >= 0) nests.insert(nest);
    return nests;
  }

  void access(const std::optional<Range>& range, const Buffer& buffer) {
    if (!runs_ || !range || !leaves(*range, buffer.count)) return;
    require(false, fmt::format("the access reaches from {} to {} in buffer '{}' of {} elements", range->low.to_string(),
                               range->high.to_string(), buffer.name, buffer.count.to_string()));
  }

  // --- instructions

  /// When a value is known: inside a nest, or after the last nest whose result it is made of.
  struct Phase {
    std::set<int> inside;  // nests with whose variables it varies: at most one
    int after = -1;        // nests up to this one must have run
    void join(const Phase& other) {
      inside.insert(other.inside.begin(), other.inside.end());
      after = std::max(after, other.after);
    }
  };

  void instr(const Instr& instr, size_t number) {
    using Kind = Instr::Kind;
    at_ = fmt::format("{}, instruction %{}", place_, number);
    Phase phase;
    const bool good = operands(instr, number, phase);
    switch (instr.kind) {
      case Kind::immediate: break;
      case Kind::load:
        if (good) load(instr);
        phase.inside.merge(nests_of(instr.index));
        break;
      case Kind::index:
        index(instr.index);
        phase.inside.merge(nests_of(instr.index));
        break;
      case Kind::pointwise:
        if (good) pointwise(instr);
        break;
      case Kind::bounded:
        if (good) bounded(instr);
        break;
      case Kind::reduce:
        if (good) reduce(instr, phase);
        phase = {{}, instr.nest};
        break;
    }
    require(phase.inside.size() <= 1, "it joins values inside several reductions");
    require(phase.inside.empty() || phase.after < *phase.inside.begin(),
            "it joins a reduction's result with values inside the reduction");
    phases_.push_back(std::move(phase));
    at_ = place_;
  }

  DType type(const Instr& instr, size_t operand) const { return kernel_.body[instr.operands[operand]].dtype; }

  bool operands(const Instr& instr, size_t number, Phase& phase) {
    using Kind = Instr::Kind;
    const bool pointwise = instr.kind == Kind::pointwise;
    if (pointwise && !require(instr.op < Op::count && is_pointwise(instr.op), "its operator is not pointwise"))
      return false;
    const size_t wanted = pointwise                       ? static_cast<size_t>(info(instr.op).max_operands)
                          : instr.kind == Kind::bounded ? 1
                          : instr.kind == Kind::reduce  ? (instr.operands.size() == 2 ? 2 : 1)
                                                        : 0;
    bool good = require(instr.operands.size() == wanted,
                        fmt::format("it takes {} operands, not {}", wanted, instr.operands.size()));
    const auto earlier = [&](int operand) {
      if (!require(operand >= 0 && static_cast<size_t>(operand) < number,
                   fmt::format("operand %{} is not an earlier instruction", operand)))
        return false;
      phase.join(phases_[operand]);
      return true;
    };
    for (int operand : instr.operands) good &= earlier(operand);
    for (const Instr::Indirect& part : instr.indirect) good &= earlier(part.instr);
    return good;
  }

  void reduce(const Instr& instr, const Phase& phase) {
    const bool exists = instr.nest >= 0 && static_cast<size_t>(instr.nest) < kernel_.reductions.size();
    if (!require(exists, fmt::format("there is no reduction nest {}", instr.nest))) return;
    require(phase.after < instr.nest, "what is reduced is itself made of a reduction's result");
    const std::set<int>& inside = phases_[instr.operands[0]].inside;
    require(inside.empty() || *inside.begin() == instr.nest, "what is reduced varies inside another reduction");
    for (size_t i = 0; i < instr.operands.size(); ++i)
      require(type(instr, i) == instr.dtype, "a reduction keeps its operand's type");
    if (instr.operands.size() == 2)
      require(phases_[instr.operands[1]].inside.empty(), "a reduction's beginning varies inside a reduction");
  }

  void load(const Instr& instr) {
    const bool scoped = index(instr.index);
    for (const Instr::Indirect& part : instr.indirect) indirect(part);
    const Buffer* buffer = report_.buffer(instr.buffer);
    if (!require(buffer, fmt::format("buffer {} does not exist", instr.buffer))) return;
    require(buffer->dtype == instr.dtype, fmt::format("it loads {} from buffer '{}' of {}", to_string(instr.dtype),
                                                      buffer->name, to_string(buffer->dtype)));
    if (scoped) access(range_of_access(instr, kernel_.body, extents_), *buffer);
  }

  void indirect(const Instr::Indirect& part) {
    report_.symbols(part.coefficient, at_);
    require(is_integer(kernel_.body[part.instr].dtype),
            fmt::format("%{} is no integer, and cannot be part of a place", part.instr));
  }

  void bounded(const Instr& instr) {
    report_.symbols(instr.extent, at_);
    require(is_integer(type(instr, 0)) && is_integer(instr.dtype), "only integers can be bounded");
  }

  void pointwise(const Instr& instr) {
    using S = Signature;
    const Signature signature = info(instr.op).signature;
    const size_t first = signature == S::select ? 1 : 0;
    bool same = true;
    for (size_t i = first + 1; i < instr.operands.size(); ++i) same &= type(instr, i) == type(instr, first);
    require(same, "its operands' types differ");
    const DType operand = type(instr, first);
    if (signature == S::select) require(type(instr, 0) == DType::boolean, "its condition is not bool");
    if (signature == S::logical) require(operand == DType::boolean, "its operands are not bool");
    if (signature == S::floating) require(is_float(operand), "its operands are not of a floating type");
    if (signature == S::integral) require(!is_float(operand) && operand != DType::boolean, "its operands are no integers");
    if (signature == S::numeric) require(operand != DType::boolean, "its operands are not numbers");
    if (signature == S::cast) return;
    const DType wanted = signature == S::compare || signature == S::logical ? DType::boolean : operand;
    require(instr.dtype == wanted, fmt::format("its result is {}, not {}", to_string(wanted), to_string(instr.dtype)));
  }

  void store(const Store& store, size_t number) {
    at_ = fmt::format("{}, store {}", place_, number);
    const bool scoped = index(store.index);
    require(nests_of(store.index).empty(), "its place varies inside the reduction");
    const Buffer* buffer = report_.buffer(store.buffer);
    if (!require(buffer, fmt::format("buffer {} does not exist", store.buffer))) return;
    require(buffer->kind != Buffer::Kind::input && buffer->kind != Buffer::Kind::constant &&
                buffer->kind != Buffer::Kind::granted,
            fmt::format("buffer '{}' must not be written to", buffer->name));
    for (const Instr::Indirect& part : store.indirect) {
      if (!require(part.instr >= 0 && static_cast<size_t>(part.instr) < kernel_.body.size(),
                   fmt::format("instruction %{} does not exist", part.instr)))
        return;
      indirect(part);
      require(phases_[part.instr].inside.empty(), "its place varies inside the reduction");
    }
    if (scoped) access(range_of_access(store, kernel_.body, extents_), *buffer);
    if (scoped) in_place(store, *buffer);
    const bool exists = store.instr >= 0 && static_cast<size_t>(store.instr) < kernel_.body.size();
    if (!require(exists, fmt::format("instruction %{} does not exist", store.instr))) return;
    require(phases_[store.instr].inside.empty(), "its value varies inside the reduction");
    require(buffer->dtype == kernel_.body[store.instr].dtype,
            fmt::format("it stores {} in buffer '{}' of {}", to_string(kernel_.body[store.instr].dtype), buffer->name,
                        to_string(buffer->dtype)));
  }

  void in_place(const Store& store, const Buffer& buffer) {
    if (!report_.plan.equalities.empty() && !report_.plan.symbols.empty()) return;  // which sizes can be is not known
    for (size_t i = 0; i < kernel_.body.size(); ++i) {
      const Instr& load = kernel_.body[i];
      if (load.kind != Instr::Kind::load || load.buffer != store.buffer) continue;
      require(!reads_another(kernel_, load, store, extents_),
              fmt::format("%{} reads what it writes to buffer '{}' for another element", i, buffer.name));
    }
  }

  Report& report_;
  const Kernel& kernel_;
  Extents extents_;
  const std::string place_;
  std::string at_ = place_;
  std::vector<Phase> phases_;
  bool runs_ = true;  // false where an extent is 0: nothing is accessed
};

constexpr size_t kMostBeside = 64;  // each is compared with all others

class StepsCheck {
 public:
  explicit StepsCheck(Report& report) : report_(report) {}

  void run(const std::vector<Step>& steps, const Extents& extents) {
    size_t group = 0;  // where the loops began that lie beside each other
    for (size_t i = 0; i < steps.size(); ++i) {
      const Step& step = steps[i];
      if (is_beside(step))
        beside(steps, group, i);
      else
        group = i;
      if (const auto* kernel = std::get_if<Kernel>(&step.what)) {
        report_.add(names_.insert(kernel->name).second, fmt::format("kernel '{}'", kernel->name),
                    "another kernel has this name");
        KernelCheck(report_, *kernel, extents).run();
      } else if (const auto* loop = std::get_if<Loop>(&step.what)) {
        this->loop(*loop, extents);
      } else if (const auto* choice = std::get_if<Choice>(&step.what)) {
        reads(choice->condition, DType::boolean, fmt::format("choice '{}'", choice->name));
        run(choice->then, extents);
        run(choice->otherwise, extents);
      } else {
        measure(std::get<Measure>(step.what), extents);
      }
    }
  }

 private:
  /// Loop `i` may run at the same time as those from `group` on.
  void beside(const std::vector<Step>& steps, size_t group, size_t i) {
    const std::string place = fmt::format("loop '{}'", name_of(steps[i]));
    if (!report_.add(group < i && std::holds_alternative<Loop>(steps[group].what), place,
                     "there is no loop before it that it could be beside"))
      return;
    if (!report_.add(i - group < kMostBeside, place, fmt::format("more than {} loops lie beside each other", kMostBeside)))
      return;
    for (size_t each : {group, i})
      report_.add(!has_tasks(std::get<Loop>(steps[each].what).steps), place,
                  fmt::format("'{}' has tasks of its own", name_of(steps[each])));
    for (size_t other = group; other < i; ++other)
      report_.add(!report_.errors.empty() || independent(report_.plan, steps[other], steps[i]), place,
                  fmt::format("it cannot be beside '{}': one may write what the other uses", name_of(steps[other])));
  }

  void loop(const Loop& loop, Extents extents) {
    const std::string place = fmt::format("loop '{}'", loop.name);
    report_.symbols(loop.trip, place);
    if (loop.condition != -1) reads(loop.condition, DType::boolean, place);
    report_.add(loop.var >= 0, place, fmt::format("variable {} is negative", loop.var));
    report_.add(loop.trip.upper_bound() >= 0, place, "its trip count is negative");
    report_.add(extents.emplace(loop.var, loop.trip).second, place,
                fmt::format("variable i{} is taken by a loop around", loop.var));
    run(loop.steps, extents);
  }

  /// The step reads the first element of a buffer.
  void reads(int number, DType dtype, const std::string& place) {
    const Buffer* buffer = report_.buffer(number);
    if (!report_.add(buffer, place, fmt::format("buffer {} does not exist", number))) return;
    report_.add(buffer->dtype == dtype && buffer->count.lower_bound() >= 1, place,
                fmt::format("it reads {} from buffer '{}' of {}[{}]", to_string(dtype), buffer->name,
                            to_string(buffer->dtype), buffer->count.to_string()));
  }

  void measure(const Measure& measure, const Extents& extents) {
    const std::string place = fmt::format("measure '{}'", measure.name);
    reads(measure.buffer, DType::i64, place);
    report_.symbols(measure.high, place);
    report_.add(is_measured(measure.symbol), place,
                fmt::format("its symbol must begin with '{}', not '{}'", kMeasuredPrefix, measure.symbol));
    report_.add(measured_.insert(measure.symbol).second, place, fmt::format("'{}' is measured twice", measure.symbol));
    report_.measured.insert(measure.symbol);
    for (const auto& [a, b] : measure.equalities) {
      report_.symbols(a, place);
      report_.symbols(b, place);
    }
    run(measure.steps, extents);
    report_.measured.erase(measure.symbol);
  }

  Report& report_;
  std::set<std::string> measured_;
  std::set<std::string> names_;
};

}  // namespace

Status verify(const Plan& plan) {
  Report report{plan, {}};
  InterfaceCheck(report).run();
  StepsCheck(report).run(plan.steps, {});
  if (report.errors.empty()) return Done{};
  return std::move(report.errors);
}

}  // namespace rondo
