// make_header: the interface's own text, then what this model adds to it. Plain C11 and C++. Tested by header_test.cpp.
#include <fmt/format.h>

#include <algorithm>

#include "codegen/blob.h"
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
      : plan_(plan),
        weight_bytes_(Blob(plan).bytes()),
        external_(external && weight_bytes_ > 0),
        prefix_(identifier(plan.name, "model")),
        macro_(upper(prefix_)) {}

  std::string text() {
    describe();
    out_ += fmt::format("#ifndef RONDO_MODEL_{0}_H\n#define RONDO_MODEL_{0}_H\n\n", prefix_);
    out_ += kInterfaceText;
    out_ += "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
    sizes();
    prototypes();
    wrapper(false);
    if (has_tasks(plan_.steps)) wrapper(true);
    if (!plan_.state_bytes.is(0)) step_n();
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
    for (const Timing& timing : plan_.timing) describe_time(timing);
    line(" * state: {} bytes, scratch: {} bytes, constants: {} bytes", comment(plan_.state_bytes.to_string()),
         comment(plan_.scratch_bytes.to_string()), weight_bytes_);
    line(" */");
  }

  // Frames of a port with a time axis that a step has.
  int64_t frames(const Timing& timing) const {
    for (const Port& port : timing.port == Timing::Port::input ? plan_.inputs : plan_.outputs)
      if (port.name == timing.name) return port.type.shape[static_cast<size_t>(timing.axis)].constant().value_or(1);
    return 1;
  }

  void describe_time(const Timing& timing) {
    const std::string late =
        timing.port == Timing::Port::output ? fmt::format("; frame t comes {} frames late", timing.latency) : "";
    line(" * time: a step {} the next {} of {} '{}', along axis {}{}",
         timing.port == Timing::Port::input ? "takes" : "gives", frames(timing), to_string(timing.port),
         comment(timing.name), timing.axis, late);
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
    if (external_) line("/* The blob of weights, which the object does not hold: of these bytes, and aligned so. */");
    if (external_) size_macro("CONSTANTS", Dim(weight_bytes_));
    if (weight_bytes_ > 0) line("#define {}_FINGERPRINT UINT64_C(0x{:016x})", macro_, fingerprint(plan_));
    stepping();
    out_ += "\n";
  }

  void stepping() {
    const Stepping& stepping = plan_.stepping;
    if (stepping.streams > 0) {
      line("/* Independent streams that a step moves on: the first axis of each input, output and state. A state's part");
      line(" * that belongs to stream i is block i of so many equal ones. */");
      line("#define {}_STREAMS {}", macro_, stepping.streams);
    }
    if (stepping.frames == 0) return;
    line("/* Frames of the sequence that a step takes, and by how many frames the outputs are late. */");
    line("#define {0}_FRAMES {1}\n#define {0}_LATENCY {2}", macro_, stepping.frames, stepping.latency);
  }

  void prototypes() {
    line("extern const rondo_model {}_model;", prefix_);
    line("rondo_status {}_call(const rondo_call *call);", prefix_);
    line("/* Sets the state to its initial value. `dims`: the symbolic dimensions; may be null if there are none. */");
    if (external_ && has_initial_values())
      line("/* Initial values are among the weights: this fails, and {}_reset_stream takes them. */", prefix_);
    line("rondo_status {}_reset(void *state, const int64_t *dims);", prefix_);
    line("/* The same for one stream, or all of them if `stream` is negative; `constants` as in rondo_call. */");
    line("rondo_status {}_reset_stream(void *state, int64_t stream, const void *constants, const int64_t *dims);", prefix_);
    line("int64_t {}_state_size(const int64_t *dims);", prefix_);
    line("int64_t {}_scratch_size(const int64_t *dims);", prefix_);
    line("rondo_status {}_shapes(const int64_t *dims, const int64_t *measured, int64_t *shapes);", prefix_);
    line("rondo_status {}_state_offsets(const int64_t *dims, int64_t *offsets);\n", prefix_);
  }

  bool has_initial_values() const {
    return std::any_of(plan_.states.begin(), plan_.states.end(), [](const StateSlot& slot) { return slot.initial; });
  }

  std::string measured_names() const {
    std::vector<std::string> names;
    for (const auto& [symbol, highest] : plan_.measured) names.push_back(symbol);
    return fmt::format("{}", fmt::join(names, ", "));
  }

  static std::string array(const std::string& declaration, const std::vector<std::string>& names) {
    return names.empty() ? "" : fmt::format("  {}[] = {{{}}};\n", declaration, fmt::join(names, ", "));
  }

  struct Parameters {
    std::vector<std::string> dims, inputs, outputs;  // names
    std::vector<std::string> all;                    // declarations
  };

  Parameters parameters(const char* after_state, const char* last) const {
    UniqueNames names({"state",
                       "scratch",
                       "rondo_inputs",
                       "rondo_outputs",
                       "rondo_dims",
                       "rondo_arguments",
                       "int8_t",
                       "int16_t",
                       "int32_t",
                       "int64_t",
                       "uint8_t",
                       "uint16_t",
                       "uint32_t",
                       "uint64_t",
                       "rondo_status",
                       "rondo_call",
                       "size_t",
                       "rondo_shape",
                       "rondo_result",
                       "rondo_i",
                       "rondo_parallel",
                       "parallel",
                       "steps",
                       "measured",
                       "constants",
                       prefix_ + "_call",
                       prefix_ + "_run",
                       prefix_ + "_step",
                       prefix_ + "_run_parallel",
                       prefix_ + "_shapes"});
    Parameters made;
    for (const std::string& symbol : plan_.symbols) {
      made.dims.push_back(names.add(symbol, "dim"));
      made.all.push_back("int64_t " + made.dims.back());
    }
    if (!plan_.state_bytes.is(0)) made.all.push_back("void *state");
    if (*after_state) made.all.push_back(after_state);
    for (const Port& port : plan_.inputs) {
      made.inputs.push_back(names.add(port.name, "input"));
      made.all.push_back(fmt::format("const {} *{}", c_type(port.type.dtype), made.inputs.back()));
    }
    for (const Port& port : plan_.outputs) {
      made.outputs.push_back(names.add(port.name, "output"));
      made.all.push_back(fmt::format("{} *{}", c_type(port.type.dtype), made.outputs.back()));
    }
    if (!plan_.measured.empty()) made.all.push_back("int64_t *measured");
    made.all.push_back("void *scratch");
    if (external_) made.all.push_back("const void *constants");
    if (*last) made.all.push_back(last);
    return made;
  }

  // The call with its arguments spelled out, on one thread or with a hook; plans with state have no tasks.
  void wrapper(bool parallel) {
    const bool stateful = !plan_.state_bytes.is(0);
    const auto [dims, inputs, outputs, all] = parameters("", parallel ? "const rondo_parallel *parallel" : "");
    if (!plan_.measured.empty())
      line("/* Outputs have room for their largest size; `measured` receives the actual dimensions: {}. */",
           comment(measured_names()));
    line("/* {} `scratch` may be null if the model needs none. */",
         parallel   ? "One call of the model on the threads of `parallel`; null: on one."
         : stateful ? "One step: reads the inputs, writes the outputs, and moves the state on."
                    : "One call of the model.");
    line("static inline rondo_status {}_{}({}) {{", prefix_,
         parallel   ? "run_parallel"
         : stateful ? "step"
                    : "run",
         fmt::join(all, ", "));
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

  // Elements of a port in C, at its largest size; `first` is the place of its dimensions among what _shapes writes.
  static std::string elements(const Port& port, size_t first) {
    if (auto constant = element_count(port.type.shape).constant()) return std::to_string(*constant);
    std::vector<std::string> factors;
    for (size_t i = 0; i < port.type.shape.size(); ++i) factors.push_back(fmt::format("rondo_shape[{}]", first + i));
    return fmt::format("{}", fmt::join(factors, " * "));
  }

  // Steps one after the other: the same bits however a sequence is split into calls.
  void step_n() {
    const auto [dims, inputs, outputs, all] = parameters("int64_t steps", "");
    std::vector<std::string> arguments = dims;
    arguments.push_back("state");
    size_t place = 0;
    bool asks = false;  // for shapes
    const auto add = [&](const std::vector<Port>& ports, const std::vector<std::string>& names) {
      for (size_t i = 0; i < ports.size(); ++i) {
        arguments.push_back(fmt::format("{} + rondo_i * {}", names[i], elements(ports[i], place)));
        place += ports[i].type.shape.size();
        asks = asks || !element_count(ports[i].type.shape).constant();
      }
    };
    add(plan_.inputs, inputs);
    add(plan_.outputs, outputs);
    for (const StateSlot& slot : plan_.states) place += slot.type.shape.size();
    if (!plan_.measured.empty()) arguments.push_back(fmt::format("measured + rondo_i * {}", plan_.measured.size()));
    arguments.push_back("scratch");
    if (external_) arguments.push_back("constants");

    line(
        "/* `steps` steps in one call. Each input and output is an array of steps, one after the other, each with "
        "room");
    line(" * for its largest size. The result is that of the first step that fails; no later one is made. */");
    line("static inline rondo_status {}_step_n({}) {{", prefix_, fmt::join(all, ", "));
    line("  int64_t rondo_i;");
    line("  rondo_status rondo_result = RONDO_OK;");
    if (asks) {
      line("  int64_t rondo_shape[{}];", place);
      out_ += array("const int64_t rondo_dims", dims);
      line("  rondo_result = {}_shapes({}, NULL, rondo_shape);", prefix_, dims.empty() ? "NULL" : "rondo_dims");
    }
    line("  for (rondo_i = 0; rondo_i < steps && rondo_result == RONDO_OK; ++rondo_i)");
    line("    rondo_result = {}_step({});", prefix_, fmt::join(arguments, ", "));
    line("  return rondo_result;");
    line("}}");
  }

  const Plan& plan_;
  int64_t weight_bytes_;
  bool external_;
  std::string prefix_, macro_, out_;
};

}  // namespace

std::string make_header(const Plan& plan, const CodegenOptions& options) {
  return Header(plan, options.external_constants).text();
}

}  // namespace rondo
