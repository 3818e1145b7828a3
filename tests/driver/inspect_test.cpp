// inspect: the levels as text.
#include <doctest/doctest.h>

#include "ir/text.h"
#include "tests/driver/fixtures.h"

using namespace rondo::test;

namespace {

Outcome inspect(std::vector<std::string> options) {
  options.insert(options.begin(), {program(), "inspect", sample("sine.onnx")});
  return run(options);
}

}  // namespace

TEST_CASE("the levels") {
  CHECK(inspect({"--level=model"}).output.find("LSTM") != std::string::npos);
  Outcome core = inspect({});
  CHECK(core.exit_code == 0);
  CHECK(core.output.find("scan") != std::string::npos);
  CHECK(core.output.find("LSTM") == std::string::npos);
  CHECK(inspect({"--level=plan"}).exit_code == 0);
}

TEST_CASE("full weights read back, brief ones are short") {
  for (const char* level : {"--level=model", "--level=core", "--level=plan"}) {
    CAPTURE(level);
    Outcome full = inspect({level, "--weights=full"}), brief = inspect({level});
    CHECK(rondo::parse(full.output));
    CHECK(brief.output.size() < full.output.size());
  }
  Folder folder;
  REQUIRE(inspect({"-o", folder / "sine.rir"}).exit_code == 0);
  CHECK(rondo::parse(read_all(folder / "sine.rir")));
  CHECK(run({program(), "inspect", folder / "sine.rir"}).exit_code == 0);
}

TEST_CASE("stored weights, fast math and plan stages left out show in the plan") {
  const std::string plain = inspect({"--level=plan"}).output;
  CHECK(plain.find("gated_sum") != std::string::npos);
  CHECK(plain.find("f16") == std::string::npos);
  CHECK(plain.find("math fast") == std::string::npos);
  CHECK(inspect({"--level=plan", "--weights=f16"}).output.find("constant f16[") != std::string::npos);
  Outcome full = inspect({"--level=plan", "--weights=bf16", "--weights=full"});
  CHECK(full.output.find("constant bf16[") != std::string::npos);
  CHECK(rondo::parse(full.output));
  CHECK(inspect({"--level=plan", "--math=fast"}).output.find("math fast") != std::string::npos);
  Outcome without = inspect({"--level=plan", "--without=combine_activations"});
  CHECK(without.exit_code == 0);
  CHECK(without.output.find("gated_sum") == std::string::npos);
}

TEST_CASE("a plan says what its kernels cost, and reads back") {
  Folder folder;
  const std::string text = folder.write("p.rir", R"(plan "p" {
  symbols T
  memory constants 0, state 0, scratch 0
  buffer x = input f32[8*T] slot 0
  buffer y = output f32[8] slot 0
  input "x": f32[T, 8] in x
  output "y": f32[8] in y
  kernel k {
    parallel i0 < 8
    reduction i1 < T
    %0 = load x[i0 + i1*8]: f32
    %1 = mul %0, %0: f32
    %2 = reduce sum %1: f32
    %3 = tanh %2: f32
    store y[i0] = %3
  }
})");
  Outcome plan = run({program(), "inspect", text, "--level=plan"});
  CAPTURE(plan.output);
  CHECK(plan.output.find("    # 8*T multiply-adds, 8 functions, 32*T bytes read, 32 bytes written\n") !=
        std::string::npos);
  CHECK(rondo::parse(plan.output));
}

TEST_CASE("what the weights take when they are stored narrow shows in the costs") {
  auto constant_bytes = [](const std::string& option) {
    const std::string text = inspect({"--level=plan", option}).output;
    int64_t sum = 0;
    for (size_t at = text.find(" constant bytes"); at != text.npos; at = text.find(" constant bytes", at + 1)) {
      const size_t begin = text.find_last_not_of("0123456789", at - 1) + 1;
      sum += std::stoll(text.substr(begin, at - begin));
    }
    return sum;
  };
  const int64_t wide = constant_bytes("--weights=f32"), narrow = constant_bytes("--weights=f16");
  CHECK(narrow > 0);
  CHECK(narrow < wide);
  CHECK(2 * narrow >= wide);
}

TEST_CASE("between the passes") {
  Outcome one = inspect({"--after=fuse_gates"});
  CHECK(one.exit_code == 0);
  CHECK(one.output.find("after fuse_gates") != std::string::npos);
  CHECK(one.output.find("after remove_dead") == std::string::npos);
  Outcome all = inspect({"--after-all"});
  CHECK(all.output.find("after expand") != std::string::npos);
  CHECK(all.output.find("after remove_dead") != std::string::npos);
  CHECK(inspect({"--after=expand", "--without=fuse_gates"}).exit_code == 0);
  CHECK(inspect({"--after=fuse_gates", "--without=fuse_gates"}).exit_code == 1);
}

TEST_CASE("what a pass changed, or that it changed nothing, in a line") {
  Outcome gates = inspect({"--diff=fuse_gates"});
  CHECK(gates.exit_code == 0);
  CHECK(gates.output.find("# after fuse_gates\n# gone: ") == 0);
  CHECK(gates.output.find("\n+     %7 = matmul(%0, %6): f32[1, 48]\n") != std::string::npos);
  CHECK(inspect({"--diff=remove_dead"}).output == "# after remove_dead (unchanged)\n# after remove_dead (unchanged)\n"
                                                  "# after remove_dead (unchanged)\n");
  Outcome reason = inspect({"--diff=unroll_scans", "--dim=time=9"});
  CHECK(reason.output.find("# after unroll_scans (unchanged)\n# ") == 0);
  CHECK(reason.output.find("not unrolled, 9 steps") != std::string::npos);
  CHECK(inspect({"--diff=fuse_gates", "--without=fuse_gates"}).exit_code == 1);
  CHECK(inspect({"--diff=expand"}).exit_code == 2);
  CHECK(inspect({"--diff=fuse_gates", "--after-all"}).exit_code == 2);
}

TEST_CASE("what nodes ask for shows at the model and the core level") {
  CHECK(inspect({"--level=model"}).output.find(" @ \"lstm\"  # 624*time multiply-adds, 2880 constant bytes\n") !=
        std::string::npos);
  CHECK(inspect({}).output.find("%5 = matmul(%0, %1): f32[1, 48]  # 576 multiply-adds\n") != std::string::npos);
  CHECK(inspect({"--weights=full"}).output.find("multiply-adds") != std::string::npos);
}

TEST_CASE("for the eye, what stands nearby is not said again") {
  const std::string brief = inspect({"--level=model"}).output, full = inspect({"--level=model", "--weights=full"}).output;
  CHECK(brief.find("%V = Constant() {value = f32[12, 1] <mean 0.1679, min -0.3693, max 0.8141>}\n") != std::string::npos);
  CHECK(brief.find("%sequence = Squeeze(%states, %direction_axis): f32[time, 1, 12]\n") != std::string::npos);
  CHECK(full.find("%sequence = Squeeze(%states, %direction_axis): f32[time, 1, 12] @ \"sequence\"\n") != std::string::npos);
}

TEST_CASE("states and dimensions show") {
  Outcome outcome = run(with_state({program(), "inspect", sample("sine.onnx"), "--level=model", "--dim=time=1"}));
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.output.find("state") != std::string::npos);
  CHECK(outcome.output.find("[1, 1, 1]") != std::string::npos);
}
