/* A plugin of QEMU (version 1 of its interface, declared here: Debian has no header of it) that counts the instructions
 * executed from the address `begin` until the address `end`, and writes "CALLS INSTRUCTIONS" to the file `out`.
 * scripts/count-instructions.sh builds and uses it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*call)(uint64_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_atexit_cb(uint64_t id, void (*call)(uint64_t, void *), void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
                                                   void (*call)(unsigned, void *), int flags, void *data);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t begin, end, calls, instructions;
static int inside;
static char out[4096];

static void executed(unsigned cpu, void *data) {
  (void)cpu;
  const uint64_t address = (uintptr_t)data;
  if (address == begin) inside = 1, ++calls;
  if (address == end) inside = 0;
  instructions += (uint64_t)inside;
}

static void translated(uint64_t id, struct qemu_plugin_tb *block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, executed, 0,
                                           (void *)(uintptr_t)qemu_plugin_insn_vaddr(instruction));
  }
}

static void finished(uint64_t id, void *data) {
  (void)id, (void)data;
  FILE *file = fopen(out, "w");
  if (!file) return;
  fprintf(file, "%llu %llu\n", (unsigned long long)calls, (unsigned long long)instructions);
  fclose(file);
}

__attribute__((visibility("default"))) int qemu_plugin_install(uint64_t id, const void *info, int count, char **words) {
  (void)info;
  for (int i = 0; i < count; ++i) {
    if (!strncmp(words[i], "begin=", 6)) begin = strtoull(words[i] + 6, NULL, 16);
    if (!strncmp(words[i], "end=", 4)) end = strtoull(words[i] + 4, NULL, 16);
    if (!strncmp(words[i], "out=", 4)) snprintf(out, sizeof out, "%s", words[i] + 4);
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, finished, NULL);
  return 0;
}
