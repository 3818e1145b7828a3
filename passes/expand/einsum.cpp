// Einsum: operands are brought to terms (a value and a letter for each axis), and terms joined one after the other by
// a matrix product over the letters that nobody needs any more. Tested by expand_einsum_test.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "passes/expand/expand.h"

namespace rondo {
namespace {

/// Letters are themselves; axis i, from the end, of an ellipsis is -1 - i.
using Labels = std::vector<int>;

struct Term {
  Value* value;
  Labels labels;
  const Dim& size(int label) const {
    return shape_of(value)[std::find(labels.begin(), labels.end(), label) - labels.begin()];
  }
};

struct Equation {
  std::vector<std::string> operands;  // '.' stands for an ellipsis
  std::optional<std::string> result;
};

bool has(const Labels& labels, int label) { return std::find(labels.begin(), labels.end(), label) != labels.end(); }

/// Letters and at most one ellipsis, blanks left out.
std::optional<std::string> read_letters(Expansion& e, std::string_view text) {
  std::string letters;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (text.substr(i, 3) == "..." && letters.find('.') == std::string::npos) {
      letters += '.';
      i += 2;
    } else if (isalpha(static_cast<unsigned char>(text[i]))) {
      letters += text[i];
    } else {
      e.fail(fmt::format("attribute 'equation': '{}' must consist of letters and at most one '...'", text));
      return std::nullopt;
    }
  }
  return letters;
}

std::optional<Equation> read_equation(Expansion& e) {
  const std::string text = e.text("equation", "");
  if (!e.ok()) return std::nullopt;
  Equation equation;
  const size_t arrow = text.find("->");
  if (arrow != std::string::npos) {
    equation.result = read_letters(e, std::string_view(text).substr(arrow + 2));
    if (!equation.result) return std::nullopt;
  }
  std::string_view left = std::string_view(text).substr(0, arrow);
  for (size_t start = 0; start <= left.size();) {
    const size_t end = std::min(left.find(',', start), left.size());
    auto letters = read_letters(e, left.substr(start, end - start));
    if (!letters) return std::nullopt;
    equation.operands.push_back(*letters);
    start = end + 1;
  }
  if (static_cast<int>(equation.operands.size()) != e.operand_count()) {
    e.fail(fmt::format("attribute 'equation' '{}' is for {} operands; the node has {}", text, equation.operands.size(),
                       e.operand_count()));
    return std::nullopt;
  }
  return equation;
}

/// A label for each axis of an operand.
Labels labels_of(Expansion& e, const std::string& letters, int rank) {
  const bool open = letters.find('.') != std::string::npos;
  const int hidden = rank - static_cast<int>(letters.size()) + (open ? 1 : 0);
  if (hidden < 0 || (!open && hidden > 0)) {
    e.fail(fmt::format("an operand with {} axes does not fit {} letters of attribute 'equation'", rank,
                       letters.size() - open));
    return {};
  }
  Labels labels;
  for (char letter : letters) {
    if (letter != '.')
      labels.push_back(letter);
    else
      for (int i = hidden; i-- > 0;) labels.push_back(-1 - i);
  }
  return labels;
}

/// The elements with equal positions along two axes; the second vanishes.
Term take_diagonal(Expansion& e, Term term, int first, int second) {
  Builder& b = e.b;
  const int rank = rank_of(term.value);
  e.require_equal(shape_of(term.value)[first], shape_of(term.value)[second], "the sizes of a repeated letter");
  if (!e.ok()) return term;
  const Dim size = b.graph().resolve(shape_of(term.value)[first]);
  std::vector<int64_t> perm;
  for (int i = 0; i < rank; ++i)
    if (i != first && i != second) perm.push_back(i);
  const int label = term.labels[first];
  Labels labels;
  for (int64_t axis : perm) labels.push_back(term.labels[axis]);
  labels.push_back(label);
  perm.insert(perm.end(), {first, second});
  Value* value = b.transpose(term.value, perm);
  Shape shape = shape_of(value);
  if (const auto n = size.constant()) {
    shape.resize(rank - 2);
    shape.push_back(size * size);
    value = b.reshape(value, shape);
    std::vector<Dim> starts(shape.size(), Dim(0));
    shape.back() = size;
    std::vector<int64_t> steps(shape.size(), 1);
    steps.back() = *n < 2 ? 1 : *n + 1;
    return {b.slice(value, starts, shape, steps), labels};
  }
  Shape row{size, 1}, column{1, size};
  Value* same = b.equal(b.iota(row, 0), b.iota(column, 1));
  return {b.reduce(b.select(same, value, b.scalar(value, 0)), "sum", {rank - 1}), labels};
}

Term without_repetitions(Expansion& e, Term term) {
  for (size_t i = 0; e.ok() && i < term.labels.size(); ++i)
    for (size_t j = i + 1; j < term.labels.size(); ++j)
      if (term.labels[i] == term.labels[j])
        return without_repetitions(e, take_diagonal(e, term, static_cast<int>(i), static_cast<int>(j)));
  return term;
}

/// The sum over labels that nobody needs.
Term sum_out(Builder& b, const Term& term, const std::set<int>& needed) {
  std::vector<int64_t> axes;
  Labels labels;
  for (size_t i = 0; i < term.labels.size(); ++i) {
    if (needed.count(term.labels[i]))
      labels.push_back(term.labels[i]);
    else
      axes.push_back(static_cast<int64_t>(i));
  }
  return {b.reduce(term.value, "sum", axes), labels};
}

/// The term with axes in this order; labels that it does not have become axes of size 1.
Value* arranged(Builder& b, const Term& term, const Labels& order) {
  std::vector<int64_t> perm, missing;
  for (size_t i = 0; i < order.size(); ++i) {
    auto found = std::find(term.labels.begin(), term.labels.end(), order[i]);
    if (found == term.labels.end())
      missing.push_back(static_cast<int64_t>(i));
    else
      perm.push_back(found - term.labels.begin());
  }
  return b.unsqueeze(b.transpose(term.value, perm), missing);
}

Dim product_of(const Term& term, const Labels& labels) {
  Dim product = 1;
  for (int label : labels) product *= term.size(label);
  return product;
}

Shape batch_shape(const Term& term, const Labels& batch) {
  Shape shape;
  for (int label : batch) shape.push_back(term.size(label));
  return shape;
}

/// A letter stands for one size; an ellipsis broadcasts, so that a size of 1 is stretched to the other's.
Term stretched(Builder& b, const Term& term, const Term& other, const Labels& labels) {
  Shape shape = shape_of(term.value);
  for (size_t i = 0; i < term.labels.size(); ++i)
    if (shape[i].is(1) && has(labels, term.labels[i])) shape[i] = other.size(term.labels[i]);
  return {b.broadcast(term.value, shape), term.labels};
}

Term join(Expansion& e, Term left, Term right, const std::set<int>& needed) {
  Builder& b = e.b;
  Labels batch, summed, rows, columns;
  for (int label : left.labels) {
    if (!has(right.labels, label))
      rows.push_back(label);
    else
      (needed.count(label) ? batch : summed).push_back(label);
  }
  for (int label : right.labels)
    if (!has(left.labels, label)) columns.push_back(label);
  Labels labels = batch;
  labels.insert(labels.end(), rows.begin(), rows.end());
  labels.insert(labels.end(), columns.begin(), columns.end());
  if (summed.empty()) return {b.mul(arranged(b, left, labels), arranged(b, right, labels)), labels};

  left = stretched(b, left, right, summed);
  right = stretched(b, right, left, summed);
  const Dim m = product_of(left, rows), k = product_of(left, summed), n = product_of(right, columns);
  auto order = [&](std::initializer_list<const Labels*> lists) {
    Labels all;
    for (const Labels* list : lists) all.insert(all.end(), list->begin(), list->end());
    return all;
  };
  Shape left_shape = batch_shape(left, batch), right_shape = batch_shape(right, batch);
  left_shape.insert(left_shape.end(), {m, k});
  right_shape.insert(right_shape.end(), {k, n});
  Value* a = b.reshape(arranged(b, left, order({&batch, &rows, &summed})), left_shape);
  Value* c = b.reshape(arranged(b, right, order({&batch, &summed, &columns})), right_shape);
  Value* product = b.matmul(a, c);
  if (!e.ok()) return {product, labels};
  Shape shape(shape_of(product).begin(), shape_of(product).end() - 2);
  for (int label : rows) shape.push_back(left.size(label));
  for (int label : columns) shape.push_back(right.size(label));
  return {b.reshape(product, shape), labels};
}

/// Without "->": the ellipsis, then the letters that occur once, in alphabetical order.
Labels result_labels(Expansion& e, const Equation& equation, const std::vector<Term>& terms) {
  std::set<int> hidden;
  std::map<int, int> counts;
  for (const Term& term : terms)
    for (int label : term.labels) label < 0 ? void(hidden.insert(label)) : void(++counts[label]);
  const Labels ellipsis(hidden.begin(), hidden.end());
  if (!equation.result) {
    Labels labels = ellipsis;
    for (const auto& [letter, count] : counts)
      if (count == 1) labels.push_back(letter);
    return labels;
  }
  Labels labels;
  for (char letter : *equation.result) {
    if (letter == '.') {
      labels.insert(labels.end(), ellipsis.begin(), ellipsis.end());
    } else {
      if (!counts.count(letter) || has(labels, letter))
        e.fail(fmt::format("attribute 'equation': the result's letter '{}' must occur once there, and in an operand",
                           letter));
      labels.push_back(letter);
    }
  }
  return labels;
}

}  // namespace

std::vector<Value*> expand_Einsum(Expansion& e) {
  std::vector<Value*> operands = e.all_operands();
  const auto equation = read_equation(e);
  if (!equation) return {e.fail("attribute 'equation' cannot be read")};
  std::vector<Term> terms;
  for (size_t i = 0; i < operands.size(); ++i)
    terms.push_back({operands[i], labels_of(e, equation->operands[i], rank_of(operands[i]))});
  if (!e.ok()) return {operands[0]};
  const Labels result = result_labels(e, *equation, terms);
  for (Term& term : terms) term = without_repetitions(e, term);
  if (!e.ok()) return {operands[0]};
  Term total = terms[0];
  for (size_t i = 0; i < terms.size(); ++i) {
    std::set<int> needed(result.begin(), result.end());
    for (size_t j = i + 1; j < terms.size(); ++j) needed.insert(terms[j].labels.begin(), terms[j].labels.end());
    if (i > 0) {
      // What only this operand and nobody after it has is summed first.
      std::set<int> here = needed;
      here.insert(total.labels.begin(), total.labels.end());
      total = join(e, total, sum_out(e.b, terms[i], here), needed);
    }
    if (!e.ok()) return {operands[0]};
    total = sum_out(e.b, total, needed);
  }
  return {arranged(e.b, total, result)};
}

}  // namespace rondo
