// Tested by audit_test.cpp.
#include "codegen/audit/disassembly.h"

#include <fmt/format.h>
#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInstPrinter.h>
#include <llvm/MC/MCInstrAnalysis.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Object/SymbolSize.h>
#include <llvm/Target/TargetMachine.h>

#include <algorithm>
#include <map>

namespace rondo::machine_code {

using llvm::object::ObjectFile;
using llvm::object::SectionRef;
using llvm::object::SymbolRef;

struct Disassembler::Tools {
  explicit Tools(const Target::Machine& machine)
      : machine(*machine.llvm),
        triple(machine.triple),
        context(triple, this->machine.getMCAsmInfo(), this->machine.getMCRegisterInfo(),
                this->machine.getMCSubtargetInfo()),
        decoder(this->machine.getTarget().createMCDisassembler(*this->machine.getMCSubtargetInfo(), context)),
        analysis(this->machine.getTarget().createMCInstrAnalysis(this->machine.getMCInstrInfo())),
        printer(this->machine.getTarget().createMCInstPrinter(
            triple, this->machine.getMCAsmInfo()->getAssemblerDialect(), *this->machine.getMCAsmInfo(),
            *this->machine.getMCInstrInfo(), *this->machine.getMCRegisterInfo())) {}

  const llvm::TargetMachine& machine;
  llvm::Triple triple;
  llvm::MCContext context;
  std::unique_ptr<llvm::MCDisassembler> decoder;
  std::unique_ptr<llvm::MCInstrAnalysis> analysis;
  std::unique_ptr<llvm::MCInstPrinter> printer;

  const llvm::MCInstrDesc& describe(const llvm::MCInst& code) const {
    return machine.getMCInstrInfo()->get(code.getOpcode());
  }

  bool is_arm() const { return triple.isARM() || triple.isThumb(); }

  /// On 32-bit ARM most instructions carry a condition; 14 is "always".
  bool conditional(const llvm::MCInst& code) const {
    if (!is_arm()) return false;
    const int at = describe(code).findFirstPredOperandIdx();
    return at >= 0 && code.getOperand(static_cast<unsigned>(at)).isImm() &&
           code.getOperand(static_cast<unsigned>(at)).getImm() != 14;
  }

  bool has_register(const llvm::MCInst& code, llvm::StringRef name) const {
    for (const llvm::MCOperand& operand : code)
      if (operand.isReg() && operand.getReg() && name == machine.getMCRegisterInfo()->getName(operand.getReg()))
        return true;
    return false;
  }

  /// 32-bit ARM returns by writing its program counter: from the link register, or popped from the stack.
  bool leaves(const llvm::MCInst& code) const {
    if (analysis->isReturn(code)) return true;
    const llvm::StringRef word = machine.getMCInstrInfo()->getName(code.getOpcode());
    if (!is_arm()) return false;
    if (word == "tBX" || word == "BX" || word == "BX_RET" || word == "MOVPCLR") return has_register(code, "LR");
    const bool pop = word == "tPOP" || ((word == "t2LDMIA_UPD" || word == "LDMIA_UPD" || word == "LDR_POST_IMM" ||
                                         word == "t2LDR_POST") && has_register(code, "SP"));
    return pop && has_register(code, "PC");
  }

  /// By what the link register holds, not by an address from the stack.
  bool leaves_by_link(const llvm::MCInst& code) const { return leaves(code) && has_register(code, "LR"); }

  /// ARMv6-M's jumps are short: LLVM writes longer ones as calls of a place in the same function, where the link register is
  /// on the stack. They are jumps if nothing returns by that register.
  void find_long_jumps(Routine& routine) const {
    if (!triple.isThumb() || machine.getMCSubtargetInfo()->checkFeatures("+thumb2")) return;
    for (const Instruction& at : routine.code)
      if (leaves_by_link(at.code)) return;
    for (Instruction& at : routine.code)
      if (at.flow == Flow::call && at.to && *at.to > routine.begin && *at.to < routine.end) at.flow = Flow::jump;
  }

  /// Where the instruction goes; `at.names` is set already.
  void follow(Instruction& at) const {
    const llvm::MCInst& code = at.code;
    const bool maybe = conditional(code);
    uint64_t to = 0;
    if (at.names.empty() && analysis->evaluateBranch(code, at.address, at.size, to))
      at.to = to & UINT32_MAX;  // LLVM takes the upper part of a RISC-V address for unsigned; no section is so large
    const bool known = at.to || !at.names.empty();
    if (leaves(code))
      at.flow = maybe ? Flow::leave_or_next : Flow::leave;
    else if (analysis->isCall(code))
      at.flow = known ? Flow::call : Flow::far_call;
    else if (analysis->mayAffectControlFlow(code, *machine.getMCRegisterInfo()))
      at.flow = !known                                             ? Flow::far_jump
                : !maybe && analysis->isUnconditionalBranch(code) ? Flow::jump
                                                                  : Flow::choice;
    if (at.flow == Flow::next || at.flow == Flow::leave || at.flow == Flow::far_jump) at.to.reset();
  }

  void decode(Routine& routine, llvm::StringRef contents, const std::map<uint64_t, std::string>& names,
              const std::map<uint64_t, bool>& data) const {
    const llvm::ArrayRef<uint8_t> bytes(contents.bytes_begin(), contents.size());
    routine.end = std::min<uint64_t>(routine.end, bytes.size());
    analysis->resetState();
    for (uint64_t at = routine.begin; at < routine.end;) {
      const auto mark = data.upper_bound(at);
      if (mark != data.begin() && std::prev(mark)->second) {
        at = mark == data.end() ? routine.end : mark->first;
        continue;
      }
      Instruction instruction;
      instruction.address = at;
      const auto status =
          decoder->getInstruction(instruction.code, instruction.size, bytes.slice(at), at, llvm::nulls());
      if (status != llvm::MCDisassembler::Success) {
        routine.unknown.push_back(at);
        at += std::max<uint64_t>(1, instruction.size);
        continue;
      }
      if (auto name = names.lower_bound(at); name != names.end() && name->first < at + instruction.size)
        instruction.names = name->second;
      follow(instruction);
      analysis->updateState(instruction.code, at);
      at += instruction.size;
      routine.code.push_back(std::move(instruction));
    }
    find_long_jumps(routine);
  }
};

namespace {

/// The function's own name, for the other one too by which its object may call it.
llvm::StringRef own_name(llvm::StringRef name) {
  if (name.starts_with(".L") && name.ends_with("$local")) name = name.drop_front(2).drop_back(6);
  return name;
}

/// What a section's relocations name, by address. The second instruction of a RISC-V call takes the first's.
std::map<uint64_t, std::string> names_in(const ObjectFile& file, const SectionRef& section) {
  std::map<uint64_t, std::string> names;
  for (const SectionRef& relocations : file.sections()) {
    auto target = relocations.getRelocatedSection();
    const bool own = target && *target != file.section_end() && **target == section;
    if (!own && !(relocations == section && !file.isELF())) {
      if (target) continue;
      llvm::consumeError(target.takeError());
      continue;
    }
    for (const auto& relocation : relocations.relocations()) {
      auto symbol = relocation.getSymbol();
      if (symbol == file.symbol_end()) continue;
      llvm::SmallString<32> type;
      relocation.getTypeName(type);
      if (type == "R_RISCV_RELAX") continue;
      if (auto name = symbol->getName())
        names[relocation.getOffset()] = own_name(*name).str();
      else
        llvm::consumeError(name.takeError());
      if (type.starts_with("R_RISCV_CALL")) names[relocation.getOffset() + 4] = names[relocation.getOffset()];
    }
  }
  return names;
}

bool is_mapping(llvm::StringRef name, char kind) {
  return name.size() >= 2 && name[0] == '$' && name[1] == kind && (name.size() == 2 || name[2] == '.');
}

/// Where data (true) and code (false) begin in each section, as ELF's mapping symbols say.
using Marks = std::map<uint64_t, std::map<uint64_t, bool>>;

Result<std::vector<Routine>> routines_of(const ObjectFile& file, bool thumb, Marks& marks) {
  std::vector<Routine> routines;
  for (const auto& [symbol, size] : llvm::object::computeSymbolSizes(file)) {
    auto name = symbol.getName();
    auto section = symbol.getSection();
    auto type = symbol.getType();
    auto address = symbol.getAddress();
    if (!name || !section || !type || !address) return internal_error("reading the object's symbols");
    if (*section == file.section_end() || !(*section)->isText()) continue;
    const uint64_t index = (*section)->getIndex(), start = *address - (*section)->getAddress();
    if (is_mapping(*name, 'd')) marks[index][start] = true;
    for (char kind : {'a', 't', 'x'})
      if (is_mapping(*name, kind)) marks[index][start] = false;
    if (*type != SymbolRef::ST_Function || name->empty() || (file.isMachO() && name->starts_with("ltmp"))) continue;
    if (own_name(*name) != *name) continue;
    const uint64_t begin = thumb && file.isELF() ? start & ~uint64_t{1} : start;
    routines.push_back({name->str(), index, begin, begin + size, {}, {}});
  }
  std::sort(routines.begin(), routines.end(), [](const Routine& a, const Routine& b) {
    return std::tie(a.section, a.begin) < std::tie(b.section, b.begin);
  });
  return routines;
}

}  // namespace

Disassembler::Disassembler(const Target& target) : tools_(std::make_unique<Tools>(target.machine())) {}
Disassembler::~Disassembler() = default;

const llvm::MCInstrDesc& Disassembler::describe(const llvm::MCInst& code) const { return tools_->describe(code); }

llvm::StringRef Disassembler::word(const llvm::MCInst& code) const {
  return tools_->machine.getMCInstrInfo()->getName(code.getOpcode());
}

std::string Disassembler::text(const Instruction& instruction) const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  tools_->printer->printInst(&instruction.code, instruction.address, "", *tools_->machine.getMCSubtargetInfo(), stream);
  std::replace(text.begin(), text.end(), '\t', ' ');
  return llvm::StringRef(text).trim().str();
}

Result<std::vector<Routine>> Disassembler::read(std::string_view object) const {
  const llvm::MemoryBufferRef bytes(llvm::StringRef(object.data(), object.size()), "object");
  auto file = ObjectFile::createObjectFile(bytes);
  if (!file) return internal_error(fmt::format("reading the object: {}", llvm::toString(file.takeError())));
  Marks marks;
  RONDO_TRY(std::vector<Routine> routines, routines_of(**file, tools_->triple.isThumb(), marks));
  for (const SectionRef& section : (*file)->sections()) {
    if (!section.isText()) continue;
    auto contents = section.getContents();
    if (!contents) return internal_error(fmt::format("reading the object: {}", llvm::toString(contents.takeError())));
    const std::map<uint64_t, std::string> names = names_in(**file, section);
    for (Routine& routine : routines)
      if (routine.section == section.getIndex()) tools_->decode(routine, *contents, names, marks[routine.section]);
  }
  return routines;
}

}  // namespace rondo::machine_code
