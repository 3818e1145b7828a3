// Numbers that all lanes multiply, spread from registers: the same sums, and nothing read beyond the numbers.
#include <sys/mman.h>

#include <algorithm>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

constexpr int kUnits = 32, kNumbers = 20, kSteps = 3;  // a vector of numbers, and four more
const TargetSpec kSpreads{"", "znver5", ""};

bool runs_here() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bf16");
}

// y[t][j] = sum over k of x[t][k] w[k][j]
Plan product(const std::vector<float>& weights, bool spread, int unroll) {
  constexpr DType f32 = DType::f32;
  PlanBuilder p;
  const int x = p.input("x", {f32, {kSteps, kNumbers}}), y = p.output("y", {f32, {kSteps, kUnits}});
  const int w = p.constant(tensor_of(f32, weights));
  KernelBuilder k;
  k.kernel.name = "product";
  k.kernel.parallel = {{1, kUnits}};
  k.kernel.reductions = {{{2, kNumbers}}};
  const int number = k.load(f32, x, at({{0, kNumbers}, {2, 1}})), weight = k.load(f32, w, at({{1, 1}, {2, kUnits}}));
  k.store(k.reduce(f32, k.apply(Op::mul, f32, {number, weight})), y, at({{0, kUnits}, {1, 1}}));
  k.kernel.schedule = {.vector_axis = 1, .lanes = 16, .vectors = 2, .unroll = unroll, .flat = true, .spread = spread};
  Loop loop{.name = "time", .var = 0, .trip = Dim(kSteps)};
  loop.steps = {{k.kernel}};
  p.plan.steps.push_back({loop});
  return p.plan;
}

/// Numbers at the end of a page that nothing readable follows.
class AtEndOfPage {
 public:
  explicit AtEndOfPage(const std::vector<float>& numbers) {
    pages_ = static_cast<char*>(mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(mprotect(pages_ + kPage, kPage, PROT_NONE) == 0);
    data = reinterpret_cast<float*>(pages_ + kPage) - numbers.size();
    std::copy(numbers.begin(), numbers.end(), data);
  }
  ~AtEndOfPage() { munmap(pages_, 2 * kPage); }
  float* data;

 private:
  static constexpr size_t kPage = 4096;
  char* pages_;
};

std::vector<float> run(const Plan& plan, const std::vector<float>& x) {
  const Compiled compiled(plan, kSpreads);
  const AtEndOfPage numbers(x);
  std::vector<float> y(kSteps * kUnits);
  REQUIRE(compiled.call({numbers.data}, {y.data()}) == RONDO_OK);
  return y;
}

}  // namespace

TEST_CASE("numbers from registers give the same sums as loaded ones") {
  if (!runs_here()) {
    MESSAGE("skipped: this processor has no 512-bit vectors");
    return;
  }
  const std::vector<float> w = small_floats(kNumbers * kUnits, 3), x = small_floats(kSteps * kNumbers, 5);
  for (int unroll : {1, 2, 3}) {
    const std::vector<float> y = run(product(w, true, unroll), x);
    CHECK(y == run(product(w, false, unroll), x));
    for (int t = 0; t < kSteps; ++t)
      for (int j = 0; j < kUnits; ++j) {
        float sum = 0;
        for (int k = 0; k < kNumbers; ++k) sum += x[t * kNumbers + k] * w[k * kUnits + j];
        CHECK(y[t * kUnits + j] == sum);  // small whole numbers: exact in any order
      }
  }
}

TEST_CASE("numbers of whole vectors come from registers, the others from memory") {
  const std::vector<float> w = small_floats(kNumbers * kUnits, 3);
  const auto count = [&](bool spread, const std::string& word) {
    const std::string text = require(generate(product(w, spread, 1), require(Target::find(kSpreads)), Form::assembly));
    int found = 0;
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
    return found;
  };
  CHECK(count(true, "vbroadcastss") == 4);
  CHECK(count(false, "vbroadcastss") >= kNumbers);
}

}  // namespace rondo::test
