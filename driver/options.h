// What the command line asks for, one struct per command. command_line.cpp fills them in; every other file of the
// driver reads them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "codegen/codegen.h"
#include "passes/pipeline.h"

namespace rondo {

class Stages;

using NamePair = std::pair<std::string, std::string>;

/// How a model becomes code: the options that compile, run, verify, inspect and bench share.
struct ModelOptions {
  std::string model;  // path
  TargetSpec target;
  std::string name;                     // symbol prefix; empty: the model file's stem
  std::map<std::string, int64_t> dims;  // --dim
  std::vector<NamePair> states;         // --state: input, output
  std::optional<std::vector<std::string>> stream;  // --stream: what is time, DIM or INPUT:AXIS; empty: it is found
  int64_t streams = 0;                  // --streams: that one call moves on; 0: one, without an axis for it
  std::string ragged;                   // --ragged: zero or carry; empty: as the model says, which in ONNX is zero
  std::vector<NamePair> constants;      // --const: input, value or FILE.npy
  Unroll unroll = Unroll::by_cost;
  std::vector<std::string> without;  // passes left out
  bool fast_math = false;            // --math=fast
  DType weights = DType::f32;        // how float32 weights are stored: f32, f16, bf16
  std::string tuning;                // --tuning: the file; empty: none
  Stages* stages = nullptr;          // told what runs; null: nobody is
  std::string weights_section;   // the read-only weights' section; empty: the target's own
  bool external_weights = false;  // the object holds none: the caller brings them, perhaps another model's
  int threads = 1;  // that calls of the model use: run, verify and bench
};

struct CompileOptions {
  ModelOptions model;
  bool debug = false;  // -g
  bool tune = false;
  double tune_seconds = 5;
  std::string save_tuning;  // the file to write; empty: none
  std::string output;
  std::string emit;  // so, o, a, ll, s; empty: the output's ending
  std::string report;  // the file to write, as JSON if it ends in .json; "-": stdout; empty: none
};

struct WeightsOptions {
  ModelOptions model;
  std::string output;
};

struct RunOptions {
  ModelOptions model;
  std::vector<NamePair> inputs, outputs;  // name, file
  bool steps = false;                     // files have a leading axis of steps
};

struct VerifyOptions {
  ModelOptions model;
  std::vector<std::string> data;
  std::optional<double> relative, absolute;
  std::string runner;   // qemu, or a command; empty: this machine
  std::string outputs;  // the folder in which what was computed is written; empty: none
};

struct InspectOptions {
  ModelOptions model;
  std::string level;  // model, core, plan; empty: core, or, on a page, where it begins
  std::string format = "text";  // text, dot, html
  std::string after;  // a pass
  bool after_all = false;
  std::string diff;   // a pass
  bool explain = false;
  bool full_weights = false;
  std::string output;  // empty: stdout
};

struct BenchOptions {
  ModelOptions model;
  std::vector<NamePair> inputs;
  double seconds = 1;
  bool json = false;
  std::string compare;  // what an earlier run wrote with --json; empty: none
  std::string ort;      // --vs-ort: the library; empty: none
};

// The commands; each is the one entry of the file of its name.
Status compile(const CompileOptions& options);
Status weights(const WeightsOptions& options);
Status run(const RunOptions& options);
Status verify(const VerifyOptions& options);
Status inspect(const InspectOptions& options);
Status bench(const BenchOptions& options);
Status list_targets();

}  // namespace rondo
