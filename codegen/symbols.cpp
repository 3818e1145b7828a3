// What the symbols of an object of any format say: what it leaves to the linker, and how large its functions are.
// Tested by formats_test.cpp.
#include <fmt/format.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Object/SymbolSize.h>

#include <algorithm>

#include "codegen/codegen.h"

namespace rondo {

namespace {

using llvm::object::SymbolRef;

auto open(std::string_view object) {
  return llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(object.data(), object.size()), "object"));
}

/// Whether the symbol is of code; false where that cannot be told.
bool is_code(const SymbolRef& symbol, const llvm::object::ObjectFile& file) {
  auto section = symbol.getSection();
  if (!section) return llvm::consumeError(section.takeError()), false;
  return *section != file.section_end() && (*section)->isText();
}

}  // namespace

Result<std::map<std::string, int64_t>> function_sizes(std::string_view object) {
  auto file = open(object);
  if (!file) return internal_error(fmt::format("reading the object: {}", llvm::toString(file.takeError())));
  std::map<std::string, int64_t> sizes;
  for (const auto& [symbol, size] : llvm::object::computeSymbolSizes(**file)) {
    auto name = symbol.getName();
    if (!name) return internal_error(fmt::format("reading the object's symbols: {}", llvm::toString(name.takeError())));
    if (size == 0 || name->empty() || !is_code(symbol, **file)) continue;
    const bool underscored = (*file)->isMachO() && name->starts_with("_");  // Mach-O's mark of every C name
    sizes[name->drop_front(underscored ? 1 : 0).str()] = static_cast<int64_t>(size);
  }
  return sizes;
}

Result<std::vector<std::string>> undefined_symbols(std::string_view object) {
  auto file = open(object);
  if (!file) return internal_error(fmt::format("reading the object: {}", llvm::toString(file.takeError())));
  std::vector<std::string> names;
  for (const SymbolRef& symbol : (*file)->symbols()) {
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    if (!flags || !name) return internal_error("reading the object's symbols");
    if ((*flags & SymbolRef::SF_Undefined) && !(*flags & SymbolRef::SF_FormatSpecific) && !name->empty())
      names.push_back(name->str());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace rondo
