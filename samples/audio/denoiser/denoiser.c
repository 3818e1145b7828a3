/* Makes a noisy WAV file of 8000 samples a second quieter where it is noise: denoiser noisy.wav result.wav [clean.wav]
 * With the clean sound it prints the signal to noise ratio before and after. */
#include "denoiser.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bands.h"
#include "wav.h"

static _Alignas(RONDO_ALIGNMENT) char state[DENOISER_STATE_BYTES], scratch[DENOISER_SCRATCH_BYTES + 1];

/* One frame: what the model would keep of each band is added to the result. */
static rondo_status clean(const bands *b, const float *noisy, float *result) {
  float real[kFrame], imaginary[kFrame], features[kBands], gains[kBands];
  spectrum_of(b, noisy, real, imaginary);
  features_of(b, real, imaginary, features);
  const rondo_status status = denoiser_step(state, features, gains, scratch);
  add_with_gains(b, real, imaginary, gains, result);
  return status;
}

static double signal_to_noise(const wav *clean, const wav *sound) {
  double signal = 0, noise = 0;
  for (int i = 0; i < clean->count && i < sound->count; ++i) {
    const double error = sound->samples[i] - clean->samples[i];
    signal += (double)clean->samples[i] * clean->samples[i];
    noise += error * error;
  }
  return 10 * log10(signal / noise);
}

int main(int argc, char **argv) {
  static bands b;
  wav noisy, original;
  if (argc != 3 && argc != 4) return fprintf(stderr, "usage: denoiser NOISY.wav RESULT.wav [CLEAN.wav]\n"), 2;
  if (!read_wav(argv[1], &noisy)) return 1;
  if (noisy.rate != kRate) return fprintf(stderr, "%s: accepted: %d samples a second\n", argv[1], kRate), 1;
  wav result = {kRate, noisy.count, calloc((size_t)noisy.count + 1, sizeof(float))};
  if (!result.samples) return fprintf(stderr, "not enough memory\n"), 1;
  make_bands(&b);
  rondo_status status = denoiser_reset(state, NULL);
  for (int at = 0; at + kFrame <= noisy.count && status == RONDO_OK; at += kHop)
    status = clean(&b, noisy.samples + at, result.samples + at);
  if (status != RONDO_OK || !write_wav(argv[2], &result)) return 1;
  if (argc == 4) {
    if (!read_wav(argv[3], &original)) return 1;
    printf("signal to noise: %.1f dB before, %.1f dB after\n", signal_to_noise(&original, &noisy),
           signal_to_noise(&original, &result));
    free(original.samples);
  }
  free(noisy.samples);
  free(result.samples);
  return 0;
}
