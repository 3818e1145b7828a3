// The GRU on Eigen, in all its sizes; and the column of both cells.
#include "bench/recurrent/eigen_peer.h"

namespace rondo::benchmark {

std::unique_ptr<Peer> make_eigen_gru(const Problem& problem) { return make_sized<EigenGru>(problem); }

std::string eigen_version() {
  return std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
         std::to_string(EIGEN_MINOR_VERSION);
}

PeerKind eigen_kind() {
  auto applies = [](const Row& row) {
    return row.cell != Cell::rnn && row.batch == 1 && row.hidden <= kLargestEigen && row.layers == 1 &&
           row.directions == 1 && row.threads == 1;
  };
  auto make = [](const Problem& problem) -> PeerResult {
    auto peer = problem.row.cell == Cell::lstm ? make_eigen_lstm(problem) : make_eigen_gru(problem);
    if (!peer) return invalid("this size is not compiled in");
    return peer;
  };
  return {"Eigen", applies, make};
}

}  // namespace rondo::benchmark
