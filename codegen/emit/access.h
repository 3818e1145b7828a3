// Access: from a plan's Index to addresses, and from memory to lanes.
#pragma once

#include "codegen/emit/kernel.h"

namespace rondo::emit {

/// Which of a tile's instances of an instruction.
struct Instance {
  int row = 0, vector = 0, step = 0;
};

/// How an index moves from lane to lane; paired: by 2.
enum class Along : uint8_t { uniform, contiguous, reversed, paired, scattered };

class Access {
 public:
  Access(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel, Tile tile)
      : emitter_(emitter), frame_(frame), plan_(plan), kernel_(kernel), tile_(tile), lanes_(tile.lanes) {}

  /// The lanes and vectors in use: a reduction along the vector axis changes them.
  void set_lanes(int lanes) { lanes_ = lanes; }
  int lanes() const { return lanes_; }
  /// Declares that the variable's base value is a multiple of this.
  void set_multiple(int var, int64_t multiple) { multiples_[var] = multiple; }

  Value* address_of(const Instr& load, Instance at) { return address(load.buffer, element(load.index, at, 0)); }
  Value* load(const Instr& instr, Instance at, const std::function<Value*(int)>& value_of);
  /// The index itself as an integer of the dtype.
  Value* index_value(const Instr& instr, Instance at);
  /// `offsets`: the values of the store's indirect parts.
  void store(const Store& store, Instance at, Value* value, const std::vector<Value*>& offsets);
  /// Lanes of this vector that exist.
  int active(Instance at) const {
    return at.vector == tile_.vectors - 1 && lanes_ == tile_.lanes ? tile_.active : lanes_;
  }
  Value* mask(int active);

 private:
  struct Place {  // dynamic + fixed, in elements
    Value* dynamic = nullptr;
    int64_t fixed = 0;
  };
  struct Position {  // base + offset; base is a multiple of `multiple`
    Value* base;
    int64_t offset;
    int64_t multiple;
  };
  Position position(int var, Instance at, int lane);
  Place element(const Index& index, Instance at, int lane);
  void add_term(Place& place, const IndexTerm& term, Position at);
  void add_panel_term(Place& place, const IndexTerm& term, Position at);
  void add_scaled(Place& place, const Dim& coefficient, Value* value, int64_t offset);
  Along along(const Index& index, Instance at);
  bool within_panel(const IndexTerm& term, Position at) const;
  Value* total(const Place& place);
  Value* address(int buffer, Place place);
  bool shared(const std::vector<Value*>& offsets) const;
  Value* indirect_part(const std::vector<Instr::Indirect>& indirect, const std::vector<Value*>& offsets, int lane);
  void store_vector(const Store& store, Instance at, Along how, Value* raw, Value* extra);
  Place moved(Place place, Value* extra);
  Value* load_from(int buffer, llvm::Type* type, Value* address);
  Value* load_vector(const Instr& instr, Instance at, Along along, Value* extra);
  Value* load_pairs(const Instr& instr, Instance at);
  Value* as_word(Value* value, DType dtype);

  Emitter& emitter_;
  Frame& frame_;
  const Plan& plan_;
  const Kernel& kernel_;
  Tile tile_;
  int lanes_;
  std::map<int, int64_t> multiples_;
};

}  // namespace rondo::emit
