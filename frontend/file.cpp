// Reading and writing whole files; see file.h.
#include "frontend/file.h"

#include <fmt/format.h>

#include <fstream>
#include <system_error>

namespace rondo {
namespace fs = std::filesystem;

Result<uint64_t> regular_file_size(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return invalid("there is no such file");
  if (error) return invalid(fmt::format("the file cannot be read: {}", error.message()));
  if (!fs::is_regular_file(status)) return invalid("this is not a regular file");
  const uint64_t size = fs::file_size(path, error);
  if (error) return invalid(fmt::format("the file cannot be read: {}", error.message()));
  return size;
}

Result<std::string> read_file_part(const fs::path& path, uint64_t offset, uint64_t length) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return invalid("the file cannot be opened for reading");
  std::string bytes(length, '\0');
  stream.seekg(static_cast<std::streamoff>(offset));
  stream.read(bytes.data(), static_cast<std::streamsize>(length));
  if (static_cast<uint64_t>(stream.gcount()) != length) return invalid("the file ended while it was read");
  return bytes;
}

Result<std::string> read_file(const fs::path& path, uint64_t limit) {
  RONDO_TRY(const uint64_t size, regular_file_size(path));
  if (size > limit) return unsupported(fmt::format("the file has {} bytes; accepted: up to {}", size, limit));
  return read_file_part(path, 0, size);
}

Status write_file(const fs::path& path, std::string_view bytes) {
  fs::path partial = path;
  partial += ".partial";
  std::error_code error;
  {
    std::ofstream stream(partial, std::ios::binary | std::ios::trunc);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream.close();
    if (!stream) {
      fs::remove(partial, error);
      return invalid(fmt::format("{} cannot be written", in_quotes(path.string())));
    }
  }
  fs::rename(partial, path, error);
  if (!error) return Done{};
  std::error_code ignored;
  fs::remove(partial, ignored);
  return invalid(fmt::format("{} cannot be written: {}", in_quotes(path.string()), error.message()));
}

std::string in_quotes(std::string_view name) {
  constexpr size_t kLongest = 100;
  std::string text = "'";
  for (char c : name.substr(0, kLongest)) text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return text + (name.size() > kLongest ? "…'" : "'");
}

}  // namespace rondo
