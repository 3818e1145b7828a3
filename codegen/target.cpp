// Target::find: a target's name or triple, CPU and features become LLVM's machine and the facts passes may know.
// Unknown names are errors that list near ones. Tested by target_test.cpp.
#include <fmt/format.h>
#include <llvm-c/Target.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "codegen/machine.h"

namespace rondo {
namespace {

struct Row {
  std::string_view name, triple, cpu, features, doc;
};
constexpr Row kRows[] = {
#define RONDO_TARGET(name, triple, cpu, features, doc) {name, triple, cpu, features, doc},
#include "codegen/targets.def"
};

void initialise_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
#define RONDO_INITIALISE(arch)        \
  LLVMInitialize##arch##TargetInfo(); \
  LLVMInitialize##arch##Target();     \
  LLVMInitialize##arch##TargetMC();   \
  LLVMInitialize##arch##AsmPrinter(); \
  LLVMInitialize##arch##AsmParser();  \
  LLVMInitialize##arch##Disassembler();
    RONDO_INITIALISE(X86)
    RONDO_INITIALISE(ARM)
    RONDO_INITIALISE(AArch64)
    RONDO_INITIALISE(RISCV)
#undef RONDO_INITIALISE
  });
}

// Levenshtein's distance, for "did you mean".
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string near_names(std::string_view wanted, std::vector<std::string> names, size_t count) {
  std::string_view key = wanted.substr(0, 64);
  std::stable_sort(names.begin(), names.end(),
                   [&](const auto& a, const auto& b) { return distance(key, a) < distance(key, b); });
  names.resize(std::min(names.size(), count));
  return fmt::format("{}", fmt::join(names, ", "));
}

// +sveN is rondo's own word: SVE, with vectors of N bits. The last one counts; -sve takes all back.
struct Scalable {
  int bits = 0;
  std::string features;  // as LLVM knows them
};
constexpr int kSveBits[] = {128, 256, 512, 1024, 2048};

Scalable without_sve_lengths(const std::string& features) {
  Scalable result;
  llvm::SmallVector<llvm::StringRef> words;
  llvm::StringRef(features).split(words, ',', -1, false);
  for (llvm::StringRef word : words) {
    std::string known = word.str();
    if (word == "-sve") result.bits = 0;
    for (int bits : kSveBits)
      if (word == "+sve" + std::to_string(bits)) result.bits = bits, known = "+sve";
    result.features += (result.features.empty() ? "" : ",") + known;
  }
  return result;
}

std::string host_features() {
  std::vector<std::string> words;  // sorted: LLVM's map has no order of its own
  for (const auto& entry : llvm::sys::getHostCPUFeatures())
    words.push_back((entry.getValue() ? "+" : "-") + entry.getKey().str());
  std::sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.substr(1) < b.substr(1); });
  return fmt::format("{}", fmt::join(words, ","));
}

const Row* find_row(std::string_view name) {
  auto found = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& row) { return row.name == name; });
  return found == std::end(kRows) ? nullptr : found;
}

std::string default_cpu(const llvm::Triple& triple) {
  switch (triple.getArch()) {
    case llvm::Triple::x86_64: return "x86-64";
    case llvm::Triple::x86: return "pentium4";
    case llvm::Triple::riscv64: return "generic-rv64";
    case llvm::Triple::riscv32: return "generic-rv32";
    default: return "generic";
  }
}

// Linux distributions for RISC-V agree on rv64gc; bare-metal parts must say what they have.
std::string default_features(const llvm::Triple& triple) {
  return triple.getArch() == llvm::Triple::riscv64 && triple.isOSLinux() ? "+m,+a,+f,+d,+c" : "";
}

struct Wanted {
  llvm::Triple triple;
  std::string cpu, features, extra_features;  // extra: the user's own words
  int sve_bits = 0;
  bool native = false;                        // CPU and features are this machine's
};

Result<Wanted> resolve(const TargetSpec& spec) {
  Wanted wanted;
  wanted.extra_features = spec.features;
  bool host = spec.triple.empty() || spec.triple == "host";
  if (host) {
    wanted.triple = llvm::Triple(llvm::Triple::normalize(llvm::sys::getProcessTriple()));
    wanted.native = spec.cpu.empty() || spec.cpu == "native";
    if (wanted.native) wanted.cpu = llvm::sys::getHostCPUName().str(), wanted.features = host_features();
  } else if (const Row* row = find_row(spec.triple)) {
    wanted.triple = llvm::Triple(llvm::Triple::normalize(llvm::StringRef(row->triple.data(), row->triple.size())));
    if (spec.cpu.empty()) wanted.cpu = row->cpu;
    wanted.features = row->features;
  } else {
    wanted.triple = llvm::Triple(llvm::Triple::normalize(spec.triple));
    wanted.features = spec.cpu.empty() ? default_features(wanted.triple) : "";
  }
  if (wanted.cpu.empty()) wanted.cpu = spec.cpu.empty() ? default_cpu(wanted.triple) : spec.cpu;
  if (!host && spec.cpu == "native")
    return invalid("CPU 'native' is the machine rondo runs on; with another target, name a CPU");
  return wanted;
}

/// Whether LLVM knows every part of a triple: it takes those that it does not know for nothing at all. A vendor may
/// have any name in the triple of a system or of a bare-metal interface.
bool is_understood(const llvm::Triple& triple) {
  const auto says = [](llvm::StringRef part) { return !part.empty() && part != "unknown" && part != "none"; };
  const bool system = triple.getOS() != llvm::Triple::UnknownOS;
  if (says(triple.getOSName()) && !system) return false;
  llvm::StringRef interface = triple.getEnvironmentName();
  const bool bare = interface.starts_with("eabi") || interface.starts_with("elf");
  if (triple.getEnvironment() != llvm::Triple::UnknownEnvironment)
    interface.consume_front(llvm::Triple::getEnvironmentTypeName(triple.getEnvironment()));
  interface.consume_back(llvm::Triple::getObjectFormatTypeName(triple.getObjectFormat()));
  if (!interface.trim("-.0123456789").empty() && says(interface)) return false;
  return triple.getVendor() != llvm::Triple::UnknownVendor || !says(triple.getVendorName()) || system || bare;
}

Result<const llvm::Target*> find_backend(const std::string& name, const llvm::Triple& triple) {
  using Arch = llvm::Triple::ArchType;
  static constexpr Arch kSupported[] = {Arch::x86,     Arch::x86_64,  Arch::arm,    Arch::thumb,
                                        Arch::aarch64, Arch::riscv32, Arch::riscv64};
  std::string error;
  const llvm::Target* backend = nullptr;
  const bool supported =
      std::find(std::begin(kSupported), std::end(kSupported), triple.getArch()) != std::end(kSupported);
  if (supported && is_understood(triple)) backend = llvm::TargetRegistry::lookupTarget(triple.str(), error);
  if (backend) return backend;
  std::vector<std::string> names;
  for (const Row& row : kRows) names.emplace_back(row.name);
  return invalid(fmt::format(
      "unknown target '{}'; names near it: {}; or an LLVM triple of little-endian x86, ARM, AArch64 or RISC-V", name,
      near_names(name, names, 5)));
}

template <class Rows>
std::vector<std::string> keys(const Rows& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.emplace_back(row.Key);
  return names;
}

Status check_processor(const llvm::MCSubtargetInfo& known, const Wanted& wanted) {
  auto cpus = keys(known.getAllProcessorDescriptions());
  if (std::find(cpus.begin(), cpus.end(), wanted.cpu) == cpus.end())
    return invalid(fmt::format("unknown CPU '{}' for {}; names near it: {}", wanted.cpu, wanted.triple.str(),
                               near_names(wanted.cpu, cpus, 8)));
  auto features = keys(known.getAllProcessorFeatures());
  llvm::SmallVector<llvm::StringRef> words;
  llvm::StringRef(wanted.features).split(words, ',', -1, false);
  for (llvm::StringRef word : words) {
    std::string name = word.substr(1).str();
    if ((word[0] != '+' && word[0] != '-') || std::find(features.begin(), features.end(), name) == features.end())
      return invalid(fmt::format("unknown feature '{}' for {}; features are written +NAME or -NAME; names near it: {}",
                                 word.str(), wanted.triple.str(), near_names(word.ltrim("+-").str(), features, 8)));
  }
  return Done{};
}

// Host features come from the processor itself and may name some that LLVM's table leaves out.
std::string known_only(const llvm::MCSubtargetInfo& known, const std::string& features) {
  auto names = keys(known.getAllProcessorFeatures());
  std::string kept;
  llvm::SmallVector<llvm::StringRef> words;
  llvm::StringRef(features).split(words, ',', -1, false);
  for (llvm::StringRef word : words)
    if (std::find(names.begin(), names.end(), word.substr(1)) != names.end())
      kept += (kept.empty() ? "" : ",") + word.str();
  return kept;
}

void read_caches(TargetFacts& facts) {
#ifdef _SC_LEVEL1_DCACHE_SIZE
  if (long bytes = sysconf(_SC_LEVEL1_DCACHE_SIZE); bytes > 0) facts.l1_bytes = bytes;
  if (long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE); bytes > 0) facts.l2_bytes = bytes;
#endif
}

void describe(Target::Machine& machine) {
  Features features{*machine.llvm->getMCSubtargetInfo()};
  machine.facts.pointer_bytes = machine.triple.isArch64Bit() ? 8 : 4;
  if (machine.triple.isX86())
    describe_x86(features, machine);
  else if (machine.triple.isAArch64())
    describe_aarch64(features, machine);
  else if (machine.triple.isRISCV())
    describe_riscv(features, machine);
  else
    describe_arm(features, machine);
}

/// Firmware's objects are made as its own compilers make them from C: each function and each table in a section of its
/// own, for the linker to leave out what nothing refers to, and no tables for unwinding the stack.
void set_for_firmware(llvm::TargetOptions& options) {
  options.FunctionSections = options.DataSections = true;
  options.ExceptionModel =
      llvm::ExceptionHandling::DwarfCFI;  // 32-bit ARM's own would need a table for code that never unwinds
}

std::unique_ptr<llvm::TargetMachine> make_machine(const llvm::Target& backend, const Wanted& wanted,
                                                  const std::string& abi) {
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  options.MCOptions.ABIName = abi;
  options.UseInitArray = true;
  const bool bare = wanted.triple.isOSUnknown();
  if (bare) set_for_firmware(options);
  // Small code of RISC-V reaches the lowest 2 GB; where parts with 64 bits have their memory, only their makers know.
  std::optional<llvm::CodeModel::Model> reach;
  if (bare && wanted.triple.isRISCV64()) reach = llvm::CodeModel::Medium;
  return std::unique_ptr<llvm::TargetMachine>(backend.createTargetMachine(
      wanted.triple.str(), wanted.cpu, wanted.features, options, bare ? llvm::Reloc::Static : llvm::Reloc::PIC_, reach,
      llvm::CodeGenOptLevel::Aggressive));
}

}  // namespace

Target::Machine::Machine() = default;
Target::Machine::~Machine() = default;

bool Features::has(std::string_view name) const {
  for (const llvm::SubtargetFeatureKV& row : subtarget.getAllProcessorFeatures())
    if (std::string_view(row.Key) == name) return subtarget.getFeatureBits()[row.Value];
  return false;
}

Result<Target> Target::find(const TargetSpec& spec) {
  initialise_llvm();
  RONDO_TRY(Wanted wanted, resolve(spec));
  RONDO_TRY(const llvm::Target* backend, find_backend(spec.triple, wanted.triple));
  std::unique_ptr<llvm::MCSubtargetInfo> known(backend->createMCSubtargetInfo(wanted.triple.str(), "", ""));
  if (!known) return invalid(fmt::format("LLVM knows no processors for '{}'", wanted.triple.str()));
  if (wanted.native) wanted.features = known_only(*known, wanted.features);
  if (!wanted.extra_features.empty()) wanted.features += (wanted.features.empty() ? "" : ",") + wanted.extra_features;
  const std::string all_features = wanted.features;
  if (wanted.triple.isAArch64()) {
    Scalable scalable = without_sve_lengths(wanted.features);
    wanted.features = scalable.features;
    wanted.sve_bits = scalable.bits;
  }
  RONDO_CHECK(check_processor(*known, wanted));

  Target target;
  target.machine_ = std::make_shared<Machine>();
  Machine& machine = *target.machine_;
  machine.triple = wanted.triple;
  machine.spec = {wanted.triple.str(), wanted.cpu, all_features, spec.small_code, spec.matrix_unit};
  machine.vector_bits = wanted.sve_bits;
  machine.llvm = make_machine(*backend, wanted, "");
  if (!machine.llvm) return invalid(fmt::format("LLVM has no machine for '{}'", wanted.triple.str()));
  describe(machine);
  if (!machine.abi.empty()) machine.llvm = make_machine(*backend, wanted, machine.abi);
  if (wanted.native) read_caches(machine.facts);
  if (spec.matrix_unit && !machine.facts.matrix_unit)
    return invalid(fmt::format("{} for {} has no matrix unit that a system grants: Linux grants AMX with bfloat16, on x86-64 with AVX-512",
                               wanted.cpu, wanted.triple.str()));
  machine.facts.matrix_unit = spec.matrix_unit;
  machine.facts.small_code = spec.small_code;
  machine.facts.threads = target.system() != System::none;
  if (spec.small_code) machine.can.reduction_unroll = 1;
  return target;
}

const TargetSpec& Target::spec() const { return machine_->spec; }
const TargetFacts& Target::facts() const { return machine_->facts; }
int Target::vector_bits() const { return machine_->vector_bits; }

Target::System Target::system() const {
  const llvm::Triple& triple = machine_->triple;
  if (!triple.isOSBinFormatELF()) return System::other;
  return triple.isOSLinux() ? System::linux_kernel : triple.isOSUnknown() ? System::none : System::other;
}

std::vector<std::string> clang_arguments(const Target& target) {
  const Target::Machine& machine = target.machine();
  std::vector<std::string> arguments{"--target=" + machine.triple.str()};
  auto add = [&](std::string argument) { arguments.push_back(std::move(argument)); };
  Features features{*machine.llvm->getMCSubtargetInfo()};
  if (machine.triple.isRISCV()) {
    std::string march = machine.triple.isArch64Bit() ? "rv64i" : "rv32i";
    for (const char* letter : {"m", "a", "f", "d", "c"})
      if (features.has(letter)) march += letter;
    add("-march=" + march + "_zicsr");
    add("-mabi=" + machine.abi);
    add("-mcmodel=medany");
  } else if (machine.triple.isARM() || machine.triple.isThumb()) {
    bool hard = machine.triple.getEnvironment() == llvm::Triple::EABIHF ||
                machine.triple.getEnvironment() == llvm::Triple::GNUEABIHF;
    if (machine.spec.cpu != "generic") add("-mcpu=" + machine.spec.cpu);
    add(hard ? "-mfloat-abi=hard" : "-mfloat-abi=soft");
  }
  return arguments;
}

std::vector<TargetName> target_names() {
  std::vector<TargetName> names = {{"host", "the machine rondo runs on"}};
  for (const Row& row : kRows) names.push_back({std::string(row.name), std::string(row.doc)});
  return names;
}

}  // namespace rondo
