// Sums of products on the matrix unit (ir/matrix.h).
//
// A tile of a kernel has rows of one or two registers, and several vectors of each sum. Its sums are computed in
// passes, of two vectors each, or four where left factors share a register: two or four of the unit's eight registers
// hold sums, the others factors. (A register is filled again only when its last product has begun: with more for
// factors, more is on its way from the caches at a time.) Each pass walks the whole reduction, and leaves its sums in
// local memory, from which what follows the reductions takes them, row by row.
//
// Where all rows and lanes of the tile exist, sums begin with what is loaded for them, and if nothing but a store
// follows, they are stored from the unit's registers. Tested by matrix_test.cpp.
#pragma once

#include "codegen/emit/access.h"
#include "ir/matrix.h"

namespace rondo::emit {

class MatrixEmitter {
 public:
  MatrixEmitter(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel,
                const std::vector<MatrixSum>& sums, Tile tile, const std::map<int, int64_t>& multiples);

  /// Computes the tile's sums, from the current values of the parallel variables on.
  void emit();
  /// Whether emit() did all that the kernel does.
  bool complete() const { return stored_; }
  /// Whether the sums contain what the reduction begins with.
  bool has_beginning(int reduce) const { return beginning(reduce); }
  /// The sums of one row and vector. `row`: counted from the tile's first.
  Value* sum(int reduce, Value* row, int vector);

 private:
  /// A register of sums: of one reduction, for one vector.
  struct Target {
    const MatrixSum* sum;
    size_t number;  // of the reduction
    int vector;
  };
  struct Factor {  // what a register of factors holds
    int load;
    int row, vector;
    friend auto operator<=>(const Factor&, const Factor&) = default;
  };
  struct Product {
    int sums;  // register
    Factor left, right;
  };

  const Instr* beginning(int reduce) const;
  bool is_stored_as_it_is() const;
  bool lies_in_rows(const Index& index) const;
  Value* row_bytes(const Index& index);
  void start(int number, const Target& target, int block);
  void finish(int number, const Target& target, int block);
  int at_once() const { return kernel_.schedule.matrix > 1 ? 4 : 2; }
  int blocks() const { return (tile_.rows + kMatrixRows - 1) / kMatrixRows; }
  void pass(const std::vector<Target>& targets);
  std::vector<Product> products_of(const std::vector<Target>& targets) const;
  void emit_products(const std::vector<Product>& products, int first_free);
  void fill(int reg, const Factor& factor);
  Value* place(size_t number, int vector, Value* row);
  void call(unsigned intrinsic, llvm::ArrayRef<Value*> arguments);
  Value* reg(int number) { return emitter_.b.getInt8(static_cast<uint8_t>(number)); }

  Emitter& emitter_;
  Frame& frame_;
  const Plan& plan_;
  const Kernel& kernel_;
  const std::vector<MatrixSum>& sums_;
  Tile tile_;
  bool whole_;  // all rows and lanes exist
  bool stored_;
  Access access_;
  llvm::AllocaInst* results_ = nullptr;  // [sum][vector][row][lane]
};

/// The unit's registers are set up before a kernel that uses it, and given back after it.
void start_matrix(Emitter& emitter);
void end_matrix(Emitter& emitter);

/// The address of the module's flag, i8: whether the process may use the unit. A constructor asks the system for it
/// when the library is loaded.
llvm::GlobalVariable* granted_flag(Emitter& emitter, const std::string& prefix);

}  // namespace rondo::emit
