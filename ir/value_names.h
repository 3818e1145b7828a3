// ValueNames: the unique names that the text form gives to the values of one graph.
// Tested by tests/ir/text_test.cpp.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "ir/graph.h"

namespace rondo {

class ValueNames {
 public:
  /// A value keeps its own name; of several with one name, the later ones get a number after it. Values without a
  /// name are numbered.
  explicit ValueNames(const Graph& graph);

  struct Entry {
    std::string text;  // with %
    std::string name;  // what a reader takes for the value's name
  };
  const Entry& of(const Value* value) const;
  void set(const Value* value, Entry entry) { entries_[value] = std::move(entry); }

 private:
  void add(const Value* value);
  std::string unique(const std::string& name);

  std::unordered_map<const Value*, Entry> entries_;
  std::unordered_set<std::string> used_;
  std::unordered_map<std::string, int> suffixes_;
  int count_ = 0;
};

}  // namespace rondo
