// Generated headers: they compile without a warning as C11 and as C++, alone and together, and their wrappers work.
#include <fstream>

#include "tests/codegen/support.h"

namespace rondo::test {
namespace {

class Directory {
 public:
  Directory() { REQUIRE(mkdtemp(path_)); }
  ~Directory() { CHECK(std::system(("rm -r " + std::string(path_)).c_str()) == 0); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ + ("/" + name)) << text; }
  bool run(const std::string& command) const {
    return std::system(("cd " + std::string(path_) + " && " + command).c_str()) == 0;
  }

 private:
  char path_[32] = "/tmp/rondo-header-XXXXXX";
};

const char* const kC = "cc -std=c11 -Wall -Wextra -pedantic -Werror ";
const char* const kCpp = "c++ -std=c++11 -Wall -Wextra -pedantic -Werror ";

Plan awkward() {
  PlanBuilder p("9 model*/ \"ü\"");
  Dim t = Dim::symbol("int"), b = Dim::symbol("batch size");
  p.plan.symbols = {"int", "batch size"};
  p.plan.equalities = {{t, b}};
  for (const char* name :
       {"x", "x", "x_2", "class", "input.1", "/*", "*/", "state", "scratch", "", "int64_t", "rondo_dims", "2nd",
        "?"
        "?/"})
    p.input(name, {DType::f32, {t, b}});
  p.output("x", {DType::bf16, {t}});
  p.output("model_9_call", {DType::boolean, {}});
  p.state("s*/", {DType::f32, {4}});
  p.scratch(DType::f32, t);
  return p.plan;
}

Plan sums(const std::string& name, const Dim& n, Tensor initial) {  // y = s + x, s = y
  PlanBuilder p(name);
  constexpr DType f32 = DType::f32;
  if (auto symbol = n.symbol_name()) p.plan.symbols = {*symbol};
  int x = p.input("x", {f32, {n}}), y = p.output("y", {f32, {n}}), s = p.state("s", {f32, {n}}, std::move(initial));
  KernelBuilder k;
  k.kernel.parallel = {{0, n}};
  int sum = k.apply(Op::add, f32, {k.load(f32, x, at({{0, 1}})), k.load(f32, s, at({{0, 1}}))});
  k.store(sum, y, at({{0, 1}}));
  k.store(sum, s, at({{0, 1}}));
  p.run(k.kernel);
  return p.plan;
}

Plan step_model() { return sums("acc", 3, Tensor::from_doubles(DType::f32, {3}, std::vector<double>{1, 2, 3})); }
Plan sized_step_model() {
  return sums("sized", Dim::symbol("T"), Tensor::from_doubles(DType::f32, {1}, std::vector<double>{5}));
}

Plan run_model() {  // y[T] = 2 x[T]
  PlanBuilder p("twice");
  Dim t = Dim::symbol("T");
  p.plan.symbols = {"T"};
  int x = p.input("x", {DType::i32, {t}}), y = p.output("y", {DType::i32, {t}});
  KernelBuilder k;
  k.kernel.parallel = {{0, t}};
  int v = k.load(DType::i32, x, at({{0, 1}}));
  k.store(k.apply(Op::add, DType::i32, {v, v}), y, at({{0, 1}}));
  p.run(k.kernel);
  return p.plan;
}

const char* const kProgram = R"(
#include "acc.h"
#include "twice.h"
#include "sized.h"
#include "acc.h"
static _Alignas(ACC_STATE_ALIGNMENT) unsigned char state[ACC_STATE_BYTES];
int main(void) {
  float x[3] = {10, 20, 30}, y[3];
  int32_t a[4] = {1, -2, 3, 4}, b[4];
  if (ACC_SCRATCH_BYTES != 0) return 1;
  if (acc_reset(state, NULL) != RONDO_OK) return 2;
  if (acc_step(state, x, y, NULL) != RONDO_OK || y[2] != 33) return 3;
  if (acc_step(state, x, y, NULL) != RONDO_OK || y[0] != 21) return 4;
  {
    float many[9] = {1, 1, 1, 2, 2, 2, 3, 3, 3}, all[9], split[9];
    if (acc_reset(state, NULL) != RONDO_OK || acc_step_n(state, 3, many, all, NULL) != RONDO_OK) return 10;
    if (all[0] != 2 || all[4] != 5 || all[8] != 9) return 11;
    if (acc_reset(state, NULL) != RONDO_OK || acc_step_n(state, 0, many, split, NULL) != RONDO_OK) return 12;
    if (acc_step_n(state, 1, many, split, NULL) != RONDO_OK) return 13;
    if (acc_step_n(state, 2, many + 3, split + 3, NULL) != RONDO_OK || split[0] != 2 || split[8] != 9) return 14;
    if (acc_step_n(NULL, 2, many, all, NULL) != RONDO_BAD_POINTER) return 15;
  }
  {
    float many[6] = {1, 2, 3, 4, 5, 6}, all[6];
    const int64_t two = 2;
    if (sized_state_size(&two) > ACC_STATE_BYTES || sized_reset(state, &two) != RONDO_OK) return 20;
    if (sized_step_n(2, state, 3, many, all, NULL) != RONDO_OK || all[0] != 6 || all[3] != 11 || all[5] != 17) return 21;
    if (sized_step_n(0, state, 3, many, all, NULL) != RONDO_BAD_DIMENSION) return 22;
  }
  if (twice_run(4, a, b, NULL) != RONDO_OK || b[1] != -4 || b[3] != 8) return 5;
  if (twice_run(0, a, b, NULL) != RONDO_BAD_DIMENSION) return 6;
  if (acc_model.state_count != 1 || acc_state_size(NULL) != ACC_STATE_BYTES) return 7;
  return 0;
}
)";

}  // namespace

TEST_CASE("a model's odd names still make a clean header") {
  Directory directory;
  directory.write("model.h", make_header(awkward()));
  directory.write("main.c", "#include \"model.h\"\nint main(void) { return 0; }\n");
  directory.write("main.cpp", "#include \"model.h\"\nint main() { return 0; }\n");
  CHECK(directory.run(kC + std::string("-c main.c")));
  CHECK(directory.run(kCpp + std::string("-c main.cpp")));
  CHECK(make_header(awkward()) == make_header(awkward()));
}

TEST_CASE("wrappers call the model, in C and in C++") {
  Directory directory;
  Target host = require(Target::find({}));
  for (const Plan& plan : {step_model(), sized_step_model(), run_model()}) {
    directory.write(plan.name + ".h", make_header(plan));
    directory.write(plan.name + ".o", require(generate(plan, host, Form::object)));
  }
  directory.write("main.c", kProgram);
  std::string cpp = kProgram;
  cpp.replace(cpp.find("_Alignas"), 8, "alignas");
  cpp.replace(cpp.find("static alignas(ACC_STATE_ALIGNMENT)"), 35, "alignas(ACC_STATE_ALIGNMENT) static");
  directory.write("main.cpp", cpp);
  CHECK(directory.run(kC + std::string("main.c acc.o twice.o sized.o -o c && ./c")));
  CHECK(directory.run(kCpp + std::string("main.cpp acc.o twice.o sized.o -o cpp && ./cpp")));
}

}  // namespace rondo::test
