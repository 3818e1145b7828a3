// Narrow weights: constants that reductions read are stored as float16 or bfloat16, rounded to nearest even, and
// widened where they are loaded, so that a product reads half the bytes and computes as before. What is loaded outside
// reductions, biases say, keeps its type, also where it is the same constant. The type that is stored and the type that
// computes are thereby independent: a load of one, a cast to the other.
// One entry: narrow_weights. Tested by narrow_weights_test.cpp.
#include <fmt/format.h>

#include <cmath>

#include "passes/plan/lowering.h"

namespace rondo {
namespace {

class Narrower {
 public:
  Narrower(Plan& plan, DType stored) : plan_(plan), stored_(stored) {}

  Status narrow(Kernel& kernel) {
    std::vector<int> place;
    std::vector<Instr> body;
    for (Instr& instr : kernel.body) {
      for (int& operand : instr.operands) operand = place[operand];
      for (Instr::Indirect& part : instr.indirect) part.instr = place[part.instr];
      const bool weight = is_weight(kernel, instr);
      if (weight) {
        RONDO_TRY(instr.buffer, narrowed(instr.buffer, kernel));
        instr.dtype = stored_;
      }
      body.push_back(std::move(instr));
      if (weight) body.push_back(widening(static_cast<int>(body.size()) - 1));
      place.push_back(static_cast<int>(body.size()) - 1);
    }
    kernel.body = std::move(body);
    for (Store& store : kernel.stores) {
      store.instr = place[store.instr];
      for (Instr::Indirect& part : store.indirect) part.instr = place[part.instr];
    }
    return Done{};
  }

 private:
  bool is_weight(const Kernel& kernel, const Instr& instr) const {
    if (instr.kind != Instr::Kind::load || instr.dtype != DType::f32) return false;
    if (plan_.buffers[instr.buffer].kind != Buffer::Kind::constant) return false;
    for (const IndexTerm& term : instr.index.terms)
      if (nest_of(kernel, term.var) >= 0) return true;
    return false;
  }

  static Instr widening(int operand) {
    Instr cast;
    cast.kind = Instr::Kind::pointwise;
    cast.op = Op::cast;
    cast.dtype = DType::f32;
    cast.operands = {operand};
    return cast;
  }

  /// The constant's narrow copy, made once.
  Result<int> narrowed(int wide, const Kernel& kernel) {
    const auto found = copies_.find(wide);
    if (found != copies_.end()) return found->second;
    Buffer buffer = plan_.buffers[wide];
    RONDO_TRY(buffer.value, rounded(buffer.value, kernel));
    buffer.dtype = stored_;
    plan_.buffers.push_back(std::move(buffer));
    return copies_[wide] = static_cast<int>(plan_.buffers.size()) - 1;
  }

  Result<Tensor> rounded(const Tensor& value, const Kernel& kernel) const {
    std::string bytes(static_cast<size_t>(value.count()) * sizeof(uint16_t), '\0');
    for (int64_t i = 0; i < value.count(); ++i) {
      const float weight = value.at<float>(i);
      const uint16_t bits = stored_ == DType::f16 ? float_to_half(weight) : float_to_bfloat(weight);
      const float back = stored_ == DType::f16 ? half_to_float(bits) : bfloat_to_float(bits);
      if (std::isfinite(weight) && !std::isfinite(back)) return beyond(weight, kernel);
      std::memcpy(bytes.data() + i * sizeof bits, &bits, sizeof bits);
    }
    return Tensor(stored_, value.shape(), std::move(bytes));
  }

  Diagnostic beyond(float weight, const Kernel& kernel) const {
    const char* advice = stored_ == DType::f16 ? "--weights=bf16 or f32 can" : "--weights=f32 can";
    return invalid(fmt::format("{} cannot hold the weight {}; {}", to_string(stored_), weight, advice), kernel.place);
  }

  Plan& plan_;
  DType stored_;
  std::map<int, int> copies_;  // by the wide buffer
};

}  // namespace

Status narrow_weights(Plan& plan, DType stored) {
  if (stored == DType::f32) return Done{};
  Narrower narrower(plan, stored);
  Status status = Done{};
  for_each_kernel(plan.steps, [&](Kernel& kernel) {
    if (status) status = narrower.narrow(kernel);
  });
  return status;
}

}  // namespace rondo
