// Reading and writing whole files. Tested by tests/frontend/file_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "support/result.h"

namespace rondo {

/// The bytes of a regular file of at most `limit` bytes.
Result<std::string> read_file(const std::filesystem::path& path, uint64_t limit);

/// `length` bytes from `offset`; the caller has checked that the file holds them.
Result<std::string> read_file_part(const std::filesystem::path& path, uint64_t offset, uint64_t length);

/// The size of a regular file.
Result<uint64_t> regular_file_size(const std::filesystem::path& path);

/// Writes the file whole or leaves what was there.
Status write_file(const std::filesystem::path& path, std::string_view bytes);

/// A name from a file as it may stand in a message: control characters replaced, long ones cut, in quotes.
std::string in_quotes(std::string_view name);

}  // namespace rondo
