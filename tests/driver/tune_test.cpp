// Tuning: the file goes there and back, is used, gives the same bytes and equal results, and is refused where it does
// not fit.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "driver/compile.h"
#include "driver/loaded_model.h"
#include "driver/tuning_file.h"
#include "tests/driver/fixtures.h"

using namespace rondo;
using namespace rondo::test;
using Json = nlohmann::ordered_json;

namespace {

Target host() {
  auto target = Target::find({});
  REQUIRE(target);
  return *target;
}

std::string first_error(const Diagnostics& errors) { return to_string(errors[0]); }

// A product of 48 x 40 weights with a row for each of T, then a copy: there is something to choose.
std::string core_text(const std::string& extra = "") {
  std::string weights;
  for (int i = 0; i < 40 * 48; ++i) weights += (i ? ", " : "") + std::to_string((i * 7 % 17 - 8) / 8.0);
  return "core \"tuned\" {\n  input %x: f32[T, 40]\n  %w = constant() {value = f32[40, 48] {" + weights +
         "}}: f32[40, 48]\n  %m = matmul(%x, %w): f32[T, 48]\n" + extra + "  output " + (extra.empty() ? "%m" : "%n") +
         "\n}\n";
}

std::vector<std::string> compile_command(const std::string& model, const std::string& out) {
  return {program(), "compile", model, "-o", out, "--dim=T=6"};
}

Outcome with(std::vector<std::string> command, std::initializer_list<std::string> more) {
  command.insert(command.end(), more);
  return test::run(command);
}

/// The schedules in the text of a plan.
std::string schedules_of(const std::string& model, const std::string& tuning) {
  Outcome plan = test::run({program(), "inspect", model, "--level=plan", "--dim=T=6", "--tuning=" + tuning});
  REQUIRE_MESSAGE(plan.exit_code == 0, plan.errors);
  std::string lines;
  for (size_t at = 0, end; at < plan.output.size(); at = end + 1) {
    end = std::min(plan.output.find('\n', at), plan.output.size());
    const std::string line = plan.output.substr(at, end - at);
    if (line.find("schedule ") != std::string::npos) lines += line + "\n";
  }
  return lines;
}

Tensor results(const std::string& model, const std::string& tuning) {
  ModelOptions options;
  options.model = model;
  options.dims = {{"T", 6}};
  options.tuning = tuning;
  auto source = read_source(options);
  REQUIRE(source);
  auto loaded = LoadedModel::build(std::move(*source), options);
  REQUIRE_MESSAGE(loaded, first_error(loaded.errors()));
  auto instance = loaded->instantiate({});
  REQUIRE(instance);
  std::vector<double> values(6 * 40);
  for (size_t i = 0; i < values.size(); ++i) values[i] = double(i * 5 % 23) / 4 - 3;
  auto outputs = instance->call({f32({6, 40}, values)});
  REQUIRE(outputs);
  return (*outputs)[0];
}

}  // namespace

TEST_CASE("the file's text goes there and back") {
  const Tuning tuning{{"matmul_a", 0x0123456789abcdef, {16, 4, 3, 2}}, {"b", ~uint64_t{0}, {1, 1, 1, 1}}};
  auto back = parse_tuning(tuning_text(tuning, host()), host());
  REQUIRE_MESSAGE(back, first_error(back.errors()));
  CHECK(*back == tuning);
}

TEST_CASE("what is no tuning, or one for another target, is refused") {
  const Json good = Json::parse(tuning_text({{"k", 1, {16, 4, 3, 2}}}, host()));
  auto refusal = [&](auto change) {
    Json json = good;
    change(json);
    auto parsed = parse_tuning(json.dump(), host());
    REQUIRE(!parsed);
    return first_error(parsed.errors());
  };
  CHECK(refusal([](Json& j) { j["target"]["cpu"] = "other"; }).find("another target") != std::string::npos);
  CHECK(refusal([](Json& j) { j["rondo_tuning"] = 7; }).find("version 7") != std::string::npos);
  for (auto change : std::initializer_list<void (*)(Json&)>{
           [](Json& j) { j["more"] = 1; }, [](Json& j) { j.erase("kernels"); }, [](Json& j) { j = 3; },
           [](Json& j) { j["kernels"] = "none"; }, [](Json& j) { j["kernels"][0]["lanes"] = 0; },
           [](Json& j) { j["kernels"][0]["rows"] = 1e9; }, [](Json& j) { j["kernels"][0]["rows"] = int64_t{1} << 40; },
           [](Json& j) { j["kernels"][0]["unroll"] = "2"; }, [](Json& j) { j["kernels"][0]["kernel"] = 5; },
           [](Json& j) { j["kernels"][0]["fingerprint"] = "xyz"; }, [](Json& j) { j["kernels"][0].erase("rows"); }})
    CHECK(!refusal(change).empty());
  const auto several = parse_tuning(R"({"rondo_tuning": 1, "target": {"triple": "a", "cpu": "b", "features": "c"},
 "kernels": [{"kernel": 3, "fingerprint": "g", "lanes": 0, "vectors": 1, "rows": 1, "unroll": 1}]})",
                                    host());
  REQUIRE(!several);
  std::vector<std::string> places;
  for (const Diagnostic& error : several.errors()) {
    places.push_back(error.place);
    CHECK(error.message.ends_with("^"));
  }
  CHECK(places == std::vector<std::string>{"1:42: /target/triple", "2:25: /kernels/0/kernel",
                                           "2:43: /kernels/0/fingerprint", "2:57: /kernels/0/lanes"});
  CHECK(!parse_tuning("", host()));
  CHECK(!parse_tuning("{\"rondo_tuning\": 1", host()));
}

TEST_CASE("--tune saves a file; with it, every build makes the same bytes") {
  Folder folder;
  const std::string model = folder.write("tuned.rir", core_text()), file = folder / "tuning.json";
  Outcome tuned =
      with(compile_command(model, folder / "a.so"), {"--tune", "--tune-seconds=0.3", "--save-tuning=" + file});
  REQUIRE_MESSAGE(tuned.exit_code == 0, tuned.errors);
  CHECK(tuned.output.starts_with("tuned: "));
  const std::string bytes = read_all(folder / "a.so");
  REQUIRE(!bytes.empty());
  // The name of the file is in a library; the same name in another folder gives the same bytes.
  for (int i = 0; i < 2; ++i) {
    Folder other;
    Outcome again = with(compile_command(model, other / "a.so"), {"--tuning=" + file});
    REQUIRE_MESSAGE(again.exit_code == 0, again.errors);
    CHECK(read_all(other / "a.so") == bytes);
  }
}

TEST_CASE("the schedule of the file is the one used, and computes the same") {
  Folder folder;
  const std::string model = folder.write("tuned.rir", core_text()), file = folder / "tuning.json";
  REQUIRE(with(compile_command(model, folder / "a.so"), {"--tune", "--tune-seconds=0.1", "--save-tuning=" + file})
              .exit_code == 0);
  const Tensor want = results(model, "");
  Json json = Json::parse(read_all(file));
  REQUIRE(json["kernels"].size() == 1);
  std::set<std::string> schedules;
  for (const auto& [vectors, rows] : {std::pair(1, 1), std::pair(1, 2), std::pair(2, 3), std::pair(3, 1)}) {
    json["kernels"][0]["vectors"] = vectors, json["kernels"][0]["rows"] = rows, json["kernels"][0]["unroll"] = 1;
    const std::string changed = folder.write("changed.json", json.dump());
    const std::string schedule = schedules_of(model, changed);
    CAPTURE(schedule);
    CHECK((schedule.find("vectors=" + std::to_string(vectors)) != std::string::npos) == (vectors > 1));
    CHECK((schedule.find("rows=" + std::to_string(rows)) != std::string::npos) == (rows > 1));
    schedules.insert(schedule);
    CHECK(results(model, changed) == want);  // one partial result each: the order of summation is the same
  }
  CHECK(schedules.size() == 4);
}

TEST_CASE("a tuning of another model, or an absurd one, is an error that names the kernel") {
  Folder folder;
  const std::string model = folder.write("tuned.rir", core_text()), file = folder / "tuning.json";
  REQUIRE(with(compile_command(model, folder / "a.so"), {"--tune", "--tune-seconds=0.1", "--save-tuning=" + file})
              .exit_code == 0);
  auto refused = [&](const std::string& source, const std::string& tuning, const std::string& word) {
    Outcome outcome = with(compile_command(source, folder / "b.so"), {"--tuning=" + tuning});
    CHECK(outcome.exit_code == 1);
    CHECK_MESSAGE(outcome.errors.find(word) != std::string::npos, outcome.errors);
    CHECK(read_all(folder / "b.so").empty());
  };
  const std::string other = folder.write("other.rir", core_text("  %n = tanh(%m): f32[T, 48]\n"));
  refused(other, file, "computes something else");
  Json json = Json::parse(read_all(file));
  json["kernels"][0]["vectors"] = 1000;
  refused(model, folder.write("absurd.json", json.dump()), "cannot have");
  json["kernels"][0]["kernel"] = "nobody";
  refused(model, folder.write("unknown.json", json.dump()), "was not tuned");
  refused(model, folder.write("unknown.json", json.dump()), "nobody");
  refused(model, folder / "absent.json", "absent.json");
  // The sizes are part of what was measured.
  Outcome sizes = run({program(), "compile", model, "-o", folder / "b.so", "--dim=T=7", "--tuning=" + file});
  CHECK(sizes.exit_code == 1);
}

TEST_CASE("tuning is for this machine alone, and for graphs") {
  Folder folder;
  const std::string model = folder.write("tuned.rir", core_text());
  Outcome outcome = with(compile_command(model, folder / "a.o"), {"--tune", "--target=riscv64-unknown-linux-gnu"});
  CHECK(outcome.exit_code == 1);
  CHECK(outcome.errors.find("does not run on this machine") != std::string::npos);
  const std::string plan = folder / "plan.rir";
  REQUIRE(test::run({program(), "inspect", model, "--level=plan", "-o", plan}).exit_code == 0);
  CHECK(run({program(), "compile", plan, "-o", folder / "a.o", "--tune"}).exit_code == 1);
  CHECK(run({program(), "compile", plan, "-o", folder / "a.o", "--tuning=" + plan}).exit_code == 1);
  CHECK(run({program(), "compile", model, "-o", folder / "a.o", "--save-tuning=x"}).exit_code == 2);
  CHECK(run({program(), "compile", model, "-o", folder / "a.o", "--tune", "--tuning=x"}).exit_code == 2);
}
