// Operators that are known by name and not yet defined.
#include <fmt/format.h>

#include "passes/expand/expand.h"

namespace rondo {

#define RONDO_PENDING(word)                                                                            \
  std::vector<Value*> expand_##word(Expansion& e) {                                                    \
    return {e.unsupported("operator '" #word "' is not among the operators that can be compiled")};    \
  }
RONDO_PENDING(ConcatFromSequence)
RONDO_PENDING(If)
RONDO_PENDING(Loop)
RONDO_PENDING(Optional)
RONDO_PENDING(OptionalGetElement)
RONDO_PENDING(OptionalHasElement)
RONDO_PENDING(Scan)
RONDO_PENDING(SequenceAt)
RONDO_PENDING(SequenceConstruct)
RONDO_PENDING(SequenceEmpty)
RONDO_PENDING(SequenceErase)
RONDO_PENDING(SequenceInsert)
RONDO_PENDING(SequenceLength)
RONDO_PENDING(SequenceMap)
RONDO_PENDING(SplitToSequence)
#undef RONDO_PENDING

}  // namespace rondo
