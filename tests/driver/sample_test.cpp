// The samples as a user builds them: a C program that links the object and its header, and one that has nothing else.
#include <doctest/doctest.h>

#include <cmath>
#include <sstream>

#include "frontend/npy.h"
#include "tests/driver/fixtures.h"

using namespace rondo::test;
using rondo::Tensor;

namespace {

Outcome build(std::vector<std::string> options) {
  options.insert(options.begin(), RONDO_C_COMPILER);
  return run(options);
}

void compile_sine(const Folder& folder) {
  Outcome outcome =
      run(with_state({program(), "compile", sample("sine.onnx"), "-o", folder / "sine.o", "--dim=time=1"}));
  CAPTURE(outcome.errors);
  REQUIRE(outcome.exit_code == 0);
}

std::vector<double> numbers_in(const std::string& text) {
  std::istringstream stream(text);
  std::vector<double> numbers;
  for (double number; stream >> number; stream.ignore(1000, '\n')) numbers.push_back(number);
  return numbers;
}

}  // namespace

TEST_CASE("the sample swings on alone as a sine does") {
  Folder folder;
  compile_sine(folder);
  Outcome built = build({"-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I" + folder.path(), sample("sine.c"),
                         folder / "sine.o", "-lm", "-o", folder / "sine"});
  CAPTURE(built.errors);
  REQUIRE(built.exit_code == 0);
  Outcome outcome = run({folder / "sine"});
  REQUIRE(outcome.exit_code == 0);
  std::vector<double> wave = numbers_in(outcome.output);
  REQUIRE(wave.size() == 24);
  for (size_t i = 0; i < wave.size(); ++i)
    CHECK(wave[i] == doctest::Approx(std::sin(2 * M_PI * static_cast<double>(24 + 2 * i) / 24)).epsilon(0.1).scale(1));
}

TEST_CASE("the header serves C++ too") {
  Folder folder;
  compile_sine(folder);
  const std::string source =
      folder.write("use.cpp", "#include \"sine.h\"\nint main() { return sine_reset(nullptr, nullptr) == RONDO_OK; }\n");
  Outcome built = build({"-x", "c++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", source, "-x", "none",
                         folder / "sine.o", "-o", folder / "use"});
  CAPTURE(built.errors);
  REQUIRE(built.exit_code == 0);
  CHECK(run({folder / "use"}).exit_code == 0);  // a null state is refused
}

#if defined(__x86_64__) && defined(__linux__)
TEST_CASE("a program of its own _start and the object alone streams") {
  Folder folder;
  compile_sine(folder);
  Outcome built =
      build({"-std=c11", "-nostdlib", "-ffreestanding", "-static", "-fno-stack-protector", "-I" + folder.path(),
             sample("freestanding.c"), folder / "sine.o", "-o", folder / "freestanding"});
  CAPTURE(built.errors);
  REQUIRE(built.exit_code == 0);
  Outcome outcome = run({folder / "freestanding"});
  REQUIRE(outcome.exit_code == 0);
  std::vector<double> got = numbers_in(outcome.output);
  REQUIRE(got.size() == 24);

  Tensor want = *rondo::read_npy(sample("recording/triangle_y.npy"));
  for (int t = 0; t < 24; ++t) CHECK(std::fabs(got[t] * 1e-6 - want.double_at(t)) < 3e-6);
}
#endif
