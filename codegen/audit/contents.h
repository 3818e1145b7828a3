// An object's sections and symbols. Tested by audit_test.cpp, formats_test.cpp.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "support/result.h"

namespace rondo::machine_code {

struct Contents {
  int64_t code_bytes = 0, read_only_bytes = 0;
  std::vector<std::pair<std::string, int64_t>> writable;  // sections that are not empty, with their sizes
  std::set<std::string> global;                           // symbols that others see
};
Result<Contents> contents_of(std::string_view object);

/// All code, section by section.
Result<std::string> code_of(std::string_view object);

}  // namespace rondo::machine_code
