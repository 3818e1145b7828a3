// A recorded stream: stream.json names the .npy files. nlohmann/json and its exceptions stay in this file.
//
//   {"steps": N, "state": {input: output}, "inputs": [name], "outputs": [name],
//    "files": {input or output: file, state input: [initial, final]}}
//
// Tested by tests/driver/data_test.cpp.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "driver/data.h"
#include "frontend/file.h"
#include "frontend/npy.h"

namespace rondo {
namespace {

using Json = nlohmann::ordered_json;
constexpr uint64_t kLargestJson = 1 << 20;

class StreamReader {
 public:
  StreamReader(std::filesystem::path folder, const Json& json) : folder_(std::move(folder)), json_(json) {}

  Result<Recording> read() {
    static const std::set<std::string> kKnown{"steps", "state", "inputs", "outputs", "files"};
    for (const auto& [key, value] : json_.items())
      if (!kKnown.count(key))
        return unsupported(fmt::format("the key '{}'; known: steps, state, inputs, outputs, files", key));
    Recording recording;
    recording.path = folder_.string();
    recording.steps = json_.at("steps").get<int64_t>();
    if (*recording.steps < 1) return invalid(fmt::format("{} steps; at least 1 is needed", *recording.steps));
    for (const Json& name : json_.at("inputs"))
      RONDO_CHECK(add(name.get<std::string>(), *recording.steps, recording.inputs));
    for (const Json& name : json_.at("outputs"))
      RONDO_CHECK(add(name.get<std::string>(), *recording.steps, recording.outputs));
    for (const auto& [input, output] : json_.at("state").items()) {
      const Json& files = json_.at("files").at(input);
      RONDO_TRY(Tensor initial, array(files.at(0)));
      RONDO_TRY(Tensor final, array(files.at(1)));
      recording.states.push_back({input, output.get<std::string>(), std::move(initial), std::move(final)});
    }
    return recording;
  }

 private:
  Result<Tensor> array(const Json& file) { return read_npy(folder_ / file.get<std::string>()); }

  Status add(const std::string& name, int64_t steps, std::vector<NamedTensor>& tensors) {
    RONDO_TRY(Tensor tensor, array(json_.at("files").at(name)));
    if (tensor.shape().empty() || tensor.shape()[0] != steps)
      return invalid(fmt::format("is {}; its leading axis must be the {} steps", to_string(tensor.type()), steps),
                     "'" + name + "'");
    tensors.push_back({name, std::move(tensor)});
    return Done{};
  }

  std::filesystem::path folder_;
  const Json& json_;
};

}  // namespace

Result<Recording> read_stream(const std::string& folder, const Interface&) {
  RONDO_TRY(std::string text, read_file(std::filesystem::path(folder) / "stream.json", kLargestJson));
  try {
    Json json = Json::parse(text);
    return StreamReader(folder, json).read();
  } catch (const Json::exception& error) {
    return invalid(fmt::format("stream.json: {}", error.what()));
  }
}

}  // namespace rondo
