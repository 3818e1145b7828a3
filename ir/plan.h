// Plan: the third level. Ordered kernels over buffers with known places; everything that decides cost is
// readable here, before any machine code.
//
// A kernel is a perfect loop nest over parallel axes with reduction nests inside, one after the other, and a scalar
// program: the same for products, convolutions, pooling, softmax parts, cells and copies. An element's place
// in a buffer is an Index, affine in the variables of the loops around it.
#pragma once

#include "ir/graph.h"

namespace rondo {

/// coefficient * var, or, where panel > 0, (var / panel) * panel_stride + (var % panel) * coefficient: the
/// order in which constants are packed for the vector registers.
struct IndexTerm {
  int var = 0;
  Dim coefficient;
  int64_t panel = 0;
  Dim panel_stride;
  friend bool operator==(const IndexTerm&, const IndexTerm&) = default;
};

/// A number of elements: constant + sum of terms, at most one term a variable, ascending by variable.
struct Index {
  Dim constant;
  std::vector<IndexTerm> terms;
  friend bool operator==(const Index&, const Index&) = default;
};

struct Buffer {
  /// turn: i32[1] in the state memory, 0 or 1, that changes from call to call; no result depends on it.
  /// measured: i64, one for each of Plan::measured, where the caller finds their values.
  /// granted: bool[1], whether the system lets the process use the matrix unit; the same in all calls.
  enum class Kind : uint8_t { input, output, state, turn, constant, scratch, measured, granted };
  Kind kind = Kind::scratch;
  DType dtype = DType::f32;
  Dim count;            // elements
  std::string name;
  int slot = 0;         // input, output, state: which one
  Dim offset;           // state, turn, constant, scratch: bytes from the base; a multiple of Plan::kAlignment
  Tensor value;         // constant: its contents as packed, rank 1
  friend bool operator==(const Buffer&, const Buffer&) = default;
};

enum class Combine : uint8_t { sum, prod, max, min };

/// One operation of a kernel's scalar program; operands are indices of earlier instructions.
struct Instr {
  enum class Kind : uint8_t {
    immediate,  // a constant
    load,       // buffer[index + sum of coefficient * value(instr) over indirect]
    index,      // the value of `index` itself, as an integer
    pointwise,  // op(operands)
    bounded,    // operand 0, an integer, which must lie in [0, extent): otherwise the call fails with
                // index-out-of-range, and 0 is used so that no memory outside is touched
    reduce,     // combine of operand 0 over the axes of a reduction nest, beginning with operand 1 if there is one;
                // afterwards a value of the parallel axes, which later nests may use
  };
  Kind kind = Kind::immediate;
  Op op = Op::add;                 // pointwise
  DType dtype = DType::f32;        // of the result
  std::vector<int> operands;
  double real = 0;                 // immediate of a floating dtype
  int64_t integer = 0;             // immediate of any other dtype
  int buffer = 0;                  // load
  Index index;                     // load, index
  struct Indirect {
    int instr;
    Dim coefficient;
    friend bool operator==(const Indirect&, const Indirect&) = default;
  };
  std::vector<Indirect> indirect;  // load
  Dim extent;                      // bounded
  Combine combine = Combine::sum;  // reduce
  int nest = 0;                    // reduce: which of the kernel's reduction nests
  friend bool operator==(const Instr&, const Instr&) = default;
};

/// buffer[index + sum of coefficient * value(instr) over indirect] = value(instr)
struct Store {
  int instr = 0;
  int buffer = 0;
  Index index;
  std::vector<Instr::Indirect> indirect = {};
  friend bool operator==(const Store&, const Store&) = default;
};

struct Axis {
  int var = 0;
  Dim extent;
  friend bool operator==(const Axis&, const Axis&) = default;
};

/// How a kernel's loops are run. A tile of `rows` x `vectors` x `lanes` elements is computed together. With the vector
/// axis among the parallel axes, each element's reduction runs in ascending order: bit-identical for any width. With it
/// among the axes of the only reduction nest, `lanes` partial results are combined pairwise at the end. `unroll` partial
/// results (1: one) are kept for each element and combined pairwise: the order of summation. A reduction's beginning goes
/// into the first of them.
struct Schedule {
  int vector_axis = -1;  // variable of the axis that runs along lanes; -1: scalar
  int lanes = 1;         // elements in one vector
  int vectors = 1;       // vectors along the vector axis
  int row_axis = -1;     // variable of a second parallel axis that is blocked; -1: none
  int rows = 1;
  int unroll = 1;        // steps of a nest's innermost axis per iteration, each with its own partial result
  bool flat = false;     // the reduction nests are straight-line code
  bool keep = false;     // of such code: weights may stay in registers from one run of the loop around to the next
  bool spread = false;   // of such code: numbers that are the same in all lanes come from vectors in registers
  // The reductions run on the target's matrix unit (ir/matrix.h says what it asks of them), with so many left factors beside
  // each other in a register of it; 0: they do not.
  int matrix = 0;
  int prefetch = 0;      // cache lines of the next panel of weights that each step of a reduction asks for
  // Every other run walks the vector axis backwards, tile by tile: what was read last is still in the cache. Runs are
  // counted by the variable of a loop around and by a buffer of kind turn, where there are any; -1: none.
  int alternate = -1;
  int turn = -1;
  // Tasks: blocks of `task_size` elements of a parallel axis that may run at the same time, each with whole tiles.
  int task_axis = -1;    // -1: the kernel is not divided
  int64_t task_size = 0;
  friend bool operator==(const Schedule&, const Schedule&) = default;
};

struct Kernel {
  std::string name;   // unique in the plan, an identifier
  std::string place;  // the model nodes it computes
  std::vector<Axis> parallel;                  // outermost first
  std::vector<std::vector<Axis>> reductions;   // nests in the order in which they run, each outermost first
  std::vector<Instr> body;
  std::vector<Store> stores;
  Schedule schedule;
  friend bool operator==(const Kernel&, const Kernel&) = default;
};

struct Step;

/// Runs its steps for var = 0 .. trip-1; where there is a condition, bool[1], only while it is true: it is looked at
/// before each run. A loop beside the one before it may run at the same time: neither writes what the other uses.
struct Loop {
  std::string name;
  std::string place;
  int var = 0;
  Dim trip;
  std::vector<Step> steps;
  int condition = -1;  // buffer; -1: none
  bool beside = false;
};

/// Runs one of two lists of steps, by a buffer of bool[1].
struct Choice {
  std::string name;
  std::string place;
  int condition = 0;
  std::vector<Step> then, otherwise;
};

/// Runs its steps, which may use the symbol: the value of a buffer of i64[1], less (low - 1). A value outside [low, high]
/// ends the call with over-capacity, equalities that do not hold end it with bad-dimension; the steps are not run then.
struct Measure {
  std::string name;
  std::string place;
  std::string symbol;
  int buffer = 0;
  int64_t low = 0;
  Dim high;
  std::vector<std::pair<Dim, Dim>> equalities;
  std::vector<Step> steps;
};

struct Step {
  std::variant<Kernel, Loop, Choice, Measure> what;
};
bool operator==(const Loop&, const Loop&);
bool operator==(const Choice&, const Choice&);
bool operator==(const Measure&, const Measure&);
inline bool operator==(const Step& a, const Step& b) { return a.what == b.what; }

struct Port {
  std::string name;
  Type type;
  int buffer = 0;
  friend bool operator==(const Port&, const Port&) = default;
};

struct StateSlot {
  std::string name;
  Type type;
  int buffer = 0;
  std::optional<Tensor> initial;  // zeros if absent
  friend bool operator==(const StateSlot&, const StateSlot&) = default;
};

struct Plan {
  static constexpr int64_t kAlignment = 64;  // bytes: of offsets, of state, scratch and constants

  std::string name;
  bool fast_math = false;            // activations in their cell_ forms may be as inexact as --math=fast says
  std::vector<std::string> symbols;  // symbolic dimensions, in the order in which callers pass them
  std::vector<std::pair<Dim, Dim>> equalities;  // checked at entry
  /// Symbols that outputs' types use and only the run knows, with their highest values in terms of `symbols`. Outputs'
  /// buffers are sized for those.
  std::vector<std::pair<std::string, Dim>> measured;
  std::vector<Port> inputs, outputs;
  std::vector<StateSlot> states;
  Stepping stepping;
  std::vector<Timing> timing;  // of inputs and outputs, where a call is a step
  std::vector<Buffer> buffers;
  std::vector<Step> steps;
  Dim scratch_bytes, state_bytes;
  int64_t constant_bytes = 0;
  friend bool operator==(const Plan&, const Plan&) = default;
};

/// Calls f(steps) for each list of steps inside a step, in order.
template <class AnyStep, class Function>
void for_each_nested(AnyStep& step, Function f) {
  if (auto* loop = std::get_if<Loop>(&step.what)) f(loop->steps);
  if (auto* choice = std::get_if<Choice>(&step.what)) f(choice->then), f(choice->otherwise);
  if (auto* measure = std::get_if<Measure>(&step.what)) f(measure->steps);
}
/// Calls f(buffer) for what a step that is no kernel reads itself, before the steps inside it.
template <class AnyStep, class Function>
void for_each_read(AnyStep& step, Function f) {
  if (auto* loop = std::get_if<Loop>(&step.what); loop && loop->condition >= 0) f(loop->condition);
  if (auto* choice = std::get_if<Choice>(&step.what)) f(choice->condition);
  if (auto* measure = std::get_if<Measure>(&step.what)) f(measure->buffer);
}
/// Calls f(step) for every step, a step before those inside it.
template <class Steps, class Function>
void for_each_step(Steps& steps, Function f) {
  for (auto& step : steps) {
    f(step);
    for_each_nested(step, [&](auto& nested) { for_each_step(nested, f); });
  }
}

/// Calls f(kernel) for every kernel, in order.
template <class Steps, class Function>
void for_each_kernel(Steps& steps, Function f) {
  for (auto& step : steps) {
    if (auto* kernel = std::get_if<Kernel>(&step.what)) f(*kernel);
    for_each_nested(step, [&](auto& nested) { for_each_kernel(nested, f); });
  }
}

const std::string& name_of(const Step& step);
/// The highest value of every symbol that the steps measure, in terms of the plan's symbols.
std::map<std::string, Dim> highest_of(const Plan& plan);

/// Calls f(axis) for each of a kernel's axes: the parallel ones, then nest by nest.
template <class AnyKernel, class Function>
void for_each_axis(AnyKernel& kernel, Function f) {
  for (auto& axis : kernel.parallel) f(axis);
  for (auto& nest : kernel.reductions)
    for (auto& axis : nest) f(axis);
}
/// The variable's term, or null.
const IndexTerm* term_of(const Index& index, int var);
/// The nest whose axes have this variable, or -1.
int nest_of(const Kernel& kernel, int var);
/// Elements of an axis that a tile of this schedule spans.
int64_t tile_size(const Schedule& schedule, int var);
/// Into how many tasks the kernel is divided; 1 if it is not.
Dim task_count(const Kernel& kernel);
bool is_beside(const Step& step);
/// Whether any kernel is divided, or any loop beside another.
bool has_tasks(const std::vector<Step>& steps);

std::string_view to_string(Combine combine);
std::optional<Combine> find_combine(std::string_view word);

}  // namespace rondo
