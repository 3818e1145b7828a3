// Values without a form at run time: sequences, and optionals that hold nothing. They are resolved while a model is
// expanded. In place of a core value each is a placeholder, a value without type, that `Sequences` knows the meaning of.
// An optional that holds a value is that value.
//
// A sequence is a list of parts. A part is one value, or several of one type stacked along axis 0, whose number may be
// symbolic. A sequence that a Loop carries from step to step stands, in the body, for "what has been gathered so far":
// the body may only append to it, and the appended parts become stacked results of the loop.
// Tested by expand_sequence_test.cpp.
#pragma once

#include <set>

#include "ir/builder.h"

namespace rondo {

struct Sequence {
  struct Part {
    Value* value;
    std::optional<Dim> count;  // absent: the value itself; else that many values along axis 0
  };
  std::vector<Part> parts;
  const Value* gathered = nullptr;  // the placeholder of the carried sequence that the parts are appended to

  Dim length() const;
};

/// The type of one value of a part.
Type element_type(const Sequence::Part& part);
/// The part's values along axis 0.
Value* stacked(Builder& b, const Sequence::Part& part);

class Sequences {
 public:
  /// A placeholder for a sequence.
  Value* add(Sequence sequence);
  /// A placeholder for a carried sequence, in the body of the loop.
  Value* add_gathered();
  /// A placeholder for an optional that holds nothing.
  Value* add_absent();

  const Sequence* find(const Value* value) const;
  bool is_sequence(const Value* value) const { return find(value) != nullptr; }
  bool is_absent(const Value* value) const { return absent_.count(value) != 0; }
  bool is_placeholder(const Value* value) const { return is_sequence(value) || is_absent(value); }

  /// A name for a dimension that only the run knows, not used in the model.
  std::string new_symbol(const std::string& stem);
  void reserve_symbols(const Graph& model);

 private:
  Value* new_placeholder();
  std::vector<std::unique_ptr<Value>> placeholders_;
  std::map<const Value*, Sequence> sequences_;  // looked up, never iterated
  std::set<const Value*> absent_;               // likewise
  std::set<std::string> symbols_;
};

}  // namespace rondo
