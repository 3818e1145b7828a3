// A depth-first walk over instructions: an edge back to one that is still being walked closes a loop, whose head it is.
#include "codegen/audit/flow.h"

#include <algorithm>
#include <map>
#include <set>

namespace rondo::machine_code {
namespace {

class Walk {
 public:
  Walk(const Routine& routine, const std::vector<uint64_t>& entries) : routine_(routine), entries_(entries) {
    for (size_t i = 0; i < routine.code.size(); ++i) at_[routine.code[i].address] = i;
  }

  Shape run() {
    if (routine_.code.empty()) return {};
    std::vector<std::pair<size_t, std::vector<size_t>>> path;  // an instruction, and where else it may go
    states_.assign(routine_.code.size(), State::unseen);
    enter(path, 0);
    while (!path.empty()) {
      auto& [here, ways] = path.back();
      if (ways.empty()) {
        states_[here] = State::done;
        path.pop_back();
        continue;
      }
      const size_t next = ways.back();
      ways.pop_back();
      if (states_[next] == State::open) heads_.insert(next);
      if (states_[next] == State::unseen) enter(path, next);
    }
    shape_.loops = static_cast<int>(heads_.size());
    return shape_;
  }

 private:
  enum class State : uint8_t { unseen, open, done };

  void enter(std::vector<std::pair<size_t, std::vector<size_t>>>& path, size_t i) {
    states_[i] = State::open;
    path.emplace_back(i, ways_from(i));
  }

  std::vector<size_t> ways_from(size_t i) {
    const Instruction& from = routine_.code[i];
    std::vector<size_t> ways;
    const bool jumps = from.flow == Flow::jump || from.flow == Flow::choice;
    if (jumps && from.to && !go_to(*from.to, ways)) shape_.strays.push_back(i);
    const bool on = from.flow != Flow::jump && from.flow != Flow::leave && from.flow != Flow::far_jump;
    if (!on) return ways;
    const auto next = at_.find(from.address + from.size);
    if (next == at_.end())
      shape_.strays.push_back(i);
    else
      ways.push_back(next->second);
    return ways;
  }

  /// A jump to where another function begins is its last call; elsewhere outside is a stray.
  bool go_to(uint64_t address, std::vector<size_t>& ways) const {
    const auto found = at_.find(address);
    if (found != at_.end()) return ways.push_back(found->second), true;
    return std::binary_search(entries_.begin(), entries_.end(), address);
  }

  const Routine& routine_;
  const std::vector<uint64_t>& entries_;
  std::map<uint64_t, size_t> at_;
  std::vector<State> states_;
  std::set<size_t> heads_;
  Shape shape_;
};

}  // namespace

Shape shape_of(const Routine& routine, const std::vector<uint64_t>& entries) { return Walk(routine, entries).run(); }

}  // namespace rondo::machine_code
