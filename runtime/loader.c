/* The loader (see rondo_loader.h): dlopen, the record's symbol, and the check of its version.
 * Tested by tests/driver/loader_test.cpp. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "rondo_loader.h"

enum { kLongestName = 512 };

static int fail(rondo_library *library, char *reason, size_t size, const char *what, const char *detail) {
  if (reason && size) snprintf(reason, size, "%s%s", what, detail ? detail : "");
  rondo_close(library);
  return 0;
}

/* "dir/libsine.so" gives "sine". */
static int stem_of(const char *path, char *stem, size_t size) {
  const char *slash = strrchr(path, '/');
  const char *start = slash ? slash + 1 : path;
  if (strncmp(start, "lib", 3) == 0) start += 3;
  size_t length = strlen(start);
  if (length > 3 && strcmp(start + length - 3, ".so") == 0) length -= 3;
  if (length == 0 || length >= size) return 0;
  memcpy(stem, start, length);
  stem[length] = 0;
  return 1;
}

static int is_complete(const rondo_model *m) {
  return m->name && m->call && m->scratch_size && m->shapes && m->reset_stream && m->input_count >= 0 && m->output_count >= 0 &&
         m->state_count >= 0 && m->dim_count >= 0 && m->measured_count >= 0 && (m->input_count == 0 || m->inputs) &&
         (m->output_count == 0 || m->outputs) && (m->dim_count == 0 || m->dims) &&
         (m->measured_count == 0 || m->measured) &&
         m->streams >= 0 && m->constant_bytes >= 0 &&
         (m->state_count == 0 || (m->states && m->reset && m->state_size && m->state_offsets));
}

int rondo_open(rondo_library *library, const char *path, const char *prefix, char *reason, size_t reason_size) {
  char stem[kLongestName], symbol[kLongestName + 8];
  library->handle = NULL;
  library->model = NULL;
  if (!prefix) {
    if (!stem_of(path, stem, sizeof stem))
      return fail(library, reason, reason_size, "no symbol prefix in the name ", path);
    prefix = stem;
  }
  if (strlen(prefix) >= kLongestName) return fail(library, reason, reason_size, "the symbol prefix is too long", NULL);
  snprintf(symbol, sizeof symbol, "%s_model", prefix);

  /* A name without a slash would be looked for in the system's folders. */
  char local[4096];
  if (!strchr(path, '/')) {
    if ((size_t)snprintf(local, sizeof local, "./%s", path) >= sizeof local)
      return fail(library, reason, reason_size, "the path is too long", NULL);
    path = local;
  }
  library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library->handle) return fail(library, reason, reason_size, "", dlerror());
  library->model = (const rondo_model *)dlsym(library->handle, symbol);
  if (!library->model) return fail(library, reason, reason_size, "the library does not define ", symbol);
  if (library->model->interface_version != RONDO_INTERFACE_VERSION)
    return fail(library, reason, reason_size, "the model was compiled for another version of the interface", NULL);
  if (!is_complete(library->model))
    return fail(library, reason, reason_size, "the reflection record is incomplete", NULL);
  return 1;
}

void rondo_close(rondo_library *library) {
  if (library->handle) dlclose(library->handle);
  library->handle = NULL;
  library->model = NULL;
}
