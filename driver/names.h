// Symbol prefixes.
#pragma once

#include <string>

namespace rondo {

/// The text with every character that C does not allow in an identifier replaced by '_'; "m" comes before a first digit
/// and "model" replaces an empty text.
std::string identifier_from(std::string text);

}  // namespace rondo
