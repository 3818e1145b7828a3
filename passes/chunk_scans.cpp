// chunk_scans: a long scan becomes a scan over chunks of its steps, so that products hoisted from the steps are
// computed chunk by chunk: while the recurrence reads them they still lie in the cache, and their place does not grow
// with the sequence.
//
//   for t = 0 .. T-1 step(t)   =   for i = 0 .. floor(T/C)-1 { for j = 0 .. C-1 step(C i + j) }
//                                  for t = C floor(T/C) .. T-1 step(t)
//
// Where the weights of a step lie in the second cache and leave room there, that is 0 to 14 % faster (layers of 64 and
// 128 units, 1600 steps; most while others use the memory). Where they do not, each chunk reads the products' weights
// from afar, which costs what the results' short way gains: there, a scan is cut only so that its memory is bounded,
// and a chunk is long. A scan whose steps read so little again that two of them share the first cache stays whole, for
// merge_scans. A chunk that divides the steps is preferred, since the steps left over are code of their own.
// Tested by tests/passes/chunk_scans.test, chunk_scans_test.cpp and property_test.cpp.
#include <fmt/format.h>

#include "ir/cost.h"
#include "ir/measure.h"
#include "passes/hoist.h"
#include "passes/pass.h"
#include "passes/remarks.h"
#include "passes/scan_edit.h"

namespace rondo {
namespace {

constexpr int64_t kShares = 4;     // of the second cache; one is for what is hoisted from a chunk
constexpr int64_t kFarRows = 64;   // of a product whose weights come from afar
constexpr int64_t kFarTimes = 16;  // as much as the second cache holds may be hoisted from a scan with such products

/// Bytes of a step: what is hoisted from it, the weights that this takes along, and what it reads again without them.
struct StepBytes {
  int64_t hoisted = 0, weights = 0, kept = 0;
};

/// Nothing if that is not known, or if a product is with anything but a constant matrix: it would not stay in the
/// chunk.
std::optional<StepBytes> measure_step(const Scan& scan, const Hoistable& hoistable) {
  const std::optional<int64_t> all = bytes_of_step(scan);
  if (!all) return std::nullopt;
  StepBytes bytes;
  for (const Node* product : hoistable.products) {
    const Tensor* weights = product->op == Op::matmul ? tensor_of(product->operands[1]) : nullptr;
    if (!weights || weights->shape().size() != 2) return std::nullopt;
    bytes.weights += int64_t(weights->bytes().size());
  }
  bytes.kept = *all - bytes.weights;
  for (const Value* value : hoistable.frontier) {
    if (hoistable.dependences.at(value).varies == Varies::not_at_all) continue;
    const std::optional<int64_t> result = byte_count(*value->type);
    if (!result) return std::nullopt;
    bytes.hoisted += *result;
  }
  return bytes;
}

/// Steps that give the products so many rows.
int64_t steps_for(int64_t wanted, const Hoistable& hoistable) {
  int64_t rows = wanted;
  for (const Node* product : hoistable.products) rows = std::min(rows, rows_of(*product).lower_bound());
  return std::max<int64_t>(2, wanted / std::max<int64_t>(1, rows));
}

/// A chunk of about `wanted` steps and at least `least`: one that divides the steps, if there is any.
int64_t divide(const Dim& trip, int64_t wanted, int64_t least) {
  const std::optional<int64_t> steps = trip.constant();
  for (int64_t more = 0; steps && more <= wanted; ++more)
    for (int64_t chunk : {wanted - more / 2, wanted + more})
      if (chunk >= least && *steps % chunk == 0) return chunk;
  return wanted;
}

/// Steps of a chunk; nothing if the scan had better stay whole.
std::optional<int64_t> choose_chunk(const Scan& scan, const Hoistable& hoistable, const PassContext& context) {
  const std::optional<StepBytes> bytes = measure_step(scan, hoistable);
  if (!bytes || bytes->hoisted == 0) return std::nullopt;
  auto stays = [&](std::string why) {
    note(context, scan.node, "runs whole: " + std::move(why));
    return std::nullopt;
  };
  if (2 * bytes->kept <= context.target.l1_bytes)
    return stays(fmt::format("what a step reads again, {} bytes, is at most half of the first cache", bytes->kept));
  const int64_t room = context.target.l2_bytes / kShares;
  const bool near = bytes->weights + bytes->kept <= context.target.l2_bytes - room;
  const int64_t least = steps_for(near ? kManyRows : kFarRows, hoistable);
  const int64_t wanted = std::max(least, room / bytes->hoisted);
  const int64_t enough = near ? 2 * wanted : std::max(2 * wanted, kFarTimes * context.target.l2_bytes / bytes->hoisted);
  if (provably_le(scan.trip(), Dim(enough)))
    return stays(
        fmt::format("{} bytes are hoisted from each of {} steps, and its {} bytes of weights are {} the second cache",
                    bytes->hoisted, scan.trip().to_string(), bytes->weights + bytes->kept, near ? "in" : "beyond"));
  const int64_t chunk = divide(scan.trip(), wanted, least);
  note(context, scan.node,
       fmt::format("runs in chunks of {} steps, from each of which {} bytes are hoisted", chunk, bytes->hoisted));
  return chunk;
}

/// Takes a scan apart into one over chunks and one over the steps left over.
class Cutter {
 public:
  Cutter(Node& node, Builder& b, int64_t chunk)
      : scan_{node},
        b_(b),
        chunk_(chunk),
        chunks_(floor_div(scan_.trip(), Dim(chunk))),
        rest_(scan_.trip() - chunks_ * chunk) {}

  std::vector<Value*> run() {
    for (int i = 0; i < scan_.carried(); ++i) carried_.push_back(scan_.carried_init(i));
    for (int i = 0; i < scan_.invariants(); ++i) invariants_.push_back(scan_.invariant_operand(i));
    std::unique_ptr<Graph> again = rest_.is(0) ? nullptr : scan_.body().clone();
    std::vector<Value*> stacked = run_chunks();
    if (again) {
      const std::vector<Value*> last = run_rest(std::move(again));
      for (size_t i = 0; i < stacked.size(); ++i)
        stacked[i] = b_.concat(
            scan_.reverse_stacked(int(i)) ? std::vector{last[i], stacked[i]} : std::vector{stacked[i], last[i]}, 0);
    }
    std::vector<Value*> results = carried_;
    results.insert(results.end(), stacked.begin(), stacked.end());
    return results;
  }

 private:
  /// The part of a scanned sequence that `count` steps read, beginning with step `first`.
  Value* part(int i, const Dim& first, const Dim& count) {
    const Dim start = scan_.reverse_scanned(i) ? scan_.trip() - first - count : first;
    return b_.slice_axis(scan_.scanned_operand(i), 0, start, count);
  }

  static Shape with(std::initializer_list<Dim> front, const Shape& shape) {
    Shape result(front);
    result.insert(result.end(), shape.begin(), shape.end());
    return result;
  }

  Attributes attributes(Dim trip) const {
    Attributes result = scan_.node.attributes;
    result.set("trip", std::move(trip));
    return result;
  }

  /// Appends the scan; takes over what it carries, gives what it stacks.
  std::vector<Value*> append(Dim trip, const std::vector<Value*>& scanned, const std::vector<Value*>& invariants,
                             std::unique_ptr<Graph> body) {
    std::vector<Value*> operands = carried_;
    operands.insert(operands.end(), scanned.begin(), scanned.end());
    operands.insert(operands.end(), invariants.begin(), invariants.end());
    std::vector<std::unique_ptr<Graph>> regions;
    regions.push_back(std::move(body));
    std::vector<Value*> results = b_.node(Op::scan, std::move(operands), attributes(std::move(trip)),
                                          int(scan_.node.results.size()), std::move(regions));
    for (size_t i = 0; i < results.size(); ++i) results[i]->name = scan_.node.result(int(i))->name;
    const auto first_stacked = results.begin() + scan_.carried();
    carried_.assign(results.begin(), first_stacked);
    return {first_stacked, results.end()};
  }

  std::vector<Value*> run_chunks() {
    std::vector<Value*> scanned;
    for (int i = 0; i < scan_.scanned(); ++i) {
      const Value& slice = *scan_.scanned_param(i);
      scanned.push_back(b_.reshape(part(i, 0, chunks_ * chunk_), with({chunks_, chunk_}, slice.type->shape)));
    }
    std::vector<Shape> shapes;
    for (int i = 0; i < scan_.stacked(); ++i)
      shapes.push_back(with({chunks_ * chunk_}, scan_.stacked_output(i)->type->shape));
    std::vector<Value*> stacked = append(chunks_, scanned, invariants_, make_chunk(scanned));
    for (size_t i = 0; i < stacked.size(); ++i) stacked[i] = b_.reshape(stacked[i], shapes[i]);
    return stacked;
  }

  /// The region whose one work is the scan of a chunk's steps.
  std::unique_ptr<Graph> make_chunk(const std::vector<Value*>& scanned) {
    auto region = std::make_unique<Graph>(Level::core);
    Value* index = region->add_param(scan_.step_param()->type, scan_.step_param()->name);
    std::vector<Value*> arguments;
    auto pass = [&](Type type, const Value* like) {
      arguments.push_back(region->add_param(std::move(type), like->name));
    };
    for (int i = 0; i < scan_.carried(); ++i) pass(*scan_.carried_param(i)->type, scan_.carried_param(i));
    for (int i = 0; i < scan_.scanned(); ++i) {
      Type type = *scanned[i]->type;
      type.shape.erase(type.shape.begin());
      pass(std::move(type), scan_.scanned_param(i));
    }
    for (int i = 0; i < scan_.invariants(); ++i) pass(*scan_.invariant_param(i)->type, scan_.invariant_param(i));
    Builder inner(*region, &scan_.node);
    if (count_onwards(*scan_.node.regions[0]))
      arguments.push_back(inner.mul(index, inner.scalar(DType::i64, double(chunk_))));
    std::vector<std::unique_ptr<Graph>> body;
    body.push_back(std::move(scan_.node.regions[0]));
    region->outputs =
        inner.node(Op::scan, arguments, attributes(chunk_), int(scan_.node.results.size()), std::move(body));
    if (!inner.ok()) b_.fail(inner.status().errors()[0]);
    return region;
  }

  std::vector<Value*> run_rest(std::unique_ptr<Graph> body) {
    const Dim first = chunks_ * chunk_;
    std::vector<Value*> scanned;
    for (int i = 0; i < scan_.scanned(); ++i) scanned.push_back(part(i, first, rest_));
    std::vector<Value*> invariants = invariants_;
    if (count_onwards(*body)) invariants.push_back(b_.dim(first));
    return append(rest_, scanned, invariants, std::move(body));
  }

  /// A body that uses the number of its step gets a further invariant to count from. False if it does not use it.
  static bool count_onwards(Graph& body) {
    Value* step = body.params[0].get();
    if (count_uses(body)[step] == 0) return false;
    Value* first = body.add_param(step->type, "first");
    std::vector<std::unique_ptr<Node>> nodes = std::move(body.nodes);
    body.nodes.clear();
    Value* sum = Builder(body).add(first, first);
    for (auto& node : nodes) body.nodes.push_back(std::move(node));
    replace_uses(body, {{step, sum}});
    sum->producer->operands[1] = step;
    return true;
  }

  Scan scan_;
  Builder& b_;
  const int64_t chunk_;
  const Dim chunks_, rest_;
  std::vector<Value*> carried_, invariants_;
};

std::vector<Value*> cut(Node& node, Builder& b, const PassContext& context) {
  const Scan scan{node};
  if (is_measured(scan.trip()) || provably_le(scan.trip(), Dim(1))) return {};
  const Hoistable hoistable = find_hoistable(scan);
  if (hoistable.frontier.empty() || !reason_to_stay(hoistable, scan, context).empty()) return {};
  if (!measured_inside(scan.body()).empty()) return {};  // a symbol is measured in one place
  const std::optional<int64_t> chunk = choose_chunk(scan, hoistable, context);
  return chunk ? Cutter(node, b, *chunk).run() : std::vector<Value*>{};
}

}  // namespace

Result<bool> chunk_scans(Graph& graph, const PassContext& context) {
  if (context.target.small_code) return false;
  return Rewriter([&](Node& node, Builder& b, Rewriter&) -> std::vector<Value*> {
           return node.op == Op::scan ? cut(node, b, context) : std::vector<Value*>{};
         })
      .run(graph);
}

}  // namespace rondo
