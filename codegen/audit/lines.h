// What an object's line table says: how many bytes of code belong to each line.
#pragma once

#include <map>
#include <string_view>

#include "support/result.h"

namespace rondo::machine_code {

/// Empty where the object has no line table that is read: DWARF's is.
Result<std::map<int, int64_t>> bytes_by_line(std::string_view object);

}  // namespace rondo::machine_code
