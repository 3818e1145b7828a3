// Graph: a computation as a list of nodes in execution order, at the model or the core level.
//
// Ownership: a graph owns its parameters and nodes, a node owns its results and regions. Value
// pointers stay valid while their owner lives. Regions are closed: a region uses only its own
// parameters and nodes; what it needs from outside comes in as operands of the node.
// Invariant (see verify.h): every operand is a parameter or the result of an earlier node.
#pragma once

#include "ir/attributes.h"
#include "ir/op.h"
#include "ir/timing.h"

namespace rondo {

struct Node;
class Graph;

struct Value {
  std::optional<Type> type;  // unknown at the model level until inferred
  /// The elements in row-major order as dimension expressions, where they are known: integer values
  /// of shape arithmetic. Derived by inference, never printed.
  std::optional<std::vector<Dim>> elements;
  std::string name;          // the model's name for it, or empty; unique names are made when printed
  Node* producer = nullptr;  // null: a parameter
  int index = 0;             // which result or parameter
};

struct Node {
  Op op = Op::constant;
  std::string kind;              // Op::unsupported: the operator's own name, domain included
  std::vector<Value*> operands;  // null: an optional operand left out (model level only)
  std::vector<std::unique_ptr<Value>> results;  // null: an optional result left out (model level only)
  Attributes attributes;
  std::vector<std::unique_ptr<Graph>> regions;
  std::string name;   // the model's name for the node
  std::string place;  // where it came from: "node 'lstm_0' (LSTM)", "12:3"

  Value* result(int i = 0) const { return results[i].get(); }
};

/// A value that a graph hands from one call to the next.
struct State {
  std::string name;
  Value* current = nullptr;       // a parameter of the graph, not among its inputs
  Value* next = nullptr;          // what it becomes
  std::optional<Tensor> initial;  // zeros if absent
};

/// How a call of a graph with states relates to the sequences that it works on, piece by piece.
struct Stepping {
  int64_t streams = 0;  // independent ones, along the first axis of inputs, outputs and states; 0: there is no such axis
  int64_t frames = 0;   // of the sequence, that a call takes; 0: it is not known to be a part of a sequence
  int64_t latency = 0;  // frames by which outputs are late
  friend bool operator==(const Stepping&, const Stepping&) = default;
};

/// Whether a value of this type has the axis that `stepping` asks for.
bool has_streams_axis(const Stepping& stepping, const Type& type);

/// Two dims that must be equal for the graph to mean anything; checked at entry.
struct Equality {
  Dim a, b;
  std::string reason;  // "node 'add_3' (Add): dimension 0 of its operands"
};

enum class Level : uint8_t { model, core };

class Graph {
 public:
  explicit Graph(Level level = Level::core) : level(level) {}
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;

  Level level;
  std::string name;
  int opset = 0;  // model level: ONNX's operator set version that fixes the operators' meaning
  /// Of a region that a Builder makes: its path in the main graph, of which names of measured symbols are made.
  std::string scope;

  std::vector<std::unique_ptr<Value>> params;  // inputs first, then states' current values
  std::vector<std::unique_ptr<Node>> nodes;    // execution order
  std::vector<Value*> outputs;                 // a value may stand here more than once
  std::vector<std::string> output_names;       // as many as outputs in a main graph; empty in regions
  /// What the file says of its outputs' types, parallel to outputs; not trusted, only compared. Main graph of a model.
  std::vector<std::optional<Type>> declared_outputs;
  std::vector<State> states;
  Stepping stepping;
  std::vector<Timing> timing;
  std::vector<Equality> equalities;            // what is left after symbols proved equal were merged
  std::map<std::string, Dim> bindings;         // symbols found equal to something else, not yet merged

  Value* add_param(std::optional<Type> type, std::string name);
  /// The parameters that are not states' current values, in order.
  std::vector<Value*> inputs() const;
  /// Appends a node with `result_count` results without types.
  Node* append(Op op, std::vector<Value*> operands, Attributes attributes, int result_count);

  /// A deep copy; `mapping`, if given, receives old value -> new value.
  std::unique_ptr<Graph> clone(std::map<const Value*, Value*>* mapping = nullptr) const;

  /// Dims under the symbols bound so far.
  Dim resolve(const Dim& dim) const { return bindings.empty() ? dim : dim.substitute(bindings); }
  /// Makes a and b equal: true if proved or made so by binding a symbol; otherwise (neither provable nor
  /// refutable) an Equality is recorded; false if they can never be equal.
  bool require_equal(const Dim& a, const Dim& b, const std::string& reason);
};

/// Structural equality: everything but places, derived elements, and the names of values inside.
bool equal(const Graph& a, const Graph& b);

/// The tensor of a `constant` node's result, whose values passes may look at; null for any other value.
const Tensor* constant_of(const Value* value);
/// The same of a `constant` or a `weight`: to move its elements about, or to ask for its shape.
const Tensor* tensor_of(const Node& node);
const Tensor* tensor_of(const Value* value);

/// Replaces operands and outputs of the graph's own nodes by the mapping (not inside regions).
void replace_uses(Graph& graph, const std::map<const Value*, Value*>& replacement);

/// Removes nodes without effect on outputs or states; true if any went. Works inside regions too.
bool remove_dead_nodes(Graph& graph);

}  // namespace rondo
