// See contents.h.
#include "codegen/audit/contents.h"

#include <fmt/format.h>
#include <llvm/Object/ELFObjectFile.h>

namespace rondo::machine_code {
namespace {

using llvm::object::ObjectFile;
using llvm::object::SectionRef;

Result<std::unique_ptr<ObjectFile>> open(std::string_view object) {
  const llvm::MemoryBufferRef bytes(llvm::StringRef(object.data(), object.size()), "object");
  auto file = ObjectFile::createObjectFile(bytes);
  if (!file) return internal_error(fmt::format("reading the object: {}", llvm::toString(file.takeError())));
  return std::move(*file);
}

bool is_loaded(const ObjectFile& file, const SectionRef& section, llvm::StringRef name) {
  if (file.isELF()) return llvm::object::ELFSectionRef(section).getFlags() & llvm::ELF::SHF_ALLOC;
  return (section.isData() || section.isBSS()) && !name.starts_with("__compact") && !name.starts_with(".drectve") &&
         !section.isDebugSection();
}

/// What a loader only relocates before it protects it counts as read-only.
bool is_read_only(const ObjectFile& file, const SectionRef& section, llvm::StringRef name) {
  if (name.starts_with(".data.rel.ro") || name == "__const") return true;
  if (file.isELF()) return !(llvm::object::ELFSectionRef(section).getFlags() & llvm::ELF::SHF_WRITE);
  return name.starts_with("__literal") || name.starts_with("__cstring") || name.starts_with(".rdata") ||
         name.starts_with(".xdata") || name.starts_with(".pdata");
}

void add(Contents& contents, const ObjectFile& file, const SectionRef& section, llvm::StringRef name) {
  const auto size = static_cast<int64_t>(section.getSize());
  if (section.isText())
    contents.code_bytes += size;
  else if (!is_loaded(file, section, name))
    return;
  else if (is_read_only(file, section, name))
    contents.read_only_bytes += size;
  else if (size > 0)
    contents.writable.emplace_back(name.str(), size);
}

}  // namespace

Result<Contents> contents_of(std::string_view object) {
  RONDO_TRY(auto file, open(object));
  Contents contents;
  for (const SectionRef& section : file->sections()) {
    auto name = section.getName();
    if (!name) return internal_error("reading the object's sections");
    add(contents, *file, section, *name);
  }
  for (const auto& symbol : file->symbols()) {
    auto name = symbol.getName();
    auto flags = symbol.getFlags();
    if (!name || !flags) return internal_error("reading the object's symbols");
    if (*flags & llvm::object::SymbolRef::SF_Global) contents.global.insert(name->str());
  }
  return contents;
}

Result<std::string> code_of(std::string_view object) {
  RONDO_TRY(auto file, open(object));
  std::string code;
  for (const SectionRef& section : file->sections()) {
    if (!section.isText()) continue;
    auto contents = section.getContents();
    if (!contents) return internal_error(fmt::format("reading the object: {}", llvm::toString(contents.takeError())));
    code += contents->str();
  }
  return code;
}

}  // namespace rondo::machine_code
