// x.csv and y.csv: a row of numbers per time step, for models with one input and one output. The file has no shape but
// rows and columns; the model's input type says what they mean. Tested by tests/driver/data_test.cpp.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <filesystem>

#include "driver/data.h"
#include "frontend/file.h"

namespace rondo {
namespace {

constexpr uint64_t kLargestTable = uint64_t{1} << 30;

struct Table {
  int64_t rows = 0, columns = 0;
  std::vector<double> values;
};

Result<Table> parse_table(std::string_view text) {
  Table table;
  for (size_t start = 0; start < text.size();) {
    size_t end = std::min(text.find('\n', start), text.size());
    std::string_view line = text.substr(start, end - start);
    start = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    int64_t columns = 0;
    for (const char *at = line.data(), *stop = at + line.size();; ++at) {
      while (at < stop && *at == ' ') ++at;
      double value = 0;
      auto [next, error] = std::from_chars(at, stop, value);
      if (error != std::errc{})
        return invalid(fmt::format("row {} is not numbers with commas between", table.rows + 1));
      table.values.push_back(value);
      ++columns;
      at = next;
      while (at < stop && *at == ' ') ++at;
      if (at == stop) break;
      if (*at != ',') return invalid(fmt::format("row {} is not numbers with commas between", table.rows + 1));
    }
    if (table.rows > 0 && columns != table.columns)
      return invalid(fmt::format("row {} has {} columns, the first {}", table.rows + 1, columns, table.columns));
    table.columns = columns;
    ++table.rows;
  }
  if (table.rows == 0) return invalid("holds no numbers");
  return table;
}

Result<Table> read_table(const std::filesystem::path& path) {
  RONDO_TRY(std::string text, read_file(path, kLargestTable));
  return about_file(parse_table(text), path.string());
}

/// The input's shape with its one unknown dimension chosen so that it holds `count` elements.
std::optional<std::vector<int64_t>> shape_for(const Type& type, int64_t count) {
  std::vector<int64_t> shape;
  int64_t known = 1;
  int unknown = -1;
  for (const Dim& dim : type.shape) {
    if (!dim.constant() && unknown >= 0) return std::nullopt;
    if (!dim.constant()) unknown = static_cast<int>(shape.size());
    shape.push_back(dim.constant().value_or(1));
    if (shape.back() < 1) return std::nullopt;
    known *= shape.back();
  }
  if (unknown >= 0 && count % known == 0)
    shape[unknown] = count / known;
  else if (known != count)
    return std::nullopt;
  return shape;
}

/// Numbers as elements of a type, which must be able to hold them.
Result<Tensor> elements(DType dtype, std::vector<int64_t> shape, const Table& table, const std::string& name) {
  const bool is_signed = kind(dtype) == DTypeKind::signed_int;
  const double limit = std::ldexp(1, static_cast<int>(8 * byte_size(dtype)) - is_signed);
  for (double value : table.values)
    if (is_integer(dtype) && !(value == std::trunc(value) && value >= (is_signed ? -limit : 0) && value < limit))
      return invalid(fmt::format("x.csv holds {}, which no {} is", value, to_string(dtype)), "'" + name + "'");
  return Tensor::from_doubles(dtype, std::move(shape), table.values);
}

}  // namespace

Result<Recording> read_csv(const std::string& folder, const Interface& interface) {
  if (interface.inputs.size() != 1 || interface.outputs.size() != 1)
    return unsupported(fmt::format("x.csv and y.csv serve models with one input and one output; this one has {} and {}",
                                   interface.inputs.size(), interface.outputs.size()));
  RONDO_TRY(Table x, read_table(std::filesystem::path(folder) / "x.csv"));
  RONDO_TRY(Table y, read_table(std::filesystem::path(folder) / "y.csv"));
  const Slot& input = interface.inputs[0];
  Recording recording;
  recording.path = folder;
  recording.flat_outputs = true;
  auto whole = shape_for(input.type, x.rows * x.columns);
  auto step = shape_for(input.type, x.columns);
  if (!whole && step && x.rows == y.rows) {  // a step function: a call per row
    recording.steps = x.rows;
    whole = step;
    whole->insert(whole->begin(), x.rows);
  }
  if (!whole)
    return invalid(
        fmt::format("x.csv has {} rows and {} columns, which do not make {}", x.rows, x.columns, to_string(input.type)),
        "'" + input.name + "'");
  RONDO_TRY(Tensor given, elements(input.type.dtype, *whole, x, input.name));
  recording.inputs.push_back({input.name, std::move(given)});
  // What a model makes of ids are floats.
  const DType made = is_float(input.type.dtype) ? input.type.dtype : DType::f32;
  recording.outputs.push_back({interface.outputs[0], Tensor::from_doubles(made, {y.rows, y.columns}, y.values)});
  return recording;
}

}  // namespace rondo
