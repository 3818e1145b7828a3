/* A keyword spotter: a frame's features go in every 16 ms, the probabilities of the words come out. The features are a
 * recording, and the probabilities are compared with what was recorded too. */
#include "board.h"
#include "keyword.h"

enum { kFeatures = 16, kWords = 3 };
static const char *const names[kWords] = {"nothing", "ya", "wee"};
static _Alignas(RONDO_ALIGNMENT) char state[KEYWORD_STATE_BYTES], scratch[KEYWORD_SCRATCH_BYTES + 1];

/* recording.S: a row for each frame. */
extern const float features[], features_end[], posteriors[];

static int as_recorded(const float *got, const float *want) {
  for (int i = 0; i < kWords; ++i) {
    const float error = got[i] - want[i];
    if (!((error < 0 ? -error : error) <= 1e-5f + 1e-4f * want[i])) return 0;
  }
  return 1;
}

int main(void) {
  int good = 0, before = 0, frames = (int)(features_end - features) / kFeatures;
  if (keyword_reset(state, NULL) != RONDO_OK) return 1;
  for (int t = 0; t < frames; ++t) {
    float posterior[kWords];
    if (keyword_step(state, features + t * kFeatures, posterior, scratch) != RONDO_OK) return 1;
    good += as_recorded(posterior, posteriors + t * kWords);
    const int now = posterior[1] > 0.5f ? 1 : posterior[2] > 0.5f ? 2 : 0;
    if (now != before && now != 0) {
      print_number(t * 16);
      print(" ms: \"");
      print(names[now]);
      print("\", probability ");
      print_thousandths(posterior[now]);
      print("\n");
    }
    before = now;
  }
  print_number(good);
  print(" of ");
  print_number(frames);
  print(" frames as recorded\n");
  return good != frames;
}
