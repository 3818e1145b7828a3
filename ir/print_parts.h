// The parts that graphs and plans have in common, as text. Each function appends to `out`.
// What it writes, the function of the same name in ir/parse_parts.h reads. Tested by tests/ir/text_test.cpp.
#pragma once

#include "ir/text.h"

namespace rondo {

/// Quoted with escapes, so that it stands on one line and any bytes survive.
void print_text(std::string& out, std::string_view text, char quote = '"');
/// As it is if it is a word, else quoted.
void print_name(std::string& out, std::string_view name);

/// The shortest form that reads back to the same bits; always with '.', 'e', "inf" or "nan".
void print_real(std::string& out, double value);
void print_real(std::string& out, float value);

/// Symbols that are no words, or words with another meaning, stand in backquotes.
void print_dim(std::string& out, const Dim& dim);
void print_type(std::string& out, const Type& type);

/// f32[2] {1.0, 2.0};  f32[64, 16] "base64";  f32[64, 16] <mean 0.1, min -1, max 1>
void print_tensor(std::string& out, const Tensor& tensor, const PrintOptions& options);
/// time output "y" axis 1 latency 2
void print_timing(std::string& out, const Timing& timing);
void print_attribute(std::string& out, const Attribute& value, const PrintOptions& options);

/// "12 multiply-adds, 8 functions": what there is none of is left out.
std::string print_counts(std::initializer_list<std::pair<Dim, std::string_view>> counts);
/// "stepping streams 4 frames 1 latency 0"; empty where there is nothing to say.
std::string print_stepping(const Stepping& stepping);

/// Words that mean something else where a dimension's name may stand.
bool is_reserved_symbol(std::string_view name);

}  // namespace rondo
