// The JSON text itself: what is a document, and where errors are; nested lists and base64 as arrays.
#include "frontend/json/json.h"

#include "frontend/json/numbers.h"
#include "tests/frontend/models.h"

using namespace rondo;

namespace {

std::string error_of(const std::string& text) {
  const auto node = parse_json(text);
  return node ? "" : to_string(node.errors()[0]);
}

std::string numbers_error(const std::string& text) {
  const auto node = parse_json(text);
  REQUIRE(node);
  const auto numbers = read_numbers(Json(*node));
  return numbers ? "" : to_string(numbers.errors()[0]);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a pointer's place in the text is where its value begins") {
  const std::string text = R"( {"a": [1, "x]\"}", {"b~/": true}],
  "c" : { "d":-1.5e3 , "e" : [[], {}] }
})";
  auto root = parse_json(text);
  REQUIRE(root);
  const auto at = [&](std::string_view pointer) { return text.substr(place_in_text(text, *root, pointer)); };
  CHECK(at("/").starts_with("{\"a\""));
  CHECK(at("/a").starts_with("[1,"));
  CHECK(at("/a/1").starts_with("\"x]"));
  CHECK(at("/a/2/b~0~1").starts_with("true"));
  CHECK(at("/c/d").starts_with("-1.5e3 "));
  CHECK(at("/c/e/1").starts_with("{}] }"));
  CHECK(at("/c/nothing").starts_with("{ \"d\""));  // as far as it leads
}

TEST_CASE("an error shows the line that it is about") {
  test::TempFolder folder;
  Diagnostics warnings;
  const auto graph = read_model(folder.write("m.json", "{\"in_shape\": [null, null, 1],\n \"layers\": [{\"type\": \"lstn\", "
                                                       "\"shape\": [null, null, 2], \"weights\": []}]}"),
                                warnings);
  REQUIRE_FALSE(graph);
  const std::string text = to_string(graph.errors()[0]);
  CAPTURE(text);
  CHECK(text.find("m.json:2:22: /layers/0/type: unsupported: found the layer type 'lstn'; accepted: ") != text.npos);
  CHECK(text.find("; did you mean 'lstm'?\n     \"layers\": [{\"type\": \"lstn\", ") != text.npos);
  CHECK(text.ends_with("\n                         ^"));
}

TEST_CASE("a document keeps order, kinds and places") {
  const auto node = parse_json(R"({"b": [1, -2.5, "t\u00e9", null, true], "a/~": {"x": 9223372036854775807}})");
  REQUIRE(node);
  const Json json(*node);
  REQUIRE(json.size() == 2);
  CHECK(json.name(0) == "b");
  CHECK(json.name(1) == "a/~");
  const Json list = *json.find("b");
  CHECK(*list.item(0).integer(0, 9) == 1);
  CHECK(*list.item(1).number() == -2.5);
  CHECK(*list.item(2).text() == "t\xc3\xa9");
  CHECK(list.item(3).is(JsonKind::null));
  CHECK(*list.item(4).boolean());
  CHECK(list.item(4).place() == "/b/4");
  const Json deep = *json.find("a/~")->find("x");
  CHECK(deep.place() == "/a~1~0/x");
  CHECK(*deep.integer(INT64_MIN, INT64_MAX) == INT64_MAX);
  CHECK(json.place() == "/");
  CHECK_FALSE(json.find("c"));
}

TEST_CASE("integers: an exact real counts, others do not") {
  const auto node = parse_json(R"([3.0, 3.5, 1e300, 18446744073709551615, -1])");
  REQUIRE(node);
  const Json list(*node);
  CHECK(*list.item(0).integer(0, 9) == 3);
  for (size_t i : {1, 2, 3, 4}) CHECK_FALSE(list.item(i).integer(0, INT64_MAX));
  CHECK_FALSE(list.item(2).number());  // float32 does not hold it
  CHECK(to_string(list.item(4).integer(0, 9).errors()[0]) ==
        "/4: error: found the number -1; accepted: an integer from 0 to 9");
}

TEST_CASE("what is no JSON is refused at its line and pointer") {
  CHECK(has(error_of(""), "1:1: /: error: this is not JSON: "));
  CHECK(has(error_of("{\"a\": [1, 2,\n NaN]}"), "2:2: /a/2: error: this is not JSON: "));
  CHECK(has(error_of("[1, Infinity]"), "/1: "));
  CHECK(has(error_of("[1, -Infinity]"), "/1: "));
  CHECK(has(error_of("{\"a\": {\"b\": 1e999}}"), "/a/b: "));
  CHECK(has(error_of("[1, 2"), "not JSON"));
  CHECK(has(error_of("[1, 2]]"), "not JSON"));
  CHECK(has(error_of("[1,]"), "not JSON"));
  CHECK(has(error_of("{\"a\" 1}"), "not JSON"));
  CHECK(has(error_of("[\"\xff\"]"), "not JSON"));
  CHECK(has(error_of("// x\n[]"), "not JSON"));
  CHECK(has(error_of("[0x10]"), "not JSON"));
  CHECK(has(error_of(std::string("[1\0, 2]", 8)), "not JSON"));
}

TEST_CASE("duplicates and depth are refused") {
  CHECK(has(error_of("{\"m\": {\"a\": 1, \"b\": 2, \"a\": 3}}"),
            "1:26: /m/a: error: the member 'a' is given twice; accepted: each name once\n    {\"m\": {\"a\": 1, "));
  CHECK(error_of("[{\"a\": 1}, {\"a\": 1}]").empty());
  const std::string deep(kDeepestJson, '['), closing(kDeepestJson, ']');
  CHECK(error_of(deep + closing).empty());
  CHECK(has(error_of("[" + deep + closing + "]"), "nested more than 64 deep"));
  CHECK(has(error_of(std::string(10'000'000, '[')), "nested more than 64 deep"));
  CHECK(has(error_of(std::string(10'000'000, '{')), "not JSON"));
}

TEST_CASE("nested lists are arrays if they are rectangular") {
  const auto node = parse_json("[[1, 2, 3], [4, 5, 6.5]]");
  const auto numbers = read_numbers(Json(*node));
  REQUIRE(numbers);
  CHECK(numbers->shape == std::vector<int64_t>{2, 3});
  CHECK(numbers->values == std::vector<double>{1, 2, 3, 4, 5, 6.5});
  CHECK(transposed(*numbers, {1, 0}).shape == std::vector<int64_t>{3, 2});
  CHECK(transposed(*numbers, {1, 0}).values == std::vector<double>{1, 4, 2, 5, 3, 6.5});
  CHECK(numbers_error("[[1, 2], [3]]") ==
        "/1: error: found a list of 1; accepted: a list of 2, as the lists before it");
  CHECK(numbers_error("[[1, 2], [3, [4]]]") == "/1/1: error: found a list of 1; accepted: a number");
  CHECK(numbers_error("[1, \"2\"]") == "/1: error: found the text '2'; accepted: a number");
  CHECK(numbers_error("[1, null]") == "/1: error: found null; accepted: a number");
  CHECK(has(numbers_error("[[1], [1e39]]"), "/1/0: error: found the number 1e+39; accepted: a number that float32"));
  CHECK(has(numbers_error("[[], 1]"), "/1: error: found the number 1"));
  CHECK(numbers_error("[]").empty());
}

TEST_CASE("transposing three axes") {
  Numbers numbers{{2, 3, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {}};
  const Numbers turned = transposed(numbers, {2, 0, 1});  // turned[k, i, j] = numbers[i, j, k]
  CHECK(turned.shape == std::vector<int64_t>{2, 2, 3});
  CHECK(turned.values == std::vector<double>{0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11});
}

TEST_CASE("base64 of float32") {
  auto read = [](const std::string& text) {
    const auto node = parse_json(text);
    REQUIRE(node);
    return read_base64(Json(*node));
  };
  CHECK(read("\"AACAPwAAAEA=\"")->values == std::vector<double>{1, 2});
  CHECK(read("[\"AACAPw\", \"AAAEA=\"]")->values == std::vector<double>{1, 2});
  CHECK(read("\"AAAAPw==\"")->values == std::vector<double>{0.5});
  CHECK(read("\"\"")->values.empty());
  for (const char* bad :
       {"\"AACAPw\"", "\"AAC*Pw==\"", "\"AAAA\"", "\"AAAAPw=A\"", "\"AAAA====\"", "[1]", "\"AADAfw==\""})
    CHECK_FALSE_MESSAGE(read(bad), bad);
}
