// Keras's convolutions over time, and over time and features; see keras_layer.cpp for the layouts of their weights.
#include <fmt/format.h>

#include "frontend/json/keras_layer_reader.h"

namespace rondo {

Status KerasLayer::conv1d() {
  RONDO_CHECK(require_rank(1));
  RONDO_CHECK(only({"filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups",
                    "activation", "use_bias"}));
  RONDO_TRY(const std::string format, word("data_format", "channels_last"));
  if (format != "channels_last") return config_.find("data_format")->expected("'channels_last'");
  RONDO_TRY(const int64_t filters, size("filters"));
  RONDO_TRY(const auto window, sizes("kernel_size", 1));
  RONDO_TRY(const auto strides, sizes("strides", 1));
  RONDO_TRY(const auto dilations, sizes("dilation_rate", 1));
  RONDO_TRY(const int64_t groups, size("groups", 1));
  const int64_t inputs = x_.is_known() ? channels() / groups : kAnySize;
  if ((x_.is_known() && channels() % groups != 0) || filters % groups != 0)
    return config_.find("groups")->expected(
        fmt::format("a divisor of {} inputs and {} filters", shown_size(channels()), filters));
  RONDO_TRY(const Numbers w, weights("weights", {filters, window[0], inputs}));
  Conv1d conv{transposed(w, {0, 2, 1}), {}, strides[0], dilations[0], groups};
  RONDO_TRY(conv.bias, bias(filters));
  const int64_t reach = (window[0] - 1) * dilations[0];
  RONDO_TRY(const std::string padding, word("padding", "valid"));
  if (padding == "causal") {
    conv.before = reach;
  } else if (padding == "same") {
    if (!x_.steps && strides[0] != 1)
      return config_.find("padding")->refused(
          "'same' with strides over a sequence of any length; accepted: 'causal', 'valid', "
          "or a fixed number of steps");
    const SamePadding same = x_.steps ? same_padding(*x_.steps, window[0], strides[0], dilations[0])
                                      : SamePadding{reach / 2, reach - reach / 2};
    conv.before = same.before, conv.after = same.after;
  } else if (padding != "valid") {
    return config_.find("padding")->expected("'valid', 'same' or 'causal'");
  }
  if (x_.steps) {
    const int64_t room = *x_.steps + conv.before + conv.after - reach - 1;
    if (room < 0) return json_.error(fmt::format("its window spans {} steps, its input has {}", reach + 1, *x_.steps));
    x_.steps = room / strides[0] + 1;
  }
  x_.value = add_conv1d(m_, x_.value, conv);
  x_.features = {filters};
  return apply_activation();
}

Status KerasLayer::conv2d() {
  RONDO_CHECK(require_rank(2));
  RONDO_CHECK(only({"filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups",
                    "activation", "use_bias"}));
  RONDO_TRY(const std::string format, word("data_format", "channels_last"));
  if (format != "channels_last") return config_.find("data_format")->expected("'channels_last'");
  if (!x_.is_known()) return told_already();
  if (!x_.steps) return json_.refused("a Conv2D over a sequence of any length; accepted: a fixed number of steps");
  RONDO_TRY(const int64_t filters, size("filters"));
  RONDO_TRY(const auto window, sizes("kernel_size", 2));
  Conv2d conv;
  RONDO_TRY(conv.strides, sizes("strides", 2));
  RONDO_TRY(conv.dilations, sizes("dilation_rate", 2));
  RONDO_TRY(conv.groups, size("groups", 1));
  if (channels() % conv.groups != 0 || filters % conv.groups != 0)
    return config_.find("groups")->expected(fmt::format("a divisor of {} inputs and {} filters", channels(), filters));
  RONDO_TRY(const Numbers w, weights("weights", {filters, window[0], window[1], channels() / conv.groups}));
  conv.weights = transposed(w, {0, 3, 1, 2});
  RONDO_TRY(conv.bias, bias(filters));
  RONDO_TRY(const std::string padding, word("padding", "valid"));
  if (padding != "valid" && padding != "same") return config_.find("padding")->expected("'valid' or 'same'");
  int64_t lengths[2] = {*x_.steps, x_.features[0]};
  for (size_t axis = 0; axis < 2; ++axis) {
    if (padding == "same") {
      const SamePadding same = same_padding(lengths[axis], window[axis], conv.strides[axis], conv.dilations[axis]);
      conv.pads[axis] = same.before, conv.pads[axis + 2] = same.after;
    }
    const int64_t room =
        lengths[axis] + conv.pads[axis] + conv.pads[axis + 2] - (window[axis] - 1) * conv.dilations[axis] - 1;
    if (room < 0)
      return json_.error(fmt::format("its window is larger than its input, {} along axis {}", lengths[axis], axis));
    lengths[axis] = room / conv.strides[axis] + 1;
  }
  x_.value = add_conv2d(m_, x_.value, conv);
  x_.steps = lengths[0];
  x_.features = {lengths[1], filters};
  return apply_activation();
}

}  // namespace rondo
