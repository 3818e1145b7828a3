// What every reader of a JSON dialect is given, and the readers, from the rows of dialects.def.
#pragma once

#include <filesystem>

#include "frontend/json/json.h"
#include "ir/graph.h"

namespace rondo {

struct JsonSource {
  Json document;
  std::filesystem::path path;
  Diagnostics& warnings;
};

#define RONDO_JSON_DIALECT(word, doc)   \
  bool is_##word(const Json& document); \
  Result<Graph> read_##word##_json(const JsonSource& source);
#include "frontend/json/dialects.def"

/// Members of the document that hold no part of the computation may be left unread; a warning names them.
void warn_of_unread(const JsonSource& source, std::initializer_list<std::string_view> known);

}  // namespace rondo
