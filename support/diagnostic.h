// What went wrong (or deserves a remark), where, and what would be accepted.
// Libraries return diagnostics; only the driver prints them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rondo {

enum class Severity {
  remark,       // why a choice was made; for those who ask
  warning,      // the work goes on; the user should know
  invalid,      // the input breaks its own format's rules
  unsupported,  // valid input that rondo does not compile; the message says what is supported
  internal,     // a bug in rondo
};

struct Diagnostic {
  Severity severity = Severity::invalid;
  std::string file;     // path as the user gave it; filled in by the reader or the driver
  std::string place;    // "node 'lstm_0' (LSTM)", "7:10", "input 'x'"; may be empty
  std::string message;  // one sentence, no final stop
  /// What would settle it if it were known when the model is compiled: the contents of inputs, and dimensions.
  std::vector<std::string> wanted_inputs = {}, wanted_dims = {};
  /// The last of a list, where it says that there are so many errors more.
  size_t untold = 0;
  static constexpr size_t kUncounted = SIZE_MAX;  // nobody knows how many
};

using Diagnostics = std::vector<Diagnostic>;

/// "model.onnx: node 'lstm_0' (LSTM): unsupported: …", without a final newline.
std::string to_string(const Diagnostic& diagnostic);

Diagnostic invalid(std::string message, std::string place = {});
Diagnostic unsupported(std::string message, std::string place = {});
Diagnostic internal_error(std::string message, std::string place = {});
Diagnostic remark(std::string message, std::string place = {});
Diagnostic warning(std::string message, std::string place = {});

/// Sets `file` on every diagnostic that has none.
void set_file(Diagnostics& diagnostics, std::string_view file);

}  // namespace rondo
