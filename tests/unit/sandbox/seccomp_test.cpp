// The filter is run here as the kernel would run it: every rule by the call that it is for.

#include "sandbox/seccomp_filter.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <optional>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <vector>

namespace mixagent {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t own_arch = AUDIT_ARCH_X86_64, foreign_arch = AUDIT_ARCH_I386;
#elif defined(__aarch64__)
constexpr std::uint32_t own_arch = AUDIT_ARCH_AARCH64, foreign_arch = AUDIT_ARCH_ARM;
#else
constexpr std::uint32_t own_arch = 0, foreign_arch = 0;
#endif

std::vector<sock_filter> program_of(const FilterOptions& options) {
  const auto text = seccomp_filter(options);
  REQUIRE(text);
  std::vector<sock_filter> program(text->size() / sizeof(sock_filter));
  std::memcpy(program.data(), text->data(), program.size() * sizeof(sock_filter));
  return program;
}

// What the program returns; empty where it is not one that this reads.
std::optional<std::uint32_t> run_filter(const std::vector<sock_filter>& program,
                                        const seccomp_data& call) {
  std::uint32_t a = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    auto jump = [&](bool yes) { at += yes ? step.jt : step.jf; };
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (step.k + sizeof a > sizeof call) return std::nullopt;
        std::memcpy(&a, reinterpret_cast<const char*>(&call) + step.k, sizeof a);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        a &= step.k;
        break;
      case BPF_JMP | BPF_JA:
        at += step.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        jump(a == step.k);
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        jump(a > step.k);
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        jump(a >= step.k);
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        jump((a & step.k) != 0);
        break;
      case BPF_RET | BPF_K:
        return step.k;
      default:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

struct Call {
  long number;
  std::uint64_t first = 0, second = 0;
};

// 0: allowed; else the error it fails with; -1: anything else.
int verdict(const std::vector<sock_filter>& program, const Call& call,
            std::uint32_t arch = own_arch) {
  seccomp_data data{};
  data.nr = static_cast<int>(call.number);
  data.arch = arch;
  data.args[0] = call.first;
  data.args[1] = call.second;
  const auto result = run_filter(program, data);
  if (!result) return -1;
  if (*result == SECCOMP_RET_ALLOW) return 0;
  const bool error = (*result & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
  return error ? static_cast<int>(*result & SECCOMP_RET_DATA) : -1;
}

bool known_machine() {
  if (own_arch == 0) std::printf("SKIPPED: numbers of this machine's calls are not known here\n");
  return own_arch != 0;
}

TEST_CASE("calls that are refused, unknown and allowed") {
  if (!known_machine()) return;
  const auto program = program_of({});
  for (const long number : {SYS_keyctl,
                            SYS_add_key,
                            SYS_request_key,
                            SYS_bpf,
                            SYS_perf_event_open,
                            SYS_userfaultfd,
                            SYS_kcmp,
                            SYS_open_by_handle_at,
                            SYS_name_to_handle_at,
                            SYS_fanotify_init,
                            SYS_mount,
                            SYS_umount2,
                            SYS_pivot_root,
                            SYS_chroot,
                            SYS_open_tree,
                            SYS_move_mount,
                            SYS_fsopen,
                            SYS_fsconfig,
                            SYS_fsmount,
                            SYS_fspick,
                            SYS_mount_setattr,
                            SYS_unshare,
                            SYS_setns,
                            SYS_kexec_load,
                            SYS_kexec_file_load,
                            SYS_init_module,
                            SYS_finit_module,
                            SYS_delete_module,
                            SYS_reboot,
                            SYS_swapon,
                            SYS_swapoff,
                            SYS_acct,
                            SYS_quotactl,
                            SYS_syslog,
                            SYS_settimeofday,
                            SYS_clock_settime,
                            SYS_sethostname,
                            SYS_setdomainname,
                            SYS_vhangup})
    CHECK_MESSAGE(verdict(program, {number}) == EPERM, number);
#if defined(__x86_64__)
  for (const long number : {SYS_iopl, SYS_ioperm})
    CHECK_MESSAGE(verdict(program, {number}) == EPERM, number);
#endif
  for (const long number :
       {SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register, SYS_clone3})
    CHECK_MESSAGE(verdict(program, {number}) == ENOSYS, number);
  for (const long number :
       {SYS_read, SYS_openat, SYS_execve, SYS_ptrace, SYS_process_vm_readv, SYS_personality,
        SYS_memfd_create, SYS_inotify_init1, SYS_connect, SYS_bind, SYS_setsid, SYS_prctl, SYS_kill,
        SYS_close_range, SYS_openat2})
    CHECK_MESSAGE(verdict(program, {number}) == 0, number);
}

TEST_CASE("calls whose arguments decide, with nothing hidden in the upper half") {
  if (!known_machine()) return;
  const auto program = program_of({});
  constexpr std::uint64_t upper = 0xdeadbeefULL << 32;
  for (const std::uint64_t flag :
       std::vector<std::uint64_t>{CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET,
                                  CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP})
    for (const std::uint64_t more : std::vector<std::uint64_t>{0, SIGCHLD, CLONE_VM, upper})
      CHECK_MESSAGE(verdict(program, {SYS_clone, flag | more}) == EPERM, flag);
  for (const std::uint64_t flags :
       std::vector<std::uint64_t>{SIGCHLD, CLONE_VM | CLONE_VFORK | SIGCHLD,
                                  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD})
    CHECK(verdict(program, {SYS_clone, flags}) == 0);
  for (const std::uint64_t high : std::vector<std::uint64_t>{0, upper}) {
    for (const std::uint64_t request :
         std::vector<std::uint64_t>{0x5412, 0x541c})  // TIOCSTI, TIOCLINUX
      CHECK(verdict(program, {SYS_ioctl, 0, high | request}) == EPERM);
    for (const std::uint64_t request : std::vector<std::uint64_t>{TCGETS, FIONREAD, TIOCGWINSZ})
      CHECK(verdict(program, {SYS_ioctl, 0, high | request}) == 0);
    for (const std::uint64_t family :
         std::vector<std::uint64_t>{AF_VSOCK, AF_PACKET, AF_ALG, 44 /* XDP */, AF_TIPC, AF_KEY,
                                    AF_RXRPC, AF_CAN, AF_BLUETOOTH, AF_RDS})
      CHECK_MESSAGE(verdict(program, {SYS_socket, high | family}) == EPERM, family);
    for (const std::uint64_t family :
         std::vector<std::uint64_t>{AF_UNIX, AF_INET, AF_INET6, AF_NETLINK})
      CHECK_MESSAGE(verdict(program, {SYS_socket, high | family}) == 0, family);
  }
}

TEST_CASE("other machines' numbers do not exist") {
  if (!known_machine()) return;
  const auto program = program_of({});
  for (const long number : {SYS_read, SYS_mount, SYS_execve})
    CHECK(verdict(program, {number}, foreign_arch) == ENOSYS);
#if defined(__x86_64__)
  for (const long number : {SYS_read, SYS_mount, SYS_execve})  // x32
    CHECK(verdict(program, {number | 0x40000000}) == ENOSYS);
#endif
}

TEST_CASE("without namespaces there are no sockets but pairs, and nobody looks into others") {
  if (!known_machine()) return;
  const auto program = program_of({true});
  for (const long number : {SYS_connect, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev,
                            SYS_mount, SYS_unshare, SYS_keyctl})
    CHECK_MESSAGE(verdict(program, {number}) == EPERM, number);
  for (const long number : {SYS_socket, SYS_socketpair}) {
    CHECK(verdict(program, {number, AF_UNIX}) == 0);
    for (const std::uint64_t family :
         std::vector<std::uint64_t>{AF_INET, AF_INET6, AF_NETLINK, AF_VSOCK, 0})
      CHECK_MESSAGE(verdict(program, {number, family}) == EPERM, family);
  }
  CHECK(verdict(program, {SYS_io_uring_setup}) == ENOSYS);
  CHECK(verdict(program, {SYS_read}) == 0);
}

}  // namespace
}  // namespace mixagent
