// See emulator.h. Which of QEMU's machines stands for which processor.
#include "driver/emulator.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {
namespace {

/// QEMU's boards for Cortex-M, with the memories that a program is laid out for.
struct Board {
  std::string_view cpu, machine;
  uint32_t code, code_kib, ram, ram_kib;
};
constexpr Board kBoards[] = {
    // The code of ARMv6-M runs on the Cortex-M3 of this board: QEMU's own board of that kind has 16 KiB.
    {"cortex-m0", "mps2-an385", 0, 4096, 0x21000000, 16 << 10},
    {"cortex-m0plus", "mps2-an385", 0, 4096, 0x21000000, 16 << 10},
    {"cortex-m1", "mps2-an385", 0, 4096, 0x21000000, 16 << 10},
    {"cortex-m3", "mps2-an385", 0, 4096, 0x21000000, 16 << 10},
    {"cortex-m4", "mps2-an386", 0, 4096, 0x21000000, 16 << 10},
    {"cortex-m7", "mps2-an500", 0, 4096, 0x60000000, 16 << 10},
    {"cortex-m23", "mps2-an505", 0x10000000, 4096, 0x80000000, 16 << 10},
    {"cortex-m33", "mps2-an505", 0x10000000, 4096, 0x80000000, 16 << 10},
    {"cortex-m55", "mps3-an547", 0, 512, 0x60000000, 64 << 10},
};

std::string memory_text(uint32_t code, uint32_t code_kib, uint32_t ram, uint32_t ram_kib) {
  return fmt::format(
      "MEMORY {{\n  CODE (rx) : ORIGIN = {:#x}, LENGTH = {}K\n  RAM (rwx) : ORIGIN = {:#x}, LENGTH = {}K\n}}\n", code,
      code_kib, ram, ram_kib);
}

Result<Emulator> board_for(const Target& target) {
  std::string known;
  for (const Board& board : kBoards) {
    if (board.cpu == target.spec().cpu)
      return Emulator{{"qemu-system-arm", "-M", std::string(board.machine), "-nographic", "-monitor", "none",
                       "-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel"},
                      "cortex_m.c",
                      memory_text(board.code, board.code_kib, board.ram, board.ram_kib)};
    known += (known.empty() ? "" : ", ") + std::string(board.cpu);
  }
  return unsupported(fmt::format("QEMU has no board with a {}; there are some with {}", target.spec().cpu, known));
}

std::string riscv_cpu(const Target& target, bool is64) {
  std::string cpu = is64 ? "rv64" : "rv32";
  if (target.vector_bits() > 0) cpu += fmt::format(",v=true,vlen={},vext_spec=v1.0", target.vector_bits());
  return cpu;
}

Emulator virt(const Target& target, bool is64) {
  return {{is64 ? "qemu-system-riscv64" : "qemu-system-riscv32", "-M", "virt", "-cpu", riscv_cpu(target, is64), "-bios",
           "none", "-display", "none", "-monitor", "none", "-serial", "stdio", "-kernel"},
          "riscv.c",
          memory_text(0x80000000, 64 << 10, 0x84000000, 60 << 10)};
}

std::string aarch64_cpu(const Target& target) {
  if (const int bits = target.vector_bits(); bits > 0)  // Linux's default is at most 512 of those that there are
    return fmt::format("max,sve{}=on,sve-default-vector-length={}", bits, bits / 8);
  for (const char* known : {"cortex-a53", "cortex-a57", "cortex-a72", "cortex-a76", "neoverse-n1", "a64fx"})
    if (target.spec().cpu == known) return known;
  return "max";
}

}  // namespace

Result<Emulator> find_emulator(const Target& target) {
  const std::string architecture = target.spec().triple.substr(0, target.spec().triple.find('-'));
  const bool arm = architecture.starts_with("arm") && !architecture.starts_with("arm64");
  const bool thumb = architecture.starts_with("thumb");
  const bool is64 = architecture == "riscv64";
  if (target.system() == Target::System::none) {
    if (thumb) return board_for(target);
    if (is64 || architecture == "riscv32") return virt(target, is64);
  }
  if (target.system() == Target::System::linux_kernel) {
    if (architecture == "x86_64" && target.facts().vector_bytes <= 32)
      return Emulator{{"qemu-x86_64", "-cpu", "max"}, "linux.c", ""};
    if (architecture == "x86_64")
      return unsupported("QEMU does not run AVX-512 code; on a machine that has it, leave out --runner");
    if (architecture == "aarch64") return Emulator{{"qemu-aarch64", "-cpu", aarch64_cpu(target)}, "linux.c", ""};
    if (arm || thumb) return Emulator{{"qemu-arm", "-cpu", "max"}, "linux.c", ""};
    if (is64 || architecture == "riscv32")
      return Emulator{{"qemu-" + architecture, "-cpu", riscv_cpu(target, is64)}, "linux.c", ""};
  }
  return unsupported(
      fmt::format("there is no harness for {}; there is one for Linux on x86-64, AArch64, ARM and RISC-V, and for bare "
                  "Cortex-M and RISC-V",
                  target.spec().triple));
}

}  // namespace rondo
