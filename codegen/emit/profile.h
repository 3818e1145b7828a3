// Profiled builds: readings of the processor's counter around each kernel, added up in the table PREFIX_profile
// (codegen.h's ProfileEntry). Without the option, nothing is emitted.
#pragma once

#include "codegen/emit/emitter.h"

namespace rondo::emit {

class Profile {
 public:
  /// Makes the table, a row for each of the plan's kernels, in order.
  static Result<Profile> make(Emitter& emitter, const Plan& plan, const std::string& prefix);
  /// Where the builder is: times nothing at all, into the first row.
  void time_nothing();
  /// Emits the work and times it, into the next row. Kernels come in the plan's order.
  Status time(const std::function<Status()>& work);

 private:
  explicit Profile(Emitter& emitter) : emitter_(emitter) {}
  Value* read();
  void add(int row, Value* start, Value* end);

  Emitter& emitter_;
  llvm::GlobalVariable* table_ = nullptr;  // null: not a profiled build
  int next_ = 0;
};

}  // namespace rondo::emit
