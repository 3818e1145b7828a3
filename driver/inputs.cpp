// See inputs.h.
#include "driver/inputs.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 28;

/// Noise in [-1, 1) for floats, the same in every run; ones for the rest, so that indices and lengths are valid.
Tensor made_up(DType dtype, const std::vector<int64_t>& shape, int64_t count) {
  if (!is_float(dtype)) return Tensor::from_ints(dtype, shape, std::vector<int64_t>(count, 1));
  std::vector<double> values(count);
  uint64_t random = 0x9e3779b97f4a7c15;
  for (double& value : values) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    value = static_cast<double>(random >> 11) * 0x1p-52 - 1;
  }
  return Tensor::from_doubles(dtype, shape, values);
}

}  // namespace

Result<std::vector<Tensor>> make_up_inputs(const LoadedModel& model, const std::vector<NamedTensor>& given,
                                           const Dim::Values& dims) {
  std::vector<Tensor> inputs;
  for (const Slot& slot : model.inputs()) {
    auto found =
        std::find_if(given.begin(), given.end(), [&](const NamedTensor& one) { return one.name == slot.name; });
    if (found != given.end()) {
      inputs.push_back(found->value);
      continue;
    }
    std::vector<int64_t> shape;
    for (const Dim& dim : slot.type.shape) {
      RONDO_TRY(int64_t size, dim.evaluate(dims));
      shape.push_back(size);
    }
    RONDO_TRY(int64_t count, element_count(Shape(shape.begin(), shape.end())).evaluate({}));
    if (count > kMostElements)
      return invalid(fmt::format("{} elements are too many to make up", count), "'" + slot.name + "'");
    inputs.push_back(made_up(slot.type.dtype, shape, count));
  }
  return inputs;
}

}  // namespace rondo
