// The rows of the recurrent benchmark (see row.h).
#include "bench/recurrent/row.h"

#include <fmt/format.h>

namespace rondo::benchmark {
namespace {

const char* word(Cell cell) { return cell == Cell::lstm ? "LSTM" : cell == Cell::gru ? "GRU" : "RNN"; }

constexpr int kStepSizes[] = {8, 16, 20, 32, 40, 64, 128, 256, 512, 1024};
constexpr int kSizes[] = {8, 16, 32, 64, 128, 256, 512, 1024};
constexpr int kBatchSizes[] = {64, 256, 512, 1024};
constexpr Cell kCells[] = {Cell::lstm, Cell::gru, Cell::rnn};

}  // namespace

int gate_count(Cell cell) { return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1; }

std::string name_of(const Row& row) {
  std::string name = fmt::format("{} {} ", word(row.cell), row.hidden);
  name += row.keeps_state ? "step" : fmt::format("T={}", row.steps);
  if (row.batch > 1) name += fmt::format(" B={}", row.batch);
  if (row.layers > 1) name += fmt::format(" {}-layer", row.layers);
  if (row.directions > 1) name += " bidirectional";
  if (row.threads > 1) name += fmt::format(" {} threads", row.threads);
  return name;
}

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (Cell cell : kCells)
    for (int hidden : kStepSizes) rows.push_back({.cell = cell, .hidden = hidden, .keeps_state = true});
  for (Cell cell : kCells)
    for (int hidden : kSizes) rows.push_back({.cell = cell, .hidden = hidden, .steps = 100});
  rows.push_back({.hidden = 256, .steps = 100, .layers = 2});
  rows.push_back({.hidden = 128, .steps = 100, .directions = 2});
  for (int batch : {8, 32})
    for (Cell cell : kCells)
      for (int hidden : kBatchSizes) rows.push_back({.cell = cell, .hidden = hidden, .steps = 50, .batch = batch});
  rows.push_back({.hidden = 512, .steps = 50, .batch = 32, .threads = 2});
  rows.push_back({.hidden = 256, .steps = 100, .directions = 2, .threads = 2});
  return rows;
}

std::vector<Row> rows_matching(const std::string& texts) {
  std::vector<Row> chosen;
  for (const Row& row : all_rows()) {
    const std::string name = name_of(row);
    bool wanted = texts.empty();
    for (size_t at = 0, end; at < texts.size(); at = end + 1) {
      end = std::min(texts.find(',', at), texts.size());
      wanted = wanted || name.find(texts.substr(at, end - at)) != std::string::npos;
    }
    if (wanted) chosen.push_back(row);
  }
  return chosen;
}

int64_t recurrent_bytes(const Row& row) { return int64_t{4} * gate_count(row.cell) * row.hidden * row.hidden; }

double recurrent_flops(const Row& row) { return 2.0 * gate_count(row.cell) * row.hidden * row.hidden * row.batch; }

}  // namespace rondo::benchmark
