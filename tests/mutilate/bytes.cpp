// Damage below the structure: the file's bytes. protobuf itself tells which variants are no message any more.
#include <cstdint>

#include "tests/mutilate/mutations.h"
#include "tests/mutilate/random.h"

namespace rondo {
namespace {

constexpr int kTruncations = 24, kFlips = 64, kStretches = 24;

Expect expectation(const std::string& bytes) {
  pb::ModelProto model;
  return model.ParseFromString(bytes) && model.has_graph() ? Expect::may_pass : Expect::read_fails;
}

/// Overwrites, removes or repeats a short stretch.
std::string damage_stretch(std::string bytes, int kind, Random& random) {
  const size_t start = random.below(bytes.size()), length = 1 + random.below(16);
  if (kind == 0) return bytes.replace(start, length, std::string(length, '\xff'));
  if (kind == 1) return bytes.erase(start, length);
  return bytes.insert(start, bytes.substr(start, length));
}

}  // namespace

int mutilate_bytes(std::string_view seed, const std::function<void(const Variant&)>& take) {
  const std::string original(seed);
  if (original.empty()) return 0;
  Random random;
  auto give = [&](const std::string& name, std::string bytes) {
    const Expect expect = expectation(bytes);
    take({name, expect, std::move(bytes)});
  };
  for (int i = 0; i < kTruncations; ++i)
    give("truncated-" + std::to_string(i), original.substr(0, original.size() * static_cast<size_t>(i) / kTruncations));
  for (int i = 0; i < kFlips; ++i) {
    std::string bytes = original;
    // Every other flip is near the start or the end, where the structure is; weights fill the middle.
    const size_t position = random.below(i % 2 ? bytes.size() : std::min<size_t>(bytes.size(), 512));
    bytes[i % 4 == 0 ? bytes.size() - 1 - position : position] ^= static_cast<char>(1 << random.below(8));
    give("flipped-" + std::to_string(i), std::move(bytes));
  }
  for (int i = 0; i < kStretches; ++i) give("stretch-" + std::to_string(i), damage_stretch(original, i % 3, random));
  return kTruncations + kFlips + kStretches;
}

}  // namespace rondo
