/* See wav.h. A file is "RIFF", its size, "WAVE", and chunks: a name of four letters, a size, contents. */
#include "wav.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned little(const unsigned char *at, int bytes) {
  unsigned value = 0;
  while (bytes--) value = value << 8 | at[bytes];
  return value;
}

static int say(const char *path, const char *what) { return fprintf(stderr, "%s: %s\n", path, what), 0; }

/* Bytes from where the file stands to its end. */
static unsigned rest_of(FILE *file) {
  const long here = ftell(file);
  fseek(file, 0, SEEK_END);
  const long end = ftell(file);
  fseek(file, here, SEEK_SET);
  return end > here ? (unsigned)(end - here) : 0;
}

static int read_samples(FILE *file, const char *path, wav *sound, unsigned bytes) {
  unsigned char two[2];
  if (bytes < 2) return say(path, "there is no sound in it");
  if (bytes > rest_of(file)) return say(path, "it ends before its sound does");
  sound->samples = malloc(bytes / 2 * sizeof(float));
  if (!sound->samples) return say(path, "too large for memory");
  for (sound->count = 0; (unsigned)sound->count < bytes / 2 && fread(two, 2, 1, file) == 1; ++sound->count)
    sound->samples[sound->count] = (float)(int16_t)little(two, 2) / 32768;
  return 1;
}

static int read_chunks(FILE *file, const char *path, wav *sound) {
  unsigned char head[12], chunk[8], format[16];
  if (fread(head, 12, 1, file) != 1 || memcmp(head, "RIFF", 4) || memcmp(head + 8, "WAVE", 4))
    return say(path, "not a WAV file");
  while (fread(chunk, 8, 1, file) == 1) {
    const unsigned bytes = little(chunk + 4, 4);
    if (bytes > 1u << 30) break;
    if (memcmp(chunk, "fmt ", 4) == 0 && bytes >= 16) {
      if (fread(format, 16, 1, file) != 1) break;
      if (little(format, 2) != 1 || little(format + 2, 2) != 1 || little(format + 14, 2) != 16)
        return say(path, "accepted: PCM of one channel and 16 bits");
      sound->rate = (int)little(format + 4, 4);
      fseek(file, (long)(bytes - 16 + bytes % 2), SEEK_CUR);
    } else if (memcmp(chunk, "data", 4) == 0 && sound->rate > 0) {
      return read_samples(file, path, sound, bytes);
    } else {
      fseek(file, (long)(bytes + bytes % 2), SEEK_CUR);
    }
  }
  return say(path, "there is no sound in it");
}

int read_wav(const char *path, wav *sound) {
  memset(sound, 0, sizeof *sound);
  FILE *file = fopen(path, "rb");
  if (!file) return say(path, "cannot be opened");
  const int good = read_chunks(file, path, sound);
  fclose(file);
  return good;
}

static void put(unsigned char *to, unsigned value, int bytes) {
  for (int i = 0; i < bytes; ++i) to[i] = (unsigned char)(value >> (8 * i));
}

int write_wav(const char *path, const wav *sound) {
  unsigned char head[44] = "RIFF    WAVEfmt ", two[2];
  const unsigned bytes = (unsigned)sound->count * 2, rate = (unsigned)sound->rate;
  put(head + 4, bytes + 36, 4);
  put(head + 16, 16, 4);
  put(head + 20, 1, 2); /* PCM */
  put(head + 22, 1, 2); /* channels */
  put(head + 24, rate, 4);
  put(head + 28, rate * 2, 4);
  put(head + 32, 2, 2);
  put(head + 34, 16, 2);
  memcpy(head + 36, "data", 4);
  put(head + 40, bytes, 4);
  FILE *file = fopen(path, "wb");
  if (!file) return say(path, "cannot be written");
  int good = fwrite(head, sizeof head, 1, file) == 1;
  for (int i = 0; i < sound->count && good; ++i) {
    float x = sound->samples[i] * 32768;
    x = x < -32768 ? -32768 : x > 32767 ? 32767 : x;
    put(two, (unsigned)(int)(x < 0 ? x - 0.5f : x + 0.5f), 2);
    good = fwrite(two, 2, 1, file) == 1;
  }
  return fclose(file) == 0 && good ? 1 : say(path, "cannot be written whole");
}
