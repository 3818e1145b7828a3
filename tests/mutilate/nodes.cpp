// Damage to nodes: operators, operands, results and attributes of nodes that an output depends on.
#include <algorithm>
#include <array>

#include "tests/mutilate/mutations.h"

namespace rondo {
namespace {

constexpr int kInt = 2, kString = 3, kInts = 7, kStrings = 8;

using Node = pb::NodeProto;
using Attribute = pb::AttributeProto;

template <class Damage>
bool at(pb::ModelProto& model, int site, Damage damage) {
  // Counted over the nodes where the damage can be done; trying it on a copy finds out.
  for (Node* node : live_nodes(*model.mutable_graph())) {
    Node copy = *node;
    if (damage(copy) && site-- == 0) return damage(*node);
  }
  return false;
}

bool is_recurrent(const Node& node) {
  return node.op_type() == "LSTM" || node.op_type() == "GRU" || node.op_type() == "RNN";
}

/// The recurrent node's attribute, made if it is not there.
Attribute* attribute(Node& node, const char* name) {
  for (auto& attribute : *node.mutable_attribute())
    if (attribute.name() == name) return &attribute;
  Attribute* added = node.add_attribute();
  added->set_name(name);
  return added;
}

template <class Damage>
bool at_recurrent(pb::ModelProto& model, int site, Damage damage) {
  return at(model, site, [&](Node& node) { return is_recurrent(node) && (damage(node), true); });
}

std::string* first_named(google::protobuf::RepeatedPtrField<std::string>* names) {
  for (std::string& name : *names)
    if (!name.empty()) return &name;
  return nullptr;
}

/// A node takes an operand from a later one that already depends on it.
bool make_cycle(pb::ModelProto& model, int site) {
  auto* nodes = model.mutable_graph()->mutable_node();
  for (Node& user : *nodes)
    for (Node& maker : *nodes) {
      if (&user == &maker || maker.input().empty() || !first_named(user.mutable_output())) continue;
      const bool depends = std::any_of(maker.output().begin(), maker.output().end(), [&](const std::string& result) {
        return !result.empty() && std::count(user.input().begin(), user.input().end(), result) != 0;
      });
      if (!depends || site-- != 0) continue;
      *maker.mutable_input(0) = *first_named(user.mutable_output());
      return true;
    }
  return false;
}

bool set_attribute_type(pb::ModelProto& model, int site, int type) {
  return at(model, site, [&](Node& node) {
    if (node.attribute().empty() || node.attribute(0).type() == type) return false;
    const bool single = node.attribute(0).has_f() || node.attribute(0).has_i() || node.attribute(0).has_s() ||
                        node.attribute(0).has_t() || node.attribute(0).has_g();
    return single && (node.mutable_attribute(0)->set_type(type), true);
  });
}

constexpr auto kMutations = std::to_array<Mutation>({
    {"undefined-operand", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Node& n) {
         std::string* name = first_named(n.mutable_input());
         return name && (*name = "nowhere to be found", true);
       });
     }},
    {"own-result-as-operand", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Node& n) {
         std::string* result = first_named(n.mutable_output());
         return result && (n.add_input(*result), true);
       });
     }},
    {"cycle", Expect::read_fails, make_cycle},
    {"duplicate-result", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Node& n) {
         std::string* result = first_named(n.mutable_output());
         return result && (n.add_output(std::string(*result)), true);
       });
     }},
    {"result-named-as-operand", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Node& n) {
         std::string* operand = first_named(n.mutable_input());
         return operand && (n.add_output(*operand), true);
       });
     }},
    {"node-twice", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [&m](Node& n) {
         const auto& nodes = m.graph().node();
         const bool in_graph = std::any_of(nodes.begin(), nodes.end(), [&](const Node& other) { return &other == &n; });
         const Node copy = n;
         if (in_graph) *m.mutable_graph()->add_node() = copy;
         return true;
       });
     }},
    {"no-operator", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return at(m, s, [](Node& n) { return n.clear_op_type(), true; }); }},
    {"unknown-operator", Expect::compile_fails,
     [](pb::ModelProto& m, int s) { return at(m, s, [](Node& n) { return n.set_op_type("NoSuchOperator"), true; }); }},
    {"core-operator", Expect::compile_fails,
     [](pb::ModelProto& m, int s) { return at(m, s, [](Node& n) { return n.set_op_type("matmul"), true; }); }},
    {"unknown-domain", Expect::compile_fails,
     [](pb::ModelProto& m, int s) { return at(m, s, [](Node& n) { return n.set_domain("com.nowhere"), true; }); }},
    {"unknown-attribute", Expect::compile_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Node& n) {
         Attribute* added = attribute(n, "no_such_attribute");
         return added->set_type(kInt), added->set_i(3), true;
       });
     }},
    {"attribute-type-unknown", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return set_attribute_type(m, s, 77); }},
    {"attribute-type-negative", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return set_attribute_type(m, s, -2); }},
    {"attribute-type-ints", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return set_attribute_type(m, s, kInts); }},
    {"attribute-type-strings", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return set_attribute_type(m, s, kStrings); }},
    {"attribute-without-name", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return at(m, s, [](Node& n) { return n.add_attribute()->set_i(1), true; }); }},
    {"attribute-twice", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Node& n) {
         return !n.attribute().empty() && (*n.add_attribute() = Attribute(n.attribute(0)), true);
       });
     }},
    {"attribute-of-a-function", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Node& n) {
         return !n.attribute().empty() && (n.mutable_attribute(0)->set_ref_attr_name("other"), true);
       });
     }},
    {"attribute-with-two-values", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Node& n) {
         Attribute* added = n.add_attribute();
         return added->set_name("two"), added->set_i(1), added->set_f(1), true;
       });
     }},
    {"attributes-dropped", Expect::may_pass,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Node& n) { return !n.attribute().empty() && (n.clear_attribute(), true); });
     }},
    {"last-operand-dropped", Expect::may_pass,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Node& n) { return !n.input().empty() && (n.mutable_input()->RemoveLast(), true); });
     }},
    {"operands-blanked", Expect::may_pass,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Node& n) {
         for (auto& name : *n.mutable_input()) name.clear();
         return !n.input().empty();
       });
     }},
    {"hidden-size-wrong", Expect::compile_fails,
     [](pb::ModelProto& m, int s) {
       return at_recurrent(m, s, [](Node& n) {
         Attribute* size = attribute(n, "hidden_size");
         size->set_type(kInt);
         size->set_i(size->i() + 1000003);
       });
     }},
    {"hidden-size-huge", Expect::compile_fails,
     [](pb::ModelProto& m, int s) {
       return at_recurrent(m, s, [](Node& n) {
         attribute(n, "hidden_size")->set_type(kInt);
         attribute(n, "hidden_size")->set_i(int64_t{1} << 62);
       });
     }},
    {"hidden-size-as-text", Expect::compile_fails,
     [](pb::ModelProto& m, int s) {
       return at_recurrent(m, s, [](Node& n) {
         Attribute* size = attribute(n, "hidden_size");
         size->clear_i();
         size->set_type(kString);
         size->set_s("many");
       });
     }},
    {"direction-sideways", Expect::compile_fails,
     [](pb::ModelProto& m, int s) {
       return at_recurrent(m, s, [](Node& n) {
         attribute(n, "direction")->set_type(kString);
         attribute(n, "direction")->set_s("sideways");
       });
     }},
    {"unknown-activation", Expect::compile_fails,
     [](pb::ModelProto& m, int s) {
       return at_recurrent(m, s, [](Node& n) {
         Attribute* activations = attribute(n, "activations");
         activations->set_type(kStrings);
         activations->clear_strings();
         for (int i = 0; i < 6; ++i) activations->add_strings("NoSuchActivation");
       });
     }},
    {"recurrent-without-weights", Expect::compile_fails,
     [](pb::ModelProto& m, int s) {
       return at_recurrent(m, s, [](Node& n) {
         while (n.input_size() > 1) n.mutable_input()->RemoveLast();
       });
     }},
    {"recurrent-with-thirty-operands", Expect::compile_fails,
     [](pb::ModelProto& m, int s) {
       return at_recurrent(m, s, [](Node& n) {
         while (n.input_size() < 30) n.add_input(n.input(0));
       });
     }},
    {"weights-swapped", Expect::may_pass,
     [](pb::ModelProto& m, int s) {
       return at_recurrent(m, s, [](Node& n) {
         if (n.input_size() > 2) n.mutable_input()->SwapElements(1, 2);
       });
     }},
});

}  // namespace

std::span<const Mutation> node_mutations() { return kMutations; }

}  // namespace rondo
