// The undefined symbols of a 64-bit little-endian ELF object, read from its symbol table without any tool.
#pragma once

#include <elf.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace rondo::test {

/// Nothing if the bytes are not such an object. Section names and the empty first entry do not count.
inline std::optional<std::vector<std::string>> undefined_symbols(const std::string& elf) {
  Elf64_Ehdr header;
  if (elf.size() < sizeof header ||
      elf.compare(0, 4,
                  "\x7f"
                  "ELF") != 0 ||
      elf[EI_CLASS] != ELFCLASS64)
    return std::nullopt;
  std::memcpy(&header, elf.data(), sizeof header);
  auto section = [&](size_t index) {
    Elf64_Shdr result{};
    size_t at = header.e_shoff + index * sizeof result;
    if (at + sizeof result <= elf.size()) std::memcpy(&result, elf.data() + at, sizeof result);
    return result;
  };
  std::vector<std::string> names;
  bool has_table = false;
  for (size_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr table = section(i);
    if (table.sh_type != SHT_SYMTAB && table.sh_type != SHT_DYNSYM) continue;
    has_table = true;
    Elf64_Shdr strings = section(table.sh_link);
    for (size_t at = sizeof(Elf64_Sym); at + sizeof(Elf64_Sym) <= table.sh_size; at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol;
      if (table.sh_offset + at + sizeof symbol > elf.size()) return std::nullopt;
      std::memcpy(&symbol, elf.data() + table.sh_offset + at, sizeof symbol);
      if (symbol.st_shndx == SHN_UNDEF) names.emplace_back(elf.data() + strings.sh_offset + symbol.st_name);
    }
  }
  if (!has_table) return std::nullopt;
  return names;
}

}  // namespace rondo::test
