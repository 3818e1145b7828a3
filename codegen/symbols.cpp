// What an object of any format leaves to the linker, as its symbols say. Tested by formats_test.cpp.
#include <fmt/format.h>
#include <llvm/Object/ObjectFile.h>

#include <algorithm>

#include "codegen/codegen.h"

namespace rondo {

namespace {

using llvm::object::SymbolRef;

auto open(std::string_view object) {
  return llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(object.data(), object.size()), "object"));
}

}  // namespace

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
