/* One instance of a compiled model for C++20: owns its memory, which is allocated once, when it is made; no call
 * allocates, throws or locks.
 *
 *     #include "sine.h"
 *     #include "rondo.hpp"
 *
 *     rondo::Instance sine(sine_model);            // or *library.model, of rondo_loader.h
 *     if (!sine) return;                           // no memory, or dimensions that are not valid
 *     float x = 0.5f, y;
 *     sine.step({x}, {y});                         // numbers, arrays, vectors and spans go in and come out
 *     sine.step_n(64, {samples}, {results});       // 64 steps: arrays 64 times as long
 *     rondo::Instance second = sine;               // continues from the same state
 *
 * Works without exceptions and run-time type information. Tested by tests/runtime/instance_test.cpp. */
#ifndef RONDO_HPP
#define RONDO_HPP

#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <new>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>

#include "rondo.h"

namespace rondo {

/// The elements that T can stand for, as a set of rondo_dtype. A float16 or bfloat16 is passed as its bits.
template <class T>
inline constexpr std::uint32_t kTypes = 0;
template <>
inline constexpr std::uint32_t kTypes<float> = 1u << RONDO_F32;
template <>
inline constexpr std::uint32_t kTypes<double> = 1u << RONDO_F64;
template <>
inline constexpr std::uint32_t kTypes<bool> = 1u << RONDO_BOOL;
template <>
inline constexpr std::uint32_t kTypes<std::int8_t> = 1u << RONDO_I8;
template <>
inline constexpr std::uint32_t kTypes<std::int16_t> = 1u << RONDO_I16;
template <>
inline constexpr std::uint32_t kTypes<std::int32_t> = 1u << RONDO_I32;
template <>
inline constexpr std::uint32_t kTypes<std::int64_t> = 1u << RONDO_I64;
template <>
inline constexpr std::uint32_t kTypes<std::uint8_t> = 1u << RONDO_U8 | 1u << RONDO_BOOL;
template <>
inline constexpr std::uint32_t kTypes<std::uint16_t> = 1u << RONDO_U16 | 1u << RONDO_F16 | 1u << RONDO_BF16;
template <>
inline constexpr std::uint32_t kTypes<std::uint32_t> = 1u << RONDO_U32;
template <>
inline constexpr std::uint32_t kTypes<std::uint64_t> = 1u << RONDO_U64;

template <class T>
concept Element = kTypes<std::remove_const_t<T>>
!= 0;

/// An array that a call reads (Pointer: const void *) or writes (void *): made of a number, an array, a vector or a
/// span.
template <class Pointer>
struct Array {
  template <class T>
  requires Element<T> && std::is_convertible_v<T*, Pointer> Array(T& number)
  noexcept : data(&number), count(1), types(kTypes<std::remove_const_t<T>>) {}
  template <class Range>
  requires std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
      Element<std::remove_reference_t<std::ranges::range_reference_t<Range>>> &&
      std::is_convertible_v<decltype(std::ranges::data(std::declval<Range&>())), Pointer>
      Array(Range&& range)
  noexcept
      : data(std::ranges::data(range)),
        count(std::ranges::size(range)),
        types(kTypes<std::ranges::range_value_t<Range>>) {}

  Pointer data;
  std::size_t count;
  std::uint32_t types;
};
using Input = Array<const void*>;
using Output = Array<void*>;

class Instance {
 public:
  /// `dims`: the symbolic dimensions, in the order of the record; `constants`: the weights, if the object has none.
  /// They and the model outlive the instance. The state has its initial value.
  explicit Instance(const rondo_model& model, std::span<const std::int64_t> dims = {},
                    const void* constants = nullptr) noexcept {
    create(model, dims, constants);
    if (*this && reset() != RONDO_OK) destroy();
  }

  /// Has the other's dimensions, and a state of its own that is equal to the other's.
  Instance(const Instance& other) noexcept {
    if (!other) return;
    create(*other.model_, other.dims(), other.call_.constants);
    if (*this) copy(other);
    call_.parallel = other.call_.parallel;
  }
  Instance(Instance&& other) noexcept { swap(other); }
  Instance& operator=(Instance other) noexcept {
    swap(other);
    return *this;
  }
  ~Instance() { destroy(); }

  void swap(Instance& other) noexcept {
    std::swap(model_, other.model_);
    std::swap(call_, other.call_);
    std::swap(memory_, other.memory_);
    std::swap(sizes_, other.sizes_);
    std::swap(state_bytes_, other.state_bytes_);
  }

  /// Whether there is an instance: false where memory was not to be had, the dimensions or their number are not valid,
  /// or the model was compiled for another version of the interface.
  explicit operator bool() const noexcept { return memory_ != nullptr; }
  const rondo_model& model() const noexcept { return *model_; }
  std::span<const std::int64_t> dims() const noexcept { return {call_.dims, at_least_zero(model_->dim_count)}; }

  /// How many elements input and output i have; of an output with measured dimensions, the most.
  std::size_t input_size(int i) const noexcept { return sizes_[i]; }
  std::size_t output_size(int i) const noexcept { return sizes_[model_->input_count + i]; }
  /// The measured dimensions, as the last call found them out.
  std::span<const std::int64_t> measured() const noexcept {
    return {call_.measured, at_least_zero(model_->measured_count)};
  }
  /// The hook on which calls run their tasks (rondo_pool.h); null: none.
  void set_parallel(const rondo_parallel* parallel) noexcept { call_.parallel = parallel; }

  /// Sets the state to its initial value.
  rondo_status reset() noexcept { return reset_stream(-1); }
  /// The same for one stream of a model that has several.
  rondo_status reset_stream(std::int64_t stream) noexcept {
    return state_bytes_ == 0 ? RONDO_OK : model_->reset_stream(call_.state, stream, call_.constants, call_.dims);
  }

  /// One call: of a model without state, or one step of a model with state. An array whose type or size is not the
  /// model's is RONDO_BAD_DIMENSION, and nothing is done.
  rondo_status step(std::initializer_list<Input> inputs, std::initializer_list<Output> outputs) noexcept {
    return step_n(1, inputs, outputs);
  }

  /// `steps` calls one after the other: each array holds those of all steps, one step after the other. After an error
  /// the state is that before the step that failed.
  rondo_status step_n(std::int64_t steps, std::initializer_list<Input> inputs,
                      std::initializer_list<Output> outputs) noexcept {
    if (!*this) return RONDO_BAD_POINTER;
    const auto count = static_cast<std::size_t>(steps);
    if (steps < 0 || !fit(inputs, model_->inputs, sizes_, model_->input_count, count) ||
        !fit(outputs, model_->outputs, sizes_ + model_->input_count, model_->output_count, count))
      return RONDO_BAD_DIMENSION;
    rondo_status status = RONDO_OK;
    for (std::size_t t = 0; t < count && status == RONDO_OK; ++t) {
      point(const_cast<const void**>(call_.inputs), inputs, sizes_, model_->inputs, t);
      point(const_cast<void**>(call_.outputs), outputs, sizes_ + model_->input_count, model_->outputs, t);
      status = model_->call(&call_);
    }
    return status;
  }

  /// The state, a plain block of bytes; empty if the model has none.
  std::span<std::byte> state() noexcept { return {static_cast<std::byte*>(call_.state), state_bytes_}; }
  std::span<const std::byte> state() const noexcept {
    return {static_cast<const std::byte*>(call_.state), state_bytes_};
  }

  /// Copies the state out, or back in; false if the memory has another size than the state.
  bool save(std::span<std::byte> to) const noexcept {
    if (to.size() != state_bytes_) return false;
    if (state_bytes_ > 0) std::memcpy(to.data(), call_.state, state_bytes_);
    return true;
  }
  bool restore(std::span<const std::byte> from) noexcept {
    if (from.size() != state_bytes_) return false;
    if (state_bytes_ > 0) std::memcpy(call_.state, from.data(), state_bytes_);
    return true;
  }
  /// Takes over the state of another instance of the same model, without allocating.
  bool copy(const Instance& other) noexcept { return model_ == other.model_ && restore(other.state()); }

 private:
  static std::size_t at_least_zero(std::int64_t n) noexcept { return n < 0 ? 0 : static_cast<std::size_t>(n); }

  static std::size_t element_bytes(std::int32_t dtype) noexcept {
    switch (dtype) {
      case RONDO_U8:
      case RONDO_I8:
      case RONDO_BOOL: return 1;
      case RONDO_U16:
      case RONDO_I16:
      case RONDO_F16:
      case RONDO_BF16: return 2;
      case RONDO_F64:
      case RONDO_I64:
      case RONDO_U64: return 8;
      default: return 4;
    }
  }

  template <class Arrays>
  static bool fit(const Arrays& arrays, const rondo_tensor* tensors, const std::size_t* sizes, std::int32_t count,
                  std::size_t steps) noexcept {
    if (arrays.size() != at_least_zero(count)) return false;
    std::size_t i = 0;
    for (const auto& array : arrays) {
      if ((array.types >> tensors[i].dtype & 1) == 0 || array.count != sizes[i] * steps) return false;
      ++i;
    }
    return true;
  }

  template <class Pointer, class Arrays>
  static void point(Pointer* pointers, const Arrays& arrays, const std::size_t* sizes, const rondo_tensor* tensors,
                    std::size_t step) noexcept {
    std::size_t i = 0;
    for (const auto& array : arrays) {
      using Byte = std::conditional_t<std::is_same_v<Pointer, void*>, char, const char>;
      pointers[i] = static_cast<Byte*>(array.data) + step * sizes[i] * element_bytes(tensors[i].dtype);
      ++i;
    }
  }

  // The one block of memory: state and scratch, then arrays of 8 bytes an element: dimensions, measured dimensions,
  // sizes of inputs and outputs, pointers to them, shapes of inputs, outputs and states.
  struct Layout {
    std::size_t scratch, dims, measured, sizes, pointers, shapes, bytes;
  };

  static Layout layout(const rondo_model& m, std::size_t state, std::size_t scratch) noexcept {
    constexpr std::size_t unit = sizeof(std::int64_t);
    static_assert(sizeof(void*) <= unit && sizeof(std::size_t) <= unit);
    const auto aligned = [](std::size_t n) { return (n + RONDO_ALIGNMENT - 1) / RONDO_ALIGNMENT * RONDO_ALIGNMENT; };
    const std::size_t ports = at_least_zero(m.input_count) + at_least_zero(m.output_count);
    Layout at{};
    at.scratch = aligned(state);
    at.dims = at.scratch + aligned(scratch);
    at.measured = at.dims + unit * at_least_zero(m.dim_count);
    at.sizes = at.measured + unit * at_least_zero(m.measured_count);
    at.pointers = at.sizes + unit * ports;
    at.shapes = at.pointers + unit * ports;
    at.bytes = at.shapes + unit * (ranks(m.inputs, m.input_count) + ranks(m.outputs, m.output_count) +
                                   ranks(m.states, m.state_count));
    return at;
  }

  static std::size_t ranks(const rondo_tensor* tensors, std::int32_t count) noexcept {
    std::size_t sum = 0;
    for (std::int32_t i = 0; i < count; ++i) sum += at_least_zero(tensors[i].rank);
    return sum;
  }

  void create(const rondo_model& m, std::span<const std::int64_t> dims, const void* constants) noexcept {
    if (m.interface_version != RONDO_INTERFACE_VERSION || dims.size() != at_least_zero(m.dim_count)) return;
    const std::int64_t state = m.state_count > 0 ? m.state_size(dims.data()) : 0, scratch = m.scratch_size(dims.data());
    if (state < 0 || scratch < 0) return;
    const Layout at = layout(m, static_cast<std::size_t>(state), static_cast<std::size_t>(scratch));
    memory_ = static_cast<std::byte*>(::operator new (at.bytes, std::align_val_t{RONDO_ALIGNMENT}, std::nothrow));
    if (!memory_) return;
    model_ = &m;
    state_bytes_ = static_cast<std::size_t>(state);
    std::memset(memory_, 0, at.bytes);
    auto* numbers = reinterpret_cast<std::int64_t*>(memory_ + at.dims);
    for (std::size_t i = 0; i < dims.size(); ++i) numbers[i] = dims[i];
    call_.dims = numbers;
    call_.measured = reinterpret_cast<std::int64_t*>(memory_ + at.measured);
    call_.inputs = reinterpret_cast<const void**>(memory_ + at.pointers);
    call_.outputs = reinterpret_cast<void**>(memory_ + at.pointers) + m.input_count;
    call_.state = state > 0 ? memory_ : nullptr;
    call_.scratch = memory_ + at.scratch;
    call_.constants = constants;
    sizes_ = reinterpret_cast<std::size_t*>(memory_ + at.sizes);
    if (!fill_sizes(reinterpret_cast<std::int64_t*>(memory_ + at.shapes))) destroy();
  }

  bool fill_sizes(std::int64_t* shapes) noexcept {
    if (model_->shapes(call_.dims, nullptr, shapes) != RONDO_OK) return false;
    std::size_t* size = sizes_;
    const auto fill = [&](const rondo_tensor* tensors, std::int32_t count) {
      for (std::int32_t i = 0; i < count; ++i, ++size) {
        *size = 1;
        for (std::int32_t axis = 0; axis < tensors[i].rank; ++axis) *size *= at_least_zero(*shapes++);
      }
    };
    fill(model_->inputs, model_->input_count);
    fill(model_->outputs, model_->output_count);
    return true;
  }

  void destroy() noexcept {
    if (memory_) ::operator delete (memory_, std::align_val_t{RONDO_ALIGNMENT});
    memory_ = nullptr;
    state_bytes_ = 0;
    call_ = {};
  }

  const rondo_model* model_ = nullptr;
  rondo_call call_{};
  std::byte* memory_ = nullptr;
  std::size_t* sizes_ = nullptr;
  std::size_t state_bytes_ = 0;
};

}  // namespace rondo
#endif
