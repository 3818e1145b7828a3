// Windows, Fourier transforms and determinants against NumPy's results, mel weights against the specification's.
#include "tests/passes/expand_model.h"

namespace rondo::testing {
namespace {

const int64_t kOne = 1;

Attributes with(const char* name, int64_t value) { return {{name, value}}; }

TEST_CASE("windows") {
  check_node(Op::HannWindow, 17, {whole({}, {5})}, with("periodic", 1), reals({5}, {0, 0.3454915, 0.9045085, 0.9045085, 0.3454915}));
  check_node(Op::HannWindow, 17, {whole({}, {5})}, with("periodic", 0), reals({5}, {0, 0.5, 1, 0.5, 0}));
  check_node(Op::HammingWindow, 17, {whole({}, {5})}, with("periodic", 1), reals({5}, {0.086956522, 0.40240529, 0.91281211, 0.91281211, 0.40240529}));
  check_node(Op::HammingWindow, 17, {whole({}, {5})}, with("periodic", 0), reals({5}, {0.086956522, 0.54347826, 1, 0.54347826, 0.086956522}));
  check_node(Op::BlackmanWindow, 17, {whole({}, {5})}, with("periodic", 1), reals({5}, {-1.3877788e-17, 0.20077014, 0.84922986, 0.84922986, 0.20077014}));
  check_node(Op::BlackmanWindow, 17, {whole({}, {5})}, with("periodic", 0), reals({5}, {-1.3877788e-17, 0.34, 1, 0.34, -1.3877788e-17}));
}

TEST_CASE("DFT: any length, both directions, one side") {
  const Tensor x = reals({1, 5, 1}, {1, 2, -1, 3, 0.5});
  check_node(Op::DFT, 17, {x}, {}, reals({1, 5, 2}, {5.5, 0, 0.1545085, 0.92455623, -0.4045085, -4.6859039, -0.4045085, 4.6859039, 0.1545085, -0.92455623}));
  check_node(Op::DFT, 20, {x, std::nullopt, whole({}, {1})}, with("onesided", 1), reals({1, 3, 2}, {5.5, 0, 0.1545085, 0.92455623, -0.4045085, -4.6859039}));
  check_node(Op::DFT, 17, {x}, with("inverse", 1), reals({1, 5, 2}, {1.1, 0, 0.030901699, -0.18491125, -0.080901699, 0.93718079, -0.080901699, -0.93718079, 0.030901699, 0.18491125}));
  check_node(Op::DFT, 17, {x, whole({}, {7})}, {}, reals({1, 7, 2}, {5.5, 0, -0.6838905, -1.6734444, 3.6381413, -0.42916086, -2.2042508, -4.0869187, -2.2042508, 4.0869187, 3.6381413, 0.42916086, -0.6838905, 1.6734444}));
  check_node(Op::DFT, 17, {x, whole({}, {3})}, {}, reals({1, 3, 2}, {2, 0, 0.5, -2.5980762, 0.5, 2.5980762}));
  const Tensor c = reals({1, 2, 3, 2}, {2, 0, 0, -2, -2, -2, 0, 3, -1, -1, 1, 0});
  check_node(Op::DFT, 17, {c}, {}, reals({1, 2, 3, 2}, {2, 3, -1, -3, -1, -2, 2, -3, 1, -1, -3, -2}));
  check_node(Op::DFT, 20, {c}, {}, reals({1, 2, 3, 2}, {0, -4, 3, 0.26794919, 3, 3.7320508, 0, 2, -0.8660254, 5.2320508, 0.8660254, 1.7679492}));
  check_node(Op::DFT, 20, {reals({1, 3, 2}, {5.5, 0, 0.1545085, 0.92455623, -0.4045085, -4.6859039}), whole({}, {5})}, {{"inverse", kOne}, {"onesided", kOne}}, x);
  CHECK(contains(errors_of(Op::DFT, 17, {c}, with("onesided", 1)), "complex"));
}

TEST_CASE("STFT") {
  const Tensor signal = reals({1, 10, 1}, {1, 2, -1, 3, 0.5, -2, 4, 1, 0, 2.5}), window = reals({4}, {0.5, 1, 1, 0.25});
  check_node(Op::STFT, 17, {signal, whole({}, {3}), window}, {}, reals({1, 3, 3, 2}, {2.25, 0, 1.5, -1.25, -3.25, 0, 1, 0, 3.5, 0.5, -2, 0, 3.625, 0, 2, -0.375, 0.375, 0}));
  check_node(Op::STFT, 17, {signal, whole({}, {2}), std::nullopt, whole({}, {4})}, with("onesided", 0), reals({1, 4, 4, 2}, {5, 0, 2, 1, -5, 0, 2, -1, 0.5, 0, -1.5, -5, -1.5, 0, -1.5, 5, 3.5, 0, -3.5, 3, 5.5, 0, -3.5, -3, 7.5, 0, 4, 1.5, 0.5, 0, 4, -1.5}));
  check_node(Op::STFT, 17, {reals({1, 6, 2}, {1, 0.5, 2, -2, -1, 4, 3, 1, 0.5, 0, -2, 2.5}), whole({}, {2}), window}, with("onesided", 0), reals({1, 2, 4, 2}, {2.25, 2.5, -0.75, -5, -3.25, 6, 3.75, -2.5, 2.5, 3.625, -0.625, -1.5, -2.5, 0.375, -1.375, 5.5}));
  CHECK(contains(errors_of(Op::STFT, 17, {signal, whole({}, {3})}), "window or the frames' length"));
}

TEST_CASE("MelWeightMatrix") {
  check_node(Op::MelWeightMatrix, 17,
             {whole({}, {8}, DType::i32), whole({}, {16}, DType::i32), whole({}, {8192}, DType::i32), reals({}, {0}),
              reals({}, {4096})},
             {}, reals({9, 8}, {1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_CASE("Det") {
  check_node(Op::Det, 11, {reals({2, 4, 4}, {3, 3, 1, -3, -2, -2, 4, -3, 1, 4, 0, -4, -2, 1, 1, -4, 0, -3, -3, -4, 2, 4, 4, 0, 1, -4, -1, 3, 0, -2, -3, -3})}, {}, reals({2}, {36, 60}));
  check_node(Op::Det, 11, {reals({2, 2}, {1, 2, 2, 4})}, {}, reals({}, {0}));
  check_node(Op::Det, 11, {reals({2, 2}, {0, 1, 1, 0})}, {}, reals({}, {-1}));
  check_node(Op::Det, 11, {reals({1, 1}, {7})}, {}, reals({}, {7}));
}

}  // namespace
}  // namespace rondo::testing
