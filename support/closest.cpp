// See closest.h.
#include "support/closest.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {
namespace {

constexpr size_t kLongest = 64;  // words beyond are no slips of the hand

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Letters to change, add, drop or swap with their neighbour; letters in another case count as equal.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> least(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i)
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        least[i][j] = i + j;
        continue;
      }
      const size_t changed = least[i - 1][j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
      least[i][j] = std::min({changed, least[i - 1][j] + 1, least[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        least[i][j] = std::min(least[i][j], least[i - 2][j - 2] + 1);
    }
  return least[a.size()][b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  size_t nearest = std::max<size_t>(1, word.size() / 3) + 1;
  if (word.size() < 2 || word.size() > kLongest) return "";  // one letter is close to any other
  for (const std::string& candidate : candidates) {
    if (candidate.empty() || candidate.size() > kLongest) continue;
    const size_t steps = distance(word, candidate);
    if (steps < nearest) best = &candidate, nearest = steps;
  }
  return best ? fmt::format("; did you mean '{}'?", *best) : "";
}

}  // namespace rondo
