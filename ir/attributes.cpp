#include "ir/attributes.h"

namespace rondo {
namespace {

Attribute canonical(Attribute value) {
  if (auto* dim = std::get_if<Dim>(&value); dim && dim->constant()) return *dim->constant();
  if (auto* dims = std::get_if<std::vector<Dim>>(&value))
    if (auto numbers = constant_shape(*dims)) return *std::move(numbers);
  if (auto* reals = std::get_if<std::vector<double>>(&value); reals && reals->empty()) return std::vector<int64_t>{};
  if (auto* texts = std::get_if<std::vector<std::string>>(&value); texts && texts->empty()) return std::vector<int64_t>{};
  return value;
}

}  // namespace

Attributes::Attributes(std::initializer_list<std::pair<const std::string, Attribute>> entries) {
  for (const auto& [name, value] : entries) set(name, value);
}

void Attributes::set(std::string name, Attribute value) {
  entries_.insert_or_assign(std::move(name), canonical(std::move(value)));
}

const Attribute* Attributes::find(const std::string& name) const {
  auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

int64_t Attributes::integer(const std::string& name) const { return std::get<int64_t>(entries_.at(name)); }

double Attributes::number(const std::string& name) const {
  const Attribute& value = entries_.at(name);
  if (auto* whole = std::get_if<int64_t>(&value)) return static_cast<double>(*whole);
  return std::get<double>(value);
}

const std::string& Attributes::text(const std::string& name) const { return std::get<std::string>(entries_.at(name)); }

std::vector<int64_t> Attributes::integers(const std::string& name) const {
  return std::get<std::vector<int64_t>>(entries_.at(name));
}

Dim Attributes::dim(const std::string& name) const {
  const Attribute& value = entries_.at(name);
  if (auto* whole = std::get_if<int64_t>(&value)) return Dim(*whole);
  return std::get<Dim>(value);
}

std::vector<Dim> Attributes::dims(const std::string& name) const {
  const Attribute& value = entries_.at(name);
  if (auto* whole = std::get_if<std::vector<int64_t>>(&value)) return {whole->begin(), whole->end()};
  return std::get<std::vector<Dim>>(value);
}

DType Attributes::dtype(const std::string& name) const { return std::get<DType>(entries_.at(name)); }
const Tensor& Attributes::tensor(const std::string& name) const { return std::get<Tensor>(entries_.at(name)); }

}  // namespace rondo
