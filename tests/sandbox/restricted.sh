#!/bin/bash
# restricted.sh PROGRAM: machines on which the sandbox cannot be had, each made in a mount or user namespace of its own.
# Every one has to end with exit status 8, the cause and the remedy, never with a command that ran unguarded.
program=$(readlink -f "$1")
if [ "$(id -u)" != 0 ] || ! unshare -m true 2>/dev/null; then
  echo "SKIPPED: simulating restricted machines takes root and mount namespaces"
  exit 77
fi
if [ ! -x /usr/bin/bwrap ]; then
  echo "SKIPPED: bubblewrap is not installed"
  exit 77
fi
base=$(mktemp -d)
trap 'rm -rf "$base"' EXIT
chmod 755 "$base"
mkdir -p "$base"/{repo,home,upper,work,bin}
chown 47110:47110 "$base/home"
cp "$program" "$base/bin/mixagent"
program=$base/bin/mixagent
git -C "$base/repo" init -q
chown -R 47110:47110 "$base/repo"
failed=0

# expect NAME STATUS TEXT... : what $base/out and $status must be
expect() {
  local name=$1 wanted=$2 text
  shift 2
  if [ "$status" != "$wanted" ]; then
    echo "FAILED: $name: exit status $status, not $wanted"
    failed=1
  fi
  for text in "$@"; do
    grep -qF -- "$text" "$base/out" && continue
    echo "FAILED: $name: no word of \"$text\""
    failed=1
  done
  [ "$status" = "$wanted" ] && echo "$name: $(head -c 300 "$base/out" | tr '\n' ' ')"
}
as_user="setpriv --reuid 47110 --regid 47110 --clear-groups --inh-caps=-all"
run="env HOME=$base/home USER=tester PATH=/usr/local/bin:/usr/bin:/bin TMPDIR=$base/home $program sandbox -C $base/repo"

# A machine without bubblewrap. The reduced isolation is there, but only by name.
hide_bwrap="mount -t overlay overlay -o lowerdir=/usr/bin,upperdir=$base/upper,workdir=$base/work /usr/bin"
if mknod "$base/upper/bwrap" c 0 0 && unshare -m sh -c "$hide_bwrap" 2>/dev/null; then
  unshare -m sh -c "$hide_bwrap && exec $as_user $run -- touch $base/home/ran" >"$base/out" 2>&1
  status=$?
  expect "no bubblewrap" 8 "bubblewrap is not installed" "apt install bubblewrap" "--sandbox reduced"
  unshare -m sh -c "$hide_bwrap && exec $as_user $run --sandbox reduced -- echo ran" >"$base/out" 2>&1
  status=$?
  if grep -q Landlock "$base/out" && [ $status = 8 ]; then
    echo "SKIPPED: this kernel has no Landlock"
  else
    expect "no bubblewrap, reduced by name" 0 "isolation: reduced" "ran"
  fi
else
  echo "SKIPPED: no overlay over /usr/bin"
fi

# replaced FILE: /usr/bin/bwrap is FILE
replaced() { unshare -m sh -c "mount --bind $1 /usr/bin/bwrap && exec $2 $run -- touch $base/home/ran" >"$base/out" 2>&1; }

cp /usr/bin/bwrap "$base/bin/setuid"
chmod 4755 "$base/bin/setuid"
replaced "$base/bin/setuid" "$as_user"
status=$?
expect "a setuid bubblewrap" 8 "setuid root"

printf '#!/bin/sh\necho "bubblewrap 0.4.0"\n' >"$base/bin/old"
chmod 755 "$base/bin/old"
replaced "$base/bin/old" "$as_user"
status=$?
expect "an old bubblewrap" 8 "bubblewrap 0.5 or later is needed"

# It claims to be one, and starts our init without any namespace: only looking at what a command can reach tells.
cat >"$base/bin/liar" <<'LIAR'
#!/bin/bash
[ "$1" = --version ] && echo "bubblewrap 0.9.0" && exit
while [ "$1" != -- ]; do
  [ "$1" = --ro-bind ] && [ "$3" = /run/mixagent/init ] && init=$2
  [ "$1" = --bind ] && workspace=$2 && repository=$3
  shift
done
shift 2
words=()
for word in "$@"; do
  words+=("${word/#$repository/$workspace}")
done
exec "$init" "${words[@]}"
LIAR
chmod 755 "$base/bin/liar"
replaced "$base/bin/liar" "$as_user"
status=$?
expect "a bubblewrap that isolates nothing" 8 "does not stand: seen"

cp /usr/bin/bwrap "$base/bin/other"
chmod 755 "$base/bin/other"
replaced "$base/bin/other" "$as_user"
status=$?
expect "another bubblewrap that works" 0

# in_userns OUTSIDE SETUP AS: a user namespace with all users, as of a container's root. OUTSIDE is run before it is
# entered, SETUP in it.
in_userns() {
  rm -f "$base/go" && mkfifo "$base/go"
  unshare -m bash -c "$1; exec unshare -U -m bash -c 'read -r _ <$base/go; exec setpriv --reuid 0 --regid 0 \
    --clear-groups bash -c \"$2; exec $3 $run -- touch $base/home/ran\"'" >"$base/out" 2>&1 &
  local pid=$! own
  own=$(readlink /proc/self/ns/user)
  for _ in $(seq 100); do
    [ "$(readlink "/proc/$pid/ns/user")" != "$own" ] && break
    sleep 0.05
  done
  echo "0 0 65536" >"/proc/$pid/uid_map" && echo "0 0 65536" >"/proc/$pid/gid_map"
  echo >"$base/go"
  wait "$pid"
}

in_userns : "echo 0 >/proc/sys/user/max_user_namespaces" "$as_user"
status=$?
expect "max_user_namespaces=0" 8 "user namespaces" "sysctl" "reduced"

# What container engines do to /proc: the kernel then refuses a new one in a user namespace.
in_userns "mount --bind /dev/null /proc/keys" : env
status=$?
expect "masked /proc" 8 "masks /proc" "systempaths=unconfined"

in_userns "mount --bind /dev/null /proc/keys" "echo 0 >/proc/sys/user/max_user_namespaces" "$as_user"
status=$?
expect "masked /proc, no user namespaces" 8 "user namespaces" "reduced"

# Root in a home that is closed to others: the commands' private user cannot get through to the workspace.
mkdir -m 700 "$base/closed" && cp -r "$base/repo" "$base/closed/repo"
closed="env HOME=$base/closed TMPDIR=$base PATH=/usr/local/bin:/usr/bin:/bin $program sandbox -C $base/closed/repo"
$closed --sandbox reduced -- touch "$base/home/ran" >"$base/out" 2>&1
status=$?
if grep -q Landlock "$base/out"; then
  echo "SKIPPED: this kernel has no Landlock"
else
  expect "a closed home, reduced" 8 "cannot reach" "XDG_CACHE_HOME"
  mkdir "$base/open"
  XDG_CACHE_HOME=$base/open $closed --sandbox reduced -- echo ran >"$base/out" 2>&1
  status=$?
  expect "a closed home, reduced, with a cache for all" 0 "isolation: reduced" "ran"
fi
$closed -- echo ran >"$base/out" 2>&1
status=$?
expect "a closed home, full" 0 "ran"

for left in "$base/repo/ran" "$base/home/ran"; do
  [ ! -e "$left" ] || { echo "FAILED: a command ran unguarded: $left"; failed=1; }
done
exit $failed
