/* See bands.h. */
#include "bands.h"

#include <math.h>

static const double kPi = 3.14159265358979323846;

static double mel(double hertz) { return 2595 * log10(1 + hertz / 700); }
static double edge(int k) { /* of the triangles, in bins */
  const double at = mel(60) + (mel(3900) - mel(60)) * k / (kBands + 1);
  return 700 * (pow(10, at / 2595) - 1) * kFrame / kRate;
}

void make_bands(bands *b) {
  for (int n = 0; n < kFrame; ++n) b->window[n] = (float)sin(kPi * (n + 0.5) / kFrame);
  for (int k = 0; k < kFrame / 2; ++k) {
    b->cosine[k] = (float)cos(2 * kPi * k / kFrame);
    b->sine[k] = (float)sin(2 * kPi * k / kFrame);
  }
  for (int band = 0; band < kBands; ++band)
    for (int bin = 0; bin < kBins; ++bin) {
      const double rising = (bin - edge(band)) / (edge(band + 1) - edge(band));
      const double falling = (edge(band + 2) - bin) / (edge(band + 2) - edge(band + 1));
      b->weights[band][bin] = (float)fmax(0, fmin(rising, falling));
    }
}

/* A fast Fourier transform in place: radix 2, bits of the indices reversed first. */
static void transform(const bands *b, float *real, float *imaginary) {
  for (int i = 0, j = 0; i < kFrame; ++i) {
    if (i < j) {
      const float r = real[i], m = imaginary[i];
      real[i] = real[j], imaginary[i] = imaginary[j];
      real[j] = r, imaginary[j] = m;
    }
    for (int bit = kFrame / 2; ((j ^= bit) & bit) == 0; bit /= 2)
      if (bit == 1) break;
  }
  for (int half = 1; half < kFrame; half *= 2)
    for (int start = 0; start < kFrame; start += 2 * half)
      for (int k = 0; k < half; ++k) {
        const float c = b->cosine[k * (kFrame / 2 / half)], s = b->sine[k * (kFrame / 2 / half)];
        const int low = start + k, high = low + half;
        const float r = real[high] * c + imaginary[high] * s, m = imaginary[high] * c - real[high] * s;
        real[high] = real[low] - r, imaginary[high] = imaginary[low] - m;
        real[low] += r, imaginary[low] += m;
      }
}

void spectrum_of(const bands *b, const float *samples, float *real, float *imaginary) {
  for (int n = 0; n < kFrame; ++n) real[n] = samples[n] * b->window[n], imaginary[n] = 0;
  transform(b, real, imaginary);
}

void features_of(const bands *b, const float *real, const float *imaginary, float features[kBands]) {
  for (int band = 0; band < kBands; ++band) {
    float energy = 0;
    for (int bin = 0; bin < kBins; ++bin)
      energy += b->weights[band][bin] * (real[bin] * real[bin] + imaginary[bin] * imaginary[bin]);
    features[band] = (log10f(energy / (kFrame * kFrame) + 1e-8f) + 6) / 2;
  }
}

void add_with_gains(const bands *b, float *real, float *imaginary, const float gains[kBands], float *sound) {
  for (int bin = 0; bin < kBins; ++bin) {
    float gain = 0, sum = 0;
    for (int band = 0; band < kBands; ++band) {
      gain += gains[band] * b->weights[band][bin];
      sum += b->weights[band][bin];
    }
    gain = sum > 1e-9f ? gain / sum : 0;
    real[bin] *= gain, imaginary[bin] *= gain;
    if (bin > 0 && bin < kFrame / 2) real[kFrame - bin] *= gain, imaginary[kFrame - bin] *= gain;
  }
  /* The transform of the mirrored spectrum is the way back, times kFrame. */
  for (int k = 0; k < kFrame; ++k) imaginary[k] = -imaginary[k];
  transform(b, real, imaginary);
  for (int n = 0; n < kFrame; ++n) sound[n] += real[n] / kFrame * b->window[n];
}
