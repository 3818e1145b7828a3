// A recorded stream: stream.json names the .npy files.
//
//   {"steps": N, "state": {input: output}, "inputs": [name], "outputs": [name],
//    "files": {input or output: file, state input: [initial, final]}}
//
// Tested by tests/driver/data_test.cpp.
#include <fmt/format.h>

#include <filesystem>

#include "driver/data.h"
#include "frontend/file.h"
#include "frontend/json/json.h"
#include "frontend/npy.h"

namespace rondo {
namespace {

constexpr uint64_t kLargestJson = 1 << 20;

class StreamReader {
 public:
  StreamReader(std::filesystem::path folder, const Json& json) : folder_(std::move(folder)), json_(json) {}

  Result<Recording> read() {
    RONDO_CHECK(json_.require(JsonKind::object, "an object with 'steps', 'state', 'inputs', 'outputs' and 'files'"));
    RONDO_CHECK(json_.only({"steps", "state", "inputs", "outputs", "files"}));
    Recording recording;
    recording.path = folder_.string();
    RONDO_TRY(const Json steps, json_.member("steps", "how many steps are recorded"));
    RONDO_TRY(recording.steps, steps.integer(1, INT64_MAX));
    RONDO_CHECK(add_all("inputs", *recording.steps, recording.inputs));
    RONDO_CHECK(add_all("outputs", *recording.steps, recording.outputs));
    RONDO_TRY(const Json state, json_.member("state", "an object of inputs and the outputs that feed them"));
    RONDO_CHECK(state.require(JsonKind::object, "an object of inputs and the outputs that feed them"));
    for (size_t i = 0; i < state.size(); ++i) RONDO_CHECK(add_state(state.name(i), state.item(i), recording));
    return recording;
  }

 private:
  Result<Json> file_of(const std::string& name) const {
    RONDO_TRY(const Json files, json_.member("files", "an object of .npy files by name"));
    return files.member(name, "a file's name; of a state, [initial, final]");
  }

  Result<Tensor> array(const Json& file) const {
    RONDO_TRY(const std::string name, file.text());
    return read_npy(folder_ / name);
  }

  Status add_all(std::string_view list, int64_t steps, std::vector<NamedTensor>& tensors) const {
    RONDO_TRY(const Json names, json_.member(list, "a list of names"));
    RONDO_CHECK(names.require(JsonKind::list, "a list of names"));
    for (size_t i = 0; i < names.size(); ++i) {
      RONDO_TRY(const std::string name, names.item(i).text());
      RONDO_CHECK(add(name, steps, tensors));
    }
    return Done{};
  }

  Status add(const std::string& name, int64_t steps, std::vector<NamedTensor>& tensors) const {
    RONDO_TRY(const Json file, file_of(name));
    RONDO_TRY(Tensor tensor, array(file));
    if (tensor.shape().empty() || tensor.shape()[0] != steps)
      return file.error(fmt::format("{} is {}; its leading axis must be the {} steps", in_quotes(name),
                                    to_string(tensor.type()), steps));
    tensors.push_back({name, std::move(tensor)});
    return Done{};
  }

  Status add_state(const std::string& input, const Json& output, Recording& recording) const {
    RONDO_TRY(const Json files, file_of(input));
    if (!files.is(JsonKind::list) || files.size() != 2) return files.expected("[initial, final], two files' names");
    RONDO_TRY(Tensor initial, array(files.item(0)));
    RONDO_TRY(Tensor final, array(files.item(1)));
    RONDO_TRY(std::string name, output.text());
    recording.states.push_back({input, std::move(name), std::move(initial), std::move(final)});
    return Done{};
  }

  std::filesystem::path folder_;
  const Json& json_;
};

}  // namespace

Result<Recording> read_stream(const std::string& folder, const Interface&) {
  const std::filesystem::path path = std::filesystem::path(folder) / "stream.json";
  RONDO_TRY(std::string text, read_file(path, kLargestJson));
  return about_file(read_json_text(text, [&](const Json& json) { return StreamReader(folder, json).read(); }),
                    path.string());
}

}  // namespace rondo
