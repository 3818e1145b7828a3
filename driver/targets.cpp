// rondo targets: the names that --target takes. Entry: list_targets.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "driver/options.h"

namespace rondo {

Status list_targets() {
  RONDO_TRY(Target host, Target::find({}));
  fmt::print("This machine: {}, {}\nNames for --target; any LLVM triple with --cpu and --features does too:\n",
             host.spec().triple, host.spec().cpu);
  size_t width = 0;
  for (const TargetName& target : target_names()) width = std::max(width, target.name.size());
  for (const TargetName& target : target_names()) fmt::print("  {:<{}}  {}\n", target.name, width, target.doc);
  return Done{};
}

}  // namespace rondo
