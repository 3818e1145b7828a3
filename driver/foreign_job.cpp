// See foreign_job.h.
#include "driver/foreign_job.h"

#include <fmt/format.h>

#include <cstring>

#include "codegen/codegen.h"

namespace rondo {
namespace {

constexpr int64_t kGuard = 64, kMostBytes = int64_t{1} << 31;

int64_t aligned(int64_t bytes, int64_t alignment) { return (bytes + alignment - 1) / alignment * alignment; }

Result<int64_t> value_of(const Dim& dim, const Script& script, const std::string& place) {
  Result<int64_t> value = dim.evaluate(script.dims);
  if (!value)
    return unsupported(fmt::format("its size {} is not known before the call; a runner needs it", dim.to_string()),
                       place);
  return value;
}

Result<std::vector<int64_t>> shape_of(const Type& type, const Script& script, const std::string& place) {
  std::vector<int64_t> shape;
  for (const Dim& dim : type.shape) {
    RONDO_TRY(int64_t extent, value_of(dim, script, place));
    shape.push_back(extent);
  }
  return shape;
}

int64_t bytes_of(const std::vector<int64_t>& shape, DType dtype) {
  int64_t bytes = byte_size(dtype);
  for (int64_t extent : shape) bytes *= extent;
  return bytes;
}

std::string list(const char* declaration, const std::vector<std::string>& elements) {
  return fmt::format("static const {}[] = {{{}}};\n", declaration,
                     elements.empty() ? "0" : fmt::format("{}", fmt::join(elements, ", ")));
}

template <class Number>
std::vector<std::string> texts(const std::vector<Number>& numbers) {
  std::vector<std::string> words;
  for (const Number& number : numbers) words.push_back(fmt::format("{}", number));
  return words;
}

std::string record(std::initializer_list<int64_t> numbers) { return fmt::format("{{{}}}", fmt::join(numbers, ", ")); }

class JobWriter {
 public:
  JobWriter(const Plan& plan, const Script& script, ForeignJob& job) : plan_(plan), script_(script), job_(job) {}

  Status measure() {
    RONDO_TRY(int64_t scratch, value_of(plan_.scratch_bytes, script_, "the scratch memory"));
    RONDO_TRY(job_.state_bytes, value_of(plan_.state_bytes, script_, "the state"));
    RONDO_CHECK(add_region(scratch));
    RONDO_CHECK(add_region(job_.state_bytes));
    for (const Port& port : plan_.outputs) {
      RONDO_TRY(std::vector<int64_t> shape, shape_of(port.type, script_, "output '" + port.name + "'"));
      job_.output_bytes.push_back(bytes_of(shape, port.type.dtype));
      job_.output_shapes.push_back(std::move(shape));
      RONDO_CHECK(add_region(job_.output_bytes.back()));
    }
    for (const StateSlot& slot : plan_.states) {
      const std::string place = "state '" + slot.name + "'";
      RONDO_TRY(std::vector<int64_t> shape, shape_of(slot.type, script_, place));
      RONDO_TRY(int64_t offset, value_of(plan_.buffers[slot.buffer].offset, script_, place));
      job_.state_shapes.push_back(std::move(shape));
      job_.state_offsets.push_back(offset);
    }
    return Done{};
  }

  void write(const std::string& prefix, const std::string& data_path, bool external_constants) {
    int64_t constants = -1;
    if (const std::string weights = weights_of(plan_); external_constants && !weights.empty())
      constants = add_data(weights, Plan::kAlignment);
    const std::vector<std::string> initials = add_initial_states();
    std::vector<int64_t> inputs;
    const int64_t first_step = add_steps(inputs);
    std::vector<int64_t> dims;
    for (const std::string& symbol : plan_.symbols) dims.push_back(script_.dims.at(symbol));
    job_.header = "#include \"model.h\"\n";
    define("JOB_DATA", "\"" + data_path + "\"");
    define("JOB_CALL", prefix + "_call");
    define("JOB_RESET", prefix + "_reset_stream");
    define("JOB_MEMORY", memory_ + kGuard);
    define("JOB_STATE_BYTES", job_.state_bytes);
    define("JOB_CONSTANTS", constants);
    define("JOB_STEPS", script_.steps.size());
    define("JOB_FIRST_STEP", first_step);
    define("JOB_STEP_BYTES", step_bytes_);
    define("JOB_INPUTS", plan_.inputs.size());
    define("JOB_OUTPUTS", plan_.outputs.size());
    define("JOB_STATES", initials.size());
    define("JOB_REGIONS", regions_.size());
    job_.header += list("struct region job_regions", regions_) + list("int64_t job_dims", texts(dims)) +
                   list("size_t job_inputs", texts(inputs));
    job_.header += initials.empty() ? "static const struct initial job_states[] = {{0, 0, 0}};\n"
                                    : list("struct initial job_states", initials);
    for (int64_t bytes : job_.output_bytes) job_.printed_bytes += bytes * static_cast<int64_t>(script_.steps.size());
    job_.printed_bytes += job_.state_bytes;
  }

 private:
  template <class Value>
  void define(const char* name, const Value& value) {
    job_.header += fmt::format("#define {} {}\n", name, value);
  }

  Status add_region(int64_t bytes) {
    if (bytes < 0 || memory_ + bytes > kMostBytes)
      return unsupported(fmt::format("more than {} bytes of memory, the most that a runner's program is given", kMostBytes));
    const int64_t at = aligned(memory_ + kGuard, Plan::kAlignment);
    regions_.push_back(record({at, bytes}));
    memory_ = at + bytes;
    return Done{};
  }

  int64_t add_data(std::string_view bytes, int64_t alignment) {
    job_.data.resize(aligned(static_cast<int64_t>(job_.data.size()), alignment));
    const int64_t at = static_cast<int64_t>(job_.data.size());
    job_.data += bytes;
    return at;
  }

  std::vector<std::string> add_initial_states() {
    std::vector<std::string> initials;
    for (const NamedTensor& state : script_.initial)
      for (size_t i = 0; i < plan_.states.size(); ++i)
        if (plan_.states[i].name == state.name) {
          const int64_t at = add_data(state.value.bytes(), 16);
          initials.push_back(
              record({job_.state_offsets[i], at, static_cast<int64_t>(state.value.bytes().size())}));
        }
    return initials;
  }

  int64_t add_steps(std::vector<int64_t>& inputs) {
    const int64_t first = add_data("", 16);
    for (const std::vector<Tensor>& step : script_.steps) {
      inputs.clear();
      const int64_t begin = add_data("", 16);
      for (const Tensor& input : step) inputs.push_back(add_data(input.bytes(), 16) - begin);
      step_bytes_ = add_data("", 16) - begin;
    }
    return first;
  }

  const Plan& plan_;
  const Script& script_;
  ForeignJob& job_;
  std::vector<std::string> regions_;
  int64_t memory_ = 0, step_bytes_ = 0;
};

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

Diagnostic broken(const std::string& text, const char* what) {
  const size_t from = text.size() > 400 ? text.size() - 400 : 0;
  return invalid(fmt::format("the program {}; it printed: {}", what, text.empty() ? "nothing" : text.substr(from)));
}

std::string status_text(uint64_t status) {
  if (status == 0x100) return "the compiled model wrote outside the memory it was given";
  return "call: " + to_string(static_cast<rondo_status>(status));
}

}  // namespace

Result<ForeignJob> ForeignJob::make(const Plan& plan, const std::string& prefix, const Script& script,
                                    const std::string& data_path, bool external_constants) {
  ForeignJob job;
  JobWriter writer(plan, script, job);
  RONDO_CHECK(writer.measure());
  writer.write(prefix, data_path, external_constants);
  return job;
}

Result<std::string> read_printed(const std::string& text, int64_t expected_bytes) {
  const size_t begin = text.find("rondo-begin"), end = text.find("rondo-end ");
  if (text.find("rondo-fault") != std::string::npos) return broken(text, "met a processor fault");
  if (begin == std::string::npos || end == std::string::npos || end < begin || text.size() < end + 27)
    return broken(text, "did not come to its end");
  std::string bytes;
  uint32_t sum = 0;
  for (size_t at = begin + std::strlen("rondo-begin"); at + 1 < end;) {
    const int high = digit(text[at]), low = digit(text[at + 1]);
    if (high < 0 || low < 0) {
      if (text[at] != '\n' && text[at] != '\r') return broken(text, "printed something between the results");
      ++at;
      continue;
    }
    bytes.push_back(static_cast<char>(high * 16 + low));
    sum = sum * 31 + static_cast<uint32_t>(high * 16 + low);
    at += 2;
  }
  const std::string status = text.substr(end + 10, 8), printed_sum = text.substr(end + 19, 8);
  if (status != "00000000") return invalid(status_text(std::strtoul(status.c_str(), nullptr, 16)));
  if (printed_sum != fmt::format("{:08x}", sum) || static_cast<int64_t>(bytes.size()) != expected_bytes)
    return broken(text, "printed results that are not whole");
  return bytes;
}

Played cut(const Plan& plan, const Script& script, const ForeignJob& job, const std::string& bytes) {
  Played played;
  std::vector<std::vector<Tensor>> by_output(plan.outputs.size());
  size_t at = 0;
  for (size_t step = 0; step < script.steps.size(); ++step)
    for (size_t i = 0; i < plan.outputs.size(); ++i) {
      const auto size = static_cast<size_t>(job.output_bytes[i]);
      by_output[i].emplace_back(plan.outputs[i].type.dtype, job.output_shapes[i], bytes.substr(at, size));
      at += size;
    }
  for (size_t i = 0; i < plan.outputs.size(); ++i)
    played.outputs.push_back({plan.outputs[i].name, script.stream ? stack_steps(by_output[i]) : by_output[i][0]});
  for (size_t i = 0; i < plan.states.size(); ++i) {
    const DType dtype = plan.states[i].type.dtype;
    const auto size = static_cast<size_t>(bytes_of(job.state_shapes[i], dtype));
    played.states.push_back(
        {plan.states[i].name, Tensor(dtype, job.state_shapes[i], bytes.substr(at + job.state_offsets[i], size))});
  }
  return played;
}

}  // namespace rondo
