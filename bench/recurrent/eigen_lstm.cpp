// The LSTM on Eigen, in all its sizes.
#include "bench/recurrent/eigen_peer.h"

namespace rondo::benchmark {

std::unique_ptr<Peer> make_eigen_lstm(const Problem& problem) { return make_sized<EigenLstm>(problem); }

}  // namespace rondo::benchmark
