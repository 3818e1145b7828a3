// The stages of the path from a file to machine code, for the commands that go part of the way or all of it.
#pragma once

#include <functional>
#include <string>

#include "driver/options.h"
#include "frontend/frontend.h"
#include "ir/text.h"

namespace rondo {

/// Reads the model: a graph at the model or core level, or a plan. Its name is the symbol prefix. Prints warnings.
Result<Parsed> read_source(const ModelOptions& options);
Result<Parsed> read_source(const ModelOptions& options, FileFacts& facts);

/// Constants, dimensions and states as the options fix them.
Status bind_options(Graph& graph, const ModelOptions& options);

using PassObserver = std::function<void(std::string_view pass, const Graph& graph, bool changed)>;

/// read_source's graph, bound, expanded and optimised; `observe` (may be empty) sees the graph after "expand" and after
/// each pass. Prints warnings.
Result<Graph> lower_to_core(Graph graph, const ModelOptions& options, const Target& target, const PassObserver& observe,
                            Diagnostics& remarks);

/// The second part of lower_to_core, of a graph that is bound and expanded.
Result<Graph> optimise_core(Graph core, const ModelOptions& options, const Target& target, const PassObserver& observe,
                            Diagnostics& remarks);

/// Of a graph from lower_to_core, as the model's options ask; of `plan_options`, the tuning and the remarks count. Plans are verified.
Result<Plan> plan_core(const Graph& core, const ModelOptions& options, const Target& target,
                       PlanOptions plan_options);

/// Whatever read_source gave, as a verified plan.
Result<Plan> lower_to_plan(Parsed source, const ModelOptions& options, const Target& target);

/// What the options say about the code itself.
CodegenOptions codegen_options(const ModelOptions& options);

/// A shared library as bytes, under the name of the file it will be in.
Result<std::string> build_shared(const Plan& plan, const Target& target, const ModelOptions& options,
                                 const std::string& file_name, const CodegenOptions& codegen = {});

/// The result, its errors marked with the file they are about.
template <class T>
Result<T> about_file(Result<T> result, const std::string& path) {
  if (result) return result;
  Diagnostics errors = std::move(result).errors();
  set_file(errors, path);
  return errors;
}

}  // namespace rondo
