#include "passes/plan/view.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {

Index operator+(const Index& a, const Index& b) {
  Index sum{a.constant + b.constant, a.terms};
  for (const IndexTerm& term : b.terms) {
    auto same = std::find_if(sum.terms.begin(), sum.terms.end(), [&](const IndexTerm& t) { return t.var == term.var; });
    if (same == sum.terms.end())
      sum.terms.push_back(term);
    else
      same->coefficient += term.coefficient;
  }
  std::erase_if(sum.terms, [](const IndexTerm& term) { return term.panel == 0 && term.coefficient.is(0); });
  std::sort(sum.terms.begin(), sum.terms.end(), [](const auto& x, const auto& y) { return x.var < y.var; });
  return sum;
}

Index operator*(const Index& a, const Dim& factor) {
  if (factor.is(0)) return {};
  Index product{a.constant * factor, a.terms};
  for (IndexTerm& term : product.terms) term.coefficient *= factor;
  return product;
}

Index variable(int var) { return {Dim(0), {{var, Dim(1), 0, Dim(0)}}}; }

Dim coefficient(const Index& index, int var) {
  const IndexTerm* term = term_of(index, var);
  return term ? term->coefficient : Dim(0);
}

std::string to_string(const Index& index) {
  std::string text = index.constant.to_string();
  for (const IndexTerm& term : index.terms) {
    text += fmt::format(" + ({})*v{}", term.coefficient.to_string(), term.var);
    if (term.panel > 0) text += fmt::format("/{}:{}", term.panel, term.panel_stride.to_string());
  }
  return text;
}

View row_major(int buffer, const Type& type) {
  View view{buffer, type.dtype, type.shape, {}, std::vector<Dim>(type.shape.size())};
  Dim stride(1);
  for (size_t i = type.shape.size(); i-- > 0;) {
    view.strides[i] = stride;
    stride *= type.shape[i];
  }
  return view;
}

Index place(const View& view, const Position& position) {
  Index index = view.base;
  for (size_t i = 0; i < position.size(); ++i) index = index + position[i] * view.strides[i];
  return index;
}

View slice_view(const View& view, const std::vector<Dim>& starts, const std::vector<Dim>& sizes,
                const std::vector<int64_t>& steps) {
  View result = view;
  result.shape = sizes;
  for (size_t i = 0; i < starts.size(); ++i) {
    result.base.constant += starts[i] * view.strides[i];
    result.strides[i] = view.strides[i] * Dim(steps[i]);
  }
  return result;
}

View transpose_view(const View& view, const std::vector<int64_t>& perm) {
  View result = view;
  for (size_t i = 0; i < perm.size(); ++i) {
    result.shape[i] = view.shape[perm[i]];
    result.strides[i] = view.strides[perm[i]];
  }
  return result;
}

View broadcast_view(const View& view, const Shape& shape) {
  View result = view;
  result.shape = shape;
  result.strides.assign(shape.size(), Dim(0));
  const size_t offset = shape.size() - view.shape.size();
  for (size_t i = 0; i < view.shape.size(); ++i)
    if (!view.shape[i].is(1)) result.strides[offset + i] = view.strides[i];
  return result;
}

View select_view(const View& view, int axis, const Index& at) {
  View result = view;
  result.base = result.base + at * view.strides[axis];
  result.shape.erase(result.shape.begin() + axis);
  result.strides.erase(result.strides.begin() + axis);
  return result;
}

namespace {

struct Extent {
  Dim size, stride;
};

/// Axes [begin, end) as one run of elements: its stride, if they follow each other evenly.
std::optional<Dim> merged_stride(const std::vector<Extent>& axes, size_t begin, size_t end) {
  for (size_t i = begin; i + 1 < end; ++i)
    if (!(axes[i].stride == axes[i + 1].size * axes[i + 1].stride)) return std::nullopt;
  return axes[end - 1].stride;
}

}  // namespace

std::optional<View> reshape_view(const View& view, const Shape& shape) {
  std::vector<Extent> old_axes;
  for (size_t i = 0; i < view.shape.size(); ++i)
    if (!view.shape[i].is(1)) old_axes.push_back({view.shape[i], view.strides[i]});
  std::vector<size_t> new_axes;
  for (size_t i = 0; i < shape.size(); ++i)
    if (!shape[i].is(1)) new_axes.push_back(i);

  View result = view;
  result.shape = shape;
  result.strides.assign(shape.size(), Dim(0));
  // Groups of old and of new axes with equal products: inside a group the old axes must form one even run.
  for (size_t i = 0, j = 0; i < old_axes.size() && j < new_axes.size();) {
    size_t old_end = i + 1, new_end = j + 1;
    Dim old_size = old_axes[i].size, new_size = shape[new_axes[j]];
    while (!(old_size == new_size)) {
      if (new_end < new_axes.size() && (old_end == old_axes.size() || provably_le(new_size, old_size)))
        new_size *= shape[new_axes[new_end++]];
      else if (old_end < old_axes.size())
        old_size *= old_axes[old_end++].size;
      else
        break;  // sizes that are equal without proof: the rest is one group
    }
    auto stride = merged_stride(old_axes, i, old_end);
    if (!stride) return std::nullopt;
    Dim step = *stride;
    for (size_t k = new_end; k-- > j;) {
      result.strides[new_axes[k]] = step;
      step *= shape[new_axes[k]];
    }
    i = old_end, j = new_end;
  }
  return result;
}

Position broadcast_position(const Position& position, const Shape& operand_shape) {
  Position result;
  const size_t offset = position.size() - operand_shape.size();
  for (size_t i = 0; i < operand_shape.size(); ++i)
    result.push_back(operand_shape[i].is(1) ? Index{} : position[offset + i]);
  return result;
}

}  // namespace rondo
