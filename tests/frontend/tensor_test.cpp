// TensorProto in all its forms. Expected values are the literals that were stored.
#include <cmath>

#include "tests/frontend/models.h"

using namespace rondo;
using namespace rondo::test;

namespace {

pb::TensorProto tensor(int type, std::vector<int64_t> dims) {
  pb::TensorProto proto;
  proto.set_data_type(type);
  for (int64_t dim : dims) proto.add_dims(dim);
  return proto;
}

Result<Tensor> read(const pb::TensorProto& proto) {
  TempFolder folder;
  return read_tensor_proto(folder.write("input_0.pb", proto.SerializeAsString()));
}

Tensor good(const pb::TensorProto& proto) {
  Result<Tensor> result = read(proto);
  REQUIRE_MESSAGE(result, to_string(result ? Diagnostic{} : result.errors()[0]));
  return *result;
}

void bad(const pb::TensorProto& proto, const std::string& part) {
  Result<Tensor> result = read(proto);
  REQUIRE_FALSE(result);
  const std::string text = to_string(result.errors()[0]);
  CHECK_MESSAGE(text.find(part) != std::string::npos, "'" << part << "' is not in: " << text);
  CHECK(text.find("input_0.pb: ") != std::string::npos);
}

template <class T>
std::string raw(std::vector<T> values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

}  // namespace

TEST_CASE("raw data of every width") {
  pb::TensorProto f = tensor(1, {2});
  f.set_raw_data(raw<float>({1.5f, -0.25f}));
  CHECK(good(f).doubles() == std::vector<double>{1.5, -0.25});
  pb::TensorProto d = tensor(11, {1, 2});
  d.set_raw_data(raw<double>({0.1, -1e300}));
  CHECK(good(d).doubles() == std::vector<double>{0.1, -1e300});
  CHECK(good(d).shape() == std::vector<int64_t>{1, 2});
  pb::TensorProto h = tensor(10, {2});
  h.set_raw_data(raw<uint16_t>({0x3c00, 0xc100}));  // 1 and -2.5 in binary16
  CHECK(good(h).doubles() == std::vector<double>{1, -2.5});
  pb::TensorProto b = tensor(16, {2});
  b.set_raw_data(raw<uint16_t>({0x3f80, 0xc020}));  // 1 and -2.5 in bfloat16
  CHECK(good(b).doubles() == std::vector<double>{1, -2.5});
  pb::TensorProto i8 = tensor(3, {3});
  i8.set_raw_data(raw<int8_t>({-128, 0, 127}));
  CHECK(good(i8).ints() == std::vector<int64_t>{-128, 0, 127});
  pb::TensorProto u64 = tensor(13, {1});
  u64.set_raw_data(raw<uint64_t>({42}));
  CHECK(good(u64).ints() == std::vector<int64_t>{42});
}

TEST_CASE("a scalar has no dims; a tensor may be empty") {
  pb::TensorProto scalar = tensor(1, {});
  scalar.add_float_data(3);
  CHECK(good(scalar).shape().empty());
  CHECK(good(scalar).double_at(0) == 3);
  CHECK(good(tensor(1, {0})).count() == 0);
  CHECK(good(tensor(1, {5, 0, 7})).shape() == std::vector<int64_t>{5, 0, 7});
}

TEST_CASE("typed data fields") {
  pb::TensorProto f = tensor(1, {2});
  f.add_float_data(0.5f);
  f.add_float_data(-4);
  CHECK(good(f).doubles() == std::vector<double>{0.5, -4});
  pb::TensorProto d = tensor(11, {1});
  d.add_double_data(0.1);
  CHECK(good(d).double_at(0) == 0.1);
  pb::TensorProto i64 = tensor(7, {2});
  i64.add_int64_data(INT64_MIN);
  i64.add_int64_data(-1);
  CHECK(good(i64).ints() == std::vector<int64_t>{INT64_MIN, -1});
  pb::TensorProto u64 = tensor(13, {1});
  u64.add_uint64_data(uint64_t{1} << 63);
  CHECK(good(u64).at<uint64_t>(0) == uint64_t{1} << 63);
  pb::TensorProto u32 = tensor(12, {1});
  u32.add_uint64_data(0xffffffff);
  CHECK(good(u32).ints() == std::vector<int64_t>{0xffffffff});
}

TEST_CASE("int32_data holds all narrow types") {
  const std::tuple<int, int32_t, double> cases[] = {{6, -2147483647, -2147483647},
                                                    {5, -32768, -32768},
                                                    {3, -128, -128},
                                                    {4, 65535, 65535},
                                                    {2, 255, 255},
                                                    {9, 1, 1},
                                                    {10, 0x3800, 0.5},
                                                    {16, 0xbf80, -1}};
  for (auto [type, stored, value] : cases) {
    pb::TensorProto proto = tensor(type, {1});
    proto.add_int32_data(stored);
    CHECK(good(proto).double_at(0) == value);
  }
  for (auto [type, stored] :
       {std::pair{3, 128}, {3, -129}, {2, -1}, {2, 256}, {5, 40000}, {4, -1}, {10, 65536}, {9, -1}}) {
    pb::TensorProto proto = tensor(type, {1});
    proto.add_int32_data(stored);
    bad(proto, "element 0 is " + std::to_string(stored));
  }
  pb::TensorProto boolean = tensor(9, {1});
  boolean.add_int32_data(2);
  bad(boolean, "element 0 of a boolean tensor is 2; accepted: 0, 1");
  pb::TensorProto wide = tensor(12, {1});
  wide.add_uint64_data(uint64_t{1} << 32);
  bad(wide, "element 0 is 4294967296");
}

TEST_CASE("data that is not what the dims say") {
  pb::TensorProto proto = tensor(1, {2, 3});
  bad(proto, "0 bytes of data; its 2 dims ask for 24");
  proto.set_raw_data(std::string(23, '\0'));
  bad(proto, "23 bytes");
  proto.set_raw_data(std::string(28, '\0'));
  bad(proto, "28 bytes");
  proto.clear_raw_data();
  proto.add_float_data(1);
  bad(proto, "4 bytes");
}

TEST_CASE("absurd dims are refused before memory is taken") {
  const int64_t kHuge = int64_t{1} << 62;
  bad(tensor(1, {kHuge}), "too large");
  bad(tensor(1, {int64_t{1} << 32, int64_t{1} << 32}), "too large");
  bad(tensor(1, {kHuge, kHuge, 0}), "too large");
  bad(tensor(1, {int64_t{1} << 40}), "ask for 4398046511104");
  bad(tensor(1, {-1}), "negative");
  bad(tensor(1, {-1, -1}), "negative");
  bad(tensor(1, {INT64_MIN}), "negative");
  bad(tensor(1, std::vector<int64_t>(65, 1)), "65 axes");
}

TEST_CASE("data in the wrong field, or in two") {
  pb::TensorProto proto = tensor(1, {1});
  proto.add_double_data(1);
  bad(proto, "double_data, where elements of type f32 cannot be");
  pb::TensorProto ints = tensor(7, {1});
  ints.add_int32_data(1);
  bad(ints, "int32_data");
  pb::TensorProto both = tensor(1, {1});
  both.add_float_data(1);
  both.set_raw_data(std::string(4, '\0'));
  bad(both, "both raw_data and float_data");
  pb::TensorProto text = tensor(1, {1});
  text.add_string_data("one");
  bad(text, "string_data");
}

TEST_CASE("element types that are not supported, not known, or not given") {
  for (auto [code, word] :
       {std::pair{8, "string"}, {14, "complex64"}, {19, "float8e5m2"}, {21, "uint4"}, {23, "float4e2m1"}})
    bad(tensor(code, {0}), std::string("unsupported: elements of type ") + word);
  bad(tensor(0, {}), "number 0");
  bad(tensor(1234, {}), "number 1234");
}

TEST_CASE("segments, unknown locations, and files that are no tensors") {
  pb::TensorProto proto = tensor(1, {0});
  proto.mutable_segment()->set_begin(0);
  bad(proto, "segments");
  pb::TensorProto elsewhere = tensor(1, {0});
  elsewhere.set_data_location(2);
  bad(elsewhere, "data location 2");
  TempFolder folder;
  CHECK_FALSE(read_tensor_proto(folder.file("none.pb")));
  CHECK_FALSE(read_tensor_proto(folder.write("empty.pb", "")));
  CHECK_FALSE(read_tensor_proto(folder.write("text.pb", "no tensor")));
}
