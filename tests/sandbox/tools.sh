#!/bin/bash
# Ordinary tools do their work in the sandbox, offline and unmodified.
#
#   tools.sh MIXAGENT
#
# What is not installed is skipped loudly. Exit status 77: commands cannot be isolated here.
set -u
mixagent=$(realpath "$1")
root=$(mktemp -d /var/tmp/mixagent-tools-XXXXXX)
trap 'rm -rf "$root"' EXIT
export RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup} CARGO_HOME=${CARGO_HOME:-$HOME/.cargo}
export HOME=$root/home GIT_CONFIG_NOSYSTEM=1
mkdir -p "$HOME" "$root/repo"
cd "$root/repo" || exit 1
git init -q . && printf 'venv\nnode_modules\ntarget\nbuild\n' > .gitignore
mkdir d && echo x > d/x
printf '#include <stdlib.h>\nint main(int c, char** v) { (void)v; char* p = malloc(8); return p[c] = 0, free(p), 0; }\n' > t.c
printf '#include <stdlib.h>\nvoid* lost; int main(void) { lost = malloc(8); lost = 0; return 0; }\n' > leak.c
printf 'cmake_minimum_required(VERSION 3.10)\nproject(p C)\nenable_testing()\nadd_executable(t t.c)\n' > CMakeLists.txt
printf 'target_compile_options(t PRIVATE -fsanitize=address)\ntarget_link_options(t PRIVATE -fsanitize=address)\n' >> CMakeLists.txt
printf 'add_test(NAME t COMMAND t)\n' >> CMakeLists.txt
printf '[package]\nname = "p"\nversion = "0.1.0"\n[lib]\npath = "lib.rs"\n' > Cargo.toml
printf '#[test]\nfn holds() { assert_eq!(1 + 1, 2); }\n' > lib.rs
mkdir go && printf 'module p\n' > go/go.mod
printf 'package p\nimport "testing"\nfunc TestHolds(t *testing.T) {}\n' > go/p_test.go
printf '{"name": "p", "scripts": {"test": "node --test t.test.js"}}\n' > package.json
printf 'require("node:test")("holds", () => {})\n' > t.test.js
printf 'def test_holds():\n    assert True\n' > test_p.py
git add -A && git -c user.name=a -c user.email=a@b commit -qm start
"$mixagent" sandbox -- true 2> /dev/null
[ $? -eq 8 ] && { echo "SKIPPED: no isolation here"; exit 77; }

faults=0
# tool NAME PROGRAM EXPECTED-STATUS COMMAND
tool() {
  command -v "$2" > /dev/null || { echo "SKIPPED: $1: no $2"; return; }
  local out status
  out=$("$mixagent" sandbox --timeout 300 -- bash -c "$4" 2>&1)
  status=$?
  [ $status = "$3" ] && echo "ok $1" && return
  echo "FAILED $1: exit $status instead of $3"
  echo "$out" | tail -15
  faults=$((faults + 1))
}

py=/usr/bin/python3
$py -c 'import pytest, venv, ensurepip' 2> /dev/null && $py -m venv --system-site-packages venv
tool venv_pytest venv/bin/python 0 'venv/bin/python -m pytest -q -p no:cacheprovider test_p.py'
tool npm_test npm 0 'npm test'
tool cargo_test cargo 0 'cargo test --offline'
tool go_test go 0 'cd go && go test ./...'
tool cmake_ctest_asan cmake 0 'cmake -S . -B build && cmake --build build && ctest --test-dir build --output-on-failure'
tool lsan_finds_a_leak gcc 23 'gcc -fsanitize=address leak.c -o /tmp/leak && ASAN_OPTIONS=exitcode=23 /tmp/leak'
tool loopback_server $py 0 "$py -m http.server -b 127.0.0.1 8765 & for i in \$(seq 50); do sleep 0.1; \
$py -c 'import urllib.request as u; u.urlopen(\"http://127.0.0.1:8765/t.c\").read()' 2>/dev/null && exit 0; done; exit 1"
tool git_status_diff git 0 'echo y >> d/x; test "$(git status --porcelain)" = " M d/x" && git diff | grep -q +y'
tool gdb gdb 0 'gcc -g t.c -o /tmp/t && gdb -batch -ex "break main" -ex run -ex bt /tmp/t | grep -q "#0  main"'
tool sqlite sqlite3 0 'sqlite3 x.db "pragma journal_mode=wal; create table t(a); insert into t values(1); select * from t"'
tool multiprocessing $py 0 "$py -c 'import multiprocessing as m; p = m.Pool(2); assert p.map(abs, [-1]) == [1]'"
tool directory_rename mv 0 "mv d e && test -e e/x && $py -c 'import shutil; shutil.move(\"e\", \"f\")' && test -e f/x"
echo "$faults faults"
[ $faults = 0 ]
