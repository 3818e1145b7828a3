// See op_words.h.
#include "ir/op_words.h"

namespace rondo {

std::vector<std::string> operator_words(Level level) {
  std::vector<std::string> words;
  for (int i = 0; i < static_cast<int>(Op::unsupported); ++i)
    if (is_model(static_cast<Op>(i)) == (level == Level::model)) words.emplace_back(info(static_cast<Op>(i)).word);
  return words;
}

}  // namespace rondo
