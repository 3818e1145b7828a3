/* One step of the linked model. */
#include <stdio.h>

#include "decay.h"

static _Alignas(RONDO_ALIGNMENT) char state[DECAY_STATE_BYTES], scratch[DECAY_SCRATCH_BYTES + 1];

int main(void) {
  float x = 0.5f, y = 0;
  if (decay_reset(state, NULL) != RONDO_OK || decay_step(state, &x, &y, scratch) != RONDO_OK) return 1;
  printf("%.3f\n", y);
  return 0;
}
