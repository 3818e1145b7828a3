#include "support/error_list.h"

#include <fmt/format.h>

#include <algorithm>

namespace rondo {

void ErrorList::add(const Diagnostics& errors) {
  failed_ = true;
  ++added_;
  for (const Diagnostic& error : errors) {
    const size_t count = error.untold > 0 ? error.untold : 1;
    if (error.untold == 0 && errors_.size() < kMost)
      errors_.push_back(error);
    else
      untold_ += std::min(count, Diagnostic::kUncounted - untold_);
  }
}

bool ErrorList::stops() {
  if (untold_ > 0) untold_ = Diagnostic::kUncounted;
  return untold_ > 0;
}

Status ErrorList::status() const {
  if (!failed_) return Done{};
  Diagnostics all = errors_;
  if (untold_ > 0) {
    Diagnostic last = invalid(untold_ == Diagnostic::kUncounted
                                  ? fmt::format("reading stopped after {} errors: there are more", errors_.size())
                                  : fmt::format("and {} more error{}", untold_, untold_ == 1 ? "" : "s"));
    last.untold = untold_;
    all.push_back(std::move(last));
  }
  return all;
}

}  // namespace rondo
