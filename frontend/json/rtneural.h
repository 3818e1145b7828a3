// The layers of Keras/RTNeural JSON, which AIDA-X shares.
#pragma once

#include <algorithm>

#include "frontend/json/dialect.h"
#include "frontend/json/model_builder.h"

namespace rondo {

/// A sequence on its way through the layers: its value, and its sizes after time. Behind a layer with errors stands a
/// sequence whose sizes are not known, so that the layers behind it tell their own errors and no others.
struct JsonSequence {
  Value* value = nullptr;
  std::optional<int64_t> steps;   // where the file fixes it
  std::vector<int64_t> features;  // one size, or two: features and channels; none: how many is not known
  Value* mask = nullptr;          // f32[time]: 1 where a step counts, 0 where it does not; null: all count
  bool ids = false;               // a number at each step, which says a row of a table; then it has no sizes

  static JsonSequence unknown(ModelBuilder& m) { return {m.graph.add_param(std::nullopt, ""), {}, {}}; }
  bool is_known() const {
    return !features.empty() && std::find(features.begin(), features.end(), kAnySize) == features.end();
  }
  int64_t channels() const { return features.empty() ? kAnySize : features.back(); }
  void set_channels(int64_t count) {
    if (!features.empty()) features.back() = count;
  }
  /// Whether there may be this many sizes; if it was not known, there are.
  bool has_rank(size_t rank) {
    if (features.empty()) features.assign(rank, kAnySize);
    return features.size() == rank;
  }
};

/// Adds the input "input" for the document's in_shape.
Result<JsonSequence> add_rtneural_input(ModelBuilder& m, const Json& document);
/// Adds all layers of the document.
Result<JsonSequence> add_rtneural_layers(ModelBuilder& m, const Json& document, JsonSequence x);

}  // namespace rondo
