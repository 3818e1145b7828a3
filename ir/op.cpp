#include "ir/op.h"

#include <unordered_map>

namespace rondo {
namespace {

constexpr OpInfo kInfo[] = {
#define RONDO_CORE_OP(word, min, max, results, doc) {#word, OpFamily::core, min, max, results, Signature::none, doc},
#define RONDO_POINTWISE_OP(word, operands, signature, doc) \
  {#word, OpFamily::pointwise, operands, operands, 1, Signature::signature, doc},
#define RONDO_MODEL_OP(word, doc) {#word, OpFamily::model, 0, -1, -1, Signature::none, doc},
#include "ir/ops.def"
    {"unsupported", OpFamily::model, 0, -1, -1, Signature::none, "an operator outside the table"},
};

}  // namespace

const OpInfo& info(Op op) { return kInfo[static_cast<int>(op)]; }

std::optional<Op> find_op(std::string_view word) {
  static const auto table = [] {
    std::unordered_map<std::string_view, Op> words;
    for (int i = 0; i < static_cast<int>(Op::count); ++i) words.emplace(kInfo[i].word, static_cast<Op>(i));
    return words;
  }();
  auto found = table.find(word);
  if (found == table.end()) return std::nullopt;
  return found->second;
}

}  // namespace rondo
