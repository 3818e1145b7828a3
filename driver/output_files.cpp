// See output_files.h.
#include "driver/output_files.h"

#include <fmt/format.h>

#include <filesystem>

#include "frontend/npy.h"

namespace rondo {
namespace {

std::string file_name(std::string name) {
  for (char& c : name)
    if (c == '/' || c == '\0') c = '_';
  return name;
}

}  // namespace

Status write_played(const std::string& folder, int64_t number, const Played& played) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return invalid(fmt::format("cannot make the folder '{}': {}", folder, error.message()));
  for (const auto* tensors : {&played.outputs, &played.states})
    for (const NamedTensor& tensor : *tensors)
      RONDO_CHECK(write_npy(fmt::format("{}/{}.{}.npy", folder, number, file_name(tensor.name)), tensor.value));
  return Done{};
}

}  // namespace rondo
