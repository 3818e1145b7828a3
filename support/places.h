// Places of what several things became: one line for each place, so that a text says them all, exactly; a person is
// shown the first few. Tested by tests/passes/places_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rondo {

/// Each place once, in order.
std::vector<std::string> split_places(std::string_view places);
/// Adds those that are not there yet.
void join_places(std::string& places, std::string_view more);
/// "node 'a' (Add), node 'b' (Mul), …"
std::string shown_places(std::string_view places);

}  // namespace rondo
