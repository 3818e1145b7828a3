// rondo-mutilate SEED OUTDIR: writes the damaged variants of a model (.onnx, .json or .nam) as
// OUTDIR/LABEL_NNN_NAME with the seed's ending, where LABEL is must-fail-read, must-fail-compile or may-pass.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/mutilate/mutilate.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: rondo-mutilate SEED OUTDIR\n", stderr);
    return 2;
  }
  std::ifstream stream(argv[1], std::ios::binary);
  const std::string seed{std::istreambuf_iterator<char>(stream), {}};
  const std::filesystem::path folder(argv[2]);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  bool written = !error && !seed.empty();
  int number = 0;
  const std::string ending = std::filesystem::path(argv[1]).extension().string();
  const auto variants_of = ending == ".onnx" ? rondo::mutilate : rondo::mutilate_json;
  variants_of(seed, [&](const rondo::Variant& variant) {
    char prefix[40];
    std::snprintf(prefix, sizeof prefix, "%s_%03d_", std::string(to_string(variant.expect)).c_str(), number++);
    std::ofstream out(folder / (prefix + variant.name + ending), std::ios::binary);
    out.write(variant.bytes.data(), static_cast<std::streamsize>(variant.bytes.size()));
    out.close();
    written = written && out.good();
  });
  if (!written) {
    std::fprintf(stderr, "rondo-mutilate: cannot read %s or write into %s\n", argv[1], argv[2]);
    return 1;
  }
  std::printf("%d variants in %s\n", number, argv[2]);
  return 0;
}
