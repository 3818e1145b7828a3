// Damage to JSON models: bytes, and values of the document. nlohmann's own parser tells which variants are no JSON;
// what else a variant means is for the reader to find out.
#include <nlohmann/json.hpp>

#include "tests/mutilate/mutilate.h"
#include "tests/mutilate/random.h"

namespace rondo {
namespace {

using Document = nlohmann::ordered_json;

constexpr int kTruncations = 16, kFlips = 48, kMostSites = 40;

Expect expectation(const std::string& bytes) {
  return nlohmann::json::accept(bytes) ? Expect::may_pass : Expect::read_fails;
}

/// Every value of the document in order, the document itself first; of long lists of numbers the first and the last.
void collect(const Document& value, const Document::json_pointer& at, std::vector<Document::json_pointer>& places) {
  places.push_back(at);
  if (value.is_object())
    for (const auto& [name, member] : value.items()) collect(member, at / name, places);
  if (!value.is_array()) return;
  for (size_t i = 0; i < value.size(); ++i)
    if (value[i].is_structured() || value[i].is_string() || i == 0 || i + 1 == value.size())
      collect(value[i], at / i, places);
}

Document nested(int depth) {
  Document value = 1;
  for (int i = 0; i < depth; ++i) value = Document::array({value});
  return value;
}

/// Values that take another's place.
const std::vector<std::pair<const char*, Document>>& replacements() {
  static const std::vector<std::pair<const char*, Document>> kAll{
      {"null", nullptr},           {"minus-one", -1},     {"zero", 0},
      {"huge", int64_t{1} << 40},  {"real", 0.5},         {"large", 1e300},
      {"text", "damaged"},         {"empty-text", ""},    {"true", true},
      {"list", Document::array()}, {"ragged", {1, {2}}},  {"object", Document::object()},
      {"deep", nested(60)},        {"deeper", nested(70)}};
  return kAll;
}

}  // namespace

int mutilate_json(std::string_view seed, const std::function<void(const Variant&)>& take) {
  const std::string original(seed);
  int count = 0;
  auto give = [&](const std::string& name, std::string bytes) {
    const Expect expect = expectation(bytes);
    take({name, expect, std::move(bytes)});
    ++count;
  };
  Random random;
  for (int i = 0; i < kTruncations && !original.empty(); ++i)
    give("truncated-" + std::to_string(i), original.substr(0, original.size() * static_cast<size_t>(i) / kTruncations));
  for (int i = 0; i < kFlips && !original.empty(); ++i) {
    std::string bytes = original;
    bytes[random.below(bytes.size())] ^= static_cast<char>(1 << random.below(8));
    give("flipped-" + std::to_string(i), std::move(bytes));
  }
  const Document document = Document::parse(original, nullptr, false);
  if (document.is_discarded()) return count;
  std::vector<Document::json_pointer> places;
  collect(document, Document::json_pointer(), places);
  const size_t step = std::max<size_t>(1, places.size() / kMostSites);
  for (size_t site = 0; site < places.size(); site += step) {
    for (const auto& [name, value] : replacements()) {
      Document changed = document;
      changed[places[site]] = value;
      give(std::string(name) + "-" + std::to_string(site), changed.dump());
    }
    if (places[site].empty()) continue;
    Document shorter = document, longer = document;
    const auto parent = places[site].parent_pointer();
    if (document[parent].is_object())
      shorter[parent].erase(places[site].back());
    else
      shorter[parent].erase(std::stoul(places[site].back()));
    give("removed-" + std::to_string(site), shorter.dump());
    if (document[parent].is_array())
      longer[parent].push_back(document[places[site]]);
    else
      longer[parent]["unknown"] = document[places[site]];
    give("added-" + std::to_string(site), longer.dump());
  }
  return count;
}

}  // namespace rondo
