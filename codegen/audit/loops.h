// Which loops end after a number of iterations that is known when they begin. Tested by audit_loops_test.cpp.
#pragma once

namespace llvm {
class Loop;
class ScalarEvolution;
}  // namespace llvm

namespace rondo::machine_code {

bool ends(const llvm::Loop& loop, llvm::ScalarEvolution& evolution);

}  // namespace rondo::machine_code
