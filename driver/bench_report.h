// The figures of rondo bench as text and as JSON. Tested by tests/driver/bench_test.cpp.
#pragma once

#include "driver/kernel_times.h"

namespace rondo {

std::string bench_text(const std::string& model, const CallTime& time);
std::string bench_json(const std::string& model, const CallTime& time);

}  // namespace rondo
