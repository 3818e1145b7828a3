// Matrix units: kernels whose sums of products run on one, and what it asks of them.
//
// A register of the unit has 16 rows of 64 bytes: 32 bfloat16, or 16 float32. One instruction adds, to 16 x 16 float32,
// the products of 16 rows of 32 left factors with 32 x 16 right ones. So a kernel with Schedule::matrix = n
//
// - has two parallel axes: the vector axis, 16 lanes wide, and the row axis;
// - has reduction nests of one axis k each, whose extent is a multiple of 32;
// - reduces by sum, in float32, what is a sum of products of two bfloat16 that are loaded and cast;
// - loads a left factor from [.. + row * 32 + (k / 32) * block + k % 32], which does not vary along the vector axis;
// - loads a right factor, a constant, from [.. + (i / 16) * panel + (i % 16) * 2 + (k / 2) * 32 + k % 2].
//
// For n > 1 all rows times n are at most 16, and left factors that lie `rows * 32` elements from each other, beginning
// with the first, are n by n in one register; a right factor is multiplied with all of those or with none. Registers
// are whole: what lies in rows after the last, and in lanes after the last, is read, and must be in the buffer. The
// unit takes numbers below 2^-126 for 0. Tested by tests/ir/matrix_test.cpp.
#pragma once

#include "ir/plan.h"

namespace rondo {

constexpr int kMatrixRows = 16, kMatrixDepth = 32, kMatrixLanes = 16;

struct MatrixProduct {
  int left = 0;   // the load that fills a register, the first of those that share it
  int right = 0;  // a load
  friend bool operator==(const MatrixProduct&, const MatrixProduct&) = default;
};

/// A reduction as products of registers, in the order in which its expression has them.
struct MatrixSum {
  int reduce = 0;
  std::vector<MatrixProduct> products;
};

/// All sums of a kernel with Schedule::matrix, in the body's order; an error says what is not as above.
Result<std::vector<MatrixSum>> matrix_sums(const Plan& plan, const Kernel& kernel);

/// Rows of left factors that are read where there are so many: whole registers.
Dim matrix_rows(const Kernel& kernel, const Dim& rows);

}  // namespace rondo
