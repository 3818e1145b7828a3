// erf: x P(x^2) up to 1; beyond, 1 - e^-g(x), where g is a polynomial for -log(erfc x). Tested by math_test.cpp.
#include "codegen/emit/math.h"

namespace rondo::emit {
namespace {

// Minimax for erf(x) / x in x^2 on [0, 1]; relative errors 2^-29.6 and 2^-62.7.
constexpr double kNearSingle[] = {1.12837916572671346,     -0.376126258242157425,  0.11283585148351825,
                                  -0.0268538119239664227,  0.00518832766464742025, -0.000801019344630895849,
                                  0.0000785386078426976762};
constexpr double kNearDouble[] = {1.12837916709551257,     -0.376126389031837476,     0.112837916709548575,
                                  -0.0268661706450728943,  0.00522397762478086171,    -0.00085483269787419401,
                                  0.000120553310368903598, -0.0000149255935066713459, 1.64609728135370501e-6,
                                  -1.63500251858951762e-7, 1.46578795973067175e-8,    -1.13656650286445104e-9,
                                  5.94526020061779617e-11};
// Minimax for -log(erfc x), weighted with erfc: in x - 2.25 on [1, 3.95] and x - 1.25 on [1, 5.95]; errors of erf:
// 2^-29.9 and 2^-66.1. The double's centre lies near 1, where erfc is large, so that rounding is small there.
constexpr double kFarSingle[] = {6.5274598826489512,      4.88291860994524765,     0.934890133082045462,
                                 0.0133310449847065196,   -0.00282676182446383558, 0.000434358522895860562,
                                 -0.000185573950265782568};
constexpr double kFarDouble[] = {2.56265366192212572,      3.0677239416692396,       0.870810164058778586,
                                 0.032687008682627695,     -0.00779196161158657905,  0.00160695096170626952,
                                 -0.000246783994103203622, 0.000010041688491825219,  0.0000108308763281327084,
                                 -5.16653321516339788e-6,  1.44577324719911305e-6,   -2.50858972294913747e-7,
                                 1.62479282910922396e-9,   1.86532541656820279e-8,   -8.61015869315777082e-9,
                                 2.53199753811741796e-9,   -5.46789245766199951e-10, 8.71419140773258933e-11,
                                 -9.74859838918462408e-12, 6.8309073935971529e-13,   -2.24894753310960105e-14};

}  // namespace

Real emit_erf_of(Math& math, Real x) {
  Real size = math.abs(x);
  Real square = x * x;
  Real near = x * (math.is_double ? math.horner(square, kNearDouble) : math.horner(square, kNearSingle));
  double last = math.pick(3.95, 5.95);  // erf rounds to 1 from here
  Real t = math.select(size > last, math.real(last), size) - math.pick(2.25, 1.25);
  Real g = math.is_double ? math.horner(t, kFarDouble) : math.horner(t, kFarSingle);
  Real far = math.copy_sign(1.0 - emit_exp_of(math, -g), x);
  return math.select(size < 1.0, near, far);
}

}  // namespace rondo::emit
