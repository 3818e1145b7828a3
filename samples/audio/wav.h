/* WAV files of one channel and 16 bits: all that the samples need. */
#ifndef WAV_H
#define WAV_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wav {
  int rate, count;
  float *samples; /* between -1 and 1; the caller frees them */
} wav;

/* Each gives 1, or 0 and a sentence on stderr. */
int read_wav(const char *path, wav *sound);
int write_wav(const char *path, const wav *sound);

#ifdef __cplusplus
}
#endif
#endif
