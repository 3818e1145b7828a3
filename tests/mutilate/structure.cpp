// Damage to the model as a whole: its graph, interface, names and operator set.
#include <array>

#include "tests/mutilate/mutations.h"

namespace rondo {
namespace {

constexpr int64_t kHuge = int64_t{1} << 62;

bool is_initializer(const pb::GraphProto& graph, const std::string& name) {
  for (const auto& initializer : graph.initializer())
    if (initializer.name() == name) return true;
  return false;
}

pb::ValueInfoProto* real_input(pb::ModelProto& model, int site) {
  const pb::GraphProto& graph = model.graph();
  return pick(model.mutable_graph()->mutable_input(), site,
              [&](const pb::ValueInfoProto& input) { return !is_initializer(graph, input.name()); });
}

pb::TypeProto::Tensor* input_type(pb::ModelProto& model, int site) {
  pb::ValueInfoProto* input = real_input(model, site);
  return input && input->type().has_tensor_type() ? input->mutable_type()->mutable_tensor_type() : nullptr;
}

/// The site-th input with a dimension; its dims.
google::protobuf::RepeatedPtrField<pb::TensorShapeProto::Dimension>* input_dims(pb::ModelProto& model, int site) {
  pb::TypeProto::Tensor* type = input_type(model, site);
  return type && type->shape().dim_size() > 0 ? type->mutable_shape()->mutable_dim() : nullptr;
}

bool set_dims(pb::ModelProto& model, int site, int64_t value, int at_least) {
  auto* dims = input_dims(model, site);
  if (!dims || dims->size() < at_least) return false;
  for (auto& dim : *dims) dim.set_dim_value(value);
  return true;
}

bool remove_input(pb::ModelProto& model, int site) {
  const auto used = used_names(model.graph());
  pb::ValueInfoProto* input = real_input(model, site);
  if (!input || !used.count(input->name())) return false;
  auto* inputs = model.mutable_graph()->mutable_input();
  for (int i = 0; i < inputs->size(); ++i)
    if (&inputs->Get(i) == input) {
      inputs->DeleteSubrange(i, 1);
      return true;
    }
  return false;
}

bool set_elem_type(pb::ModelProto& model, int site, int code) {
  pb::TypeProto::Tensor* type = input_type(model, site);
  if (!type) return false;
  type->set_elem_type(code);
  return true;
}

bool set_opset(pb::ModelProto& model, int site, int64_t version) {
  if (site > 0) return false;
  model.clear_opset_import();
  model.add_opset_import()->set_version(version);
  return true;
}

bool once(int site) { return site == 0; }

constexpr auto kMutations = std::to_array<Mutation>({
    {"no-graph", Expect::read_fails, [](pb::ModelProto& m, int site) { return m.clear_graph(), once(site); }},
    {"empty-graph", Expect::read_fails,
     [](pb::ModelProto& m, int site) { return m.mutable_graph()->Clear(), once(site); }},
    {"no-outputs", Expect::read_fails,
     [](pb::ModelProto& m, int site) { return m.mutable_graph()->clear_output(), once(site); }},
    {"no-nodes", Expect::read_fails,
     [](pb::ModelProto& m, int site) {
       pb::GraphProto* graph = m.mutable_graph();
       if (live_nodes(*graph).empty()) return false;
       return graph->clear_node(), once(site);
     }},
    {"undefined-output", Expect::read_fails,
     [](pb::ModelProto& m, int site) {
       m.mutable_graph()->add_output()->set_name("nowhere to be found");
       return once(site);
     }},
    {"nameless-output", Expect::read_fails,
     [](pb::ModelProto& m, int site) { return m.mutable_graph()->add_output(), once(site); }},
    {"duplicate-output", Expect::read_fails,
     [](pb::ModelProto& m, int site) {
       pb::GraphProto* graph = m.mutable_graph();
       if (site >= graph->output_size()) return false;
       return *graph->add_output() = pb::ValueInfoProto(graph->output(site)), true;
     }},
    {"missing-input", Expect::read_fails, remove_input},
    {"duplicate-input", Expect::read_fails,
     [](pb::ModelProto& m, int site) {
       pb::GraphProto* graph = m.mutable_graph();
       if (site >= graph->input_size()) return false;
       return *graph->add_input() = pb::ValueInfoProto(graph->input(site)), true;
     }},
    {"nameless-input", Expect::read_fails,
     [](pb::ModelProto& m, int site) { return m.mutable_graph()->add_input(), once(site); }},
    {"input-without-type", Expect::read_fails,
     [](pb::ModelProto& m, int site) {
       pb::ValueInfoProto* input = real_input(m, site);
       return input ? (input->clear_type(), true) : false;
     }},
    {"input-without-shape", Expect::read_fails,
     [](pb::ModelProto& m, int site) {
       pb::TypeProto::Tensor* type = input_type(m, site);
       return type ? (type->clear_shape(), true) : false;
     }},
    {"sequence-input", Expect::read_fails,
     [](pb::ModelProto& m, int site) {
       pb::ValueInfoProto* input = real_input(m, site);
       return input ? (input->mutable_type()->mutable_sequence_type(), true) : false;
     }},
    {"input-type-undefined", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_elem_type(m, s, 0); }},
    {"input-type-unknown", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_elem_type(m, s, 99); }},
    {"input-type-string", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_elem_type(m, s, 8); }},
    {"input-type-complex", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_elem_type(m, s, 14); }},
    {"input-dims-negative", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_dims(m, s, -5, 1); }},
    {"input-dims-smallest", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_dims(m, s, INT64_MIN, 1); }},
    {"input-dims-huge", Expect::compile_fails, [](pb::ModelProto& m, int s) { return set_dims(m, s, kHuge, 2); }},
    {"input-dims-zero", Expect::may_pass, [](pb::ModelProto& m, int s) { return set_dims(m, s, 0, 1); }},
    {"input-dims-one", Expect::may_pass, [](pb::ModelProto& m, int s) { return set_dims(m, s, 1, 1); }},
    {"input-dims-dynamic", Expect::may_pass, [](pb::ModelProto& m, int s) { return set_dims(m, s, -1, 1); }},
    {"input-rank-dropped", Expect::may_pass,
     [](pb::ModelProto& m, int site) {
       auto* dims = input_dims(m, site);
       return dims ? (dims->RemoveLast(), true) : false;
     }},
    {"opset-zero", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_opset(m, s, 0); }},
    {"opset-negative", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_opset(m, s, -3); }},
    {"opset-from-the-future", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_opset(m, s, 1000); }},
    {"opset-one", Expect::may_pass, [](pb::ModelProto& m, int s) { return set_opset(m, s, 1); }},
    {"two-opsets", Expect::read_fails,
     [](pb::ModelProto& m, int site) {
       m.add_opset_import()->set_version(7);
       m.add_opset_import()->set_version(8);
       return once(site);
     }},
    {"nodes-reversed", Expect::may_pass,
     [](pb::ModelProto& m, int site) {
       auto* nodes = m.mutable_graph()->mutable_node();
       for (int i = 0, j = nodes->size() - 1; i < j; ++i, --j) nodes->SwapElements(i, j);
       return once(site);
     }},
});

}  // namespace

std::span<const Mutation> structure_mutations() { return kMutations; }

}  // namespace rondo
