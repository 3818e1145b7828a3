// Random graphs over time that stream: stacks of recurrent layers, products, convolutions and pooling with every kind
// of padding, stride and dilation, parts of sequences, skips around them, and outputs at the end of a sequence.
#pragma once

#include "ir/builder.h"
#include "tests/passes/meaning.h"

namespace rondo::testing {

class StreamGraph {
 public:
  /// `length`: of the sequence, a symbol or a number.
  StreamGraph(uint64_t seed, Dim length, DType dtype = DType::f64)
      : random_(seed), length_(std::move(length)), dtype_(dtype) {}

  Graph graph() {
    Graph graph;
    graph.name = "random";
    Builder b(graph);
    b_ = &b;
    const bool two = random_.below(3) == 0;
    Value* x = graph.add_param(Type{dtype_, {length_, 2, 3}}, "x");
    Value* other = two ? graph.add_param(Type{dtype_, {length_, 2, 3}}, "z") : nullptr;
    Value* knob = random_.below(4) == 0 ? graph.add_param(Type{dtype_, {3}}, "knob") : nullptr;
    if (knob) x = b.mul(x, b.add(knob, b.scalar(dtype_, 2)));
    if (other) x = b.concat({x, other}, 2);
    const int layers = 2 + random_.below(4);
    bool ends_known = true;
    for (int i = 0; i < layers; ++i) x = layer(x, ends_known);
    output(graph, x, "y");
    if (ends_known && random_.below(2)) output(graph, at_end(x), "end");
    REQUIRE_MESSAGE(b.ok(), (b.ok() ? "" : to_string(b.status().errors()[0])));
    return graph;
  }

 private:
  static void output(Graph& graph, Value* value, const char* name) {
    graph.outputs.push_back(value);
    graph.output_names.push_back(name);
  }

  int64_t features(const Value* x) const { return *x->type->shape[2].constant(); }

  Value* weights(std::vector<int64_t> shape) {
    int64_t count = 1;
    for (int64_t extent : shape) count *= extent;
    std::vector<double> elements(static_cast<size_t>(count));
    for (double& element : elements) element = random_.real() / 2;
    return b_->constant(Tensor::from_doubles(dtype_, shape, elements));
  }

  /// Sequences are [T, 2, features]; `ends_known` becomes false where the end of a sequence needs frames after it.
  Value* layer(Value* x, bool& ends_known) {
    switch (random_.below(11)) {
      case 0: return b_->tanh(b_->add(b_->matmul(x, weights({features(x), 4})), weights({4})));
      case 1: return recurrent(x);
      case 2: return gated(x);
      case 3: return windows(x, ends_known);
      case 4: return windows(x, ends_known);
      case 5: return b_->add(x, b_->tanh(causal(x, 1 + random_.below(3), features(x))));
      case 6: return part(x, ends_known);
      case 7: return skip(x, ends_known);
      case 8: return flat(x);
      case 9: return b_->concat({x, b_->broadcast(weights({1, 2}), {x->type->shape[0], 2, 2})}, 2);
      default: return joined(x, ends_known);
    }
  }

  Value* recurrent(Value* x) {
    const int64_t n = features(x);
    Value* init = random_.below(2) ? b_->zeros(dtype_, {2, 3}) : weights({2, 3});
    auto body = [&](Builder& inner, const Builder::ScanBody& s) -> std::vector<Value*> {
      Value* h = inner.tanh(
          inner.add(inner.matmul(s.scanned[0], s.invariants[0]), inner.matmul(s.carried[0], s.invariants[1])));
      if (random_.below(4) == 0)
        h = inner.add(h, inner.cast(inner.remainder(s.step, inner.scalar(DType::i64, 3)), dtype_));
      return {h, h};
    };
    return b_->scan(x->type->shape[0], {init}, {x}, {weights({n, 3}), weights({3, 3})}, false, 1, body)[1];
  }

  /// Two values carried, as LSTM does.
  Value* gated(Value* x) {
    const int64_t n = features(x);
    auto body = [&](Builder& inner, const Builder::ScanBody& s) -> std::vector<Value*> {
      auto sum = [&](int gate) {
        return inner.add(inner.matmul(s.scanned[0], s.invariants[2 * gate]),
                         inner.matmul(s.carried[0], s.invariants[2 * gate + 1]));
      };
      Value* c = inner.add(inner.mul(inner.sigmoid(sum(0)), s.carried[1]),
                           inner.mul(inner.sigmoid(sum(1)), inner.tanh(sum(2))));
      Value* h = inner.mul(inner.sigmoid(sum(3)), inner.tanh(c));
      return {h, c, h};
    };
    std::vector<Value*> w;
    for (int gate = 0; gate < 4; ++gate) w.push_back(weights({n, 4})), w.push_back(weights({4, 4}));
    Value* init = weights({2, 4});
    return b_->scan(x->type->shape[0], {init, b_->zeros(dtype_, {2, 4})}, {x}, w, false, 1, body)[2];
  }

  Value* padded(Value* x, int64_t before, int64_t after, double fill) {
    return b_->pad(x, b_->scalar(dtype_, fill), {0, 0, before}, {0, 0, after});
  }

  Value* conv(Value* x, int64_t window, int64_t stride, int64_t dilation, int64_t channels) {
    const int64_t inputs = *x->type->shape[1].constant();
    return b_->one(Op::conv, {x, weights({channels, inputs, window})},
                   {{"strides", std::vector<int64_t>{stride}},
                    {"dilations", std::vector<int64_t>{dilation}},
                    {"groups", int64_t{1}}});
  }

  Value* causal(Value* x, int64_t dilation, int64_t channels) {
    Value* y = b_->transpose(x, {1, 2, 0});
    return b_->transpose(conv(padded(y, 2 * dilation, 0, 0), 3, 1, dilation, channels), {2, 0, 1});
  }

  Value* windows(Value* x, bool& ends_known) {
    const bool far = random_.below(4) == 0;
    const int64_t window = 1 + random_.below(4), dilation = far ? 5 + random_.below(3) : 1 + random_.below(2);
    const int64_t span = (window - 1) * dilation + 1, stride = random_.below(4) ? 1 : 1 + random_.below(3);
    const int64_t before = far                ? span - 1 + random_.below(2)
                           : random_.below(2) ? random_.below(static_cast<int>(span) + 2)
                                              : 0,
                  after = random_.below(3) ? 0 : random_.below(3);
    Value* y = b_->transpose(x, {1, 2, 0});
    const bool pool = random_.below(2);
    y = padded(y, before, after, random_.below(2) ? 0 : 0.5);
    if (random_.below(4) == 0) {
      y = b_->tanh(y);
      ends_known = ends_known && before == 0;
    }
    ends_known = ends_known && before < span && after == 0 && stride == 1;
    if (!pool) return b_->transpose(conv(y, window, stride, dilation, 3), {2, 0, 1});
    y = b_->one(Op::reduce_window, {y},
                {{"combine", std::string(random_.below(2) ? "sum" : "max")},
                 {"window", std::vector<int64_t>{1, 1, window}},
                 {"strides", std::vector<int64_t>{1, 1, stride}},
                 {"dilations", std::vector<int64_t>{1, 1, dilation}}});
    return b_->transpose(b_->tanh(y), {2, 0, 1});
  }

  Value* part(Value* x, bool& ends_known) {
    const Dim length = x->type->shape[0];
    const int64_t first = random_.below(3), cut = random_.below(3);
    if (!halved_ && random_.below(3) == 0) {  // every other frame
      ends_known = false;
      halved_ = true;  // once: a half's half has a size that dims do not show to be a quarter
      return b_->slice(x, {Dim(first), 0, 0},
                       {floor_div(length - Dim(first) - Dim(1), 2) + Dim(1), 2, x->type->shape[2]}, {2, 1, 1});
    }
    return b_->slice_axis(x, 0, first, length - Dim(first + cut));
  }

  /// Around a layer that may be late, and that keeps the length.
  Value* skip(Value* x, bool& ends_known) {
    const int64_t before = random_.below(4);
    Value* y = b_->transpose(x, {1, 2, 0});
    if (before < 3) ends_known = false;
    y = b_->transpose(conv(padded(y, before, 3 - before, 0), 4, 1, 1, features(x)), {2, 0, 1});
    return random_.below(2) ? b_->add(x, y) : b_->concat({y, x}, 2);
  }

  /// Time and batch share an axis for a while, as exporters of dense layers write it.
  Value* flat(Value* x) {
    Value* y = b_->reshape(x, {x->type->shape[0] * Dim(2), x->type->shape[2]});
    y = b_->tanh(b_->matmul(y, weights({features(x), 3})));
    return b_->reshape(y, {x->type->shape[0], 2, 3});
  }

  /// Frames that are known before the first one.
  Value* joined(Value* x, bool& ends_known) {
    const int64_t frames = 1 + (random_.below(3) ? random_.below(3) : 8 + random_.below(6));
    Value* y = b_->concat({weights({frames, 2, features(x)}), x}, 0);
    if (random_.below(2)) {
      ends_known = false;
      return y;
    }
    return b_->slice_axis(y, 0, 0, x->type->shape[0]);  // the same length: a delay
  }

  Value* at_end(Value* x) {
    const Dim length = x->type->shape[0];
    return b_->reduce(b_->slice_axis(x, 0, length - Dim(1), 1), "sum", {2});
  }

  Random random_;
  const Dim length_;
  const DType dtype_;
  Builder* b_ = nullptr;
  bool halved_ = false;
};

}  // namespace rondo::testing
