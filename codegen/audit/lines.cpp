// Tested by audit_test.cpp.
#include "codegen/audit/lines.h"

#include <fmt/format.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/Object/ObjectFile.h>

namespace rondo::machine_code {

Result<std::map<int, int64_t>> bytes_by_line(std::string_view object) {
  const llvm::MemoryBufferRef bytes(llvm::StringRef(object.data(), object.size()), "object");
  auto file = llvm::object::ObjectFile::createObjectFile(bytes);
  if (!file) return internal_error(fmt::format("reading the object: {}", llvm::toString(file.takeError())));
  std::map<int, int64_t> lines;
  const auto dwarf = llvm::DWARFContext::create(**file);
  for (const auto& unit : dwarf->compile_units()) {
    const llvm::DWARFDebugLine::LineTable* table = dwarf->getLineTableForUnit(unit.get());
    if (!table) continue;
    for (size_t i = 0; i + 1 < table->Rows.size(); ++i)
      if (!table->Rows[i].EndSequence)
        lines[static_cast<int>(table->Rows[i].Line)] +=
            static_cast<int64_t>(table->Rows[i + 1].Address.Address - table->Rows[i].Address.Address);
  }
  return lines;
}

}  // namespace rondo::machine_code
