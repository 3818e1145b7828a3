// See model_report.h. A layer is known by the place in the model's file that its kernels name.
#include "driver/model_report.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "ir/cost.h"

namespace rondo {
namespace {

std::set<int> buffers_of(const Kernel& kernel) {
  std::set<int> buffers;
  for (const Instr& instr : kernel.body)
    if (instr.kind == Instr::Kind::load) buffers.insert(instr.buffer);
  for (const Store& store : kernel.stores) buffers.insert(store.buffer);
  return buffers;
}

LayerReport& layer_at(std::vector<LayerReport>& layers, const std::string& place) {
  auto found = std::find_if(layers.begin(), layers.end(), [&](const auto& layer) { return layer.place == place; });
  return found != layers.end() ? *found : layers.emplace_back(LayerReport{place});
}

void add_buffer(LayerReport& layer, const Buffer& buffer) {
  const Dim bytes = buffer.count * Dim(byte_size(buffer.dtype));
  switch (buffer.kind) {
    case Buffer::Kind::constant: layer.constant_bytes += bytes; break;
    case Buffer::Kind::state:
    case Buffer::Kind::turn: layer.state_bytes += bytes; break;
    case Buffer::Kind::scratch: layer.scratch_bytes += bytes; break;
    case Buffer::Kind::input:
    case Buffer::Kind::output:
    case Buffer::Kind::measured:
    case Buffer::Kind::granted: break;
  }
}

void add_code(LayerReport& layer, const KernelFacts& kernel) {
  layer.code_bytes += kernel.code_bytes;
  layer.stack_bytes =
      kernel.stack_bytes < 0 || layer.stack_bytes < 0 ? -1 : std::max(layer.stack_bytes, kernel.stack_bytes);
  std::vector<std::string> both;
  std::set_union(layer.undefined.begin(), layer.undefined.end(), kernel.undefined.begin(), kernel.undefined.end(),
                 std::back_inserter(both));
  layer.undefined = std::move(both);
  layer.classes.resize(kernel.classes.size());
  for (size_t i = 0; i < kernel.classes.size(); ++i) layer.classes[i] += kernel.classes[i];
}

}  // namespace

ModelReport model_report(const Plan& plan, const Target& target, Audit audit, bool external_constants) {
  ModelReport report{plan.name, target.spec().triple, target.spec().cpu, target.spec().features, plan.symbols};
  std::map<std::string, std::set<int>> buffers;  // by place
  std::map<std::pair<const Choice*, std::string>, std::array<Dim, 2>> chosen;  // multiply-adds of both parts, by place
  size_t number = 0;
  for (const PlacedCost& placed : costs_of(plan)) {
    LayerReport& layer = layer_at(report.layers, placed.kernel->place);
    if (audit.kernels.empty())
      layer.code_bytes = layer.stack_bytes = -1;
    else
      add_code(layer, audit.kernels[number++]);
    layer.kernels.push_back(placed.kernel->name);
    const Dim multiply_adds = placed.cost.runs * placed.cost.multiply_adds;
    if (placed.choice)
      chosen[{placed.choice, layer.place}][placed.otherwise] += multiply_adds;
    else
      layer.multiply_adds += multiply_adds;
    buffers[layer.place].merge(buffers_of(*placed.kernel));
  }
  for (const auto& [which, parts] : chosen) layer_at(report.layers, which.second).multiply_adds += max(parts[0], parts[1]);
  for (const LayerReport& layer : report.layers) report.multiply_adds += layer.multiply_adds;
  for (LayerReport& layer : report.layers)
    for (int buffer : buffers.at(layer.place)) add_buffer(layer, plan.buffers[buffer]);
  report.constant_bytes = weight_bytes(plan);
  report.state_bytes = plan.state_bytes;
  report.scratch_bytes = plan.scratch_bytes;
  report.audit = std::move(audit);
  if (!external_constants) report.audit.read_only_bytes -= report.constant_bytes;
  return report;
}

}  // namespace rondo
