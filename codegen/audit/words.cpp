// Tested by audit_test.cpp.
#include "codegen/audit/words.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringSet.h>

namespace rondo::machine_code {
namespace {

int64_t immediate(const llvm::MCInst& code, unsigned at) {
  return at < code.getNumOperands() && code.getOperand(at).isImm() ? code.getOperand(at).getImm() : -1;
}

bool is_csr_access(llvm::StringRef word) { return word.starts_with("CSRR"); }

constexpr int64_t kFflags = 1, kFrm = 2, kFcsr = 3;      // RISC-V
constexpr int64_t kVl = 0xc20, kVtype = 0xc21, kVlenb = 0xc22;
constexpr int64_t kFpcr = 0xda20;                        // AArch64
constexpr int64_t kWaitForEvent = 2, kWaitForInterrupt = 3;  // hints of ARM and AArch64

}  // namespace

bool is_system(llvm::StringRef word, const llvm::MCInst& code) {
  static const llvm::StringSet<> kWords = {
      "SYSCALL", "SYSENTER", "SYSEXIT", "SYSRET", "INT", "INT3", "INTO", "HLT", "UD1Wm", "UD1Lm", "UD1Qm", "TRAP",  // x86
      "UBSAN_UD1", "MONITOR32rrr", "MONITOR64rrr", "MWAITrr", "WBINVD", "CLI", "STI",
      "tSVC", "SVC", "tBKPT", "BKPT", "tHLT", "UDF", "tUDF", "t2UDF", "HVC", "t2HVC", "SMC", "t2SMC", "tTRAP",  // ARM
      "tCPS", "t2CPS1p", "t2CPS2p", "t2CPS3p", "t2MSR_M", "t2MSR_AR",
      "BRK", "DCPS1", "DCPS2", "DCPS3", "ERET", "WFET", "WFIT",  // AArch64
      "ECALL", "EBREAK", "C_EBREAK", "UNIMP", "C_UNIMP", "WFI", "MRET", "SRET", "WRS_NTO", "WRS_STO"};  // RISC-V
  if (kWords.contains(word)) return true;
  if (word.starts_with("IN8") || word.starts_with("IN16") || word.starts_with("IN32") || word.starts_with("OUT8") ||
      word.starts_with("OUT16") || word.starts_with("OUT32"))
    return true;
  if (word == "HINT" || word == "tHINT" || word == "t2HINT")
    return immediate(code, 0) == kWaitForEvent || immediate(code, 0) == kWaitForInterrupt;
  if (!is_csr_access(word)) return false;
  const int64_t csr = immediate(code, 1);
  return csr != kVl && csr != kVtype && csr != kVlenb && csr != kFflags && csr != kFrm && csr != kFcsr;
}

bool is_division(llvm::StringRef word) {
  word.consume_front("t2");
  if (word.consume_front("SDIV") || word.consume_front("UDIV")) return word.empty() || word == "Wr" || word == "Xr";
  if (word.consume_front("IDIV") || (word.starts_with("DIV") && word.size() > 3 && llvm::isDigit(word[3]) &&
                                     word.consume_front("DIV")))
    return !word.empty() && llvm::isDigit(word[0]);
  return word == "DIV" || word == "DIVU" || word == "DIVW" || word == "DIVUW" || word == "REM" || word == "REMU" ||
         word == "REMW" || word == "REMUW";
}

bool writes_float_control(llvm::StringRef word, const llvm::MCInst& code) {
  static const llvm::StringSet<> kWords = {"LDMXCSR", "VLDMXCSR", "FLDCW16m", "FLDENVm", "FRSTORm", "VMSR", "VMSR_FPCXTNS",
                                           "VMSR_FPSCR_NZCVQC"};
  if (kWords.contains(word) || word.starts_with("FXRSTOR") || word.starts_with("XRSTOR")) return true;
  if (word == "MSR") return immediate(code, 0) == kFpcr;
  if (!is_csr_access(word)) return false;
  const int64_t csr = immediate(code, 1);
  const bool reads_only = (word == "CSRRS" || word == "CSRRC") && code.getNumOperands() > 2 &&
                          code.getOperand(2).isReg() && code.getOperand(2).getReg() == 0;
  return !reads_only && (csr == kFrm || csr == kFcsr);
}

bool is_arm_float(llvm::StringRef word) {
  if (!word.consume_front("MVE_V") && !word.consume_front("V")) return false;
  for (llvm::StringRef verb : {"ADD", "SUB", "MUL", "NMUL", "MLA", "MLS", "FMA", "FMS", "FNMA", "FNMS", "DIV", "SQRT", "CMP", "CVT", "MAXNM", "MINNM", "RINT"})
    if (word.consume_front(verb))
      return word.empty() || word.contains('f') || word == "S" || word == "D" || word == "ES" || word == "ED" || word == "ZS" || word == "ZD";
  return word.contains("TOSI") || word.contains("TOUI") || word.starts_with("SITO") || word.starts_with("UITO");
}

bool is_arithmetic_helper(llvm::StringRef symbol) {
  if (symbol == "_fltused") return true;  // Windows: a mark that floating point is used
  if (symbol.consume_front("__aeabi_")) {
    static const llvm::StringSet<> kNames = {
        "idiv", "uidiv", "idivmod", "uidivmod", "ldivmod", "uldivmod", "lmul", "llsl", "llsr", "lasr", "lcmp", "ulcmp",
        "f2d", "d2f", "f2h", "h2f", "d2h", "f2iz", "f2uiz", "f2lz", "f2ulz", "d2iz", "d2uiz", "d2lz", "d2ulz", "i2f",
        "ui2f", "l2f", "ul2f", "i2d", "ui2d", "l2d", "ul2d"};
    if (kNames.contains(symbol)) return true;
    if (!symbol.consume_front("f") && !symbol.consume_front("d") && !symbol.consume_front("cf") &&
        !symbol.consume_front("cd"))
      return false;
    static const llvm::StringSet<> kFloats = {"add", "sub", "rsub", "mul", "div", "neg", "cmpeq", "cmplt", "cmple",
                                              "cmpge", "cmpgt", "cmpun", "rcmple", "rcmpeq", "cmpge"};
    return kFloats.contains(symbol);
  }
  if (!symbol.consume_front("__")) return false;
  symbol.consume_front("gnu_");
  for (llvm::StringRef verb : {"add", "sub", "mul", "divmod", "udivmod", "div", "udiv", "mod", "umod", "neg", "ashl", "ashr", "lshr",
                               "cmp", "ucmp", "lt", "le", "gt", "ge", "eq", "ne", "unord", "extend", "trunc", "fixuns",
                               "fix", "floatun", "float", "clz", "ctz", "popcount", "bswap"}) {
    llvm::StringRef rest = symbol;
    if (!rest.consume_front(verb)) continue;
    while (rest.size() >= 2 && llvm::StringRef("hsdtxb").contains(rest[0]) && llvm::StringRef("if").contains(rest[1]))
      rest = rest.drop_front(2);
    if (rest.empty() || rest == "2" || rest == "3" || rest == "4") return true;
  }
  return false;
}

}  // namespace rondo::machine_code
