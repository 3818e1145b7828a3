// Values for inputs as `run` and `bench` take them from the command line.
#pragma once

#include "driver/data.h"

namespace rondo {

Result<std::vector<NamedTensor>> read_inputs(const std::vector<NamePair>& files);

}  // namespace rondo
