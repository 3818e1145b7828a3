// mutilate: damaged variants of a model, the same ones each time. Entry: mutilate.
//
// Damage to the structure is known to make the model invalid, and is labelled so; damage to the bytes may by chance
// leave a model that means something. Nothing here shares code with the reader it tests.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace rondo {

enum class Expect {
  read_fails,     // no reader may accept it
  compile_fails,  // it can be read, but not compiled
  may_pass,       // anything but a crash
};
/// "must-fail-read", "must-fail-compile", "may-pass".
std::string_view to_string(Expect expect);

struct Variant {
  std::string name;  // fit for a file name
  Expect expect;
  std::string bytes;
};

/// Calls `take` with every variant of an ONNX model; returns how many there were. At least 100 for a model of 200 bytes or more.
int mutilate(std::string_view seed, const std::function<void(const Variant&)>& take);

/// The same for a JSON model: damage to its bytes, and to its values, whose effect on the model is not known.
int mutilate_json(std::string_view seed, const std::function<void(const Variant&)>& take);

}  // namespace rondo
