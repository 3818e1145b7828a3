// What the driver's tests share: the program under test, the sample model, folders that vanish, and models as text.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "ir/tensor.h"
#include "tests/process.h"

namespace rondo::test {

/// RONDO_PROGRAM and RONDO_SAMPLES come from the build.
inline std::string program() { return RONDO_PROGRAM; }
inline std::string sample(const std::string& name) { return std::string(RONDO_SAMPLES) + "/" + name; }

class Folder {
 public:
  Folder() {
    std::string text = (std::filesystem::temp_directory_path() / "rondo-test.XXXXXX").string();
    path_ = mkdtemp(text.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string path() const { return path_.string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
    return *this / name;
  }
  size_t file_count() const {
    return std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator());
  }

 private:
  std::filesystem::path path_;
};

/// The options that make samples/sine.onnx a step function with state.
inline std::vector<std::string> with_state(std::vector<std::string> command) {
  for (const char* option : {"--state=h0=hn", "--state=c0=cn"}) command.emplace_back(option);
  return command;
}

inline Tensor f32(std::vector<int64_t> shape, std::vector<double> values) {
  return Tensor::from_doubles(DType::f32, std::move(shape), values);
}

}  // namespace rondo::test
