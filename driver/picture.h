// `inspect --format=dot|html`: a level as a graph, or the whole way as a page. Tested by tests/driver/picture_test.cpp.
#pragma once

#include "driver/options.h"

namespace rondo {

Result<std::string> dot_picture(const InspectOptions& options);
Result<std::string> html_picture(const InspectOptions& options);

}  // namespace rondo
