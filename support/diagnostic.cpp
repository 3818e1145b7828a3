#include "support/diagnostic.h"

#include <fmt/format.h>

#include <cctype>

#include "support/places.h"

namespace rondo {
namespace {

std::string_view word(Severity severity) {
  switch (severity) {
    case Severity::remark: return "remark";
    case Severity::warning: return "warning";
    case Severity::invalid: return "error";
    case Severity::unsupported: return "unsupported";
    case Severity::internal: return "internal error";
  }
  return "error";
}

}  // namespace

std::string to_string(const Diagnostic& diagnostic) {
  std::string text;
  const bool line_and_column = !diagnostic.place.empty() && std::isdigit(static_cast<unsigned char>(diagnostic.place[0]));
  if (!diagnostic.file.empty()) text += diagnostic.file + (line_and_column ? ":" : ": ");
  if (!diagnostic.place.empty()) text += shown_places(diagnostic.place) + ": ";
  return text + fmt::format("{}: {}", word(diagnostic.severity), diagnostic.message);
}

Diagnostic invalid(std::string message, std::string place) {
  return {Severity::invalid, {}, std::move(place), std::move(message)};
}
Diagnostic unsupported(std::string message, std::string place) {
  return {Severity::unsupported, {}, std::move(place), std::move(message)};
}
Diagnostic internal_error(std::string message, std::string place) {
  return {Severity::internal, {}, std::move(place), std::move(message)};
}
Diagnostic remark(std::string message, std::string place) {
  return {Severity::remark, {}, std::move(place), std::move(message)};
}
Diagnostic warning(std::string message, std::string place) {
  return {Severity::warning, {}, std::move(place), std::move(message)};
}

void set_file(Diagnostics& diagnostics, std::string_view file) {
  for (Diagnostic& diagnostic : diagnostics)
    if (diagnostic.file.empty()) diagnostic.file = file;
}

}  // namespace rondo
