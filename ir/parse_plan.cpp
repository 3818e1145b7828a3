// Plans from text; docs/ir.md describes the language. Names are checked here, meaning by verify(Plan).
// Kernels: ir/parse_kernel.cpp. Tested by tests/ir/text*_test.cpp.
#include <fmt/format.h>

#include "ir/parse_kernel.h"

namespace rondo {
namespace {

std::optional<Buffer::Kind> find_buffer_kind(std::string_view word) {
  using Kind = Buffer::Kind;
  constexpr std::pair<std::string_view, Kind> kKinds[] = {
      {"input", Kind::input},       {"output", Kind::output},   {"state", Kind::state},      {"turn", Kind::turn},
      {"constant", Kind::constant}, {"scratch", Kind::scratch}, {"measured", Kind::measured},
      {"granted", Kind::granted}};
  for (const auto& [name, kind] : kKinds)
    if (name == word) return kind;
  return std::nullopt;
}

class PlanParser {
 public:
  explicit PlanParser(TextReader& reader) : reader_(reader) {}

  Result<Plan> parse() {
    reader_.next();
    RONDO_TRY(plan_.name, reader_.text());
    RONDO_CHECK(reader_.expect_mark("{"));
    errors_.keep(read_statements(
        reader_, errors_,
        {[&] { return statement(); }, begins_statement, [&](TextReader start) { stand_in(std::move(start)); }}));
    RONDO_CHECK(errors_.status());
    return std::move(plan_);
  }

 private:
  Diagnostic error(const Token& token, std::string message) const { return reader_.error(token, std::move(message)); }

  static bool begins_statement(const TextReader& reader) {
    for (const char* word :
         {"symbols", "require", "math", "stepping", "measured", "memory", "time", "buffer", "input", "output", "state"})
      if (reader.at_word(word)) return true;
    return begins_step(reader);
  }

  /// A buffer whose statement has errors is there for what uses it.
  void stand_in(TextReader start) {
    if (!start.take_word("buffer")) {
      buffers_.lost |= !begins_statement(start);  // a misspelt 'buffer', perhaps
      return;
    }
    if (start.peek().kind == Token::Kind::word)
      buffers_.by_word.emplace(start.peek().text, static_cast<int>(buffers_.by_word.size()));
    else
      buffers_.lost = true;
  }

  Status statement() {
    if (reader_.take_word("symbols")) return symbols();
    if (reader_.take_word("require")) return require();
    if (reader_.take_word("math")) return math();
    if (reader_.take_word("stepping")) return parse_stepping(reader_, plan_.stepping);
    if (reader_.take_word("measured")) return measured();
    if (reader_.take_word("memory")) return memory();
    if (reader_.take_word("time")) return time();
    if (reader_.take_word("buffer")) return buffer();
    if (reader_.take_word("input")) return port(plan_.inputs);
    if (reader_.take_word("output")) return port(plan_.outputs);
    if (reader_.take_word("state")) return state();
    return step(plan_.steps);
  }

  Status symbols() {
    do {
      RONDO_TRY(std::string name, reader_.symbol());
      plan_.symbols.push_back(std::move(name));
    } while (reader_.take_mark(","));
    return Done{};
  }

  Status require() {
    RONDO_TRY(Dim a, reader_.dim());
    RONDO_CHECK(reader_.expect_mark("=="));
    RONDO_TRY(Dim b, reader_.dim());
    plan_.equalities.emplace_back(std::move(a), std::move(b));
    return Done{};
  }

  Status measured() {
    RONDO_TRY(std::string symbol, reader_.symbol());
    RONDO_CHECK(reader_.expect_word("to"));
    RONDO_TRY(Dim highest, reader_.dim());
    plan_.measured.emplace_back(std::move(symbol), std::move(highest));
    return Done{};
  }

  Status math() {
    RONDO_CHECK(reader_.expect_word("fast"));
    plan_.fast_math = true;
    return Done{};
  }

  Status time() {
    RONDO_TRY(Timing timing, reader_.timing());
    plan_.timing.push_back(std::move(timing));
    return Done{};
  }

  Status memory() {
    RONDO_CHECK(reader_.expect_word("constants"));
    RONDO_TRY(plan_.constant_bytes, reader_.integer());
    RONDO_CHECK(reader_.expect_mark(","));
    RONDO_CHECK(reader_.expect_word("state"));
    RONDO_TRY(plan_.state_bytes, reader_.dim());
    RONDO_CHECK(reader_.expect_mark(","));
    RONDO_CHECK(reader_.expect_word("scratch"));
    RONDO_TRY(plan_.scratch_bytes, reader_.dim());
    return Done{};
  }

  /// WORD ["name"] = KIND DTYPE[COUNT] [slot N] [at OFFSET] [value TENSOR]
  Status buffer() {
    const Token token = reader_.peek();
    if (token.kind != Token::Kind::word) return reader_.expected("a buffer's name");
    reader_.next();
    if (!buffers_.by_word.emplace(token.text, static_cast<int>(plan_.buffers.size())).second)
      return error(token, "this buffer's name is already taken");
    Buffer buffer;
    const bool numbered =
        token.text[0] == 'b' && is_digits(token.text.substr(1));  // stands for a buffer without a name
    if (!numbered) buffer.name = token.text;
    if (reader_.peek().kind == Token::Kind::text) {
      RONDO_TRY(buffer.name, reader_.text());
    }
    RONDO_CHECK(reader_.expect_mark("="));
    const auto kind = find_buffer_kind(reader_.peek().text);
    if (reader_.peek().kind != Token::Kind::word || !kind)
      return reader_.expected("input, output, state, constant, scratch, measured or granted");
    reader_.next();
    buffer.kind = *kind;
    const Token type_token = reader_.peek();
    RONDO_TRY(Type type, reader_.type());
    if (type.rank() != 1) return error(type_token, "a buffer has one size, its number of elements, as in f32[64]");
    buffer.dtype = type.dtype;
    buffer.count = std::move(type.shape[0]);
    if (reader_.take_word("slot")) {
      RONDO_TRY(buffer.slot, reader_.small_integer("a slot's number"));
    }
    if (reader_.take_word("at")) {
      RONDO_TRY(buffer.offset, reader_.dim());
    }
    if (reader_.take_word("value")) {
      RONDO_TRY(buffer.value, reader_.tensor());
    }
    plan_.buffers.push_back(std::move(buffer));
    return Done{};
  }

  Result<Port> port() {
    Port port;
    RONDO_TRY(port.name, reader_.text());
    RONDO_CHECK(reader_.expect_mark(":"));
    RONDO_TRY(port.type, reader_.type());
    RONDO_CHECK(reader_.expect_word("in"));
    RONDO_TRY(port.buffer, parse_buffer_name(reader_, buffers_));
    return port;
  }
  Status port(std::vector<Port>& ports) {
    RONDO_TRY(Port result, port());
    ports.push_back(std::move(result));
    return Done{};
  }
  Status state() {
    RONDO_TRY(Port result, port());
    StateSlot slot{std::move(result.name), std::move(result.type), result.buffer, std::nullopt};
    if (reader_.take_word("initial")) {
      RONDO_TRY(slot.initial, reader_.tensor());
    }
    plan_.states.push_back(std::move(slot));
    return Done{};
  }

  // --- steps

  Status step(std::vector<Step>& steps) {
    if (reader_.take_word("kernel")) {
      RONDO_TRY(Kernel result, parse_kernel(reader_, buffers_, errors_));
      steps.push_back({std::move(result)});
      return Done{};
    }
    if (reader_.take_word("loop")) {
      RONDO_TRY(Loop result, loop());
      steps.push_back({std::move(result)});
      return Done{};
    }
    if (reader_.take_word("choice")) {
      RONDO_TRY(Choice result, choice());
      steps.push_back({std::move(result)});
      return Done{};
    }
    if (reader_.take_word("measure")) {
      RONDO_TRY(Measure result, measure());
      steps.push_back({std::move(result)});
      return Done{};
    }
    return reader_.expected("a statement or '}'");
  }

  Result<Loop> loop() {
    Loop loop;
    RONDO_TRY(loop.name, reader_.name());
    RONDO_CHECK(reader_.expect_mark(":"));
    RONDO_TRY(loop.var, parse_variable(reader_));
    RONDO_CHECK(reader_.expect_mark("<"));
    RONDO_TRY(loop.trip, reader_.dim());
    if (reader_.take_word("while")) {
      RONDO_TRY(loop.condition, parse_buffer_name(reader_, buffers_));
    }
    loop.beside = reader_.take_word("beside");
    RONDO_CHECK(parse_place(reader_, loop.place));
    RONDO_CHECK(nested(loop.steps));
    return loop;
  }

  Status nested(std::vector<Step>& steps) {
    const Nesting nesting(depth_);
    if (depth_ > TextReader::kMaxNesting) return reader_.error("steps are nested too deeply");
    RONDO_CHECK(reader_.expect_mark("{"));
    return read_statements(reader_, errors_, {[&] { return step(steps); }, begins_step, [](const TextReader&) {}});
  }

  /// NAME: BUFFER [@ "place"] { … } otherwise { … }
  Result<Choice> choice() {
    Choice choice;
    RONDO_TRY(choice.name, reader_.name());
    RONDO_CHECK(reader_.expect_mark(":"));
    RONDO_TRY(choice.condition, parse_buffer_name(reader_, buffers_));
    RONDO_CHECK(parse_place(reader_, choice.place));
    RONDO_CHECK(nested(choice.then));
    RONDO_CHECK(reader_.expect_word("otherwise"));
    RONDO_CHECK(nested(choice.otherwise));
    return choice;
  }

  /// NAME: SYMBOL = BUFFER from INT to DIM {require DIM == DIM} [@ "place"] { … }
  Result<Measure> measure() {
    Measure measure;
    RONDO_TRY(measure.name, reader_.name());
    RONDO_CHECK(reader_.expect_mark(":"));
    RONDO_TRY(measure.symbol, reader_.symbol());
    RONDO_CHECK(reader_.expect_mark("="));
    RONDO_TRY(measure.buffer, parse_buffer_name(reader_, buffers_));
    RONDO_CHECK(reader_.expect_word("from"));
    RONDO_TRY(measure.low, reader_.integer());
    RONDO_CHECK(reader_.expect_word("to"));
    RONDO_TRY(measure.high, reader_.dim());
    while (reader_.take_word("require")) {
      RONDO_TRY(Dim a, reader_.dim());
      RONDO_CHECK(reader_.expect_mark("=="));
      RONDO_TRY(Dim b, reader_.dim());
      measure.equalities.emplace_back(std::move(a), std::move(b));
    }
    RONDO_CHECK(parse_place(reader_, measure.place));
    RONDO_CHECK(nested(measure.steps));
    return measure;
  }

  TextReader& reader_;
  Plan plan_;
  BufferNumbers buffers_;
  ErrorList errors_;
  int depth_ = 0;
};

}  // namespace

bool begins_step(const TextReader& reader) {
  for (const char* word : {"kernel", "loop", "choice", "measure"})
    if (reader.at_word(word)) return true;
  return false;
}

Result<Plan> parse_plan(TextReader& reader) { return PlanParser(reader).parse(); }

}  // namespace rondo
