// Result<T>: a value, or the diagnostics that say why there is none.
#pragma once

#include <variant>

#include "support/diagnostic.h"

namespace rondo {

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Diagnostic error) : state_(std::in_place_index<1>, Diagnostics{std::move(error)}) {}
  Result(Diagnostics errors) : state_(std::in_place_index<1>, std::move(errors)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }

  const Diagnostics& errors() const& { return std::get<1>(state_); }
  Diagnostics&& errors() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Diagnostics> state_;
};

struct Done {};
/// The result of work that yields nothing but may fail; `return Done{};` on success.
using Status = Result<Done>;

}  // namespace rondo

#define RONDO_CONCAT_(a, b) a##b
#define RONDO_CONCAT(a, b) RONDO_CONCAT_(a, b)
#define RONDO_TRY_(result, declaration, expression) \
  auto result = (expression);                       \
  if (!result) return std::move(result).errors();   \
  declaration = *std::move(result)

/// RONDO_TRY(auto x, f()); declares x from f()'s value, or returns f()'s errors.
#define RONDO_TRY(declaration, expression) \
  RONDO_TRY_(RONDO_CONCAT(rondo_result_, __LINE__), declaration, expression)

/// RONDO_CHECK(f()); returns f()'s errors if there are any.
#define RONDO_CHECK(expression)                                             \
  do {                                                                      \
    if (auto rondo_status_ = (expression); !rondo_status_)                  \
      return std::move(rondo_status_).errors();                             \
  } while (false)
