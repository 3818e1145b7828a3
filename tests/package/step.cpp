// The linked model through the C++ wrapper: as steps, as many steps at once, and from a copied state.
#include <cstdio>

#include "decay.h"
#include "rondo.hpp"

int main() {
  rondo::Instance decay(decay_model), again(decay_model);
  if (!decay || !again) return 1;
  const float x[] = {0.5f, 0.25f};
  float y[2], both[2], after_copy;
  if (decay.step({x[0]}, {y[0]}) != RONDO_OK) return 1;
  rondo::Instance copy = decay;
  if (decay.step({x[1]}, {y[1]}) != RONDO_OK || copy.step({x[1]}, {after_copy}) != RONDO_OK) return 1;
  if (again.step_n(2, {x}, {both}) != RONDO_OK) return 1;
  if (y[0] != both[0] || y[1] != both[1] || y[1] != after_copy) return 1;
  std::printf("%.3f\n", y[0]);
}
