// Peer: one implementation of a row, ready to be called again and again. What is timed is call() alone.
#pragma once

#include <functional>
#include <memory>

#include "bench/recurrent/problem.h"
#include "support/result.h"

namespace rondo {
class Ort;
}

namespace rondo::benchmark {

class Peer {
 public:
  virtual ~Peer() = default;
  /// Where the next call reads its input [steps, batch, hidden].
  virtual float* input() = 0;
  /// The state of a step row becomes zero; other rows have none.
  virtual void reset() = 0;
  virtual void call() = 0;
  /// Of the last call: [steps, directions, batch, hidden]; in a step row the hidden state [batch, hidden].
  virtual std::vector<float> output() const = 0;
};

using PeerResult = Result<std::unique_ptr<Peer>>;

/// What stands in a column: a name, the rows it takes part in, and how it is made.
struct PeerKind {
  std::string name;
  std::function<bool(const Row&)> applies;
  std::function<PeerResult(const Problem&)> make;
};

PeerKind ort_kind(const Ort& ort);
PeerKind onednn_kind();
PeerKind eigen_kind();
PeerKind naive_kind();
std::string onednn_version();
std::string eigen_version();

}  // namespace rondo::benchmark
