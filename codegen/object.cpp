// generate: a plan's module through LLVM's passes and code generator. Tested by object_test.cpp.
//
// Loops arrive shaped for the target's registers, so LLVM's own vectorisers and unroller are off. What LLVM reports as
// fatal comes back as an exception of ours through its frames, and ends here.
#include <fmt/format.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Support/SmallVectorMemoryBuffer.h>
#include <llvm/Target/TargetMachine.h>

#include <mutex>

#include "codegen/module.h"
#include "ir/verify.h"

namespace rondo {
namespace {

struct FatalError {
  std::string reason;
};

// While it lives, LLVM's fatal errors are thrown as FatalError. One at a time in a process.
class FatalErrorsThrow {
 public:
  FatalErrorsThrow() : lock_(mutex()) {
    llvm::install_fatal_error_handler([](void*, const char* reason, bool) { throw FatalError{reason}; });
  }
  ~FatalErrorsThrow() { llvm::remove_fatal_error_handler(); }

 private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
  std::lock_guard<std::mutex> lock_;
};

Status verify_module(const llvm::Module& module, const char* when) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (!llvm::verifyModule(module, &stream)) return Done{};
  return internal_error(fmt::format("LLVM's verifier, {}: {}", when, text.substr(0, 2000)));
}

Status optimise(llvm::Module& module, llvm::TargetMachine& machine) {
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  LLVMPassBuilderOptionsSetLoopVectorization(options, false);
  LLVMPassBuilderOptionsSetLoopInterleaving(options, false);
  LLVMPassBuilderOptionsSetSLPVectorization(options, false);
  LLVMPassBuilderOptionsSetLoopUnrolling(options, false);
  auto* target = reinterpret_cast<LLVMTargetMachineRef>(&machine);
  LLVMErrorRef error = LLVMRunPasses(llvm::wrap(&module), "default<O2>", target, options);
  LLVMDisposePassBuilderOptions(options);
  if (!error) return Done{};
  char* message = LLVMGetErrorMessage(error);
  std::string text = message;
  LLVMDisposeErrorMessage(message);
  return internal_error("LLVM's passes: " + text);
}

std::string print(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

Result<std::string> emit_file(llvm::Module& module, llvm::TargetMachine& machine, Form form) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  auto type = form == Form::assembly ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type))
    return internal_error("LLVM cannot write this kind of file for the target");
  passes.run(module);
  return std::string(bytes.data(), bytes.size());
}

// Messages of LLVM's code generator; without a handler it would print them and exit.
void collect(const llvm::DiagnosticInfo* info, void* messages) {
  if (info->getSeverity() != llvm::DS_Error) return;
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::DiagnosticPrinterRawOStream printer(stream);
  info->print(printer);
  static_cast<std::vector<std::string>*>(messages)->push_back(text);
}

Result<std::string> generate_with_llvm(const Plan& plan, const Target& target, Form form,
                                       const CodegenOptions& options) {
  llvm::LLVMContext context;
  std::vector<std::string> messages;
  context.setDiagnosticHandlerCallBack(collect, &messages);
  llvm::TargetMachine& machine = *target.machine().llvm;
  RONDO_TRY(auto module, build_module(plan, target.machine(), context, options));
  RONDO_CHECK(verify_module(*module, "before the passes"));
  RONDO_CHECK(optimise(*module, machine));
  RONDO_CHECK(attach_constants(plan, *module, options));
  RONDO_CHECK(verify_module(*module, "after the passes"));
  Result<std::string> file =
      form == Form::llvm ? Result<std::string>(print(*module)) : emit_file(*module, machine, form);
  if (messages.empty()) return file;
  return unsupported(fmt::format("LLVM's code generator for {}: {}", target.spec().triple, fmt::join(messages, "; ")));
}

}  // namespace

std::string data_layout(const Target::Machine& machine) {
  return machine.llvm->createDataLayout().getStringRepresentation();
}

Result<std::string> generate(const Plan& plan, const Target& target, Form form, const CodegenOptions& options) {
  RONDO_CHECK(verify(plan));
  FatalErrorsThrow errors;
  try {
    return generate_with_llvm(plan, target, form, options);
  } catch (const FatalError& error) {
    return unsupported(fmt::format("LLVM's code generator for {}: {}", target.spec().triple, error.reason));
  } catch (const std::bad_alloc&) {
    return unsupported("not enough memory to compile this model");
  } catch (const std::exception& error) {
    return internal_error(fmt::format("code generation: {}", error.what()));
  }
}

}  // namespace rondo
