// TextReader: reads the parts that graphs and plans have in common (see ir/print_parts.h for the other direction).
//
// Sizes are bounded by the text: a tensor's elements must all stand there before memory is taken for them, nesting is
// limited, and so is the size of a dimension's expression. Tested by tests/ir/text*_test.cpp.
#pragma once

#include "ir/lexer.h"
#include "ir/text.h"

namespace rondo {

class TextReader {
 public:
  static constexpr int kMaxNesting = 64;  // of regions and loops

  explicit TextReader(std::string_view source) : lexer_(source) {}

  const Token& peek() const { return lexer_.peek(); }
  Token next() { return lexer_.next(); }
  bool at_mark(std::string_view mark) const { return peek().is_mark(mark); }
  bool at_word(std::string_view word) const { return peek().is_word(word); }
  bool take_mark(std::string_view mark);
  bool take_word(std::string_view word);
  Status expect_mark(std::string_view mark);
  Status expect_word(std::string_view word);
  std::string place(const Token& token) const { return lexer_.place(token); }

  Diagnostic error(const Token& token, std::string message) const { return lexer_.error(token, std::move(message)); }
  Diagnostic error(std::string message) const { return error(peek(), std::move(message)); }
  /// "expected WHAT, found …" at the next token.
  Diagnostic expected(std::string_view what) const;

  Result<std::string> text();  // "…"
  Result<std::string> name();  // a word or "…"
  Result<std::string> unquote(const Token& token);
  Result<int64_t> integer();
  Result<int> small_integer(std::string_view what);  // 0 … 2^31-1
  Result<double> real();                             // an integer is accepted
  Result<std::string> symbol();                      // a dimension's name
  Result<Dim> dim();
  Result<Type> type();
  Result<Tensor> tensor();
  Result<Attribute> attribute();
  Result<Timing> timing();  // after "time"

 private:
  /// A dim, the size of its expression (shared parts counted each time), and how deep floor, min and max are nested.
  struct SizedDim {
    Dim dim;
    int64_t size = 1;
    int height = 0;
  };
  Result<SizedDim> dim_sum();
  Result<SizedDim> dim_product();
  Result<SizedDim> dim_factor();
  Result<SizedDim> dim_call(std::string_view word);
  Result<SizedDim> checked(const Token& start, SizedDim dim);

  Result<std::vector<int64_t>> tensor_shape();
  Result<Tensor> tensor(DType dtype);  // after the dtype's word
  Result<Tensor> tensor_elements(DType dtype, std::vector<int64_t> shape, int64_t count);
  Result<Tensor> tensor_base64(DType dtype, std::vector<int64_t> shape, int64_t count);
  Result<int64_t> integer_element(DType dtype);
  Result<double> real_element(DType dtype);
  Result<std::optional<double>> maybe_real();
  Result<double> unsigned_real(const Token& token);
  Result<uint64_t> magnitude(const Token& token);
  Result<Attribute> number_or_dim();
  Result<Attribute> attribute_list();

  Lexer lexer_;
  int dim_depth_ = 0;
  int64_t dim_work_ = 0;  // spent in the whole text on dims nested deeply
};

/// Reads ITEM {"," ITEM} CLOSE, or CLOSE alone; the opening mark has been read. item() is a Status.
template <class Function>
Status read_list(TextReader& reader, std::string_view close, Function item) {
  if (reader.take_mark(close)) return Done{};
  for (;;) {
    RONDO_CHECK(item());
    if (reader.take_mark(close)) return Done{};
    if (!reader.take_mark(",")) return reader.expected("',' or '" + std::string(close) + "'");
  }
}

/// Reads "streams N frames N latency N", after the word "stepping".
Status parse_stepping(TextReader& reader, Stepping& stepping);

Result<Graph> parse_graph(TextReader& reader);  // from "model" or "core" on
Result<Plan> parse_plan(TextReader& reader);    // from "plan" on

}  // namespace rondo
