// The layers of Keras/RTNeural JSON, which AIDA-X shares.
#pragma once

#include "frontend/json/dialect.h"
#include "frontend/json/model_builder.h"

namespace rondo {

/// A sequence on its way through the layers: its value, and its sizes after time.
struct JsonSequence {
  Value* value = nullptr;
  std::optional<int64_t> steps;   // where the file fixes it
  std::vector<int64_t> features;  // one size, or two: features and channels
  Value* mask = nullptr;          // f32[time]: 1 where a step counts, 0 where it does not; null: all count
};

/// Adds the input "input" for the document's in_shape.
Result<JsonSequence> add_rtneural_input(ModelBuilder& m, const Json& document);
/// Adds all layers of the document.
Result<JsonSequence> add_rtneural_layers(ModelBuilder& m, const Json& document, JsonSequence x);

}  // namespace rondo
