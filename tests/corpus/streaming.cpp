// corpus_streaming LIST [ATOL]: what every streaming model must do, on each model of a list, compiled and called by its
// record. ATOL: the absolute tolerance, for models that make more of float32's rounding than the usual one allows.
//
// A model with a recorded stream (stream*/stream.json) is compiled with the stream's state pairs, any other with
// --stream, and its recorded sequences are played step by step.
//
//   equal     the steps give what was recorded: of whole sequences, frame by frame
//   reset     after reset, the same bits again
//   copied    a state copied with memcpy in the middle goes on with the same bits
//   apart     two instances that take turns do not see each other
//   sealed    a process that may not call the system makes the steps; the object has no undefined symbol, so nothing
//   else
//             can allocate or lock, and its code has no atomic instruction
//
// Exit code 77 where the corpus is absent.
#include <fmt/format.h>

#include <cstring>

#include "driver/compare.h"
#include "driver/frames.h"
#include "driver/settle.h"
#include "tests/corpus/lists.h"
#include "tests/corpus/sealed.h"
#include "tests/elf_symbols.h"
#include "tests/process.h"

namespace fs = std::filesystem;

namespace rondo::test {
namespace {

/// One caller of a model, with memory of its own.
class Caller {
 public:
  Caller(const LoadedModel& model, const Script& script) : record_(model.record()), script_(script) {
    for (const std::string& symbol : model.symbols()) dims_.push_back(script.dims.at(symbol));
    state_ = memory(record_.state_size(dims_.data()));
    scratch_ = memory(record_.scratch_size(dims_.data()));
    std::vector<int64_t> shapes(1024);
    record_.shapes(dims_.data(), nullptr, shapes.data());
    const int64_t* next = shapes.data();
    for (const Slot& slot : model.inputs()) next += slot.type.rank();
    for (const Slot& slot : model.outputs()) {
      int64_t bytes = byte_size(slot.type.dtype);
      for (int i = 0; i < slot.type.rank(); ++i) bytes *= *next++;
      outputs_.push_back(memory(bytes));
    }
    for (Memory& output : outputs_) output_pointers_.push_back(output.data());
    measured_.resize(static_cast<size_t>(record_.measured_count) + 1);
    inputs_.resize(model.inputs().size());
    std::vector<int64_t> offsets(model.states().size() + 1);
    record_.state_offsets(dims_.data(), offsets.data());
    for (size_t i = 0; i < model.states().size(); ++i)
      for (const NamedTensor& initial : script.initial)
        if (initial.name == model.states()[i].name) initial_.emplace_back(offsets[i], initial.value);
  }

  bool reset() {
    if (state_.size == 0) return true;
    if (record_.reset(state_.data(), dims_.data()) != RONDO_OK) return false;
    for (const auto& [offset, value] : initial_)
      std::memcpy(state_.data() + offset, value.bytes().data(), value.bytes().size());
    return true;
  }

  /// Neither allocates nor calls the system.
  bool step(size_t number) {
    const std::vector<Tensor>& inputs = script_.steps[number];
    for (Memory& output : outputs_) std::memset(output.data(), 0, output.size);  // a call may fill only a part of it
    for (size_t i = 0; i < inputs.size(); ++i) inputs_[i] = inputs[i].bytes().data();
    const rondo_call call{inputs_.data(), output_pointers_.data(), dims_.data(),
                          state_.data(),  scratch_.data(),         nullptr,
                          nullptr,        measured_.data()};
    return record_.call(&call) == RONDO_OK;
  }

  /// The bytes of all outputs of one step.
  std::string outputs() const {
    std::string bytes;
    for (const Memory& output : outputs_) bytes.append(output.data(), output.size);
    return bytes;
  }

  void copy_state(const Caller& other) { std::memcpy(state_.data(), other.state_.data(), state_.size); }
  size_t steps() const { return script_.steps.size(); }

 private:
  struct Memory {
    std::vector<char> bytes;
    size_t size = 0;
    char* data() { return bytes.data() + (64 - reinterpret_cast<uintptr_t>(bytes.data()) % 64) % 64; }
    const char* data() const { return const_cast<Memory*>(this)->data(); }
  };
  static Memory memory(int64_t size) {
    return {std::vector<char>(static_cast<size_t>(size) + 128), static_cast<size_t>(size)};
  }

  const rondo_model& record_;
  const Script& script_;
  std::vector<int64_t> dims_, measured_;
  Memory state_, scratch_;
  std::vector<Memory> outputs_;
  std::vector<void*> output_pointers_;
  std::vector<const void*> inputs_;
  std::vector<std::pair<int64_t, Tensor>> initial_;
};

class Check {
 public:
  Check(fs::path folder, double absolute) : folder_(std::move(folder)), absolute_(absolute) {}

  Status run() {
    options_.model = model_of(folder_).string();
    RONDO_TRY(source_, read_source(options_));
    for (const Value* input : source_.graph->inputs())
      interface_.inputs.push_back({input->name, input->type.value_or(Type{})});
    interface_.outputs = source_.graph->output_names;
    RONDO_TRY(const std::vector<Recording> recordings, recorded_data(folder_.string(), interface_));
    const bool streams =
        std::any_of(recordings.begin(), recordings.end(), [](const Recording& r) { return !r.states.empty(); });
    for (const Recording& recording : recordings)
      if (!streams || !recording.states.empty()) RONDO_CHECK(check(recording, !streams));
    return Done{};
  }
  int unsealed = 0;

 private:
  Status check(const Recording& recorded, bool whole) {
    ModelOptions options = options_;
    for (const RecordedState& state : recorded.states) options.states.emplace_back(state.input, state.output);
    if (whole) options.stream.emplace();
    Settled settled;
    RONDO_TRY(LoadedModel model,
              build_settled<LoadedModel>(source_, given_by(recorded, options.states), settled,
                                         [&](Parsed copied) { return build(std::move(copied), options); }));
    const std::set<std::string> frozen = names_of(settled);
    const Ports ports = ports_of(model);
    if (whole) RONDO_CHECK(equal(ports, recorded, play(model, recorded, frozen)));
    RONDO_TRY(const Recording steps, whole ? cut_into_steps(ports, recorded, frozen) : recorded);
    RONDO_TRY(const Script script, make_script(ports, steps, frozen));
    return invariants(model, script);
  }

  Result<LoadedModel> build(Parsed source, const ModelOptions& options) {
    RONDO_TRY(const Target target, Target::find(options.target));
    RONDO_TRY(const Plan plan, lower_to_plan(std::move(source), options, target));
    RONDO_TRY(const std::string object, generate(plan, target, Form::object));
    const auto undefined = undefined_symbols(object);
    if (!undefined || !undefined->empty()) return invalid("the object has an undefined symbol");
    RONDO_TRY(const std::string code, generate(plan, target, Form::llvm));
    for (const char* word : {" cmpxchg ", " atomicrmw ", " fence ", "syscall"})
      if (code.find(word) != std::string::npos) return invalid(fmt::format("the code has '{}'", word));
    return LoadedModel::build(plan, target, options);
  }

  Status equal(const Ports& ports, const Recording& recorded, const Result<Played>& played) {
    if (!played) return played.errors();
    for (const NamedTensor& want : recorded.outputs)
      for (size_t i = 0; i < ports.outputs.size(); ++i) {
        const Slot& slot = ports.outputs[i];
        if (slot.name != want.name) continue;
        Common common{played->outputs[i].value, want.value};
        if (slot.time_axis >= 0) {
          RONDO_TRY(common, recorded.flat_outputs ? common_rows(slot, common.steps, common.whole)
                                                  : common_frames(slot, common.steps, common.whole));
        }
        Tolerance tolerance = default_tolerance(want.value.dtype());
        if (absolute_ > 0) tolerance.absolute = absolute_;
        const Comparison comparison = compare(common.steps, common.whole, tolerance);
        if (!comparison.good()) return invalid("equal: " + describe(comparison, common.steps, common.whole));
      }
    return Done{};
  }

  Status invariants(const LoadedModel& model, const Script& script) {
    Caller first(model, script), second(model, script), clone(model, script);
    const size_t steps = first.steps(), middle = steps / 2;
    std::vector<std::string> outputs;
    if (!first.reset()) return invalid("reset fails");
    for (size_t i = 0; i < steps; ++i) {
      if (i == middle) clone.copy_state(first);
      if (!first.step(i)) return invalid(fmt::format("step {} fails", i));
      outputs.push_back(first.outputs());
    }
    for (size_t i = middle; i < steps; ++i)
      if (!clone.step(i) || clone.outputs() != outputs[i]) return invalid(fmt::format("copied: step {} differs", i));
    first.reset(), second.reset();
    for (size_t i = 0; i < steps; ++i) {
      if (!first.step(i) || first.outputs() != outputs[i]) return invalid(fmt::format("reset: step {} differs", i));
      const size_t other = steps - 1 - i;  // the other instance takes the steps in another order
      if (!second.step(other)) return invalid(fmt::format("apart: step {} fails", other));
    }
    const Sealed sealed = run_sealed([&] {
      bool good = first.reset();
      for (size_t i = 0; good && i < steps; ++i) good = first.step(i);
      return good;
    });
    if (sealed == Sealed::called) return invalid("sealed: a step called the system");
    if (sealed == Sealed::wrong) return invalid("sealed: a step fails");
    unsealed += sealed == Sealed::unavailable;
    return Done{};
  }

  const fs::path folder_;
  const double absolute_;  // 0: the usual tolerance
  ModelOptions options_;
  Parsed source_;
  Interface interface_;
};

/// The seal must see what it is there to see.
bool seal_works() {
  const Sealed called = run_sealed([] { return syscall(SYS_getppid) > 0; });
  const Sealed allocates = run_sealed([] {
    static volatile size_t size = 64 << 20;  // more than malloc keeps at hand
    void* memory = std::malloc(size);
    return memory != nullptr;
  });
  const Sealed nothing = run_sealed([] { return true; });
  if (called == Sealed::unavailable) return true;
  return called == Sealed::called && allocates == Sealed::called && nothing == Sealed::clean;
}

int run_list(const fs::path& list_file, double absolute) {
  const fs::path corpus = corpus_folder();
  if (corpus.empty()) {
    std::puts("SKIP: no corpus at $RONDO_CORPUS or ../shared/corpus");
    return kSkip;
  }
  if (!seal_works()) {
    std::puts("FAIL: the seal does not end a process that calls the system");
    return 1;
  }
  int passed = 0, failed = 0, unsealed = 0;
  for (const fs::path& folder : read_list(list_file, corpus).folders) {
    Check check(folder, absolute);
    const Status status = check.run();
    unsealed += check.unsealed;
    ++(status ? passed : failed);
    if (!status) fmt::print("FAIL {}: {}\n", fs::relative(folder, corpus).string(), to_string(status.errors()[0]));
  }
  if (unsealed > 0) fmt::print("SKIP: this system seals no process; {} recordings were played without\n", unsealed);
  fmt::print("streaming {}: {} models passed, {} failed\n", list_file.stem().string(), passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace rondo::test

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fputs("usage: corpus_streaming LIST [ATOL]\n", stderr);
    return 2;
  }
  return rondo::test::run_list(argv[1], argc == 3 ? std::atof(argv[2]) : 0);
}
