// Graphs from text; docs/ir.md describes the language. Core nodes are given to inference as they are read, so that
// their types and known elements are there, and types in the text that inference refutes are errors.
// Tested by tests/ir/text*_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ir/infer.h"
#include "ir/op_words.h"
#include "ir/recovery.h"
#include "ir/verify_node.h"
#include "support/closest.h"

namespace rondo {
namespace {

/// A graph or region under construction, and the values that can be named in it.
struct Scope {
  Graph& graph;
  bool is_region = false;
  std::unordered_map<std::string, Value*> values;
  std::vector<std::pair<Token, Value*>> states;  // as declared, to say which lacks its next value
  std::unordered_set<std::string> failed;        // names whose statements have errors: what uses them has none of its own
};

/// Types as they stand in the text: nothing for "?", and for "_".
struct PrintedType {
  Token token;
  bool left_out = false;
  std::optional<Type> type;
};

class GraphParser {
 public:
  explicit GraphParser(TextReader& reader) : reader_(reader) {}

  Result<Graph> parse() {
    Graph graph(reader_.next().text == "model" ? Level::model : Level::core);
    RONDO_TRY(graph.name, reader_.text());
    RONDO_CHECK(opset(graph));
    Scope scope{graph, false, {}, {}, {}};
    errors_.keep(body(scope));
    RONDO_CHECK(errors_.status());
    return graph;
  }

 private:
  Diagnostic error(const Token& token, std::string message) const { return reader_.error(token, std::move(message)); }

  Status opset(Graph& graph) {
    if (!reader_.take_word("opset")) return Done{};
    RONDO_TRY(graph.opset, reader_.small_integer("an operator set's number"));
    return Done{};
  }

  Status body(Scope& scope) {
    const Nesting nesting(depth_);
    if (depth_ > TextReader::kMaxNesting) return reader_.error("regions are nested too deeply");
    RONDO_CHECK(reader_.expect_mark("{"));
    RONDO_CHECK(read_statements(reader_, errors_,
                                {[&] { return statement(scope); }, begins_statement,
                                 [&](TextReader start) { mark_failed(scope, std::move(start)); }}));
    if (errors_.failed()) return Done{};
    for (const auto& [token, value] : scope.states)
      for (const State& state : scope.graph.states)
        if (state.current == value && !state.next)
          return error(token, "this state needs its next value: 'next %STATE = %VALUE' before the closing '}'");
    return Done{};
  }

  /// The names that a statement with errors defines: what stands before its first '=' or ':'.
  static void mark_failed(Scope& scope, TextReader start) {
    if (start.at_word("next") || start.at_word("output") || start.at_word("yield")) return;
    for (; start.peek().kind != Token::Kind::end && !start.at_mark("=") && !start.at_mark(":"); start.next())
      if (start.peek().kind == Token::Kind::value)
        if (Result<std::string> name = key(start, start.peek()); name) scope.failed.insert(*name);
  }

  static bool begins_statement(const TextReader& reader) {
    if (reader.peek().kind == Token::Kind::value || reader.at_word("_")) return true;
    for (const char* word :
         {"input", "state", "stepping", "require", "bind", "next", "output", "yield", "time"})
      if (reader.at_word(word)) return true;
    return false;
  }

  Status statement(Scope& scope) {
    if (scope.is_region && (reader_.at_word("input") || reader_.at_word("state") || reader_.at_word("stepping")))
      return reader_.error("a region's parameters stand in its parentheses, and it has no states");
    if (reader_.take_word("stepping")) return parse_stepping(reader_, scope.graph.stepping);
    if (reader_.take_word("input")) return input(scope);
    if (reader_.take_word("state")) return state(scope);
    if (reader_.take_word("require")) return require(scope);
    if (reader_.take_word("bind")) return bind(scope);
    if (reader_.take_word("next")) return next_state(scope);
    if (reader_.take_word("output")) return output(scope);
    if (reader_.take_word("yield")) return yield(scope);
    if (reader_.take_word("time")) return time(scope);
    const auto kind = reader_.peek().kind;
    if (kind == Token::Kind::word || kind == Token::Kind::value) return node(scope);
    return reader_.expected("a statement or '}'");
  }

  // --- names

  /// What a value is looked up by: numbers (no name) cannot meet quoted names.
  static Result<std::string> key(TextReader& reader, const Token& token) {
    if (token.quoted) return reader.unquote(token);
    if (is_digits(token.text)) return std::string(1, '\0') + std::string(token.text);
    return std::string(token.text);
  }
  Result<std::string> key(const Token& token) { return key(reader_, token); }
  static std::string name_of(const std::string& key) { return key.starts_with('\0') ? "" : key; }

  Result<Token> value_token(std::string_view what) {
    if (reader_.peek().kind != Token::Kind::value) return reader_.expected(what);
    return reader_.next();
  }

  Status define(Scope& scope, const Token& token, const std::string& key, Value* value) {
    if (!scope.values.emplace(key, value).second) return error(token, "this name is already taken in this graph");
    return Done{};
  }

  Result<Value*> use(Scope& scope, std::string_view what = "a value such as %x") {
    RONDO_TRY(const Token token, value_token(what));
    RONDO_TRY(const std::string name, key(token));
    if (scope.failed.count(name)) return told_already();
    auto found = scope.values.find(name);
    if (found != scope.values.end()) return found->second;
    std::vector<std::string> known;
    for (const auto& [other, value] : scope.values) known.push_back(name_of(other));
    std::sort(known.begin(), known.end());
    scope.failed.insert(name);  // said once
    return error(token, std::string("this value is not defined before here") +
                            (scope.is_region ? " in the region; values from outside come in as operands of the node" : "") +
                            did_you_mean(name_of(name), known));
  }

  /// Reads [as "name"].
  Result<std::string> alias(std::string otherwise) {
    if (!reader_.take_word("as")) return otherwise;
    return reader_.text();
  }

  // --- types

  Result<PrintedType> type(Scope& scope) {
    PrintedType printed{reader_.peek(), false, std::nullopt};
    if (reader_.take_mark("?")) {
      if (scope.graph.level == Level::core) return error(printed.token, "every value of a core graph has a type");
      return printed;
    }
    RONDO_TRY(printed.type, reader_.type());
    return printed;
  }

  /// Reads %name [as "name"]: type.
  Result<Value*> parameter(Scope& scope, std::string* shown_name) {
    RONDO_TRY(const Token token, value_token("a parameter's name such as %x"));
    RONDO_TRY(const std::string name, key(token));
    std::string shown = name_of(name);
    if (shown_name) {
      RONDO_TRY(*shown_name, alias(shown));
    }
    RONDO_CHECK(reader_.expect_mark(":"));
    RONDO_TRY(PrintedType printed, type(scope));
    Value* value = scope.graph.add_param(std::move(printed.type), std::move(shown));
    RONDO_CHECK(define(scope, token, name, value));
    return value;
  }

  // --- statements

  Status input(Scope& scope) {
    std::string name;
    RONDO_TRY(Value * value, parameter(scope, &name));
    value->name = std::move(name);
    return Done{};
  }

  Status state(Scope& scope) {
    const Token token = reader_.peek();
    State state;
    RONDO_TRY(state.current, parameter(scope, &state.name));
    if (reader_.take_word("initial")) {
      RONDO_TRY(state.initial, reader_.tensor());
    }
    scope.states.emplace_back(token, state.current);
    scope.graph.states.push_back(std::move(state));
    return Done{};
  }

  Status require(Scope& scope) {
    Equality equality;
    RONDO_TRY(equality.a, reader_.dim());
    RONDO_CHECK(reader_.expect_mark("=="));
    RONDO_TRY(equality.b, reader_.dim());
    if (reader_.take_word("because")) {
      RONDO_TRY(equality.reason, reader_.text());
    }
    scope.graph.equalities.push_back(std::move(equality));
    return Done{};
  }

  Status bind(Scope& scope) {
    const Token token = reader_.peek();
    RONDO_TRY(std::string name, reader_.symbol());
    RONDO_CHECK(reader_.expect_mark("="));
    RONDO_TRY(Dim dim, reader_.dim());
    if (!scope.graph.bindings.emplace(std::move(name), std::move(dim)).second)
      return error(token, "this dimension is bound already");
    return Done{};
  }

  Status next_state(Scope& scope) {
    const Token token = reader_.peek();
    RONDO_TRY(Value * current, use(scope, "a state such as %h"));
    RONDO_CHECK(reader_.expect_mark("="));
    RONDO_TRY(Value * next, use(scope));
    for (State& state : scope.graph.states) {
      if (state.current != current) continue;
      if (state.next) return error(token, "this state has a next value already");
      state.next = next;
      return Done{};
    }
    return error(token, "this value is not a state");
  }

  Status output(Scope& scope) {
    RONDO_TRY(Value * value, use(scope));
    RONDO_TRY(std::string name, alias(value->name));
    std::optional<Type> declared;
    if (reader_.take_mark(":")) {
      RONDO_TRY(declared, reader_.type());
    }
    Graph& graph = scope.graph;
    if (graph.output_names.size() != graph.outputs.size()) return mixed_outputs();
    if (declared || !graph.declared_outputs.empty()) {
      graph.declared_outputs.resize(graph.outputs.size());
      graph.declared_outputs.push_back(std::move(declared));
    }
    graph.outputs.push_back(value);
    graph.output_names.push_back(std::move(name));
    return Done{};
  }

  Status yield(Scope& scope) {
    if (!scope.graph.outputs.empty()) return mixed_outputs();
    do {
      RONDO_TRY(Value * value, use(scope));
      scope.graph.outputs.push_back(value);
    } while (reader_.take_mark(","));
    return Done{};
  }

  Status time(Scope& scope) {
    if (scope.is_region) return reader_.error("only the ports of a main graph have a time axis");
    RONDO_TRY(Timing timing, reader_.timing());
    scope.graph.timing.push_back(std::move(timing));
    return Done{};
  }

  Diagnostic mixed_outputs() const {
    return reader_.error("a graph has named outputs, each in an 'output' statement, or one 'yield', not both");
  }

  // --- nodes: [RESULTS =] OP ["kind"] (OPERANDS) [{ATTRIBUTES}] [: TYPES] [@ "name"] {region …}

  Status node(Scope& scope) {
    const Token start = reader_.peek();
    auto node = std::make_unique<Node>();
    node->place = reader_.place(start);
    RONDO_TRY(const std::vector<Token> results, results_tokens());
    const Token op = reader_.peek();
    RONDO_CHECK(operator_word(scope, *node));
    RONDO_CHECK(operands(scope, *node));
    if (reader_.take_mark("{")) RONDO_CHECK(attributes(*node));
    RONDO_TRY(std::vector<PrintedType> types, result_types(scope, results));
    if (reader_.take_mark("@")) {
      RONDO_TRY(node->name, reader_.text());
    }
    while (reader_.take_word("region")) RONDO_CHECK(region(scope, *node));
    RONDO_CHECK(make_results(scope, *node, results, types));
    if (scope.graph.level == Level::core) RONDO_CHECK(infer_types(scope, *node, op, types));
    scope.graph.nodes.push_back(std::move(node));
    return Done{};
  }

  Result<std::vector<Token>> results_tokens() {
    std::vector<Token> results;
    if (reader_.peek().kind == Token::Kind::word && !reader_.at_word("_")) return results;
    do {
      if (reader_.peek().kind != Token::Kind::value && !reader_.at_word("_"))
        return reader_.expected("a result's name");
      results.push_back(reader_.next());
    } while (reader_.take_mark(","));
    RONDO_CHECK(reader_.expect_mark("="));
    return results;
  }

  Status operator_word(const Scope& scope, Node& node) {
    const Token token = reader_.peek();
    if (token.kind != Token::Kind::word) return reader_.expected("an operator");
    reader_.next();
    const std::optional<Op> op = find_op(token.text);
    if (!op)
      return error(token, fmt::format("there is no operator '{}'; at the model level it can be written as unsupported "
                                      "\"{}\"{}",
                                      token.text, token.text, did_you_mean(token.text, operator_words(scope.graph.level))));
    node.op = *op;
    if (scope.graph.level == Level::core && is_model(*op))
      return error(token, "this operator belongs to the model level; a core graph has core operators");
    if (*op != Op::unsupported) return Done{};
    RONDO_TRY(node.kind, reader_.text());
    return Done{};
  }

  Status operands(Scope& scope, Node& node) {
    RONDO_CHECK(reader_.expect_mark("("));
    return read_list(reader_, ")", [&]() -> Status {
      const Token token = reader_.peek();
      if (reader_.take_word("_")) {
        if (scope.graph.level == Level::core) return error(token, "core operators leave no operand out");
        node.operands.push_back(nullptr);
        return Done{};
      }
      RONDO_TRY(Value * operand, use(scope, "an operand such as %x"));
      node.operands.push_back(operand);
      return Done{};
    });
  }

  Status attributes(Node& node) {
    return read_list(reader_, "}", [&]() -> Status {
      const Token token = reader_.peek();
      RONDO_TRY(std::string name, reader_.name());
      RONDO_CHECK(reader_.expect_mark("="));
      RONDO_TRY(Attribute value, reader_.attribute());
      if (node.attributes.has(name)) return error(token, "this attribute is given twice");
      node.attributes.set(std::move(name), std::move(value));
      return Done{};
    });
  }

  Result<std::vector<PrintedType>> result_types(Scope& scope, const std::vector<Token>& results) {
    std::vector<PrintedType> types;
    const Token start = reader_.peek();
    if (!reader_.take_mark(":")) return types;
    do {
      PrintedType printed{reader_.peek(), true, std::nullopt};
      if (!reader_.take_word("_")) {
        RONDO_TRY(printed, type(scope));
      }
      types.push_back(std::move(printed));
    } while (reader_.take_mark(","));
    if (types.size() == results.size()) return types;
    return error(start, fmt::format("expected {} types, one for each result, found {}", results.size(), types.size()));
  }

  Status make_results(Scope& scope, Node& node, const std::vector<Token>& results,
                      const std::vector<PrintedType>& types) {
    for (size_t i = 0; i < results.size(); ++i) {
      const Token& token = results[i];
      const bool left_out = token.kind == Token::Kind::word;
      if (left_out && scope.graph.level == Level::core) return error(token, "core operators leave no result out");
      if (!types.empty() && types[i].left_out != left_out)
        return error(types[i].token, "the type '_' goes with the result '_', and with no other");
      if (left_out) {
        node.results.push_back(nullptr);
        continue;
      }
      RONDO_TRY(const std::string name, key(token));
      auto value = std::make_unique<Value>();
      value->name = name_of(name);
      value->producer = &node;
      value->index = static_cast<int>(i);
      if (!types.empty()) value->type = types[i].type;
      RONDO_CHECK(define(scope, token, name, value.get()));
      node.results.push_back(std::move(value));
    }
    return Done{};
  }

  /// region ["name"] [opset N] (%a: type, …) { … }
  Status region(const Scope& outer, Node& node) {
    auto graph = std::make_unique<Graph>(outer.graph.level);
    graph->opset = outer.graph.opset;
    if (reader_.peek().kind == Token::Kind::text) {
      RONDO_TRY(graph->name, reader_.text());
    }
    RONDO_CHECK(opset(*graph));
    Scope scope{*graph, true, {}, {}, {}};
    const size_t errors_before = errors_.added();
    RONDO_CHECK(reader_.expect_mark("("));
    RONDO_CHECK(read_list(reader_, ")", [&]() -> Status {
      RONDO_TRY([[maybe_unused]] Value * value, parameter(scope, nullptr));
      return Done{};
    }));
    RONDO_CHECK(body(scope));
    if (errors_.added() != errors_before) return told_already();
    node.regions.push_back(std::move(graph));
    return Done{};
  }

  // --- inference

  Status infer_types(Scope& scope, Node& node, const Token& op, const std::vector<PrintedType>& types) {
    for (const std::string& message : node_errors(node, Level::core)) return error(op, message);
    Graph& graph = scope.graph;
    const size_t facts = graph.equalities.size();
    if (Status inferred = infer(node, graph); !inferred) {
      Diagnostics errors;
      for (const Diagnostic& each : inferred.errors())  // those of nodes in regions have been said where they stand
        errors.push_back(error(op, each.message));
      return errors;
    }
    drop_known(graph, facts);
    for (size_t i = 0; i < types.size(); ++i) {
      std::optional<Type>& inferred = node.results[i]->type;
      if (!agree(graph, *inferred, *types[i].type))
        return error(types[i].token,
                     fmt::format("the operator gives {}, not {}", to_string(*inferred), to_string(*types[i].type)));
      inferred = types[i].type;
    }
    return Done{};
  }

  /// Removes the equalities from `begin` on that say again what the text's `require` statements say.
  static void drop_known(Graph& graph, size_t begin) {
    for (size_t i = begin; i < graph.equalities.size();) {
      const Equality& added = graph.equalities[i];
      bool known = false;
      for (size_t j = 0; j < begin && !known; ++j) {
        const Equality& said = graph.equalities[j];
        known = (said.a == added.a && said.b == added.b) || (said.a == added.b && said.b == added.a);
      }
      if (known)
        graph.equalities.erase(graph.equalities.begin() + static_cast<std::ptrdiff_t>(i));
      else
        ++i;
    }
  }

  TextReader& reader_;
  int depth_ = 0;
  ErrorList errors_;
};

}  // namespace

Result<Graph> parse_graph(TextReader& reader) { return GraphParser(reader).parse(); }

}  // namespace rondo
