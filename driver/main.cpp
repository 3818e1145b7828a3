// The program. Everything is in command_line.cpp; here the last resort against exceptions of the standard library.
#include <cstdio>
#include <exception>

#include "driver/command_line.h"
#include "driver/heap.h"

int main(int argc, char** argv) {
  rondo::keep_freed_memory();
  try {
    return rondo::run_command_line(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("rondo: internal error: out of memory\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rondo: internal error: %s\n", error.what());
  }
  return 1;
}
