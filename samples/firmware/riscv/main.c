/* A sensor's samples arrive one by one; the compiled samples/sine.onnx says what it expects next. The samples are a
 * recording, and what the model says is compared with what was recorded too. */
#include "board.h"
#include "sine.h"

static _Alignas(RONDO_ALIGNMENT) char state[SINE_STATE_BYTES], scratch[SINE_SCRATCH_BYTES + 1];

/* recording.S: what a sensor said, what the model was recorded to answer, and the state in which it starts. */
extern const float sensor[], sensor_end[], answers[], first_h[], first_c[];
enum { kHidden = 12 };

static void set_slot(int slot, const float *values) {
  int64_t offsets[2];
  sine_state_offsets(NULL, offsets);
  float *to = (float *)(void *)(state + offsets[slot]);
  for (int i = 0; i < kHidden; ++i) to[i] = values[i];
}

int main(void) {
  int wrong = 0, steps = (int)(sensor_end - sensor);
  if (sine_reset(state, NULL) != RONDO_OK) return 1;
  set_slot(0, first_h);
  set_slot(1, first_c);
  for (int t = 0; t < steps; ++t) {
    float expected;
    if (sine_step(state, &sensor[t], &expected, scratch) != RONDO_OK) return 1;
    const float error = expected - answers[t], size = answers[t];
    const int good = (error < 0 ? -error : error) <= 1e-5f + 1e-4f * (size < 0 ? -size : size);
    wrong += !good;
    if (t % 6 == 0 || !good) {
      print("sensor ");
      print_thousandths(sensor[t]);
      print("  next ");
      print_thousandths(expected);
      print(good ? "  as recorded\n" : "  WRONG\n");
    }
  }
  print_number(steps - wrong);
  print(" of ");
  print_number(steps);
  print(" steps as recorded\n");
  return wrong != 0;
}
