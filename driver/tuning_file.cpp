// See tuning_file.h. nlohmann/json and its exceptions stay in this file.
#include "driver/tuning_file.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "frontend/file.h"

namespace rondo {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kVersion = 1;
constexpr uint64_t kLargestFile = 1 << 24;
constexpr int kMostInTile = 1024;

Status check_keys(const Json& object, std::initializer_list<const char*> keys) {
  if (object.is_object() && object.size() == keys.size() &&
      std::all_of(keys.begin(), keys.end(), [&](const char* key) { return object.contains(key); }))
    return Done{};
  return invalid(fmt::format("is no tuning: an object with the keys {} is needed, and nothing else",
                             fmt::join(std::vector<std::string>(keys.begin(), keys.end()), ", ")));
}

Result<int> tile_number(const Json& kernel, const char* key) {
  const Json& value = kernel.at(key);
  if (value.is_number_integer() && value >= 1 && value <= kMostInTile) return value.get<int>();
  return invalid(fmt::format("is no tuning: '{}' is a number from 1 to {}", key, kMostInTile));
}

Result<uint64_t> fingerprint_of(const std::string& text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error == std::errc{} && end == text.data() + text.size()) return value;
  return invalid("is no tuning: a fingerprint is a hexadecimal number");
}

Result<TunedKernel> kernel_of(const Json& json) {
  RONDO_CHECK(check_keys(json, {"kernel", "fingerprint", "lanes", "vectors", "rows", "unroll"}));
  TunedKernel kernel;
  kernel.kernel = json.at("kernel").get<std::string>();
  RONDO_TRY(kernel.fingerprint, fingerprint_of(json.at("fingerprint").get<std::string>()));
  RONDO_TRY(kernel.tile.lanes, tile_number(json, "lanes"));
  RONDO_TRY(kernel.tile.vectors, tile_number(json, "vectors"));
  RONDO_TRY(kernel.tile.rows, tile_number(json, "rows"));
  RONDO_TRY(kernel.tile.unroll, tile_number(json, "unroll"));
  return kernel;
}

Json target_json(const Target& target) {
  const TargetSpec& spec = target.spec();
  return {{"triple", spec.triple}, {"cpu", spec.cpu}, {"features", spec.features}};
}

Result<Tuning> tuning_of(const Json& json, const Target& target) {
  RONDO_CHECK(check_keys(json, {"rondo_tuning", "target", "kernels"}));
  if (json.at("rondo_tuning") != kVersion)
    return invalid(
        fmt::format("is a tuning of version {}, where {} is read", json.at("rondo_tuning").dump(), kVersion));
  if (json.at("target") != target_json(target))
    return invalid(fmt::format("was measured for another target: {}", json.at("target").dump()));
  Tuning tuning;
  for (const Json& one : json.at("kernels")) {
    RONDO_TRY(TunedKernel kernel, kernel_of(one));
    tuning.push_back(std::move(kernel));
  }
  return tuning;
}

}  // namespace

std::string tuning_text(const Tuning& tuning, const Target& target) {
  Json json;
  json["rondo_tuning"] = kVersion;
  json["target"] = target_json(target);
  json["kernels"] = Json::array();
  for (const TunedKernel& kernel : tuning)
    json["kernels"].push_back({{"kernel", kernel.kernel},
                               {"fingerprint", fmt::format("{:016x}", kernel.fingerprint)},
                               {"lanes", kernel.tile.lanes},
                               {"vectors", kernel.tile.vectors},
                               {"rows", kernel.tile.rows},
                               {"unroll", kernel.tile.unroll}});
  return json.dump(1) + "\n";
}

Result<Tuning> parse_tuning(const std::string& text, const Target& target) {
  try {
    return tuning_of(Json::parse(text), target);
  } catch (const Json::exception& error) {
    return invalid(fmt::format("is no tuning: {}", error.what()));
  }
}

Result<Tuning> read_tuning(const std::string& path, const Target& target) {
  RONDO_TRY(std::string text, read_file(path, kLargestFile));
  return parse_tuning(text, target);
}

}  // namespace rondo
