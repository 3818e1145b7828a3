/* Listens to a WAV file of 8000 samples a second and prints the words that it hears, each with the time at which it was
 * sure: keyword words.wav */
#include "keyword.h"

#include <stdio.h>
#include <stdlib.h>

#include "bands.h"
#include "wav.h"

enum { kWords = 3 };
static const char *const names[kWords] = {"nothing", "ya", "wee"};
static _Alignas(RONDO_ALIGNMENT) char state[KEYWORD_STATE_BYTES], scratch[KEYWORD_SCRATCH_BYTES + 1];

/* The probabilities after one more frame of sound. */
static rondo_status hear(const bands *b, const float *samples, float posterior[kWords]) {
  float real[kFrame], imaginary[kFrame], features[kBands];
  spectrum_of(b, samples, real, imaginary);
  features_of(b, real, imaginary, features);
  return keyword_step(state, features, posterior, scratch);
}

int main(int argc, char **argv) {
  static bands b;
  wav sound;
  if (argc != 2) return fprintf(stderr, "usage: keyword SOUND.wav\n"), 2;
  if (!read_wav(argv[1], &sound)) return 1;
  if (sound.rate != kRate) return fprintf(stderr, "%s: accepted: %d samples a second\n", argv[1], kRate), 1;
  make_bands(&b);
  int before = 0;
  rondo_status status = keyword_reset(state, NULL);
  for (int at = 0; at + kFrame <= sound.count && status == RONDO_OK; at += kHop) {
    float posterior[kWords];
    status = hear(&b, sound.samples + at, posterior);
    const int now = posterior[1] > 0.5f ? 1 : posterior[2] > 0.5f ? 2 : 0;
    if (now != before && now != 0)
      printf("%.3f s: \"%s\", probability %.3f\n", (double)at / kRate, names[now], posterior[now]);
    before = now;
  }
  free(sound.samples);
  return status != RONDO_OK;
}
