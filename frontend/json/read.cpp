// Reads JSON models: read_json and read_nam, which are the same but for the file's ending: the content tells the
// dialect. Tested by tests/frontend/json_test.cpp, json_bad_test.cpp and by tests/corpus/json.list.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/file.h"
#include "frontend/frontend.h"
#include "frontend/json/dialect.h"
#include "support/source.h"

namespace rondo {

Result<Graph> read_json(const std::filesystem::path& path, Diagnostics& warnings, FileFacts& facts);
Result<Graph> read_nam(const std::filesystem::path& path, Diagnostics& warnings, FileFacts& facts);

namespace {

constexpr uint64_t kLargestFile = uint64_t{1} << 30;

struct Dialect {
  std::string_view doc;
  bool (*fits)(const Json&);
  Result<Graph> (*read)(const JsonSource&);
};

constexpr Dialect kDialects[] = {
#define RONDO_JSON_DIALECT(word, doc) {doc, is_##word, read_##word##_json},
#include "frontend/json/dialects.def"
};

Diagnostic unknown_dialect(const Json& document) {
  if (document.has("class_name") && document.has("config"))
    return document.refused(
        "this is the architecture of a Keras model, without its weights; accepted: the file that frugally-deep's "
        "convert_model.py writes, which has 'architecture' and 'trainable_params'");
  std::string known;
  for (const Dialect& dialect : kDialects) known += fmt::format("{}{}", known.empty() ? "" : "; ", dialect.doc);
  return document.refused(
      fmt::format("found {}, which is no kind of model that is known; accepted: {}", document.found(), known));
}

}  // namespace

void warn_of_unread(const JsonSource& source, std::initializer_list<std::string_view> known) {
  const Json& document = source.document;
  for (size_t i = 0; i < document.size(); ++i)
    if (std::find(known.begin(), known.end(), document.name(i)) == known.end())
      source.warnings.push_back(warning("taken for a remark of its author, and not read", document.item(i).place()));
}

namespace {

Result<Graph> read_document(const JsonNode& root, const std::filesystem::path& path, size_t bytes, Diagnostics& warnings,
                            FileFacts& facts) {
  const Json document(root);
  for (const Dialect& dialect : kDialects) {
    if (!dialect.fits(document)) continue;
    facts = {fmt::format("a JSON model: {}", dialect.doc), "", bytes};
    RONDO_TRY(Graph graph, dialect.read({document, path, warnings}));
    if (graph.name.empty()) graph.name = path.stem().string();
    return graph;
  }
  return unknown_dialect(document);
}

}  // namespace

Result<Graph> read_json(const std::filesystem::path& path, Diagnostics& warnings, FileFacts& facts) {
  RONDO_TRY(const std::string text, read_file(path, kLargestFile));
  RONDO_TRY(const JsonNode root, parse_json(text));
  Diagnostics remarks;
  Result<Graph> graph = read_document(root, path, text.size(), remarks, facts);
  place_in_lines(remarks, text, root);
  warnings.insert(warnings.end(), remarks.begin(), remarks.end());
  if (graph) return graph;
  Diagnostics errors = std::move(graph).errors();
  place_in_lines(errors, text, root);
  return errors;
}

Result<Graph> read_nam(const std::filesystem::path& path, Diagnostics& warnings, FileFacts& facts) { return read_json(path, warnings, facts); }

}  // namespace rondo
