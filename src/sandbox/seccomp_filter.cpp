#include "sandbox/seccomp_filter.h"

#include "system/files.h"

#include <seccomp.h>

#include <cerrno>
#include <cstring>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mixagent {
namespace {

// A refused call fails as if the user might not do it: programs report that, or go another way.
constexpr int refused[] = {
    // keys of the kernel, which no namespace divides
    SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key),
    // large attack surface, or a view of other processes
    SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(kcmp),
    SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at), SCMP_SYS(fanotify_init),
    // mounts and namespaces
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(open_tree),
    SCMP_SYS(move_mount), SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr), SCMP_SYS(unshare), SCMP_SYS(setns),
    // the machine
    SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(init_module), SCMP_SYS(finit_module),
    SCMP_SYS(delete_module), SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(acct),
    SCMP_SYS(quotactl), SCMP_SYS(syslog), SCMP_SYS(settimeofday), SCMP_SYS(clock_settime),
    SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(iopl), SCMP_SYS(ioperm),
    SCMP_SYS(vhangup)};

// Runtimes probe for these and fall back when the kernel does not know them: io_uring can open
// sockets behind the filter's back, and the flags of clone3 lie in memory, where no filter can
// look.
constexpr int unknown[] = {SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
                           SCMP_SYS(io_uring_register), SCMP_SYS(clone3)};

constexpr unsigned long namespace_flags[] = {CLONE_NEWUSER,  CLONE_NEWNS,  CLONE_NEWPID,
                                             CLONE_NEWNET,   CLONE_NEWIPC, CLONE_NEWUTS,
                                             CLONE_NEWCGROUP};

// Not divided by the network namespace, or drivers that nobody needs here.
constexpr int refused_families[] = {AF_VSOCK, AF_PACKET, AF_ALG, AF_XDP,       AF_TIPC,
                                    AF_KEY,   AF_RXRPC,  AF_CAN, AF_BLUETOOTH, AF_RDS};

// The kernel takes these arguments as 32 bits: what stands above must not hide them from the
// comparison.
constexpr std::uint64_t low_half = 0xffffffffU;
constexpr unsigned long tiocsti = 0x5412, tioclinux = 0x541c;

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ALLOW)) {
    good_ = context_ != nullptr &&
            seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) == 0;
  }
  ~Filter() {
    if (context_ != nullptr) seccomp_release(context_);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void refuse(int call, int error = EPERM) { add(call, error, 0, {}); }
  void refuse_if(int call, scmp_arg_cmp compare) { add(call, EPERM, 1, compare); }
  bool write_to(int fd) { return good_ && seccomp_export_bpf(context_, fd) == 0; }

 private:
  void add(int call, int error, unsigned count, scmp_arg_cmp compare) {
    if (!good_) return;
    const int result = seccomp_rule_add_array(
        context_, SCMP_ACT_ERRNO(static_cast<unsigned>(error)), call, count, &compare);
    // A call that this architecture does not have needs no rule.
    good_ = result == 0 || result == -EDOM;
  }

  scmp_filter_ctx context_;
  bool good_ = false;
};

scmp_arg_cmp compare(unsigned argument, scmp_compare how, std::uint64_t a, std::uint64_t b = 0) {
  return {argument, how, a, b};
}

void refuse_risky(Filter& filter) {
  for (const int call : refused) filter.refuse(call);
  for (const int call : unknown) filter.refuse(call, ENOSYS);
  for (const unsigned long flag : namespace_flags)
    filter.refuse_if(SCMP_SYS(clone), compare(0, SCMP_CMP_MASKED_EQ, flag, flag));
  for (const unsigned long request : {tiocsti, tioclinux})
    filter.refuse_if(SCMP_SYS(ioctl), compare(1, SCMP_CMP_MASKED_EQ, low_half, request));
}

void refuse_other_sockets(Filter& filter) {
  for (const int call : {SCMP_SYS(socket), SCMP_SYS(socketpair)})
    filter.refuse_if(call, compare(0, SCMP_CMP_NE, AF_UNIX));
  for (const int call : {SCMP_SYS(connect), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
                         SCMP_SYS(process_vm_writev)})
    filter.refuse(call);
}

}  // namespace

Result<std::string> seccomp_filter(const FilterOptions& options) {
  Filter filter;
  refuse_risky(filter);
  if (options.without_namespaces) {
    refuse_other_sockets(filter);
  } else {
    for (const int family : refused_families)
      filter.refuse_if(SCMP_SYS(socket), compare(0, SCMP_CMP_MASKED_EQ, low_half,
                                                 static_cast<std::uint64_t>(family)));
  }
  const Fd file(memfd_create("filter", MFD_CLOEXEC));
  if (!file || !filter.write_to(file.get()))
    return fail(ErrorCode::sandbox, "the system call filter cannot be built", "libseccomp",
                "install libseccomp 2.5 or later");
  if (lseek(file.get(), 0, SEEK_SET) != 0)
    return fail(ErrorCode::sandbox,
                std::string("the filter cannot be read back: ") + std::strerror(errno));
  return read_all(file.get(), "the filter");
}

}  // namespace mixagent
