// Attributes: the named, typed facts of a node. One dictionary type serves every operator, so
// printing, parsing, equality and "was it read?" need no code per operator.
#pragma once

#include <variant>

#include "ir/tensor.h"

namespace rondo {

// Dims and lists of dims that are all constant are stored as integers, so that a value has one form.
using Attribute = std::variant<int64_t, double, std::string, std::vector<int64_t>, std::vector<double>,
                               std::vector<std::string>, Dim, std::vector<Dim>, DType, Tensor>;

class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<std::pair<const std::string, Attribute>> entries);

  void set(std::string name, Attribute value);  // canonicalises dims; replaces
  void erase(const std::string& name) { entries_.erase(name); }
  bool has(const std::string& name) const { return entries_.count(name) != 0; }
  const Attribute* find(const std::string& name) const;
  const std::map<std::string, Attribute>& entries() const { return entries_; }

  // For core operators, whose attributes the verifier has checked: the attribute must be there.
  int64_t integer(const std::string& name) const;
  double number(const std::string& name) const;  // an integer is accepted
  const std::string& text(const std::string& name) const;
  std::vector<int64_t> integers(const std::string& name) const;
  Dim dim(const std::string& name) const;         // an integer is accepted
  std::vector<Dim> dims(const std::string& name) const;
  DType dtype(const std::string& name) const;
  const Tensor& tensor(const std::string& name) const;

  friend bool operator==(const Attributes&, const Attributes&) = default;

 private:
  std::map<std::string, Attribute> entries_;
};

}  // namespace rondo
