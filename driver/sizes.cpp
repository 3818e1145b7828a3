// See sizes.h.
#include "driver/sizes.h"

#include <fmt/format.h>

namespace rondo {
namespace {

constexpr int64_t kMostConstantBytes = int64_t{1} << 30;
constexpr int64_t kMostValueBytes = int64_t{1} << 40;

bool too_large(const Dim& elements, DType dtype) {
  return (elements * Dim(byte_size(dtype))).lower_bound() > kMostValueBytes;
}

Status check_value(const Value& value, const std::string& place) {
  if (!value.type || !too_large(element_count(value.type->shape), value.type->dtype)) return Done{};
  return unsupported(
      fmt::format("{} takes more than {} bytes, the most supported", to_string(*value.type), kMostValueBytes), place);
}

}  // namespace

Status check_sizes(const Graph& graph) {
  for (const auto& param : graph.params) RONDO_CHECK(check_value(*param, "'" + param->name + "'"));
  for (const auto& node : graph.nodes) {
    for (const auto& result : node->results)
      if (result) RONDO_CHECK(check_value(*result, node->place));
    for (const auto& region : node->regions) RONDO_CHECK(check_sizes(*region));
  }
  return Done{};
}

Status check_sizes(const Plan& plan) {
  if (plan.constant_bytes > kMostConstantBytes)
    return unsupported(
        fmt::format("the constants take {} bytes; at most {} are supported", plan.constant_bytes, kMostConstantBytes));
  for (const Buffer& buffer : plan.buffers)
    if (too_large(buffer.count, buffer.dtype))
      return unsupported(fmt::format("buffer '{}' holds {} elements of {}; at most {} bytes are supported", buffer.name,
                                     buffer.count.to_string(), to_string(buffer.dtype), kMostValueBytes));
  return Done{};
}

}  // namespace rondo
