// AMX: registers of 16 rows of 64 bytes, by number. Tested by matrix_test.cpp, matrix_kernel_test.cpp.
#include "codegen/emit/matrix.h"

#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/IntrinsicsX86.h>
#include <llvm/Transforms/Utils/ModuleUtils.h>

#include <algorithm>

namespace rondo::emit {
namespace {

constexpr int kRegisters = 8;
constexpr int64_t kRowBytes = 64;

/// Which factors are in registers. What is needed latest makes room; of several, what came first.
template <class Factor>
class Registers {
 public:
  explicit Registers(int first) {
    for (int number = first; number < kRegisters; ++number) held_.push_back({number, std::nullopt});
  }

  std::optional<int> find(const Factor& factor) const {
    for (const auto& [number, held] : held_)
      if (held == factor) return number;
    return std::nullopt;
  }
  /// `next(factor)`: when it is needed next. Never the register of `kept`.
  template <class Next>
  int take(const Factor& factor, const Factor& kept, Next next) {
    const auto until = [&](const Held& each) {
      return !each.second ? SIZE_MAX : *each.second == kept ? 0 : next(*each.second);
    };
    const auto room =
        std::max_element(held_.begin(), held_.end(), [&](const Held& a, const Held& b) { return until(a) < until(b); });
    const int number = room->first;
    held_.erase(room);
    held_.emplace_back(number, factor);
    return number;
  }

 private:
  using Held = std::pair<int, std::optional<Factor>>;
  std::vector<Held> held_;  // oldest first
};

}  // namespace

MatrixEmitter::MatrixEmitter(Emitter& emitter, Frame& frame, const Plan& plan, const Kernel& kernel,
                             const std::vector<MatrixSum>& sums, Tile tile, const std::map<int, int64_t>& multiples)
    : emitter_(emitter),
      frame_(frame),
      plan_(plan),
      kernel_(kernel),
      sums_(sums),
      tile_(tile),
      whole_(tile.whole && kernel.schedule.matrix == 1 && tile.active == kMatrixLanes),
      stored_(whole_ && is_stored_as_it_is()),
      access_(emitter, frame, plan, kernel, tile) {
  for (auto [var, multiple] : multiples) access_.set_multiple(var, multiple);
  if (stored_) return;
  const uint64_t rows = sums.size() * static_cast<uint64_t>(tile.vectors * blocks()) * kMatrixRows;
  results_ = frame.local(llvm::ArrayType::get(emitter.b.getFloatTy(), rows * kMatrixLanes));
  results_->setAlignment(llvm::Align(kRowBytes));
}

void MatrixEmitter::emit() {
  for (size_t nest = 0; nest < kernel_.reductions.size(); ++nest) {
    std::vector<Target> targets;
    const auto flush = [&] {
      if (!targets.empty()) pass(targets);
      targets.clear();
    };
    for (size_t i = 0; i < sums_.size(); ++i) {
      if (kernel_.body[sums_[i].reduce].nest != static_cast<int>(nest)) continue;
      for (int vector = 0; vector < tile_.vectors; ++vector) {
        targets.push_back({&sums_[i], i, vector});
        if (std::ssize(targets) == at_once()) flush();
      }
    }
    flush();
  }
}

void MatrixEmitter::pass(const std::vector<Target>& targets) {
  const int sums = static_cast<int>(targets.size()) * blocks();
  for (int i = 0; i < sums; ++i) start(i, targets[static_cast<size_t>(i / blocks())], i % blocks());
  const Axis& k = kernel_.reductions[kernel_.body[targets[0].sum->reduce].nest][0];
  const std::vector<Product> products = products_of(targets);
  {
    Lines::At at(emitter_.lines, &kernel_.body[targets[0].sum->reduce]);
    access_.set_multiple(k.var, kMatrixDepth);
    emitter_.loop(emitter_.word_constant(0), frame_.dim(k.extent), kMatrixDepth, [&](Value* i) {
      frame_.vars[k.var] = i;
      emit_products(products, sums);
    });
    frame_.vars.erase(k.var);
  }
  for (int i = 0; i < sums; ++i) finish(i, targets[static_cast<size_t>(i / blocks())], i % blocks());
}

void MatrixEmitter::start(int number, const Target& target, int block) {
  const Instr* load = beginning(target.sum->reduce);
  if (!load) return call(llvm::Intrinsic::x86_tilezero, {reg(number)});
  Value* address = access_.address_of(*load, {block * kMatrixRows, target.vector, 0});
  call(llvm::Intrinsic::x86_tileloadd64, {reg(number), address, row_bytes(load->index)});
}

void MatrixEmitter::finish(int number, const Target& target, int block) {
  Value *address = nullptr, *stride = emitter_.b.getInt64(kRowBytes);
  if (stored_) {
    const Store& store = kernel_.stores[0];
    Instr there;  // the place that is stored to, as a load's
    there.buffer = store.buffer, there.index = store.index;
    address = access_.address_of(there, {block * kMatrixRows, target.vector, 0});
    stride = row_bytes(store.index);
  } else {
    address = place(target.number, target.vector, emitter_.word_constant(block * kMatrixRows));
  }
  call(llvm::Intrinsic::x86_tilestored64, {reg(number), address, stride});
}

/// The load of what a sum begins with, if a register can be filled from there.
const Instr* MatrixEmitter::beginning(int reduce) const {
  const Instr& instr = kernel_.body[reduce];
  if (!whole_ || instr.operands.size() < 2) return nullptr;
  const Instr& load = kernel_.body[instr.operands[1]];
  return load.kind == Instr::Kind::load && load.indirect.empty() && lies_in_rows(load.index) ? &load : nullptr;
}

bool MatrixEmitter::is_stored_as_it_is() const {
  if (kernel_.stores.size() != 1 || sums_.size() != 1) return false;
  const Store& store = kernel_.stores[0];
  const int reduce = sums_[0].reduce;
  return store.instr == reduce && store.indirect.empty() && lies_in_rows(store.index) &&
         (kernel_.body[reduce].operands.size() < 2 || beginning(reduce));
}

bool MatrixEmitter::lies_in_rows(const Index& index) const {
  const IndexTerm *lane = term_of(index, kernel_.schedule.vector_axis),
                  *row = term_of(index, kernel_.schedule.row_axis);
  return lane && lane->panel == 0 && lane->coefficient.is(1) && (!row || row->panel == 0);
}

Value* MatrixEmitter::row_bytes(const Index& index) {
  const IndexTerm* row = term_of(index, kernel_.schedule.row_axis);
  return row ? frame_.dim64(row->coefficient * Dim(int64_t{sizeof(float)})) : emitter_.b.getInt64(0);
}

/// Product by product of the sums' expressions; each for all registers of sums.
std::vector<MatrixEmitter::Product> MatrixEmitter::products_of(const std::vector<Target>& targets) const {
  std::vector<Product> products;
  size_t most = 0;
  for (const Target& target : targets) most = std::max(most, target.sum->products.size());
  for (size_t term = 0; term < most; ++term)
    for (int block = 0; block < blocks(); ++block)
      for (size_t i = 0; i < targets.size(); ++i) {
        if (term >= targets[i].sum->products.size()) continue;
        const MatrixProduct& product = targets[i].sum->products[term];
        products.push_back({static_cast<int>(i) * blocks() + block,
                            {product.left, block * kMatrixRows, 0},
                            {product.right, 0, targets[i].vector}});
      }
  return products;
}

void MatrixEmitter::emit_products(const std::vector<Product>& products, int first_free) {
  Registers<Factor> registers(first_free);
  for (size_t i = 0; i < products.size(); ++i) {
    const auto next = [&](const Factor& factor) {
      size_t at = i;
      while (at < products.size() && products[at].left != factor && products[at].right != factor) ++at;
      return at;
    };
    const auto in_register = [&](const Factor& factor, const Factor& kept) {
      if (const auto held = registers.find(factor)) return *held;
      const int number = registers.take(factor, kept, next);
      fill(number, factor);
      return number;
    };
    const Product& product = products[i];
    const int left = in_register(product.left, product.right), right = in_register(product.right, product.left);
    call(llvm::Intrinsic::x86_tdpbf16ps, {reg(product.sums), reg(left), reg(right)});
  }
}

void MatrixEmitter::fill(int number, const Factor& factor) {
  Value* address = access_.address_of(kernel_.body[factor.load], {factor.row, factor.vector, 0});
  call(llvm::Intrinsic::x86_tileloadd64, {reg(number), address, emitter_.b.getInt64(kRowBytes)});
}

Value* MatrixEmitter::place(size_t number, int vector, Value* row) {
  const int64_t first = (static_cast<int64_t>(number) * tile_.vectors + vector) * blocks() * kMatrixRows;
  Value* at = emitter_.b.CreateAdd(row, emitter_.word_constant(first));
  return emitter_.b.CreateGEP(emitter_.b.getInt8Ty(), results_,
                              emitter_.b.CreateMul(at, emitter_.word_constant(kRowBytes)));
}

Value* MatrixEmitter::sum(int reduce, Value* row, int vector) {
  size_t number = 0;
  while (sums_[number].reduce != reduce) ++number;
  Value* total = nullptr;
  for (int part = 0; part < kernel_.schedule.matrix; ++part) {
    Value* at = emitter_.b.CreateAdd(row, emitter_.word_constant(int64_t{part} * tile_.rows));
    Value* lanes = emitter_.b.CreateAlignedLoad(emitter_.register_type(DType::f32, kMatrixLanes),
                                                place(number, vector, at), llvm::Align(kRowBytes));
    total = total ? emitter_.b.CreateFAdd(total, lanes) : lanes;
  }
  return total;
}

void MatrixEmitter::call(unsigned intrinsic, llvm::ArrayRef<Value*> arguments) {
  emitter_.b.CreateIntrinsic(emitter_.b.getVoidTy(), intrinsic, arguments);
}

void start_matrix(Emitter& emitter) {
  // Palette 1, then 16-bit lengths of the registers' rows in bytes from byte 16, and numbers of rows from byte 48.
  std::string bytes(kRowBytes, '\0');
  bytes[0] = 1;
  for (size_t i = 0; i < kRegisters; ++i) bytes[16 + 2 * i] = kRowBytes, bytes[48 + i] = kMatrixRows;
  llvm::Module& module = emitter.module;
  llvm::GlobalVariable* shape = module.getNamedGlobal("rondo.matrix_shape");
  if (!shape) {
    auto* value = llvm::ConstantDataArray::getString(module.getContext(), bytes, false);
    shape = new llvm::GlobalVariable(module, value->getType(), true, llvm::GlobalValue::InternalLinkage, value,
                                     "rondo.matrix_shape");
    shape->setAlignment(llvm::Align(kRowBytes));
  }
  emitter.b.CreateIntrinsic(emitter.b.getVoidTy(), llvm::Intrinsic::x86_ldtilecfg, {shape});
}

void end_matrix(Emitter& emitter) {
  emitter.b.CreateIntrinsic(emitter.b.getVoidTy(), llvm::Intrinsic::x86_tilerelease, {});
}

llvm::GlobalVariable* granted_flag(Emitter& emitter, const std::string& prefix) {
  auto& b = emitter.b;
  const std::string name = prefix + ".granted";
  if (llvm::GlobalVariable* flag = emitter.module.getNamedGlobal(name)) return flag;
  auto* flag = new llvm::GlobalVariable(emitter.module, b.getInt8Ty(), false, llvm::GlobalValue::InternalLinkage,
                                        b.getInt8(0), name);
  llvm::IRBuilderBase::InsertPointGuard guard(b);
  llvm::Function* ask = emitter.make_function(prefix + ".ask", b.getVoidTy(), {});
  b.SetInsertPoint(llvm::BasicBlock::Create(emitter.module.getContext(), "entry", ask));
  // Linux: arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) gives 0 where it grants the unit to the whole process.
  constexpr int64_t kArchPrctl = 158, kRequest = 0x1023, kTileData = 18;
  auto* type = llvm::FunctionType::get(b.getInt64Ty(), {b.getInt64Ty(), b.getInt64Ty(), b.getInt64Ty()}, false);
  auto* assembly = llvm::InlineAsm::get(type, "syscall", "={rax},{rax},{rdi},{rsi},~{rcx},~{r11},~{memory}", true);
  Value* refused = b.CreateCall(type, assembly, {b.getInt64(kArchPrctl), b.getInt64(kRequest), b.getInt64(kTileData)});
  b.CreateStore(b.CreateZExt(b.CreateIsNull(refused), b.getInt8Ty()), flag);
  b.CreateRetVoid();
  llvm::appendToGlobalCtors(emitter.module, ask, 65535);
  return flag;
}

}  // namespace rondo::emit
