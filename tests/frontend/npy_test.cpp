// NumPy files: read what NumPy writes, write what NumPy reads. Expected bytes follow NumPy's published format.
#include "frontend/npy.h"

#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

std::string npy(const std::string& dictionary, const std::string& data, int version = 1) {
  std::string header = dictionary + "\n", file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  const auto size = static_cast<uint32_t>(header.size());
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) file += static_cast<char>(size >> (8 * i));
  return file + header + data;
}

std::string dictionary(const std::string& descr, const std::string& shape, const std::string& order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

template <class T>
std::string raw(std::vector<T> values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

Tensor good(const std::string& bytes) {
  TempFolder folder;
  Result<Tensor> tensor = read_npy(folder.write("a.npy", bytes));
  REQUIRE_MESSAGE(tensor, to_string(tensor ? Diagnostic{} : tensor.errors()[0]));
  return *tensor;
}

void bad(const std::string& bytes, const std::string& part) {
  TempFolder folder;
  Result<Tensor> tensor = read_npy(folder.write("a.npy", bytes));
  REQUIRE_FALSE(tensor);
  const std::string text = to_string(tensor.errors()[0]);
  CHECK_MESSAGE(text.find(part) != std::string::npos, "'" << part << "' is not in: " << text);
  CHECK(text.find("a.npy: ") != std::string::npos);
}

}  // namespace

TEST_CASE("npy: types, shapes and versions") {
  for (int version : {1, 2, 3}) {
    Tensor t = good(npy(dictionary("<f4", "(2, 3)"), raw<float>({1, 2, 3, 4, 5, 6}), version));
    CHECK(t.dtype() == DType::f32);
    CHECK(t.shape() == std::vector<int64_t>{2, 3});
    CHECK(t.doubles() == std::vector<double>{1, 2, 3, 4, 5, 6});
  }
  CHECK(good(npy(dictionary("<i8", "(2,)"), raw<int64_t>({-1, 7}))).ints() == std::vector<int64_t>{-1, 7});
  CHECK(good(npy(dictionary("<f8", "()"), raw<double>({0.1}))).double_at(0) == 0.1);
  CHECK(good(npy(dictionary("|b1", "(2,)"), raw<uint8_t>({1, 0}))).dtype() == DType::boolean);
  CHECK(good(npy(dictionary("|u1", "(1,)"), raw<uint8_t>({255}))).ints() == std::vector<int64_t>{255});
  CHECK(good(npy(dictionary("<f2", "(1,)"), raw<uint16_t>({0x3c00}))).double_at(0) == 1);
  CHECK(good(npy(dictionary("<f4", "(0, 3)"), "")).count() == 0);
  CHECK(good(npy("{\"shape\":(1L,),\"fortran_order\":False,\"descr\":\"<i4\"}", raw<int32_t>({5}))).int_at(0) == 5);
}

TEST_CASE("npy: Fortran order becomes row-major") {
  // The 2x3 matrix 1 2 3 / 4 5 6 in column-major order.
  Tensor t = good(npy(dictionary("<f4", "(2, 3)", "True"), raw<float>({1, 4, 2, 5, 3, 6})));
  CHECK(t.doubles() == std::vector<double>{1, 2, 3, 4, 5, 6});
  // a[i, j, k] = 100 i + 10 j + k of shape (2, 2, 2), first index fastest.
  Tensor cube = good(npy(dictionary("<i2", "(2, 2, 2)", "True"), raw<int16_t>({0, 100, 10, 110, 1, 101, 11, 111})));
  CHECK(cube.ints() == std::vector<int64_t>{0, 1, 10, 11, 100, 101, 110, 111});
  CHECK(good(npy(dictionary("<f4", "()", "True"), raw<float>({9}))).double_at(0) == 9);
  CHECK(good(npy(dictionary("<f4", "(3, 0)", "True"), "")).count() == 0);
}

TEST_CASE("npy: files that are damaged or unsupported") {
  bad("", "not a NumPy array file");
  bad("\x93NUMPY", "truncated");
  bad("PK\x03\x04 and more bytes", "not a NumPy array file");
  const std::string whole = npy(dictionary("<f4", "(2,)"), raw<float>({1, 2}));
  for (size_t size = 0; size < whole.size(); ++size) {
    TempFolder folder;
    CHECK_FALSE(read_npy(folder.write("a.npy", whole.substr(0, size))));
  }
  bad(whole + "x", "9 bytes of data for f32[2], which has 8");
  bad(npy(dictionary("<f4", "(2,)"), "", 4), "version 4");
  bad(npy(dictionary(">f4", "(1,)"), raw<float>({1})), "'>f4'");
  bad(npy(dictionary("<c8", "(1,)"), raw<double>({1})), "'<c8'");
  bad(npy(dictionary("|O", "(1,)"), raw<double>({1})), "'|O'");
  bad(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", ""), "dictionary");
  bad(npy(dictionary("<f4", "(-1,)"), ""), "negative");
  bad(npy(dictionary("<f4", "(4611686018427387904, 4)"), ""), "too large");
  bad(npy(dictionary("<f4", "(4611686018427387904, 4)", "True"), ""), "too large");
  bad(npy(dictionary("<f4", "(99999999999999999999,)"), ""), "dictionary");
  bad(npy(dictionary("|b1", "(1,)"), "\x02"), "accepted: 0, 1");
  bad(npy("{'descr': '<f4', 'shape': (1,)}", raw<float>({1})), "dictionary");
  bad(npy("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}", raw<float>({1})), "dictionary");
  bad(npy(dictionary("<f4", "(1,)") + " and more", raw<float>({1})), "dictionary");
  TempFolder folder;
  CHECK_FALSE(read_npy(folder.file("none.npy")));
}

TEST_CASE("npy: the bytes written are NumPy's") {
  TempFolder folder;
  const float values[] = {1, 2, 3};
  REQUIRE(write_npy(folder.file("a.npy"), Tensor(DType::f32, {3}, raw<float>({1, 2, 3}))));
  std::ifstream stream(folder.file("a.npy"), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  std::string expected = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + dictionary("<f4", "(3,)");
  expected.append(127 - expected.size(), ' ').push_back('\n');
  expected.append(reinterpret_cast<const char*>(values), sizeof values);
  CHECK(bytes == expected);
}

TEST_CASE("npy: what is written reads back") {
  TempFolder folder;
  const Tensor tensors[] = {Tensor(DType::f64, {}, raw<double>({0.1})),
                            Tensor(DType::i8, {2, 2}, raw<int8_t>({1, -2, 3, -4})),
                            Tensor(DType::boolean, {1, 3}, raw<uint8_t>({1, 0, 1})), Tensor(DType::u64, {0}, ""),
                            Tensor(DType::f16, {2}, raw<uint16_t>({0x7c00, 0x8000}))};
  for (const Tensor& tensor : tensors) {
    REQUIRE(write_npy(folder.file("a.npy"), tensor));
    Result<Tensor> back = read_npy(folder.file("a.npy"));
    REQUIRE(back);
    CHECK(*back == tensor);
  }
  Status refused = write_npy(folder.file("b.npy"), Tensor(DType::bf16, {1}, raw<uint16_t>({0})));
  REQUIRE_FALSE(refused);
  CHECK_FALSE(std::filesystem::exists(folder.file("b.npy")));
}
