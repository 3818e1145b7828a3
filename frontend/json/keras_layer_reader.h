// The reader of one Keras layer, whose members are in keras_layer.cpp, keras_recurrent.cpp,
// keras_windows.cpp and keras_masks.cpp.
#pragma once

#include <set>

#include "frontend/json/keras_layer.h"

namespace rondo {

/// The layer's configuration and weights, and what it does to its input.
class KerasLayer {
 public:
  KerasLayer(KerasModel& model, const Json& layer, std::string name, const std::vector<JsonSequence>& inputs)
      : model_(model), m_(model.m), json_(layer), config_(layer), name_(std::move(name)), inputs_(inputs) {}

  Result<JsonSequence> read();

 private:
  static constexpr int64_t kLargestSize = int64_t{1} << 24;  // of any size in a configuration

  using Add = Status (KerasLayer::*)();
  struct Row {
    std::string_view type;
    Add add;
    bool masked = true;   // a mask may reach it, and goes on to the layers behind it unless the layer ends it
    bool merges = false;  // it may have several inputs
  };
  static const Row kRows[];
  Status check_inputs(const Row& row, const Json& type) const;

  Status dense();
  Status time_distributed();
  Status lstm() { return recurrent(Op::LSTM); }
  Status gru() { return recurrent(Op::GRU); }
  Status recurrent(Op op);
  Status bidirectional();
  Status masking();
  Status embedding();
  Status conv1d();
  Status conv2d();
  Status batch_normalization();
  Status prelu();
  Status relu();
  Status leaky_relu();
  Status elu();
  Status softmax();
  Status activation();
  Status identity() { return only({}); }
  Status global_average() { return reduced(Op::ReduceMean); }
  Status global_max() { return reduced(Op::ReduceMax); }
  Status reduced(Op op);
  /// Over time, of the steps that count.
  Value* masked_mean();
  Status require_one_mask() const;
  Status add() { return merged(Op::Add); }
  Status multiply() { return merged(Op::Mul); }
  Status subtract() { return merged(Op::Sub); }
  Status merged(Op op);
  Status concatenate();

  // The configuration.
  Status only(std::initializer_list<std::string_view> names) const;
  Result<int64_t> size(std::string_view name, std::optional<int64_t> absent = {}) const;
  Result<std::vector<int64_t>> sizes(std::string_view name, size_t count) const;
  Result<bool> flag(const Json& config, std::string_view name, bool absent) const;
  Result<double> number(std::string_view name, double absent) const;
  Result<std::string> word(std::string_view name, std::string absent) const;
  Status must_be(const Json& config, std::string_view name, bool value) const;
  Status apply_activation();

  // Weights.
  Result<Json> parameters() const { return model_.parameters.member(name_, "the weights of the layer of this name"); }
  /// One size may be kAnySize: then it is what the count of numbers leaves for it.
  Result<Numbers> weights(const std::string& name, std::vector<int64_t> shape) const;
  /// Every array of the layer has been read.
  Status check_unread() const;
  Result<std::optional<Numbers>> bias(int64_t count) const;

  Result<RecurrentLayer> recurrent_layer(Op op, const Json& config, const std::vector<std::string>& prefixes) const;
  Status take_recurrent(const RecurrentLayer& layer, const Json& config);
  Status require_rank(size_t features);
  Status require_last(const Json& axis) const;
  int64_t channels() const { return x_.channels(); }

  KerasModel& model_;
  ModelBuilder& m_;
  const Json json_;
  Json config_;
  std::string name_;
  const std::vector<JsonSequence>& inputs_;
  JsonSequence x_;
  mutable std::set<std::string> read_arrays_;
};

}  // namespace rondo
