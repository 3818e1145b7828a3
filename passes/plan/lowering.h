// Lowering: the core graph becomes steps over buffers. Each core operator has one lower_WORD, which either gives
// its results as views of what is there already or appends kernels that compute them.
//
// Placement: a value that is wanted somewhere (an output, a part of a concatenation, a slice of a stacked result)
// is computed there if the operator that makes it can write it; otherwise it is copied.
#pragma once

#include "ir/measure.h"
#include "passes/plan/kernel_builder.h"

namespace rondo {

class Lowering {
 public:
  /// `highest`: of all symbols that the graph measures (see ir/measure.h).
  Lowering(Plan& plan, Highest highest) : plan_(plan), steps_(&plan.steps), highest_(std::move(highest)) {}

  /// Lowers a graph whose parameters are known; afterwards its outputs can be asked for. `wanted` says where values
  /// should be computed. What could not be computed there still has to be copied (see deliver).
  Status lower(const Graph& graph, std::map<const Value*, View> wanted);

  Plan& plan() { return plan_; }

  // Values.
  void define(const Value* value, Operand operand) { operands_[value] = std::move(operand); }
  void define(const Value* value, View view);
  const Operand* find(const Value* value) const;
  /// The value's elements in memory, computed there now if they are in none yet.
  View in_memory(const Value* value);
  /// Where the results of kernels for this value go: where it is wanted, or a new buffer.
  View destination(const Value* value);
  std::optional<View> wanted(const Value* value) const;

  /// A buffer whose first element is this scalar.
  int scalar_buffer(const Value* value, const Node* origin);

  // Buffers. What is sized by measured symbols gets room for the most there can be.
  const Highest& highest() const { return highest_; }
  int add_buffer(Buffer buffer);
  View new_scratch(const Type& type, const std::string& name);
  /// Equal constants share a buffer, and so do copies of one weight.
  int constant_buffer(const Tensor& value, const std::string& name);
  int weight_buffer(const Tensor& value, const std::string& name);

  // Steps.
  int new_var() { return next_var_++; }
  Kernel start_kernel(const Node* node, const std::string& what);
  /// A builder for a kernel that finds values from outside here.
  KernelBuilder builder(Kernel& kernel) {
    return KernelBuilder(kernel, [this](const Value* value) { return find(value); }, next_var_);
  }
  void append(Kernel kernel) { steps_->push_back({std::move(kernel)}); }
  /// Appends a kernel that writes an operand's elements to a view of that shape.
  void copy(const Operand& from, const View& to, const Node* origin);
  /// Copies each pair's first to its second as if all were copied at once.
  void copy_together(std::vector<std::pair<Operand, View>> moves, const Node* origin);
  /// Makes the value's elements lie in `to`.
  void deliver(const Value* value, const View& to, const Node* origin);
  /// One kernel for all results of a node; false if a kernel cannot hold it.
  bool lower_as_kernel(const Node& node);
  /// Runs `fill` with a loop's steps as the place to append to.
  template <class Function>
  Status in_loop(Loop loop, Function fill) {
    RONDO_CHECK(in_steps(loop.steps, fill));
    append_step({std::move(loop)});
    return Done{};
  }
  template <class Function>
  Status in_steps(std::vector<Step>& steps, Function fill) {
    std::vector<Step>* outer = std::exchange(steps_, &steps);
    Status status = fill();
    steps_ = outer;
    return status;
  }
  void append_step(Step step) { steps_->push_back(std::move(step)); }
  /// Everything from here to the end of the list goes into the measure's steps.
  void enter(Measure measure);

 private:
  int add_constant(const Tensor& value, const std::string& name);
  void place_operands(const Node& node);
  Status lower_node(const Node& node);

  Plan& plan_;
  std::vector<Step>* steps_;
  std::map<const Value*, Operand> operands_;
  std::map<const Value*, View> wanted_;
  std::map<std::string, int> constants_;  // buffers by dtype and bytes
  std::vector<std::pair<Tensor, int>> weights_;
  std::set<std::string> kernel_names_;
  int next_var_ = 0;
  Highest highest_;
  const Graph* graph_ = nullptr;     // being lowered
  std::set<std::string> measured_;   // so far
};

using LowerFunction = Status (*)(Lowering&, const Node&);
#define RONDO_CORE_OP(word, min, max, results, doc) Status lower_##word(Lowering&, const Node&);
#include "ir/ops.def"
Status lower_pointwise(Lowering&, const Node&);

struct StageContext {
  const struct TargetFacts& target;
  Diagnostics& remarks;  // why a stage that decides by cost decided as it did
};
/// Remarks: one sentence about the kernel that a stage decided on.
void note(const StageContext& context, const Kernel& kernel, const std::string& text);

// The stages after lowering, each on the whole plan.
#define RONDO_PLAN_STAGE(name, doc) void name(Plan& plan, const StageContext& context);
#include "passes/plan/stages.def"
/// Stores weights as f16 or bf16; f32 leaves them. An error names the node whose weight does not fit.
Status narrow_weights(Plan& plan, DType stored);
/// In the same order for every target, where split_sums may not choose it.
void choose_schedules(Plan& plan, const StageContext& context);
void plan_memory(Plan& plan);

}  // namespace rondo
