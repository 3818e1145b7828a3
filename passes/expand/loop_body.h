// The body of a Loop as a core region, with what each carried value turned out to be. Internal to loop*.cpp.
#pragma once

#include "passes/expand/loop_steps.h"

namespace rondo {

/// A value that a Loop carries.
struct Carried {
  enum class Kind : uint8_t {
    passed,    // never changes: known in the body as what it is outside
    value,     // a tensor of one type
    grown,     // a tensor that gets slices appended along `axis` in each step, and is not read
    gathered,  // a sequence that gets values appended in each step
  };
  Kind kind = Kind::value;
  Value* init = nullptr;   // outside
  Value* param = nullptr;  // in the region
  Value* next = nullptr;   // in the region; grown and gathered: what a step appends
  int axis = 0;            // grown
  bool single = false;     // gathered: `next` is one value; otherwise several along axis 0
};

struct LoopOperands {
  Value* limit = nullptr;      // the largest number of steps; null: none
  Value* condition = nullptr;  // of the first step; null: always true
  std::vector<Value*> carried;
  const Graph* body = nullptr;
  int stacked = 0;  // the body's further outputs
};

class LoopBody {
 public:
  LoopBody(Expansion& e, const LoopOperands& operands) : e_(e), operands_(operands) {}
  /// Expands the subgraph; once more with carried values that turn out to change their size as `grown`.
  Status expand();
  /// Every use of a value of the region becomes one of another.
  void replace(const std::map<const Value*, Value*>& replacement);

  std::unique_ptr<Region> region;
  Value* step = nullptr;
  Value* condition = nullptr;  // of the next step
  std::vector<Carried> carried;
  std::vector<Value*> stacked;
  /// The carried values of kind `value`, and where they are in `carried`.
  std::vector<Counted> counted;
  std::vector<size_t> counted_index;

 private:
  void find_kinds();
  Value* next_in_model(size_t i) const;
  Status attempt(bool& again);
  void add_params();
  Status take_outputs(bool& again);
  Status take_value(Carried& c, Value* next, size_t i, bool& again);
  Status take_grown(Carried& c, Value* next, size_t i);
  Status take_gathered(Carried& c, const Value* next, size_t i);

  Expansion& e_;
  const LoopOperands& operands_;
  std::vector<std::string> growing_;  // the symbols of grown sizes; empty for other kinds
};

}  // namespace rondo
