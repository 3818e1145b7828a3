// The parts of a plan's text that kernels and the plan around them share. Tested by tests/ir/text*_test.cpp.
#pragma once

#include <unordered_map>

#include "ir/parse_parts.h"

namespace rondo {

using BufferNumbers = std::unordered_map<std::string, int>;  // by the word that stands for a buffer

Result<int> parse_buffer_name(TextReader& reader, const BufferNumbers& buffers);
/// i0, i1, …
Result<int> parse_variable(TextReader& reader);
/// [@ "place"]
Status parse_place(TextReader& reader, std::string& place);
Result<Kernel> parse_kernel(TextReader& reader, const BufferNumbers& buffers);  // after "kernel"

}  // namespace rondo
