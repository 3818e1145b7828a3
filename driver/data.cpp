// See data.h: finding the kind of a folder, and the kinds that are lists of tensors.
#include "driver/data.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "driver/files.h"
#include "frontend/frontend.h"
#include "frontend/npy.h"

namespace rondo {
namespace {

namespace fs = std::filesystem;

struct Kind {
  const char* mark;  // the file or folder by which it is recognised
  Result<Recording> (*read)(const std::string&, const Interface&);
};
constexpr Kind kKinds[] = {
    {"stream.json", read_stream},
    {"output_0.pb", read_tensor_protos},
    {"input_0.pb", read_tensor_protos},
    {"outputs", read_arrays},
    {"inputs", read_arrays},
    {"x.csv", read_csv},
    {"y.csv", read_csv},
};

const Kind* kind_of(const fs::path& folder) {
  std::error_code ignored;
  for (const Kind& kind : kKinds)
    if (fs::exists(folder / kind.mark, ignored)) return &kind;
  return nullptr;
}

Diagnostic about(const std::string& folder, std::string message) {
  Diagnostic error = invalid(std::move(message));
  error.file = folder;
  return error;
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    paths.push_back(entry->path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

int64_t count_files(const fs::path& folder, std::string_view prefix, std::string_view ending) {
  int64_t count = 0;
  for (const fs::path& path : entries_of(folder)) {
    std::string name = path.filename().string();
    count += name.starts_with(prefix) && name.ends_with(ending);
  }
  return count;
}

Status read_numbered(const fs::path& folder, const std::string& what, const std::vector<std::string>& names,
                     std::vector<NamedTensor>& tensors) {
  int64_t files = count_files(folder, what + "_", ".pb");
  if (files != static_cast<int64_t>(names.size()))
    return about(folder.string(), fmt::format("holds {} {} files, where the model has {}", files, what, names.size()));
  for (size_t i = 0; i < names.size(); ++i) {
    RONDO_TRY(Tensor tensor, read_tensor_proto(folder / fmt::format("{}_{}.pb", what, i)));
    tensors.push_back({names[i], std::move(tensor)});
  }
  return Done{};
}

Status read_named(const fs::path& folder, const std::vector<std::string>& names, std::vector<NamedTensor>& tensors) {
  int64_t files = count_files(folder, "", ".npy");
  if (files != static_cast<int64_t>(names.size()))
    return about(folder.string(), fmt::format("holds {} .npy files, where the model has {}", files, names.size()));
  for (const std::string& name : names) {
    RONDO_TRY(Tensor tensor, read_npy(folder / (name + ".npy")));
    tensors.push_back({name, std::move(tensor)});
  }
  return Done{};
}

std::vector<std::string> input_names(const Interface& interface) {
  std::vector<std::string> names;
  for (const Slot& slot : interface.inputs) names.push_back(slot.name);
  return names;
}

}  // namespace

Result<std::vector<Recording>> recorded_data(const std::string& folder, const Interface& interface) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return about(folder, "is not a folder");
  std::vector<Recording> recordings;
  if (const Kind* kind = kind_of(folder)) {
    RONDO_TRY(Recording recording, about_file(kind->read(folder, interface), folder));
    recordings.push_back(std::move(recording));
    return recordings;
  }
  for (const fs::path& inside : entries_of(folder)) {
    const Kind* kind = fs::is_directory(inside, ignored) ? kind_of(inside) : nullptr;
    if (!kind) continue;
    RONDO_TRY(Recording recording, about_file(kind->read(inside.string(), interface), inside.string()));
    recordings.push_back(std::move(recording));
  }
  if (recordings.empty())
    return about(folder,
                 "holds no recorded data: input_K.pb and output_K.pb, inputs/NAME.npy and outputs/NAME.npy, "
                 "x.csv and y.csv, stream.json, or folders with one of these");
  return recordings;
}

Result<Recording> read_tensor_protos(const std::string& folder, const Interface& interface) {
  Recording recording;
  recording.path = folder;
  RONDO_CHECK(read_numbered(folder, "input", input_names(interface), recording.inputs));
  RONDO_CHECK(read_numbered(folder, "output", interface.outputs, recording.outputs));
  return recording;
}

Result<Recording> read_arrays(const std::string& folder, const Interface& interface) {
  Recording recording;
  recording.path = folder;
  RONDO_CHECK(read_named(fs::path(folder) / "inputs", input_names(interface), recording.inputs));
  RONDO_CHECK(read_named(fs::path(folder) / "outputs", interface.outputs, recording.outputs));
  return recording;
}

bool is_tensor_file(const std::string& path) { return has_ending(path, ".npy") || has_ending(path, ".pb"); }

Result<Tensor> read_tensor_file(const std::string& path) {
  return has_ending(path, ".pb") ? read_tensor_proto(path) : read_npy(path);
}

Tensor slice_step(const Tensor& tensor, int64_t step) {
  std::vector<int64_t> shape(tensor.shape().begin() + 1, tensor.shape().end());
  size_t bytes = tensor.bytes().size() / static_cast<size_t>(tensor.shape()[0]);
  return Tensor(tensor.dtype(), std::move(shape), std::string(tensor.bytes().substr(step * bytes, bytes)));
}

Tensor stack_steps(const std::vector<Tensor>& steps) {
  std::vector<int64_t> shape = steps[0].shape();
  shape.insert(shape.begin(), static_cast<int64_t>(steps.size()));
  std::string bytes;
  for (const Tensor& step : steps) bytes += step.bytes();
  return Tensor(steps[0].dtype(), std::move(shape), std::move(bytes));
}

}  // namespace rondo
