// read_model: finds the frontend for a file by the row of frontends.def.
// Tested by tests/frontend/file_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "frontend/frontend.h"

namespace rondo {

#define RONDO_FRONTEND(word, ending, doc) \
  Result<Graph> read_##word(const std::filesystem::path&, Diagnostics&, FileFacts&);
#include "frontend/frontends.def"

namespace {

struct Frontend {
  std::string_view ending, doc;
  Result<Graph> (*read)(const std::filesystem::path&, Diagnostics&, FileFacts&);
};

constexpr Frontend kFrontends[] = {
#define RONDO_FRONTEND(word, ending, doc) {ending, doc, read_##word},
#include "frontend/frontends.def"
};

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

const Frontend* find_frontend(const std::filesystem::path& path) {
  const std::string ending = lower_case(path.extension().string());
  auto found = std::find_if(std::begin(kFrontends), std::end(kFrontends),
                            [&](const Frontend& frontend) { return frontend.ending == ending; });
  return found == std::end(kFrontends) ? nullptr : found;
}

Diagnostic unknown_ending(const std::filesystem::path& path) {
  std::string known;
  for (const Frontend& frontend : kFrontends)
    known += fmt::format("{}{} ({})", known.empty() ? "" : ", ", frontend.ending, frontend.doc);
  return unsupported(fmt::format("a model file ending in '{}'; accepted: {}, .rir (rondo's own text)", path.extension().string(), known));
}

}  // namespace

Result<Graph> read_model(const std::filesystem::path& path, Diagnostics& warnings) {
  FileFacts facts;
  return read_model(path, warnings, facts);
}

Result<Graph> read_model(const std::filesystem::path& path, Diagnostics& warnings, FileFacts& facts) {
  Diagnostics remarks, errors;
  const Frontend* frontend = find_frontend(path);
  Result<Graph> graph = frontend ? frontend->read(path, remarks, facts) : Result<Graph>(unknown_ending(path));
  set_file(remarks, path.string());
  warnings.insert(warnings.end(), remarks.begin(), remarks.end());
  if (graph) return graph;
  errors = std::move(graph).errors();
  set_file(errors, path.string());
  return errors;
}

}  // namespace rondo
