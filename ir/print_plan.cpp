// print(Plan): buffers, kernels and loops as text; docs/ir.md describes the language. Tested by tests/ir/text_test.cpp.
#include <fmt/format.h>

#include <map>

#include "ir/cost.h"
#include "ir/lexer.h"
#include "ir/plan_text.h"
#include "ir/print_parts.h"

namespace rondo {
namespace {

/// What buffers are called: by name where that is a word, unique and not of the form b12; by number, b12, otherwise.
std::vector<std::string> buffer_words(const Plan& plan) {
  std::map<std::string_view, int> uses;
  for (const Buffer& buffer : plan.buffers) ++uses[buffer.name];
  std::vector<std::string> words;
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    const std::string& name = plan.buffers[i].name;
    const bool numbered = name.size() > 1 && name[0] == 'b' && is_digits(std::string_view(name).substr(1));
    words.push_back(is_word(name) && uses[name] == 1 && !numbered ? name : fmt::format("b{}", i));
  }
  return words;
}

std::string_view to_string(Buffer::Kind kind) {
  constexpr std::string_view kWords[] = {"input", "output", "state", "turn", "constant", "scratch", "measured", "granted"};
  return kWords[static_cast<int>(kind)];
}

class PlanPrinter {
 public:
  PlanPrinter(const Plan& plan, const PrintOptions& options)
      : plan_(plan), options_(options), buffers_(buffer_words(plan)) {}

  PlanText print() {
    here(&plan_);
    out_ += "plan ";
    print_text(out_, plan_.name);
    out_ += " {\n";
    ++depth_;
    interface_part();
    for (size_t i = 0; i < plan_.buffers.size(); ++i) buffer(plan_.buffers[i], i);
    for (const Port& port : plan_.inputs) this->port("input ", port);
    for (const Port& port : plan_.outputs) this->port("output ", port);
    for (const StateSlot& state : plan_.states) this->state(state);
    steps(plan_.steps);
    out_ += "}\n";
    return {std::move(out_), std::move(lines_)};
  }

 private:
  /// This part of the plan begins on the line that is being written.
  void here(const void* part) {
    for (; counted_ < out_.size(); ++counted_) line_ += out_[counted_] == '\n';
    lines_[part] = line_;
  }
  void line(std::string_view word) {
    out_.append(2 * static_cast<size_t>(depth_), ' ');
    out_ += word;
  }
  template <class List, class Function>
  void comma_separated(const List& list, Function element) {
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += ", ";
      element(list[i]);
    }
  }
  std::string word(int buffer) const {
    const bool exists = buffer >= 0 && static_cast<size_t>(buffer) < buffers_.size();
    return exists ? buffers_[buffer] : fmt::format("b{}", buffer);
  }

  void interface_part() {
    if (plan_.fast_math) line("math fast\n");
    if (const std::string stepping = print_stepping(plan_.stepping); !stepping.empty()) line(stepping + "\n");
    if (!plan_.symbols.empty()) {
      line("symbols ");
      comma_separated(plan_.symbols, [&](const std::string& name) { print_dim(out_, Dim::symbol(name)); });
      out_ += '\n';
    }
    for (const auto& [a, b] : plan_.equalities) {
      line("require ");
      print_dim(out_, a);
      out_ += " == ";
      print_dim(out_, b);
      out_ += '\n';
    }
    for (const auto& [symbol, highest] : plan_.measured) {
      line("measured ");
      print_dim(out_, Dim::symbol(symbol));
      out_ += " to ";
      print_dim(out_, highest);
      out_ += '\n';
    }
    for (const Timing& timing : plan_.timing) {
      line("");
      print_timing(out_, timing);
      out_ += '\n';
    }
    line("memory constants ");
    out_ += fmt::format("{}, state ", plan_.constant_bytes);
    print_dim(out_, plan_.state_bytes);
    out_ += ", scratch ";
    print_dim(out_, plan_.scratch_bytes);
    out_ += '\n';
  }

  void buffer(const Buffer& buffer, size_t number) {
    using Kind = Buffer::Kind;
    line("buffer ");
    out_ += buffers_[number];
    if (buffers_[number] != buffer.name && !buffer.name.empty()) {
      out_ += ' ';
      print_text(out_, buffer.name);
    }
    out_ += fmt::format(" = {} ", to_string(buffer.kind));
    print_type(out_, {buffer.dtype, {buffer.count}});
    if (buffer.kind == Kind::input || buffer.kind == Kind::output || buffer.kind == Kind::state || buffer.slot != 0)
      out_ += fmt::format(" slot {}", buffer.slot);
    const bool placed = buffer.kind != Kind::input && buffer.kind != Kind::output && buffer.kind != Kind::measured &&
                        buffer.kind != Kind::granted;
    if (placed || !buffer.offset.is(0)) {
      out_ += " at ";
      print_dim(out_, buffer.offset);
    }
    if (buffer.kind == Kind::constant || !(buffer.value == Tensor())) {
      out_ += " value ";
      print_tensor(out_, buffer.value, options_);
    }
    out_ += '\n';
  }

  template <class PortOrState>
  void port_start(std::string_view keyword, const PortOrState& port) {
    line(keyword);
    print_text(out_, port.name);
    out_ += ": ";
    print_type(out_, port.type);
    out_ += " in " + word(port.buffer);
  }
  void port(std::string_view keyword, const Port& port) {
    port_start(keyword, port);
    out_ += '\n';
  }
  void state(const StateSlot& state) {
    port_start("state ", state);
    if (state.initial) {
      out_ += " initial ";
      print_tensor(out_, *state.initial, options_);
    }
    out_ += '\n';
  }

  // --- steps

  void steps(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      if (const auto* kernel = std::get_if<Kernel>(&step.what)) this->kernel(*kernel);
      if (const auto* loop = std::get_if<Loop>(&step.what)) this->loop(*loop);
      if (const auto* choice = std::get_if<Choice>(&step.what)) this->choice(*choice);
      if (const auto* measure = std::get_if<Measure>(&step.what)) this->measure(*measure);
    }
    --depth_;
    line("");
  }

  void place(const std::string& place) {
    if (place.empty()) return;
    out_ += " @ ";
    print_text(out_, place);
  }

  void loop(const Loop& loop) {
    here(&loop);
    line("loop ");
    print_name(out_, loop.name);
    out_ += fmt::format(": i{} < ", loop.var);
    print_dim(out_, loop.trip);
    if (loop.condition >= 0) out_ += " while " + word(loop.condition);
    if (loop.beside) out_ += " beside";
    place(loop.place);
    nested(loop.steps);
    out_ += "\n";
  }

  void nested(const std::vector<Step>& steps) {
    out_ += " {\n";
    ++depth_;
    this->steps(steps);
    out_ += "}";
  }

  void choice(const Choice& choice) {
    here(&choice);
    line("choice ");
    print_name(out_, choice.name);
    out_ += ": " + word(choice.condition);
    place(choice.place);
    nested(choice.then);
    out_ += " otherwise";
    nested(choice.otherwise);
    out_ += "\n";
  }

  void measure(const Measure& measure) {
    here(&measure);
    line("measure ");
    print_name(out_, measure.name);
    out_ += ": ";
    print_dim(out_, Dim::symbol(measure.symbol));
    out_ += fmt::format(" = {} from {} to ", word(measure.buffer), measure.low);
    print_dim(out_, measure.high);
    for (const auto& [a, b] : measure.equalities) {
      out_ += " require ";
      print_dim(out_, a);
      out_ += " == ";
      print_dim(out_, b);
    }
    place(measure.place);
    nested(measure.steps);
    out_ += "\n";
  }

  void axes(std::string_view keyword, const std::vector<Axis>& axes) {
    if (axes.empty()) return;
    line(keyword);
    comma_separated(axes, [&](const Axis& axis) {
      here(&axis);
      out_ += fmt::format("i{} < ", axis.var);
      print_dim(out_, axis.extent);
    });
    out_ += '\n';
  }

  void kernel(const Kernel& kernel) {
    here(&kernel);
    line("kernel ");
    print_name(out_, kernel.name);
    place(kernel.place);
    out_ += " {\n";
    ++depth_;
    if (options_.costs) costs(cost_of(plan_, kernel));
    axes("parallel ", kernel.parallel);
    for (const auto& nest : kernel.reductions) axes("reduction ", nest);
    schedule(kernel.schedule);
    for (size_t i = 0; i < kernel.body.size(); ++i) instr(kernel.body[i], i);
    for (const Store& store : kernel.stores) {
      here(&store);
      line("store ");
      out_ += word(store.buffer) + "[";
      index(store.index, store.indirect);
      out_ += fmt::format("] = %{}\n", store.instr);
    }
    --depth_;
    line("}\n");
  }

  void costs(const KernelCost& cost) {
    const std::string text = print_counts({{cost.multiply_adds, "multiply-adds"},
                                           {cost.arithmetic, "operations"},
                                           {cost.functions, "functions"},
                                           {cost.constant_bytes, "constant bytes"},
                                           {cost.read_bytes, "bytes read"},
                                           {cost.written_bytes, "bytes written"}});
    if (!text.empty()) line("# " + text + "\n");
  }

  void schedule(const Schedule& schedule) {
    if (schedule == Schedule()) return;
    line("schedule");
    if (schedule.vector_axis >= 0) out_ += fmt::format(" vector=i{}", schedule.vector_axis);
    if (schedule.lanes != 1) out_ += fmt::format(" lanes={}", schedule.lanes);
    if (schedule.vectors != 1) out_ += fmt::format(" vectors={}", schedule.vectors);
    if (schedule.row_axis >= 0) out_ += fmt::format(" row=i{}", schedule.row_axis);
    if (schedule.rows != 1) out_ += fmt::format(" rows={}", schedule.rows);
    if (schedule.unroll != 1) out_ += fmt::format(" unroll={}", schedule.unroll);
    if (schedule.flat) out_ += " flat";
    if (schedule.keep) out_ += " keep";
    if (schedule.spread) out_ += " spread";
    if (schedule.matrix != 0) out_ += fmt::format(" matrix={}", schedule.matrix);
    if (schedule.prefetch != 0) out_ += fmt::format(" prefetch={}", schedule.prefetch);
    if (schedule.alternate >= 0) out_ += fmt::format(" alternate=i{}", schedule.alternate);
    if (schedule.turn >= 0) out_ += " turn=" + word(schedule.turn);
    if (schedule.task_axis >= 0) out_ += fmt::format(" tasks=i{}/{}", schedule.task_axis, schedule.task_size);
    out_ += '\n';
  }

  // --- instructions

  using InstrPrinter = void (PlanPrinter::*)(const Instr&);

  void instr(const Instr& instr, size_t number) {
    constexpr InstrPrinter kPrinters[] = {&PlanPrinter::immediate, &PlanPrinter::load,    &PlanPrinter::index_value,
                                          &PlanPrinter::pointwise, &PlanPrinter::bounded, &PlanPrinter::reduce};
    here(&instr);
    line("");
    out_ += fmt::format("%{} = ", number);
    (this->*kPrinters[static_cast<int>(instr.kind)])(instr);
    out_ += ": ";
    out_ += to_string(instr.dtype);
    out_ += '\n';
  }
  static std::string operand(const Instr& instr) {
    return instr.operands.size() == 1 ? fmt::format("%{}", instr.operands[0]) : "%\"(not one operand)\"";
  }

  void immediate(const Instr& instr) {
    out_ += "immediate ";
    if (is_float(instr.dtype))
      print_real(out_, instr.real);
    else
      out_ += std::to_string(instr.integer);
  }
  void load(const Instr& instr) {
    out_ += "load " + word(instr.buffer) + "[";
    index(instr.index, instr.indirect);
    out_ += ']';
  }
  void index_value(const Instr& instr) {
    out_ += "index ";
    index(instr.index, {});
  }
  void pointwise(const Instr& instr) {
    out_ += info(instr.op).word;
    out_ += ' ';
    comma_separated(instr.operands, [&](int operand) { out_ += fmt::format("%{}", operand); });
  }
  void bounded(const Instr& instr) {
    out_ += "bounded " + operand(instr) + " < ";
    print_dim(out_, instr.extent);
  }
  void reduce(const Instr& instr) {
    out_ += fmt::format("reduce {} %{}", to_string(instr.combine), instr.operands[0]);
    if (instr.operands.size() > 1) out_ += fmt::format(" from %{}", instr.operands[1]);
    if (instr.nest != 0) out_ += fmt::format(" in {}", instr.nest);
  }

  // --- indices: i0*64 + (i1 / 16)*256 + (i1 % 16) + %3*{4*T} + 5

  /// A number, or an expression over dimensions in braces, so that i0 is always a variable.
  void factor(const Dim& dim) {
    if (!dim.constant()) out_ += '{';
    print_dim(out_, dim);
    if (!dim.constant()) out_ += '}';
  }
  void times(const Dim& coefficient) {
    if (coefficient.is(1)) return;
    out_ += '*';
    factor(coefficient);
  }

  void index(const Index& index, const std::vector<Instr::Indirect>& indirect) {
    bool first = true;
    const auto separate = [&] {
      if (!first) out_ += " + ";
      first = false;
    };
    for (const IndexTerm& term : index.terms) {
      separate();
      this->term(term);
    }
    for (const Instr::Indirect& part : indirect) {
      separate();
      out_ += fmt::format("%{}", part.instr);
      times(part.coefficient);
    }
    if (!first && index.constant.is(0)) return;
    const auto constant = index.constant.constant();
    if (!first && constant && *constant < 0 && *constant != std::numeric_limits<int64_t>::min()) {
      out_ += fmt::format(" - {}", -*constant);
      return;
    }
    separate();
    factor(index.constant);
  }

  void term(const IndexTerm& term) {
    if (term.panel == 0) {
      out_ += fmt::format("i{}", term.var);
      times(term.coefficient);
      return;
    }
    out_ += fmt::format("(i{} / {})", term.var, term.panel);
    times(term.panel_stride);
    out_ += fmt::format(" + (i{} % {})", term.var, term.panel);
    times(term.coefficient);
  }

  const Plan& plan_;
  const PrintOptions& options_;
  const std::vector<std::string> buffers_;
  std::string out_;
  int depth_ = 0;
  PlanLines lines_;
  int line_ = 1;        // the one being written, as far as `counted_` bytes tell
  size_t counted_ = 0;
};

}  // namespace

PlanText print_with_lines(const Plan& plan, const PrintOptions& options) { return PlanPrinter(plan, options).print(); }

std::string print(const Plan& plan, const PrintOptions& options) { return print_with_lines(plan, options).text; }

}  // namespace rondo
