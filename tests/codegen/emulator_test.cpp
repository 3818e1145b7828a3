// Foreign processors under QEMU's user mode: a small program without a C library feeds an object from standard input
// and writes what it computes. Skipped, loudly, where QEMU or clang and lld are missing.
#include <cmath>
#include <fstream>
#include <iterator>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

const char* const kHarness = R"(
typedef unsigned long size_type;
struct call { const void *const *inputs; void *const *outputs; const long long *dims; void *state, *scratch; const void *constants; };
extern int MODEL_call(const struct call *);
static long system_call(long number, long a, long b, long c) {
#if defined(__aarch64__)
  register long x8 asm("x8") = number, x0 asm("x0") = a, x1 asm("x1") = b, x2 asm("x2") = c;
  asm volatile("svc 0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x8) : "memory");
  return x0;
#elif defined(__riscv)
  register long a7 asm("a7") = number, a0 asm("a0") = a, a1 asm("a1") = b, a2 asm("a2") = c;
  asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
  return a0;
#else
  register long r7 asm("r7") = number, r0 asm("r0") = a, r1 asm("r1") = b, r2 asm("r2") = c;
  asm volatile("svc 0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r7) : "memory");
  return r0;
#endif
}
#if defined(__arm__)
enum { READ = 3, WRITE = 4, EXIT = 1 };
#else
enum { READ = 63, WRITE = 64, EXIT = 93 };
#endif
static char in[INPUT_BYTES + 1] __attribute__((aligned(64))), out[OUTPUT_BYTES + 1] __attribute__((aligned(64)));
static char scratch[1 << 16] __attribute__((aligned(64)));
void cmain(void) {
  for (long got = 0, n; got < INPUT_BYTES && (n = system_call(READ, 0, (long)(in + got), INPUT_BYTES - got)) > 0;) got += n;
  const void *inputs[] = {in, in + INPUT_BYTES / 2};
  void *outputs[] = {out};
  struct call call = {inputs, outputs, 0, 0, scratch, 0};
  int status = MODEL_call(&call);
  for (long put = 0, n; put < OUTPUT_BYTES && (n = system_call(WRITE, 1, (long)(out + put), OUTPUT_BYTES - put)) > 0;) put += n;
  system_call(EXIT, status, 0, 0);
}
#if defined(__aarch64__)
asm(".globl _start\n_start:\n b cmain\n");
#elif defined(__riscv)
asm(".globl _start\n_start:\n andi sp, sp, -16\n call cmain\n");
#else
asm(".arm\n.globl _start\n_start:\n bic sp, sp, #7\n bl cmain\n");
#endif
)";

struct Emulator {
  const char *target, *qemu, *clang;
};
const Emulator kEmulators[] = {
    {"armv7", "qemu-arm -cpu max", "--target=armv7a-linux-gnueabihf -mcpu=cortex-a9"},
    {"cortex-a7", "qemu-arm -cpu max", "--target=armv7a-linux-gnueabihf -mcpu=cortex-a7"},
    {"aarch64", "qemu-aarch64", "--target=aarch64-linux-gnu"},
    {"rv64gc", "qemu-riscv64", "--target=riscv64-linux-gnu -march=rv64gc"},
    {"rv64gcv", "qemu-riscv64 -cpu rv64,v=true,vlen=256,vext_spec=v1.0", "--target=riscv64-linux-gnu -march=rv64gc"},
};

bool exists(const std::string& program) {
  return std::system(("command -v " + program + " > /dev/null 2>&1").c_str()) == 0;
}

bool available(const Emulator& emulator) {
  std::string qemu = std::string(emulator.qemu).substr(0, std::string(emulator.qemu).find(' '));
  if (exists(qemu) && exists("clang-19") && exists("ld.lld-19")) return true;
  MESSAGE("SKIP ", emulator.target, ": needs ", qemu, ", clang-19 and ld.lld-19");
  return false;
}

// The inputs, one after the other and of equal size; the plan has one output.
std::string run(const Emulator& emulator, const Plan& plan, const std::string& inputs, size_t output_bytes) {
  char directory[] = "/tmp/rondo-emulator-XXXXXX";
  REQUIRE(mkdtemp(directory));
  std::string base = directory;
  Target target = require(Target::find({emulator.target}));
  std::ofstream(base + "/model.o") << require(generate(plan, target, Form::object));
  std::ofstream(base + "/main.c") << kHarness;
  std::ofstream(base + "/in") << inputs;
  std::string build = std::string("clang-19 ") + emulator.clang +
                      " -O1 -ffreestanding -fno-builtin -c main.c -o main.o -DMODEL_call=" + plan.name +
                      "_call -DINPUT_BYTES=" + std::to_string(inputs.size()) +
                      " -DOUTPUT_BYTES=" + std::to_string(output_bytes);
  std::string command = "cd " + base + " && " + build + " && ld.lld-19 -static main.o model.o -o main && " +
                        emulator.qemu + " ./main < in > out";
  CHECK(std::system(command.c_str()) == 0);
  std::ifstream file(base + "/out", std::ios::binary);
  std::string output((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  CHECK(std::system(("rm -r " + base).c_str()) == 0);
  REQUIRE(output.size() == output_bytes);
  return output;
}

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}
template <class T>
std::vector<T> values_of(const std::string& bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

Plan elementwise(Op op, int arity, DType from, DType to, int n, int lanes) {
  PlanBuilder p;
  KernelBuilder k;
  std::vector<int> loads;
  for (int i = 0; i < arity; ++i)
    loads.push_back(k.load(from, p.input("x" + std::to_string(i), {from, {n}}), at({{0, 1}})));
  int z = p.output("z", {to, {n}});
  k.kernel.parallel = {{0, n}};
  k.store(k.apply(op, to, loads), z, at({{0, 1}}));
  if (lanes > 1) k.kernel.schedule = {.vector_axis = 0, .lanes = lanes};
  p.run(k.kernel);
  return p.plan;
}

template <class From, class To, class Want>
void check(const Emulator& emulator, Op op, DType from, DType to, const std::vector<From>& x, Want want) {
  std::vector<To> z =
      values_of<To>(run(emulator, elementwise(op, 1, from, to, int(x.size()), 4), bytes_of(x), x.size() * sizeof(To)));
  int wrong = 0;
  for (size_t i = 0; i < x.size(); ++i) wrong += !want(x[i], z[i]);
  CAPTURE(emulator.target);
  CAPTURE(info(op).word);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("functions, conversions and 64-bit division on foreign processors") {
  std::vector<float> x = {0, -0.0f, 1, -1, 0.5f, 88, -88, 9, -9, 100, -100, INFINITY, -INFINITY, 1e-20f};
  for (int i = -400; i < 400; ++i) x.push_back(float(i) * 0.0437f);
  std::vector<int64_t> wide = {
      0, 1, -1, INT64_MAX, INT64_MIN, 1 << 24, (1 << 24) + 1, (int64_t(1) << 53) + 1, 12345678901234};
  std::vector<float> angles = x;
  for (float size = 300; size < 1e38f; size *= 1.7f) angles.push_back(size), angles.push_back(-size);
  std::mt19937_64 random(1);
  for (int i = 0; i < 200; ++i) wide.push_back(int64_t(random()) >> (random() % 63));
  auto near = [](double (*f)(double)) {
    return [f](float in, float got) {
      double want = f(in);
      return std::isnan(want) ? std::isnan(got) : got == want || std::fabs(got - want) <= std::fabs(want) * 3e-7;
    };
  };
  for (const Emulator& emulator : kEmulators) {
    if (!available(emulator)) continue;
    check<float, float>(emulator, Op::tanh, DType::f32, DType::f32, x, near(std::tanh));
    check<float, float>(emulator, Op::log, DType::f32, DType::f32, x, near(std::log));
    check<float, float>(emulator, Op::floor, DType::f32, DType::f32, x, near(std::floor));
    check<float, float>(emulator, Op::sqrt, DType::f32, DType::f32, x, near(std::sqrt));
    check<float, float>(emulator, Op::sin, DType::f32, DType::f32, angles, near(std::sin));
    check<float, float>(emulator, Op::cos, DType::f32, DType::f32, angles, near(std::cos));
    check<float, float>(emulator, Op::atan, DType::f32, DType::f32, x, near(std::atan));
    check<float, int64_t>(emulator, Op::cast, DType::f32, DType::i64, std::vector<float>(x.begin() + 14, x.end()),
                          [](float in, int64_t got) { return got == int64_t(in); });
    check<int64_t, float>(emulator, Op::cast, DType::i64, DType::f32, wide,
                          [](int64_t in, float got) { return got == float(in); });
    check<int64_t, double>(emulator, Op::cast, DType::i64, DType::f64, wide,
                           [](int64_t in, double got) { return got == double(in); });

    std::vector<int64_t> divisors(wide.rbegin(), wide.rend());
    divisors[5] = 0;
    Plan divide = elementwise(Op::div, 2, DType::i64, DType::i64, int(wide.size()), 1);
    auto z = values_of<int64_t>(run(emulator, divide, bytes_of(wide) + bytes_of(divisors), wide.size() * 8));
    for (size_t i = 0; i < wide.size(); ++i)
      CHECK(z[i] == (divisors[i] == 0 ? 0 : int64_t(__int128(wide[i]) / divisors[i])));
  }
}

TEST_CASE("a product on foreign processors equals the one computed here") {
  constexpr int m = 5, n = 22, k_count = 22;  // inputs of equal size: x[m, 22] padded by w's shape
  for (const Emulator& emulator : kEmulators) {
    if (!available(emulator)) continue;
    PlanBuilder p;
    constexpr DType f32 = DType::f32;
    int x = p.input("x", {f32, {k_count, k_count}}), w = p.input("w", {f32, {k_count, n}}),
        z = p.output("z", {f32, {m, n}});
    KernelBuilder k;
    k.kernel.parallel = {{0, m}, {1, n}};
    k.kernel.reductions = {{{2, k_count}}};
    int term =
        k.apply(Op::mul, f32, {k.load(f32, x, at({{0, k_count}, {2, 1}})), k.load(f32, w, at({{1, 1}, {2, n}}))});
    k.store(k.reduce(f32, term), z, at({{0, n}, {1, 1}}));
    int lanes = std::max(1, require(Target::find({emulator.target})).facts().vector_bytes / 4);
    k.kernel.schedule = {.vector_axis = lanes > 1 ? 1 : -1,
                         .lanes = lanes,
                         .vectors = lanes > 1 ? 2 : 1,
                         .row_axis = 0,
                         .rows = 2,
                         .unroll = 3};
    p.run(k.kernel);
    std::vector<float> xs = small_floats(k_count * k_count, 1), ws = small_floats(k_count * n, 2);
    auto got = values_of<float>(run(emulator, p.plan, bytes_of(xs) + bytes_of(ws), m * n * 4));
    for (int i = 0; i < m; ++i)
      for (int j = 0; j < n; ++j) {
        float sum = 0;
        for (int l = 0; l < k_count; ++l) sum += xs[i * k_count + l] * ws[l * n + j];
        CHECK(got[i * n + j] == sum);
      }
  }
}

}  // namespace rondo::test
