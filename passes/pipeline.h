// The way from a model to a plan, step by step. driver/compile.cpp tells the whole story.
#pragma once

#include <functional>

#include "ir/plan.h"
#include "passes/pass.h"
#include "passes/tuning.h"

namespace rondo {

/// Fixes symbolic dimensions of a model (--dim). An unknown name is an error that lists the known ones.
Status bind_dims(Graph& model, const std::map<std::string, int64_t>& values);

/// Makes `output` feed `input` on the next call (--state): both leave the interface and become a state named
/// after the input.
Status bind_state(Graph& model, const std::string& input, const std::string& output);

/// What recurrent layers give past the end of a sequence that is shorter than others (--ragged): "zero" or "carry", the state
/// that is kept. A model without lengths of sequences is an error.
Status bind_ragged(Graph& model, const std::string& ragged);

/// model -> core: expands every operator, and sets the types of the model's values on the way. All unsupported
/// operators are reported at once. Warnings: declared types that inference refutes.
Result<Graph> expand(Graph& model, Diagnostics& warnings);

/// A core graph with states whose every call moves on so many independent streams: inputs, outputs and states get a first
/// axis, along which the streams lie.
Result<Graph> interleave_streams(const Graph& one, int64_t count);

struct PipelineOptions {
  std::vector<std::string> without;  // passes left out; names of plan stages are allowed and mean nothing here
  Unroll unroll = Unroll::by_cost;
  // Called before each pass with its name, and after it also with the graph and whether it changed. May be empty.
  std::function<void(std::string_view)> begin;
  std::function<void(std::string_view, const Graph&, bool)> observe;
  bool swap_weights = false;  // the code is to run with the weights of other models of the same architecture
};

/// Runs the passes in their order, verifying after each.
Status optimise(Graph& core, const TargetFacts& target, const PipelineOptions& options, Diagnostics& remarks);

struct PlanOptions {
  std::vector<std::string> without;  // stages left out; other names mean nothing here
  bool fast_math = false;            // see Plan
  DType weights = DType::f32;        // f32, f16 or bf16: how float32 weights are stored; they compute in float32
  const Tuning* tuning = nullptr;                 // schedules to use; one that does not fit is an error
  Diagnostics* remarks = nullptr;                 // receives why stages that decide by cost decided as they did
  std::vector<KernelChoices>* choices = nullptr;  // filled with the kernels that have a choice, in the plan's order
};

/// core -> plan: views, kernels, schedules, packed weights, memory.
Result<Plan> make_plan(const Graph& core, const TargetFacts& target, const PlanOptions& options = {});

/// Names for `PlanOptions::without`: the stages that can be left out (passes/plan/stages.def), in order.
std::vector<std::string_view> plan_stages();

/// Names for `PipelineOptions::without`, in pipeline order.
std::vector<std::string_view> pipeline_order();

}  // namespace rondo
