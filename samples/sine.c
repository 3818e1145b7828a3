/* Calls the compiled samples/sine.onnx: hears one period of a sine wave, then goes on alone, fed with its own output.
 */
#include "sine.h"

#include <math.h>
#include <stdio.h>

static _Alignas(RONDO_ALIGNMENT) char state[SINE_STATE_BYTES], scratch[SINE_SCRATCH_BYTES + 1];

int main(void) {
  float x = 0, y = 0;
  if (sine_reset(state, NULL) != RONDO_OK) return 1;
  for (int t = 0; t < 72; ++t) {
    x = t < 24 ? sinf(6.2831853f * (float)t / 24) : y; /* the last output is the next input */
    if (sine_step(state, &x, &y, scratch) != RONDO_OK) return 1;
    if (t >= 24 && t % 2 == 0) printf("%6.3f %*s\n", x, 30 + (int)(25 * x), "*");
  }
  return 0;
}
