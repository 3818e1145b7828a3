// What codegen's tests share: plans built by hand, and plans compiled, linked, loaded and called.
#pragma once

#include <dlfcn.h>
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>

#include "codegen/codegen.h"
#include "runtime/include/rondo.h"

namespace rondo::test {

using Terms = std::vector<std::pair<int, Dim>>;

/// constant + sum of coefficient * variable
inline Index at(const Terms& terms, Dim constant = 0) {
  std::map<int, Dim> sorted(terms.begin(), terms.end());
  Index index{constant, {}};
  for (const auto& [var, coefficient] : sorted) index.terms.push_back({var, coefficient, 0, 0});
  return index;
}

inline Index with_panel(Index index, int var, int64_t panel, Dim stride, Dim coefficient = 1) {
  index.terms.push_back({var, coefficient, panel, stride});
  std::sort(index.terms.begin(), index.terms.end(), [](auto& a, auto& b) { return a.var < b.var; });
  return index;
}

struct KernelBuilder {
  Kernel kernel;

  int add(Instr instr) {
    kernel.body.push_back(std::move(instr));
    return static_cast<int>(kernel.body.size()) - 1;
  }
  int load(DType dtype, int buffer, Index index, std::vector<Instr::Indirect> indirect = {}) {
    Instr instr{Instr::Kind::load};
    instr.dtype = dtype, instr.buffer = buffer, instr.index = std::move(index), instr.indirect = std::move(indirect);
    return add(instr);
  }
  int apply(Op op, DType dtype, std::vector<int> operands) {
    Instr instr{Instr::Kind::pointwise};
    instr.op = op, instr.dtype = dtype, instr.operands = std::move(operands);
    return add(instr);
  }
  int real(DType dtype, double value) {
    Instr instr{Instr::Kind::immediate};
    instr.dtype = dtype, instr.real = value;
    return add(instr);
  }
  int integer(DType dtype, int64_t value) {
    Instr instr{Instr::Kind::immediate};
    instr.dtype = dtype, instr.integer = value;
    return add(instr);
  }
  int index(DType dtype, Index value) {
    Instr instr{Instr::Kind::index};
    instr.dtype = dtype, instr.index = std::move(value);
    return add(instr);
  }
  int bounded(DType dtype, int operand, Dim extent) {
    Instr instr{Instr::Kind::bounded};
    instr.dtype = dtype, instr.operands = {operand}, instr.extent = extent;
    return add(instr);
  }
  int reduce(DType dtype, int operand, Combine combine = Combine::sum) {
    Instr instr{Instr::Kind::reduce};
    instr.dtype = dtype, instr.operands = {operand}, instr.combine = combine;
    return add(instr);
  }
  void store(int instr, int buffer, Index index) { kernel.stores.push_back({instr, buffer, std::move(index)}); }
};

struct PlanBuilder {
  Plan plan;

  explicit PlanBuilder(std::string name = "model") { plan.name = std::move(name); }
  int input(const std::string& name, Type type) {
    plan.buffers.push_back({Buffer::Kind::input, type.dtype, element_count(type.shape), name, int(plan.inputs.size())});
    plan.inputs.push_back({name, type, last()});
    return last();
  }
  int output(const std::string& name, Type type) {
    plan.buffers.push_back(
        {Buffer::Kind::output, type.dtype, element_count(type.shape), name, int(plan.outputs.size())});
    plan.outputs.push_back({name, type, last()});
    return last();
  }
  int constant(const Tensor& value) {
    Tensor flat = value.reshaped({value.count()});
    plan.buffers.push_back(
        {Buffer::Kind::constant, flat.dtype(), flat.count(), "constant", 0, plan.constant_bytes, flat});
    plan.constant_bytes += (int64_t(flat.bytes().size()) + 63) / 64 * 64;
    return last();
  }
  int scratch(DType dtype, Dim count) {
    plan.buffers.push_back({Buffer::Kind::scratch, dtype, count, "scratch", 0, plan.scratch_bytes});
    plan.scratch_bytes += padded(count * Dim(byte_size(dtype)));
    return last();
  }
  int state(const std::string& name, Type type, std::optional<Tensor> initial = std::nullopt) {
    plan.buffers.push_back(
        {Buffer::Kind::state, type.dtype, element_count(type.shape), name, int(plan.states.size()), plan.state_bytes});
    plan.state_bytes += padded(element_count(type.shape) * Dim(byte_size(type.dtype)));
    plan.states.push_back({name, type, last(), std::move(initial)});
    return last();
  }
  void run(Kernel kernel) {
    kernel.name = "k" + std::to_string(plan.steps.size());
    plan.steps.push_back({std::move(kernel)});
  }

 private:
  int last() const { return static_cast<int>(plan.buffers.size()) - 1; }
  static Dim padded(Dim bytes) { return ceil_div(bytes, 64) * Dim(64); }
};

template <class T>
T require(Result<T> result) {
  if (!result) FAIL(to_string(result.errors()[0]));
  return *std::move(result);
}

/// Memory aligned as the interface asks, with guard bytes behind that must stay untouched.
class Memory {
 public:
  explicit Memory(int64_t bytes) : bytes_(bytes < 0 ? 0 : bytes) {
    data_ = static_cast<char*>(std::aligned_alloc(64, (bytes_ + 64 + 63) / 64 * 64));
    std::memset(data_, 0xa5, bytes_ + 64);
  }
  ~Memory() {
    for (int i = 0; i < 64; ++i) CHECK(static_cast<unsigned char>(data_[bytes_ + i]) == 0xa5);
    std::free(data_);
  }
  Memory(const Memory&) = delete;
  void* get() { return data_; }

 private:
  int64_t bytes_;
  char* data_;
};

class Compiled {
 public:
  explicit Compiled(const Plan& plan, const TargetSpec& spec = {}, const CodegenOptions& options = {}) {
    Target target = require(Target::find(spec));
    std::string object = require(generate(plan, target, Form::object, options));
    std::string library = require(link_shared(object, target, "libtest.so"));
    char path[] = "/tmp/rondo-test-XXXXXX";
    int file = mkstemp(path);
    REQUIRE(file >= 0);
    REQUIRE(write(file, library.data(), library.size()) == ssize_t(library.size()));
    close(file);
    handle_ = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    unlink(path);
    if (!handle_) FAIL(dlerror());
    model = static_cast<const rondo_model*>(dlsym(handle_, (plan.name + "_model").c_str()));
    REQUIRE(model != nullptr);
  }
  ~Compiled() {
    if (handle_) dlclose(handle_);
  }
  Compiled(const Compiled&) = delete;

  rondo_status call(std::vector<const void*> inputs, std::vector<void*> outputs, std::vector<int64_t> dims = {},
                    void* state = nullptr) const {
    Memory scratch(model->scratch_size(dims.data()));
    rondo_call call = {inputs.data(), outputs.data(), dims.data(), state, scratch.get(), nullptr};
    return model->call(&call);
  }

  void* symbol(const std::string& name) const { return dlsym(handle_, name.c_str()); }

  const rondo_model* model = nullptr;

 private:
  void* handle_ = nullptr;
};

/// Small numbers that sums keep exact.
inline std::vector<float> small_floats(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& v : values) v = float(int(random() % 33) - 16) / 4;
  return values;
}

template <class T>
Tensor tensor_of(DType dtype, const std::vector<T>& values) {
  return Tensor(dtype, {int64_t(values.size())},
                std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)));
}

}  // namespace rondo::test
