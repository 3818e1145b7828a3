// See versions.h.
#include "frontend/onnx/versions.h"

#include <algorithm>
#include <iterator>

namespace rondo {
namespace {

#define RONDO_ONNX_OPERATOR(word, withdrawn, ...) constexpr int k##word[] = {__VA_ARGS__};
#include "frontend/onnx/versions.def"

// Sorted by name.
constexpr OperatorVersions kVersions[] = {
#define RONDO_ONNX_OPERATOR(word, withdrawn, ...) {#word, withdrawn, k##word},
#include "frontend/onnx/versions.def"
};

constexpr bool before(const OperatorVersions& a, const OperatorVersions& b) { return a.word < b.word; }
static_assert(std::is_sorted(std::begin(kVersions), std::end(kVersions), before));

}  // namespace

const OperatorVersions* find_versions(std::string_view word) {
  const auto* found = std::lower_bound(std::begin(kVersions), std::end(kVersions), OperatorVersions{word, 0, {}}, before);
  return found != std::end(kVersions) && found->word == word ? found : nullptr;
}

int form_at(std::string_view word, int opset) {
  const OperatorVersions* versions = find_versions(word);
  if (!versions) return 0;
  auto after = std::upper_bound(versions->forms.begin(), versions->forms.end(), opset);
  return after == versions->forms.begin() ? versions->forms[0] : *std::prev(after);
}

}  // namespace rondo
