// Values for inputs: read from files that the command line names, or made up.
#pragma once

#include "driver/data.h"

namespace rondo {

Result<std::vector<NamedTensor>> read_inputs(const std::vector<NamePair>& files);

/// Values for all of the model's inputs, in its order: those given, or made up: noise in [-1, 1) for floats, the same
/// in every run, and ones for the rest, so that indices and lengths are valid.
Result<std::vector<Tensor>> make_up_inputs(const LoadedModel& model, const std::vector<NamedTensor>& given,
                                           const Dim::Values& dims);

}  // namespace rondo
