/* Opens a compiled model by its record and says what it takes. */
#include <rondo_loader.h>
#include <stdio.h>

int main(int argc, char **argv) {
  rondo_library library;
  char reason[256];
  if (argc != 2 || !rondo_open(&library, argv[1], NULL, reason, sizeof reason)) return printf("%s\n", reason), 1;
  printf("%s takes %s\n", library.model->name, library.model->inputs[0].type);
  rondo_close(&library);
  return 0;
}
