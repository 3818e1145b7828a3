#include "ir/lifetimes.h"

#include <algorithm>

namespace rondo {
namespace {

struct Use {
  Lifetime span;
  bool read_first = false;
};

class Walk {
 public:
  explicit Walk(const Plan& plan) : uses_(plan.buffers.size()) {
    steps(plan.steps);
    for (Use& use : uses_) extend(use);
  }

  Lifetimes take() {
    Lifetimes result{{}, std::move(moments_)};
    for (const Use& use : uses_) result.buffers.push_back(use.span);
    return result;
  }

 private:
  int now() const { return static_cast<int>(moments_.size()); }

  void steps(const std::vector<Step>& steps) {
    int group = now();  // where the loops began that lie beside each other
    for (const Step& step : steps) {
      if (!is_beside(step)) group = now();
      if (const auto* kernel = std::get_if<Kernel>(&step.what)) {
        visit(*kernel);
        moments_.push_back(&step);
        continue;
      }
      const int first = now();
      const bool repeats = std::holds_alternative<Loop>(step.what);
      for_each_read(step, [&](int buffer) { touch(buffer, true); });
      if (!repeats) moments_.push_back(&step);
      for_each_nested(step, [&](const std::vector<Step>& nested) { this->steps(nested); });
      if (repeats && now() > first) loops_.push_back({first, now() - 1});  // inner loops before outer ones
      if (is_beside(step) && now() > group) groups_.push_back({group, now() - 1});
    }
  }

  void visit(const Kernel& kernel) {
    for (const Instr& instr : kernel.body)
      if (instr.kind == Instr::Kind::load) touch(instr.buffer, true);
    for (const Store& store : kernel.stores) touch(store.buffer, false);
  }

  void touch(int buffer, bool reads) {
    if (buffer < 0 || static_cast<size_t>(buffer) >= uses_.size()) return;
    Use& use = uses_[buffer];
    if (use.span.empty()) use.read_first = reads;
    use.span.add({now(), now()});
  }

  void extend(Use& use) const {
    const Lifetime own = use.span;
    if (own.empty()) return;
    for (const Lifetime& loop : loops_)
      if (loop.meets(own) && (!loop.contains(own) || use.read_first)) use.span.add(loop);
    for (const Lifetime& group : groups_)
      if (group.meets(own)) use.span.add(group);
  }

  std::vector<Use> uses_;
  std::vector<Lifetime> loops_, groups_;
  std::vector<const Step*> moments_;
};

}  // namespace

void Lifetime::add(const Lifetime& other) {
  first = empty() ? other.first : std::min(first, other.first);
  last = std::max(last, other.last);
}

Lifetimes lifetimes_of(const Plan& plan) { return Walk(plan).take(); }

}  // namespace rondo
