/* Sound at 8000 samples a second as energies in bands, and back. A frame is 256 samples under a sine window, and one
 * begins every 128; a band is a triangle over the bins of its spectrum. bands.py computes the same in NumPy. */
#ifndef BANDS_H
#define BANDS_H

enum { kRate = 8000, kFrame = 256, kHop = 128, kBins = kFrame / 2 + 1, kBands = 16 };

typedef struct bands {
  float window[kFrame], cosine[kFrame / 2], sine[kFrame / 2];
  float weights[kBands][kBins]; /* of each bin in each band */
} bands;

void make_bands(bands *b);

/* kFrame samples -> the spectrum: real and imaginary parts of kFrame bins, the upper half being the mirror of the
 * lower. */
void spectrum_of(const bands *b, const float *samples, float *real, float *imaginary);

/* What the models hear: the logarithm of each band's energy, roughly between -1 and 1. */
void features_of(const bands *b, const float *real, const float *imaginary, float features[kBands]);

/* Makes the bands of a spectrum quieter, and adds its frame to kFrame samples of sound. */
void add_with_gains(const bands *b, float *real, float *imaginary, const float gains[kBands], float *sound);

#endif
