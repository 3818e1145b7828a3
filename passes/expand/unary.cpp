// Element-wise functions of one operand, and conversions. Tested by expand_pointwise_test.cpp.
#include <fmt/format.h>

#include "passes/expand/expand.h"

namespace rondo {

using Values = std::vector<Value*>;

Values expand_Abs(Expansion& e) { return {e.b.abs(e.operand(0))}; }
Values expand_Ceil(Expansion& e) { return {e.b.ceil(e.operand(0))}; }
Values expand_Erf(Expansion& e) { return {e.b.erf(e.operand(0))}; }
Values expand_Exp(Expansion& e) { return {e.b.exp(e.operand(0))}; }
Values expand_Floor(Expansion& e) { return {e.b.floor(e.operand(0))}; }
Values expand_Identity(Expansion& e) {
  Value* value = e.any_operand(0);
  return {value ? value : e.operand(0)};
}
Values expand_Log(Expansion& e) { return {e.b.log(e.operand(0))}; }
Values expand_Neg(Expansion& e) { return {e.b.neg(e.operand(0))}; }
Values expand_Not(Expansion& e) { return {e.b.logical_not(e.operand(0))}; }
Values expand_Round(Expansion& e) { return {e.b.round(e.operand(0))}; }
Values expand_Sign(Expansion& e) { return {e.b.sign(e.operand(0))}; }
Values expand_Sqrt(Expansion& e) { return {e.b.sqrt(e.operand(0))}; }

Values expand_Reciprocal(Expansion& e) {
  Value* x = e.operand(0);
  return {e.b.div(e.b.scalar(x, 1), x)};
}

namespace {

/// The names by which Cast says its target before opset 6.
std::optional<DType> dtype_from_name(const std::string& name) {
  static const std::map<std::string, int> codes = {{"FLOAT", 1},    {"UINT8", 2},   {"INT8", 3},    {"UINT16", 4},
                                                   {"INT16", 5},    {"INT32", 6},   {"INT64", 7},   {"BOOL", 9},
                                                   {"FLOAT16", 10}, {"DOUBLE", 11}, {"UINT32", 12}, {"UINT64", 13}};
  auto found = codes.find(name);
  return found == codes.end() ? std::nullopt : dtype_from_onnx(found->second);
}

}  // namespace

Values expand_Cast(Expansion& e) {
  // These choose how to convert to 8-bit floating-point types, which are not among the element types here.
  e.integer("saturate", 1);
  e.text("round_mode", "up");
  Value* x = e.operand(0);
  std::string name;
  std::optional<DType> to;
  if (e.opset < 6) {
    name = e.text("to", "");
    to = dtype_from_name(name);
  } else {
    if (!e.has_attribute("to")) return {e.fail("attribute 'to' is missing")};
    name = std::to_string(e.integer("to", 0));
    to = e.element_type("to", DType::f32);
  }
  if (!to) {
    return {
        e.unsupported(fmt::format("attribute 'to' is {}; supported: float16, bfloat16, float, double, bool and the "
                                  "integers of 8, 16, 32 and 64 bits",
                                  name))};
  }
  return {e.b.cast(x, *to)};
}

Values expand_CastLike(Expansion& e) {
  e.integer("saturate", 1);
  e.text("round_mode", "up");
  Value* x = e.operand(0);
  return {e.b.cast(x, dtype_of(e.operand(1)))};
}

}  // namespace rondo
