// What an object's line table says: to which line each piece of a function belongs.
#pragma once

#include <map>

#include "codegen/audit/disassembly.h"

namespace rondo::machine_code {

/// Of each function, by name: from which offset in it which line's code follows; line 0: nobody's.
using LinesOfFunctions = std::map<std::string, std::map<uint64_t, int>>;

/// Empty where the object has no line table that is read: DWARF's is.
Result<LinesOfFunctions> lines_of_functions(std::string_view object, const std::vector<Routine>& routines);

}  // namespace rondo::machine_code
