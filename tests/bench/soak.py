#!/usr/bin/env python3
"""soak.py PROGRAM [--steps 200] [--jobs 8]
One run of many steps whose commands fork without end, daemonise, ignore SIGTERM, hold pipes, fill memory, disk and
output. Afterwards nothing may be left: no process, mount, file or cgroup; the user's tree is byte for byte what it
was, and the program's memory did not grow with the steps. By hand, on a machine that may be busy for minutes."""
import argparse, hashlib, json, os, secrets, shutil, subprocess, sys, tempfile, time

args = argparse.ArgumentParser()
args.add_argument("program")
args.add_argument("--steps", type=int, default=200)
args.add_argument("--jobs", type=int, default=8)
options = args.parse_args()
mark = "soak" + secrets.token_hex(6)

DAEMON = ("perl -MPOSIX -e '$SIG{$_} = \"IGNORE\" for qw(TERM INT HUP PIPE); $0 = \"%s\"; exit if fork; setsid; "
          "exit if fork; close STDOUT; close STDERR; sleep 1000'; echo started" % mark)
HOSTILE = [  # (command, timeout_s)
    ("b() { b | b & }; b; sleep 1", 10),
    (DAEMON, 10),
    ("exec -a %s bash -c \"trap '' TERM; while :; do sleep 1; done\"" % mark, 1),
    ("mkdir -p scratch; head -c 1G /dev/zero > scratch/big; for i in 1 2 3 4; do head -c 40M /dev/zero > scratch/$i; done; sleep 2", 10),
    ("head -c 300M /dev/zero | tr '\\0' x", 20),
    ("perl -e '$0 = \"%s\"; my @all; push @all, \"x\" x (64 << 20) while 1'" % mark, 20),
    ("bash -c 'exec -a %s sleep 1000' & echo gone" % mark, 10),
    ("mkdir -p scratch/a/b; mkfifo scratch/a/pipe; ln -s /etc scratch/a/link; chmod 0 scratch/a/b scratch/a", 10),
]


def processes_left():
    left = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = open("/proc/%s/cmdline" % pid, "rb").read()
        except OSError:
            continue
        if mark.encode() in line and int(pid) != os.getpid():
            left.append((pid, line[:100]))
    return left


def digest(root):
    total = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            total.update(path.encode() + b"\0" + oct(os.lstat(path).st_mode).encode() + open(path, "rb").read())
    return total.hexdigest()


def machine():
    # What is below /sys comes with whoever looks there.
    mounts = sorted(line.split()[4] for line in open("/proc/self/mountinfo") if not line.split()[4].startswith("/sys/"))
    groups = sorted(d for d, _, _ in os.walk("/sys/fs/cgroup") if "mixagent" in d)
    return {"mounts": mounts, "cgroups": groups, "shared memory": sorted(os.listdir("/dev/shm"))}


def prepare(root):
    repo, home = root + "/repo", root + "/home"
    os.makedirs(repo), os.makedirs(home + "/.config/mixagent"), os.makedirs(root + "/tmp")
    open(repo + "/.gitignore", "w").write("scratch/\n")
    open(repo + "/a.txt", "w").write("a\n")
    git = ["git", "-C", repo, "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run(git + words, check=True)
    steps, replies = [], ""
    for i in range(options.steps):
        name, (command, timeout_s) = "s%d" % i, HOSTILE[i % len(HOSTILE)]
        file = "out/%s.txt" % name
        steps.append({"id": name, "instructions": "Write %s." % file, "files": {"read": [], "write": [], "create": [file]},
                      "checks": [{"command": "test -f " + file, "timeout_s": 60}]})
        calls = [("run_command", {"command": command, "timeout_s": timeout_s}), ("write_file", {"path": file, "content": name + "\n"})]
        for part in (calls, [("finish", {"summary": "done"})]):
            replies += '[[reply]]\nseat = "worker"\nstep = "%s"\ncalls = [\n' % name
            for tool, arguments in part:
                replies += '  { tool = "%s", arguments = %s },\n' % (tool, json.dumps(json.dumps(arguments)))
            replies += "]\n"
    open(root + "/scenario.toml", "w").write(replies)
    plan = {"decision": "plan", "reason": "soak", "steps": steps}
    json.dump({"goal": "soak", "base": "", "plan": plan}, open(root + "/plan.json", "w"))
    open(home + "/.config/mixagent/config.toml", "w").write("""
[providers.soak]
api = "replay"
base_url = "%s/scenario.toml"
[models."soak/one"]
provider = "soak"
tier = 1
family = "soak"
price = { input = 0.0, output = 0.0 }
[seats.planner]
model = "soak/one"
[seats.worker]
ladder = ["soak/one"]
[seats.reviewer]
model = "soak/one"
[sandbox]
memory_mb = 256
disk_mb = 100
processes = 64
""" % root)
    return repo, home


def memory_mb(pid):
    for line in open("/proc/%d/status" % pid):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


def main():
    root = tempfile.mkdtemp(prefix="soak-", dir="/var/tmp")
    os.chmod(root, 0o755)
    repo, home = prepare(root)
    before, tree = machine(), digest(repo)
    environment = {"HOME": home, "USER": "soak", "PATH": os.environ["PATH"], "TMPDIR": root + "/tmp"}
    command = [options.program, "run", "--plan", root + "/plan.json", "--no-review", "--no-apply", "--jobs",
               str(options.jobs), "--require", "none", "--output-format", "json"]
    began = time.time()
    with open(root + "/out", "w") as out, open(root + "/err", "w") as err:
        child = subprocess.Popen(command, cwd=repo, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        samples = []
        while child.poll() is None:
            try:
                samples.append(memory_mb(child.pid))
            except OSError:
                pass
            time.sleep(0.5)
    seconds, after = time.time() - began, machine()
    faults = ["%s: %s" % (what, sorted(set(after[what]) ^ set(before[what]))) for what in before if before[what] != after[what]]
    if left := processes_left():
        faults.append("processes left: %s" % left)
    if digest(repo) != tree:
        faults.append("the user's tree changed")
    work = [os.path.join(d, n) for d, ds, _ in os.walk(home + "/.cache") if d.endswith("/work") for n in ds]
    if work:
        faults.append("work folders left: %s" % work)
    if os.listdir(root + "/tmp"):
        faults.append("temporary files left: %s" % os.listdir(root + "/tmp"))
    result = json.loads(open(root + "/out").read() or "{}")
    verified = sum(step.get("status") == "verified" for step in result.get("steps", []))
    if verified != options.steps:
        faults.append("%d of %d steps are verified, exit %s: %s" % (verified, options.steps, child.returncode, result.get("error")))
    third = max(1, len(samples) // 3)
    early, late = max(samples[third:2 * third] or [0]), max(samples[-third:] or [0])
    if late > early * 1.3 + 20:
        faults.append("memory grows: %d MB, then %d MB" % (early, late))
    print("%d steps, %d at a time: %.0f s; memory %d MB in the second third, %d MB in the last; %d verified" %
          (options.steps, options.jobs, seconds, early, late, verified))
    print("\n".join(faults) or "nothing is left behind")
    if not faults:
        shutil.rmtree(root)
    else:
        print("kept: " + root)
    return 1 if faults else 0


sys.exit(main())
