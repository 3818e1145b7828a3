// make_header: the interface's own text, then what this model adds to it. Plain C11 and C++. Tested by header_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "codegen/codegen.h"
#include "codegen/names.h"
#include "interface_text.h"

namespace rondo {
namespace {

// Text of the model inside a C comment: nothing that opens or closes one.
std::string comment(std::string text) {
  for (size_t i = 0; i < text.size(); ++i) {
    bool control = static_cast<unsigned char>(text[i]) < 32;
    bool edge = i > 0 && ((text[i - 1] == '*' && text[i] == '/') || (text[i - 1] == '/' && text[i] == '*'));
    if (control || edge || text[i] == '\\' || text[i] == '?') text[i] = edge ? ' ' : '.';
  }
  return text;
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

class Header {
 public:
  Header(const Plan& plan, bool external)
      : plan_(plan), external_(external && plan.constant_bytes > 0), prefix_(identifier(plan.name, "model")), macro_(upper(prefix_)) {}

  std::string text() {
    describe();
    out_ += fmt::format("#ifndef RONDO_MODEL_{0}_H\n#define RONDO_MODEL_{0}_H\n\n", prefix_);
    out_ += kInterfaceText;
    out_ += "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
    sizes();
    prototypes();
    wrapper(false);
    if (has_tasks(plan_.steps)) wrapper(true);
    out_ += "\n#ifdef __cplusplus\n}\n#endif\n#endif\n";
    return std::move(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    out_ += fmt::format(format, std::forward<Args>(args)...) + "\n";
  }

  void describe() {
    line("/* Model {}, compiled by rondo.", comment(plan_.name));
    line(" *");
    for (const std::string& symbol : plan_.symbols) line(" * dimension {}", comment(symbol));
    for (const auto& [symbol, highest] : plan_.measured)
      line(" * measured dimension {}, at most {}", comment(symbol), comment(highest.to_string()));
    for (const auto& [a, b] : plan_.equalities)
      line(" * {} must equal {}", comment(a.to_string()), comment(b.to_string()));
    for (const Port& port : plan_.inputs) line(" * input  {}: {}", comment(port.name), comment(to_string(port.type)));
    for (const Port& port : plan_.outputs) line(" * output {}: {}", comment(port.name), comment(to_string(port.type)));
    for (const StateSlot& slot : plan_.states)
      line(" * state  {}: {}, at byte {} of the state", comment(slot.name), comment(to_string(slot.type)),
           comment(plan_.buffers[slot.buffer].offset.to_string()));
    line(" * state: {} bytes, scratch: {} bytes, constants: {} bytes", comment(plan_.state_bytes.to_string()),
         comment(plan_.scratch_bytes.to_string()), plan_.constant_bytes);
    line(" */");
  }

  void size_macro(const char* what, const Dim& bytes) {
    if (auto constant = bytes.constant()) line("#define {}_{}_BYTES {}", macro_, what, *constant);
    line("#define {}_{}_ALIGNMENT RONDO_ALIGNMENT", macro_, what);
  }

  void sizes() {
    line(
        "/* Memory the caller provides; where a size depends on dimensions, {0}_state_size and {0}_scratch_size tell "
        "it. */",
        prefix_);
    size_macro("STATE", plan_.state_bytes);
    size_macro("SCRATCH", plan_.scratch_bytes);
    if (external_) line("/* The constants, which the object does not hold: of these bytes, and aligned so. */");
    if (external_) size_macro("CONSTANTS", Dim(plan_.constant_bytes));
    out_ += "\n";
  }

  void prototypes() {
    line("extern const rondo_model {}_model;", prefix_);
    line("rondo_status {}_call(const rondo_call *call);", prefix_);
    line("/* Sets the state to its initial value. `dims`: the symbolic dimensions; may be null if there are none. */");
    line("rondo_status {}_reset(void *state, const int64_t *dims);", prefix_);
    line("int64_t {}_state_size(const int64_t *dims);", prefix_);
    line("int64_t {}_scratch_size(const int64_t *dims);", prefix_);
    line("rondo_status {}_shapes(const int64_t *dims, const int64_t *measured, int64_t *shapes);", prefix_);
    line("rondo_status {}_state_offsets(const int64_t *dims, int64_t *offsets);\n", prefix_);
  }

  std::string measured_names() const {
    std::vector<std::string> names;
    for (const auto& [symbol, highest] : plan_.measured) names.push_back(symbol);
    return fmt::format("{}", fmt::join(names, ", "));
  }

  static std::string array(const std::string& declaration, const std::vector<std::string>& names) {
    return names.empty() ? "" : fmt::format("  {}[] = {{{}}};\n", declaration, fmt::join(names, ", "));
  }

  // The call with its arguments spelled out, on one thread or with a hook; plans with state have no tasks.
  void wrapper(bool parallel) {
    UniqueNames names({"state",           "scratch",  "rondo_inputs",    "rondo_outputs",  "rondo_dims",
                       "rondo_arguments", "int8_t",   "int16_t",         "int32_t",        "int64_t",
                       "uint8_t",         "uint16_t", "uint32_t",        "uint64_t",       "rondo_status",
                       "rondo_call",      "size_t",   prefix_ + "_call", prefix_ + "_run", prefix_ + "_step",
                       "rondo_parallel",  "parallel", prefix_ + "_run_parallel",
                       "measured",        "constants"});
    std::vector<std::string> parameters, dims, inputs, outputs;
    bool stateful = !plan_.state_bytes.is(0);
    for (const std::string& symbol : plan_.symbols) {
      dims.push_back(names.add(symbol, "dim"));
      parameters.push_back("int64_t " + dims.back());
    }
    if (stateful) parameters.push_back("void *state");
    for (const Port& port : plan_.inputs) {
      inputs.push_back(names.add(port.name, "input"));
      parameters.push_back(fmt::format("const {} *{}", c_type(port.type.dtype), inputs.back()));
    }
    for (const Port& port : plan_.outputs) {
      outputs.push_back(names.add(port.name, "output"));
      parameters.push_back(fmt::format("{} *{}", c_type(port.type.dtype), outputs.back()));
    }
    if (!plan_.measured.empty()) parameters.push_back("int64_t *measured");
    parameters.push_back("void *scratch");
    if (external_) parameters.push_back("const void *constants");
    if (parallel) parameters.push_back("const rondo_parallel *parallel");
    if (!plan_.measured.empty())
      line("/* Outputs have room for their largest size; `measured` receives the actual dimensions: {}. */",
           comment(measured_names()));
    line("/* {} `scratch` may be null if the model needs none. */",
         parallel   ? "One call of the model on the threads of `parallel`; null: on one."
         : stateful ? "One step: reads the inputs, writes the outputs, and moves the state on."
                    : "One call of the model.");
    line("static inline rondo_status {}_{}({}) {{", prefix_, parallel   ? "run_parallel"
                                                              : stateful ? "step"
                                                                         : "run",
         fmt::join(parameters, ", "));
    out_ += array("const void *const rondo_inputs", inputs);
    out_ += array("void *const rondo_outputs", outputs);
    out_ += array("const int64_t rondo_dims", dims);
    line("  const rondo_call rondo_arguments = {{{}, {}, {}, {}, scratch, {}, {}, {}}};",
         inputs.empty() ? "NULL" : "rondo_inputs", outputs.empty() ? "NULL" : "rondo_outputs",
         dims.empty() ? "NULL" : "rondo_dims", stateful ? "state" : "NULL", external_ ? "constants" : "NULL",
         parallel ? "parallel" : "NULL", plan_.measured.empty() ? "NULL" : "measured");
    line("  return {}_call(&rondo_arguments);", prefix_);
    line("}}");
  }

  const Plan& plan_;
  bool external_;
  std::string prefix_, macro_, out_;
};

}  // namespace

std::string make_header(const Plan& plan, const CodegenOptions& options) {
  return Header(plan, options.external_constants).text();
}

}  // namespace rondo
