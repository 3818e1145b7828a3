// The rules that fold_constants applies to one node. Each gives the value that the node's only result equals, or null.
// All are exact on numbers, with one exception: the sign of a zero is not kept (x + 0 is x, 0 * W is 0), which no
// comparison can tell.
// Tested by fold_constants.test and property_test.cpp.
#pragma once

#include "passes/rewriter.h"

namespace rondo {

/// A node whose operands are all known, by evaluation, unless its result is large and larger than its operands.
Value* fold_evaluated(const Node& node, Builder& b);
/// A value of shape arithmetic whose elements inference knows.
Value* fold_elements(const Node& node, Builder& b);
/// x + 0, x * 1, select on a constant, cast there and back, …; operands lose broadcasts that are done anyway.
Value* simplify_pointwise(Node& node, Builder& b, Rewriter& rewriter);
/// slice, transpose, broadcast, reshape: those without effect, and one after the other.
Value* simplify_view(const Node& node, Builder& b);
/// concat, pad, gather, reduce, matmul.
Value* simplify_other(const Node& node, Builder& b);
/// What a scan need not carry, scan or be given. Edits the scan; replaces results through the rewriter.
void simplify_scan(Node& node, Builder& outside, Rewriter& rewriter);
/// A branch whose condition is known becomes the region that runs, a loop that runs to its end a scan, one that does not
/// run what it begins with: results, or nothing. Otherwise edited, as scans are.
std::vector<Value*> simplify_branch(Node& node, Builder& b, Rewriter& rewriter);
std::vector<Value*> simplify_loop(Node& node, Builder& b, Rewriter& rewriter);

/// A value that can be made again inside a region, from nothing: a source, or a broadcast of one element.
bool needs_nothing(const Value* value);
Value* make_again(const Value* value, Builder& b);

}  // namespace rondo
