#include "view/family.h"

#include <algorithm>
#include <utility>

namespace rondo::view {
namespace {

constexpr std::pair<Op, std::string_view> kCoreFamilies[] = {
    {Op::constant, "source"},
    {Op::weight, "source"},
    {Op::dims, "source"},
    {Op::iota, "source"},
    {Op::matmul, "product"},
    {Op::conv, "product"},
    {Op::reduce, "reduction"},
    {Op::reduce_window, "reduction"},
    {Op::transpose, "movement"},
    {Op::reshape, "movement"},
    {Op::broadcast, "movement"},
    {Op::slice, "movement"},
    {Op::concat, "movement"},
    {Op::pad, "movement"},
    {Op::gather, "movement"},
    {Op::scatter, "movement"},
    {Op::measure, "choice"},
    {Op::branch, "choice"},
    {Op::loop, "recurrence"},
    {Op::scan, "recurrence"},
    {Op::fused, "fused"},
};

int rank(std::string_view family) {
  return static_cast<int>(std::find(std::begin(kFamilies), std::end(kFamilies), family) - std::begin(kFamilies));
}

}  // namespace

std::string_view family_of(Op op) {
  for (const auto& [known, family] : kCoreFamilies)
    if (known == op) return family;
  if (is_pointwise(op)) return info(op).signature == Signature::floating ? "function" : "arithmetic";
  return "model";
}

std::string_view stronger(std::string_view a, std::string_view b) { return rank(a) < rank(b) ? b : a; }

}  // namespace rondo::view
