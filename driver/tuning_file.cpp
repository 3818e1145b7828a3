// See tuning_file.h. nlohmann/json, which writes it, stays in this file.
#include "driver/tuning_file.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "frontend/file.h"
#include "frontend/json/json.h"

namespace rondo {
namespace {

constexpr int kVersion = 1;
constexpr uint64_t kLargestFile = 1 << 24;
constexpr int kMostInTile = 1024;
constexpr std::string_view kAccepted = "a tuning, as --save-tuning writes it";

nlohmann::ordered_json target_json(const Target& target) {
  const TargetSpec& spec = target.spec();
  return {{"triple", spec.triple}, {"cpu", spec.cpu}, {"features", spec.features}};
}

Result<std::string> text_of(const Json& json, std::string_view name) {
  RONDO_TRY(const Json member, json.member(name, kAccepted));
  return member.text();
}

Result<int> tile_number(const Json& kernel, std::string_view name) {
  RONDO_TRY(const Json member, kernel.member(name, kAccepted));
  RONDO_TRY(const int64_t value, member.integer(1, kMostInTile));
  return static_cast<int>(value);
}

Result<uint64_t> fingerprint_of(const Json& kernel) {
  RONDO_TRY(const std::string text, text_of(kernel, "fingerprint"));
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error == std::errc{} && end == text.data() + text.size()) return value;
  return kernel.find("fingerprint")->expected("a hexadecimal number of 64 bits");
}

Result<TunedKernel> kernel_of(const Json& json) {
  RONDO_CHECK(json.require(JsonKind::object, kAccepted));
  RONDO_CHECK(json.only({"kernel", "fingerprint", "lanes", "vectors", "rows", "unroll"}));
  TunedKernel kernel;
  ErrorList errors;
  errors.keep(text_of(json, "kernel"), kernel.kernel);
  errors.keep(fingerprint_of(json), kernel.fingerprint);
  errors.keep(tile_number(json, "lanes"), kernel.tile.lanes);
  errors.keep(tile_number(json, "vectors"), kernel.tile.vectors);
  errors.keep(tile_number(json, "rows"), kernel.tile.rows);
  errors.keep(tile_number(json, "unroll"), kernel.tile.unroll);
  RONDO_CHECK(errors.status());
  return kernel;
}

Status check_version(const Json& json) {
  RONDO_TRY(const Json version, json.member("rondo_tuning", kAccepted));
  RONDO_TRY(const int64_t value, version.integer(0, INT64_MAX));
  if (value == kVersion) return Done{};
  return version.refused(fmt::format("a tuning of version {}; accepted: version {}", value, kVersion));
}

Status check_target(const Json& json, const Target& target) {
  RONDO_TRY(const Json member, json.member("target", kAccepted));
  RONDO_CHECK(member.only({"triple", "cpu", "features"}));
  const TargetSpec& spec = target.spec();
  for (const auto& [name, mine] : {std::pair{"triple", spec.triple}, {"cpu", spec.cpu}, {"features", spec.features}}) {
    RONDO_TRY(const std::string measured, text_of(member, name));
    if (measured != mine)
      return member.find(name)->refused(fmt::format("it was measured for another target, whose {} is {}; accepted: {}",
                                                    name, in_quotes(measured), in_quotes(mine)));
  }
  return Done{};
}

Result<Tuning> tuning_of(const Json& json, const Target& target) {
  RONDO_CHECK(json.require(JsonKind::object, kAccepted));
  RONDO_CHECK(json.only({"rondo_tuning", "target", "kernels"}));
  RONDO_CHECK(check_version(json));
  ErrorList errors;
  errors.keep(check_target(json, target));
  RONDO_TRY(const Json kernels, json.member("kernels", kAccepted));
  errors.keep(kernels.require(JsonKind::list, "a list of kernels"));
  Tuning tuning(kernels.is(JsonKind::list) ? kernels.size() : 0);
  for (size_t i = 0; i < tuning.size(); ++i) errors.keep(kernel_of(kernels.item(i)), tuning[i]);
  RONDO_CHECK(errors.status());
  return tuning;
}

}  // namespace

std::string tuning_text(const Tuning& tuning, const Target& target) {
  nlohmann::ordered_json json;
  json["rondo_tuning"] = kVersion;
  json["target"] = target_json(target);
  json["kernels"] = nlohmann::ordered_json::array();
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
  return read_json_text(text, [&](const Json& json) { return tuning_of(json, target); });
}

Result<Tuning> read_tuning(const std::string& path, const Target& target) {
  RONDO_TRY(std::string text, read_file(path, kLargestFile));
  return parse_tuning(text, target);
}

}  // namespace rondo
