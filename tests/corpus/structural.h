// Inputs and dimensions that a model must know when it is compiled, as `verify` finds them: what to tell the other
// commands, and data without the inputs that are then constants.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace rondo::test {

struct Structural {
  std::vector<std::string> options;  // --const=…, --dim=…
  std::filesystem::path data;        // for --data
  std::string problem;               // why there is none of this; else empty
};

/// Of a model whose `verify` succeeds. `scratch` holds the data where they differ from the folder's own.
Structural find_structural(const std::string& program, const std::filesystem::path& folder,
                           const std::filesystem::path& scratch);

/// The names of a model's inputs, in order.
std::vector<std::string> input_names(const std::string& program, const std::filesystem::path& model);

}  // namespace rondo::test
