// make_archive: one object and its symbol table, without times or owners. Tested by link_test.cpp.
#include <fmt/format.h>
#include <llvm/Object/ArchiveWriter.h>

#include "codegen/machine.h"

namespace rondo {

Result<std::string> make_archive(std::string_view object, const Target& target, const std::string& member) {
  const llvm::Triple& triple = target.machine().triple;
  auto kind = triple.isOSDarwin()    ? llvm::object::Archive::K_DARWIN
              : triple.isOSWindows() ? llvm::object::Archive::K_COFF
                                     : llvm::object::Archive::K_GNU;
  llvm::StringRef bytes(object.data(), object.size());
  std::vector<llvm::NewArchiveMember> members;
  members.emplace_back(llvm::MemoryBufferRef(bytes, member));
  auto archive = llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab, kind, true, false);
  if (!archive) return internal_error(fmt::format("writing the archive: {}", llvm::toString(archive.takeError())));
  return (*archive)->getBuffer().str();
}

}  // namespace rondo
