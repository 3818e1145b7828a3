// The report in words and columns, and as JSON. nlohmann/json stays in this file.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "driver/model_report.h"

namespace rondo {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kWidestPlace = 60;

std::string number(const Dim& dim) { return dim.to_string(); }
std::string number(int64_t value) { return value < 0 ? "unknown" : std::to_string(value); }

std::string place_text(const LayerReport& layer) {
  if (layer.place.empty()) return fmt::format("(between layers: {})", layer.kernels.front());
  return layer.place.size() <= kWidestPlace ? layer.place : layer.place.substr(0, kWidestPlace - 3) + "...";
}

/// Columns as wide as their widest cell; the last one is text.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i) text += fmt::format("{:>{}}  ", row[i], widths[i]);
    text += row.back() + "\n";
  }
  return text;
}

/// A row of the summary; an expression stands behind what it is.
std::vector<std::string> figure(const std::string& value, const std::string& what) {
  if (value.find_first_not_of("0123456789") == std::string::npos || value == "unknown") return {value, what};
  return {"", what + ": " + value};
}

bool calls_helpers(const Audit& audit) {
  return std::any_of(audit.classes.begin(), audit.classes.end(),
                     [](const InstructionClass& each) { return each.name == "helper_calls" && each.count > 0; });
}

std::string layers_text(const ModelReport& report) {
  std::vector<std::vector<std::string>> rows{
      {"code", "stack", "multiply-adds", "constants", "state", "scratch", "layer"}};
  for (const LayerReport& layer : report.layers)
    rows.push_back({number(layer.code_bytes), number(layer.stack_bytes), number(layer.multiply_adds),
                    number(layer.constant_bytes), number(layer.state_bytes), number(layer.scratch_bytes),
                    place_text(layer)});
  return table(rows);
}

/// Columns for the classes that there are.
std::string layer_classes_text(const ModelReport& report) {
  if (report.audit.kernels.empty()) return "";
  std::vector<std::vector<std::string>> rows(1);
  for (const InstructionClass& each : report.audit.classes)
    if (each.count > 0) rows[0].push_back(each.name);
  rows[0].push_back("layer");
  for (const LayerReport& layer : report.layers) {
    rows.emplace_back();
    for (size_t i = 0; i < layer.classes.size(); ++i)
      if (report.audit.classes[i].count > 0) rows.back().push_back(number(layer.classes[i]));
    const std::string calls =
        layer.undefined.empty() ? "" : fmt::format("; needs {}", fmt::join(layer.undefined, ", "));
    rows.back().push_back(place_text(layer) + calls);
  }
  return "\nOf each layer:\n" + table(rows);
}

std::string functions_text(const Audit& audit) {
  std::vector<std::vector<std::string>> rows{{"code", "stack", "loops", "function"}};
  for (const FunctionFacts& function : audit.functions)
    rows.push_back({number(function.code_bytes), number(function.stack_bytes), number(function.loops), function.name});
  return table(rows);
}

std::string certificate_text(const Audit& audit) {
  std::string text = audit.certified() ? "Real-time certificate: holds. Found in the object's instructions:\n"
                                       : "Real-time certificate: DOES NOT HOLD. Found in the object's instructions:\n";
  for (const Claim& claim : audit.claims) {
    text += fmt::format("  {} {}: {}\n", claim.holds() ? "yes" : "NO ", claim.name, claim.text);
    for (const std::string& against : claim.against) text += fmt::format("        {}\n", against);
  }
  return text;
}

Json json(const Dim& dim) {
  if (auto value = dim.constant()) return *value;
  return dim.to_string();
}
Json json(int64_t value) { return value < 0 ? Json() : Json(value); }

Json classes_json(const std::vector<InstructionClass>& classes, const std::vector<int64_t>& counts) {
  Json object = Json::object();
  for (size_t i = 0; i < counts.size(); ++i) object[classes[i].name] = counts[i];
  return object;
}

/// What is not known of the layer's code is null.
Json layer_json(const LayerReport& layer, const std::vector<InstructionClass>& classes) {
  const bool known = !layer.classes.empty();
  return {{"place", layer.place},
          {"kernels", layer.kernels},
          {"code_bytes", json(layer.code_bytes)},
          {"stack_bytes", json(layer.stack_bytes)},
          {"multiply_adds", json(layer.multiply_adds)},
          {"constant_bytes", json(layer.constant_bytes)},
          {"state_bytes", json(layer.state_bytes)},
          {"scratch_bytes", json(layer.scratch_bytes)},
          {"undefined_symbols", known ? Json(layer.undefined) : Json()},
          {"instructions", known ? classes_json(classes, layer.classes) : Json()}};
}

Json function_json(const FunctionFacts& function) {
  return {{"name", function.name},
          {"entry", function.entry},
          {"code_bytes", function.code_bytes},
          {"stack_bytes", json(function.stack_bytes)},
          {"loops", function.loops},
          {"calls", function.calls}};
}

Json certificate_json(const Audit& audit) {
  Json claims = Json::array();
  for (const Claim& claim : audit.claims)
    claims.push_back(
        {{"name", claim.name}, {"claim", claim.text}, {"holds", claim.holds()}, {"against", claim.against}});
  return {{"holds", audit.certified()}, {"claims", claims}};
}

}  // namespace

std::string report_text(const ModelReport& report) {
  const Audit& audit = report.audit;
  std::string text = fmt::format("{} for {}, {}{}{}\n\n", report.model, report.target, report.cpu,
                                 report.features.empty() ? "" : ", ", report.features);
  text += table({figure(number(audit.code_bytes), "bytes of code"),
                 figure(number(report.constant_bytes), "bytes of constants: weights"),
                 figure(number(audit.read_only_bytes),
                        "bytes of other read-only data: the numbers and the record that describe it"),
                 figure(number(audit.writable_bytes), "bytes of writable data"),
                 figure(number(report.state_bytes), "bytes of state, the caller's"),
                 figure(number(report.scratch_bytes), "bytes of scratch memory, the caller's"),
                 figure(number(audit.stack_bytes), std::string("bytes of stack at most") +
                                                       (calls_helpers(audit) ? ", and what the helpers use" : "")),
                 figure(number(report.multiply_adds), "multiply-adds in a call")});
  if (!report.symbols.empty())
    text += fmt::format("\nSizes depend on {0}; with --dim={1}=N they are numbers.\n", fmt::join(report.symbols, ", "),
                        report.symbols[0]);
  text += fmt::format("\nUndefined symbols: {}\n\n",
                      audit.undefined.empty() ? "none" : fmt::format("{}", fmt::join(audit.undefined, ", ")));
  text +=
      layers_text(report) + "\n" + functions_text(audit) + "\nInstructions that could fault or hand over control:\n";
  for (const InstructionClass& each : audit.classes)
    text += fmt::format("  {:>6} {}: {}\n", each.count, each.name, each.text);
  return text + layer_classes_text(report) + "\n" + certificate_text(audit);
}

std::string report_json(const ModelReport& report) {
  const Audit& audit = report.audit;
  Json root;
  root["model"] = report.model;
  root["target"] = {{"triple", report.target}, {"cpu", report.cpu}, {"features", report.features}};
  root["code_bytes"] = audit.code_bytes;
  root["constant_bytes"] = report.constant_bytes;
  root["read_only_bytes"] = audit.read_only_bytes;
  root["writable_bytes"] = audit.writable_bytes;
  root["state_bytes"] = json(report.state_bytes);
  root["scratch_bytes"] = json(report.scratch_bytes);
  root["stack_bytes"] = json(audit.stack_bytes);
  root["multiply_adds"] = json(report.multiply_adds);
  root["undefined_symbols"] = audit.undefined;
  root["layers"] = Json::array();
  for (const LayerReport& layer : report.layers) root["layers"].push_back(layer_json(layer, audit.classes));
  root["functions"] = Json::array();
  for (const FunctionFacts& function : audit.functions) root["functions"].push_back(function_json(function));
  for (const InstructionClass& each : audit.classes) root["instructions"][each.name] = each.count;
  root["certificate"] = certificate_json(audit);
  return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rondo
