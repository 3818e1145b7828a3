// Op: the closed list of operators, and the facts of each row of ops.def.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rondo {

enum class Op : uint16_t {
#define RONDO_CORE_OP(word, min, max, results, doc) word,
#define RONDO_POINTWISE_OP(word, operands, signature, doc) word,
#define RONDO_MODEL_OP(word, doc) word,
#include "ir/ops.def"
  unsupported,  // model level: an operator outside the table; Node::kind names it
  count,
};

enum class OpFamily : uint8_t { core, pointwise, model };
enum class Signature : uint8_t { none, numeric, floating, integral, compare, logical, select, cast };

struct OpInfo {
  std::string_view word;
  OpFamily family;
  int min_operands, max_operands, results;  // -1: any number; model operators check their own
  Signature signature;                      // pointwise operators
  std::string_view doc;
};

const OpInfo& info(Op op);
std::optional<Op> find_op(std::string_view word);
inline bool is_pointwise(Op op) { return info(op).family == OpFamily::pointwise; }
inline bool is_model(Op op) { return info(op).family == OpFamily::model; }
inline bool is_core(Op op) { return !is_model(op); }

}  // namespace rondo
