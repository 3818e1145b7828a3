// The rows of the recurrent benchmark: which cell, which sizes, and how much work one time step is.
// Entry: all_rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rondo::benchmark {

enum class Cell { lstm, gru, rnn };

/// One measurement. The input is as wide as the hidden state; everything is float32.
struct Row {
  Cell cell = Cell::lstm;
  int hidden = 0;
  int steps = 1;  // time steps in one call
  int batch = 1;
  int layers = 1;
  int directions = 1;
  int threads = 1;
  bool keeps_state = false;  // one step a call, the state fed back: a "step" row
};

int gate_count(Cell cell);
/// "LSTM 64 step", "GRU 256 T=50 B=8", "LSTM 128 T=100 bidirectional"
std::string name_of(const Row& row);
std::vector<Row> all_rows();
/// The rows whose name contains one of the comma-separated texts; all rows if there is none.
std::vector<Row> rows_matching(const std::string& texts);

/// Bytes of the recurrent weights of one layer and direction; those of the input are as many.
int64_t recurrent_bytes(const Row& row);
/// Floating-point operations of the recurrent products in a time step of one layer and direction, all sequences; those
/// of the input products are as many.
double recurrent_flops(const Row& row);

}  // namespace rondo::benchmark
