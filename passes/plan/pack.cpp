// Packing: the constants that a reduction reads are laid out in the order in which its tiles read them,
//
//   [other axes][panel of the vector axis][axes of the nest][operand][lane of the panel]
//
// for each reduction nest, so that a kernel reads them strictly forward, all operands (the gates of a cell) of a block side
// by side. A panel is one tile wide, and the last one is filled up with zeros; where that would be much, a panel is one
// vector wide, and a tile reads several: lines of zeros that are never read, between lines that are, would leave a part
// of the first cache's sets without use. Kernels that read the same constants in the same order share one packed copy.
// Tested by plan_test.cpp.
#include <fmt/format.h>

#include "passes/plan/lowering.h"

namespace rondo {
namespace {

struct Layout {
  std::vector<Axis> outer, reduction;  // the axes that the operands vary along, besides the vector axis
  Axis along;
  int64_t panel = 0, panels = 0, operands = 0;

  int64_t reduction_count() const { return count(reduction); }
  int64_t panel_stride() const { return reduction_count() * operands * panel; }
  int64_t total() const { return count(outer) * panels * panel_stride(); }

  static int64_t count(const std::vector<Axis>& axes) {
    int64_t product = 1;
    for (const Axis& axis : axes) product *= *axis.extent.constant();
    return product;
  }
};

class Packer {
 public:
  explicit Packer(Plan& plan) : plan_(plan) {}

  void pack(Kernel& kernel) {
    const Schedule& schedule = kernel.schedule;
    const Axis* along = nullptr;
    for (const Axis& axis : kernel.parallel)
      if (axis.var == schedule.vector_axis) along = &axis;
    if (!along || !along->extent.constant()) return;
    for (size_t nest = 0; nest < kernel.reductions.size(); ++nest) pack_nest(kernel, *along, static_cast<int>(nest));
  }

 private:
  void pack_nest(Kernel& kernel, const Axis& along, int nest) {
    const Schedule& schedule = kernel.schedule;
    std::vector<Instr*> loads;
    for (Instr& instr : kernel.body)
      if (packable(kernel, instr, along.var, nest)) loads.push_back(&instr);
    if (loads.empty()) return;

    Layout layout;
    layout.along = along;
    layout.panel = panel_of(schedule, *along.extent.constant());
    layout.panels = parts(*along.extent.constant(), layout.panel);
    layout.operands = static_cast<int64_t>(loads.size());
    for (const Axis& axis : kernel.parallel)
      if (axis.var != along.var && any_depends(loads, axis.var)) layout.outer.push_back(axis);
    for (const Axis& axis : kernel.reductions[nest])
      if (any_depends(loads, axis.var)) layout.reduction.push_back(axis);
    if (too_large(layout, loads)) return;
    rewrite(layout, loads, packed_buffer(layout, loads));
  }

  static int64_t parts(int64_t extent, int64_t part) { return (extent + part - 1) / part; }

  /// One tile, or, where the last panel would be much larger than what is left for it, one vector.
  static int64_t panel_of(const Schedule& schedule, int64_t extent) {
    const int64_t lanes = schedule.lanes, tile = lanes * schedule.vectors;
    return 10 * parts(extent, tile) * tile > 11 * parts(extent, lanes) * lanes ? lanes : tile;
  }

  static bool any_depends(const std::vector<Instr*>& loads, int var) {
    for (const Instr* load : loads)
      if (!coefficient(load->index, var).is(0)) return true;
    return false;
  }

  /// A constant whose place varies along the lanes and inside this nest, by known strides.
  bool packable(const Kernel& kernel, const Instr& instr, int along, int nest) const {
    if (instr.kind != Instr::Kind::load || !instr.indirect.empty()) return false;
    if (plan_.buffers[instr.buffer].kind != Buffer::Kind::constant || coefficient(instr.index, along).is(0)) return false;
    bool reduced = false;
    for (const IndexTerm& term : instr.index.terms) {
      const Axis* axis = nullptr;
      for_each_axis(kernel, [&](const Axis& candidate) {
        if (candidate.var == term.var) axis = &candidate;
      });
      reduced |= nest_of(kernel, term.var) == nest;
      if (!axis || !axis->extent.constant() || !term.coefficient.constant() || term.panel != 0) return false;
    }
    return reduced && instr.index.constant.constant();
  }

  // A layout that repeats elements (a convolution's overlapping windows, say) may not grow without bound.
  bool too_large(const Layout& layout, const std::vector<Instr*>& loads) const {
    std::set<int> sources;
    int64_t source_elements = 0;
    for (const Instr* load : loads)
      if (sources.insert(load->buffer).second) source_elements += plan_.buffers[load->buffer].value.count();
    double total = static_cast<double>(layout.panels) * layout.panel * layout.operands;
    for (const auto* axes : {&layout.outer, &layout.reduction})
      for (const Axis& axis : *axes) total *= static_cast<double>(*axis.extent.constant());
    return total > 4.0 * static_cast<double>(source_elements) + 65536;
  }

  int packed_buffer(const Layout& layout, const std::vector<Instr*>& loads) {
    std::string key = fmt::format("{} {}", layout.panel, layout.along.extent.to_string());
    auto describe = [&](const Axis& axis) {
      key += fmt::format(" x{}", axis.extent.to_string());
      for (const Instr* load : loads) key += " " + coefficient(load->index, axis.var).to_string();
    };
    for (const Axis& axis : layout.outer) describe(axis);
    describe(layout.along);
    for (const Axis& axis : layout.reduction) describe(axis);
    for (const Instr* load : loads) key += fmt::format(" {}+{}", load->buffer, load->index.constant.to_string());
    auto [found, fresh] = packed_.emplace(key, static_cast<int>(plan_.buffers.size()));
    if (fresh) plan_.buffers.push_back(fill(layout, loads));
    return found->second;
  }

  Buffer fill(const Layout& layout, const std::vector<Instr*>& loads) const {
    Buffer buffer;
    buffer.kind = Buffer::Kind::constant;
    buffer.name = plan_.buffers[loads[0]->buffer].name + "_packed";
    buffer.dtype = loads[0]->dtype;
    buffer.count = layout.total();
    const int width = byte_size(buffer.dtype);
    std::string bytes(static_cast<size_t>(layout.total()) * width, '\0');
    std::vector<Axis> order = layout.outer;
    order.push_back({layout.along.var, Dim(layout.panels)});
    order.insert(order.end(), layout.reduction.begin(), layout.reduction.end());
    std::vector<int64_t> counter(order.size(), 0), extents;
    for (const Axis& axis : order) extents.push_back(*axis.extent.constant());
    const int64_t width_along = *layout.along.extent.constant();
    const size_t panel_axis = layout.outer.size();
    char* out = bytes.data();
    for (int64_t block = layout.total() / (layout.operands * layout.panel); block-- > 0;) {
      const int64_t first = counter[panel_axis] * layout.panel;
      for (const Instr* load : loads) {
        const std::string_view source = plan_.buffers[load->buffer].value.bytes();
        int64_t from = *load->index.constant.constant();
        for (size_t i = 0; i < order.size(); ++i)
          if (i != panel_axis) from += *coefficient(load->index, order[i].var).constant() * counter[i];
        const int64_t stride = *coefficient(load->index, layout.along.var).constant();
        for (int64_t lane = 0; lane < layout.panel; ++lane, out += width)
          if (first + lane < width_along)
            std::memcpy(out, source.data() + (from + stride * (first + lane)) * width, width);
      }
      for (size_t i = order.size(); i-- > 0;) {
        if (++counter[i] < extents[i]) break;
        counter[i] = 0;
      }
    }
    buffer.value = Tensor(buffer.dtype, {layout.total()}, std::move(bytes));
    return buffer;
  }

  static void rewrite(const Layout& layout, const std::vector<Instr*>& loads, int buffer) {
    for (size_t operand = 0; operand < loads.size(); ++operand) {
      Index index = constant_index(Dim(static_cast<int64_t>(operand) * layout.panel));
      int64_t stride = layout.operands * layout.panel;
      for (auto axis = layout.reduction.rbegin(); axis != layout.reduction.rend(); ++axis) {
        index = index + variable(axis->var) * Dim(stride);
        stride *= *axis->extent.constant();
      }
      index = index + Index{Dim(0), {{layout.along.var, Dim(1), layout.panel, Dim(layout.panel_stride())}}};
      stride = layout.panels * layout.panel_stride();
      for (auto axis = layout.outer.rbegin(); axis != layout.outer.rend(); ++axis) {
        index = index + variable(axis->var) * Dim(stride);
        stride *= *axis->extent.constant();
      }
      loads[operand]->buffer = buffer;
      loads[operand]->index = std::move(index);
    }
  }

  Plan& plan_;
  std::map<std::string, int> packed_;
};

}  // namespace

void pack_weights(Plan& plan, const StageContext&) {
  Packer packer(plan);
  for_each_kernel(plan.steps, [&](Kernel& kernel) {
    if (kernel.schedule.vector_axis >= 0) packer.pack(kernel);
  });
}

}  // namespace rondo
