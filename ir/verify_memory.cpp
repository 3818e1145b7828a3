// Who shares memory while in use. Tested by tests/ir/verify_test.cpp.
#include "ir/verify_memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/lifetimes.h"

namespace rondo {
namespace {

/// A buffer's constant place in its memory.
struct Place {
  size_t buffer;
  int64_t begin, end;
};

std::vector<Place> places(const Plan& plan, Buffer::Kind kind) {
  std::vector<Place> result;
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    const Buffer& buffer = plan.buffers[i];
    const Dim end = buffer.offset + buffer.count * Dim(byte_size(buffer.dtype));
    if (buffer.kind != kind || !buffer.offset.constant() || !end.constant()) continue;
    if (*end.constant() > *buffer.offset.constant()) result.push_back({i, *buffer.offset.constant(), *end.constant()});
  }
  std::sort(result.begin(), result.end(),
            [](const Place& a, const Place& b) { return std::pair(a.begin, a.buffer) < std::pair(b.begin, b.buffer); });
  return result;
}

}  // namespace

std::vector<std::string> memory_errors(const Plan& plan) {
  std::vector<std::string> errors;
  const std::vector<Lifetime> lifetimes = lifetimes_of(plan).buffers;
  const auto both_in_use = [&](Buffer::Kind kind, size_t a, size_t b) {
    if (kind == Buffer::Kind::state) return true;
    if (kind == Buffer::Kind::constant) return !(plan.buffers[a].value == plan.buffers[b].value);
    const Lifetime &first = lifetimes[a], &second = lifetimes[b];
    return !first.empty() && !second.empty() && first.meets(second);
  };
  for (Buffer::Kind kind : {Buffer::Kind::state, Buffer::Kind::constant, Buffer::Kind::scratch}) {
    const std::vector<Place> sorted = places(plan, kind);
    for (size_t i = 0; i < sorted.size(); ++i)
      for (size_t j = i + 1; j < sorted.size() && sorted[j].begin < sorted[i].end; ++j)
        if (both_in_use(kind, sorted[i].buffer, sorted[j].buffer))
          errors.push_back(fmt::format("buffers {} '{}' and {} '{}' share memory while both are in use",
                                       sorted[i].buffer, plan.buffers[sorted[i].buffer].name, sorted[j].buffer,
                                       plan.buffers[sorted[j].buffer].name));
  }
  return errors;
}

}  // namespace rondo
