// model -> core, node by node: each model operator becomes what its row's expand_WORD makes of it.
// Entry: expand. A failed node does not stop the work: all errors of a model are reported at once, and what
// depends on a failed node is passed over in silence. Tested by expand_driver_test.cpp and expand_corpus_test.cpp.
#include "passes/expand/expand.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ir/op_words.h"
#include "passes/pipeline.h"
#include "support/closest.h"

namespace rondo {
namespace {

ExpandFunction find_expansion(Op op) {
  struct Row {
    Op op;
    ExpandFunction function;
  };
  static constexpr Row kRows[] = {
#define RONDO_MODEL_OP(word, doc) {Op::word, expand_##word},
#include "ir/ops.def"
  };
  for (const Row& row : kRows) {
    if (row.op == op) return row.function;
  }
  return nullptr;
}

void append(Diagnostics& to, const Diagnostics& from) { to.insert(to.end(), from.begin(), from.end()); }

/// Why the declared type cannot hold what inference found; empty if it can. Symbols contradict nothing.
std::string contradiction(const Type& declared, const Type& inferred) {
  bool differs = declared.dtype != inferred.dtype || declared.rank() != inferred.rank();
  for (int i = 0; !differs && i < declared.rank(); ++i) {
    auto a = declared.shape[i].constant(), b = inferred.shape[i].constant();
    differs = a && b && *a != *b;
  }
  if (!differs) return {};
  return fmt::format("declared {}, inferred {}: the inferred type holds", to_string(declared), to_string(inferred));
}

/// Makes core nodes of a model graph's nodes, in their order, and knows which core value stands for which model value.
class NodesExpander {
 public:
  NodesExpander(Graph& core, Sequences& sequences, int opset) : core_(core), sequences_(sequences), opset_(opset) {}

  void expand_nodes(const Graph& model) {
    for (const auto& node : model.nodes) expand_node(*node);
  }
  void stand_for(const Value* model, Value* core) { core_of_[model] = core; }
  /// Null: it could not be made, and an error says why.
  Value* core_of(const Value* value) const {
    auto found = core_of_.find(value);
    return found == core_of_.end() ? nullptr : found->second;
  }
  Diagnostics errors;

 private:
  /// The core values of a node's operands; nothing if one of them could not be made.
  std::optional<std::vector<Value*>> operands_of(const Node& node) const {
    std::vector<Value*> operands;
    for (const Value* operand : node.operands) {
      auto found = core_of_.find(operand);
      if (operand && found == core_of_.end()) return std::nullopt;
      operands.push_back(operand ? found->second : nullptr);
    }
    return operands;
  }

  void expand_node(const Node& node) {
    if (node.op == Op::unsupported) {
      errors.push_back(unsupported(
          fmt::format("operator '{}' is not among the operators that can be compiled{}", node.kind,
                      did_you_mean(node.kind, operator_words(Level::model))),
          node.place));
      return;
    }
    auto operands = operands_of(node);
    if (!operands) return;
    Builder builder(core_, &node);
    const size_t first_new = core_.nodes.size();
    auto results = is_model(node.op) ? expand_model_node(builder, node, std::move(*operands))
                                     : copy_core_node(builder, node, std::move(*operands));
    if (!results) {
      append(errors, results.errors());
      return;
    }
    take_results(node, *results, first_new);
  }

  Result<std::vector<Value*>> expand_model_node(Builder& builder, const Node& node, std::vector<Value*> operands) {
    ExpandFunction function = find_expansion(node.op);
    if (!function) return internal_error("operator has no expansion", node.place);
    Expansion expansion(builder, node, opset_, std::move(operands), sequences_);
    std::vector<Value*> results = function(expansion);
    if (!expansion.subgraph_errors().empty()) return expansion.subgraph_errors();
    if (Status status = builder.status(); !status) return expansion.mark_wanted(std::move(status).errors());
    if (Diagnostics unread = expansion.unread(); !unread.empty()) return unread;
    return results;
  }

  Result<std::vector<Value*>> copy_core_node(Builder& builder, const Node& node, std::vector<Value*> operands) {
    std::vector<std::unique_ptr<Graph>> regions;
    for (const auto& region : node.regions) regions.push_back(region->clone());
    auto results = builder.node(node.op, std::move(operands), node.attributes, static_cast<int>(node.results.size()),
                                std::move(regions));
    RONDO_CHECK(builder.status());
    return results;
  }

  void take_results(const Node& node, const std::vector<Value*>& results, size_t first_new) {
    for (size_t i = 0; i < node.results.size(); ++i) {
      if (!node.results[i]) continue;
      Value* value = i < results.size() ? results[i] : nullptr;
      if (!value || (!value->type && !sequences_.is_placeholder(value))) {
        errors.push_back(
            unsupported(fmt::format("operator '{}' has no result {}", info(node.op).word, i), node.place));
        continue;
      }
      core_of_[node.results[i].get()] = value;
      const bool made_here = value->producer && is_new(value->producer, first_new);
      if (made_here && value->name.empty()) value->name = node.results[i]->name;
    }
  }

  bool is_new(const Node* producer, size_t first_new) const {
    for (size_t i = first_new; i < core_.nodes.size(); ++i) {
      if (core_.nodes[i].get() == producer) return true;
    }
    return false;
  }

  Graph& core_;
  Sequences& sequences_;
  const int opset_;
  std::map<const Value*, Value*> core_of_;  // looked up, never iterated
};

class Expander {
 public:
  Expander(Graph& model, Diagnostics& warnings) : model_(model), warnings_(warnings), core_(Level::core) {}

  Result<Graph> run() {
    sequences_.reserve_symbols(model_);
    expand_params();
    nodes_.expand_nodes(model_);
    append(errors_, nodes_.errors);
    expand_outputs();
    expand_states();
    if (Status merged = merge_symbols(core_); !merged) append(errors_, merged.errors());
    warn_of_bound_dims();
    write_back_types();
    if (!errors_.empty()) {
      tell_wanted();
      return std::move(errors_);
    }
    warn_of_contradictions();
    return std::move(core_);
  }

 private:
  /// Keeps of what would settle the errors what the user can give, and says so.
  void tell_wanted() {
    std::set<std::string> inputs, dims;
    for (const Value* input : model_.inputs()) {
      inputs.insert(input->name);
      if (!input->type) continue;
      for (const Dim& dim : input->type->shape) dim.collect_symbols(dims);
    }
    for (Diagnostic& error : errors_) {
      std::erase_if(error.wanted_inputs, [&](const std::string& name) { return !inputs.count(name); });
      std::erase_if(error.wanted_dims, [&](const std::string& name) { return !dims.count(name); });
      std::vector<std::string> options;
      for (const std::string& name : error.wanted_inputs) options.push_back("--const=" + name + "=VALUE|FILE.npy");
      for (const std::string& name : error.wanted_dims) options.push_back("--dim=" + name + "=N");
      if (!options.empty()) error.message += fmt::format("; what may settle it: {}", fmt::join(options, ", "));
    }
  }

  void expand_params() {
    core_.name = model_.name;
    core_.equalities = model_.equalities;
    core_.bindings = model_.bindings;
    core_.timing = model_.timing;
    for (const auto& param : model_.params) {
      const std::string place = fmt::format("input '{}'", param->name);
      if (!param->type) {
        errors_.push_back(invalid("has no declared type; an input needs an element type and a rank", place));
        continue;
      }
      nodes_.stand_for(param.get(), core_.add_param(param->type, param->name));
    }
  }

  void expand_outputs() {
    core_.output_names = model_.output_names;
    for (const Value* output : model_.outputs) {
      Value* value = nodes_.core_of(output);
      if (!value) continue;
      if (value->type)
        core_.outputs.push_back(value);
      else
        errors_.push_back(unsupported("is a sequence or an optional; an output must be a tensor (ConcatFromSequence "
                                      "makes one of a sequence)",
                                      fmt::format("output '{}'", output->name)));
    }
  }

  void expand_states() {
    for (const State& state : model_.states) {
      Value *current = nodes_.core_of(state.current), *next = nodes_.core_of(state.next);
      if (!current || !next || !next->type) continue;
      require_state_type(state.name, *current->type, *next->type);
      core_.states.push_back({state.name, current, next, state.initial});
    }
  }

  /// What a state becomes must be what it was.
  void require_state_type(const std::string& name, const Type& current, const Type& next) {
    const std::string place = fmt::format("state '{}'", name);
    bool same = current.dtype == next.dtype && current.rank() == next.rank();
    for (int i = 0; same && i < current.rank(); ++i) {
      same = core_.require_equal(current.shape[i], next.shape[i], place);
    }
    if (same) return;
    errors_.push_back(invalid(fmt::format("has type {}, but its next value has type {}; they must be the same",
                                          to_string(current), to_string(next)),
                              place));
  }

  void warn_of_bound_dims() {
    std::set<std::string> told;
    for (const auto& param : model_.params) {
      const Value* core = nodes_.core_of(param.get());
      if (!core || param->type->shape == core->type->shape) continue;
      for (size_t i = 0; i < param->type->shape.size(); ++i) {
        auto name = param->type->shape[i].symbol_name();
        auto bound = core->type->shape[i].constant();
        if (!name || !bound || !told.insert(*name).second) continue;
        warnings_.push_back(
            warning(fmt::format("dimension '{}' must be {}", *name, *bound), fmt::format("input '{}'", param->name)));
      }
    }
  }

  void write_back_types() {
    for (const auto& param : model_.params) write_back_type(*param);
    for (const auto& node : model_.nodes) {
      for (const auto& result : node->results) {
        if (result) write_back_type(*result);
      }
    }
  }

  void write_back_type(Value& value) {
    if (const Value* core = nodes_.core_of(&value)) value.type = core->type;
  }

  void warn_of_contradictions() {
    for (size_t i = 0; i < model_.declared_outputs.size() && i < core_.outputs.size(); ++i) {
      if (!model_.declared_outputs[i]) continue;
      std::string text = contradiction(*model_.declared_outputs[i], *core_.outputs[i]->type);
      if (!text.empty()) warnings_.push_back(warning(text, fmt::format("output '{}'", model_.output_names[i])));
    }
  }

  Graph& model_;
  Diagnostics& warnings_;
  Graph core_;
  Sequences sequences_;
  NodesExpander nodes_{core_, sequences_, model_.opset};
  Diagnostics errors_;
};

}  // namespace

Result<std::vector<Value*>> expand_subgraph(const Graph& subgraph, const std::vector<Value*>& arguments, Graph& into,
                                            Sequences& sequences) {
  NodesExpander nodes(into, sequences, subgraph.opset);
  if (arguments.size() != subgraph.params.size())
    return invalid(fmt::format("the subgraph has {} parameters, not {}", subgraph.params.size(), arguments.size()));
  for (size_t i = 0; i < arguments.size(); ++i) nodes.stand_for(subgraph.params[i].get(), arguments[i]);
  nodes.expand_nodes(subgraph);
  if (!nodes.errors.empty()) return std::move(nodes.errors);
  std::vector<Value*> outputs;
  for (const Value* output : subgraph.outputs) outputs.push_back(nodes.core_of(output));
  return outputs;
}

Result<Graph> expand(Graph& model, Diagnostics& warnings) { return Expander(model, warnings).run(); }

}  // namespace rondo
