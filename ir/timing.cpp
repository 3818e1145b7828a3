#include "ir/timing.h"

#include <fmt/format.h>

namespace rondo {

std::string_view to_string(Timing::Port port) { return port == Timing::Port::input ? "input" : "output"; }

const Timing* find_timing(const std::vector<Timing>& timing, Timing::Port port, const std::string& name) {
  for (const Timing& each : timing)
    if (each.port == port && each.name == name) return &each;
  return nullptr;
}

std::vector<std::string> timing_errors(const std::vector<Timing>& timing,
                                       const std::function<const Type*(const Timing&)>& type_of) {
  std::vector<std::string> errors;
  for (const Timing& each : timing) {
    const std::string place = fmt::format("time of {} '{}'", to_string(each.port), each.name);
    const Type* type = type_of(each);
    if (!type)
      errors.push_back(place + ": there is no such port");
    else if (each.axis < 0 || each.axis >= type->rank())
      errors.push_back(fmt::format("{}: {} has no axis {}", place, to_string(*type), each.axis));
    if (each.latency < 0) errors.push_back(fmt::format("{}: a latency of {} is negative", place, each.latency));
    if (find_timing(timing, each.port, each.name) != &each) errors.push_back(place + ": it stands there twice");
  }
  return errors;
}

}  // namespace rondo
