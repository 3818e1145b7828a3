// Operators that are known by name and not yet defined.
#include <fmt/format.h>

#include "passes/expand/expand.h"

namespace rondo {

#define RONDO_PENDING(word)                                                                            \
  std::vector<Value*> expand_##word(Expansion& e) {                                                    \
    return {e.unsupported("operator '" #word "' is not among the operators that can be compiled")};    \
  }
#undef RONDO_PENDING

}  // namespace rondo
