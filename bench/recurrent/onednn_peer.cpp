// oneDNN as a peer: its recurrent primitives with weights in the layout they choose, called through prepared argument
// lists; a step row has two lists whose states swap. dnnl.hpp and its exceptions stay in this file.
#include <dnnl.hpp>

#include "bench/recurrent/aligned.h"
#include "bench/recurrent/peer.h"

namespace rondo::benchmark {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

/// oneDNN's gate g is ONNX's gate order[g].
std::vector<int> gate_order(Cell cell) {
  if (cell == Cell::lstm) return {0, 2, 3, 1};  // i f c o, of i o f c
  if (cell == Cell::gru) return {0, 1, 2};
  return {0};
}

memory::desc describe(const memory::dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }

/// The shapes of a row as oneDNN declares them: layers, directions, gates, steps, batch, channels.
struct Shapes {
  memory::desc src, dst, src_state, dst_state, src_memory, dst_memory, input_weights, recurrent_weights, bias;

  explicit Shapes(const Row& row) {
    const memory::dim t = row.steps, n = row.batch, l = row.layers, d = row.directions, h = row.hidden,
                      g = gate_count(row.cell), biases = row.cell == Cell::gru ? g + 1 : g;
    src = describe({t, n, h}, Tag::tnc);
    dst = describe({t, n, d * h}, Tag::tnc);
    input_weights = describe({l, d, h, g, h}, Tag::any);
    recurrent_weights = describe({l, d, h, g, h}, Tag::any);
    bias = describe({l, d, biases, h}, Tag::ldgo);
    if (!row.keeps_state) return;
    src_state = dst_state = describe({l, d, n, h}, Tag::ldnc);
    if (row.cell == Cell::lstm) src_memory = dst_memory = src_state;
  }
};

struct Made {
  dnnl::primitive primitive;
  memory::desc input_weights, recurrent_weights;
};

template <class Forward>
Made finish(const typename Forward::desc& desc, const dnnl::engine& engine) {
  typename Forward::primitive_desc primitive(desc, engine);
  return {Forward(primitive), primitive.weights_layer_desc(), primitive.weights_iter_desc()};
}

Made make_primitive(const Row& row, const Shapes& s, const dnnl::engine& engine) {
  constexpr auto kInference = dnnl::prop_kind::forward_inference;
  const auto direction =
      row.directions == 2 ? dnnl::rnn_direction::bidirectional_concat : dnnl::rnn_direction::unidirectional_left2right;
  if (row.cell == Cell::lstm)
    return finish<dnnl::lstm_forward>({kInference, direction, s.src, s.src_state, s.src_memory, s.input_weights,
                                       s.recurrent_weights, s.bias, s.dst, s.dst_state, s.dst_memory},
                                      engine);
  if (row.cell == Cell::gru)
    return finish<dnnl::lbr_gru_forward>(
        {kInference, direction, s.src, s.src_state, s.input_weights, s.recurrent_weights, s.bias, s.dst, s.dst_state},
        engine);
  return finish<dnnl::vanilla_rnn_forward>({kInference, dnnl::algorithm::eltwise_tanh, direction, s.src, s.src_state,
                                            s.input_weights, s.recurrent_weights, s.bias, s.dst, s.dst_state},
                                           engine);
}

/// All cells' matrices with the gates in oneDNN's order, [cell][gate][out][in].
std::vector<float> reordered(const Problem& problem, std::vector<float> CellWeights::*matrix) {
  const size_t block = size_t(problem.row.hidden) * problem.row.hidden;
  std::vector<float> all;
  for (const CellWeights& cell : problem.cells)
    for (int gate : gate_order(problem.row.cell)) {
      auto start = (cell.*matrix).begin() + static_cast<std::ptrdiff_t>(gate * block);
      all.insert(all.end(), start, start + static_cast<std::ptrdiff_t>(block));
    }
  return all;
}

/// [cell][gate][out]: the sum of both biases, but a GRU's recurrent one of the candidate is a fourth gate.
std::vector<float> biases(const Problem& problem) {
  const int h = problem.row.hidden, gates = gate_count(problem.row.cell);
  std::vector<float> all;
  for (const CellWeights& cell : problem.cells) {
    const float *wb = cell.bias.data(), *rb = wb + gates * h;
    for (int gate : gate_order(problem.row.cell)) {
      const bool apart = problem.row.cell == Cell::gru && gate == 2;
      for (int j = 0; j < h; ++j) all.push_back(wb[gate * h + j] + (apart ? 0 : rb[gate * h + j]));
    }
    if (problem.row.cell == Cell::gru) all.insert(all.end(), rb + 2 * h, rb + 3 * h);
  }
  return all;
}

class OneDnnPeer : public Peer {
 public:
  explicit OneDnnPeer(const Problem& problem)
      : row_(problem.row), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    const Shapes shapes(row_);
    Made made = make_primitive(row_, shapes, engine_);
    primitive_ = made.primitive;
    x_ = filled(shapes.src, problem.input);
    y_ = memory(shapes.dst, engine_);
    input_weights_ = packed(made.input_weights, reordered(problem, &CellWeights::input));
    recurrent_weights_ = packed(made.recurrent_weights, reordered(problem, &CellWeights::recurrent));
    bias_ = filled(shapes.bias, biases(problem));
    for (int i : {0, 1}) {
      if (row_.keeps_state) h_[i] = memory(shapes.src_state, engine_);
      if (has_memory()) c_[i] = memory(shapes.src_memory, engine_);
    }
    reset();
    for (int turn : {0, 1}) arguments_[turn] = arguments(turn);
  }

  float* input() override { return static_cast<float*>(x_.get_data_handle()); }
  void reset() override {
    for (int i : {0, 1}) {
      if (row_.keeps_state) std::memset(h_[i].get_data_handle(), 0, h_[i].get_desc().get_size());
      if (has_memory()) std::memset(c_[i].get_data_handle(), 0, c_[i].get_desc().get_size());
    }
  }
  void call() override {
    const std::vector<dnnl_exec_arg_t>& list = arguments_[turn_];
    failed_ = failed_ || dnnl_primitive_execute(primitive_.get(), stream_.get(), static_cast<int>(list.size()),
                                                list.data()) != dnnl_success;
    turn_ ^= static_cast<int>(row_.keeps_state);
  }
  /// [steps, batch, directions * hidden] becomes [steps, directions, batch, hidden].
  std::vector<float> output() const override {
    if (failed_) return {};
    const auto* y = static_cast<const float*>(y_.get_data_handle());
    std::vector<float> all;
    for (int t = 0; t < row_.steps; ++t)
      for (int d = 0; d < row_.directions; ++d)
        for (int b = 0; b < row_.batch; ++b) {
          const float* start = y + ((size_t(t) * row_.batch + b) * row_.directions + d) * row_.hidden;
          all.insert(all.end(), start, start + row_.hidden);
        }
    return all;
  }

 private:
  bool has_memory() const { return row_.keeps_state && row_.cell == Cell::lstm; }

  memory filled(const memory::desc& desc, const std::vector<float>& values) {
    memory result(desc, engine_);
    std::memcpy(result.get_data_handle(), values.data(), values.size() * sizeof(float));
    return result;
  }
  memory packed(const memory::desc& desc, const std::vector<float>& values) {
    const int g = gate_count(row_.cell);
    memory plain = filled(describe({row_.layers, row_.directions, row_.hidden, g, row_.hidden}, Tag::ldgoi), values);
    memory result(desc, engine_);
    dnnl::reorder(plain, result).execute(stream_, plain, result);
    stream_.wait();
    return result;
  }
  std::vector<dnnl_exec_arg_t> arguments(int turn) {
    std::vector<dnnl_exec_arg_t> list{{DNNL_ARG_SRC_LAYER, x_.get()},
                                      {DNNL_ARG_DST_LAYER, y_.get()},
                                      {DNNL_ARG_WEIGHTS_LAYER, input_weights_.get()},
                                      {DNNL_ARG_WEIGHTS_ITER, recurrent_weights_.get()},
                                      {DNNL_ARG_BIAS, bias_.get()}};
    if (row_.keeps_state) {
      list.push_back({DNNL_ARG_SRC_ITER, h_[turn].get()});
      list.push_back({DNNL_ARG_DST_ITER, h_[1 - turn].get()});
    }
    if (has_memory()) {
      list.push_back({DNNL_ARG_SRC_ITER_C, c_[turn].get()});
      list.push_back({DNNL_ARG_DST_ITER_C, c_[1 - turn].get()});
    }
    return list;
  }

  Row row_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  memory x_, y_, input_weights_, recurrent_weights_, bias_, h_[2], c_[2];
  std::vector<dnnl_exec_arg_t> arguments_[2];
  int turn_ = 0;
  bool failed_ = false;
};

PeerResult make(const Problem& problem) {
  try {
    return std::unique_ptr<Peer>(new OneDnnPeer(problem));
  } catch (const dnnl::error& error) {
    return invalid(std::string("oneDNN: ") + error.what());
  }
}

}  // namespace

std::string onednn_version() {
  const dnnl_version_t* version = dnnl_version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->patch);
}

PeerKind onednn_kind() {
  return {"oneDNN", [](const Row&) { return true; }, make};
}

}  // namespace rondo::benchmark
