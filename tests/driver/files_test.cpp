#include "driver/files.h"

#include <doctest/doctest.h>

#include "driver/names.h"
#include "tests/driver/fixtures.h"

using namespace rondo;
using rondo::test::Folder;
using rondo::test::read_all;

TEST_CASE("files are written together or not at all") {
  Folder folder;
  const std::string a = folder.write("a", "old"), b = folder / "missing/b";
  CHECK(!write_files({{a, "new"}, {b, "new"}}));
  CHECK(read_all(a) == "old");
  CHECK(folder.file_count() == 1);
  CHECK(write_files({{a, "new"}, {folder / "c", "other"}}));
  CHECK(read_all(a) == "new");
  CHECK(read_all(folder / "c") == "other");
  CHECK(folder.file_count() == 2);
}

TEST_CASE("what is not a regular file is not replaced") {
  Folder folder;
  CHECK(!write_files({{folder.path(), "text"}}));
  CHECK(!write_files({{"/dev/null", "text"}}));
}

TEST_CASE("a temporary folder goes with its contents") {
  std::string path;
  {
    auto folder = TemporaryFolder::create();
    REQUIRE(folder);
    path = folder->path();
    REQUIRE(write_files({{path + "/x", "text"}}));
  }
  CHECK(!std::filesystem::exists(path));
}

TEST_CASE("names") {
  CHECK(stem_of("dir/vad.onnx") == "vad");
  CHECK(with_ending("dir/vad.so", ".h") == "dir/vad.h");
  CHECK(identifier_from("silero-vad.v3") == "silero_vad_v3");
  CHECK(identifier_from("3layer") == "m3layer");
  CHECK(identifier_from("") == "model");
  CHECK(identifier_from("\xc3\xa9tude") == "__tude");
}
