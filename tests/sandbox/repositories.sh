#!/bin/bash
# Unusual repositories, each worked on through `mixagent sandbox --apply`: git status, diff and log
# work inside, the change comes back, and the user's git sees exactly that change.
#
#   repositories.sh MIXAGENT
#
# Exit status 77: commands cannot be isolated here.
set -u
mixagent=$(realpath "$1")
root=$(mktemp -d /var/tmp/mixagent-repositories-XXXXXX)
trap 'chmod -R u+rwx "$root" 2>/dev/null; rm -rf "$root"' EXIT
export HOME=$root/home GIT_CONFIG_NOSYSTEM=1
mkdir -p "$HOME"
git config --global user.name a
git config --global user.email a@b
git config --global init.defaultBranch main
git config --global protocol.file.allow always
faults=0
say() { echo "$name: $*"; faults=$((faults + 1)); }

# start NAME: a fresh repository with a file and a commit, entered.
start() {
  name=$1
  mkdir -p "$root/$name/repo"
  cd "$root/$name/repo" || exit 1
  git init -q .
  printf 'one\ntwo\n' > a.txt
  git add -A
  git commit -qm start
}
# inside COMMAND: what it prints; --apply when the second word is apply.
inside() { "$mixagent" sandbox ${2:+--apply} -- bash -c "$1" 2>&1; }
# The usual proof: status is clean inside, an edit shows there, comes back and shows here.
works() {
  local before after
  before=$(git status --porcelain)
  [ "$(inside 'git status --porcelain')" = "$before" ] ||
    say "status inside: $(inside 'git status --porcelain' | head -5), outside: $before"
  [ "$(inside 'git log --format=%s -1')" = start ] || say "log inside: $(inside 'git log -1' | head -3)"
  inside "echo three >> ${1:-a.txt}; git diff --stat > /dev/null || echo diff fails" apply
  tail -1 "${1:-a.txt}" | grep -q three || say "the edit of ${1:-a.txt} did not come back"
}

start probe
"$mixagent" sandbox -- true > /dev/null 2>&1
[ $? -eq 8 ] && { echo "SKIPPED: no isolation here"; exit 77; }
works
[ "$(git status --porcelain)" = " M a.txt" ] || say "$(git status --porcelain)"
inside 'git blame a.txt > /dev/null && mkdir d && mv d e && git stash -q 2>&1' > /dev/null || say "blame, stash"

start linked_worktree
git worktree add -q ../tree
cd ../tree && works

start symlinked_git
mv .git ../real.git && ln -s ../real.git .git
works

start no_git
rm -rf .git
out=$("$mixagent" sandbox -- true 2>&1); [ $? -eq 2 ] || say "exit status: $out"
[[ $out == *"git init"* ]] || say "$out"

start no_commits
rm -rf .git && git init -q .
[ "$(inside 'cat a.txt' | head -1)" = one ] || say "no file"

start submodule
git clone -q . ../other && git submodule add -q "$root/submodule/other" sub 2>/dev/null && git commit -qm start
works sub/a.txt
[ "$(git status --porcelain)" = " M sub" ] || say "$(git status --porcelain)"

start inside_a_submodule
git clone -q . ../other && git submodule add -q "$root/inside_a_submodule/other" sub 2>/dev/null
cd sub && works

start submodule_not_there
git clone -q . ../other && git submodule add -q "$root/submodule_not_there/other" sub 2>/dev/null
git commit -qm start && git submodule -q deinit -f sub
works
[ "$(git status --porcelain)" = " M a.txt" ] || say "$(git status --porcelain)"

start repository_inside
git init -q inner && echo x > inner/x && git -C inner add -A && git -C inner commit -qm inner
works inner/x

start folder_renamed
mkdir -p old/deep && echo x > old/deep/x && echo y > old/y && git add -A && git commit -qm start
inside 'mv old new' apply
[ "$(cat new/deep/x new/y)" = "$(printf 'x\ny')" ] && [ ! -e old ] || say "$(git status --porcelain)"

start kinds_exchanged
mkdir folder && echo x > folder/x && ln -s a.txt link && echo f > file && git add -A && git commit -qm start
inside 'rm -r folder link file && echo now > folder && mkdir file && echo x > file/x && echo y > link' apply
[ "$(cat folder file/x link)" = "$(printf 'now\nx\ny')" ] && [ ! -L link ] || say "$(git status --porcelain)"

start lfs_pointer
printf '*.bin filter=lfs diff=lfs merge=lfs -text\n' > .gitattributes
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 5\n' 1 > x.bin
git add -A 2>/dev/null && git commit -qm start
printf 'the real bytes\n' > x.bin
inside 'cp x.bin y.txt' apply
[ "$(cat y.txt)" = "the real bytes" ] || say "the bytes as they lie did not come"

start crlf
printf '* text=auto eol=crlf\n' > .gitattributes
printf 'one\r\ntwo\r\n' > a.txt
git add -A 2>/dev/null && git commit -qm start
inside "printf 'three\r\n' >> a.txt" apply
[ "$(git diff --numstat)" = "$(printf '1\t0\ta.txt')" ] || say "$(git diff --numstat)"

start strange_names
printf 'x\n' > $'new\nline' && printf 'x\n' > '-rf' && printf 'x\n' > $'tab\t"quote\'' && printf 'x\n' > 'ünï'
mkdir ' space ' && printf 'x\n' > ' space /x'
git add -A && git commit -qm start
works ./-rf
inside $'echo more >> new$\'\\n\'line; echo more >> " space /x"' apply
[ "$(git status --porcelain | wc -l)" = 3 ] || say "$(git status --porcelain)"

start invalid_utf8
printf 'x\n' > $'bad\xff'
inside 'echo three >> a.txt' apply
[ "$(git status --porcelain a.txt)" = " M a.txt" ] || say "$(git status --porcelain)"
[ "$(cat $'bad\xff')" = x ] || say "the file was touched"

start read_only_folder
mkdir ro && echo x > ro/x && git add -A && git commit -qm start && chmod 555 ro
works
[ "$(stat -c %a ro)" = 555 ] || say "the folder's mode changed"

if [ "$(id -u)" != 0 ]; then
  start unreadable
  echo x > secret && git add -A && git commit -qm start && chmod 000 secret
  out=$("$mixagent" sandbox -- true 2>&1) && say "went on without a file of the tree"
  [[ $out == *secret*"make the file readable"* ]] || say "$out"
fi

start sparse
mkdir in out && echo x > in/x && echo x > out/x && git add -A && git commit -qm start
git sparse-checkout set in 2>/dev/null
[ ! -e out/x ] || say "not sparse"
inside 'echo three >> in/x' apply
[ "$(git status --porcelain)" = " M in/x" ] || say "$(git status --porcelain)"

start colon_and_comma
mv ../repo '../re:p,o\x' && cd '../re:p,o\x' && works

start ignored_folders
printf 'node_modules\nbuild\n' > .gitignore && git add -A && git commit -qm start
mkdir -p node_modules/big build && head -c 40000000 /dev/zero > node_modules/big/file && echo x > build/x
works
[ "$(inside 'rm -r node_modules/big build && ls node_modules' apply)" = "" ] || say "cannot be changed inside"
[ "$(inside 'mkdir -p node_modules/big && rm -rf node_modules; find node_modules -mindepth 1 | head -1' |
  grep 'mindepth' )" = "" ] || say "not emptied"
out=$(inside 'rm -rf node_modules')
[ -z "$out" ] || [[ $out == *"find node_modules -mindepth 1 -delete"* ]] || say "no word how: $out"
[ -e node_modules/big/file ] && [ -e build/x ] || say "changed outside"

start private_cache
mkdir -p "$HOME/cache/sub" "$HOME/.cache/go-build" && echo old > "$HOME/cache/sub/x" && echo old > "$HOME/.cache/go-build/x"
echo 'module m' > go.mod
mkdir -p "$HOME/.config/mixagent"
for how in private rw ro; do
  printf '[sandbox]\ncache = { "~/cache" = "%s" }\n' $how > "$HOME/.config/mixagent/config.toml"
  [ $how = rw ] && chmod -R a+rwX "$HOME/cache"
  out=$(inside 'cat ~/cache/sub/x ~/.cache/go-build/x; echo new > ~/cache/sub/x; echo new > ~/.cache/go-build/x; cat ~/cache/sub/x')
  case $how in
    private) [[ $out == $'old\nold\nnew' ]] || [[ $out == *Read-only* ]] || say "$how: $out" ;;
    rw) [[ $out == *new ]] && grep -q new "$HOME/cache/sub/x" || say "$how: $out" ; continue ;;
    ro) [[ $out == *Read-only* ]] || say "$how: $out" ; continue ;;
  esac
  [ "$(cat "$HOME/cache/sub/x" "$HOME/.cache/go-build/x")" = $'old\nold' ] || say "$how: changed outside"
  [ "$(inside 'cat ~/cache/sub/x')" = old ] || say "$how: another command sees it"
done
rm "$HOME/.config/mixagent/config.toml"

start ignored_folder_between_runs
printf 'node_modules\n' > .gitignore && git add -A && git commit -qm start
mkdir node_modules && echo 1 > node_modules/x && echo 1 > node_modules/y
[ "$(inside 'cat node_modules/x; rm node_modules/y; echo 3 > node_modules/x')" = 1 ] || say "not there at first"
[ "$(inside 'cat node_modules/x node_modules/y a.txt' | tr '\n' ' ')" = "1 1 one two " ] || say "a command changed the next one's"
echo 2 > node_modules/x && echo changed > a.txt
[ "$(inside 'cat node_modules/x a.txt' | tr '\n' ' ')" = "2 changed " ] || say "the user's own changes are not seen"

if [ "$(id -u)" = 0 ]; then
  start foreign_owner
  printf 'node_modules\n' > .gitignore && git add -A && git commit -qm start
  mkdir node_modules && head -c 40000000 /dev/zero > node_modules/file && chown 12345:12345 node_modules/file
  works
  inside 'echo x >> node_modules/file' | grep . && say "the foreign file cannot be changed"
fi

echo "$faults faults"
[ "$faults" = 0 ]
