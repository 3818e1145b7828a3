// Damage to constants: initializers that some node or output uses.
#include <array>

#include "tests/mutilate/mutations.h"

namespace rondo {
namespace {

constexpr int kFloat = 1, kInt32 = 6, kString = 8, kDouble = 11, kExternal = 1;

using Tensor = pb::TensorProto;

Tensor* used_initializer(pb::ModelProto& model, int site) {
  const auto used = used_names(model.graph());
  return pick(model.mutable_graph()->mutable_initializer(), site,
              [&](const Tensor& t) { return used.count(t.name()) != 0; });
}

void clear_data(Tensor& tensor) {
  tensor.clear_raw_data();
  tensor.clear_float_data();
  tensor.clear_int32_data();
  tensor.clear_int64_data();
  tensor.clear_double_data();
  tensor.clear_uint64_data();
}

bool has_elements(const Tensor& tensor) {
  for (int64_t dim : tensor.dims())
    if (dim == 0) return false;
  return true;
}

/// Lets `damage` work on the site-th used initializer; its answer is whether it could.
template <class Damage>
bool at(pb::ModelProto& model, int site, Damage damage) {
  Tensor* tensor = used_initializer(model, site);
  return tensor && damage(*tensor);
}

bool remove_initializer(pb::ModelProto& model, int site) {
  const Tensor* tensor = used_initializer(model, site);
  if (!tensor) return false;
  const std::string name = tensor->name();
  auto erase = [&](auto* elements) {
    for (int i = elements->size() - 1; i >= 0; --i)
      if (elements->Get(i).name() == name) elements->DeleteSubrange(i, 1);
  };
  erase(model.mutable_graph()->mutable_initializer());
  erase(model.mutable_graph()->mutable_input());  // where it could become an input of the model
  return true;
}

bool make_external(pb::ModelProto& model, int site, const std::string& location, const std::string& offset) {
  return at(model, site, [&](Tensor& tensor) {
    clear_data(tensor);
    tensor.set_data_location(kExternal);
    auto add = [&](const char* key, const std::string& value) {
      auto* entry = tensor.add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    };
    if (!location.empty()) add("location", location);
    if (!offset.empty()) add("offset", offset);
    return true;
  });
}

bool set_type(pb::ModelProto& model, int site, int code) {
  return at(model, site, [&](Tensor& tensor) { return tensor.set_data_type(code), true; });
}

constexpr auto kMutations = std::to_array<Mutation>({
    {"missing-initializer", Expect::read_fails, remove_initializer},
    {"nameless-initializer", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return at(m, s, [](Tensor& t) { return t.clear_name(), true; }); }},
    {"duplicate-initializer", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [&](Tensor& t) { return *m.mutable_graph()->add_initializer() = Tensor(t), true; });
     }},
    {"initializer-larger-than-data", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Tensor& t) { return has_elements(t) ? (t.add_dims(2), true) : false; });
     }},
    {"initializer-without-data", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Tensor& t) {
         clear_data(t);
         t.clear_external_data();
         t.clear_data_location();
         return has_elements(t);
       });
     }},
    {"initializer-dims-negative", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return at(m, s, [](Tensor& t) { return t.add_dims(-5), true; }); }},
    {"initializer-dims-negated", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Tensor& t) { return t.add_dims(-1), t.add_dims(-1), true; });
     }},
    {"initializer-dims-huge", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Tensor& t) { return has_elements(t) ? (t.add_dims(int64_t{1} << 62), true) : false; });
     }},
    {"initializer-dims-wrap-to-zero", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Tensor& t) {
         clear_data(t);
         t.clear_dims();
         t.add_dims(int64_t{1} << 32);
         t.add_dims(int64_t{1} << 32);
         return true;
       });
     }},
    {"initializer-dims-wrap-to-size", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Tensor& t) {
         if (!has_elements(t)) return false;
         t.add_dims((int64_t{1} << 62) + 1);  // times 4 bytes is 4, modulo 2^64
         return true;
       });
     }},
    {"initializer-data-cut", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Tensor& t) {
         if (t.raw_data().empty()) return false;
         t.mutable_raw_data()->pop_back();
         return true;
       });
     }},
    {"initializer-data-twice", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Tensor& t) {
         if (t.raw_data().empty()) return false;
         t.add_float_data(1);
         t.add_double_data(1);
         return true;
       });
     }},
    {"initializer-in-segments", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Tensor& t) { return t.mutable_segment()->set_end(1), true; });
     }},
    {"initializer-type-undefined", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_type(m, s, 0); }},
    {"initializer-type-unknown", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_type(m, s, 99); }},
    {"initializer-type-negative", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_type(m, s, -1); }},
    {"initializer-type-string", Expect::read_fails, [](pb::ModelProto& m, int s) { return set_type(m, s, kString); }},
    {"initializer-type-wider", Expect::read_fails,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Tensor& t) {
         return t.data_type() == kFloat && has_elements(t) ? (t.set_data_type(kDouble), true) : false;
       });
     }},
    {"initializer-bits-as-integers", Expect::may_pass,
     [](pb::ModelProto& m, int s) {
       return at(m, s, [](Tensor& t) {
         return t.data_type() == kFloat && !t.raw_data().empty() ? (t.set_data_type(kInt32), true) : false;
       });
     }},
    {"external-without-location", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return make_external(m, s, "", "0"); }},
    {"external-absolute", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return make_external(m, s, "/etc/hostname", ""); }},
    {"external-above", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return make_external(m, s, "../../../../etc/hostname", ""); }},
    {"external-missing", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return make_external(m, s, "no such file.bin", "0"); }},
    {"external-folder", Expect::read_fails, [](pb::ModelProto& m, int s) { return make_external(m, s, ".", "0"); }},
    {"external-bad-offset", Expect::read_fails,
     [](pb::ModelProto& m, int s) { return make_external(m, s, "weights.bin", "-1"); }},
});

}  // namespace

std::span<const Mutation> initializer_mutations() { return kMutations; }

}  // namespace rondo
