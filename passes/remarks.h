// Remarks: one sentence from a pass that decides by cost, about the node it decided on.
#pragma once

#include "passes/pass.h"
#include "passes/query.h"

namespace rondo {

inline void note(const PassContext& context, const Node& node, const std::string& text) {
  context.remarks.push_back(remark(display_name(node) + ": " + text, node.place));
}

}  // namespace rondo
