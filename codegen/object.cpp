// generate: a plan's module through LLVM's passes and code generator. Tested by object_test.cpp.
//
// Loops arrive shaped for the target's registers, so LLVM's unroller is off; its vectorisers find work in the loops that
// are scalar. What LLVM reports as fatal comes back as an exception of ours through its frames, and ends here.
#include <fmt/format.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/DiagnosticPrinter.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Support/SmallVectorMemoryBuffer.h>
#include <llvm/Target/TargetMachine.h>

#include <mutex>

#include "codegen/object.h"
#include "codegen/stack_note.h"
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

void optimise(llvm::Module& module, llvm::TargetMachine& machine, bool small) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopInterleaving = tuning.LoopUnrolling = false;
  tuning.LoopVectorization = tuning.SLPVectorization = !small;
  tuning.MergeFunctions = small;
  llvm::PassBuilder builder(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager cycles;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(cycles);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, cycles, modules);
  const auto level = small ? llvm::OptimizationLevel::Oz : llvm::OptimizationLevel::O2;
  builder.buildPerModuleDefaultPipeline(level).run(module, modules);
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

Result<std::string> with_messages(const Target& target, const LlvmWork& work) {
  llvm::LLVMContext context;
  std::vector<std::string> messages;
  context.setDiagnosticHandlerCallBack(collect, &messages);
  Result<std::string> file = work(context);
  if (messages.empty()) return file;
  return unsupported(fmt::format("LLVM's code generator for {}: {}", target.spec().triple, fmt::join(messages, "; ")));
}

}  // namespace

std::string data_layout(const Target::Machine& machine) {
  return machine.llvm->createDataLayout().getStringRepresentation();
}

Result<std::string> guard_llvm(const Target& target, const LlvmWork& work) {
  FatalErrorsThrow errors;
  try {
    return with_messages(target, work);
  } catch (const FatalError& error) {
    return unsupported(fmt::format("LLVM's code generator for {}: {}", target.spec().triple, error.reason));
  } catch (const std::bad_alloc&) {
    return unsupported("not enough memory to compile this model");
  } catch (const std::exception& error) {
    return internal_error(fmt::format("code generation: {}", error.what()));
  }
}

Result<std::unique_ptr<llvm::Module>> optimised_module(const Plan& plan, const Target& target,
                                                       llvm::LLVMContext& context, const CodegenOptions& options) {
  RONDO_TRY(auto module, build_module(plan, target.machine(), context, options));
  RONDO_CHECK(verify_module(*module, "before the passes"));
  optimise(*module, *target.machine().llvm, target.facts().small_code);
  RONDO_CHECK(attach_constants(plan, *module, options));
  RONDO_CHECK(verify_module(*module, "after the passes"));
  return module;
}

Result<std::string> generate(const Plan& plan, const Target& target, Form form, const CodegenOptions& options) {
  RONDO_CHECK(verify(plan));
  return guard_llvm(target, [&](llvm::LLVMContext& context) -> Result<std::string> {
    RONDO_TRY(auto module, optimised_module(plan, target, context, options));
    if (form == Form::llvm) return print(*module);
    RONDO_TRY(std::string file, emit_file(*module, *target.machine().llvm, form));
    return target.system() == Target::System::none ? without_stack_note(std::move(file), form) : file;
  });
}

}  // namespace rondo
