// See places.h.
#include "support/places.h"

#include <algorithm>

namespace rondo {

std::vector<std::string> split_places(std::string_view places) {
  std::vector<std::string> split;
  while (!places.empty()) {
    const size_t end = std::min(places.find('\n'), places.size());
    split.emplace_back(places.substr(0, end));
    places.remove_prefix(std::min(end + 1, places.size()));
  }
  return split;
}

void join_places(std::string& places, std::string_view more) {
  if (places == more) return;
  std::vector<std::string> known = split_places(places);
  for (std::string& place : split_places(more)) {
    if (std::find(known.begin(), known.end(), place) != known.end()) continue;
    places += (places.empty() ? "" : "\n") + place;
    known.push_back(std::move(place));
  }
}

std::string shown_places(std::string_view places) {
  constexpr size_t kShown = 4;
  const std::vector<std::string> split = split_places(places);
  std::string text;
  for (size_t i = 0; i < split.size() && i < kShown; ++i) text += (i ? ", " : "") + split[i];
  return split.size() > kShown ? text + ", …" : text;
}

}  // namespace rondo
