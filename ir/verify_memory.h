// The memory rules of plans: who may share bytes with whom. Tested by tests/ir/verify_test.cpp.
#pragma once

#include "ir/plan.h"

namespace rondo {

/// One message for each pair of buffers that share memory though both are in use: constants and states always are,
/// scratch from the first to the last step that touches it. Only what has constant places and sizes is compared.
std::vector<std::string> memory_errors(const Plan& plan);

}  // namespace rondo
