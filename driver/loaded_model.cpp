// See loaded_model.h. Memory is filled with NaN patterns before use, so that a model that reads what it has not
// written gives wrong numbers here rather than on someone's device.
#include "driver/loaded_model.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>

#include "driver/dims.h"
#include "driver/files.h"

namespace rondo {
namespace {

constexpr int64_t kMostBytes = int64_t{1} << 36;
constexpr int kPoison = 0xff;  // all ones: a NaN in every float type
constexpr int kGuardByte = 0xa5;

Result<std::vector<Slot>> read_slots(const rondo_tensor* tensors, int32_t count) {
  std::vector<Slot> slots;
  for (int32_t i = 0; i < count; ++i) {
    RONDO_TRY(Type type, parse_type(tensors[i].type));
    slots.push_back({tensors[i].name, std::move(type), tensors[i].time_axis, tensors[i].latency});
  }
  return slots;
}

int64_t product(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (int64_t dim : shape) count *= dim;
  return count;
}

std::string shape_text(const std::vector<int64_t>& shape) { return to_string(Shape(shape.begin(), shape.end())); }

/// The part of the triple that decides whether code can run at all.
std::string architecture(const Target& target) {
  return target.spec().triple.substr(0, target.spec().triple.find('-'));
}

Status check_fits(const Slot& slot, const std::vector<int64_t>& shape, const Tensor& value) {
  if (value.dtype() == slot.type.dtype && value.shape() == shape) return Done{};
  return invalid(fmt::format("is {}, where the model takes {}{}", to_string(value.type()), to_string(slot.type.dtype),
                             shape_text(shape)),
                 "'" + slot.name + "'");
}

}  // namespace

std::string to_string(rondo_status status) {
  switch (status) {
    case RONDO_OK: return "done";
    case RONDO_BAD_POINTER: return "a needed pointer is null or not aligned";
    case RONDO_BAD_DIMENSION: return "the dimensions contradict what the model requires of them";
    case RONDO_OVER_CAPACITY: return "the data make a dimension of the model larger or smaller than it can be";
    case RONDO_OTHER_VECTORS: return "the code is for vectors of another length than this processor's";
    case RONDO_OTHER_WEIGHTS: return "the weights are no blob, or one of another architecture";
    case RONDO_INDEX_OUT_OF_RANGE: return "the data hold an index outside the table it selects from";
  }
  return fmt::format("status {}", static_cast<int>(status));
}

Result<GuardedMemory> GuardedMemory::allocate(int64_t bytes) {
  if (bytes < 0 || bytes > kMostBytes)
    return invalid(fmt::format("{} bytes of memory are needed; at most {} are given", bytes, kMostBytes));
  GuardedMemory memory;
  const int64_t total = (bytes + 2 * kGuard + kGuard - 1) / kGuard * kGuard;
  memory.bytes_.reset(static_cast<std::byte*>(std::aligned_alloc(RONDO_ALIGNMENT, total)));
  if (!memory.bytes_) return invalid(fmt::format("{} bytes of memory are needed and not to be had", bytes));
  memory.size_ = bytes;
  std::memset(memory.bytes_.get(), kGuardByte, total);
  std::memset(memory.data(), kPoison, bytes);
  return memory;
}

bool GuardedMemory::guards_are_whole() const {
  if (!bytes_) return true;
  auto whole = [](const std::byte* guard) {
    return std::all_of(guard, guard + kGuard, [](std::byte b) { return b == std::byte{kGuardByte}; });
  };
  return whole(bytes_.get()) && whole(data() + size_);
}

Result<Target> host_target(const TargetSpec& spec) {
  RONDO_TRY(Target target, Target::find(spec));
  RONDO_TRY(Target host, Target::find({}));
  if (architecture(target) == architecture(host)) return target;
  return unsupported(
      fmt::format("code for {} does not run on this machine, which is {}", target.spec().triple, host.spec().triple));
}

Result<LoadedModel> LoadedModel::build(Parsed source, const ModelOptions& options) {
  RONDO_TRY(Target target, host_target(options.target));
  RONDO_TRY(Plan plan, lower_to_plan(std::move(source), options, target));
  return build(plan, target, options, codegen_options(options));
}

Result<LoadedModel> LoadedModel::build(const Plan& plan, const Target& target, const ModelOptions& options,
                                       const CodegenOptions& codegen) {
  RONDO_TRY(std::string library, about_file(build_shared(plan, target, options, "model.so", codegen), options.model));
  RONDO_TRY(TemporaryFolder folder, TemporaryFolder::create());
  const std::string path = folder.path() + "/model.so";
  RONDO_CHECK(write_files({{path, library}}));
  RONDO_TRY(LoadedModel model, open(path, plan.name));
  RONDO_CHECK(model.use_threads(options.threads));
  if (codegen.external_constants) RONDO_CHECK(model.use_weights(weights_of(plan)));
  return model;
}

Status LoadedModel::use_weights(const std::string& blob) {
  RONDO_TRY(GuardedMemory memory, GuardedMemory::allocate(static_cast<int64_t>(blob.size())));
  std::memcpy(memory.data(), blob.data(), blob.size());
  weights_ = std::make_shared<GuardedMemory>(std::move(memory));
  return Done{};
}

Status LoadedModel::use_threads(int threads) {
  pool_ = nullptr;
  if (threads == 1) return Done{};
  pool_ = std::shared_ptr<rondo_pool>(rondo_pool_create(threads), rondo_pool_destroy);
  if (!pool_) return invalid(fmt::format("{} threads are not to be had", threads));
  return Done{};
}

Result<LoadedModel> LoadedModel::open(const std::string& path, const std::string& prefix) {
  LoadedModel model;
  model.library_ = std::shared_ptr<rondo_library>(new rondo_library{}, Close{});
  char reason[512] = "";
  if (!rondo_open(model.library_.get(), path.c_str(), prefix.c_str(), reason, sizeof reason)) {
    Diagnostic error = invalid(fmt::format("cannot load: {}", reason));
    error.file = path;
    return error;
  }
  const rondo_model& record = model.record();
  RONDO_TRY(model.inputs_, read_slots(record.inputs, record.input_count));
  RONDO_TRY(model.outputs_, read_slots(record.outputs, record.output_count));
  RONDO_TRY(model.states_, read_slots(record.states, record.state_count));
  model.symbols_.assign(record.dims, record.dims + record.dim_count);
  return model;
}

void* LoadedModel::find_symbol(const std::string& name) const { return dlsym(library_->handle, name.c_str()); }

Result<Instance> LoadedModel::instantiate(const Dim::Values& dims) const {
  Instance instance(*this);
  for (const std::string& symbol : symbols_) {
    auto value = dims.find(symbol);
    if (value == dims.end())
      return invalid(fmt::format("the dimension {} is not known; fix it with --dim={}=N", symbol, symbol));
    instance.dims_.push_back(value->second);
  }
  RONDO_CHECK(instance.allocate());
  RONDO_CHECK(instance.reset());
  return instance;
}

Status Instance::ask_shapes(bool largest) {
  const rondo_model& record = model_.record();
  size_t ranks = 0;
  for (const auto* slots : {&model_.inputs(), &model_.outputs(), &model_.states()})
    for (const Slot& slot : *slots) ranks += slot.type.shape.size();
  std::vector<int64_t> flat(ranks + 1);
  if (rondo_status status = record.shapes(dims_.data(), largest ? nullptr : measured_.data(), flat.data()); status != RONDO_OK)
    return invalid("shapes: " + to_string(status));
  auto next = flat.begin();
  auto take = [&](const std::vector<Slot>& slots, std::vector<std::vector<int64_t>>& shapes) {
    shapes.clear();
    for (const Slot& slot : slots) {
      shapes.emplace_back(next, next + slot.type.rank());
      next += slot.type.rank();
    }
  };
  take(model_.inputs(), input_shapes_);
  take(model_.outputs(), output_shapes_);
  take(model_.states(), state_shapes_);
  return Done{};
}

Status Instance::allocate() {
  const rondo_model& record = model_.record();
  measured_.resize(record.measured_count);
  RONDO_CHECK(ask_shapes(true));
  RONDO_TRY(scratch_, GuardedMemory::allocate(record.scratch_size(dims_.data())));
  if (!model_.states().empty()) {
    RONDO_TRY(state_, GuardedMemory::allocate(record.state_size(dims_.data())));
    state_offsets_.resize(model_.states().size());
    if (rondo_status status = record.state_offsets(dims_.data(), state_offsets_.data()); status != RONDO_OK)
      return invalid("state_offsets: " + to_string(status));
  }
  for (size_t i = 0; i < output_shapes_.size(); ++i) {
    int64_t bytes = product(output_shapes_[i]) * byte_size(model_.outputs()[i].type.dtype);
    RONDO_TRY(GuardedMemory memory, GuardedMemory::allocate(bytes));
    output_pointers_.push_back(memory.data());
    output_memory_.push_back(std::move(memory));
  }
  input_pointers_.resize(input_shapes_.size());
  call_ = {input_pointers_.data(), output_pointers_.data(), dims_.data(), state_.data(), scratch_.data(), model_.weights(),
           model_.parallel(), measured_.data()};
  return Done{};
}

Status Instance::reset_stream(int64_t stream) {
  if (model_.states().empty()) return Done{};
  const rondo_status status = model_.record().reset_stream(state_.data(), stream, model_.weights(), dims_.data());
  if (status != RONDO_OK)
    return invalid("reset: " + to_string(status));
  return check_guards();
}

Result<std::vector<Tensor>> Instance::call(const std::vector<Tensor>& inputs) {
  if (inputs.size() != input_shapes_.size())
    return invalid(fmt::format("{} inputs are given, where the model takes {}", inputs.size(), input_shapes_.size()));
  for (size_t i = 0; i < inputs.size(); ++i) RONDO_CHECK(check_fits(model_.inputs()[i], input_shapes_[i], inputs[i]));
  last_inputs_ = inputs;
  for (size_t i = 0; i < inputs.size(); ++i) input_pointers_[i] = last_inputs_[i].bytes().data();
  if (scratch_.size() > 0) std::memset(scratch_.data(), kPoison, scratch_.size());
  for (const GuardedMemory& memory : output_memory_) std::memset(memory.data(), kPoison, memory.size());

  if (rondo_status status = call_again(); status != RONDO_OK) return invalid("call: " + to_string(status));
  RONDO_CHECK(check_guards());
  if (!measured_.empty()) RONDO_CHECK(ask_shapes(false));
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < output_memory_.size(); ++i) {
    const DType dtype = model_.outputs()[i].type.dtype;
    const int64_t bytes = product(output_shapes_[i]) * byte_size(dtype);
    if (bytes < 0 || bytes > output_memory_[i].size())
      return internal_error(fmt::format("the compiled model says that its output '{}' has {} bytes, but has room for {}",
                                        model_.outputs()[i].name, bytes, output_memory_[i].size()));
    outputs.emplace_back(dtype, output_shapes_[i],
                         std::string(reinterpret_cast<const char*>(output_memory_[i].data()), bytes));
  }
  return outputs;
}

Status Instance::check_guards() const {
  auto whole = [](const GuardedMemory& memory) { return memory.guards_are_whole(); };
  if (!whole(state_)) return internal_error("the compiled model wrote outside its state");
  if (!whole(scratch_)) return internal_error("the compiled model wrote outside its scratch memory");
  for (size_t i = 0; i < output_memory_.size(); ++i)
    if (!whole(output_memory_[i]))
      return internal_error(fmt::format("the compiled model wrote outside its output '{}'", model_.outputs()[i].name));
  return Done{};
}

Result<int> Instance::find_state(const std::string& name) const {
  for (size_t i = 0; i < model_.states().size(); ++i)
    if (model_.states()[i].name == name) return static_cast<int>(i);
  return invalid(fmt::format("the model has no state '{}'", name));
}

Status Instance::set_state(const std::string& name, const Tensor& value) {
  RONDO_TRY(int i, find_state(name));
  RONDO_CHECK(check_fits(model_.states()[i], state_shapes_[i], value));
  std::memcpy(state_.data() + state_offsets_[i], value.bytes().data(), value.bytes().size());
  return Done{};
}

Result<Tensor> Instance::state(const std::string& name) const {
  RONDO_TRY(int i, find_state(name));
  DType dtype = model_.states()[i].type.dtype;
  size_t size = product(state_shapes_[i]) * byte_size(dtype);
  const char* bytes = reinterpret_cast<const char*>(state_.data() + state_offsets_[i]);
  return Tensor(dtype, state_shapes_[i], std::string(bytes, size));
}

}  // namespace rondo
