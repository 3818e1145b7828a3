// rondo weights: a model's blob of weights, for code that another model of the same architecture was compiled to with
// --external-weights and the same options. The model goes the same way as for compile, as far as the plan.
// Entry: weights. Tested by tests/driver/weights_test.cpp.
#include "driver/compile.h"
#include "driver/files.h"

namespace rondo {

Status weights(const WeightsOptions& options) {
  RONDO_TRY(Target target, Target::find(options.model.target));
  RONDO_TRY(Parsed source, read_source(options.model));
  RONDO_TRY(Plan plan, lower_to_plan(std::move(source), options.model, target));
  const std::string blob = weights_of(plan);
  if (!blob.empty()) return write_files({{options.output, blob}});
  Diagnostic error = invalid("the model has no weights");
  error.file = options.model.model;
  return error;
}

}  // namespace rondo
