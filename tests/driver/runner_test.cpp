// verify --runner: the sample's recording on other processors, under QEMU. Skipped, loudly, where QEMU or Clang is
// missing.
#include <doctest/doctest.h>

#include "driver/emulator.h"
#include "driver/foreign_job.h"
#include "driver/process.h"
#include "frontend/npy.h"
#include "tests/driver/fixtures.h"

using namespace rondo::test;

namespace {

bool can_run(const std::string& target, const std::string& features = "") {
  auto found = rondo::Target::find({target, "", features});
  REQUIRE(found);
  auto emulator = rondo::find_emulator(*found);
  REQUIRE(emulator);
  const std::string qemu = emulator->command[0];
  const bool good = !rondo::find_program({"clang-19", "clang"}).empty() && !rondo::find_program({qemu}).empty();
  if (!good) MESSAGE("SKIPPED ", target, ": needs clang-19 and ", qemu);
  return good;
}

Outcome verify(const std::string& target, std::vector<std::string> options = {}, const std::string& data = "") {
  std::vector<std::string> command{program(), "verify", sample("sine.onnx"), "--target=" + target, "--data",
                                   data.empty() ? sample("recording") : data};
  command.insert(command.end(), options.begin(), options.end());
  return run(command);
}

}  // namespace

TEST_CASE("a stream on other processors; the same arithmetic gives the same bits") {
  const std::vector<std::vector<const char*>> groups{
      {"x86-64-v3", "cortex-a53", "armv7-vfp", "cortex-m4", "cortex-m55", "rv64gcv", "rv32imafc"},
      {"x86-64", "cortex-m0plus", "rv32imc"}};
  for (const auto& group : groups) {
    std::string first;
    for (const char* target : group) {
      CAPTURE(target);
      if (!can_run(target)) continue;
      Folder folder;
      Outcome outcome = verify(target, {"--runner=qemu", "--without=split_sums", "--outputs=" + folder.path()});
      CAPTURE(outcome.output);
      CAPTURE(outcome.errors);
      CHECK(outcome.exit_code == 0);
      for (const char* line : {"output 'y': ok", "state 'h0': ok", "state 'c0': ok"})
        CHECK(outcome.output.find(line) != std::string::npos);
      std::string bytes;
      for (const char* file : {"0.y.npy", "0.h0.npy", "0.c0.npy"}) bytes += read_all(folder / file);
      CHECK(bytes.size() > 3 * 128);
      if (first.empty()) first = bytes;
      CHECK(bytes == first);
    }
  }
}

TEST_CASE("short code whose sums have the same order computes the same bits on other processors") {
  std::string first;
  for (const char* target : {"x86-64-v3", "cortex-m4", "cortex-m55", "rv64gcv"}) {
    CAPTURE(target);
    if (!can_run(target)) continue;
    Folder folder;
    const Outcome outcome = verify(target, {"-O", "size", "--without=split_sums", "--runner=qemu", "--outputs=" + folder.path()});
    CAPTURE(outcome.output);
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == 0);
    const std::string bytes = read_all(folder / "0.y.npy");
    if (first.empty()) first = bytes;
    CHECK(bytes == first);
  }
}

TEST_CASE("weights that the caller brings") {
  if (!can_run("cortex-m4")) return;
  CHECK(verify("cortex-m4", {"--runner=qemu", "--external-weights"}).exit_code == 0);
  CHECK(verify("cortex-m4", {"--runner=qemu", "--weights-section=.flash"}).exit_code == 0);
}

TEST_CASE("vectors of a stated length run on processors that have it") {
  if (!can_run("neoverse-v1") || !can_run("rv64gcv")) return;
  CHECK(verify("neoverse-v1", {"--runner=qemu"}).exit_code == 0);
  CHECK(verify("neoverse-v1", {"--runner=qemu", "--features=+sve512"}).exit_code == 0);
  CHECK(verify("neoverse-v1", {"--runner=qemu", "--features=+sve2048"}).exit_code == 0);
  CHECK(verify("rv64gcv", {"--runner=qemu", "--features=+zvl256b"}).exit_code == 0);
  CHECK(verify("rv64gcv", {"--runner=qemu-riscv64 -cpu rv64,v=true,vlen=512,vext_spec=v1.0"}).exit_code == 0);
  const char* other = "vectors of another length";
  CHECK(verify("neoverse-v1", {"--runner=qemu-aarch64 -cpu max,sve512=on"}).errors.find(other) != std::string::npos);
  CHECK(verify("neoverse-v1", {"--runner=qemu-aarch64 -cpu max,sve128=on"}).errors.find(other) != std::string::npos);
  Outcome narrow = verify("rv64gcv", {"--features=+zvl256b",
                                      "--runner=qemu-riscv64 -cpu rv64,v=true,vlen=128,vext_spec=v1.0"});
  CHECK(narrow.errors.find(other) != std::string::npos);
}

TEST_CASE("bare metal with 64 bits, whose memory lies far up") {
  if (!can_run("riscv64-unknown-elf")) return;
  CHECK(verify("riscv64-unknown-elf", {"--runner=qemu", "--features=+m,+a,+f,+d,+c"}).exit_code == 0);
}

TEST_CASE("a wrong recording is found on another processor") {
  if (!can_run("rv32imafc")) return;
  Folder folder;
  for (const auto& entry : std::filesystem::directory_iterator(sample("recording")))
    std::filesystem::copy(entry.path(), folder / entry.path().filename().string());
  auto tensor = rondo::read_npy(folder / "c_first.npy");
  REQUIRE(tensor);
  std::vector<double> values = tensor->doubles();
  for (double& value : values) value *= 1.01;
  REQUIRE(rondo::write_npy(folder / "c_first.npy",
                           rondo::Tensor::from_doubles(tensor->dtype(), tensor->shape(), values)));
  Outcome outcome = verify("rv32imafc", {"--runner=qemu"}, folder.path());
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.output.find("WRONG") != std::string::npos);
}

TEST_CASE("runners that fail say so") {
  if (!can_run("aarch64")) return;
  Outcome silent = verify("aarch64", {"--runner=true"});
  CHECK(silent.exit_code == 1);
  CHECK(silent.errors.find("did not come to its end") != std::string::npos);
  CHECK(verify("aarch64", {"--runner=/no/such/program"}).exit_code == 1);
  CHECK(verify("x86-64-v4", {"--runner=qemu"}).errors.find("AVX-512") != std::string::npos);
  CHECK(verify("aarch64-macos", {"--runner=qemu"}).errors.find("there is no harness") != std::string::npos);
  CHECK(verify("cortex-m4", {"--cpu=cortex-m85", "--runner=qemu"}).errors.find("cortex-m55") != std::string::npos);
}

TEST_CASE("what a program prints is read strictly") {
  auto read = [](const std::string& text) { return rondo::read_printed(text, 2); };
  // 0x01 * 31 + 0xff = 0x11e
  const std::string good = "noise\nrondo-begin\n01ff\nrondo-end 00000000 0000011e\n";
  REQUIRE(read(good));
  CHECK(*read(good) == std::string("\x01\xff"));
  auto error = [&](const std::string& text) {
    auto result = read(text);
    return result ? std::string() : to_string(result.errors()[0]);
  };
  CHECK(error("").find("nothing") != std::string::npos);
  CHECK(error("rondo-begin\n01ff\n").find("did not come to its end") != std::string::npos);
  CHECK(error("rondo-begin\n01fe\nrondo-end 00000000 0000011e\n").find("not whole") != std::string::npos);
  CHECK(error("rondo-begin\n01\nrondo-end 00000000 00000001\n").find("not whole") != std::string::npos);
  CHECK(error("rondo-begin\n01zz\nrondo-end 00000000 0000011e\n").find("between") != std::string::npos);
  CHECK(error("rondo-begin\nrondo-end 00000003 00000000\n").find("index outside") != std::string::npos);
  CHECK(error("rondo-begin\nrondo-end 00000100 00000000\n").find("wrote outside") != std::string::npos);
  CHECK(error("rondo-begin\n01ff\nrondo-fault\n").find("fault") != std::string::npos);
}

TEST_CASE("other programs: what they print, how they end") {
  auto echo = rondo::run_program({"sh", "-c", "echo out; echo err >&2; exit 3"}, 100);
  REQUIRE(echo);
  CHECK(echo->code == 3);
  CHECK(echo->printed == "out\nerr\n");
  CHECK_FALSE(rondo::run_program({"/no/such/program"}, 100));
  CHECK_FALSE(rondo::run_program({"sh", "-c", "yes"}, 1000));
  CHECK(rondo::find_program({"no-such-program", "sh"}) == "sh");
  CHECK(rondo::find_program({"no-such-program"}).empty());
}
