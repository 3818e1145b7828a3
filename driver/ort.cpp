// ONNX Runtime's table of functions (see ort.h). The names beside the positions are those of its C interface.
#include "driver/ort.h"

#include <dlfcn.h>

namespace rondo {
namespace {

constexpr uint32_t kInterfaceVersion = 14;  // the oldest that has every function used here
constexpr int kGetErrorMessage = 2, kCreateEnv = 3, kCreateSession = 7, kCreateSessionFromArray = 8,
              kCreateSessionOptions = 10, kSetSessionExecutionMode = 13, kSetSessionGraphOptimizationLevel = 23,
              kSetIntraOpNumThreads = 24, kSetInterOpNumThreads = 25, kCreateRunOptions = 39,
              kCreateTensorWithDataAsOrtValue = 49, kCreateCpuMemoryInfo = 69, kReleaseEnv = 92, kReleaseStatus = 93,
              kReleaseMemoryInfo = 94, kReleaseSession = 95, kReleaseValue = 96, kReleaseRunOptions = 97,
              kReleaseSessionOptions = 100, kRunWithBinding = 133, kCreateIoBinding = 134, kReleaseIoBinding = 135,
              kBindInput = 136, kBindOutput = 137;
constexpr int kAllOptimisations = 99, kSequential = 0, kOnlyErrors = 3, kArenaAllocator = 1, kDefaultMemory = 0;

struct ApiBase {
  void* const* (*get_api)(uint32_t version);
  const char* (*get_version)();
};

}  // namespace

Result<Ort> Ort::open(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) return invalid(dlerror());
  auto get_base = reinterpret_cast<const ApiBase* (*)()>(dlsym(library, "OrtGetApiBase"));
  if (!get_base) return invalid("'" + path + "' is not ONNX Runtime: it has no OrtGetApiBase");
  Ort ort;
  ort.version_ = get_base()->get_version();
  ort.table_ = get_base()->get_api(kInterfaceVersion);
  if (!ort.table_) return invalid("ONNX Runtime " + ort.version_ + " is too old");
  void* environment = nullptr;
  RONDO_CHECK(ort.call(kCreateEnv, kOnlyErrors, "rondo", &environment));
  ort.environment_ = {environment, [ort](void* object) { ort.release(kReleaseEnv, object); }};
  return ort;
}

Status Ort::check(void* status) const {
  if (!status) return Done{};
  std::string message = reinterpret_cast<const char* (*)(void*)>(table_[kGetErrorMessage])(status);
  release(kReleaseStatus, status);
  return invalid("ONNX Runtime: " + message);
}

OrtModel::Handle OrtModel::own(void* object, int release_position) const {
  return {object, [ort = ort_, release_position](void* it) { ort.release(release_position, it); }};
}

Result<OrtModel> OrtModel::prepare(const Ort& ort, int threads) {
  OrtModel model(ort);
  model.run_ = reinterpret_cast<void* (*)(void*, void*, void*)>(ort.table()[kRunWithBinding]);
  void* made = nullptr;
  RONDO_CHECK(ort.call(kCreateCpuMemoryInfo, kArenaAllocator, kDefaultMemory, &made));
  model.memory_ = model.own(made, kReleaseMemoryInfo);
  RONDO_CHECK(ort.call(kCreateRunOptions, &made));
  model.run_options_ = model.own(made, kReleaseRunOptions);
  RONDO_CHECK(ort.call(kCreateSessionOptions, &made));
  model.options_ = model.own(made, kReleaseSessionOptions);
  void* options = made;
  RONDO_CHECK(ort.call(kSetSessionExecutionMode, options, kSequential));
  RONDO_CHECK(ort.call(kSetSessionGraphOptimizationLevel, options, kAllOptimisations));
  RONDO_CHECK(ort.call(kSetIntraOpNumThreads, options, threads));
  RONDO_CHECK(ort.call(kSetInterOpNumThreads, options, 1));
  return model;
}

Result<OrtModel> OrtModel::load(const Ort& ort, const std::string& bytes, int threads) {
  RONDO_TRY(OrtModel model, prepare(ort, threads));
  const void* data = bytes.data();
  void* made = nullptr;
  RONDO_CHECK(ort.call(kCreateSessionFromArray, ort.environment(), data, bytes.size(), model.options_.get(), &made));
  model.session_ = model.own(made, kReleaseSession);
  return model;
}

Result<OrtModel> OrtModel::load_file(const Ort& ort, const std::string& path, int threads) {
  RONDO_TRY(OrtModel model, prepare(ort, threads));
  void* made = nullptr;
  RONDO_CHECK(ort.call(kCreateSession, ort.environment(), path.c_str(), model.options_.get(), &made));
  model.session_ = model.own(made, kReleaseSession);
  return model;
}

Result<OrtModel::Handle> OrtModel::tensor(const OrtView& view) const {
  void* value = nullptr;
  RONDO_CHECK(ort_.call(kCreateTensorWithDataAsOrtValue, memory_.get(), view.data, view.bytes, view.shape.data(),
                        view.shape.size(), view.type, &value));
  return own(value, kReleaseValue);
}

Result<int> OrtModel::bind(const std::vector<OrtView>& inputs, const std::vector<OrtView>& outputs) {
  void* binding = nullptr;
  RONDO_CHECK(ort_.call(kCreateIoBinding, session_.get(), &binding));
  bindings_.push_back(own(binding, kReleaseIoBinding));
  for (const OrtView& view : inputs) {
    RONDO_TRY(Handle value, tensor(view));
    tensors_.push_back(value);
    RONDO_CHECK(ort_.call(kBindInput, binding, view.name.c_str(), static_cast<const void*>(value.get())));
  }
  for (const OrtView& view : outputs) {
    RONDO_TRY(Handle value, tensor(view));
    tensors_.push_back(value);
    RONDO_CHECK(ort_.call(kBindOutput, binding, view.name.c_str(), static_cast<const void*>(value.get())));
  }
  return static_cast<int>(bindings_.size()) - 1;
}

}  // namespace rondo
