// Plays a WAV file through the amplifier, as an audio plugin does: block by block, into memory that is there before the
// first sample, and says how much faster than real time that is: amplifier guitar.wav result.wav [BLOCK]
#include "amplifier.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "rondo.hpp"
#include "wav.h"

namespace {

/// What a plugin calls on its real-time thread: nothing here allocates, locks or throws.
rondo_status process(rondo::Instance& amplifier, std::span<const float> in, std::span<float> out) noexcept {
  return amplifier.step_n(static_cast<std::int64_t>(in.size()), {in}, {out});
}

}  // namespace

int main(int argc, char** argv) {
  const int block = argc > 3 ? std::atoi(argv[3]) : 64;
  wav sound;
  if (argc < 3 || block < 1)
    return std::fprintf(stderr, "usage: amplifier SOUND.wav RESULT.wav [SAMPLES IN A BLOCK]\n"), 2;
  if (!read_wav(argv[1], &sound)) return 1;
  rondo::Instance amplifier(amplifier_model);
  if (!amplifier) return std::fprintf(stderr, "not enough memory\n"), 1;

  std::vector<float> result(static_cast<std::size_t>(sound.count));
  const std::span<const float> in(sound.samples, result.size());
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t at = 0; at < in.size(); at += static_cast<std::size_t>(block)) {
    const std::size_t count = std::min(in.size() - at, static_cast<std::size_t>(block));
    if (process(amplifier, in.subspan(at, count), std::span(result).subspan(at, count)) != RONDO_OK) return 1;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double duration = static_cast<double>(sound.count) / sound.rate;
  std::printf("%d samples in blocks of %d: %.2f s of sound in %.2f ms, %.0f times faster than real time\n", sound.count,
              block, duration, seconds * 1e3, duration / seconds);
  const wav written = {sound.rate, sound.count, result.data()};
  const bool good = write_wav(argv[2], &written);
  std::free(sound.samples);
  return good ? 0 : 1;
}
