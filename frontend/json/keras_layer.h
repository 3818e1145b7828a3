// One layer of a Keras model with its weights in frugally-deep's form; keras.cpp connects them.
#pragma once

#include "frontend/json/keras_weights.h"
#include "frontend/json/rtneural.h"

namespace rondo {

struct KerasModel {
  ModelBuilder& m;
  const Json parameters;  // trainable_params
  KerasVersion version = KerasVersion::two;
  Diagnostics& warnings;
};

/// What a layer gives for what it gets; merging layers get several.
Result<JsonSequence> add_keras_layer(KerasModel& model, const Json& layer, const std::string& name,
                                     const std::vector<JsonSequence>& inputs);

}  // namespace rondo
