// See tick_table.h.
#include "driver/tick_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {

Result<TickTable> TickTable::find(const LoadedModel& model, const std::string& prefix, size_t kernels) {
  auto* rows = static_cast<ProfileEntry*>(model.find_symbol(prefix + "_profile"));
  if (!rows) return internal_error("the build for timing exports no table");
  size_t count = 0;
  while (rows[count].name) ++count;
  if (count != kernels + 1) return internal_error(fmt::format("{} kernels, {} rows in the table", kernels, count));
  return TickTable(rows, kernels);
}

void TickTable::take(int64_t calls, const std::function<void()>& sample) {
  for (size_t i = 0; i <= kernels(); ++i) rows_[i].ticks = rows_[i].calls = 0;
  sample();
  const double nothing = static_cast<double>(rows_[0].ticks) / static_cast<double>(calls);
  for (size_t i = 0; i < kernels(); ++i) {
    const ProfileEntry& row = rows_[i + 1];
    runs_[i] = static_cast<double>(row.calls) / static_cast<double>(calls);
    const double all = static_cast<double>(row.ticks) / static_cast<double>(calls);
    ticks_[i].push_back(std::max(0.0, all - runs_[i] * nothing));
  }
}

}  // namespace rondo
