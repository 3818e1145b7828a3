// A plan's module: constants, steps, entry points, reflection. Tested by entry_test.cpp.
#include "codegen/module.h"

#include <fmt/format.h>

#include "codegen/blob.h"
#include "codegen/emit/entry.h"
#include "codegen/emit/steps.h"
#include "codegen/names.h"
#include "runtime/include/rondo.h"

namespace rondo {
namespace {

using llvm::Constant;

constexpr int64_t kLargestBlob = INT64_C(1) << 34;

// The record a loader without the generated header reads: rondo_model, and what it points to.
class Reflection {
 public:
  Reflection(emit::Emitter& emitter, const Plan& plan, const std::string& prefix)
      : emitter_(emitter), b_(emitter.b), plan_(plan), prefix_(prefix) {}

  void emit(const emit::Entries& entries, Constant* constants) {
    std::vector<Constant*> inputs, outputs, states, dims, measured;
    const auto timing = [&](Timing::Port port, const std::string& name) { return find_timing(plan_.timing, port, name); };
    for (const Port& port : plan_.inputs)
      inputs.push_back(tensor(port.name, port.type, timing(Timing::Port::input, port.name)));
    for (const Port& port : plan_.outputs)
      outputs.push_back(tensor(port.name, port.type, timing(Timing::Port::output, port.name)));
    for (const StateSlot& slot : plan_.states) states.push_back(tensor(slot.name, slot.type, nullptr));
    for (const std::string& symbol : plan_.symbols) dims.push_back(text(symbol));
    for (const auto& [symbol, highest] : plan_.measured) measured.push_back(text(symbol));
    auto count = [&](size_t n) { return b_.getInt32(static_cast<uint32_t>(n)); };
    Constant* fields[] = {b_.getInt32(RONDO_INTERFACE_VERSION),
                          count(inputs.size()),
                          count(outputs.size()),
                          count(states.size()),
                          count(dims.size()),
                          count(measured.size()),
                          text(plan_.name),
                          array(inputs),
                          array(outputs),
                          array(states),
                          array(dims),
                          array(measured),
                          constants ? constants : null(),
                          b_.getInt64(Blob(plan_).bytes()),
                          entries.call,
                          entries.reset,
                          entries.state_size,
                          entries.scratch_size,
                          entries.shapes,
                          entries.state_offsets,
                          entries.reset_stream,
                          b_.getInt64(fingerprint(plan_)),
                          b_.getInt64(plan_.stepping.streams),
                          b_.getInt64(plan_.stepping.frames),
                          b_.getInt64(plan_.stepping.latency)};
    auto* record = llvm::ConstantStruct::getAnon(fields);
    auto* global = new llvm::GlobalVariable(emitter_.module, record->getType(), true,
                                            llvm::GlobalValue::ExternalLinkage, record, prefix_ + "_model");
    global->setDSOLocal(true);
  }

 private:
  Constant* signed_number(int64_t value) { return llvm::ConstantInt::getSigned(b_.getInt32Ty(), value); }
  Constant* null() { return llvm::ConstantPointerNull::get(b_.getPtrTy()); }

  Constant* hidden(Constant* value) {
    auto* global = new llvm::GlobalVariable(emitter_.module, value->getType(), true, llvm::GlobalValue::PrivateLinkage,
                                            value, prefix_ + ".reflection");
    global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    return global;
  }

  Constant* text(const std::string& contents) {
    return hidden(llvm::ConstantDataArray::getString(emitter_.module.getContext(), contents));
  }

  Constant* array(const std::vector<Constant*>& elements) {
    if (elements.empty()) return null();
    return hidden(llvm::ConstantArray::get(llvm::ArrayType::get(elements[0]->getType(), elements.size()), elements));
  }

  Constant* tensor(const std::string& name, const Type& type, const Timing* timing) {
    std::vector<Constant*> shape;
    for (const Dim& dim : type.shape) shape.push_back(b_.getInt64(dim.constant().value_or(-1)));
    Constant* fields[] = {text(name), b_.getInt32(onnx_code(type.dtype)), b_.getInt32(type.rank()), array(shape),
                          text(to_string(type)), signed_number(timing ? timing->axis : -1),
                          signed_number(timing ? timing->latency : 0)};
    return llvm::ConstantStruct::getAnon(fields);
  }

  emit::Emitter& emitter_;
  llvm::IRBuilder<>& b_;
  const Plan& plan_;
  const std::string& prefix_;
};

Status check_size(const Plan& plan) {
  if (plan.constant_bytes >= 0 && plan.constant_bytes <= kLargestBlob) return Done{};
  return unsupported(fmt::format("constants of {} bytes; at most {} are compiled", plan.constant_bytes, kLargestBlob));
}

/// Only plans that are read as text can use what the target has not, or was not asked for.
Status check_unit(const Plan& plan, const Target::Machine& machine) {
  if (machine.facts.matrix_unit) return Done{};
  Diagnostics errors;
  const auto refuse = [&](std::string place) {
    errors.push_back(unsupported("it uses a matrix unit: that needs --matrix-unit, and a processor that has one", std::move(place)));
  };
  for (const Buffer& buffer : plan.buffers)
    if (buffer.kind == Buffer::Kind::granted) refuse(fmt::format("buffer '{}'", buffer.name));
  for_each_kernel(plan.steps, [&](const Kernel& kernel) {
    if (kernel.schedule.matrix > 0) refuse(fmt::format("kernel '{}'", kernel.name));
  });
  if (errors.empty()) return Done{};
  return errors;
}

/// Sections that linkers, loaders or start-up code take for more than data.
bool is_reserved(llvm::StringRef section) {
  for (const char* family :
       {".bss", ".sbss", ".tbss", ".tdata", ".text", ".init", ".fini", ".preinit_array", ".init_array", ".fini_array",
        ".ctors", ".dtors", ".rel", ".rela", ".note", ".debug", ".ARM", ".riscv", ".group"}) {
    llvm::StringRef rest = section;
    if (rest.consume_front(family) && (rest.empty() || rest.front() == '.' || rest.front() == '_')) return true;
  }
  return section == ".symtab" || section == ".strtab" || section == ".shstrtab" || section == ".comment";
}

Status check_section(const CodegenOptions& options, const Target::Machine& machine) {
  const std::string& name = options.constants_section;
  if (name.empty()) return Done{};
  for (unsigned char c : name)
    if (c <= ' ' || c >= 127 || c == '"') return invalid(fmt::format("'{}' is not a section's name", name));
  const size_t comma = name.find(',');
  const bool two_parts = comma != std::string::npos && comma > 0 && comma <= 16 && name.size() - comma - 1 <= 16 &&
                         comma + 1 < name.size() && name.find(',', comma + 1) == std::string::npos;
  if (machine.triple.isOSBinFormatMachO() && !two_parts)
    return invalid(
        fmt::format("Mach-O sections are named SEGMENT,SECTION, each of at most 16 characters; not '{}'", name));
  if (!machine.triple.isOSBinFormatMachO() && is_reserved(name))
    return invalid(fmt::format(
        "the section '{}' has a meaning of its own; weights may be in one like .rodata.weights or .flash", name));
  if (machine.triple.isOSBinFormatELF() && comma != std::string::npos)
    return invalid(fmt::format("'{}' is not a section's name: it has a comma", name));
  return Done{};
}

std::string constants_name(const Plan& plan) { return identifier(plan.name, "model") + ".constants"; }

void set_flags(llvm::Module& module, const Target::Machine& machine) {
  module.setTargetTriple(machine.spec.triple);
  if (!machine.abi.empty())
    module.addModuleFlag(llvm::Module::Error, "target-abi", llvm::MDString::get(module.getContext(), machine.abi));
}

llvm::GlobalVariable* declare_constants(const Plan& plan, llvm::Module& module) {
  const int64_t bytes = Blob(plan).bytes();
  if (bytes == 0) return nullptr;
  auto* type = llvm::ArrayType::get(llvm::Type::getInt8Ty(module.getContext()), bytes);
  auto* blob =
      new llvm::GlobalVariable(module, type, true, llvm::GlobalValue::ExternalLinkage, nullptr, constants_name(plan));
  blob->setVisibility(llvm::GlobalValue::HiddenVisibility);
  blob->setDSOLocal(true);
  blob->setAlignment(llvm::Align(Plan::kAlignment));
  return blob;
}

}  // namespace

Result<std::unique_ptr<llvm::Module>> build_module(const Plan& plan, const Target::Machine& machine,
                                                   llvm::LLVMContext& context, const CodegenOptions& options) {
  RONDO_CHECK(check_size(plan));
  RONDO_CHECK(check_unit(plan, machine));
  RONDO_CHECK(check_section(options, machine));
  std::string prefix = identifier(plan.name, "model");
  auto module = std::make_unique<llvm::Module>(prefix, context);
  set_flags(*module, machine);
  module->setDataLayout(data_layout(machine));
  emit::Emitter emitter(machine, *module, options);
  emitter.fast_math = plan.fast_math;
  llvm::GlobalVariable* constants = options.external_constants ? nullptr : declare_constants(plan, *module);
  emit::Lines::At first_line(emitter.lines, &plan);
  RONDO_TRY(llvm::Function * run, emit::emit_run(emitter, plan, prefix));
  emit::Entries entries = emit::EntryEmitter(emitter, plan, prefix, constants).emit(run);
  Reflection(emitter, plan, prefix).emit(entries, constants);
  emitter.lines.finish();
  return module;
}

Status attach_constants(const Plan& plan, llvm::Module& module, const CodegenOptions& options) {
  llvm::GlobalVariable* blob = module.getNamedGlobal(constants_name(plan));
  if (!blob) return Done{};
  const std::string bytes = weights_of(plan);
  auto* i8 = llvm::Type::getInt8Ty(module.getContext());
  blob->setInitializer(llvm::ConstantDataArray::getRaw(bytes, bytes.size(), i8));
  blob->setVisibility(llvm::GlobalValue::DefaultVisibility);
  blob->setLinkage(llvm::GlobalValue::InternalLinkage);
  blob->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  if (!options.constants_section.empty())
    blob->setSection(options.constants_section);
  else if (llvm::Triple(module.getTargetTriple()).isOSBinFormatELF())
    blob->setSection(kConstantsSection);
  return Done{};
}

}  // namespace rondo
