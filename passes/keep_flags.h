// Keeping parts of a signature by flags, one for each value: what scan_edit.cpp and region_edit.cpp share.
#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include "ir/graph.h"

namespace rondo {

/// Indices in step with the order.
inline void renumber(std::vector<std::unique_ptr<Value>>& values) {
  for (size_t i = 0; i < values.size(); ++i) values[i]->index = static_cast<int>(i);
}

/// Moves values whose flag is false to `cut`.
inline void filter(std::vector<std::unique_ptr<Value>>& values, const std::vector<bool>& stays,
                   std::vector<std::unique_ptr<Value>>& cut) {
  std::vector<std::unique_ptr<Value>> kept;
  for (size_t i = 0; i < values.size(); ++i) (stays[i] ? kept : cut).push_back(std::move(values[i]));
  values = std::move(kept);
  renumber(values);
}

template <class T>
void filter(std::vector<T>& values, const std::vector<bool>& stays) {
  size_t kept = 0;
  for (size_t i = 0; i < values.size(); ++i)
    if (stays[i]) values[kept++] = values[i];
  values.resize(kept);
}

inline std::vector<bool> join(std::initializer_list<std::vector<bool>> parts) {
  std::vector<bool> all;
  for (const std::vector<bool>& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace rondo
