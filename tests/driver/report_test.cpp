// compile --report: the figures of a model that is known, in both forms, and what the option refuses.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/driver/fixtures.h"

using namespace rondo::test;

namespace {

using Json = nlohmann::json;

Outcome compile(const std::string& out, std::vector<std::string> options) {
  options.insert(options.begin(), {program(), "compile", sample("sine.onnx"), "-o", out, "--dim=time=1"});
  return run(with_state(std::move(options)));
}

Json report_for(const Folder& folder, const std::string& target, std::vector<std::string> options = {}) {
  options.push_back("--target=" + target);
  options.push_back("--report=" + (folder / "report.json"));
  REQUIRE(compile(folder / "sine.o", std::move(options)).exit_code == 0);
  return Json::parse(read_all(folder / "report.json"));
}

int64_t in_header(const Folder& folder, const std::string& name) {
  const std::string header = read_all(folder / "sine.h"), before = "#define " + name + " ";
  const size_t at = header.find(before);
  REQUIRE(at != std::string::npos);
  const size_t digits = header.find_first_of("0123456789", at + before.size());
  return std::stoll(header.substr(digits));
}

}  // namespace

TEST_CASE("the report's figures are those of the model") {
  Folder folder;
  const Json report = report_for(folder, "cortex-m4");
  // 4 gates of 12 units over 12 hidden units and 1 input, and a dense layer of 1.
  CHECK(report["multiply_adds"] == 4 * 12 * (12 + 1) + 12);
  CHECK(report["constant_bytes"] >= 4 * (4 * 12 * (1 + 12 + 1) + 12 + 1));
  CHECK(report["state_bytes"] == in_header(folder, "SINE_STATE_BYTES"));
  CHECK(report["scratch_bytes"] == in_header(folder, "SINE_SCRATCH_BYTES"));
  CHECK(report["undefined_symbols"] == Json::array());
  CHECK(report["writable_bytes"] == 0);
  CHECK(report["certificate"]["holds"] == true);
  CHECK(report["target"]["cpu"] == "cortex-m4");
  int64_t layers = 0, functions = 0, code = 0, loads = 0, stack = 0;
  bool lstm = false;
  for (const Json& layer : report["layers"]) {
    loads += layer["instructions"]["loads"].get<int64_t>();
    stack = std::max(stack, layer["stack_bytes"].get<int64_t>());
    CHECK(layer["undefined_symbols"] == Json::array());
    CHECK(layer["instructions"].size() == report["instructions"].size());
    layers += layer["multiply_adds"].get<int64_t>();
    code += layer["code_bytes"].get<int64_t>();
    lstm = lstm || layer["place"].get<std::string>().find("LSTM") != std::string::npos;
  }
  for (const Json& function : report["functions"]) functions += function["code_bytes"].get<int64_t>();
  CHECK(layers == report["multiply_adds"]);
  CHECK(loads < report["instructions"]["loads"]);
  CHECK(loads > report["instructions"]["loads"].get<int64_t>() / 2);
  CHECK(stack <= report["stack_bytes"]);
  CHECK(stack > 0);
  CHECK(lstm);
  CHECK(functions <= report["code_bytes"]);
  CHECK(code < functions);  // less entry points
  CHECK(code > functions / 2);
}

TEST_CASE("helpers that a processor without floats needs are listed") {
  Folder folder;
  const Json report = report_for(folder, "cortex-m0plus");
  CHECK(report["undefined_symbols"].size() > 2);
  for (const Json& symbol : report["undefined_symbols"]) CHECK(symbol.get<std::string>().starts_with("__aeabi_"));
  CHECK(report["instructions"]["helper_calls"] > 10);
  // -O size: activations are functions that layers share; their helpers are those of each layer that calls them.
  for (const std::vector<std::string>& mode : {std::vector<std::string>{}, std::vector<std::string>{"-O", "size"}}) {
    const Json all = report_for(folder, "rv32imc", mode);
    std::set<std::string> of_layers;
    for (const Json& layer : all["layers"]) {
      const bool products = layer["multiply_adds"] > 0;
      CHECK((layer["instructions"]["helper_calls"] > 0) == products);
      CHECK(layer["undefined_symbols"].empty() != products);
      for (const Json& symbol : layer["undefined_symbols"]) of_layers.insert(symbol);
    }
    CHECK(Json(of_layers) == all["undefined_symbols"]);
  }
}

TEST_CASE("what is not known of the code of layers is null") {
  Folder folder;
  const Json report = report_for(folder, "x86-64-windows");
  CHECK(report["certificate"]["holds"] == true);
  REQUIRE_FALSE(report["layers"].empty());
  for (const Json& layer : report["layers"]) {
    for (const char* word : {"code_bytes", "stack_bytes", "undefined_symbols", "instructions"}) CHECK(layer[word].is_null());
    CHECK(layer["scratch_bytes"].is_number());
  }
}

TEST_CASE("a report changes nothing of the code, and is the same each time") {
  Folder folder;
  REQUIRE(compile(folder / "plain.o", {"--name=sine"}).exit_code == 0);
  REQUIRE(compile(folder / "sine.o", {"--report=" + (folder / "one.txt")}).exit_code == 0);
  CHECK(read_all(folder / "plain.o") == read_all(folder / "sine.o"));
  const Outcome printed = compile(folder / "sine.o", {"--report=-"});
  CHECK(printed.exit_code == 0);
  CHECK(printed.output == read_all(folder / "one.txt"));
  CHECK(printed.output.find("Real-time certificate: holds") != std::string::npos);
  CHECK(printed.output.find("Undefined symbols: none") != std::string::npos);
}

TEST_CASE("-O size makes shorter code, with the same certificate; it does not go with --tune") {
  Folder folder;
  for (const char* target : {"x86-64-v3", "cortex-m4", "cortex-m55", "rv32imc"}) {
    CAPTURE(target);
    const Json fast = report_for(folder, target), small = report_for(folder, target, {"-O", "size"});
    CHECK(small["code_bytes"] < fast["code_bytes"]);
    CHECK(small["certificate"]["holds"] == true);
    CHECK(small["state_bytes"].get<int64_t>() <= fast["state_bytes"].get<int64_t>());
  }
  CHECK(compile(folder / "sine.o", {"-O", "size", "--tune"}).exit_code == 1);
  CHECK(compile(folder / "sine.o", {"-O", "tiny"}).exit_code == 2);
}

TEST_CASE("a matrix unit is used where it is asked for and there is one, and then code is not certified") {
  Folder folder;
  const auto compile_for = [&](const char* cpu, const std::vector<std::string>& more) {
    std::vector<std::string> words = {program(), "compile", sample("sine.onnx"), "-o", folder / "sine.so", "--target=x86_64-linux-gnu",
                                      std::string("--cpu=") + cpu, "--dim=time=512", "--report=" + (folder / "unit.json")};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  };
  const auto certified = [&] { return Json::parse(read_all(folder / "unit.json"))["certificate"]["holds"] == true; };
  CHECK(compile_for("sapphirerapids", {}).exit_code == 0);
  CHECK(certified());
  const Outcome refused = compile_for("icelake-server", {"--matrix-unit"});
  CHECK(refused.exit_code == 1);
  CHECK(refused.errors.find("no matrix unit") != std::string::npos);
  CHECK(compile_for("sapphirerapids", {"--matrix-unit", "-O", "size"}).errors.find("one or the other") != std::string::npos);
  CHECK(compile_for("sapphirerapids", {"--matrix-unit", "--weights=f16"}).errors.find("one or the other") != std::string::npos);
  CHECK(compile_for("sapphirerapids", {"--matrix-unit"}).exit_code == 0);
}

TEST_CASE("sizes that a call decides are expressions; text forms have no report") {
  Folder folder;
  REQUIRE(run({program(), "compile", sample("sine.onnx"), "-o", folder / "sine.a", "--report=" + (folder / "r.json")}).exit_code == 0);
  const Json report = Json::parse(read_all(folder / "r.json"));
  CHECK(report["multiply_adds"].is_string());
  CHECK(report["multiply_adds"].get<std::string>().find("time") != std::string::npos);
  CHECK(report["certificate"]["holds"] == true);
  const Outcome text = run({program(), "compile", sample("sine.onnx"), "-o", folder / "sine.a", "--report=-"});
  CHECK(text.output.find("Sizes depend on time; with --dim=time=N they are numbers.\n") != std::string::npos);
  CHECK(text.output.find("multiply-adds in a call: 636*time\n") != std::string::npos);
  CHECK(compile(folder / "sine.o", {"--report=-"}).output.find("Sizes depend") == std::string::npos);
  const Outcome refused = compile(folder / "sine.ll", {"--report=-"});
  CHECK(refused.exit_code == 1);
  CHECK(refused.errors.find(".o, .a and .so") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "sine.ll"));
}
