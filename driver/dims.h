// DimSolver: finds the values of symbolic dimensions from the shapes of actual tensors.
// Tested by tests/driver/dims_test.cpp.
#pragma once

#include "ir/tensor.h"

namespace rondo {

class DimSolver {
 public:
  /// Takes a tensor that stands for a value of the declared type. An error says which dimension does not fit: another
  /// element type or rank, a constant that differs, or a symbol that has another value already.
  Status add(const std::string& name, const Type& type, const Tensor& tensor);
  /// Checks the dims that were not solvable when they came (2*T+S before S was known), then that all symbols are known.
  Status finish(const std::vector<std::string>& symbols);
  const Dim::Values& values() const { return values_; }

 private:
  struct Pending {
    std::string place;
    Dim dim;
    int64_t actual;
  };
  Status settle();                          // until nothing changes
  Result<bool> settle_one(const Pending&);  // true: done with it

  Dim::Values values_;
  std::map<std::string, std::string> origins_;  // where a symbol got its value
  std::vector<Pending> pending_;
};

/// "f32[T, 1, 64]" as a reflection record writes it.
Result<Type> parse_type(std::string_view text);

}  // namespace rondo
