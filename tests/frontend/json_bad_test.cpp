// Malformed JSON models: a valid model of each dialect, changed in one place. Each change is an error that names the
// place by a JSON pointer and says what would be accepted; and no other errors follow from it.
#include "tests/frontend/json_models.h"
#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

/// Text to be replaced, and the place and a part of the message of the first error that follows; how many places are
/// wrong.
struct Change {
  std::string from, to, pointer, part;
  size_t count = 1;
};

std::string changed(std::string text, const Change& change) {
  const size_t at = text.find(change.from);
  REQUIRE_MESSAGE(at != std::string::npos, change.from);
  return text.replace(at, change.from.size(), change.to);
}

void check_valid(const std::string& name, const std::string& text) {
  TempFolder folder;
  Diagnostics warnings;
  const auto graph = read_model(folder.write(name, text), warnings);
  CHECK_MESSAGE(graph, to_string(graph ? Diagnostic{} : graph.errors()[0]));
  CHECK(warnings.empty());
}

void check_all(const std::string& name, const std::string& valid, const std::vector<Change>& changes) {
  check_valid(name, valid);
  CHECK(changes.size() >= 10);
  TempFolder folder;
  for (const Change& change : changes) {
    CAPTURE(change.from);
    CAPTURE(change.to);
    Diagnostics warnings;
    const auto graph = read_model(folder.write(name, changed(valid, change)), warnings);
    CHECK_FALSE(graph);
    if (graph) continue;
    REQUIRE_FALSE(graph.errors().empty());
    const Diagnostic& error = graph.errors()[0];
    CAPTURE(to_string(error));
    CAPTURE(to_string(graph.errors().back()));
    CHECK(graph.errors().size() == change.count);
    CHECK(error.place.substr(error.place.find(": ") + 2) == change.pointer);
    CHECK(error.message.ends_with("^"));
    CHECK(error.message.find(change.part) != std::string::npos);
    CHECK(error.file == folder.file(name).string());
    CHECK(error.severity != Severity::internal);
  }
}

}  // namespace

TEST_CASE("malformed Keras/RTNeural JSON") {
  check_all(
      "model.json", kRtneuralJson,
      {
          {"\"in_shape\": [null, null, 2]", "\"in_shape\": 2", "/in_shape", "found the number 2; accepted: a shape"},
          {"\"in_shape\": [null, null, 2]", "\"in_shape\": [null, null, null]", "/in_shape/2",
           "the number of features"},
          {"\"in_shape\": [null, null, 2]", "\"in_shape\": [2]", "/in_shape", "[batch, time, features]"},
          {"\"in_shape\": [null, null, 2]", "\"in_shape\": [null, null, 3]", "/layers/0/weights/0", "accepted: [3, 3]"},
          {"\"in_shape\": [null, null, 2]", "\"in_shape\": [null, -4, 2]", "/in_shape/1", "found the number -4"},
          {"\"in_shape\": [null, null, 2],", "", "/", "'in_shape' is missing"},
          {"\"type\": \"dense\"", "\"type\": \"densely\"", "/layers/0/type", "accepted: dense, "},
          {"\"type\": \"dense\", ", "", "/layers/0", "'type' is missing"},
          {"\"activation\": \"tanh\"", "\"activation\": \"tan\"", "/layers/0/activation", "accepted: linear, tanh"},
          {"\"activation\": \"tanh\"", "\"activation\": 7", "/layers/0/activation",
           "found the number 7; accepted: a text"},
          {"[0.4, 0.5, 0.6]]", "[0.4, 0.5]]", "/layers/0/weights/0/1", "found a list of 2; accepted: a list of 3"},
          {"0.02", "\"0.02\"", "/layers/0/weights/1/1", "found the text '0.02'; accepted: a number"},
          {"[0.01, 0.02, 0.03]]}", "[0.01, 0.02]]}", "/layers/0/weights/1", "found an array [2]; accepted: [3]"},
          {"\"shape\": [null, null, 2],\n     \"weights\": [[[1,",
           "\"shape\": [null, null, 4],\n     \"weights\": [[[1,", "/layers/1/weights/0",
           "found an array [3, 8]; accepted: [3, 16]"},
          {"\"kernel_size\": [2]", "\"kernel_size\": [0]", "/layers/2/kernel_size/0", "an integer from 1"},
          {"\"kernel_size\": [2]", "\"kernel_size\": [3]", "/layers/2/weights/0", "accepted: [3, 2, 2]"},
          {"\"groups\": 1", "\"groups\": 3", "/layers/2/groups", "a divisor of the 2 inputs"},
          {"\"dilation\": [3]", "\"dilation\": [1, 2]", "/layers/2/dilation", "a list of one"},
          {"\"groups\": 1", "\"mode\": 1", "/layers/2/mode", "means nothing here"},
          {"[0.75, 2]]", "[-0.75, 2]]", "/layers/3/weights/3", "a positive sum"},
          {"[0.75, 2]]", "]", "/layers/3/weights/3", ""},
          {"[[[0.5, 0.25]]]", "[[[0.5, 0.25, 1]]]", "/layers/4/weights/0", "one slope for each channel"},
          {"\"shape\": [null, null, 1], \"weights\": [[[2]", "\"shape\": [null, null, 2], \"weights\": [[[2]",
           "/layers/6/weights/0", "accepted: [2, 2]"},
          {"[[[2], [3]]]", "[[[2], [3]], [1], [1]]", "/layers/6/weights", "found a list of 3"},
          {"0.75", "NaN", "/layers/3/weights/3/0", "not JSON"},
          {"0.75", "1e999", "/layers/3/weights/3/0", "overflow"},
          {"0.75", "1e300", "/layers/3/weights/3/0", "float32"},
          {"\"epsilon\": 0.25", "\"epsilon\": 0.25, \"epsilon\": 1", "/layers/3/epsilon", "given twice"},
      });
}

TEST_CASE("malformed AIDA-X JSON") {
  check_all("model.json", kAidaxJson,
            {
                {"\"in_skip\": 1", "\"in_skip\": 2", "/in_skip", "an integer from 0 to 1"},
                {"\"in_skip\": 1", "\"in_skip\": \"yes\"", "/in_skip", "0, 1, true or false"},
                {"\"in_gain\": 20", "\"in_gain\": \"20\"", "/in_gain", "a number"},
                {"\"in_gain\": 20", "\"in_gain\": 2000", "/in_gain", "200 dB"},
                {"\"out_gain\": -20", "\"out_gain\": [-20]", "/out_gain", "found a list of 1; accepted: a number"},
                {"\"out_gain\": -20", "\"out_gain\": Infinity", "/out_gain", "not JSON"},
                {"\"in_shape\": [null, null, 1]", "\"in_shape\": {}", "/in_shape", "found an object"},
                {"\"type\": \"gru\"", "\"type\": \"gruu\"", "/layers/0/type", "accepted: dense"},
                {"[0.4, 0.5, 0.6]", "[0.4, 0.5]", "/layers/0/weights/2/1", "a list of 3"},
                {"[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]", "[0.1, 0.2]", "/layers/0/weights/2", "b[3 * hidden]"},
                {"[[0.5, -0.5, 0.25]], ", "", "/layers/0/weights/1", "U[hidden, 3 * hidden]"},
                {"\"shape\": [null, null, 1], \"weights\": [[[2]]",
                 "\"shape\": [null, null, 2], \"weights\": [[[2, 2]]", "/layers/1/weights/1", "accepted: [2]"},
                {"[[[2]], [0.125]]", "[[[2, 3]], [1, 2]]", "/layers/1/weights/0", "accepted: [1, 1]"},
                {"\"metadata\"", "\"in_gain\"", "/in_gain", "given twice"},
            });
}

TEST_CASE("malformed GuitarML JSON") {
  check_all(
      "model.json", kGuitarmlJson,
      {
          {"\"unit_type\": \"GRU\"", "\"unit_type\": \"Conv\"", "/model_data/unit_type", "accepted: LSTM, GRU, RNN"},
          {"\"unit_type\": \"GRU\"", "\"unit_type\": 3", "/model_data/unit_type", "a text"},
          {"\"unit_type\": \"GRU\"", "\"unit_type\": \"LSTM\"", "/state_dict/rec.weight_hh_l0", "accepted: [4, 1]"},
          {"\"input_size\": 2, ", "", "/model_data", "'input_size' is missing"},
          {"\"input_size\": 2", "\"input_size\": 0", "/model_data/input_size", "an integer from 1"},
          {"\"input_size\": 2", "\"input_size\": 3", "/state_dict/rec.weight_ih_l0", "accepted: [3, 3]"},
          {"\"hidden_size\": 1", "\"hidden_size\": 2", "/state_dict/rec.weight_hh_l0", "accepted: [6, 2]"},
          {"\"num_layers\": 2", "\"num_layers\": 3", "/state_dict", "'rec.weight_ih_l2' is missing"},
          {"\"num_layers\": 2", "\"num_layers\": 1", "/state_dict/rec.weight_ih_l1", "this parameter is not used", 4},
          {"\"num_layers\": 2", "\"num_layers\": 1e9", "/model_data/num_layers", "from 1 to 64"},
          {"\"skip\": 1", "\"skip\": 2", "/model_data/skip", "0, 1, or the output size"},
          {"\"skip\": 1", "\"skip\": -1", "/model_data/skip", "an integer from 0"},
          {"\"output_size\": 1", "\"output_size\": 2", "/state_dict/lin.weight", "the declared output size, 2"},
          {"\"bias_fl\": true", "\"bias_fl\": false", "/state_dict/lin.bias", "bias_fl"},
          {"\"model\": \"SimpleRNN\"", "\"model\": \"Other\"", "/model_data/model", "accepted: 'SimpleRNN'"},
          {"\"rec.bias_hh_l0\": [0.4, 0.5, 0.6],", "", "/state_dict", "'rec.bias_hh_l0' is missing"},
          {"[0.4, 0.5, 0.6]", "[0.4, 0.5]", "/state_dict/rec.bias_hh_l0", "accepted: [3]"},
          {"[-0.25]", "[null]", "/state_dict/rec.weight_hh_l0/1/0", "found null; accepted: a number"},
          {"\"lin.bias\"", "\"lin.offset\"", "/state_dict/lin.offset", "this parameter is not used"},
          {"\"state_dict\": {", "\"state_dict\": [], \"other\": {", "/state_dict", "an object of parameters"},
      });
}

TEST_CASE("malformed .nam files") {
  check_all("model.nam", kNamJson,
            {
                {"\"architecture\": \"LSTM\"", "\"architecture\": \"WaveNet\"", "/architecture",
                 "accepted: 'LSTM', 'Linear'"},
                {"\"architecture\": \"LSTM\"", "\"architecture\": \"ConvNet\"", "/architecture",
                 "accepted: 'LSTM', 'Linear'"},
                {"\"architecture\": \"LSTM\"", "\"architecture\": 5", "/architecture", "a text"},
                {"\"input_size\": 1", "\"input_size\": 2", "/weights", "found an array [16]; accepted: [20]"},
                {"\"hidden_size\": 1", "\"hidden_size\": 3", "/weights", "accepted: [70]"},
                {"\"hidden_size\": 1", "\"hidden_size\": -3", "/config/hidden_size", "an integer from 1"},
                {"\"hidden_size\": 1", "\"hidden_size\": 1e12", "/config/hidden_size", "an integer from 1"},
                {"\"hidden_size\": 1, ", "", "/config", "'hidden_size' is missing"},
                {"\"num_layers\": 1", "\"num_layers\": 2", "/weights", "2 layers"},
                {"\"num_layers\": 1", "\"num_layers\": 0.5", "/config/num_layers", "an integer"},
                {"\"num_layers\": 1", "\"num_layers\": 1, \"head\": 3", "/config/head", "means nothing here"},
                {"2, 0.0625]", "2]", "/weights", "found an array [15]"},
                {"2, 0.0625]", "2, [0.0625]]", "/weights/15", "found a list of 1; accepted: a number"},
                {"0.0625", "1e60", "/weights/15", "float32"},
                {"\"weights\": [", "\"weights\": {}, \"other\": [", "/weights", "accepted"},
                {"\"config\": {", "\"config\": [], \"other\": {", "/config", "an object of sizes"},
            });
}

TEST_CASE("a linear .nam model") {
  const std::string linear = R"({"version": "0.5.0", "architecture": "Linear",
    "config": {"receptive_field": 3, "bias": true}, "weights": [1, 2, 3, 0.5]})";
  check_all("model.nam", linear,
            {
                {"\"receptive_field\": 3", "\"receptive_field\": 4", "/weights", "accepted: [5]"},
                {"\"receptive_field\": 3", "\"receptive_field\": 0", "/config/receptive_field", "an integer from 1"},
                {"\"receptive_field\": 3", "\"receptive_field\": null", "/config/receptive_field", "found null"},
                {"\"receptive_field\": 3, ", "", "/config", "'receptive_field' is missing"},
                {"\"bias\": true", "\"bias\": 1", "/config/bias", "true or false"},
                {"\"bias\": true", "\"bias\": false", "/weights", "accepted: [3]"},
                {", \"bias\": true", "", "/config", "'bias' is missing"},
                {"\"bias\": true", "\"bias\": true, \"in_channels\": 2", "/config/in_channels", "1 channel"},
                {"\"bias\": true", "\"bias\": true, \"taps\": 2", "/config/taps", "means nothing here"},
                {"[1, 2, 3, 0.5]", "[]", "/weights", "found an array [0]"},
            });
}

TEST_CASE("malformed state_dict JSON") {
  check_all("model.json", kStateDictJson,
            {
                {"\"rnn.weight_hh_l0\": [[0.75]],", "", "/", "'rnn.weight_hh_l0' is missing"},
                {"\"rnn.weight_ih_l0\": [[0.5, -0.25]],", "", "/", "'rnn.weight_ih_l0' is missing"},
                {"[[0.75]]", "[[0.75, 1]]", "/rnn.weight_hh_l0", "[4H, H] (LSTM)"},
                {"[[0.75]]", "[[0.75], [1]]", "/rnn.weight_hh_l0", "[4H, H] (LSTM)"},
                {"[[0.75]]", "0.75", "/rnn.weight_hh_l0", "[4H, H] (LSTM)"},
                {"[[0.5, -0.25]]", "[[0.5, -0.25], [1, 1]]", "/rnn.weight_ih_l0", "accepted: [1, 2]"},
                {"[0.1]", "[0.1, 0.2]", "/rnn.bias_ih_l0", "accepted: [1]"},
                {"\"rnn.bias_hh_l0\": [0.2],", "", "/", "'rnn.bias_hh_l0' is missing"},
                {"\"rnn.bias_hh_l0\"", "\"rnn.stride\"", "/rnn.stride", "a recurrent module has no such parameter"},
                {"[[2], [-1]]", "[[2, 1], [-1, 1]]", "/out.weight", "[out, in] for 1 inputs"},
                {"[[2], [-1]]", "[[2], [-1, 3]]", "/out.weight/1", "a list of 1"},
                {"[0.5, 0.25]", "[0.5]", "/out.bias", "accepted: [2]"},
                {"\"out.bias\"", "\"out.gamma\"", "/out.gamma", "no parameter of a known module"},
                {"\"out.bias\"", "\"out.running_mean\"", "/out.running_mean", "a Linear has no such parameter"},
                {"\"out.bias\"", "\"weight_hr_l0\"", "/", "'weight' is missing"},
                {"\"out.bias\"", "\"rnn.weight_hr_l0\"", "/rnn.weight_hr_l0", "proj_size"},
            });
}

TEST_CASE("numbered modules with a gap, and convolutions, of a state_dict") {
  const std::string conv = R"({"0.weight": [[[1, 2], [3, 4]], [[1, 1], [1, 1]]], "0.bias": [1, 2], "0.groups": 1,
    "1.weight": [0.5], "2.weight": [[1, 1]], "2.bias": [0]})";
  check_all(
      "model.json", conv,
      {
          {"\"2.weight\": [[1, 1]], \"2.bias\"", "\"3.weight\": [[1, 1]], \"3.bias\"", "/3.",
           "something without parameters"},
          {"\"0.groups\": 1", "\"0.groups\": 0", "/0.groups", "an integer from 1"},
          {"\"0.groups\": 1", "\"0.groups\": 3", "/0.weight", "3 groups"},
          {"\"0.groups\": 1", "\"0.stride\": 1e9", "/0.stride", "an integer from 1"},
          {"\"0.groups\": 1", "\"0.dilation\": \"2\"", "/0.dilation", "an integer"},
          {"\"0.groups\": 1", "\"0.padding\": 1", "/0.padding", "no parameter of a known module"},
          {"\"0.bias\": [1, 2]", "\"0.bias\": [1]", "/0.bias", "accepted: [2]"},
          {"\"1.weight\": [0.5]", "\"1.weight\": [0.5, 1, 1]", "/1.weight", "one slope"},
          {"\"1.weight\": [0.5]", "\"1.weight\": [0.5, 1], \"1.running_mean\": [1, 1]", "/", "'1.bias' is missing", 2},
          {"\"2.weight\": [[1, 1]]", "\"2.weight\": [[1, 1, 1]]", "/2.weight", "for 2 inputs"},
      });
}

TEST_CASE("malformed Keras JSON in frugally-deep's form") {
  const std::string layers = "/architecture/config/layers";
  check_all(
      "model.json", kKerasJson,
      {
          {"\"class_name\": \"Functional\"", "\"class_name\": \"Subclassed\"", "/architecture/class_name",
           "'Sequential'"},
          {"\"channels_last\",\n  \"input_shapes\"", "\"channels_first\",\n  \"input_shapes\"", "/image_data_format",
           "channels_last"},
          {"\"class_name\": \"Conv1D\"", "\"class_name\": \"Conv7D\"", layers + "/2/class_name",
           "accepted: InputLayer, Dense"},
          {"[null, null, 1], \"dtype\"", "[null, null, null], \"dtype\"", layers + "/0/config/batch_input_shape/2",
           "found null"},
          {"\"units\": 2", "\"units\": \"2\"", layers + "/1/config/units", "an integer"},
          {"\"units\": 2", "\"units\": 3", "/trainable_params/d/weights", "found 2 numbers; accepted: 3"},
          {"[\"AACAPwAA\", \"AEA=\"]", "[\"AACAPwAA\", \"AEA=\"], \"bias\": [0, 0]", "/trainable_params/d/bias",
           "no use for this array"},
          {"\"use_bias\": false", "\"use_bias\": true", "/trainable_params/d", "'bias' is missing"},
          {"\"activation\": \"tanh\"", "\"activation\": \"tang\"", layers + "/1/config/activation", "accepted: linear"},
          {"\"trainable\": true", "\"sparsity\": true", layers + "/1/config/sparsity", "is not known"},
          {"\"padding\": \"causal\"", "\"padding\": \"full\"", layers + "/2/config/padding",
           "'valid', 'same' or 'causal'"},
          {"\"kernel_size\": [2]", "\"kernel_size\": [2, 2]", layers + "/2/config/kernel_size", "a list of 1 integers"},
          {"\"groups\": 1", "\"groups\": 2", layers + "/2/config/groups", "a divisor of 1 inputs"},
          {"[[[\"in\", 0, 0, {}]]]", "[[[\"inn\", 0, 0, {}]]]", layers + "/1", "the layer 'inn'"},
          {"[[[\"in\", 0, 0, {}]]]", "[[[\"in\", 1, 0, {}]]]", layers + "/1/inbound_nodes/0/0/1", "accepted: 0"},
          {"[[[\"in\", 0, 0, {}]]]", "[]", layers + "/1", "no input"},
          {"\"go_backwards\": false", "\"go_backwards\": true", layers + "/4/config/go_backwards", "accepted: false"},
          {"[[[\"a\", 0, 0, {}]]]", "[[[\"a\", 0, 0, {}], [\"d\", 0, 0, {}]]]", layers + "/4", "called on 2 inputs; accepted: one"},
          {"\"recurrent_activation\": \"sigmoid\"", "\"recurrent_activation\": \"softmax\"",
           layers + "/4/config/recurrent_activation", "within a cell"},
          {"\"reset_after\": true", "\"reset_after\": false", "/trainable_params/g/bias",
           "found 6 numbers; accepted: 3"},
          {"\"AEA=\"", "\"AEA\"", "/trainable_params/d/weights", "base64"},
          {"\"AEA=\"", "\"A*A=\"", "/trainable_params/d/weights", "base64"},
          {"\"d\": {\"weights\"", "\"dd\": {\"weights\"", "/trainable_params", "'d' is missing", 2},
          {"\"output_layers\": [[\"g\", 0, 0]]", "\"output_layers\": [[\"h\", 0, 0]]",
           "/architecture/config/output_layers", "'h'"},
          {"\"trainable_params\"", "\"parameters\"", "/", "'trainable_params' is missing"},
      });
}

TEST_CASE("masks that reach layers which would have to know of them") {
  const std::string model = R"({"architecture": {"class_name": "Sequential", "config": {"layers": [
    {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, null, 2]}},
    {"class_name": "Masking", "config": {"name": "m", "mask_value": 0.25}},
    {"class_name": "Dense", "config": {"name": "d", "units": 1, "use_bias": false}}]}},
    "trainable_params": {"d": {"weights": [1, 2]}}})";
  check_valid("model.json", model);
  const std::string layers = "/architecture/config/layers";
  TempFolder folder;
  for (const Change& change : {Change{"\"Dense\"", "\"Softmax\"", layers + "/2/class_name", "a mask reaches this layer"},
                               Change{"\"Dense\"", "\"Conv1D\"", layers + "/2/class_name", "a mask reaches this layer"},
                               Change{"0.25", "\"x\"", layers + "/1/config/mask_value", "a number"},
                               Change{"\"mask_value\"", "\"mask\"", layers + "/1/config/mask", "is not known"}}) {
    CAPTURE(change.to);
    Diagnostics warnings;
    const auto graph = read_model(folder.write("model.json", changed(model, change)), warnings);
    REQUIRE_FALSE(graph);
    CHECK(graph.errors()[0].place.ends_with(": " + change.pointer));
    CHECK(graph.errors()[0].message.find(change.part) != std::string::npos);
  }
}

TEST_CASE("ids and masks that reach layers which cannot honour them") {
  const std::string model = R"({"architecture": {"class_name": "Functional", "config": {"layers": [
    {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, null], "dtype": "int32"}, "inbound_nodes": []},
    {"class_name": "Embedding", "config": {"name": "e", "input_dim": 2, "output_dim": 1, "mask_zero": true,
     "input_length": null}, "inbound_nodes": [[["in", 0, 0, {}]]]},
    {"class_name": "Embedding", "config": {"name": "f", "input_dim": 2, "output_dim": 1, "mask_zero": false},
     "inbound_nodes": [[["in", 0, 0, {}]]]},
    {"class_name": "Activation", "config": {"name": "a", "activation": "tanh"}, "inbound_nodes": [[["e", 0, 0, {}]]]},
    {"class_name": "Add", "config": {"name": "s"}, "inbound_nodes": [[["e", 0, 0, {}], ["a", 0, 0, {}]]]}],
    "output_layers": [["s", 0, 0]]}}, "trainable_params": {"e": {"weights": [1, 2]}, "f": {"weights": [3, 4]}}})";
  check_valid("model.json", model);
  const std::string layers = "/architecture/config/layers";
  check_all("model.json", model,
            {
                {"[[\"e\", 0, 0, {}], [\"a\", 0, 0, {}]]", "[[\"e\", 0, 0, {}], [\"f\", 0, 0, {}]]", layers + "/4",
                 "masks that differ reach its inputs"},
                {"\"Activation\", \"config\": {\"name\": \"a\", \"activation\": \"tanh\"}",
                 "\"GlobalMaxPooling1D\", \"config\": {\"name\": \"a\"}", layers + "/3/class_name", "a mask reaches this layer"},
                {"\"inbound_nodes\": [[[\"e\", 0, 0, {}]]]", "\"inbound_nodes\": [[[\"in\", 0, 0, {}]]]",
                 layers + "/3/class_name", "its input are the ids of an Embedding layer"},
                {"[null, null], \"dtype\"", "[null, null, 1], \"dtype\"", layers + "/0/config/batch_shape", "[batch, time]"},
                {"\"int32\"", "\"uint8\"", layers + "/0/config/dtype", "accepted: 'float32', 'int32', 'int64'"},
                {"\"mask_zero\": true", "\"mask_zero\": 1", layers + "/1/config/mask_zero", "true or false"},
                {"\"output_dim\": 1", "\"output_dim\": 0", layers + "/1/config/output_dim", "an integer from 1"},
                {"\"input_length\": null", "\"input_length\": 3", layers + "/1/config/input_length", "found 3"},
                {"\"input_dim\": 2, \"output_dim\": 1, \"mask_zero\": true", "\"input_dim\": 3, \"output_dim\": 1, \"mask_zero\": true",
                 "/trainable_params/e/weights", "found 2 numbers; accepted: 3"},
                {"\"name\": \"f\", \"input_dim\": 2, \"output_dim\": 1, \"mask_zero\": false},\n     \"inbound_nodes\": [[[\"in\"",
                 "\"name\": \"f\", \"input_dim\": 2, \"output_dim\": 1, \"mask_zero\": false},\n     \"inbound_nodes\": [[[\"e\"",
                 layers + "/2", "its input is [time, 1]; accepted: ids"},
            });
}

TEST_CASE("malformed JSON of rondo's own") {
  check_all(
      "model.json", kRondoJson,
      {
          {"\"rondo\": 1", "\"rondo\": 2", "/rondo", "an integer from 1 to 1"},
          {"\"opset\": 17", "\"opset\": 99", "/opset", "from 7 to 28"},
          {"\"name\": \"leaky\"", "\"title\": \"leaky\"", "/title", "means nothing here"},
          {"f32[T, 2]", "f33[T, 2]", "/inputs/x", "such as f32[T, 2]"},
          {"f32[T, 2]", "f32[T, *]", "/inputs/x", "is no size"},
          {"f32[T, 2]", "f32[T, -2]", "/inputs/x", "at least 0"},
          {"f32[T, 2]", "f32", "/inputs/x", "such as f32[T, 2]"},
          {"\"inputs\": {\"x\"", "\"inputs\": {\"y\"", "/nodes/0", "defines 'x'", 2},
          {"[[1, 2], [3, 4]]", "[[1, 2], [3]]", "/constants/W/1", "a list of 2"},
          {"{\"i64\": [1]}", "{\"i64\": [1.5]}", "/constants/axes/i64", "an integer"},
          {"{\"i64\": [1]}", "{\"i99\": [1]}", "/constants/axes", "nested lists of numbers"},
          {"\"shape\": [2]", "\"shape\": [-2]", "/constants/zero/shape/0", "at least 0"},
          {"\"shape\": [2]", "\"shape\": [1e9, 1e9]", "/constants/zero/f32", ""},
          {"Tanh(x @ W + 0.5)", "Tanh(x @ W + 0.5", "/nodes/0", "character 21 of the formula; accepted: ',' or ')'"},
          {"Tanh(x @ W + 0.5)", "Tanhh(x @ W + 0.5)", "/nodes/0", "no operator 'Tanhh'"},
          {"Tanh(x @ W + 0.5)", "matmul(x, W)", "/nodes/0", "no operator 'matmul'"},
          {"Tanh(x @ W + 0.5)", "Tanh(x @ V)", "/nodes/0", "defines 'V'"},
          {"p = Tanh", "x = Tanh", "/nodes/0", "given to a second value", 2},
          {"Tanh(x @ W + 0.5)", "Tanh(x) Tanh(x)", "/nodes/0", "the end of the formula"},
          {"Tanh(x @ W + 0.5)", "Tanh(x, axis=1, axis=2)", "/nodes/0", "given twice"},
          {"\"xt\": \"p\"", "\"xt\": \"q\"", "/nodes/1/scan/over/xt", "defines 'q'"},
          {"\"over\": {\"xt\": \"p\"},", "", "/nodes/1/scan", "'over' is missing"},
          {"\"next\": \"n\"", "\"next\": \"m\"", "/nodes/1/scan/state/h/next", "defines 'm'"},
          {", \"next\": \"n\"", "", "/nodes/1/scan/state/h", "'next' is missing"},
          {"\"end\": \"h\"", "\"end\": \"g\"", "/nodes/1/scan/last/end", "the name of a state"},
          {"\"n = 0.5", "\"n == 0.5", "/nodes/1/scan/nodes/0", "found '='"},
          {"\"op\": \"ReduceSum\"", "\"op\": \"reduce\"", "/nodes/2/op", "no operator 'reduce'"},
          {"[\"s\", \"axes\"]", "[\"s\", \"axis\"]", "/nodes/2/in/1", "defines 'axis'"},
          {"\"out\": \"y\"", "\"out\": []", "/nodes/2/out", "at least one name"},
          {"{\"keepdims\": 1}", "{\"keepdims\": [1, \"a\"]}", "/nodes/2/attributes/keepdims", "numbers alone"},
          {"[\"y\", \"end\"]", "[\"y\", \"h\"]", "/outputs/1", "defines 'h'"},
          {"[\"y\", \"end\"]", "[\"y\", \"y\"]", "/outputs/1", "each once"},
          {"[\"y\", \"end\"]", "[]", "/outputs", "at least one name"},
      });
}

TEST_CASE("nested graphs and formulas have a limit") {
  TempFolder folder;
  auto error_of = [&](const std::string& nodes) {
    Diagnostics warnings;
    const auto graph = read_model(
        folder.write("model.json",
                     R"({"rondo": 1, "inputs": {"x": "f32[1]"}, "outputs": ["y"], "nodes": [)" + nodes + "]}"),
        warnings);
    return graph ? std::string() : to_string(graph.errors()[0]);
  };
  auto nested = [](int depth) {
    std::string text = "y = ";
    for (int i = 0; i < depth; ++i) text += "Tanh(";
    return "\"" + text + "x" + std::string(static_cast<size_t>(depth), ')') + "\"";
  };
  CHECK(error_of(nested(20)).empty());
  CHECK(error_of(nested(100000)).find("nested more than 32 deep") != std::string::npos);
  CHECK(error_of("\"y = " + std::string(100000, '(') + "\"").find("nested more than 32 deep") != std::string::npos);
  CHECK(error_of("\"y = " + std::string(100000, '-') + "x\"").find("nested more than 32 deep") != std::string::npos);
}

TEST_CASE("documents that are no model") {
  TempFolder folder;
  auto error_of = [&](const std::string& text) {
    Diagnostics warnings;
    const auto graph = read_model(folder.write("model.json", text), warnings);
    REQUIRE_FALSE(graph);
    return to_string(graph.errors()[0]);
  };
  for (const char* text : {"3", "[]", "null", "\"x\"", "{}", "{\"hello\": 1}"}) {
    CAPTURE(text);
    CHECK(error_of(text).find("no kind of model that is known; accepted: rondo's own") != std::string::npos);
  }
  CHECK(error_of(R"({"class_name": "Sequential", "config": {}})").find("without its weights") != std::string::npos);
  CHECK(error_of("{").find("not JSON") != std::string::npos);
  CHECK(error_of("{\n\n").find("model.json:1:2: ") != std::string::npos);  // where the end is seen
}
