// Expansion: each model operator is defined here by core operators, and so are its result types.
//
// expand_WORD(Expansion&) reads the node's operands and attributes through the Expansion, which notes what was
// read: an operand or attribute that is present and was not read is an error. "Nothing is read and ignored" is
// thus checked mechanically.
#pragma once

#include "ir/builder.h"

namespace rondo {

class Expansion {
 public:
  Expansion(Builder& builder, const Node& node, int opset, std::vector<Value*> operands);

  Builder& b;
  const Node& node;
  const int opset;  // of the operator's domain: fixes which form of the operator the model means

  // Operands, already in core form.
  int operand_count() const { return static_cast<int>(operands_.size()); }
  bool has_operand(int i) const;
  Value* operand(int i);           // missing: error
  Value* optional_operand(int i);  // missing: null
  std::vector<Value*> all_operands();
  /// An integer operand's elements, which must be known at compile time; `what` names it in the error.
  std::vector<Dim> known_elements(int i, const char* what);
  std::vector<int64_t> known_integers(int i, const char* what);
  /// An operand's contents if they are known at compile time (constants, and what is computed from a few of them).
  std::optional<Tensor> known_tensor(int i);
  /// A list of integers that older forms of an operator have as attribute `name`, newer ones as operand i; nothing if
  /// it is absent.
  std::optional<std::vector<int64_t>> integers_or_operand(const char* name, int i);

  // Attributes, with the default for an absent one. A present one of another kind is an error.
  bool has_attribute(const char* name) const;
  int64_t integer(const char* name, int64_t absent);
  double number(const char* name, double absent);
  std::string text(const char* name, std::string absent);
  std::vector<int64_t> integers(const char* name, std::vector<int64_t> absent = {});
  std::vector<double> numbers(const char* name, std::vector<double> absent = {});
  std::vector<std::string> texts(const char* name, std::vector<std::string> absent = {});
  std::optional<Tensor> tensor(const char* name);
  /// An element type given by ONNX's number; nothing if rondo has no such type.
  std::optional<DType> element_type(const char* name, DType absent);

  int result_count() const { return static_cast<int>(node.results.size()); }
  bool wants_result(int i) const { return i < result_count() && node.results[i] != nullptr; }

  /// Errors at this node: fail("…") for invalid, unsupported("…") for what rondo does not do. Both return a value
  /// without type that may be returned.
  Value* fail(std::string message) { return b.fail(invalid(std::move(message))); }
  Value* unsupported(std::string message) { return b.fail(rondo::unsupported(std::move(message))); }

  bool ok() const { return b.ok(); }
  /// Makes dims equal (see Graph::require_equal), or fails.
  bool require_equal(const Dim& a, const Dim& b, const std::string& what);

  /// Operands and attributes present but never asked for, as errors.
  Diagnostics unread() const;

  /// Marks errors of this node with what would settle them: the inputs whose contents the values need that were asked
  /// for and are not known, and the dimensions that must be constants.
  Diagnostics mark_wanted(Diagnostics errors) const;

 private:
  const Attribute* find(const char* name);
  template <class T>
  std::optional<T> attribute(const char* name, const char* kind);

  std::vector<Value*> operands_;
  std::vector<bool> operand_read_;
  std::map<std::string, bool> attribute_read_;
  std::vector<const Value*> unknown_;   // values that were asked for and are not known
  std::set<std::string> open_symbols_;  // dimensions that were asked to be constants
};

/// Gives one value for each result that the node wants, in the node's order (null for others).
using ExpandFunction = std::vector<Value*> (*)(Expansion&);

#define RONDO_MODEL_OP(word, doc) std::vector<Value*> expand_##word(Expansion&);
#include "ir/ops.def"

/// The type of a value; f32[] for what a failed call returned, so that equations go on.
const Type& type_of(const Value* value);
inline const Shape& shape_of(const Value* value) { return type_of(value).shape; }
inline int rank_of(const Value* value) { return type_of(value).rank(); }
inline DType dtype_of(const Value* value) { return type_of(value).dtype; }

/// The elements of a value computed from constants alone, at most kMaxKnownElements of them.
std::optional<Tensor> known_tensor(const Value* value);
/// The value of a constant with one element.
std::optional<double> constant_number(const Value* value);

/// Normalises an axis given as -rank .. rank-1; an error at the node otherwise.
int normalise_axis(Expansion& e, int64_t axis, int rank);
/// The same for a list, without repetitions, ascending.
std::vector<int64_t> normalise_axes(Expansion& e, const std::vector<int64_t>& axes, int rank);
/// A dim as a scalar of a number type.
Value* number_of(Builder& b, const Dim& count, DType dtype);
/// 0 .. rank-1.
std::vector<int64_t> all_axes(int rank);

/// Puts what bindings say in place of symbols: in types, elements, attributes and regions.
void substitute(Graph& graph, const std::map<std::string, Dim>& bindings);
/// Substitutes the symbols that inference found equal to something else (Graph::bindings), and drops the equalities
/// that are proved by then. An equality that is refuted is an error.
Status merge_symbols(Graph& graph);

}  // namespace rondo
