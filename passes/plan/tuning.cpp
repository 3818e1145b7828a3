// See tuning.h.
#include "passes/plan/tuning.h"

#include <fmt/format.h>

#include <algorithm>

#include "passes/plan/lowering.h"

namespace rondo {
namespace {

constexpr size_t kMostChoices = 8;  // of a kernel, its own included

Tile tile_of(const Schedule& schedule) { return {schedule.lanes, schedule.vectors, schedule.rows, schedule.unroll}; }

/// What a kernel computes over what, as text: all that a good schedule may depend on. Buffers by kind and size,
/// variables in the order of the axes.
class Description {
 public:
  Description(const Plan& plan, const Kernel& kernel) : plan_(plan), kernel_(kernel) {
    add_axes(kernel.parallel);
    for (const std::vector<Axis>& nest : kernel.reductions) add_axes(nest);
    add(fmt::format("vector {}", var(kernel.schedule.vector_axis)));
    for (const Instr& instr : kernel.body) add_instr(instr);
    for (const Store& store : kernel.stores) {
      add(fmt::format("store {}", store.instr));
      add_buffer(store.buffer);
      add_index(store.index);
      for (const Instr::Indirect& part : store.indirect)
        add(fmt::format("at {} {}", part.instr, part.coefficient.to_string()));
    }
  }

  /// FNV-1a.
  uint64_t fingerprint() const {
    uint64_t hash = 0xcbf29ce484222325;
    for (unsigned char c : text_) hash = (hash ^ c) * 0x100000001b3;
    return hash;
  }

 private:
  void add(std::string_view text) { text_.append(text).push_back(' '); }

  void add_axes(const std::vector<Axis>& axes) {
    for (const Axis& axis : axes) {
      vars_.emplace(axis.var, vars_.size());
      add(axis.extent.to_string());
    }
    add(";");
  }

  std::string var(int var) const {
    auto found = vars_.find(var);
    return found == vars_.end() ? "outer" : std::to_string(found->second);
  }

  void add_buffer(int index) {
    const Buffer& buffer = plan_.buffers[index];
    add(fmt::format("{} {} {}", static_cast<int>(buffer.kind), to_string(buffer.dtype), buffer.count.to_string()));
  }

  void add_index(const Index& index) {
    add(index.constant.to_string());
    for (const IndexTerm& term : index.terms)
      add(fmt::format("{}*{}/{}*{}", var(term.var), term.coefficient.to_string(), term.panel,
                      term.panel_stride.to_string()));
  }

  void add_instr(const Instr& instr) {
    add(fmt::format("{} {} {} {} {} {} {}", static_cast<int>(instr.kind), static_cast<int>(instr.op),
                    to_string(instr.dtype), instr.real, instr.integer, static_cast<int>(instr.combine), instr.nest));
    for (int operand : instr.operands) add(std::to_string(operand));
    if (instr.kind == Instr::Kind::load) add_buffer(instr.buffer);
    add_index(instr.index);
    for (const Instr::Indirect& part : instr.indirect)
      add(fmt::format("{}*{}", part.instr, part.coefficient.to_string()));
    add(instr.extent.to_string());
  }

  const Plan& plan_;
  const Kernel& kernel_;
  std::map<int, size_t> vars_;
  std::string text_;
};

const TunedKernel* find(const Tuning& tuning, const std::string& kernel) {
  auto found = std::find_if(tuning.begin(), tuning.end(), [&](const TunedKernel& one) { return one.kernel == kernel; });
  return found == tuning.end() ? nullptr : &*found;
}

Diagnostic stale(const std::string& kernel, const std::string& what) {
  return invalid(fmt::format("the tuning does not fit this model: kernel '{}' {}; tune it again", kernel, what));
}

Status apply(Plan& plan, Kernel& kernel, const TunedKernel& tuned, const std::vector<Schedule>& others) {
  if (tuned.fingerprint != Description(plan, kernel).fingerprint())
    return stale(kernel.name, "computes something else than what was tuned");
  if (tuned.tile == tile_of(kernel.schedule)) return Done{};
  auto chosen =
      std::find_if(others.begin(), others.end(), [&](const Schedule& one) { return tile_of(one) == tuned.tile; });
  if (chosen == others.end())
    return stale(kernel.name, fmt::format("cannot have lanes {}, vectors {}, rows {}, unroll {}", tuned.tile.lanes,
                                          tuned.tile.vectors, tuned.tile.rows, tuned.tile.unroll));
  kernel.schedule = *chosen;
  return Done{};
}

}  // namespace

std::vector<KernelChoices> find_choices(const Plan& plan, const TargetFacts& target) {
  std::vector<KernelChoices> all;
  for_each_kernel(plan.steps, [&](const Kernel& kernel) {
    const std::vector<Schedule> others = other_schedules(plan, kernel, target);
    if (others.empty()) return;
    KernelChoices choices{kernel.name, Description(plan, kernel).fingerprint(), {tile_of(kernel.schedule)}};
    for (size_t i = 0; i < others.size() && choices.tiles.size() < kMostChoices; ++i)
      choices.tiles.push_back(tile_of(others[i]));
    all.push_back(std::move(choices));
  });
  return all;
}

Status apply_tuning(Plan& plan, const TargetFacts& target, const Tuning& tuning) {
  Diagnostics errors;
  std::set<std::string> known;
  auto note = [&](Status status) {
    if (!status) errors.insert(errors.end(), status.errors().begin(), status.errors().end());
  };
  for_each_kernel(plan.steps, [&](Kernel& kernel) {
    const std::vector<Schedule> others = other_schedules(plan, kernel, target);
    if (others.empty()) return;
    known.insert(kernel.name);
    const TunedKernel* tuned = find(tuning, kernel.name);
    note(tuned ? apply(plan, kernel, *tuned, others) : Status(stale(kernel.name, "was not tuned")));
  });
  for (const TunedKernel& tuned : tuning)
    if (!known.count(tuned.kernel))
      errors.push_back(stale(tuned.kernel, "is not among its kernels that have a choice"));
  if (!errors.empty()) return errors;
  return Done{};
}

}  // namespace rondo
