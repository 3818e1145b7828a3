// Calling what the rondo program compiled (see rondo_peer.h).
#include "bench/recurrent/rondo_peer.h"

#include <algorithm>
#include <fstream>

#include "bench/recurrent/aligned.h"
#include "rondo_loader.h"
#include "rondo_pool.h"

namespace rondo::benchmark {
namespace {

struct Close {
  void operator()(rondo_library* library) const {
    rondo_close(library);
    delete library;
  }
};

struct EndPool {
  void operator()(rondo_pool* pool) const { rondo_pool_destroy(pool); }
};

class RondoPeer : public Peer {
 public:
  static PeerResult make(const CompiledModel& compiled, const Problem& problem, int threads) {
    std::unique_ptr<rondo_library, Close> library(new rondo_library{});
    char reason[256];
    if (!rondo_open(library.get(), compiled.library.c_str(), kPrefix, reason, sizeof reason)) return invalid(reason);
    const rondo_model& m = *library->model;
    const Row& row = problem.row;
    const int states = row.keeps_state ? (row.cell == Cell::lstm ? 2 : 1) : 0;
    if (m.input_count != 1 || m.output_count != (states ? 0 : 1) || m.state_count != states || m.dim_count != 0)
      return invalid("the compiled model has other inputs, outputs or states than its row");
    std::unique_ptr<RondoPeer> peer(new RondoPeer(problem, std::move(library)));
    if (threads > 1 && !peer->add_pool(threads)) return invalid("the pool's threads are not to be had");
    peer->call();
    if (peer->status_ != RONDO_OK) return invalid("the compiled model's call fails");
    return std::unique_ptr<Peer>(std::move(peer));
  }
  float* input() override { return x_.data(); }
  void reset() override {
    if (row_.keeps_state) (void)model().reset(state_.data(), nullptr);
  }
  void call() override { status_ = model().call(&call_); }
  std::vector<float> output() const override {
    if (!row_.keeps_state) return y_.copy();
    const float* h = state_.data() + hidden_offset_ / static_cast<int64_t>(sizeof(float));
    return {h, h + size_t(row_.batch) * row_.hidden};
  }

 private:
  RondoPeer(const Problem& problem, std::unique_ptr<rondo_library, Close> library)
      : row_(problem.row), library_(std::move(library)), x_(problem.input) {
    const rondo_model& m = model();
    y_ = Floats(row_.keeps_state ? 0 : x_.size() * row_.directions);
    scratch_ = Floats(static_cast<size_t>(m.scratch_size(nullptr)) / sizeof(float) + 1);
    if (row_.keeps_state) {
      state_ = Floats(static_cast<size_t>(m.state_size(nullptr)) / sizeof(float) + 1);
      (void)m.reset(state_.data(), nullptr);
      std::vector<int64_t> offsets(static_cast<size_t>(m.state_count));
      (void)m.state_offsets(nullptr, offsets.data());
      for (int i = 0; i < m.state_count; ++i)
        if (std::string(m.states[i].name) == "h") hidden_offset_ = offsets[static_cast<size_t>(i)];
    }
    inputs_[0] = x_.data(), outputs_[0] = y_.data();
    call_ = {inputs_, outputs_, nullptr, row_.keeps_state ? state_.data() : nullptr, scratch_.data(), nullptr,
             nullptr};
  }
  const rondo_model& model() const { return *library_->model; }
  bool add_pool(int threads) {
    pool_.reset(rondo_pool_create(threads));
    if (pool_) call_.parallel = rondo_pool_parallel(pool_.get());
    return pool_ != nullptr;
  }

  Row row_;
  std::unique_ptr<rondo_library, Close> library_;
  std::unique_ptr<rondo_pool, EndPool> pool_;
  Floats x_, y_, state_, scratch_;
  int64_t hidden_offset_ = 0;
  const void* inputs_[1];
  void* outputs_[1];
  rondo_call call_{};
  rondo_status status_ = RONDO_OK;
};

}  // namespace

Result<CompiledModel> compile_row(const RondoOptions& options, const Problem& problem) {
  std::string name = name_of(problem.row);
  std::replace(name.begin(), name.end(), ' ', '_');
  std::replace(name.begin(), name.end(), '=', '_');
  std::vector<std::string> states;
  if (problem.row.keeps_state) states.push_back("--state=h=hn");
  if (problem.row.keeps_state && problem.row.cell == Cell::lstm) states.push_back("--state=c=cn");
  const std::string model = options.folder + "/" + name + ".onnx";
  if (!(std::ofstream(model, std::ios::binary) << onnx_model(problem))) return invalid("cannot write '" + model + "'");
  return compile_model(options, model, name, states);
}

PeerResult open_compiled(const CompiledModel& compiled, const Problem& problem, int threads) {
  return RondoPeer::make(compiled, problem, threads);
}

}  // namespace rondo::benchmark
