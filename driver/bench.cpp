// rondo bench: the time of one call on this machine, and how it divides among the kernels. Entry: bench.
// Tested by tests/driver/bench_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "driver/bench_report.h"
#include "driver/dims.h"
#include "driver/inputs.h"
#include "driver/settle.h"
#include "driver/stages.h"

namespace rondo {
namespace {

Result<std::vector<Tensor>> choose_inputs(const LoadedModel& model, const std::vector<NamedTensor>& given,
                                          const std::set<std::string>& frozen, Dim::Values& dims) {
  DimSolver solver;
  for (const NamedTensor& input : given) {
    if (frozen.count(input.name)) continue;
    auto slot =
        std::find_if(model.inputs().begin(), model.inputs().end(), [&](const Slot& s) { return s.name == input.name; });
    if (slot == model.inputs().end()) return invalid(fmt::format("the model has no input '{}'", input.name));
    RONDO_CHECK(solver.add(input.name, slot->type, input.value));
  }
  RONDO_CHECK(solver.finish(model.symbols()));
  dims = solver.values();
  return make_up_inputs(model, given, dims);
}

}  // namespace

Status bench(const BenchOptions& options) {
  if (!options.ort.empty()) RONDO_CHECK(about_file(check_for_ort(options.model.model), options.model.model));
  BenchReport report{.model = options.model.model};
  if (!options.compare.empty()) {
    RONDO_TRY(report.before, read_saved_run(options.compare));
  }
  RONDO_TRY(std::vector<NamedTensor> given, read_inputs(options.inputs));
  RONDO_TRY(Parsed source, read_source(options.model));
  RONDO_TRY(Target target, host_target(options.model.target));
  Recording recording;
  recording.inputs = given;
  Settled settled;
  RONDO_TRY(Plan plan, build_settled<Plan>(source, given_by(recording, options.model.states), settled,
                                           [&](Parsed copied) {
                                             return lower_to_plan(std::move(copied), options.model, target);
                                           }));
  report_settled(settled, options.model.model);
  RONDO_TRY(LoadedModel model, LoadedModel::build(plan, target, options.model));
  auto work = [&]() -> Status {
    Dim::Values dims;
    RONDO_TRY(std::vector<Tensor> inputs, choose_inputs(model, given, names_of(settled), dims));
    if (!options.ort.empty()) {
      RONDO_TRY(report.beside, run_stage(options.model.stages, "measure beside ONNX Runtime", [&] {
        return measure_beside_ort(options.ort, options.model, model, dims, inputs, settled.inputs, options.seconds);
      }));
    }
    RONDO_TRY(report.time, run_stage(options.model.stages, "measure", [&] {
      return time_kernels(plan, target, options.model, model, dims, inputs, options.seconds);
    }));
    fmt::print("{}", options.json ? bench_json(report) : bench_text(report));
    return Done{};
  };
  return about_file(work(), options.model.model);
}

}  // namespace rondo
