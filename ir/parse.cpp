// parse: text of any level. The first word tells which. Tested by tests/ir/text*_test.cpp.
#include "ir/parse_parts.h"

namespace rondo {

Result<Parsed> parse(std::string_view text) {
  TextReader reader(text);
  Parsed parsed;
  if (reader.at_word("plan")) {
    RONDO_TRY(parsed.plan, parse_plan(reader));
  } else if (reader.at_word("model") || reader.at_word("core")) {
    RONDO_TRY(parsed.graph, parse_graph(reader));
  } else {
    return reader.expected("'model', 'core' or 'plan'");
  }
  if (reader.peek().kind != Token::Kind::end) return reader.expected("the end of the text");
  return parsed;
}

}  // namespace rondo
