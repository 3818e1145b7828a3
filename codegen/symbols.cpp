// undefined_symbols: the names that an object of any format leaves to the linker. Tested by formats_test.cpp.
#include <fmt/format.h>
#include <llvm/Object/ObjectFile.h>

#include <algorithm>

#include "codegen/codegen.h"

namespace rondo {

Result<std::vector<std::string>> undefined_symbols(std::string_view object) {
  using llvm::object::SymbolRef;
  auto file = llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(object.data(), object.size()), "object"));
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
