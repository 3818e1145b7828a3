// Regrouping of sums in a scan body, so that what can be computed before the scan stands together: see hoist.h.
#include <algorithm>

#include "passes/hoist.h"

namespace rondo {
namespace {

struct Sum {
  std::vector<Value*> outside, inside;  // terms, in program order
};

class SumFinder {
 public:
  explicit SumFinder(const Scan& scan)
      : scan_(scan), dependences_(find_dependences(scan)), uses_(count_uses(scan.body())) {}

  std::unordered_map<const Node*, Sum> find() {
    std::unordered_map<const Value*, bool> inner;  // sums that are a term of another sum
    std::unordered_map<const Node*, Sum> sums;
    const auto& nodes = scan_.body().nodes;
    for (size_t i = nodes.size(); i-- > 0;) {
      const Node& node = *nodes[i];
      if (!is_sum(node.result()) || inner[node.result()]) continue;
      std::vector<Value*> terms;
      collect(node, terms, inner);
      Sum sum = split(terms);
      if (sum.outside.size() > 1 && !sum.inside.empty()) sums[&node] = std::move(sum);
    }
    return sums;
  }

 private:
  bool is_sum(const Value* value) const {
    return is_op(value, Op::add) && is_float(value->type->dtype) &&
           dependences_.at(value).varies == Varies::with_step;
  }

  void collect(const Node& sum, std::vector<Value*>& terms, std::unordered_map<const Value*, bool>& inner) {
    for (Value* operand : sum.operands) {
      if (is_sum(operand) && uses_.at(operand) == 1) {
        inner[operand] = true;
        collect(*operand->producer, terms, inner);
      } else {
        terms.push_back(operand);
      }
    }
  }

  /// Outside goes what can be added to the products there: what varies as they do, or not at all.
  Sum split(const std::vector<Value*>& terms) const {
    std::optional<Varies> varies;
    for (const Value* term : terms) {
      const Dependence& dependence = dependences_.at(term);
      if (dependence.hoists() && (!varies || *varies == Varies::not_at_all)) varies = dependence.varies;
    }
    Sum sum;
    for (Value* term : terms) {
      const Varies own = dependences_.at(term).varies;
      (varies && (own == *varies || own == Varies::not_at_all) ? sum.outside : sum.inside).push_back(term);
    }
    return sum;
  }

  const Scan& scan_;
  const Dependences dependences_;
  const std::unordered_map<const Value*, int> uses_;
};

Value* add_all(const std::vector<Value*>& terms, Builder& b, const Rewriter& rewriter) {
  Value* sum = rewriter.current(terms[0]);
  for (size_t i = 1; i < terms.size(); ++i) sum = b.add(sum, rewriter.current(terms[i]));
  return sum;
}

Result<bool> group_terms(const Scan& scan) {
  const std::unordered_map<const Node*, Sum> sums = SumFinder(scan).find();
  if (sums.empty()) return false;
  RONDO_TRY(bool changed, Rewriter([&](Node& node, Builder& b, Rewriter& rewriter) -> std::vector<Value*> {
                            auto found = sums.find(&node);
                            if (found == sums.end()) return {};
                            const auto& [outside, inside] = found->second;
                            Value* early = add_all(outside, b, rewriter);
                            return {b.add(early, add_all(inside, b, rewriter))};
                          }).run(scan.body()));
  remove_dead_nodes(scan.body());
  return changed;
}

/// The slices of one product along its last axis, each with the constant that is added to it.
struct BiasedProduct {
  struct Part {
    const Node* slice;
    const Node* sum;       // add(slice, bias); null: no bias
    const Value* bias;     // a constant or a weight
    int64_t start, size;
  };
  std::vector<Part> parts;
  Value* biased = nullptr;  // the product with all biases, once it is built
};

class BiasFinder {
 public:
  explicit BiasFinder(const Scan& scan) : dependences_(find_dependences(scan)) {
    for (const auto& node : scan.body().nodes)
      for (const Value* operand : node->operands) users_[operand].push_back(node.get());
    for (const Value* output : scan.body().outputs) users_[output].push_back(nullptr);
  }

  /// Nothing unless all uses of the product are disjoint slices, one of them with a bias.
  std::optional<BiasedProduct> find(const Node& node) const {
    if (node.op != Op::matmul) return std::nullopt;
    const Varies varies = dependences_.at(node.result()).varies;
    auto users = users_.find(node.result());
    if (varies == Varies::with_step || users == users_.end()) return std::nullopt;
    BiasedProduct product;
    bool any = false;
    for (const Node* user : users->second) {
      if (!user || user->op != Op::slice || !add_part(*user, product)) return std::nullopt;
      any |= product.parts.back().bias != nullptr;
    }
    return any && disjoint(product.parts) ? std::optional(std::move(product)) : std::nullopt;
  }

 private:
  bool add_part(const Node& slice, BiasedProduct& product) const {
    const Shape& whole = slice.operands[0]->type->shape;
    const std::vector<Dim> starts = slice.attributes.dims("starts"), sizes = slice.attributes.dims("sizes");
    const std::optional<int64_t> start = starts.back().constant(), size = sizes.back().constant();
    if (!start || !size) return false;
    for (size_t i = 0; i + 1 < whole.size(); ++i)
      if (!(sizes[i] == whole[i])) return false;
    for (int64_t step : slice.attributes.integers("steps"))
      if (step != 1) return false;
    product.parts.push_back({&slice, nullptr, nullptr, *start, *size});
    find_bias(slice, product.parts.back());
    return true;
  }

  /// A sole user that adds a constant of one element, or of one for each column.
  void find_bias(const Node& slice, BiasedProduct::Part& part) const {
    auto users = users_.find(slice.result());
    if (users == users_.end() || users->second.size() != 1 || !users->second[0]) return;
    const Node& sum = *users->second[0];
    if (sum.op != Op::add || !(sum.result()->type == slice.result()->type)) return;
    const Value* other = sum.operands[sum.operands[0] == slice.result() ? 1 : 0];
    const Tensor* bias = tensor_of(other);
    if (!bias || (bias->count() != 1 && (bias->count() != part.size || bias->shape().back() != part.size))) return;
    part.sum = &sum;
    part.bias = other;
  }

  static bool disjoint(std::vector<BiasedProduct::Part> parts) {
    std::sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.start < b.start; });
    for (size_t i = 1; i < parts.size(); ++i)
      if (parts[i - 1].start + parts[i - 1].size > parts[i].start) return false;
    return true;
  }

  const Dependences dependences_;
  std::unordered_map<const Value*, std::vector<const Node*>> users_;  // null: an output
};

Value* joined_bias(const BiasedProduct& product, const Type& type, Builder& b) {
  const size_t element = static_cast<size_t>(byte_size(type.dtype));
  const int64_t columns = *type.shape.back().constant();
  std::string bytes(static_cast<size_t>(columns) * element, '\0');
  std::vector<const Value*> biases;
  for (const auto& part : product.parts) {
    if (!part.bias) continue;
    biases.push_back(part.bias);
    const Tensor& bias = *tensor_of(part.bias);
    for (int64_t i = 0; i < part.size; ++i) {
      const size_t from = bias.count() == 1 ? 0 : static_cast<size_t>(i) * element;
      bytes.replace(static_cast<size_t>(part.start + i) * element, element, bias.bytes().substr(from, element));
    }
  }
  return constant_from(biases, Tensor(type.dtype, {columns}, std::move(bytes)), b);
}

Result<bool> join_biases(const Scan& scan) {
  std::vector<BiasedProduct> products;
  std::unordered_map<const Node*, size_t> slices, sums;  // to the index of their product
  const BiasFinder finder(scan);
  for (const auto& node : scan.body().nodes) {
    std::optional<BiasedProduct> product = finder.find(*node);
    if (!product || !node->result()->type->shape.back().constant()) continue;
    for (const auto& part : product->parts) {
      slices[part.slice] = products.size();
      if (part.sum) sums[part.sum] = products.size();
    }
    products.push_back(*std::move(product));
  }
  if (products.empty()) return false;
  return Rewriter([&](Node& node, Builder& b, Rewriter&) -> std::vector<Value*> {
           if (sums.count(&node)) return {node.operands[tensor_of(node.operands[0]) ? 1 : 0]};
           auto found = slices.find(&node);
           if (found == slices.end()) return {};
           BiasedProduct& product = products[found->second];
           Value* whole = node.operands[0];
           if (!product.biased) product.biased = b.add(whole, joined_bias(product, *whole->type, b));
           const Attributes& at = node.attributes;
           return {b.slice(product.biased, at.dims("starts"), at.dims("sizes"), at.integers("steps"))};
         })
      .run(scan.body());
}

}  // namespace

Result<bool> regroup_sums(const Scan& scan) {
  RONDO_TRY(bool grouped, group_terms(scan));
  RONDO_TRY(bool joined, join_biases(scan));
  if (joined) remove_dead_nodes(scan.body());
  return grouped || joined;
}

}  // namespace rondo
