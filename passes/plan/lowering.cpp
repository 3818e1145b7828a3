#include "passes/plan/lowering.h"

#include <fmt/format.h>

#include "ir/scan.h"
#include "support/places.h"

namespace rondo {
namespace {

LowerFunction lower_function(Op op) {
  static const std::map<Op, LowerFunction> table{
#define RONDO_CORE_OP(word, min, max, results, doc) {Op::word, lower_##word},
#define RONDO_POINTWISE_OP(word, operands, signature, doc) {Op::word, lower_pointwise},
#include "ir/ops.def"
  };
  auto found = table.find(op);
  return found == table.end() ? nullptr : found->second;
}

std::string identifier(const std::string& text) {
  std::string word;
  for (char c : text) word += isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return word;
}

bool is_view_op(Op op) {
  return op == Op::slice || op == Op::transpose || op == Op::broadcast || op == Op::reshape;
}

/// An operator that can write its result to any view.
bool places_result(const Value* value) {
  if (!value->producer) return false;
  Op op = value->producer->op;
  return op != Op::constant && op != Op::weight && op != Op::dims && op != Op::iota && op != Op::slice && op != Op::broadcast;
}

}  // namespace

Status Lowering::lower(const Graph& graph, std::map<const Value*, View> wanted) {
  auto outer = std::exchange(wanted_, std::move(wanted));
  const Graph* around = std::exchange(graph_, &graph);
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) place_operands(**node);
  Diagnostics errors;
  for (const auto& node : graph.nodes) {
    if (Status status = lower_node(*node); !status) {
      errors = std::move(status).errors();
      break;
    }
  }
  wanted_ = std::move(outer);
  graph_ = around;
  if (!errors.empty()) return errors;
  return Done{};
}

// Passes a wish for a result on to the operands that the result consists of.
void Lowering::place_operands(const Node& node) {
  auto want = [&](const Value* operand, View view) {
    if (places_result(operand) && !operands_.count(operand)) wanted_.emplace(operand, std::move(view));
  };
  if (node.op == Op::concat) {
    auto found = wanted_.find(node.result());
    if (found == wanted_.end())
      found = wanted_.emplace(node.result(), new_scratch(*node.result()->type, node.result()->name)).first;
    const View whole = found->second;
    const int axis = static_cast<int>(node.attributes.integer("axis"));
    std::vector<Dim> starts(whole.shape.size(), Dim(0));
    for (const Value* part : node.operands) {
      want(part, slice_view(whole, starts, part->type->shape, std::vector<int64_t>(starts.size(), 1)));
      starts[axis] += part->type->shape[axis];
    }
    return;
  }
  auto found = wanted_.find(node.results.empty() ? nullptr : node.result());
  if (found == wanted_.end()) return;
  if (node.op == Op::reshape) {
    if (auto view = reshape_view(found->second, node.operands[0]->type->shape)) want(node.operands[0], *view);
  } else if (node.op == Op::transpose) {
    const auto perm = node.attributes.integers("perm");
    std::vector<int64_t> inverse(perm.size());
    for (size_t i = 0; i < perm.size(); ++i) inverse[perm[i]] = static_cast<int64_t>(i);
    want(node.operands[0], transpose_view(found->second, inverse));
  }
}

Status Lowering::lower_node(const Node& node) {
  LowerFunction function = lower_function(node.op);
  if (!function) return internal_error(fmt::format("operator '{}' is not of the core level", info(node.op).word), node.place);
  RONDO_CHECK(function(*this, node));
  for (const auto& result : node.results)
    if (auto place = wanted(result.get()); place && is_view_op(node.op)) deliver(result.get(), *place, &node);
  return Done{};
}

void Lowering::define(const Value* value, View view) {
  Operand operand;
  operand.dtype = view.dtype;
  operand.view = std::move(view);
  define(value, std::move(operand));
}

const Operand* Lowering::find(const Value* value) const {
  auto found = operands_.find(value);
  return found == operands_.end() ? nullptr : &found->second;
}

std::optional<View> Lowering::wanted(const Value* value) const {
  auto found = wanted_.find(value);
  if (found == wanted_.end()) return std::nullopt;
  return found->second;
}

View Lowering::destination(const Value* value) {
  if (auto view = wanted(value)) return *view;
  return new_scratch(*value->type, value->name);
}

View Lowering::in_memory(const Value* value) {
  const Operand operand = *find(value);
  if (operand.kind == Operand::Kind::view) return operand.view;
  View view = destination(value);
  copy(operand, view, value->producer);
  define(value, view);
  return view;
}

int Lowering::scalar_buffer(const Value* value, const Node* origin) {
  const View view = in_memory(value);
  if (view.base == constant_index(0) && plan_.buffers[view.buffer].count.lower_bound() >= 1) return view.buffer;
  const View first = new_scratch(*value->type, value->name);
  copy(*find(value), first, origin);
  return first.buffer;
}

namespace {

/// An equality of the form min(a, b) = a, which says a <= b, that holds whatever is measured.
bool holds(const Equality& equality, const Highest& highest) {
  const auto& terms = equality.a.terms();
  if (equality.a.constant_part() != 0 || terms.size() != 1 || terms[0].coefficient != 1) return false;
  const Dim::Atom& atom = *terms[0].factors[0];
  if (terms[0].factors.size() != 1 || atom.kind != Dim::Atom::Kind::min) return false;
  if (!(*atom.a == equality.b) && !(*atom.b == equality.b)) return false;
  const Dim& other = *atom.a == equality.b ? *atom.b : *atom.a;
  return lower(other - equality.b, highest).lower_bound() >= 0;
}

}  // namespace

void Lowering::enter(Measure measure) {
  measured_.insert(measure.symbol);
  for (const Equality& equality : graph_->equalities) {
    std::set<std::string> names;
    equality.a.collect_symbols(names);
    equality.b.collect_symbols(names);
    bool ready = names.count(measure.symbol) != 0;
    for (const std::string& name : names) ready = ready && (!is_measured(name) || measured_.count(name) != 0);
    if (ready && !holds(equality, highest_)) measure.equalities.emplace_back(equality.a, equality.b);
  }
  steps_->push_back({std::move(measure)});
  steps_ = &std::get<Measure>(steps_->back().what).steps;
}

int Lowering::add_buffer(Buffer buffer) {
  plan_.buffers.push_back(std::move(buffer));
  return static_cast<int>(plan_.buffers.size()) - 1;
}

View Lowering::new_scratch(const Type& type, const std::string& name) {
  Buffer buffer;
  buffer.kind = Buffer::Kind::scratch;
  buffer.dtype = type.dtype;
  buffer.count = element_count(upper(type.shape, highest_));
  buffer.name = name;
  return row_major(add_buffer(std::move(buffer)), type);
}

int Lowering::constant_buffer(const Tensor& value, const std::string& name) {
  std::string key = std::string(to_string(value.dtype())) + ":" + std::string(value.bytes());
  if (auto found = constants_.find(key); found != constants_.end()) return found->second;
  return constants_[key] = add_constant(value, name);
}

int Lowering::weight_buffer(const Tensor& value, const std::string& name) {
  for (const auto& [known, buffer] : weights_)
    if (known.is_copy_of(value) && known.dtype() == value.dtype()) return buffer;
  weights_.emplace_back(value, add_constant(value, name));
  return weights_.back().second;
}

int Lowering::add_constant(const Tensor& value, const std::string& name) {
  Buffer buffer;
  buffer.kind = Buffer::Kind::constant;
  buffer.dtype = value.dtype();
  buffer.count = value.count();
  buffer.name = name;
  buffer.value = value.reshaped({value.count()});
  return add_buffer(std::move(buffer));
}

Kernel Lowering::start_kernel(const Node* node, const std::string& what) {
  Kernel kernel;
  std::string stem = identifier(what + (node && !node->name.empty() ? "_" + node->name : ""));
  kernel.name = stem;
  for (int i = 2; !kernel_names_.insert(kernel.name).second; ++i) kernel.name = fmt::format("{}_{}", stem, i);
  if (node) kernel.place = shown_places(node->place);
  return kernel;
}

void Lowering::copy(const Operand& from, const View& to, const Node* origin) {
  Kernel kernel = start_kernel(origin, "copy");
  KernelBuilder builder = this->builder(kernel);
  const Position position = builder.iterate(to.shape);
  builder.store(builder.demand(from, position), to, position);
  append(std::move(kernel));
}

void Lowering::copy_together(std::vector<std::pair<Operand, View>> moves, const Node* origin) {
  std::erase_if(moves, [](const auto& move) {
    return move.first.kind == Operand::Kind::view && move.first.view == move.second;
  });
  std::set<int> written;
  for (const auto& [from, to] : moves) written.insert(to.buffer);
  for (auto& [from, to] : moves) {
    if (from.kind != Operand::Kind::view || !written.count(from.view.buffer)) continue;
    View staged = new_scratch({to.dtype, to.shape}, "staged");
    copy(from, staged, origin);
    from.view = staged;
  }
  for (const auto& [from, to] : moves) copy(from, to, origin);
}

void Lowering::deliver(const Value* value, const View& to, const Node* origin) {
  const Operand& operand = *find(value);
  if (operand.kind == Operand::Kind::view && operand.view == to) return;
  copy(operand, to, origin);
  define(value, to);
}

namespace {

/// The groups of the convolution that a node is or holds; 1 if there is none.
int64_t convolution_groups(const Node& node) {
  if (node.op == Op::conv) return node.attributes.integer("groups");
  if (node.op != Op::fused) return 1;
  int64_t groups = 1;
  for (const auto& inner : node.regions[0]->nodes) groups = std::max(groups, convolution_groups(*inner));
  return groups;
}

bool same_shapes(const Node& node) {
  for (const auto& result : node.results)
    if (!(result->type->shape == node.result()->type->shape)) return false;
  return true;
}

std::string kernel_word(const Node& node) {
  if (node.op != Op::fused) return std::string(info(node.op).word);
  for (const auto& inner : node.regions[0]->nodes)
    if (inner->op == Op::matmul || inner->op == Op::conv || inner->op == Op::reduce || inner->op == Op::reduce_window)
      return std::string(info(inner->op).word);
  return "pointwise";
}

}  // namespace

bool Lowering::lower_as_kernel(const Node& node) {
  if (!same_shapes(node)) return false;
  Kernel kernel = start_kernel(&node, kernel_word(node));
  KernelBuilder builder = this->builder(kernel);
  const Position position = builder.iterate(node.result()->type->shape, 1, convolution_groups(node));
  std::vector<int> instrs;
  for (const auto& result : node.results) instrs.push_back(builder.demand(result.get(), position));
  if (builder.failed()) return false;
  for (size_t i = 0; i < instrs.size(); ++i) {
    View to = destination(node.result(static_cast<int>(i)));
    builder.store(instrs[i], to, position);
    define(node.result(static_cast<int>(i)), to);
  }
  append(std::move(kernel));
  return true;
}

}  // namespace rondo
