#include "sandbox/cgroup.h"

#include <doctest/doctest.h>

#include <fstream>

namespace mixagent {
namespace {

namespace fs = std::filesystem;

TEST_CASE("the folder of a process in the hierarchy") {
  struct Case {
    const char *mountinfo, *membership, *folder;
  };
  const char* usual = "31 23 0:28 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n";
  for (const Case& c : std::vector<Case>{
           {usual, "0::/\n", "/sys/fs/cgroup"},
           {usual, "0::/user.slice/a.scope\n", "/sys/fs/cgroup/user.slice/a.scope"},
           // A hybrid machine: the older hierarchies come first.
           {"30 23 0:27 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
            "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n",
            "8:pids:/x\n0::/y\n", "/sys/fs/cgroup/unified/y"},
           // A container that sees a part of it.
           {"31 23 0:28 /pod/1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "0::/pod/1/job\n",
            "/sys/fs/cgroup/job"},
           {"31 23 0:28 /pod/1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "0::/pod/1\n",
            "/sys/fs/cgroup"},
           {"31 23 0:28 /pod/1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "0::/pod/12\n", nullptr},
           {usual, "0::/../outside\n", nullptr},
           {usual, "8:pids:/x\n", nullptr},
           {"22 27 0:21 / /proc rw - proc proc rw\n", "0::/\n", nullptr},
           {"", "", nullptr}}) {
    const auto folder = cgroup_folder(c.mountinfo, c.membership);
    CHECK_MESSAGE(folder == (c.folder ? std::optional<std::string>(c.folder) : std::nullopt),
                  c.mountinfo << c.membership);
  }
}

TEST_CASE("what is written for a command's limits") {
  Policy policy;
  policy.memory_mb = 300;
  policy.processes = 64;
  const CgroupWrites memory = {
      {"memory.max", "314572800"}, {"memory.swap.max", "0"}, {"memory.oom.group", "1"}};
  CHECK(cgroup_writes(policy, "memory") == memory);
  CHECK(cgroup_writes(policy, "cpuset io pids\n") == CgroupWrites{{"pids.max", "136"}});
  CHECK(cgroup_writes(policy, "cpu hugetlb") == CgroupWrites{{"cpu.weight", "20"}});
  CHECK(cgroup_writes(policy, "").empty());
  CHECK(cgroup_writes({}, "memory pids").empty());
}

// A folder that looks like a part of the hierarchy; nothing in it has the kernel behind it.
class FakeGroup {
 public:
  FakeGroup() {
    std::string path = (fs::temp_directory_path() / "mixagent-cgroup-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    root = path;
    put("cgroup.procs", "");
    put("cgroup.controllers", "cpuset cpu io memory pids\n");
    put("cgroup.subtree_control", "memory pids\n");
  }
  ~FakeGroup() { fs::remove_all(root); }
  FakeGroup(const FakeGroup&) = delete;
  FakeGroup& operator=(const FakeGroup&) = delete;
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(root / name) << text;
  }
  fs::path root;
};

TEST_CASE("a group a command, and none left") {
  const FakeGroup fake;
  const std::vector<std::string> kept = {"mixagent-main", "user.slice", "mixagent-backup.service",
                                         "mixagent-1-x", "mixagent-12"};
  for (const std::string& name : kept) fs::create_directory(fake.root / name);
  fs::create_directories(fake.root / "mixagent-1-1/made/deeper");
  const auto groups = Cgroups::open(fake.root / "mixagent-main");
  REQUIRE(groups);
  CHECK(groups->folder() == fake.root);
  CHECK_FALSE(fs::exists(fake.root / "mixagent-1-1"));  // left by a process that is gone
  for (const std::string& name : kept) CHECK_MESSAGE(fs::exists(fake.root / name), name);
  std::string path;
  {
    const auto leaf = groups->make({});
    REQUIRE(leaf);
    path = leaf->path();
    CHECK(fs::is_empty(path));  // files that the kernel does not offer are not made
    CHECK_FALSE(leaf->out_of_memory());
    std::ofstream(path + "/memory.events") << "low 0\nmax 7\noom 1\noom_kill 0\n";
    CHECK_FALSE(leaf->out_of_memory());
    std::ofstream(path + "/memory.events") << "low 0\nmax 7\noom 1\noom_kill 3\n";
    CHECK(leaf->out_of_memory());
    CHECK(Cgroups::open(fake.root));  // another start leaves it alone
    CHECK(fs::exists(path));
    fs::remove(path + "/memory.events");
    fs::create_directories(path + "/of-the-command/own");
  }
  CHECK_FALSE(fs::exists(path));
  CHECK_FALSE(Cgroups::open(fake.root / "missing"));
}

}  // namespace
}  // namespace mixagent
