// Memory for floats on a cache line's boundary.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace rondo::benchmark {

struct FreeMemory {
  void operator()(void* memory) const { std::free(memory); }
};

/// A zeroed array; never empty.
class Floats {
 public:
  explicit Floats(size_t count = 0)
      : count_(count), data_(static_cast<float*>(std::aligned_alloc(64, (count * sizeof(float) / 64 + 1) * 64))) {
    clear();
  }
  explicit Floats(const std::vector<float>& values) : Floats(values.size()) { assign(values); }

  void clear() { std::memset(data_.get(), 0, count_ * sizeof(float)); }
  void assign(const std::vector<float>& values) {
    if (!values.empty()) std::memcpy(data_.get(), values.data(), count_ * sizeof(float));
  }
  float* data() const { return data_.get(); }
  size_t size() const { return count_; }
  size_t bytes() const { return count_ * sizeof(float); }
  std::vector<float> copy() const { return {data(), data() + count_}; }

 private:
  size_t count_;
  std::unique_ptr<float, FreeMemory> data_;
};

}  // namespace rondo::benchmark
