// See stack_note.h. LLVM's objcopy removes the section.
#include "codegen/stack_note.h"

#include <fmt/format.h>
#include <llvm/ObjCopy/CommonConfig.h>
#include <llvm/ObjCopy/ELF/ELFConfig.h>
#include <llvm/ObjCopy/ELF/ELFObjcopy.h>
#include <llvm/Object/ELFObjectFile.h>

namespace rondo {
namespace {

constexpr char kName[] = ".note.GNU-stack";

std::string without_line(std::string assembly) {
  const size_t name = assembly.find(std::string("\t.section\t\"") + kName);
  if (name != std::string::npos) assembly.erase(name, assembly.find('\n', name) + 1 - name);
  return assembly;
}

llvm::Expected<std::string> without_section(const std::string& object) {
  auto file = llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef(object, "object"));
  if (!file) return file.takeError();
  llvm::objcopy::CommonConfig config;
  auto pattern = llvm::objcopy::NameOrPattern::create(kName, llvm::objcopy::MatchStyle::Literal,
                                                      [](llvm::Error error) { return error; });
  if (llvm::Error error = config.ToRemove.addMatcher(std::move(pattern))) return error;
  std::string result;
  llvm::raw_string_ostream stream(result);
  auto& elf = llvm::cast<llvm::object::ELFObjectFileBase>(**file);
  if (llvm::Error error = llvm::objcopy::elf::executeObjcopyOnBinary(config, {}, elf, stream)) return error;
  return result;
}

}  // namespace

Result<std::string> without_stack_note(std::string file, Form form) {
  if (form == Form::assembly) return without_line(std::move(file));
  auto object = without_section(file);
  if (!object) return internal_error(fmt::format("LLVM's objcopy: {}", llvm::toString(object.takeError())));
  return std::move(*object);
}

}  // namespace rondo
