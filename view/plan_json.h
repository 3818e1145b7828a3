// The plan's costs, its memory over time and its machine code, as the page reads them. nlohmann/json stays in view/.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "ir/plan.h"

namespace rondo::view {

/// `ids`: of the steps' vertices. `code`: symbols with their bytes. Sizes and offsets are dim expressions.
nlohmann::json plan_json(const Plan& plan, const std::unordered_map<const Step*, int>& ids,
                         const std::map<std::string, int64_t>& code);

}  // namespace rondo::view
