// erf: x P(x^2) up to 1; beyond, 1 - e^-g(x), where g is a polynomial for -log(erfc x). Tested by math_test.cpp.
#include "codegen/emit/math.h"

namespace rondo::emit {
namespace {

// Minimax for erf(x) / x in x^2 on [0, 1]; relative errors 2^-29.6 and 2^-62.7.
constexpr double kNearSingle[] = {1.12837916572671346,    -0.376126258242157425,  0.11283585148351825,
                                  -0.0268538119239664227, 0.00518832766464742025, -0.000801019344630895849,
                                  0.0000785386078426976762};
constexpr double kNearDouble[] = {1.12837916709551257,     -0.376126389031837476,    0.112837916709548575,
                                  -0.0268661706450728943,  0.00522397762478086171,   -0.00085483269787419401,
                                  0.000120553310368903598, -0.0000149255935066713459, 1.64609728135370501e-6,
                                  -1.63500251858951762e-7, 1.46578795973067175e-8,   -1.13656650286445104e-9,
                                  5.94526020061779617e-11};
// Minimax for -log(erfc x), weighted with erfc: in x - 2.25 on [1, 3.95] and x - 3 on [1, 5.95]; errors of erf: 2^-29.9
// and 2^-66.1.
constexpr double kFarSingle[] = {6.5274598826489512,      4.88291860994524765,     0.934890133082045462, 0.0133310449847065196,
                                 -0.00282676182446383558, 0.000434358522895860562, -0.000185573950265782568};
constexpr double kFarDouble[] = {10.7203630419811129,     6.3037536890032307,       0.95739421880118616,
                                 0.00741189179546520371,  -0.00135331043751718512,  0.000245692135822709214,
                                 -0.0000430817901658922949, 7.11545946470192967e-6, -1.06939907240059965e-6,
                                 1.36176405657002983e-7,  -1.14462137627435693e-8,  -6.21255954511975579e-10,
                                 6.08227010396930075e-10, -1.986354079993467e-10,   3.93740048629059645e-11,
                                 -7.26257531528396626e-12, 3.36560599379368793e-12, 3.83480074495478658e-13,
                                 -1.21894763755581831e-13, -1.04040897228645079e-13, -2.24894753310960105e-14};

}  // namespace

Real emit_erf_of(Math& math, Real x) {
  Real size = math.abs(x);
  Real square = x * x;
  Real near = x * (math.is_double ? math.horner(square, kNearDouble) : math.horner(square, kNearSingle));
  double last = math.pick(3.95, 5.95);  // erf rounds to 1 from here
  Real t = math.select(size > last, math.real(last), size) - math.pick(2.25, 3);
  Real g = math.is_double ? math.horner(t, kFarDouble) : math.horner(t, kFarSingle);
  Real far = math.copy_sign(1.0 - emit_exp_of(math, -g), x);
  return math.select(size < 1.0, near, far);
}

}  // namespace rondo::emit
