// Several errors of a JSON model at once: a valid model of each dialect, changed in several places. Each place gives
// its error, in the order of the text, and no others follow from them.
#include "support/error_list.h"
#include "tests/frontend/json_models.h"
#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

using Changes = std::vector<std::pair<std::string, std::string>>;
using Pointers = std::vector<std::string>;

/// Where the errors are of a text with changes; each shows its line, with a caret.
Pointers errors_of(const std::string& name, std::string text, const Changes& changes) {
  for (const auto& [from, to] : changes) {
    const size_t at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from);
    text.replace(at, from.size(), to);
  }
  TempFolder folder;
  Diagnostics warnings;
  const auto graph = read_model(folder.write(name, text), warnings);
  Pointers pointers;
  if (graph) return pointers;
  for (const Diagnostic& error : graph.errors()) {
    CAPTURE(to_string(error));
    if (error.untold > 0) {
      pointers.push_back(error.message);
      continue;
    }
    CHECK(error.message.ends_with("^"));
    pointers.push_back(error.place.substr(error.place.find(": ") + 2));
  }
  return pointers;
}

}  // namespace

TEST_CASE("several errors of Keras/RTNeural JSON") {
  // A layer's own errors, and those of the layers behind it; what it should have given them is not asked.
  CHECK(errors_of("model.json", kRtneuralJson,
                  {{"\"activation\": \"tanh\"", "\"activation\": \"tangent\""},
                   {"[0.01, 0.02, 0.03]", "[0.01, 0.02]"},
                   {"\"type\": \"lstm\"", "\"type\": \"lsdm\""},
                   {"\"groups\": 1", "\"group\": 1"},
                   {"[2, 3], [0.1, 0.2]", "[2, 3], [0.1, \"0.2\"]"},
                   {"[0.5, 0.25], [0.75, 2]", "[0.5], [0.75, 2, 3]"},
                   {"\"activation\": \"relu\"", "\"activation\": \"reglu\""},
                   {"[[[2], [3]]]", "[[[2], [3, 4]]]"}}) ==
        Pointers{"/layers/0/activation", "/layers/0/weights/1", "/layers/1/type", "/layers/2/group",
                 "/layers/3/weights/1/1", "/layers/5/activation", "/layers/6/weights/0/1"});
  // An input that nobody knows: layers are measured by what they say themselves.
  CHECK(errors_of("model.json", kRtneuralJson,
                  {{"\"in_shape\": [null, null, 2]", "\"in_shape\": [null, \"T\", 0]"},
                   {"\"kernel_size\": [2]", "\"kernel_size\": [3]"}}) ==
        Pointers{"/in_shape/1", "/in_shape/2", "/layers/2/weights/0"});
}

TEST_CASE("several errors of AIDA-X JSON") {
  CHECK(errors_of("model.json", kAidaxJson,
                  {{"\"in_skip\": 1", "\"in_skip\": 2"},
                   {"\"in_gain\": 20", "\"in_gain\": 2000"},
                   {"\"out_gain\": -20", "\"out_gain\": \"-20\""},
                   {"\"type\": \"gru\"", "\"type\": \"gro\""},
                   {"[0.125]", "[0.125, 1]"}}) ==
        Pointers{"/in_skip", "/in_gain", "/out_gain", "/layers/0/type", "/layers/1/weights/1"});
}

TEST_CASE("several errors of GuitarML JSON") {
  CHECK(errors_of("model.json", kGuitarmlJson,
                  {{"\"input_size\": 2", "\"input_size\": -2"},
                   {"\"unit_type\": \"GRU\"", "\"unit_type\": \"GRUU\""},
                   {"\"bias_fl\": true", "\"bias_fl\": 1"},
                   {"[0.75, -0.5]", "[0.75]"},
                   {"\"lin.weight\": [[2]]", "\"lin.weight\": [[true]]"}}) ==
        Pointers{"/model_data/input_size", "/model_data/unit_type", "/model_data/bias_fl",
                 "/state_dict/rec.weight_ih_l0/1", "/state_dict/lin.weight/0/0"});
  CHECK(errors_of("model.json", kGuitarmlJson,
                  {{"[0.1, 0.2, 0.3]", "[0.1, 0.2]"},
                   {"[[0.5], [-0.5], [1.5]]", "[[0.5], [-0.5]]"},
                   {"[0, 0.125, 0.25]", "[0, 0.125]"},
                   {"\"lin.bias\": [0.5]", "\"lin.bias\": [0.5, 1]"}}) ==
        Pointers{"/state_dict/rec.bias_ih_l0", "/state_dict/rec.weight_ih_l1", "/state_dict/rec.bias_hh_l1",
                 "/state_dict/lin.bias"});
}

TEST_CASE("several errors of .nam files") {
  CHECK(errors_of("model.nam", kNamJson,
                  {{"\"input_size\": 1", "\"input_size\": 0"},
                   {"\"hidden_size\": 1", "\"hidden_size\": null"},
                   {"\"num_layers\": 1", "\"num_layers\": 65"},
                   {"[0.5, 0.25, ", "[0.5, [0.25], "}}) ==
        Pointers{"/config/input_size", "/config/hidden_size", "/config/num_layers", "/weights/1"});
}

TEST_CASE("several errors of state_dict JSON") {
  CHECK(errors_of("model.json", kStateDictJson,
                  {{"[0.1]", "[0.1, 0.2]"}, {"[0.2]", "[]"}, {"[[2], [-1]]", "[[2], [-1, 3]]"}}) ==
        Pointers{"/rnn.bias_ih_l0", "/rnn.bias_hh_l0", "/out.weight/1"});
  const std::string chain = R"({"0.weight": [[[1, 2], [3, 4]], [[1, 1], [1, 1]]], "0.dilation": 0,
    "1.weight": [1, 1], "1.bias": [0, 0], "1.running_mean": [1], "1.running_var": [1, 2, 3],
    "2.wait": [1], "3.weight": [[1, 1]], "3.bias": [0, 1]})";
  CHECK(errors_of("model.json", chain, {}) ==
        Pointers{"/0.dilation", "/1.running_mean", "/1.running_var", "/2.wait", "/3.bias"});
}

TEST_CASE("several errors of Keras JSON in frugally-deep's form") {
  const std::string layers = "/architecture/config/layers";
  CHECK(errors_of("model.json", kKerasJson,
                  {{"[null, null, 1], \"dtype\"", "[null, null, null], \"dtype\""},
                   {"\"activation\": \"tanh\"", "\"activation\": \"tang\""},
                   {"\"padding\": \"causal\"", "\"padding\": \"full\""},
                   {"\"recurrent_activation\": \"sigmoid\"", "\"recurrent_activation\": \"softmax\""},
                   {"\"output_layers\": [[\"g\", 0, 0]]", "\"output_layers\": [[\"h\", 0, 0]]"},
                   {"\"AEA=\"", "\"AEA\""}}) ==
        Pointers{layers + "/0/config/batch_input_shape/2", layers + "/1/config/activation",
                 layers + "/2/config/padding", layers + "/4/config/recurrent_activation",
                 "/architecture/config/output_layers", "/trainable_params/d/weights"});
  // A layer whose name is not known may be any that others ask for.
  CHECK(errors_of("model.json", kKerasJson, {{"\"name\": \"d\"", "\"name\": 7"}, {"\"name\": \"d\"", "\"name\": 8"}})
            .size() == 1);
}

TEST_CASE("several errors of rondo's own JSON") {
  CHECK(errors_of("model.json", kRondoJson,
                  {{"\"opset\": 17", "\"opset\": 99"},
                   {"f32[T, 2]", "f33[T, 2]"},
                   {"{\"i64\": [1]}", "{\"i64\": [1.5]}"},
                   {"Tanh(x @ W + 0.5)", "Tanhh(x @ W + 0.5)"},
                   {"\"xt\": \"p\"", "\"xt\": \"q\""},
                   {"\"n = 0.5", "\"n == 0.5"},
                   {"\"end\": \"h\"", "\"end\": \"g\""},
                   {"\"op\": \"ReduceSum\"", "\"op\": \"ReduceSums\""},
                   {"{\"keepdims\": 1}", "{\"keepdims\": [1, \"a\"]}"},
                   {"[\"y\", \"end\"]", "[\"y\", \"ends\"]"}}) ==
        Pointers{"/opset", "/inputs/x", "/constants/axes/i64", "/nodes/0", "/nodes/1/scan/over/xt",
                 "/nodes/1/scan/nodes/0", "/nodes/1/scan/last/end", "/nodes/2/op", "/nodes/2/attributes/keepdims",
                 "/outputs/1"});
  // Where a node's names are not known, nobody is blamed for a name.
  CHECK(errors_of("model.json", kRondoJson, {{"p = Tanh", "= Tanh"}}) == Pointers{"/nodes/0"});
}

TEST_CASE("a JSON model of many errors tells the first of them, and how many more there are") {
  const auto errors = [](int count) {
    std::string nodes;
    for (int i = 0; i < count; ++i) nodes += std::string(i ? "," : "") + "\"y = Tahn(x)\"";
    return errors_of("model.json",
                     R"({"rondo": 1, "inputs": {"x": "f32[1]"}, "outputs": ["y"], "nodes": [)" + nodes + "]}", {});
  };
  CHECK(errors(20).size() == 20);
  CHECK(errors(20).back() == "/nodes/19");
  REQUIRE(errors(21).size() == 21);
  CHECK(errors(21).back() == "and 1 more error");
  REQUIRE(errors(100).size() == 21);
  CHECK(errors(100).back() == "and 80 more errors");
}

TEST_CASE("errors of parts count among those of the whole") {
  ErrorList part, whole, stopped;
  for (int i = 0; i < 30; ++i) part.add({invalid("wrong")});
  CHECK(part.status().errors().size() == 21);
  for (int i = 0; i < 3; ++i) whole.keep(part.status());
  REQUIRE(whole.status().errors().size() == 21);
  CHECK(whole.status().errors().back().message == "and 70 more errors");
  CHECK_FALSE(stopped.stops());
  for (int i = 0; i < 20; ++i) stopped.add({invalid("wrong")});
  CHECK_FALSE(stopped.stops());
  stopped.add({invalid("wrong")});
  CHECK(stopped.stops());
  CHECK(stopped.status().errors().back().message == "reading stopped after 20 errors: there are more");
  whole.keep(stopped.status());
  CHECK(whole.status().errors().back().message == "reading stopped after 20 errors: there are more");
}
