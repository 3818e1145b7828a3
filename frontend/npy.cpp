// NumPy's .npy files; see npy.h. The format: "\x93NUMPY", major, minor, header length (2 bytes, or 4 from version 2),
// a Python dictionary {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, the elements.
#include "frontend/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "frontend/file.h"
#include "frontend/tensor_bytes.h"

namespace rondo {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr uint64_t kLargestFile = uint64_t{1} << 40;

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

/// Reads the header's dictionary from left to right. A failed step makes all further ones fail.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : rest_(text) {}

  Result<Header> read() {
    Header header;
    int seen = 0;
    expect("{");
    while (ok_ && !accept("}")) {
      seen |= read_entry(header);
      if (!accept(",")) {
        expect("}");
        break;
      }
    }
    skip_space();
    if (!ok_ || !rest_.empty() || seen != 7)
      return invalid("the header is not a dictionary of 'descr', 'fortran_order' and 'shape'");
    return header;
  }

 private:
  /// The bit of the entry read; a repeated entry replaces the first, as in Python.
  int read_entry(Header& header) {
    const std::string key = text();
    expect(":");
    if (key == "descr") return header.descr = text(), 1;
    if (key == "fortran_order") return header.fortran_order = boolean(), 2;
    if (key == "shape") return header.shape = tuple(), 4;
    ok_ = false;
    return 0;
  }

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size())); }
  bool accept(std::string_view token) {
    skip_space();
    if (!ok_ || !rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) { ok_ = accept(token); }

  std::string text() {
    skip_space();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const size_t end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) return ok_ = false, std::string();
    std::string result(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return result;
  }

  bool boolean() {
    if (accept("True")) return true;
    expect("False");
    return false;
  }

  std::vector<int64_t> tuple() {
    std::vector<int64_t> sizes;
    expect("(");
    while (ok_ && !accept(")")) {
      sizes.push_back(integer());
      if (!accept(",")) {
        expect(")");
        break;
      }
    }
    return sizes;
  }

  int64_t integer() {
    skip_space();
    int64_t value = 0;
    auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) return ok_ = false, 0;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    accept("L");  // Python 2 wrote long integers so
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

/// Splits a file into its header's text and its data.
Status split(std::string_view file, std::string_view& header, std::string_view& data) {
  const Diagnostic malformed = invalid("this is not a NumPy array file (.npy), or it is truncated");
  if (!file.starts_with(kMagic) || file.size() < 10) return malformed;
  const int version = static_cast<unsigned char>(file[6]);
  if (version < 1 || version > 3)
    return unsupported(fmt::format("version {} of the .npy format; supported: 1 to 3", version));
  const size_t length_bytes = version == 1 ? 2 : 4, start = kMagic.size() + 2 + length_bytes;
  if (file.size() < start) return malformed;
  uint32_t length = 0;
  std::memcpy(&length, file.data() + kMagic.size() + 2, length_bytes);
  if (file.size() - start < length) return malformed;
  header = file.substr(start, length);
  data = file.substr(start + length);
  return Done{};
}

Result<DType> dtype_of(const std::string& descr) {
  const std::string_view code = descr.empty() ? std::string_view() : std::string_view(descr).substr(1);
  for (DType dtype : {
#define RONDO_DTYPE(name, bits, kind, onnx, numpy, c_type) DType::name,
#include "ir/dtypes.def"
       })
    if (!code.empty() && numpy_code(dtype) == code && (descr[0] == '<' || (descr[0] == '|' && byte_size(dtype) == 1)))
      return dtype;
  return unsupported(
      fmt::format("elements of type {}; supported: little-endian floats and integers, booleans", in_quotes(descr)));
}

/// Column-major to row-major. Walks the result in order; `index` counts its coordinates like an odometer.
std::string to_row_major(std::string_view data, const std::vector<int64_t>& shape, size_t element) {
  std::vector<size_t> stride(shape.size()), index(shape.size(), 0);
  size_t step = element;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    stride[axis] = step;
    step *= static_cast<size_t>(shape[axis]);
  }
  std::string result;
  result.reserve(data.size());
  for (size_t offset = 0; result.size() < data.size();) {
    result.append(data.substr(offset, element));
    for (size_t axis = shape.size(); axis-- > 0;) {
      offset += stride[axis];
      if (++index[axis] < static_cast<size_t>(shape[axis])) break;
      offset -= stride[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return result;
}

Result<Tensor> parse_npy(std::string_view file) {
  std::string_view text, data;
  RONDO_CHECK(split(file, text, data));
  RONDO_TRY(Header header, HeaderReader(text).read());
  RONDO_TRY(const DType dtype, dtype_of(header.descr));
  RONDO_TRY(const int64_t expected, checked_byte_count(dtype, header.shape, {}));
  std::string bytes = header.fortran_order && data.size() == static_cast<uint64_t>(expected)
                          ? to_row_major(data, header.shape, static_cast<size_t>(byte_size(dtype)))
                          : std::string(data);
  return tensor_from_bytes(dtype, std::move(header.shape), std::move(bytes), {});
}

}  // namespace

Result<Tensor> read_npy(const std::filesystem::path& path) {
  Result<std::string> file = read_file(path, kLargestFile);
  Result<Tensor> tensor = file ? parse_npy(*file) : Result<Tensor>(file.errors());
  if (tensor) return tensor;
  Diagnostics errors = std::move(tensor).errors();
  set_file(errors, path.string());
  return errors;
}

Status write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  const std::string_view code = numpy_code(tensor.dtype());
  if (code.empty())
    return unsupported(
        fmt::format("NumPy has no {}, so {} cannot be written", to_string(tensor.dtype()), in_quotes(path.string())));
  const bool one_byte = byte_size(tensor.dtype()) == 1, comma = tensor.shape().size() == 1;
  std::string header = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                   one_byte ? "|" : "<", code, fmt::join(tensor.shape(), ", "), comma ? "," : "");
  // Magic, version, length, header and a final newline together are a multiple of 64 bytes.
  header.append(63 - (kMagic.size() + 4 + header.size()) % 64, ' ').push_back('\n');
  if (header.size() > 0xffff) return unsupported(fmt::format("{} axes in a .npy file", tensor.shape().size()));
  std::string file = std::string(kMagic) + '\1' + '\0';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  file.append(header).append(tensor.bytes());
  return write_file(path, file);
}

}  // namespace rondo
