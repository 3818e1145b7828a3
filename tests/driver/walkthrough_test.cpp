// docs/walkthrough.md shows what the program prints: every command in it is run again, and its output compared.
//
// A block of the page begins with "    $ COMMAND" and goes on with lines of the output, in order; "..." stands for any
// number of others. Commands run in one folder, one after the other, beside samples/.
#include <doctest/doctest.h>

#include <sstream>

#include "tests/driver/fixtures.h"

using namespace rondo::test;

namespace {

struct Block {
  std::string command;
  std::vector<std::string> lines;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::stringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<Block> blocks_of(const std::string& page) {
  std::vector<Block> blocks;
  bool inside = false;
  for (const std::string& line : lines_of(page)) {
    const bool is_indented = line.starts_with("    ");
    if (line.starts_with("    $ "))
      blocks.push_back({line.substr(6), {}});
    else if (inside && is_indented)
      blocks.back().lines.push_back(line.substr(4));
    inside = is_indented && !blocks.empty();
  }
  return blocks;
}

/// The first line of the page that the output has not, in order; empty: it has them all.
std::string first_difference(const Block& block, const std::vector<std::string>& output) {
  size_t next = 0;
  bool skips = false;
  for (const std::string& line : block.lines) {
    if (line.find_first_not_of(" .") == line.npos && line.find("...") != line.npos) {
      skips = true;
      continue;
    }
    while (skips && next < output.size() && output[next] != line) ++next;
    if (next == output.size() || output[next] != line) return line;
    ++next;
    skips = false;
  }
  return skips || next == output.size() ? "" : "(the output goes on: " + output[next] + ")";
}

}  // namespace

TEST_CASE("docs/walkthrough.md shows what the program prints") {
  const std::vector<Block> blocks = blocks_of(read_all(sample("../docs/walkthrough.md")));
  CHECK(blocks.size() >= 8);
  Folder folder;
  std::filesystem::create_directory_symlink(sample(""), folder / "samples");
  const std::string path = std::filesystem::path(program()).parent_path().string();
  for (const Block& block : blocks) {
    CAPTURE(block.command);
    REQUIRE(!block.lines.empty());
    const Outcome outcome =
        run({"/bin/sh", "-c", "cd '" + folder.path() + "' && PATH='" + path + "':\"$PATH\" && " + block.command});
    CAPTURE(outcome.errors);
    CHECK(outcome.exit_code == 0);
    const std::string difference = first_difference(block, lines_of(outcome.output));
    CHECK(difference == "");
  }
}
