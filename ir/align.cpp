// Patience: what occurs once on both sides and keeps its order holds the rest together; small stretches without such
// elements are aligned by their longest common subsequence. See align.h.
#include "ir/align.h"

#include <algorithm>
#include <map>

namespace rondo {
namespace {

using Pair = std::pair<size_t, size_t>;

constexpr size_t kLargestTable = size_t{1} << 22;

struct Stretch {
  size_t a, a_end, b, b_end;
};

class Aligner {
 public:
  Aligner(const Keys& a, const Keys& b) : a_(a), b_(b), levels_(!a.empty() && !b.empty() ? a[0].size() : 0) {}

  std::vector<Pair> run() {
    std::vector<Pair> pairs;
    for (size_t level = 0; level < levels_; ++level) {
      std::vector<Pair> more;
      for_each_gap({0, a_.size(), 0, b_.size()}, pairs, [&](const Stretch& gap) { match(gap, level, more); });
      pairs.insert(pairs.end(), more.begin(), more.end());
      std::sort(pairs.begin(), pairs.end());
    }
    return pairs;
  }

 private:
  template <class Function>
  static void for_each_gap(Stretch whole, const std::vector<Pair>& pairs, Function visit) {
    for (const auto& [i, j] : pairs) {
      if (whole.a < i && whole.b < j) visit(Stretch{whole.a, i, whole.b, j});
      whole.a = i + 1, whole.b = j + 1;
    }
    if (whole.a < whole.a_end && whole.b < whole.b_end) visit(whole);
  }

  bool same(size_t i, size_t j, size_t level) const { return a_[i][level] == b_[j][level]; }

  void match(Stretch s, size_t level, std::vector<Pair>& pairs) const {
    for (; s.a < s.a_end && s.b < s.b_end && same(s.a, s.b, level); ++s.a, ++s.b) pairs.emplace_back(s.a, s.b);
    for (; s.a < s.a_end && s.b < s.b_end && same(s.a_end - 1, s.b_end - 1, level); --s.a_end, --s.b_end)
      pairs.emplace_back(s.a_end - 1, s.b_end - 1);
    if (s.a == s.a_end || s.b == s.b_end) return;
    const std::vector<Pair> anchors = ascending(unique_pairs(s, level));
    if (anchors.empty()) return match_by_table(s, level, pairs);
    pairs.insert(pairs.end(), anchors.begin(), anchors.end());
    for_each_gap(s, anchors, [&](const Stretch& gap) { match(gap, level, pairs); });
  }

  /// Of elements whose key occurs once on both sides, in the order of a.
  std::vector<Pair> unique_pairs(const Stretch& s, size_t level) const {
    struct Uses {
      size_t in_a = 0, in_b = 0, a = 0, b = 0;
    };
    std::map<size_t, Uses> uses;
    for (size_t i = s.a; i < s.a_end; ++i) ++uses[a_[i][level]].in_a, uses[a_[i][level]].a = i;
    for (size_t j = s.b; j < s.b_end; ++j) ++uses[b_[j][level]].in_b, uses[b_[j][level]].b = j;
    std::vector<Pair> pairs;
    for (const auto& [key, use] : uses)
      if (use.in_a == 1 && use.in_b == 1) pairs.emplace_back(use.a, use.b);
    std::sort(pairs.begin(), pairs.end());
    return pairs;
  }

  /// The longest part that ascends in b too.
  static std::vector<Pair> ascending(const std::vector<Pair>& pairs) {
    std::vector<size_t> ends, before(pairs.size());  // ends[n]: where the best run of n + 1 ends
    for (size_t k = 0; k < pairs.size(); ++k) {
      const auto place = std::lower_bound(ends.begin(), ends.end(), pairs[k].second,
                                          [&](size_t end, size_t value) { return pairs[end].second < value; });
      before[k] = place == ends.begin() ? k : *(place - 1);
      if (place == ends.end())
        ends.push_back(k);
      else
        *place = k;
    }
    std::vector<Pair> run(ends.size());
    for (size_t n = ends.size(), k = n ? ends.back() : 0; n-- > 0; k = before[k]) run[n] = pairs[k];
    return run;
  }

  void match_by_table(const Stretch& s, size_t level, std::vector<Pair>& pairs) const {
    const size_t height = s.a_end - s.a, width = s.b_end - s.b;
    if (height > kLargestTable / width) return;
    std::vector<size_t> longest((height + 1) * (width + 1));
    const auto at = [&](size_t i, size_t j) -> size_t& { return longest[i * (width + 1) + j]; };
    for (size_t i = height; i-- > 0;)
      for (size_t j = width; j-- > 0;)
        at(i, j) = same(s.a + i, s.b + j, level) ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    for (size_t i = 0, j = 0; i < height && j < width;) {
      if (same(s.a + i, s.b + j, level))
        pairs.emplace_back(s.a + i++, s.b + j++);
      else
        at(i + 1, j) >= at(i, j + 1) ? ++i : ++j;
    }
  }

  const Keys &a_, &b_;
  const size_t levels_;
};

}  // namespace

std::vector<Pair> align(const Keys& a, const Keys& b) { return Aligner(a, b).run(); }

}  // namespace rondo
