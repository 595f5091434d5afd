#!/bin/sh
# Runs PROGRAM as an ordinary user when started by root; exit 77 = skipped.
if [ "$(id -u)" != 0 ]; then
  echo "SKIPPED: not root, the tests run as an ordinary user anyway"
  exit 77
fi
if ! command -v setpriv >/dev/null; then
  echo "SKIPPED: setpriv is not installed"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cp "$1" "$folder/program"
mkdir -m 700 "$folder/home"
chown 47110:47110 "$folder/home"
shift
cd "$folder/home" || exit 1
HOME="$folder/home" USER=tester TMPDIR="$folder/home" PATH=/usr/local/bin:/usr/bin:/bin \
  setpriv --reuid 47110 --regid 47110 --clear-groups --inh-caps=-all "$folder/program" "$@"
