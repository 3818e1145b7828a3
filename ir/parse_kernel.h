// The parts of a plan's text that kernels and the plan around them share. Tested by tests/ir/text*_test.cpp.
#pragma once

#include <unordered_map>

#include "ir/recovery.h"

namespace rondo {

struct BufferNumbers {
  std::unordered_map<std::string, int>
      by_word;  // the word that stands for a buffer; or one that is unknown, which is said once
  bool lost = false;                             // a statement with errors had a buffer whose word is not known
};

Result<int> parse_buffer_name(TextReader& reader, BufferNumbers& buffers);
/// i0, i1, …
Result<int> parse_variable(TextReader& reader);
/// [@ "place"]
Status parse_place(TextReader& reader, std::string& place);
/// After "kernel". Errors of its statements go to the list.
Result<Kernel> parse_kernel(TextReader& reader, BufferNumbers& buffers, ErrorList& errors);
/// Whether a kernel, loop, choice or measure begins here.
bool begins_step(const TextReader& reader);

}  // namespace rondo
