// Kernels for a matrix unit: their text, what the verifier accepts, and each rule of ir/matrix.h broken by itself.
#include "ir/matrix.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "ir/text.h"
#include "ir/verify.h"

using namespace rondo;

namespace {

std::string errors_of(const Diagnostics& errors) {
  std::string text;
  for (const Diagnostic& error : errors) text += to_string(error) + "\n";
  return text;
}

Plan plan_of(const std::string& text) {
  auto parsed = parse(text);
  REQUIRE_MESSAGE(parsed, errors_of(parsed.errors()));
  return std::move(*parsed->plan);
}

std::string violations(const std::string& text) {
  const Status status = verify(plan_of(text));
  return status ? "" : errors_of(status.errors());
}

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += (i ? ", " : "") + text;
  return all;
}

/// What is around a kernel: left factors in `a`, right ones for 40 units and a depth of 64 in `w`.
std::string plan_text(int left_elements, int right_elements, const std::string& kernel) {
  return fmt::format(R"(plan "p" {{
  symbols T
  memory constants 6144, state 0, scratch 64
  buffer a = input bf16[{0}] slot 0
  buffer x = input f32[2048] slot 1
  buffer t = input f32[64*T] slot 2
  buffer y = output f32[800] slot 0
  buffer w = constant bf16[{1}] at 0 value bf16[{1}] {{{2}}}
  buffer ready = scratch bool[1] at 0
  buffer granted = granted bool[1]
  input "a": bf16[{0}] in a
  input "x": f32[2048] in x
  input "t": f32[T, 64] in t
  output "y": f32[20, 40] in y
  kernel go {{
    %0 = load granted[0]: bool
    store ready[0] = %0
  }}
  choice which: ready {{
    kernel dot {{
{3}
    }}
  }}
  otherwise {{
    kernel zero {{
      parallel i0 < 800
      %0 = immediate 0.0: f32
      store y[i0] = %0
    }}
  }}
}})",
                     left_elements, right_elements, repeated("0.5", right_elements), kernel);
}

/// 20 rows, which are 32 in registers.
constexpr const char* kWide = R"(
      parallel i0 < 40, i1 < 20
      reduction i2 < 64
      schedule vector=i0 lanes=16 vectors=2 row=i1 rows=32 matrix=1
      %0 = load a[i1*32 + (i2 / 32)*1024 + (i2 % 32)]: bf16
      %1 = cast %0: f32
      %2 = load w[(i0 / 16)*1024 + (i0 % 16)*2 + (i2 / 2)*32 + (i2 % 2)]: bf16
      %3 = cast %2: f32
      %4 = mul %1, %3: f32
      %5 = reduce sum %4: f32
      store y[i0 + i1*40] = %5)";
constexpr int kWideLeft = 2048, kRight = 3072;

/// 7 rows, two left factors in a register: the last register ends 64 elements behind what is used.
constexpr const char* kNarrow = R"(
      parallel i0 < 40, i1 < 7
      reduction i2 < 64
      schedule vector=i0 lanes=16 row=i1 rows=7 matrix=2
      %0 = load a[i1*32 + (i2 / 32)*448 + (i2 % 32)]: bf16
      %1 = cast %0: f32
      %2 = load a[i1*32 + (i2 / 32)*448 + (i2 % 32) + 224]: bf16
      %3 = cast %2: f32
      %4 = load w[(i0 / 16)*1024 + (i0 % 16)*2 + (i2 / 2)*32 + (i2 % 2)]: bf16
      %5 = cast %4: f32
      %6 = mul %1, %5: f32
      %7 = mul %3, %5: f32
      %8 = add %6, %7: f32
      %9 = reduce sum %8: f32
      store y[i0 + i1*40] = %9)";
constexpr int kNarrowLeft = 960;

std::string wide(const std::string& kernel = kWide) { return plan_text(kWideLeft, kRight, kernel); }
std::string narrow(const std::string& kernel = kNarrow) { return plan_text(kNarrowLeft, kRight, kernel); }

std::string replaced(std::string text, const std::vector<std::pair<std::string, std::string>>& changes) {
  for (const auto& [from, to] : changes) {
    const size_t at = text.find(from);
    REQUIRE_MESSAGE(at != std::string::npos, from);
    text.replace(at, from.size(), to);
  }
  return text;
}

/// One way to break a kernel, and what the verifier must say of it.
struct Breach {
  std::string name;
  const char* kernel;
  std::vector<std::pair<std::string, std::string>> changes;
  std::string message;
};

const std::string kNoLeft = "its place must be [i1*32 + (i2 / 32)*N + (i2 % 32) + ..]";
const std::string kNoRight = "it must be a constant at [(i0 / 16)*N + (i0 % 16)*2 + (i2 / 2)*32 + (i2 % 2) + ..]";
const std::string kNoFactor = "is no bf16 that is loaded and cast to f32";

const Breach kBreaches[] = {
    {"no row axis", kWide, {{" row=i1 rows=32", ""}}, "its parallel axes must be the vector axis and the row axis"},
    {"a tile too large", kWide, {{"vectors=2", "vectors=65"}}, "the sums of a tile fill more than 128 registers"},
    {"a third axis",
     kWide,
     {{"i0 < 40, i1 < 20", "i3 < 1, i0 < 40, i1 < 20"}},
     "its parallel axes must be the vector axis and the row axis"},
    {"lanes", kWide, {{"lanes=16", "lanes=8"}}, "it needs lanes=16 and neither unroll, flat nor prefetch"},
    {"unroll", kWide, {{"rows=32", "rows=32 unroll=2"}}, "neither unroll, flat nor prefetch"},
    {"flat", kWide, {{"rows=32", "rows=32 flat"}}, "neither unroll, flat nor prefetch"},
    {"prefetch", kWide, {{"matrix=1", "matrix=1 prefetch=2"}}, "neither unroll, flat nor prefetch"},
    {"symbolic units", kWide, {{"i0 < 40", "i0 < T"}}, "the vector axis must have a constant extent"},
    {"rows of half a register", kWide, {{"rows=32", "rows=8"}}, "it needs 16 or 32 rows"},
    {"rows of three registers", kWide, {{"rows=32", "rows=48"}}, "it needs 16 or 32 rows"},
    {"more beside each other than a register has", kWide, {{"matrix=1", "matrix=17"}}, "matrix= is between 1 and 16"},
    {"half a block of depth",
     kWide,
     {{"i2 < 64", "i2 < 48"}},
     "a reduction must have one axis, whose extent is a multiple of 32"},
    {"symbolic depth", kWide, {{"i2 < 64", "i2 < T"}}, "whose extent is a multiple of 32"},
    {"a reduction over two axes", kWide, {{"i2 < 64", "i2 < 64, i3 < 32"}}, "a reduction must have one axis"},
    {"another reduction", kWide, {{"reduce sum", "reduce max"}}, "a reduction must be a sum of f32"},
    {"a reduction in double precision",
     kWide,
     {{"%5 = reduce sum %4: f32", "%5 = cast %4: f64\n%6 = reduce sum %5: f64\n%7 = cast %6: f32"}, {"= %5", "= %7"}},
     "a reduction must be a sum of f32"},
    {"no product", kWide, {{"reduce sum %4", "reduce sum %1"}}, "%1 is neither a product nor a sum of them"},
    {"another operator", kWide, {{"mul %1, %3", "sub %1, %3"}}, "%4 is neither a product nor a sum of them"},
    {"a number that is added",
     kWide,
     {{"%5 = reduce sum %4: f32", "%5 = add %4, %1: f32\n%6 = reduce sum %5: f32"}, {"= %5", "= %6"}},
     "%1 is neither a product nor a sum of them"},
    {"a factor that is f32 in memory",
     kWide,
     {{"load a[i1*32", "load x[i1*32"}, {"]: bf16", "]: f32"}},
     "%1 " + kNoFactor},
    {"a factor that is not cast", kWide, {{"cast %0", "abs %0"}, {": f32", ": bf16"}, {"%1, %3", "%3, %3"}}, kNoLeft},
    {"a factor that is computed",
     kWide,
     {{"%4 = mul %1, %3", "%4 = neg %1: f32\n%5 = mul %4, %3"},
      {"%5 = reduce sum %4", "%6 = reduce sum %5"},
      {"= %5", "= %6"}},
     "%4 " + kNoFactor},
    {"a left factor that varies with units",
     kWide,
     {{"i0 < 40", "i0 < 1"}, {"load a[i1*32", "load a[i0 + i1*32"}},
     "%0 is no left factor; " + kNoLeft},
    {"left and right", kWide, {{"mul %1, %3", "mul %3, %1"}}, "%2 is no left factor; " + kNoLeft},
    {"left rows of another length", kWide, {{"i1*32", "i1*33"}}, kNoLeft},
    {"a left factor without rows", kWide, {{"i1*32 + ", ""}}, kNoLeft},
    {"a left factor in order", kWide, {{"i1*32 + (i2 / 32)*1024 + (i2 % 32)", "i1*32 + i2"}}, kNoLeft},
    {"a left factor in other blocks", kWide, {{"(i2 / 32)*1024 + (i2 % 32)", "(i2 / 16)*256 + (i2 % 16)"}}, kNoLeft},
    {"a left factor with steps", kWide, {{"(i2 % 32)", "(i2 % 32)*2"}}, kNoLeft},
    {"a right factor that is no constant",
     kWide,
     {{"load w[", "load a["}, {"(i0 / 16)*1024", "(i0 / 16)*8"}},
     kNoRight},
    {"right panels of 32", kWide, {{"(i0 / 16)*1024 + (i0 % 16)*2", "(i0 / 32)*1024 + (i0 % 32)*2"}}, kNoRight},
    {"a right factor whose lanes follow each other", kWide, {{"(i0 % 16)*2", "(i0 % 16)*1"}}, kNoRight},
    {"right pairs elsewhere", kWide, {{"(i2 / 2)*32", "(i2 / 2)*16"}}, kNoRight},
    {"right quadruples", kWide, {{"(i2 / 2)*32 + (i2 % 2)", "(i2 / 4)*32 + (i2 % 4)"}}, kNoRight},
    {"a right factor that varies with rows",
     kWide,
     {{"i0 < 40", "i0 < 32"}, {"(i0 % 16)*2", "(i0 % 16)*2 + i1"}},
     kNoRight},

    {"more rows than fit beside each other",
     kNarrow,
     {{"i1 < 7", "i1 < 9"}, {"rows=7", "rows=9"}},
     "2 left factors in a register need all rows in a tile, at most 8"},
    {"some rows in a tile", kNarrow, {{"rows=7", "rows=4"}}, "2 left factors in a register need all rows in a tile"},
    {"symbolic rows beside each other", kNarrow, {{"i1 < 7", "i1 < T"}}, "need all rows in a tile, at most 8"},
    {"left factors apart", kNarrow, {{"+ 224", "+ 256"}}, "its left factors do not lie one after the other"},
    {"left factors in other blocks",
     kNarrow,
     {{"(i2 / 32)*448 + (i2 % 32) + 224", "(i2 / 32)*416 + (i2 % 32) + 224"}},
     "its left factors do not lie one after the other"},
    {"a first left factor that is missing",
     kNarrow,
     {{"i2 < 64", "i2 < 32"}, {"+ 224", "+ 672"}},
     "a register's first left factor is missing"},
    {"a left factor for another right one",
     kNarrow,
     {{"%6 = mul",
       "%90 = load w[(i0 / 16)*1024 + (i0 % 16)*2 + (i2 / 2)*32 + (i2 % 2)]: bf16\n%91 = cast %90: f32\n%6 = mul"},
      {"mul %3, %5", "mul %3, %91"}},
     "is multiplied with 1 of the 2 left factors in a register"},
    {"a left factor alone", kNarrow, {{"add %6, %7", "abs %6"}}, "%8 is neither a product nor a sum of them"},
    {"a left factor in the other's place", kNarrow, {{"add %6, %7", "add %6, %6"}}, "%4 is multiplied with %0 twice"},
};

/// The breach's kernel, with its instructions numbered in their order.
std::string kernel_of(const Breach& breach) {
  std::string text = replaced(breach.kernel, breach.changes), result;
  std::map<std::string, int> numbers;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '%' || !isdigit(text[i + 1])) {
      result += text[i++];
      continue;
    }
    size_t end = i + 1;
    while (isdigit(text[end])) ++end;
    const auto number = numbers.emplace(text.substr(i, end - i), static_cast<int>(numbers.size())).first->second;
    result += fmt::format("%{}", number);
    i = end;
  }
  return result;
}

}  // namespace

TEST_CASE("kernels for a matrix unit pass") {
  CHECK(violations(wide()) == "");
  CHECK(violations(narrow()) == "");
  CHECK(violations(wide(replaced(kWide, {{"i0 < 40, i1 < 20", "i1 < 20, i0 < 40"}}))) == "");
  // A sum may begin with anything, and rows may be as many as the caller says.
  CHECK(violations(wide(replaced(kWide, {{"%5 = reduce sum %4", "%5 = load x[i0]: f32\n%6 = reduce sum %4 from %5"},
                                         {"= %5", "= %6"}}))) == "");
}

TEST_CASE("what a kernel multiplies: registers in the order of its expression") {
  const auto sums_of = [](const std::string& text) {
    const Plan plan = plan_of(text);
    std::vector<MatrixSum> sums;
    for_each_kernel(plan.steps, [&](const Kernel& kernel) {
      if (kernel.schedule.matrix == 0) return;
      auto found = matrix_sums(plan, kernel);
      REQUIRE_MESSAGE(found, errors_of(found.errors()));
      sums = *found;
    });
    return sums;
  };
  std::vector<MatrixSum> sums = sums_of(wide());
  REQUIRE(sums.size() == 1);
  CHECK(sums[0].reduce == 5);
  CHECK(sums[0].products == std::vector<MatrixProduct>{{0, 2}});
  sums = sums_of(narrow());
  REQUIRE(sums.size() == 1);
  CHECK(sums[0].reduce == 9);
  CHECK(sums[0].products == std::vector<MatrixProduct>{{0, 4}});  // both in one
}

TEST_CASE("the text of a plan for a matrix unit can be read back") {
  for (const std::string& text : {wide(), narrow()}) {
    const Plan plan = plan_of(text);
    const std::string printed = print(plan, {.full_weights = true});
    CHECK(printed.find(text == wide() ? " matrix=1" : " matrix=2") != std::string::npos);
    CHECK(printed.find("buffer granted = granted bool[1]\n") != std::string::npos);
    CHECK(plan_of(printed) == plan);
    CHECK(print(plan_of(printed), {.full_weights = true}) == printed);
  }
  const auto bad = parse(replaced(wide(), {{"granted = granted", "granted = allowed"}}));
  REQUIRE_FALSE(bad);
  CHECK(errors_of(bad.errors()).find("measured or granted") != std::string::npos);
  const auto setting =
      parse(replaced(wide(), {{"schedule vector=i0 lanes=16 vectors=2 row=i1 rows=32 matrix=1", "schedule"}}));
  REQUIRE_FALSE(setting);
  CHECK(errors_of(setting.errors()).find("matrix=") != std::string::npos);
}

TEST_CASE("every breach of what the unit asks for is named, at its kernel") {
  for (const Breach& breach : kBreaches) {
    CAPTURE(breach.name);
    const std::string kernel = kernel_of(breach);
    const std::string found = violations(breach.kernel == kWide ? wide(kernel) : narrow(kernel));
    CHECK_MESSAGE(found.find(breach.message) != std::string::npos, found);
    CHECK_MESSAGE(found.find("kernel 'dot'") != std::string::npos, found);
  }
}

TEST_CASE("registers are whole: rows and lanes after the last are read, and must be there") {
  CHECK(violations(plan_text(kWideLeft - 1, kRight, kWide)).find("in buffer 'a' of 2047 elements") !=
        std::string::npos);
  CHECK(violations(plan_text(kWideLeft, kRight - 1, kWide)).find("in buffer 'w' of 3071 elements") !=
        std::string::npos);
  CHECK(violations(plan_text(kNarrowLeft - 1, kRight, kNarrow)).find("in buffer 'a' of 959 elements") !=
        std::string::npos);
  // What the kernel computes lies in the buffer in all these.
  const std::string plain = replaced(kWide, {{"vectors=2 row=i1 rows=32 matrix=1", "vectors=2"}});
  CHECK(violations(plan_text(kWideLeft - 12 * 32, kRight - 8 * 2, plain)) == "");
}

TEST_CASE("of very long sums, and of deep ones, the verifier says so at once") {
  for (int length : {65, 100}) {
    std::string kernel = replaced(kWide, {{"%5 = reduce sum %4: f32\n      store y[i0 + i1*40] = %5", ""}});
    for (int i = 4; i < 4 + length; ++i)
      kernel += fmt::format("%{} = add %{}, %{}: f32\n", i + 1, i, i);  // 2^length products
    kernel += fmt::format("%{} = reduce sum %{}: f32\nstore y[i0 + i1*40] = %{}", length + 5, length + 4, length + 5);
    CHECK(violations(wide(kernel)).find("a sum has more than 32 products") != std::string::npos);
  }
}

TEST_CASE("what the system grants is one bool that nobody writes") {
  CHECK(violations(replaced(wide(), {{"store ready[0] = %0", "store ready[0] = %0\n store granted[0] = %0"}}))
            .find("buffer 'granted' must not be written to") != std::string::npos);
  CHECK(violations(replaced(wide(), {{"granted = granted bool[1]", "granted = granted bool[2]"}}))
            .find("what is granted is one bool") != std::string::npos);
  CHECK(violations(replaced(wide(), {{"granted = granted bool[1]", "granted = granted i32[1]"},
                                     {"load granted[0]: bool", "load granted[0]: i32"},
                                     {"store ready[0] = %0", "%1 = cast %0: bool\nstore ready[0] = %1"}}))
            .find("what is granted is one bool") != std::string::npos);
}

TEST_CASE("damaged kernels are read, and refused or accepted, whatever their numbers") {
  std::mt19937 random(3);
  int read = 0, accepted = 0;
  for (int i = 0; i < 600; ++i) {
    const bool is_wide = random() % 2;
    std::string kernel = is_wide ? kWide : kNarrow;
    for (int change = 0; change <= i % 3; ++change) {
      size_t at = random() % kernel.size();
      while (!isdigit(kernel[at])) at = (at + 1) % kernel.size();
      kernel[at] = static_cast<char>('0' + random() % 10);
      if (random() % 4 == 0) kernel.insert(at, 1, static_cast<char>('1' + random() % 9));
    }
    const auto parsed = parse(is_wide ? wide(kernel) : narrow(kernel));
    if (!parsed) continue;
    ++read;
    const Plan& plan = *parsed->plan;
    if (!verify(plan)) continue;
    ++accepted;
    for_each_kernel(plan.steps, [&](const Kernel& each) {
      if (each.schedule.matrix > 0) CHECK(bool(matrix_sums(plan, each)));
    });
  }
  CHECK(read > 100);
  CHECK(accepted > 10);
  CHECK(accepted < read);
}
