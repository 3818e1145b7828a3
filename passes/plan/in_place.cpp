// In place: where a carried value or a state is computed into a buffer of its own and then copied, the computation
// writes the final place directly, if nothing reads the old value any more by then. Where the computation only changes a
// copy of the old value here and there, the copy goes too. Tested by plan_test.cpp.
#include <algorithm>

#include "passes/plan/lowering.h"

namespace rondo {
namespace {

/// The load of a kernel that only copies one buffer to another, element by element at equal indices.
const Instr* plain_copy(const Step& step) {
  const auto* kernel = std::get_if<Kernel>(&step.what);
  if (!kernel || kernel->body.size() != 1 || kernel->stores.size() != 1) return nullptr;
  const Instr& load = kernel->body[0];
  if (load.kind != Instr::Kind::load || !load.indirect.empty() || !(load.index == kernel->stores[0].index)) return nullptr;
  if (!kernel->stores[0].indirect.empty()) return nullptr;
  return &load;
}

bool copies_to_itself(const Step& step) {
  const Instr* load = plain_copy(step);
  return load && load->buffer == std::get<Kernel>(step.what).stores[0].buffer;
}

template <class Function>
void for_each_kernel_of(Step& step, Function f) {
  if (auto* kernel = std::get_if<Kernel>(&step.what)) f(*kernel);
  for_each_nested(step, [&](std::vector<Step>& nested) { for_each_kernel(nested, f); });
}

/// Calls f(buffer) for what the step, or one inside it, reads without a kernel.
template <class Function>
void for_each_read_of(Step& step, Function f) {
  for_each_read(step, f);
  for_each_nested(step, [&](std::vector<Step>& nested) {
    for_each_step(nested, [&](Step& inner) { for_each_read(inner, f); });
  });
}

struct Uses {
  bool loads = false, stores = false;
};

Uses uses(Step& step, int buffer) {
  Uses found;
  for_each_kernel_of(step, [&](Kernel& kernel) {
    for (const Instr& instr : kernel.body) found.loads |= instr.kind == Instr::Kind::load && instr.buffer == buffer;
    for (const Store& store : kernel.stores) found.stores |= store.buffer == buffer;
  });
  for_each_read_of(step, [&](int read) { found.loads |= read == buffer; });
  return found;
}

int count_uses(std::vector<Step>& steps, int buffer) {
  int count = 0;
  for (Step& step : steps) {
    for_each_read_of(step, [&](int read) { count += read == buffer; });
    for_each_kernel_of(step, [&](Kernel& kernel) {
      for (const Instr& instr : kernel.body) count += instr.kind == Instr::Kind::load && instr.buffer == buffer;
      for (const Store& store : kernel.stores) count += store.buffer == buffer;
    });
  }
  return count;
}

/// Whether the kernel reads each element of `old` only to compute the element of `fresh` with the same index.
bool reads_before_writing(const Kernel& kernel, int old, int fresh) {
  for (const Store& store : kernel.stores) {
    if (store.buffer != fresh) continue;
    for (const Instr& instr : kernel.body) {
      if (instr.kind != Instr::Kind::load || instr.buffer != old) continue;
      if (!(instr.index == store.index) || !instr.indirect.empty() || !store.indirect.empty()) return false;
    }
  }
  return true;
}

class InPlace {
 public:
  explicit InPlace(Plan& plan) : plan_(plan) {}

  void run(std::vector<Step>& steps) {
    for (Step& step : steps)
      for_each_nested(step, [&](std::vector<Step>& nested) { run(nested); });
    for (size_t i = 0; i < steps.size();) {
      if (try_step(steps, i))
        steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(i));
      else
        ++i;
    }
    std::erase_if(steps, copies_to_itself);
  }

 private:
  bool try_step(std::vector<Step>& steps, size_t at) {
    const Instr* load = plain_copy(steps[at]);
    if (!load) return false;
    const int fresh = load->buffer, old = std::get<Kernel>(steps[at].what).stores[0].buffer;
    if (fresh == old) return true;  // a reshape in place
    const Buffer &from = plan_.buffers[fresh], &to = plan_.buffers[old];
    if (from.kind != Buffer::Kind::scratch || !(from.count == to.count)) return false;
    if (count_uses(plan_.steps, fresh) != count_uses(steps, fresh)) return false;  // used elsewhere too
    size_t writer = steps.size();
    for (size_t i = 0; i < at; ++i) {
      const Uses of_fresh = uses(steps[i], fresh), of_old = uses(steps[i], old);
      if (of_fresh.stores && writer == steps.size()) {
        writer = i;
        const auto* kernel = std::get_if<Kernel>(&steps[i].what);
        if (!kernel || of_fresh.loads || of_old.stores || !reads_before_writing(*kernel, old, fresh)) return false;
        continue;
      }
      if (writer == steps.size() ? of_fresh.loads : of_old.loads || of_old.stores) return false;
    }
    if (writer == steps.size() || parts_later(steps, at, fresh, old)) return false;
    for (Step& step : steps) {
      for_each_read_of(step, [&](int& read) { read = read == fresh ? old : read; });
      for_each_kernel_of(step, [&](Kernel& kernel) {
        for (Instr& instr : kernel.body)
          if (instr.kind == Instr::Kind::load && instr.buffer == fresh) instr.buffer = old;
        for (Store& store : kernel.stores)
          if (store.buffer == fresh) store.buffer = old;
      });
    }
    return true;
  }

  /// Whether, after the copy, one of the two changes and the other's value is still asked for.
  static bool parts_later(std::vector<Step>& steps, size_t at, int fresh, int old) {
    bool changed = false;
    for (size_t i = at + 1; i < steps.size(); ++i) {
      const Uses of_fresh = uses(steps[i], fresh), of_old = uses(steps[i], old);
      changed |= of_old.stores;
      if (of_fresh.stores || (changed && of_fresh.loads)) return true;
    }
    return false;
  }

  Plan& plan_;
};

}  // namespace

void update_in_place(Plan& plan, const StageContext&) { InPlace(plan).run(plan.steps); }

}  // namespace rondo
