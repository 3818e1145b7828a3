// An object's functions as instructions, decoded by LLVM's MC: where each goes, and what relocations say it names.
#pragma once

#include <llvm/MC/MCInst.h>

#include <memory>
#include <optional>

#include "codegen/machine.h"

namespace llvm {
class MCInstrDesc;
}

namespace rondo::machine_code {

enum class Flow : uint8_t {
  next,           // on to the next instruction
  jump, choice,   // a jump to a known place; a conditional one
  call,           // of a known place
  leave,          // a return
  leave_or_next,  // a conditional return
  far_jump, far_call,  // to an address from a register or memory
};

struct Instruction {
  uint64_t address = 0;  // in its section
  uint64_t size = 0;
  llvm::MCInst code;
  Flow flow = Flow::next;
  std::string names;           // the symbol that a jump or call goes to, where a relocation says it
  std::optional<uint64_t> to;  // or the address in the same section
};

struct Routine {
  std::string name;
  uint64_t section = 0, begin = 0, end = 0;
  std::vector<Instruction> code;
  std::vector<uint64_t> unknown;  // addresses of bytes that are no instruction
};

class Disassembler {
 public:
  explicit Disassembler(const Target& target);
  ~Disassembler();

  /// The functions of an object of any format, in the order of their addresses.
  Result<std::vector<Routine>> read(std::string_view object) const;

  const llvm::MCInstrDesc& describe(const llvm::MCInst& code) const;
  /// LLVM's word for what the instruction is: "tSVC".
  llvm::StringRef word(const llvm::MCInst& code) const;
  /// As an assembler writes it.
  std::string text(const Instruction& instruction) const;

 private:
  struct Tools;
  std::unique_ptr<Tools> tools_;
};

}  // namespace rondo::machine_code
