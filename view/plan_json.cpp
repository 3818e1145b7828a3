#include "view/plan_json.h"

#include "ir/cost.h"
#include "ir/lifetimes.h"
#include "view/scene.h"

namespace rondo::view {
namespace {

using Json = nlohmann::json;

std::string_view word_of(Buffer::Kind kind) {
  constexpr std::string_view kWords[] = {"input", "output", "state", "turn", "constant", "scratch", "measured", "granted"};
  return kWords[static_cast<int>(kind)];
}

class PlanWriter {
 public:
  PlanWriter(const Plan& plan, const std::unordered_map<const Step*, int>& ids, const MachineCode& code)
      : plan_(plan), ids_(ids), code_(code) {}

  Json write() {
    const Lifetimes lifetimes = lifetimes_of(plan_);
    Json buffers = Json::array(), moments = Json::array();
    for (size_t i = 0; i < plan_.buffers.size(); ++i) buffers.push_back(buffer(plan_.buffers[i], lifetimes.buffers[i]));
    for (const Step* step : lifetimes.moments) moments.push_back(ids_.at(step));
    const std::vector<PlacedCost> costs = costs_of(plan_);
    for (size_t i = 0; i < costs.size(); ++i) {
      costs_.emplace(costs[i].kernel, costs[i].cost);
      if (i < code_.kernels.size()) own_bytes_.emplace(costs[i].kernel, code_.kernels[i]);
    }
    steps(plan_.steps, plan_.name + ".run");
    Json symbols = Json::array();
    for (const std::string& symbol : plan_.symbols) symbols.push_back(shown(Dim::symbol(symbol)));
    return {{"symbols", std::move(symbols)},     {"scratch", shown(plan_.scratch_bytes)},
            {"state", shown(plan_.state_bytes)}, {"constants", plan_.constant_bytes},
            {"buffers", std::move(buffers)},     {"moments", std::move(moments)},
            {"kernels", std::move(kernels_)}};
  }

 private:
  static Json buffer(const Buffer& buffer, const Lifetime& life) {
    return {{"name", shown(buffer.name)},
            {"kind", word_of(buffer.kind)},
            {"type", shown(to_string(Type{buffer.dtype, {buffer.count}}))},
            {"bytes", shown(buffer.count * Dim(byte_size(buffer.dtype)))},
            {"offset", shown(buffer.offset)},
            {"life", {life.first, life.last}}};
  }

  /// `around`: the function that the steps are in, if they are no functions themselves.
  void steps(const std::vector<Step>& steps, const std::string& around) {
    for (const Step& step : steps) {
      const std::string own = plan_.name + "." + name_of(step);
      const std::string& symbol = code_.functions.count(own) ? own : around;
      if (const auto* kernel = std::get_if<Kernel>(&step.what))
        kernels_.push_back(this->kernel(*kernel, ids_.at(&step), symbol));
      for_each_nested(step, [&](const std::vector<Step>& nested) { this->steps(nested, symbol); });
    }
  }

  Json kernel(const Kernel& kernel, int id, const std::string& symbol) const {
    const KernelCost& cost = costs_.at(&kernel);
    Json result = {{"id", id},
                   {"runs", shown(cost.runs)},
                   {"multiplyAdds", shown(cost.multiply_adds)},
                   {"arithmetic", shown(cost.arithmetic)},
                   {"functions", shown(cost.functions)},
                   {"constantBytes", shown(cost.constant_bytes)},
                   {"readBytes", shown(cost.read_bytes)},
                   {"writtenBytes", shown(cost.written_bytes)},
                   {"reads", touched(kernel, true)},
                   {"writes", touched(kernel, false)},
                   {"code", Json::array()}};
    for (const std::string& name : {symbol, plan_.name + "." + kernel.name + ".part"})
      if (const auto found = code_.functions.find(name); found != code_.functions.end())
        result["code"].push_back({{"symbol", shown(name)}, {"bytes", found->second}});
    if (const auto own = own_bytes_.find(&kernel); own != own_bytes_.end()) result["codeBytes"] = own->second;
    return result;
  }

  static Json touched(const Kernel& kernel, bool reads) {
    std::set<int> buffers;
    for (const Instr& instr : kernel.body)
      if (reads && instr.kind == Instr::Kind::load) buffers.insert(instr.buffer);
    for (const Store& store : kernel.stores)
      if (!reads) buffers.insert(store.buffer);
    return buffers;
  }

  const Plan& plan_;
  const std::unordered_map<const Step*, int>& ids_;
  const MachineCode& code_;
  std::unordered_map<const Kernel*, KernelCost> costs_;
  std::unordered_map<const Kernel*, int64_t> own_bytes_;  // of code; empty: not known
  Json kernels_ = Json::array();
};

}  // namespace

Json plan_json(const Plan& plan, const std::unordered_map<const Step*, int>& ids, const MachineCode& code) {
  return PlanWriter(plan, ids, code).write();
}

}  // namespace rondo::view
