// Runs work in a process of its own in which any call of the system, but the last one, ends it: what neither allocates
// nor locks nor asks the system for anything passes. The caller's memory is seen, and not changed.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rondo::test {

enum class Sealed {
  clean,        // the work was done, and gave true
  wrong,        // it gave false, or crashed
  called,       // it called the system
  unavailable,  // this system does not let a process be sealed
};

inline bool seal() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const sock_fprog program{sizeof filter / sizeof *filter, filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

template <class Work>
Sealed run_sealed(Work work) {
  constexpr int kWrong = 1, kUnavailable = 2;
  const pid_t child = fork();
  if (child < 0) return Sealed::unavailable;
  if (child == 0) {
    if (!seal()) _exit(kUnavailable);
    _exit(work() ? 0 : kWrong);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGSYS ? Sealed::called : Sealed::wrong;
  const int code = WEXITSTATUS(status);
  return code == 0 ? Sealed::clean : code == kUnavailable ? Sealed::unavailable : Sealed::wrong;
}

}  // namespace rondo::test
