// Tested by audit_test.cpp.
#include "codegen/audit/lines.h"

#include <fmt/format.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/Object/ObjectFile.h>

namespace rondo::machine_code {
namespace {

using LinesOfSection = std::map<uint64_t, int>;  // from which address on

/// Mach-O has all code in one section, which LLVM's line tables do not name.
constexpr uint64_t kUnnamed = llvm::object::SectionedAddress::UndefSection;

std::map<uint64_t, LinesOfSection> lines_of_sections(llvm::DWARFContext& dwarf) {
  std::map<uint64_t, LinesOfSection> sections;
  for (const auto& unit : dwarf.compile_units()) {
    const llvm::DWARFDebugLine::LineTable* table = dwarf.getLineTableForUnit(unit.get());
    if (!table) continue;
    for (const llvm::DWARFDebugLine::Row& row : table->Rows) {
      LinesOfSection& lines = sections[row.Address.SectionIndex];
      const uint64_t at = row.Address.Address;
      // Where one sequence ends another may begin.
      if (row.EndSequence)
        lines.emplace(at, 0);
      else
        lines[at] = static_cast<int>(row.Line);
    }
  }
  return sections;
}

}  // namespace

Result<LinesOfFunctions> lines_of_functions(std::string_view object, const std::vector<Routine>& routines) {
  const llvm::MemoryBufferRef bytes(llvm::StringRef(object.data(), object.size()), "object");
  auto file = llvm::object::ObjectFile::createObjectFile(bytes);
  if (!file) return internal_error(fmt::format("reading the object: {}", llvm::toString(file.takeError())));
  const auto dwarf = llvm::DWARFContext::create(**file);
  const std::map<uint64_t, LinesOfSection> sections = lines_of_sections(*dwarf);
  LinesOfFunctions functions;
  for (const Routine& routine : routines) {
    const auto section = sections.find(sections.contains(kUnnamed) ? kUnnamed : routine.section);
    if (section == sections.end()) continue;
    const LinesOfSection& lines = section->second;
    std::map<uint64_t, int>& own = functions[routine.name];
    for (auto at = lines.lower_bound(routine.begin); at != lines.end() && at->first < routine.end; ++at)
      own[at->first - routine.begin] = at->second;
  }
  return functions;
}

}  // namespace rondo::machine_code
