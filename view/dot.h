// A scene in Graphviz's language. Tested by tests/view/dot_test.cpp.
#pragma once

#include "view/scene.h"

namespace rondo::view {

std::string dot(const Scene& scene, std::string_view title);

}  // namespace rondo::view
