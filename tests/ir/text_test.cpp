// The text form: print and parse are inverse. Errors and hostile texts: text_errors_test.cpp.
#include "ir/text.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <limits>
#include <sstream>

#include "ir/builder.h"
#include "ir/plan_text.h"

using namespace rondo;

namespace {

constexpr PrintOptions kFull{true};

std::string errors_of(const Diagnostics& errors) {
  std::string text;
  for (const Diagnostic& error : errors) text += to_string(error) + "\n";
  return text;
}

Graph graph_of(std::string_view text) {
  auto parsed = parse(text);
  REQUIRE_MESSAGE(parsed, errors_of(parsed.errors()));
  REQUIRE(parsed->graph);
  return std::move(*parsed->graph);
}

Plan plan_of(std::string_view text) {
  auto parsed = parse(text);
  REQUIRE_MESSAGE(parsed, errors_of(parsed.errors()));
  REQUIRE(parsed->plan);
  return std::move(*parsed->plan);
}

void check_round_trip(const Graph& graph) {
  const std::string text = print(graph, kFull);
  CAPTURE(text);
  const Graph read = graph_of(text);
  CHECK(equal(graph, read));
  CHECK(print(read, kFull) == text);
}

/// A model of one unsupported node with these attributes.
Graph model_with(Attributes attributes) {
  Graph graph(Level::model);
  graph.name = "attributes";
  graph.opset = 17;
  Node* node = graph.append(Op::unsupported, {}, std::move(attributes), 1);
  node->kind = "test.Op";
  graph.outputs = {node->result()};
  graph.output_names = {"y"};
  return graph;
}

Attribute reread(const Attribute& value) {
  Attributes attributes;
  attributes.set("a", value);
  const Graph graph = model_with(attributes);
  const Graph read = graph_of(print(graph, kFull));
  REQUIRE(read.nodes.size() == 1);
  REQUIRE(read.nodes[0]->attributes.has("a"));
  return *read.nodes[0]->attributes.find("a");
}

std::string printed(const Attribute& value, const PrintOptions& options = kFull) {
  Attributes attributes;
  attributes.set("a", value);
  const std::string text = print(model_with(attributes), options);
  const size_t begin = text.find("{a = ") + 5;
  return text.substr(begin, text.find("}\n", begin) - begin);
}

Tensor with_bits(uint32_t bits, std::vector<int64_t> shape = {}) {
  return Tensor(DType::f32, std::move(shape), std::string(reinterpret_cast<const char*>(&bits), sizeof bits));
}

}  // namespace

TEST_CASE("canonical texts survive reading and printing unchanged") {
  const char* texts[] = {
      R"(model "lstm" opset 13 {
  input %x: f32[T, B, 16]
  input %W: ?
  state %h0: f32[1, B, 32] initial f32[1, 1, 2] {0.5, -0.0}
  %R = Constant() {value = f32[2] {1.0, 1e-05}}: f32[2]
  %y, _, %yh = LSTM(%x, %W, %R, _, _, %h0) {direction = "forward", hidden_size = 32}: f32[T, 1, B, 32], _, f32[1, B, 32] @ "lstm_0"
  %0 = unsupported "ai.onnx.ml.TreeEnsemble"(%y)
  next %h0 = %yh
  output %y
  output %yh as "last state": f32[1, B, 32]
  output %0 as "12"
}
)",
      R"(core "cell" {
  input %x: f32[T, 4]
  input %"a b": f32[1, 4]
  %h0 = constant() {value = f32[4] {0.0, 0.0, 0.0, 0.0}}: f32[4]
  %last, %ys = scan(%h0, %x, %"a b") {carried = 1, reverse_scanned = [0], reverse_stacked = [1], scanned = 1, trip = T}: f32[4], f32[T, 4] @ "rnn"
    region (%t: i64[], %h: f32[4], %x: f32[4], %b: f32[1, 4]) {
      %0 = add(%h, %x): f32[4]
      %1 = tanh(%0): f32[4]
      yield %1, %1
    }
  output %ys as "y"
}
)",
      R"(core "streams" {
  input %x: f32[3, 2]
  state %h: f32[3, 4]
  stepping streams 3 frames 2 latency 1
  next %h = %h
  output %x
}
)",
      R"rir(core "sizes" {
  input %x: f32[2*T, S]
  require 2*T == S*U because "node 'a' (Add): dimension 0"
  bind S = 3*V
  output %x
}
)rir",
  };
  for (const char* text : texts) {
    CAPTURE(text);
    CHECK(print(graph_of(text), kFull) == text);
  }
}

TEST_CASE("what is read is what stands there") {
  const Graph graph = graph_of(R"(
# a comment
model "m" opset 7 {
  input %0 as "input/0:x": i64[2*T+1, min(T, 5), `odd name`]
  state %c as "cell": f32[2] initial f32[2] {1, 2.5}
  %a, _ = Split(%0, _) { axis = -1 } @ "split"   # another
  next %c = %c
  output %a as "a" output %a
})");
  CHECK(graph.level == Level::model);
  CHECK(graph.opset == 7);
  REQUIRE(graph.params.size() == 2);
  CHECK(graph.params[0]->name == "input/0:x");
  CHECK(graph.params[0]->type ==
        Type{DType::i64, {Dim(2) * Dim::symbol("T") + Dim(1), min(Dim::symbol("T"), Dim(5)), Dim::symbol("odd name")}});
  REQUIRE(graph.states.size() == 1);
  CHECK(graph.states[0].name == "cell");
  CHECK(graph.states[0].current == graph.params[1].get());
  CHECK(graph.states[0].next == graph.params[1].get());
  CHECK(graph.states[0].initial->doubles() == std::vector<double>{1, 2.5});
  REQUIRE(graph.nodes.size() == 1);
  const Node& node = *graph.nodes[0];
  CHECK(node.op == Op::Split);
  CHECK(node.name == "split");
  CHECK(node.place == "6:3");
  CHECK(node.operands == std::vector<Value*>{graph.params[0].get(), nullptr});
  CHECK(node.results[1] == nullptr);
  CHECK(node.attributes.integer("axis") == -1);
  CHECK(node.result()->producer == &node);
  CHECK(graph.output_names == std::vector<std::string>{"a", "a"});
}

TEST_CASE("attributes of every kind keep their value and kind") {
  const Dim t = Dim::symbol("T");
  const Attribute values[] = {
      int64_t{0},
      std::numeric_limits<int64_t>::min(),
      std::numeric_limits<int64_t>::max(),
      0.0,
      1.0,
      -1.5,
      0.1,
      1e300,
      5e-324,
      1e22,
      std::numeric_limits<double>::infinity(),
      -std::numeric_limits<double>::infinity(),
      std::string(),
      std::string("forward"),
      std::string("\"\\\n\t\x01\x7f `é"),
      std::string("\xff\xfe nul \0 inside", 16),
      std::vector<int64_t>{},
      std::vector<int64_t>{1, -2, 3},
      std::vector<double>{},
      std::vector<double>{1, -2.5, 1e-9},
      std::vector<std::string>{},
      std::vector<std::string>{"Sigmoid", "", "a, b"},
      t,
      Dim(2) * t * t - Dim(3),
      floor_div(t - Dim(1), Dim(2)) + Dim(1),
      max(t, Dim::symbol("B")),
      Dim::symbol("f32"),
      Dim::symbol("inf"),
      Dim::symbol("batch size"),
      Dim::symbol("a`\\b"),
      std::vector<Dim>{Dim(1), t},
      std::vector<Dim>{t, Dim(-1)},
      std::vector<Dim>{Dim(4), Dim(5)},
      DType::f16,
      DType::boolean,
      Tensor(),
      Tensor::zeros(DType::i8, {0, 3}),
      Tensor::zeros(DType::f32, {5, 5}),
  };
  for (const Attribute& value : values) {
    Attributes canonical;  // what the dictionary holds after `set`
    canonical.set("a", value);
    CAPTURE(printed(value));
    CHECK(reread(value) == *canonical.find("a"));
  }
}

TEST_CASE("numbers are written so that their kind shows") {
  CHECK(printed(int64_t{1}) == "1");
  CHECK(printed(1.0) == "1.0");
  CHECK(printed(-0.0) == "-0.0");
  CHECK(printed(1e22) == "1e+22");
  CHECK(printed(0.1) == "0.1");
  CHECK(printed(std::vector<double>{2, 0.5}) == "[2.0, 0.5]");
  CHECK(printed(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(printed(DType::boolean) == "bool");
  CHECK(printed(std::vector<std::string>{}) == "[]");
  CHECK(std::signbit(std::get<double>(reread(-0.0))));
}

TEST_CASE("NaN keeps its bits") {
  for (uint64_t bits : {0x7ff8000000000000u, 0xfff8000000000000u, 0x7ff8000000000001u, 0x7ff0000000000123u}) {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    const double read = std::get<double>(reread(value));
    uint64_t read_bits;
    std::memcpy(&read_bits, &read, sizeof read);
    CHECK(read_bits == bits);
  }
  CHECK(printed(with_bits(0x7fc00000)) == "f32[] {nan}");
  CHECK(printed(with_bits(0x7fc00001)) == "f32[] \"AQDAfw==\"");  // bytes 01 00 c0 7f
  CHECK(printed(with_bits(0xffc00000)) == "f32[] \"AADA/w==\"");
}

TEST_CASE("tensors keep every byte") {
  const double reals[] = {0.1, -0.0, 65504, 1e-7, std::numeric_limits<double>::infinity(), 3};
  const int64_t integers[] = {0, 1, -1, 127, -128, 5};
  const int64_t counts[] = {0, 1, 2, 200, 255, 5};
  for (DType dtype : {DType::f16, DType::bf16, DType::f32, DType::f64})
    CHECK(std::get<Tensor>(reread(Tensor::from_doubles(dtype, {2, 3}, reals))) ==
          Tensor::from_doubles(dtype, {2, 3}, reals));
  for (DType dtype : {DType::i8, DType::i16, DType::i32, DType::i64})
    CHECK(std::get<Tensor>(reread(Tensor::from_ints(dtype, {6}, integers))) == Tensor::from_ints(dtype, {6}, integers));
  for (DType dtype : {DType::u8, DType::u16, DType::u32, DType::u64, DType::boolean})
    CHECK(std::get<Tensor>(reread(Tensor::from_ints(dtype, {6}, counts))) == Tensor::from_ints(dtype, {6}, counts));
  const int64_t all_ones[] = {-1};
  CHECK(printed(Tensor::from_ints(DType::u64, {}, all_ones)) == "u64[] {18446744073709551615}");
  CHECK(printed(Tensor::from_ints(DType::boolean, {2}, std::array<int64_t, 2>{1, 0})) == "bool[2] {true, false}");
  const Tensor odd_truth(DType::boolean, {1}, "\x02");
  CHECK(std::get<Tensor>(reread(odd_truth)) == odd_truth);
  for (int64_t size : {15, 16, 17, 18, 19, 100}) {  // literal, then base64 of every padding
    std::string bytes;
    for (int64_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 37 + 200);
    const Tensor tensor(DType::u8, {size}, bytes);
    CHECK(std::get<Tensor>(reread(tensor)) == tensor);
  }
  const Tensor all_floats = [] {  // the 16 smallest subnormals: rounding twice would show
    std::string bytes(64, '\0');
    for (uint32_t i = 0; i < 16; ++i) std::memcpy(bytes.data() + 4 * i, &i, 4);
    return Tensor(DType::f32, {4, 4}, bytes);
  }();
  CHECK(std::get<Tensor>(reread(all_floats)) == all_floats);
}

TEST_CASE("large tensors are shown by statistics, and those do not parse") {
  std::vector<double> values(32, 1.0);
  values[0] = -3, values[1] = 5, values[2] = std::numeric_limits<double>::quiet_NaN();
  const std::string shown = printed(Tensor::from_doubles(DType::f32, {4, 8}, values), {});
  CHECK(shown == "f32[4, 8] <mean 1, min -3, max 5, 1 NaN>");
  const auto parsed = parse("model \"m\" {\n  %x = Constant() {value = " + shown + "}\n}");
  REQUIRE_FALSE(parsed);
  CHECK(parsed.errors()[0].place == "2:38");
  CHECK(parsed.errors()[0].message.find("full weights") != std::string::npos);
}

TEST_CASE("names with odd characters, equal names and missing names") {
  Graph graph(Level::model);
  graph.name = "odd \"name\"\n";
  const char* names[] = {"x", "x", "x_1", "", "12", "a b", "onnx::Add_3", "/lstm/out.0", "-", "%", "é", "\xff", "_"};
  std::vector<Value*> values;
  for (const char* name : names) values.push_back(graph.add_param(Type{DType::f32, {}}, name));
  for (const char* name : names) {
    Node* node = graph.append(Op::Identity, {values.back()}, {}, 1);
    node->name = name;
    node->result()->name = name;
    values.push_back(node->result());
  }
  for (Value* value : values) {
    graph.outputs.push_back(value);
    graph.output_names.push_back("out " + value->name);
  }
  check_round_trip(graph);
  const Graph read = graph_of(print(graph));
  for (size_t i = 0; i < std::size(names); ++i) CHECK(read.params[i]->name == names[i]);
  CHECK(read.params[4]->name == "12");
  CHECK(read.output_names == graph.output_names);
  const std::string text = print(graph);
  CHECK(
      text.find("  input %x: f32[]\n  input %x_1 as \"x\": f32[]\n  input %x_1_1 as \"x_1\": f32[]\n  input %0: f32[]\n"
                "  input %\"12\": f32[]\n") != std::string::npos);
  CHECK(text.find("%/lstm/out.0") != std::string::npos);
  CHECK(text.find("%\"onnx::Add_3\"") != std::string::npos);
}

TEST_CASE("operators of the model level with optional parts, kinds and regions") {
  Graph graph(Level::model);
  graph.name = "if";
  graph.opset = 11;
  Value* x = graph.add_param(std::nullopt, "x");
  Node* node = graph.append(Op::unsupported, {x, nullptr}, {}, 2);
  node->kind = "If";
  node->results[0].reset();
  for (int i = 0; i < 2; ++i) {
    auto region = std::make_unique<Graph>(Level::model);
    region->opset = i == 0 ? 11 : 0;
    region->name = i == 0 ? "" : "else branch";
    Value* inner = region->add_param(std::nullopt, "x");
    Node* nothing = region->append(Op::unsupported, {inner}, {}, 0);
    nothing->kind = "Print";
    region->outputs = {inner, inner};
    node->regions.push_back(std::move(region));
  }
  graph.outputs = {node->result(1)};
  graph.output_names = {"y"};
  check_round_trip(graph);
}

TEST_CASE("regions nest, and a graph built node by node reads back equal") {
  Graph graph;
  graph.name = "nested";
  const Dim t = Dim::symbol("T");
  Value* x = graph.add_param(Type{DType::f32, {t, Dim(3), Dim(2)}}, "x");
  Builder builder(graph);
  Value* zeros = builder.zeros(DType::f32, {Dim(2)});
  auto outer = builder.scan(t, {zeros}, {x}, {}, false, 1, [](Builder& b, Builder::ScanBody& parts) {
    auto inner =
        b.scan(Dim(3), {parts.carried[0]}, {parts.scanned[0]}, {}, true, 0, [](Builder& c, Builder::ScanBody& step) {
          return std::vector<Value*>{c.tanh(c.add(step.carried[0], step.scanned[0]))};
        });
    return std::vector<Value*>{inner[0], inner[0]};
  });
  REQUIRE(builder.ok());
  graph.outputs = {outer[1]};
  graph.output_names = {"y"};
  check_round_trip(graph);
  CHECK(print(graph).find("\n          yield ") != std::string::npos);  // two levels in
}

TEST_CASE("reading a core graph infers types, elements and what dims must equal") {
  const Graph graph = graph_of(R"(core "m" {
  input %x: f32[T, 4]
  input %y: f32[S, 4]
  %z = add(%x, %y)
  %n = dims() {values = [T, 2], shape = [2], to = i64}
  output %z
})");
  REQUIRE(graph.nodes.size() == 2);
  CHECK(graph.nodes[1]->result()->elements == std::vector<Dim>{Dim::symbol("T"), Dim(2)});
  CHECK(graph.resolve(Dim::symbol("T")) == graph.resolve(Dim::symbol("S")));
  REQUIRE(graph.nodes[0]->result()->type);
  CHECK(graph.resolve(graph.nodes[0]->result()->type->shape[0]) == graph.resolve(Dim::symbol("T")));
}

namespace {

constexpr const char* kPlan = R"rir(plan "everything" {
  symbols T, `odd dim`
  require T == 2*`odd dim`
  memory constants 512, state 64, scratch 64*T+128
  buffer x = input f32[16*T] slot 0
  buffer b1 "b7" = input i64[T] slot 1
  buffer y = output f32[32*T] slot 0
  buffer h = state f32[3] slot 0 at 0
  buffer w = constant f32[4] at 0 value f32[4] {1.0, 2.0, 3.0, nan}
  buffer b5 "odd name" = scratch f32[32] at 64*T
  buffer b6 "twin" = scratch f32[4] at 0
  buffer b7 "twin" = scratch bool[4] at 64
  input "x": f32[T, 16] in x
  input "ids": i64[T] in b1
  output "y": f32[T, 32] in y
  state "h": f32[3] in h initial f32[1] {0.5}
  kernel first @ "node 'lstm_0' (LSTM)" {
    parallel i0 < T, i1 < 32
    reduction i2 < 16
    schedule vector=i1 lanes=8 vectors=2 row=i0 rows=4 unroll=2
    %0 = load x[i0*16 + i2]: f32
    %1 = load w[(i1 / 4)*64 + (i1 % 4) + i2*4]: f32
    %2 = mul %0, %1: f32
    %3 = reduce sum %2: f32
    %4 = immediate -0.5: f32
    %5 = immediate 7: i32
    %6 = index i0*-1 + {T-1}: i64
    %7 = load b1[i0]: i64
    %8 = bounded %7 < T: i64
    %9 = load x[i1*{T} + %8*16 + %6 - 3]: f32
    %10 = less %9, %3: bool
    %11 = select %10, %9, %3: f32
    %12 = cast %11: f64
    store y[i0*32 + i1] = %11
    store b5[0] = %3
  }
  loop time: i3 < T @ "scan" {
    loop inner: i4 < 4 {
      kernel "odd kernel" {
      }
    }
    kernel second {
      parallel i5 < 4
      schedule tasks=i5/2
      %0 = index 5: i64
    }
  }
}
)rir";

}  // namespace

TEST_CASE("plans survive reading and printing unchanged") {
  const Plan plan = plan_of(kPlan);
  CHECK(print(plan) == kPlan);
  CHECK(plan_of(print(plan, kFull)).buffers.size() == 8);
  const std::string stepping = "plan \"\" {\n  stepping streams 0 frames 1 latency 7\n  memory constants 0, state 0, scratch 0\n}\n";
  CHECK(print(plan_of(stepping)) == stepping);
  CHECK(print(plan_of("plan \"\" { memory constants 0, state 0, scratch 0 }")) ==
        "plan \"\" {\n  memory constants 0, state 0, scratch 0\n}\n");
}

TEST_CASE("where the parts of a plan stand in its text") {
  const Plan plan = plan_of(kPlan);
  for (bool costs : {false, true}) {
    const auto [text, lines] = print_with_lines(plan, {.full_weights = true, .costs = costs});
    CHECK(text == print(plan, {.full_weights = true, .costs = costs}));
    const auto check = [&](const void* part, const std::string& begins) {
      std::istringstream stream(text);
      std::string line;
      for (int i = 0; i < lines.at(part); ++i) std::getline(stream, line);
      CHECK_MESSAGE(line.find(begins) == line.find_first_not_of(' '), line << " for " << begins);
      return line;
    };
    int kernels = 0;
    std::function<void(const std::vector<Step>&)> walk = [&](const std::vector<Step>& steps) {
      for (const Step& step : steps) {
        if (auto* loop = std::get_if<Loop>(&step.what))
          CHECK(check(loop, "loop ").find(loop->name) != std::string::npos);
        for_each_nested(step, walk);
        auto* kernel = std::get_if<Kernel>(&step.what);
        if (!kernel) continue;
        ++kernels;
        CHECK(check(kernel, "kernel ").find(kernel->name) != std::string::npos);
        for (const Axis& axis : kernel->parallel) check(&axis, "parallel ");
        for (const auto& nest : kernel->reductions)
          for (const Axis& axis : nest) check(&axis, "reduction ");
        for (size_t i = 0; i < kernel->body.size(); ++i) check(&kernel->body[i], fmt::format("%{} = ", i));
        for (const Store& store : kernel->stores) check(&store, "store ");
      }
    };
    check(&plan, "plan ");
    walk(plan.steps);
    CHECK(kernels > 0);
  }
}

TEST_CASE("what a plan's text means") {
  const Plan plan = plan_of(kPlan);
  CHECK(plan.symbols == std::vector<std::string>{"T", "odd dim"});
  CHECK(plan.scratch_bytes == Dim(64) * Dim::symbol("T") + Dim(128));
  CHECK(plan.buffers[1].name == "b7");
  CHECK(plan.buffers[7].dtype == DType::boolean);
  CHECK(plan.inputs[1].buffer == 1);
  REQUIRE(plan.steps.size() == 2);
  const Kernel& kernel = std::get<Kernel>(plan.steps[0].what);
  CHECK(kernel.schedule == Schedule{1, 8, 2, 0, 4, 2});
  CHECK(kernel.body[1].index == Index{Dim(0), {{1, Dim(1), 4, Dim(64)}, {2, Dim(4), 0, Dim(0)}}});
  CHECK(kernel.body[4].real == -0.5);
  CHECK(kernel.body[5].integer == 7);
  CHECK(kernel.body[6].index == Index{Dim::symbol("T") - Dim(1), {{0, Dim(-1), 0, Dim(0)}}});
  CHECK(kernel.body[9].indirect == std::vector<Instr::Indirect>{{8, Dim(16)}, {6, Dim(1)}});
  CHECK(kernel.body[9].index.constant == Dim(-3));
  CHECK(kernel.body[9].index.terms[0].coefficient == Dim::symbol("T"));
  const Loop& loop = std::get<Loop>(plan.steps[1].what);
  CHECK(loop.var == 3);
  REQUIRE(loop.steps.size() == 2);
  const Kernel& second = std::get<Kernel>(loop.steps[1].what);
  CHECK(second.schedule == Schedule{.task_axis = 5, .task_size = 2});
  CHECK(task_count(second) == Dim(2));
  CHECK(task_count(kernel) == Dim(1));
  CHECK(has_tasks(plan.steps));
}

TEST_CASE("a plan built in memory reads back equal") {
  Plan plan;
  plan.name = "p";
  plan.symbols = {"T"};
  plan.buffers.resize(2);
  plan.buffers[0] = {Buffer::Kind::constant, DType::f32, Dim(20), "w", 0, Dim(0), Tensor::zeros(DType::f32, {20})};
  plan.buffers[1].count = Dim::symbol("T");
  Kernel kernel;
  kernel.name = "k";
  kernel.parallel = {{0, Dim::symbol("T")}};
  kernel.body.resize(3);
  kernel.body[0].kind = Instr::Kind::load;
  kernel.body[0].index = {std::numeric_limits<int64_t>::min(),
                          {{0, Dim(0), 0, Dim(0)}, {3, Dim::symbol("T"), 2, Dim(-1)}}};
  kernel.body[1].real = 0.1;
  kernel.body[2] = {Instr::Kind::reduce};
  kernel.body[2].operands = {1};
  kernel.body[2].combine = Combine::max;
  kernel.stores = {{2, 1, {Dim::symbol("T") - Dim(7), {}}}};
  Loop loop{"l", "", 9, Dim(2), {{kernel}}};
  Loop other{"m", "a place", 9, Dim(2), {{kernel}}, -1, true};
  plan.steps = {{loop}, {other}, {kernel}};
  CHECK(plan_of(print(plan, kFull)) == plan);
  plan.buffers[0].name = "b1";  // looks like the number of the other
  CHECK(plan_of(print(plan, kFull)) == plan);
}

TEST_CASE("a graph of many nodes with one name prints and reads in linear time") {
  Graph graph(Level::model);
  graph.name = "long";
  Value* value = graph.add_param(Type{DType::f32, {Dim::symbol("T")}}, "x");
  for (int i = 0; i < 20000; ++i) {
    Node* node = graph.append(Op::Relu, {value}, {}, 1);
    value = node->result();
    value->name = "x";
    value->type = graph.params[0]->type;
  }
  graph.outputs = {value};
  graph.output_names = {"y"};
  CHECK(equal(graph, graph_of(print(graph))));
}
