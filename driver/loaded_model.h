// A compiled model in this process: built to a shared library, opened through the runtime's loader, and called by its
// reflection record alone, as any other caller would. Tested by tests/driver/loader_test.cpp.
#pragma once

#include <memory>

#include "driver/compile.h"
#include "ir/tensor.h"
#include "rondo_loader.h"
#include "rondo_pool.h"

namespace rondo {

struct Slot {
  std::string name;
  Type type;
  int time_axis = -1;     // of a step's input or output (see ir/timing.h); -1: none
  int64_t latency = 0;
};

/// Memory of a size known at run time, aligned as the interface asks. Bytes before and after it are marked, so that
/// writes beyond the ends are noticed.
class GuardedMemory {
 public:
  GuardedMemory() = default;
  static Result<GuardedMemory> allocate(int64_t bytes);
  std::byte* data() const { return bytes_.get() ? bytes_.get() + kGuard : nullptr; }
  int64_t size() const { return size_; }
  bool guards_are_whole() const;

 private:
  static constexpr int64_t kGuard = 64;
  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::byte, Free> bytes_;
  int64_t size_ = 0;
};

class Instance;

class LoadedModel {
 public:
  /// The whole path for a source: lower, build in a temporary folder, open. The target must be this machine. Its
  /// instances call on as many threads as the options say.
  static Result<LoadedModel> build(Parsed source, const ModelOptions& options);
  /// The last part of it, for a plan and a target that runs here (see host_target).
  static Result<LoadedModel> build(const Plan& plan, const Target& target, const ModelOptions& options,
                                   const CodegenOptions& codegen = {});
  static Result<LoadedModel> open(const std::string& path, const std::string& prefix);

  const std::vector<Slot>& inputs() const { return inputs_; }
  const std::vector<Slot>& outputs() const { return outputs_; }
  const std::vector<Slot>& states() const { return states_; }
  const std::vector<std::string>& symbols() const { return symbols_; }
  const rondo_model& record() const { return *library_->model; }
  /// What instances made from now on call with: the blob of another model of the same architecture, say. Its code checks it.
  Status use_weights(const std::string& blob);
  const void* weights() const { return weights_ ? weights_->data() : nullptr; }
  /// Null if the library exports no such symbol.
  void* find_symbol(const std::string& name) const;
  /// Instances made from now on share a pool of so many threads; one: none.
  Status use_threads(int threads);
  const rondo_parallel* parallel() const { return pool_ ? rondo_pool_parallel(pool_.get()) : nullptr; }

  /// An instance for these dimensions, its state at the initial value.
  Result<Instance> instantiate(const Dim::Values& dims) const;

 private:
  struct Close {
    void operator()(rondo_library* library) const {
      rondo_close(library);
      delete library;
    }
  };
  std::shared_ptr<rondo_library> library_;
  std::shared_ptr<rondo_pool> pool_;
  std::shared_ptr<GuardedMemory> weights_;
  std::vector<Slot> inputs_, outputs_, states_;
  std::vector<std::string> symbols_;
};

/// One caller of a model: state, scratch and output memory for fixed dimensions.
class Instance {
 public:
  Status reset() { return reset_stream(-1); }
  /// One of several; negative: all.
  Status reset_stream(int64_t stream);
  /// Inputs in the record's order and of the record's shapes.
  Result<std::vector<Tensor>> call(const std::vector<Tensor>& inputs);
  Status set_state(const std::string& name, const Tensor& value);
  Result<Tensor> state(const std::string& name) const;
  /// One call with the inputs and memory of the last `call`: what a benchmark times.
  rondo_status call_again() const { return model_.record().call(&call_); }
  /// What the next calls use instead of the pool of the model; null: one thread.
  void set_parallel(const rondo_parallel* parallel) { call_.parallel = parallel; }

 private:
  friend class LoadedModel;
  explicit Instance(LoadedModel model) : model_(std::move(model)) {}
  Status allocate();
  /// Shapes of inputs, outputs and states; of outputs the largest possible ones, or those of the last call.
  Status ask_shapes(bool largest);
  Result<int> find_state(const std::string& name) const;
  Status check_guards() const;

  LoadedModel model_;
  std::vector<int64_t> dims_, measured_;
  std::vector<std::vector<int64_t>> input_shapes_, output_shapes_, state_shapes_;
  std::vector<int64_t> state_offsets_;
  GuardedMemory state_, scratch_;
  std::vector<Tensor> last_inputs_;
  std::vector<GuardedMemory> output_memory_;
  std::vector<const void*> input_pointers_;
  std::vector<void*> output_pointers_;
  rondo_call call_{};
};

/// The target the options name; an error if its code does not run on this machine.
Result<Target> host_target(const TargetSpec& spec);

/// A sentence for each status but RONDO_OK.
std::string to_string(rondo_status status);

}  // namespace rondo
