// Kernels from text: axes, schedule, instructions, stores and indices. Tested by tests/ir/text*_test.cpp.
#include "ir/parse_kernel.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/closest.h"

namespace rondo {
namespace {

bool at_variable(const TextReader& reader) {
  const Token& token = reader.peek();
  return token.kind == Token::Kind::word && token.text[0] == 'i' && is_digits(token.text.substr(1));
}

Result<int> parse_number(const TextReader& reader, const Token& token, std::string_view digits) {
  int64_t value = 0;
  for (char digit : digits)
    if ((value = value * 10 + (digit - '0')) > std::numeric_limits<int>::max())
      return reader.error(token, "this number is too large");
  return static_cast<int>(value);
}

class KernelParser {
 public:
  KernelParser(TextReader& reader, BufferNumbers& buffers, ErrorList& errors)
      : reader_(reader), buffers_(buffers), errors_(errors) {}

  Result<Kernel> parse() {
    Kernel kernel;
    RONDO_TRY(kernel.name, reader_.name());
    RONDO_CHECK(parse_place(reader_, kernel.place));
    RONDO_CHECK(reader_.expect_mark("{"));
    RONDO_CHECK(read_statements(reader_, errors_,
                                {[&] { return kernel_statement(kernel); }, begins_kernel_statement,
                                 [&](const TextReader& start) { stand_in(kernel, start); }, begins_step}));
    return kernel;
  }

 private:
  Diagnostic error(const Token& token, std::string message) const { return reader_.error(token, std::move(message)); }

  static bool begins_kernel_statement(const TextReader& reader) {
    if (reader.peek().kind == Token::Kind::value) return true;
    for (const char* word : {"parallel", "reduction", "schedule", "store"})
      if (reader.at_word(word)) return true;
    return false;
  }

  /// An instruction with errors keeps its number, so that those behind it have theirs.
  void stand_in(Kernel& kernel, const TextReader& start) {
    if (start.peek().kind != Token::Kind::value) return;
    kernel.body.emplace_back();
    misnumbered_ |= start.peek().text != std::to_string(kernel.body.size() - 1);
  }

  Status kernel_statement(Kernel& kernel) {
    if (reader_.take_word("parallel")) return axes(kernel.parallel);
    if (reader_.take_word("reduction")) return axes(kernel.reductions.emplace_back());
    if (reader_.take_word("schedule")) return schedule(kernel.schedule);
    if (reader_.take_word("store")) return store(kernel);
    if (reader_.peek().kind == Token::Kind::value) return instr(kernel);
    return reader_.expected("an instruction such as '%0 = …', parallel, reduction, schedule, store or '}'");
  }

  Status axes(std::vector<Axis>& axes) {
    do {
      Axis axis;
      RONDO_TRY(axis.var, parse_variable(reader_));
      RONDO_CHECK(reader_.expect_mark("<"));
      RONDO_TRY(axis.extent, reader_.dim());
      axes.push_back(std::move(axis));
    } while (reader_.take_mark(","));
    return Done{};
  }

  Status schedule(Schedule& schedule) {
    const std::pair<std::string_view, int*> counts[] = {{"lanes", &schedule.lanes},
                                                        {"vectors", &schedule.vectors},
                                                        {"rows", &schedule.rows},
                                                        {"unroll", &schedule.unroll},
                                                        {"matrix", &schedule.matrix},
                                                        {"prefetch", &schedule.prefetch}};
    const std::pair<std::string_view, int*> axes[] = {{"vector", &schedule.vector_axis}, {"row", &schedule.row_axis}, {"alternate", &schedule.alternate}};
    const auto setting = [&]() -> Result<bool> {
      for (const auto& [word, axis] : axes) {
        if (!reader_.take_word(word)) continue;
        RONDO_CHECK(reader_.expect_mark("="));
        RONDO_TRY(*axis, parse_variable(reader_));
        return true;
      }
      if (reader_.take_word("tasks")) {
        RONDO_CHECK(reader_.expect_mark("="));
        RONDO_TRY(schedule.task_axis, parse_variable(reader_));
        RONDO_CHECK(reader_.expect_mark("/"));
        RONDO_TRY(schedule.task_size, reader_.integer());
        return true;
      }
      for (const auto& [word, count] : counts) {
        if (!reader_.take_word(word)) continue;
        RONDO_CHECK(reader_.expect_mark("="));
        RONDO_TRY(*count, reader_.small_integer("a count"));
        return true;
      }
      if (reader_.take_word("turn")) {
        RONDO_CHECK(reader_.expect_mark("="));
        RONDO_TRY(schedule.turn, parse_buffer_name(reader_, buffers_));
        return true;
      }
      if (reader_.take_word("flat")) return schedule.flat = true;
      if (reader_.take_word("keep")) return schedule.keep = true;
      if (reader_.take_word("spread")) return schedule.spread = true;
      return false;
    };
    for (bool any = false;; any = true) {
      RONDO_TRY(const bool more, setting());
      if (more) continue;
      if (any) return Done{};
      return reader_.expected("vector=, lanes=, vectors=, row=, rows=, unroll=, flat, keep, spread, matrix=, prefetch=, alternate=, "
                              "turn= or tasks=");
    }
  }

  Status store(Kernel& kernel) {
    Store store;
    RONDO_TRY(store.buffer, parse_buffer_name(reader_, buffers_));
    RONDO_CHECK(reader_.expect_mark("["));
    RONDO_CHECK(index(store.index, &store.indirect, kernel));
    RONDO_CHECK(reader_.expect_mark("]"));
    RONDO_CHECK(reader_.expect_mark("="));
    RONDO_TRY(store.instr, operand(kernel));
    kernel.stores.push_back(std::move(store));
    return Done{};
  }

  // --- instructions

  Result<int> operand(const Kernel& kernel) {
    const Token token = reader_.peek();
    if (token.kind != Token::Kind::value || !is_digits(token.text))
      return reader_.expected("an instruction such as %0");
    reader_.next();
    RONDO_TRY(const int instr, parse_number(reader_, token, token.text));
    if (static_cast<size_t>(instr) < kernel.body.size()) return instr;
    if (misnumbered_) return told_already();
    return error(token, "this instruction is not defined before here");
  }

  Status instr(Kernel& kernel) {
    const Token token = reader_.next();
    if (!misnumbered_ && token.text != std::to_string(kernel.body.size()))
      return error(token, fmt::format("instructions are numbered in order; this one is %{}", kernel.body.size()));
    RONDO_CHECK(reader_.expect_mark("="));
    Instr instr;
    std::optional<double> real;  // of an immediate, whose type is known only afterwards
    RONDO_CHECK(operation(instr, real, kernel));
    RONDO_CHECK(reader_.expect_mark(":"));
    const Token type = reader_.peek();
    const auto dtype = type.kind == Token::Kind::word ? find_dtype(type.text) : std::nullopt;
    if (!dtype) return reader_.expected("an element type such as f32");
    reader_.next();
    instr.dtype = *dtype;
    if (instr.kind == Instr::Kind::immediate) {
      if (is_float(*dtype)) {
        instr.real = real.value_or(static_cast<double>(instr.integer));
        instr.integer = 0;
      } else if (real) {
        return error(type, fmt::format("an immediate of type {} is written without a point", to_string(*dtype)));
      }
    }
    kernel.body.push_back(std::move(instr));
    return Done{};
  }

  Status operation(Instr& instr, std::optional<double>& real, const Kernel& kernel) {
    using Kind = Instr::Kind;
    const Token token = reader_.peek();
    if (token.kind != Token::Kind::word) return reader_.expected("an operation");
    reader_.next();
    if (token.text == "immediate") return immediate(instr, real);
    if (token.text == "load") {
      instr.kind = Kind::load;
      RONDO_TRY(instr.buffer, parse_buffer_name(reader_, buffers_));
      RONDO_CHECK(reader_.expect_mark("["));
      RONDO_CHECK(index(instr.index, &instr.indirect, kernel));
      return reader_.expect_mark("]");
    }
    if (token.text == "index") {
      instr.kind = Kind::index;
      return index(instr.index, nullptr, kernel);
    }
    if (token.text == "bounded") {
      instr.kind = Kind::bounded;
      RONDO_CHECK(operands(instr, kernel, 1));
      RONDO_CHECK(reader_.expect_mark("<"));
      RONDO_TRY(instr.extent, reader_.dim());
      return Done{};
    }
    if (token.text == "reduce") {
      instr.kind = Kind::reduce;
      const auto combine = find_combine(reader_.peek().text);
      if (reader_.peek().kind != Token::Kind::word || !combine) return reader_.expected("sum, prod, max or min");
      reader_.next();
      instr.combine = *combine;
      return reduce(instr, kernel);
    }
    const auto op = find_op(token.text);
    if (!op || !is_pointwise(*op))
      return error(token, fmt::format("'{}' is not load, index, immediate, bounded, reduce or a pointwise operator",
                                      token.text));
    instr.kind = Kind::pointwise;
    instr.op = *op;
    return operands(instr, kernel, info(*op).max_operands);
  }

  Status operands(Instr& instr, const Kernel& kernel, int count) {
    for (int i = 0; i < count; ++i) {
      if (i > 0) RONDO_CHECK(reader_.expect_mark(","));
      RONDO_TRY(const int each, operand(kernel));
      instr.operands.push_back(each);
    }
    return Done{};
  }

  /// %element ["from" %beginning] ["in" nest]
  Status reduce(Instr& instr, const Kernel& kernel) {
    RONDO_CHECK(operands(instr, kernel, 1));
    if (reader_.take_word("from")) {
      RONDO_TRY(const int beginning, operand(kernel));
      instr.operands.push_back(beginning);
    }
    if (!reader_.take_word("in")) return Done{};
    RONDO_TRY(instr.nest, reader_.small_integer("a reduction nest"));
    return Done{};
  }

  Status immediate(Instr& instr, std::optional<double>& real) {
    RONDO_TRY(const Attribute value, reader_.attribute());
    if (const auto* whole = std::get_if<int64_t>(&value))
      instr.integer = *whole;
    else if (const auto* number = std::get_if<double>(&value))
      real = *number;
    else
      return reader_.error("an immediate is a number");
    return Done{};
  }

  // --- indices

  Result<Dim> factor() {
    if (!reader_.take_mark("{")) {
      RONDO_TRY(const int64_t value, reader_.integer());
      return Dim(value);
    }
    RONDO_TRY(Dim value, reader_.dim());
    RONDO_CHECK(reader_.expect_mark("}"));
    return value;
  }
  Result<Dim> times() {
    if (!reader_.take_mark("*")) return Dim(1);
    return factor();
  }

  /// part {"+" part} ["-" number]; indirect parts only where there is a list for them.
  Status index(Index& index, std::vector<Instr::Indirect>* indirect, const Kernel& kernel) {
    bool has_constant = false;
    const auto set_constant = [&](const Token& token, Dim value) -> Status {
      if (has_constant) return error(token, "an index has one constant");
      has_constant = true;
      index.constant = std::move(value);
      return Done{};
    };
    do {
      const Token token = reader_.peek();
      if (at_variable(reader_)) {
        IndexTerm term;
        RONDO_TRY(term.var, parse_variable(reader_));
        RONDO_TRY(term.coefficient, times());
        index.terms.push_back(std::move(term));
      } else if (reader_.at_mark("(")) {
        RONDO_CHECK(panel_term(index));
      } else if (indirect && token.kind == Token::Kind::value) {
        Instr::Indirect part;
        RONDO_TRY(part.instr, operand(kernel));
        RONDO_TRY(part.coefficient, times());
        indirect->push_back(std::move(part));
      } else {
        if (token.kind != Token::Kind::number && !reader_.at_mark("{") && !reader_.at_mark("-"))
          return reader_.expected("a part of an index: i0, i0*4, (i0 / 4)*64 + (i0 % 4), a number or {a dimension}");
        RONDO_TRY(Dim value, factor());
        RONDO_CHECK(set_constant(token, std::move(value)));
      }
    } while (reader_.take_mark("+"));
    const Token token = reader_.peek();
    if (!reader_.take_mark("-")) return Done{};
    RONDO_TRY(const int64_t value, reader_.integer());
    return set_constant(token, -Dim(value));
  }

  /// (i0 / 16)*STRIDE + (i0 % 16)*COEFFICIENT
  Status panel_term(Index& index) {
    IndexTerm term;
    const Token start = reader_.next();
    RONDO_TRY(term.var, parse_variable(reader_));
    RONDO_CHECK(reader_.expect_mark("/"));
    RONDO_TRY(term.panel, reader_.integer());
    RONDO_CHECK(reader_.expect_mark(")"));
    RONDO_TRY(term.panel_stride, times());
    RONDO_CHECK(reader_.expect_mark("+"));
    RONDO_CHECK(reader_.expect_mark("("));
    RONDO_TRY(const int var, parse_variable(reader_));
    RONDO_TRY(const int64_t panel, remainder());
    RONDO_CHECK(reader_.expect_mark(")"));
    RONDO_TRY(term.coefficient, times());
    if (term.panel <= 0 || panel != term.panel || var != term.var)
      return error(start, "a panel is written (i0 / N)*STRIDE + (i0 % N)*COEFFICIENT, with one variable and one N > 0");
    index.terms.push_back(std::move(term));
    return Done{};
  }

  /// "% 16", or "%16", which the lexer takes for a value.
  Result<int64_t> remainder() {
    const Token token = reader_.peek();
    if (token.kind == Token::Kind::value && !token.quoted && is_digits(token.text)) {
      reader_.next();
      RONDO_TRY(const int value, parse_number(reader_, token, token.text));
      return int64_t{value};
    }
    RONDO_CHECK(reader_.expect_mark("%"));
    return reader_.integer();
  }

  TextReader& reader_;
  BufferNumbers& buffers_;
  ErrorList& errors_;
  bool misnumbered_ = false;  // an instruction's number was wrong, and so those of others may be
};

}  // namespace

Result<int> parse_buffer_name(TextReader& reader, BufferNumbers& buffers) {
  const Token token = reader.peek();
  if (token.kind != Token::Kind::word) return reader.expected("a buffer's name");
  reader.next();
  if (const auto found = buffers.by_word.find(std::string(token.text)); found != buffers.by_word.end())
    return found->second;
  if (buffers.lost) return told_already();
  std::vector<std::string> known;
  for (const auto& [word, number] : buffers.by_word) known.push_back(word);
  std::sort(known.begin(), known.end());
  buffers.by_word.emplace(token.text, 0);
  return reader.error(token, "there is no buffer of this name before here" + did_you_mean(token.text, known));
}

Result<int> parse_variable(TextReader& reader) {
  if (!at_variable(reader)) return reader.expected("a loop variable such as i0");
  const Token token = reader.next();
  return parse_number(reader, token, token.text.substr(1));
}

Status parse_place(TextReader& reader, std::string& place) {
  if (!reader.take_mark("@")) return Done{};
  RONDO_TRY(place, reader.text());
  return Done{};
}

Result<Kernel> parse_kernel(TextReader& reader, BufferNumbers& buffers, ErrorList& errors) {
  return KernelParser(reader, buffers, errors).parse();
}

}  // namespace rondo
