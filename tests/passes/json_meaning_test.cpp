// What JSON models compute: each dialect's small model, read, expanded and evaluated in double precision, beside its
// equations written out here; and the corpus's models beside its recorded values.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "frontend/frontend.h"
#include "tests/frontend/json_models.h"
#include "tests/passes/expand_model.h"

using namespace rondo;
using namespace rondo::testing;
namespace fs = std::filesystem;

namespace {

using Row = std::vector<double>;
using Rows = std::vector<Row>;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

Result<std::vector<Array>> run_file(const fs::path& path, std::vector<int64_t> shape, const Row& values) {
  Diagnostics warnings;
  RONDO_TRY(Graph model, read_model(path, warnings));
  RONDO_TRY(const Graph core, expand(model, warnings));
  CHECK(verify(core));
  Array x = Array::zeros(model.params[0]->type->dtype, std::move(shape));
  if (is_float(x.dtype))
    x.reals = values;
  else
    x.ints.assign(values.begin(), values.end());
  return evaluate(core, {std::move(x)});
}

/// The outputs of a model file on rows of inputs.
std::vector<Array> evaluate_file(const fs::path& path, std::vector<int64_t> shape, const Row& values) {
  auto results = run_file(path, std::move(shape), values);
  if (!results) CHECK_MESSAGE(false, all_messages(results.errors()));
  return results ? *std::move(results) : std::vector<Array>();
}

fs::path test_folder() {
  const fs::path folder = fs::temp_directory_path() / ("rondo_json_" + std::to_string(getpid()));
  fs::create_directories(folder);
  return folder;
}

std::vector<Array> evaluate_text(const std::string& text, std::vector<int64_t> shape, const Row& values,
                                 const std::string& name = "model.json") {
  const fs::path folder = test_folder();
  std::ofstream(folder / name) << text;
  auto results = evaluate_file(folder / name, std::move(shape), values);
  fs::remove_all(folder);
  return results;
}

std::vector<Array> evaluate_text(const std::string& text, const Rows& x, const std::string& name = "model.json") {
  Row flat;
  for (const Row& row : x) flat.insert(flat.end(), row.begin(), row.end());
  return evaluate_text(text, {static_cast<int64_t>(x.size()), static_cast<int64_t>(x[0].size())}, flat, name);
}

void check_rows(const std::vector<Array>& got, const Rows& want) {
  REQUIRE(!got.empty());
  REQUIRE(got[0].shape ==
          std::vector<int64_t>{static_cast<int64_t>(want.size()), static_cast<int64_t>(want[0].size())});
  size_t at = 0;
  for (const Row& row : want)
    for (double value : row) CHECK(std::abs(got[0].reals[at++] - value) < 1e-5);  // weights are rounded to float32
}

const Rows kTwoColumns{{0.5, -1}, {1, 0.25}, {-0.75, 2}, {0, 0}, {1.5, -0.5}, {0.1, 0.2}, {-1, -1}, {0.3, 0.9}};
const Rows kOneColumn{{0.5}, {-1}, {0.25}, {2}, {0}, {-0.75}};

}  // namespace

TEST_CASE("Keras/RTNeural: dense, lstm, conv1d, batchnorm, prelu, activation") {
  const double w[2][3] = {{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}}, b[3] = {0.01, 0.02, 0.03};
  double h[2] = {0, 0}, c[2] = {0, 0};
  Rows sequence, want;
  for (const Row& x : kTwoColumns) {
    double d[3], gate[8];
    for (int j = 0; j < 3; ++j) d[j] = std::tanh(x[0] * w[0][j] + x[1] * w[1][j] + b[j]);
    for (int g = 0; g < 8; ++g)  // the rows of W are 1..8, a tenth of it, and its opposite; U's as in the model
      gate[g] = d[0] * (g + 1) + d[1] * 0.1 * (g + 1) - d[2] * (g + 1) + h[0] * 0.1 * (g / 2 + 1) +
                h[1] * 0.1 * (g / 2 + 5) + 0.1 * (g + 1);
    for (int j = 0; j < 2; ++j) {  // i, f, c, o
      c[j] = sigmoid(gate[2 + j]) * c[j] + sigmoid(gate[j]) * std::tanh(gate[4 + j]);
      h[j] = sigmoid(gate[6 + j]) * std::tanh(c[j]);
    }
    sequence.push_back({h[0], h[1]});
    // conv1d: tap 0 is the oldest, 3 steps back; zeros before the sequence.
    const double kernel[2][2][2] = {{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}, offset[2] = {0.5, -0.5};
    const Row old = sequence.size() > 3 ? sequence[sequence.size() - 4] : Row{0, 0};
    const double gamma[2] = {2, 3}, beta[2] = {0.1, 0.2}, mean[2] = {0.5, 0.25}, variance[2] = {0.75, 2};
    const double slope[2] = {0.5, 0.25};
    double y = 0;
    for (int o = 0; o < 2; ++o) {
      double v = offset[o];
      for (int i = 0; i < 2; ++i) v += old[i] * kernel[0][i][o] + h[i] * kernel[1][i][o];
      v = (v - mean[o]) / std::sqrt(variance[o] + 0.25) * gamma[o] + beta[o];
      v = v < 0 ? slope[o] * v : v;
      v = std::max(0.0, v);
      y += v * (o == 0 ? 2 : 3);
    }
    want.push_back({y});
  }
  check_rows(evaluate_text(test::kRtneuralJson, kTwoColumns), want);
}

TEST_CASE("AIDA-X: gains in dB around the layers and the path around them") {
  Rows want;
  double h = 0;
  for (const Row& x : kOneColumn) {
    const double u = 10 * x[0];  // 20 dB; gates z, r, h
    const double z = sigmoid(0.5 * u + 0.1 + 0.5 * h + 0.4), r = sigmoid(0.25 * u + 0.2 - 0.5 * h + 0.5);
    const double candidate = std::tanh(u + 0.3 + r * (0.25 * h + 0.6));
    h = z * h + (1 - z) * candidate;
    want.push_back({0.1 * (2 * h + 0.125 + u)});
  }
  check_rows(evaluate_text(test::kAidaxJson, kOneColumn), want);
  const std::string skip = "\"in_skip\": 1";
  std::string without = test::kAidaxJson;
  without.replace(without.find(skip), skip.size(), "\"in_skip\": 0");
  for (size_t t = 0; t < want.size(); ++t) want[t][0] -= kOneColumn[t][0];  // 10 * 0.1
  check_rows(evaluate_text(without, kOneColumn), want);
}

TEST_CASE("GuitarML: two GRU layers, a knob, and the signal added") {
  Rows want;
  double a = 0, b = 0;
  for (const Row& x : kTwoColumns) {  // gates r, z, n
    double r = sigmoid(0.5 * x[0] + 0.25 * x[1] + 0.1 + 0.5 * a + 0.4);
    double z = sigmoid(0.75 * x[0] - 0.5 * x[1] + 0.2 - 0.25 * a + 0.5);
    double n = std::tanh(x[0] + 0.125 * x[1] + 0.3 + r * (0.375 * a + 0.6));
    a = (1 - z) * n + z * a;
    r = sigmoid(0.5 * a + 0.05 + 0.25 * b);
    z = sigmoid(-0.5 * a - 0.1 + 0.5 * b + 0.125);
    n = std::tanh(1.5 * a + 0.15 + r * (-0.5 * b + 0.25));
    b = (1 - z) * n + z * b;
    want.push_back({2 * b + 0.5 + x[0]});
  }
  check_rows(evaluate_text(test::kGuitarmlJson, kTwoColumns), want);
}

TEST_CASE(".nam: an LSTM from its learned state, and an impulse response") {
  Rows want;
  double h = 0.6, c = -0.7;
  for (const Row& x : kOneColumn) {  // gates i, f, g, o
    const double i = sigmoid(0.5 * x[0] + 0.25 * h + 0.1), f = sigmoid(0.75 * x[0] - 0.5 * h + 0.2);
    const double g = std::tanh(x[0] + 0.125 * h + 0.3), o = sigmoid(-0.25 * x[0] + 0.375 * h + 0.4);
    c = f * c + i * g;
    h = o * std::tanh(c);
    want.push_back({2 * h + 0.0625});
  }
  check_rows(evaluate_text(test::kNamJson, kOneColumn, "model.nam"), want);
  Rows filtered;
  auto at = [&](int t) { return t < 0 ? 0 : kOneColumn[static_cast<size_t>(t)][0]; };
  for (int t = 0; t < static_cast<int>(kOneColumn.size()); ++t)
    filtered.push_back({at(t) + 2 * at(t - 1) + 3 * at(t - 2) + 0.5});
  check_rows(evaluate_text(R"({"architecture": "Linear", "config": {"receptive_field": 3, "bias": true},
                               "weights": [1, 2, 3, 0.5]})",
                           kOneColumn, "model.nam"),
             filtered);
}

TEST_CASE("state_dict: an RNN and a linear layer; a Conv1d with groups and stride") {
  Rows want;
  double h = 0;
  for (const Row& x : kTwoColumns) {
    h = std::tanh(0.5 * x[0] - 0.25 * x[1] + 0.1 + 0.75 * h + 0.2);
    want.push_back({2 * h + 0.5, -h + 0.25});
  }
  check_rows(evaluate_text(test::kStateDictJson, kTwoColumns), want);
  Rows convolved;
  for (size_t t = 0; t + 1 < kTwoColumns.size(); t += 3)
    convolved.push_back(
        {kTwoColumns[t][0] + 2 * kTwoColumns[t + 1][0], 3 * kTwoColumns[t][1] + 4 * kTwoColumns[t + 1][1]});
  check_rows(evaluate_text(R"({"weight": [[[1, 2]], [[3, 4]]], "groups": 2, "stride": 3})", kTwoColumns), convolved);
}

TEST_CASE("Keras in frugally-deep's form: two branches, added, and a GRU") {
  Rows want;
  double h = 0, before = 0;
  for (const Row& row : kOneColumn) {
    const double x = row[0];
    // Conv1D weights [out, window, in]: out 0 has taps 1 (old), 2; out 1 has 3, 4.
    const double a = std::tanh(x) + before + 2 * x + 0.5, b = std::tanh(2 * x) + 3 * before + 4 * x + 0.25;
    before = x;
    // W [2, 3] = [[0.5, 0.25, 1], [-0.5, 0.75, 0.125]], gates z, r, h
    const double z = sigmoid(0.5 * a - 0.5 * b + 0.1 + 0.25 * h + 0.4),
                 r = sigmoid(0.25 * a + 0.75 * b + 0.2 + 0.5 * h + 0.5);
    const double n = std::tanh(a + 0.125 * b + 0.3 + r * (-0.5 * h + 0.6));
    h = z * h + (1 - z) * n;
    want.push_back({h});
  }
  check_rows(evaluate_text(test::kKerasJson, kOneColumn), want);
}

TEST_CASE("Keras layers by their options") {
  auto sequential = [](const std::string& layer, const std::string& parameters) {
    return R"({"architecture": {"class_name": "Sequential", "config": {"layers": [
      {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, null, 2]}},)" +
           layer + R"(]}}, "trainable_params": {)" + parameters + "}}";
  };
  // A GRU without reset_after, backwards beside forwards, last step only.
  double f = 0, b = 0;
  for (size_t i = 0; i < kTwoColumns.size(); ++i) {
    for (double* h : {&f, &b}) {
      const Row& x = kTwoColumns[h == &f ? i : kTwoColumns.size() - 1 - i];
      const double k = h == &f ? 1 : -1;
      const double z = sigmoid(k * (0.5 * x[0] + 0.25 * x[1]) + 0.5 * *h), r = sigmoid(k * (x[0] - x[1]) + 0.25 * *h);
      const double n = std::tanh(k * (0.125 * x[0] + x[1]) + r * *h * 0.75);
      *h = z * *h + (1 - z) * n;
    }
  }
  check_rows(evaluate_text(sequential(R"({"class_name": "Bidirectional", "config": {"name": "b", "merge_mode": "concat",
      "layer": {"class_name": "GRU", "config": {"units": 1, "use_bias": false, "reset_after": false}}}})",
                                      R"("b": {"forward_weights": [0.5, 1, 0.125, 0.25, -1, 1],
      "forward_recurrent_weights": [0.5, 0.25, 0.75], "backward_weights": [-0.5, -1, -0.125, -0.25, 1, -1],
      "backward_recurrent_weights": [0.5, 0.25, 0.75]})"),
                           kTwoColumns),
             {{f, b}});
  // A batch normalisation without scale, then the mean over time.
  double mean[2] = {0, 0};
  for (const Row& x : kTwoColumns)
    for (int i = 0; i < 2; ++i)
      mean[i] += ((x[static_cast<size_t>(i)] - (i + 1)) / std::sqrt(0.25 + 0.75) + 0.5 * i) /
                 static_cast<double>(kTwoColumns.size());
  check_rows(
      evaluate_text(sequential(R"({"class_name": "BatchNormalization", "config": {"name": "n", "epsilon": 0.25,
      "scale": false, "axis": [2]}}, {"class_name": "GlobalAveragePooling1D", "config": {"name": "g"}})",
                               R"("n": {"moving_mean": [1, 2], "moving_variance": [0.75, 0.75], "beta": [0, 0.5]})"),
                    kTwoColumns),
      {{mean[0], mean[1]}});
}

TEST_CASE("Keras: steps that a Masking layer leaves out") {
  const double masked[2] = {0.25, 0.25};
  Rows x = kTwoColumns;
  for (size_t t : {0, 3, 4, 7}) x[t] = {masked[0], masked[1]};
  x[5] = {0.25, 1};  // one feature differs: it counts
  const auto counts = [&](const Row& row) { return row[0] != masked[0] || row[1] != masked[1]; };
  const auto model = [](const std::string& layer, const std::string& arrays) {
    return R"({"architecture": {"class_name": "Sequential", "config": {"layers": [
      {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, null, 2]}},
      {"class_name": "Masking", "config": {"name": "m", "mask_value": 0.25}}, )" +
           layer + R"(]}}, "trainable_params": {"r": {)" + arrays + "}}}";
  };
  // LSTM, gates i, f, c, o; then GRU in both directions without reset_after.
  Rows carried, zeros;
  double h = 0, c = 0;
  for (const Row& row : x) {
    if (counts(row)) {
      const auto gate = [&](int g, const double (&w)[8], const double (&u)[4], const double (&b)[4]) {
        return w[g] * row[0] + w[4 + g] * row[1] + u[g] * h + b[g];
      };
      const double w[8] = {0.5, 1, 0.125, 0.75, 0.25, -1, 1, -0.5}, u[4] = {0.5, 0.25, 0.75, -0.25}, b[4] = {0.1, 0.2, 0.3, 0.4};
      c = sigmoid(gate(1, w, u, b)) * c + sigmoid(gate(0, w, u, b)) * std::tanh(gate(2, w, u, b));
      h = sigmoid(gate(3, w, u, b)) * std::tanh(c);
    }
    carried.push_back({h});
    zeros.push_back({counts(row) ? h : 0});
  }
  const auto lstm = [&](const std::string& options) {
    return model(R"({"class_name": "LSTM", "config": {"name": "r", "units": 1)" + options + "}}",
                 R"("weights": [0.5, 1, 0.125, 0.75, 0.25, -1, 1, -0.5], "recurrent_weights": [0.5, 0.25, 0.75, -0.25],
                    "bias": [0.1, 0.2, 0.3, 0.4])");
  };
  check_rows(evaluate_text(lstm(", \"return_sequences\": true"), x), carried);
  check_rows(evaluate_text(lstm(", \"return_sequences\": true, \"zero_output_for_mask\": true"), x), zeros);
  check_rows(evaluate_text(lstm(""), x), {{h}});
  check_rows(evaluate_text(lstm(", \"zero_output_for_mask\": true"), x), {{h}});

  Rows both(x.size(), Row{0, 0});
  for (int direction : {0, 1}) {
    double s = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const size_t t = direction == 0 ? i : x.size() - 1 - i;
      if (counts(x[t])) {
        const double z = sigmoid(0.5 * x[t][0] + 0.25 * x[t][1] + 0.5 * s), r = sigmoid(x[t][0] - x[t][1] + 0.25 * s);
        s = z * s + (1 - z) * std::tanh(0.125 * x[t][0] + x[t][1] + r * s * 0.75);
      }
      both[t][static_cast<size_t>(direction)] = s;
    }
  }
  check_rows(evaluate_text(model(R"({"class_name": "Bidirectional", "config": {"name": "r", "layer": {"class_name": "GRU",
      "config": {"units": 1, "use_bias": false, "reset_after": false, "return_sequences": true}}}})",
                                 R"("forward_weights": [0.5, 1, 0.125, 0.25, -1, 1],
      "forward_recurrent_weights": [0.5, 0.25, 0.75], "backward_weights": [0.5, 1, 0.125, 0.25, -1, 1],
      "backward_recurrent_weights": [0.5, 0.25, 0.75])"),
                           x),
             both);
}

namespace {

const double kTable[4][2] = {{0.5, -1}, {1, 0.25}, {-0.75, 2}, {0.125, 0.5}};
const Row kIds{0, 1, 0, 3, 2, 0, 0, 2};

/// A Keras model of layers on ids, [batch, time].
std::string on_ids(const std::string& dtype, const std::string& options, const std::string& layers,
                   const std::string& arrays) {
  return R"({"architecture": {"class_name": "Sequential", "config": {"layers": [
    {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [null, null], "dtype": ")" +
         dtype + R"("}},
    {"class_name": "Embedding", "config": {"name": "e", "input_dim": 4, "output_dim": 2)" +
         options + "}}, " + layers + R"(]}}, "trainable_params": {"e": {"weights": [0.5, -1, 1, 0.25, -0.75, 2, 0.125, 0.5]})" +
         arrays + "}}";
}

std::vector<Array> evaluate_ids(const std::string& text, const Row& ids = kIds) {
  return evaluate_text(text, {static_cast<int64_t>(ids.size())}, ids);
}

const double* row_of(double id) { return kTable[static_cast<int>(id)]; }

}  // namespace

TEST_CASE("Keras: rows of an Embedding, and the steps whose id is 0") {
  const std::string none = R"({"class_name": "Dropout", "config": {"name": "o", "rate": 0.5}})";
  Rows rows;
  for (double id : kIds) rows.push_back({row_of(id)[0], row_of(id)[1]});
  for (const char* dtype : {"int32", "int64", "float32"}) check_rows(evaluate_ids(on_ids(dtype, "", none, "")), rows);
  check_rows(evaluate_ids(on_ids("int32", ", \"mask_zero\": true", none, "")), rows);  // a mask changes no row
  const fs::path folder = test_folder();
  std::ofstream(folder / "model.json") << on_ids("int32", "", none, "");
  for (double outside : {-1, 4}) {
    const auto result = run_file(folder / "model.json", {2}, {0, outside});
    REQUIRE_FALSE(result);
    CHECK(to_string(result.errors()[0]).find("outside [0, 4)") != std::string::npos);
  }
  fs::remove_all(folder);

  // Through layers that work on each step alone, to an LSTM (gates i, f, c, o) and a GRU (z, r, h) behind it.
  const std::string layers = R"({"class_name": "SpatialDropout1D", "config": {"name": "o", "rate": 0.5}},
    {"class_name": "TimeDistributed", "config": {"name": "t", "layer": {"class_name": "Dense",
      "config": {"name": "d", "units": 1, "activation": "tanh", "use_bias": false}}}},
    {"class_name": "LSTM", "config": {"name": "l", "units": 1, "use_bias": false, "return_sequences": true)";
  const std::string gru = R"(}}, {"class_name": "GRU", "config": {"name": "g", "units": 1, "use_bias": false,
      "reset_after": false, "return_sequences": )";
  const std::string arrays = R"(, "t": {"weights": [0.5, -0.25]}, "l": {"weights": [0.5, 1, 0.125, 0.75],
    "recurrent_weights": [0.5, 0.25, 0.75, -0.25]}, "g": {"weights": [0.5, 1, 2], "recurrent_weights": [0.25, -0.5, 1]})";
  for (const bool mask_zero : {true, false}) {
    Rows each;
    double h = 0, c = 0, s = 0;
    for (double id : kIds) {
      if (!mask_zero || id != 0) {
        const double x = std::tanh(0.5 * row_of(id)[0] - 0.25 * row_of(id)[1]);
        c = sigmoid(x + 0.25 * h) * c + sigmoid(0.5 * x + 0.5 * h) * std::tanh(0.125 * x + 0.75 * h);
        h = sigmoid(0.75 * x - 0.25 * h) * std::tanh(c);
        const double z = sigmoid(0.5 * h + 0.25 * s), r = sigmoid(h - 0.5 * s);
        s = z * s + (1 - z) * std::tanh(2 * h + r * s);
      }
      each.push_back({s});
    }
    const std::string option = mask_zero ? ", \"mask_zero\": true" : ", \"mask_zero\": false";
    check_rows(evaluate_ids(on_ids("int32", option, layers + gru + "true}}", arrays)), each);
    check_rows(evaluate_ids(on_ids("int32", option, layers + gru + "false}}", arrays)), {{s}});
  }
}

TEST_CASE("Keras: means over the steps that count, and a skip with one mask") {
  const std::string mask = ", \"mask_zero\": true";
  Row sum{0, 0};
  double count = 0;
  for (double id : kIds)
    if (id != 0) sum = {sum[0] + row_of(id)[0], sum[1] + row_of(id)[1]}, ++count;
  const std::string mean = R"({"class_name": "GlobalAveragePooling1D", "config": {"name": "p"}})";
  check_rows(evaluate_ids(on_ids("int32", mask, mean, "")), {{sum[0] / count, sum[1] / count}});
  const std::string skip = R"({"architecture": {"class_name": "Functional", "config": {"layers": [
    {"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [null, 8], "dtype": "int32"}, "name": "in",
     "inbound_nodes": []},
    {"class_name": "Embedding", "config": {"name": "e", "input_dim": 4, "output_dim": 2, "mask_zero": true, "input_length": 8},
     "name": "e", "inbound_nodes": [[["in", 0, 0, {}]]]},
    {"class_name": "Activation", "config": {"name": "t", "activation": "tanh"}, "name": "t",
     "inbound_nodes": [[["e", 0, 0, {}]]]},
    {"class_name": "Add", "config": {"name": "a"}, "name": "a", "inbound_nodes": [[["e", 0, 0, {}], ["t", 0, 0, {}]]]},
    {"class_name": "GlobalAveragePooling1D", "config": {"name": "p"}, "name": "p", "inbound_nodes": [[["a", 0, 0, {}]]]}],
    "output_layers": [["p", 0, 0]]}},
    "trainable_params": {"e": {"weights": [0.5, -1, 1, 0.25, -0.75, 2, 0.125, 0.5]}}})";
  for (double id : kIds)
    for (size_t i = 0; i < 2; ++i)
      if (id != 0) sum[i] += std::tanh(row_of(id)[i]);
  check_rows(evaluate_ids(skip), {{sum[0] / count, sum[1] / count}});
}

TEST_CASE("rondo's own: a leaky integrator as a cell") {
  Rows want;
  double h[2] = {0, 0};
  for (const Row& x : kTwoColumns) {
    for (int i = 0; i < 2; ++i) h[i] = 0.5 * h[i] + 0.25 * std::tanh(x[0] * (i + 1) + x[1] * (i + 3) + 0.5);
    want.push_back({h[0] + h[1]});
  }
  const auto got = evaluate_text(test::kRondoJson, kTwoColumns);
  check_rows(got, want);
  REQUIRE(got.size() == 2);
  for (size_t i = 0; i < 2; ++i) CHECK(std::abs(got[1].reals[i] - h[i]) < 1e-5);
}

TEST_CASE("rondo's own: the example of docs/json.md") {
  std::ifstream stream(fs::path(RONDO_TEST_DATA) / "../../docs/json.md");
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  const size_t start = text.find("```json\n") + 8;
  const auto got = evaluate_text(text.substr(start, text.find("```", start) - start), kTwoColumns);
  const double w[2][3] = {{0.5, -1, 0.25}, {1, 0.5, -0.5}};
  double h[3] = {0, 0, 0};
  Rows want;
  for (const Row& x : kTwoColumns) {
    const double recurrent = 0.1 * (h[0] + h[1] + h[2]);
    for (int i = 0; i < 3; ++i) {
      const double in = x[0] * w[0][i] + x[1] * w[1][i], f = sigmoid(in + recurrent + 1);
      h[i] = f * h[i] + (1 - f) * std::tanh(in);
    }
    want.push_back({h[0], h[1], h[2]});
  }
  check_rows(got, want);
}

namespace {

fs::path json_corpus() {
  const char* path = std::getenv("RONDO_CORPUS");
  return fs::path(path ? path : RONDO_CORPUS) / "json";
}

Rows read_csv(const fs::path& path) {
  std::ifstream stream(path);
  Rows rows;
  for (std::string line; std::getline(stream, line);) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream numbers(line);
    Row row;
    for (double value; numbers >> value;) row.push_back(value);
    if (!row.empty()) rows.push_back(row);
  }
  return rows;
}

}  // namespace

TEST_CASE("JSON models of the corpus, in double precision") {
  if (!fs::is_directory(json_corpus())) {
    std::cerr << "SKIP: no corpus of models at " << json_corpus() << "; set RONDO_CORPUS\n";
    return;
  }
  int models = 0;
  for (const auto& entry : fs::directory_iterator(json_corpus())) {
    const fs::path folder = entry.path();
    CAPTURE(folder.string());
    const fs::path path = fs::exists(folder / "model.nam") ? folder / "model.nam" : folder / "model.json";
    Diagnostics warnings;
    const auto model = read_model(path, warnings);
    if (folder.string().ends_with("MUST_REJECT")) {
      REQUIRE_FALSE(model);
      CHECK(model.errors()[0].place == "17:9: /layers/0/weights/0");
      continue;
    }
    REQUIRE(model);
    Rows x = read_csv(folder / "x.csv"), y = read_csv(folder / "y.csv");
    const Shape input = model->params[0]->type->shape;
    if (!input[0].constant() && x.size() == y.size() && x.size() > 200) x.resize(200), y.resize(200);
    Row flat;
    for (const Row& row : x) flat.insert(flat.end(), row.begin(), row.end());
    std::vector<int64_t> shape{static_cast<int64_t>(x.size())};
    for (size_t i = 1; i < input.size(); ++i) shape.push_back(*input[i].constant());
    const auto got = evaluate_file(path, shape, flat);
    REQUIRE(got.size() == 1);
    REQUIRE(got[0].reals.size() == y.size() * y[0].size());
    double worst = 0;
    for (size_t i = 0; i < got[0].reals.size(); ++i) {
      const double want = y[i / y[0].size()][i % y[0].size()];
      worst = std::max(worst, std::abs(got[0].reals[i] - want) / (1e-5 + 1e-4 * std::abs(want)));
    }
    CHECK(worst <= 1);
    ++models;
  }
  CHECK(models >= 27);
}
