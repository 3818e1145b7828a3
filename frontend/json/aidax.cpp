// AIDA-X JSON: Keras/RTNeural layers between two gains, and a path around them:
//
//   u = 10^(in_gain / 20) x;   y = 10^(out_gain / 20) (layers(u) + u [in_skip])
//
// Gains are in dB. `metadata`, `input_batch` and `output_batch` (the author's own test vectors) are no part of the
// computation. Entry: read_aidax_json. Tested by tests/frontend/json_test.cpp and tests/corpus/json.list.
#include <fmt/format.h>

#include <cmath>

#include "frontend/json/rtneural.h"

namespace rondo {
namespace {

/// value times a gain in dB; the value itself where there is none.
Result<Value*> amplified(ModelBuilder& m, Value* value, const Json& document, std::string_view name) {
  const std::optional<Json> gain = document.find_value(name);
  if (!gain) return value;
  RONDO_TRY(const double decibels, gain->number());
  if (std::abs(decibels) > 200) return gain->expected("a gain from -200 to 200 dB");
  m.pointer = gain->place();
  return decibels == 0 ? value : m.mul(value, m.number(std::pow(10, decibels / 20)));
}

Result<bool> read_skip(const Json& document) {
  const std::optional<Json> skip = document.find_value("in_skip");
  if (!skip) return false;
  if (skip->is(JsonKind::boolean)) return skip->boolean();
  if (!skip->is(JsonKind::number)) return skip->expected("0, 1, true or false");
  RONDO_TRY(const int64_t value, skip->integer(0, 1));
  return value != 0;
}

/// y, and x where in_skip says so.
Result<Value*> add_skip(ModelBuilder& m, const Json& document, const JsonSequence& x, const JsonSequence& y) {
  RONDO_TRY(const bool skip, read_skip(document));
  if (!skip) return y.value;
  if (!x.is_known() || !y.is_known()) return told_already();
  const bool fits =
      y.steps == x.steps && y.features.size() == 1 && x.features.size() == 1 && y.features[0] <= x.features[0];
  if (!fits)
    return document.find("in_skip")->error(
        "the input has not as many steps and features as the output, to which it is "
        "added; accepted: layers that keep them, or in_skip 0");
  m.pointer = document.find("in_skip")->place();
  return m.add(y.value, y.features[0] == x.features[0] ? x.value : m.slice(x.value, 1, 0, y.features[0]));
}

}  // namespace

bool is_aidax(const Json& document) {
  if (!document.has("layers")) return false;
  for (const char* name : {"in_skip", "in_gain", "out_gain", "metadata", "input_batch", "output_batch"})
    if (document.has(name)) return true;
  return false;
}

Result<Graph> read_aidax_json(const JsonSource& source) {
  const Json& document = source.document;
  warn_of_unread(source,
                 {"in_shape", "layers", "in_skip", "in_gain", "out_gain", "metadata", "input_batch", "output_batch"});
  ModelBuilder m;
  ErrorList errors;
  JsonSequence x;
  if (!errors.keep(add_rtneural_input(m, document), x)) x = JsonSequence::unknown(m);
  errors.keep(amplified(m, x.value, document, "in_gain"), x.value);
  JsonSequence y;
  if (!errors.keep(add_rtneural_layers(m, document, x), y)) y = JsonSequence::unknown(m);
  errors.keep(add_skip(m, document, x, y), y.value);
  errors.keep(amplified(m, y.value, document, "out_gain"), y.value);
  RONDO_CHECK(errors.status());
  m.output(y.value, "output");
  return std::move(m.graph);
}

}  // namespace rondo
