// ONNX Runtime from its shared library alone, without its header: its C interface is one table of function pointers,
// whose positions never change. Entry: Ort::open. Only what measuring needs: `rondo bench --vs-ort` and the programs of
// bench/. Tested by tests/driver/ort_test.cpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/result.h"

namespace rondo {

/// A tensor in memory of the caller's.
struct OrtView {
  std::string name;
  void* data = nullptr;
  size_t bytes = 0;
  std::vector<int64_t> shape;
  int type = 1;  // ONNX's number; 1 is float32
};

class Ort {
 public:
  static Result<Ort> open(const std::string& path);
  const std::string& version() const { return version_; }

  /// Calls the function at a position of the table; its arguments must have exactly the types the interface declares.
  template <class... Arguments>
  Status call(int position, Arguments... arguments) const {
    using Function = void* (*)(Arguments...);
    return check(reinterpret_cast<Function>(table_[position])(arguments...));
  }
  void release(int position, void* object) const {
    if (object) reinterpret_cast<void (*)(void*)>(table_[position])(object);
  }
  void* environment() const { return environment_.get(); }
  void* const* table() const { return table_; }

  /// What a function of the table returned.
  Status check(void* status) const;

 private:
  void* const* table_ = nullptr;
  std::shared_ptr<void> environment_;
  std::string version_;
};

/// A model on `threads` threads with all optimisations. Owns what it made; moves.
class OrtModel {
 public:
  static Result<OrtModel> load(const Ort& ort, const std::string& bytes, int threads);
  static Result<OrtModel> load_file(const Ort& ort, const std::string& path, int threads);
  /// Binds these inputs and outputs once and for all; gives the binding's number. The memory must outlive the model.
  Result<int> bind(const std::vector<OrtView>& inputs, const std::vector<OrtView>& outputs);
  Status run(int binding) const {
    if (void* status = run_(session_.get(), run_options_.get(), bindings_[binding].get())) return ort_.check(status);
    return Done{};
  }

 private:
  using Handle = std::shared_ptr<void>;
  explicit OrtModel(const Ort& ort) : ort_(ort) {}
  static Result<OrtModel> prepare(const Ort& ort, int threads);  // all but the session
  Handle own(void* object, int release_position) const;
  Result<Handle> tensor(const OrtView& view) const;

  Ort ort_;
  void* (*run_)(void*, void*, void*) = nullptr;
  // Destroyed from the last to the first: bindings before the session that they refer to.
  Handle memory_, options_, run_options_, session_;
  std::vector<Handle> tensors_, bindings_;
};

}  // namespace rondo
