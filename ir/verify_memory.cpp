// Lifetimes and overlaps of a plan's buffers.
//
// Kernels are numbered in program order. A scratch buffer lives from the first to the last kernel that touches it, and
// longer where loops make it: a loop that contains some of its uses but not all, or all of them but reads it before
// writing it, counts as a whole. Tested by tests/ir/verify_test.cpp.
#include "ir/verify_memory.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {
namespace {

struct Span {
  int first = -1, last = -1;
  bool empty() const { return first < 0; }
  bool meets(const Span& other) const { return first <= other.last && other.first <= last; }
  bool contains(const Span& other) const { return first <= other.first && other.last <= last; }
  void add(const Span& other) {
    first = empty() ? other.first : std::min(first, other.first);
    last = std::max(last, other.last);
  }
};

struct Use {
  Span span;
  bool read_first = false;
};

class Lifetimes {
 public:
  explicit Lifetimes(const Plan& plan) : uses_(plan.buffers.size()) {
    walk(plan.steps);
    for (Use& use : uses_) extend(use);
  }
  const Span& of(size_t buffer) const { return uses_[buffer].span; }

 private:
  void walk(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      if (const auto* kernel = std::get_if<Kernel>(&step.what)) {
        visit(*kernel);
        continue;
      }
      const Span body{count_, count_};
      const bool repeats = std::holds_alternative<Loop>(step.what);
      for_each_read(step, [&](int buffer) { touch(buffer, true); });
      if (!repeats) ++count_;
      for_each_nested(step, [&](const std::vector<Step>& nested) { walk(nested); });
      if (repeats && count_ > body.first) loops_.push_back({body.first, count_ - 1});  // inner loops before outer ones
    }
  }

  void visit(const Kernel& kernel) {
    for (const Instr& instr : kernel.body)
      if (instr.kind == Instr::Kind::load) touch(instr.buffer, true);
    for (const Store& store : kernel.stores) touch(store.buffer, false);
    ++count_;
  }

  void touch(int buffer, bool reads) {
    if (buffer < 0 || static_cast<size_t>(buffer) >= uses_.size()) return;
    Use& use = uses_[buffer];
    if (use.span.empty()) use.read_first = reads;
    use.span.add({count_, count_});
  }

  void extend(Use& use) const {
    const Span own = use.span;
    if (own.empty()) return;
    for (const Span& loop : loops_)
      if (loop.meets(own) && (!loop.contains(own) || use.read_first)) use.span.add(loop);
  }

  std::vector<Use> uses_;
  std::vector<Span> loops_;
  int count_ = 0;
};

/// A buffer's constant place in its memory.
struct Place {
  size_t buffer;
  int64_t begin, end;
};

std::vector<Place> places(const Plan& plan, Buffer::Kind kind) {
  std::vector<Place> result;
  for (size_t i = 0; i < plan.buffers.size(); ++i) {
    const Buffer& buffer = plan.buffers[i];
    const Dim end = buffer.offset + buffer.count * Dim(byte_size(buffer.dtype));
    if (buffer.kind != kind || !buffer.offset.constant() || !end.constant()) continue;
    if (*end.constant() > *buffer.offset.constant()) result.push_back({i, *buffer.offset.constant(), *end.constant()});
  }
  std::sort(result.begin(), result.end(),
            [](const Place& a, const Place& b) { return std::pair(a.begin, a.buffer) < std::pair(b.begin, b.buffer); });
  return result;
}

}  // namespace

std::vector<std::string> memory_errors(const Plan& plan) {
  std::vector<std::string> errors;
  const Lifetimes lifetimes(plan);
  const auto both_in_use = [&](Buffer::Kind kind, size_t a, size_t b) {
    if (kind == Buffer::Kind::state) return true;
    if (kind == Buffer::Kind::constant) return !(plan.buffers[a].value == plan.buffers[b].value);
    const Span &first = lifetimes.of(a), &second = lifetimes.of(b);
    return !first.empty() && !second.empty() && first.meets(second);
  };
  for (Buffer::Kind kind : {Buffer::Kind::state, Buffer::Kind::constant, Buffer::Kind::scratch}) {
    const std::vector<Place> sorted = places(plan, kind);
    for (size_t i = 0; i < sorted.size(); ++i)
      for (size_t j = i + 1; j < sorted.size() && sorted[j].begin < sorted[i].end; ++j)
        if (both_in_use(kind, sorted[i].buffer, sorted[j].buffer))
          errors.push_back(fmt::format("buffers {} '{}' and {} '{}' share memory while both are in use",
                                       sorted[i].buffer, plan.buffers[sorted[i].buffer].name, sorted[j].buffer,
                                       plan.buffers[sorted[j].buffer].name));
  }
  return errors;
}

}  // namespace rondo
