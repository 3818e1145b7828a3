// The plan's costs, its memory over time and its machine code, as the page reads them. nlohmann/json stays in view/.
#pragma once

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "view/story.h"

namespace rondo::view {

/// `ids`: of the steps' vertices. Sizes and offsets are dim expressions.
nlohmann::json plan_json(const Plan& plan, const std::unordered_map<const Step*, int>& ids, const MachineCode& code);

}  // namespace rondo::view
