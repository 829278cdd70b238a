#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What an instance lives through beside good and bad commits: configurations that change, build
# processes that die, a full disk.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild python3

mkdir "$T/git" "$T/inst"
cd "$T/inst" || exit 1

# builds WHAT: that of all builds, oldest first, in one line
builds()
{
	"$PACKMILL" list --json | python3 -c 'import json, sys
print(*(b[sys.argv[1]] for b in reversed(json.load(sys.stdin)["builds"])))' "$1"
}

# config UPSTREAM: two projects that share it
config()
{
	cat <<E2
name: trunk
data: ./data
targets: [host]
projects:
  - {project: one, upstream: {url: $T/git/$1, branch: main}, packaging: {url: $T/git/one-distgit, branch: main}}
  - {project: two, upstream: {url: $T/git/one, branch: main}, packaging: {url: $T/git/two-distgit, branch: main}}
E2
}

project one
project two
sed -i 's/755 two/755 one/; s/-n two/-n one/' "$T/git/two-distgit/two.spec"
commit "$T/git/two-distgit" 'of the same upstream' >/dev/null

# a mirror shared by two projects, whichever of them is asked for
config one >packmill.yaml
ok 'the second project alone' "$PACKMILL" run --once -p two
change one 'echo 2' >/dev/null
ok 'the first project alone' "$PACKMILL" run --once -p one
ok 'the second sees what the first has fetched' "$PACKMILL" run --once -p two
has 'and builds it' out '^built 1, failed 0,'
is 'there is one mirror' "$(readlink data/git/two/upstream.git)" "$PWD/data/git/one/upstream.git"

# another url and back: the mirror must not be taken for what it was
project fork
config fork | sed 's/fork-distgit/one-distgit/' >packmill.yaml
mv "$T/git/fork/fork" "$T/git/fork/one"
git -C "$T/git/fork" tag v3.0.0
commit "$T/git/fork" 'forked' >/dev/null
ok 'another upstream' "$PACKMILL" run --once
config one >packmill.yaml
sed -i 's/^Summary: x/Summary: y/' "$T/git/one-distgit/one.spec"
commit "$T/git/one-distgit" 'better summary' >/dev/null
exits 4 'and back: lower than what the other had' "$PACKMILL" run --once
has 'is refused with a way out' err 'version 1\.0\.1-.* is lower than the published 3\.0\.1-.*run --allow-lower'
ok 'recheck' "$PACKMILL" recheck one
ok 'the way out' "$PACKMILL" run --once --allow-lower
has 'is gone' out '^built 1, failed 0,'

# a build process that dies: told once, tried again before later commits of its project
change one 'echo slow' >/dev/null
slow=$(git -C "$T/git/one" rev-parse HEAD)
change one 'echo quick' >/dev/null
rm -rf data
sed -i "s/^sh -n one/! grep slow one || sleep 31.$$/" "$T/git/one-distgit/one.spec"
commit "$T/git/one-distgit" 'slow build' >/dev/null
die()
{
	"$PACKMILL" run --once -p one --since "$slow" >"$T/out" 2>"$T/err" &
	local pid=$!
	eventually asleep 31
	pkill -KILL -f -- "build -q --job $PWD/"
	wait $pid
	status=$?
}
die
is 'exit status of a try' "$status" 5
has 'it is said' err "one: ${slow:0:12} failed on host: start: .*killed by signal 9"
is 'once' "$(grep -c 'signal 9' "$T/err")" 1
is 'its result.json says so too' "$(python3 -c 'import json
r = json.load(open("data/builds/1/result.json")); print(r["status"], r["cause"]["kind"])')" 'retry infrastructure'
is 'the later commit waits' "$(builds state)" 'retry queued'
die
is 'it waits once only' "$(builds state)" 'retry success'
ok 'a later commit is published: the older one stays behind' "$PACKMILL" run --once -p one
is 'and ends' "$(builds state)" 'cancelled success'
is 'with a word why' "$(builds message)" 'cancelled by build 2 of a newer commit None'

# a build process that does not listen
sed -i 's/sleep 31/sleep 33/; s/grep slow one/true/' "$T/git/one-distgit/one.spec"
commit "$T/git/one-distgit" 'another slow build' >/dev/null
"$PACKMILL" run --once -p one >/dev/null 2>&1 &
pid=$!
eventually asleep 33
pkill -STOP -f -- "build -q --job $PWD/"
kill -TERM $pid
wait $pid
status=$?
eventually none_asleep 33
is 'is killed when we are to stop' "$status $(asleep 33 | wc -l)" '143 0'
sed -i 's/sleep 33.*/true/' "$T/git/one-distgit/one.spec"
commit "$T/git/one-distgit" 'quick' >/dev/null

# a project that went away, and came back
ok 'another project' "$PACKMILL" run --once -p two
ok 'recheck' "$PACKMILL" recheck two
grep -v 'project: two' packmill.yaml >less.yaml
ok 'without its project' "$PACKMILL" run -c less.yaml --once
has 'the build stays queued' err 'build [0-9]+: two on host is no longer configured, it stays queued'
ok 'with it' "$PACKMILL" run --once -p two
has 'it is built' out '^built 1, failed 0,'

# a full disk is no failure of the package
if mkdir small && mount -t tmpfs -o size=24M none small 2>/dev/null; then
	at_exit 'umount "$T/inst/small"'
	sed 's/^data:.*/data: .\/small/' packmill.yaml >small.yaml
	ok 'on a small disk' "$PACKMILL" run -c small.yaml --once -p two
	repomd=$(sha256sum <small/repos/host/current/repodata/repomd.xml)
	sed -i 's/^install/dd if=\/dev\/urandom of=%{buildroot}\/big bs=1M count=23; install/; s/^%files/&\n\/big/' \
		"$T/git/two-distgit/two.spec"
	commit "$T/git/two-distgit" 'big' >/dev/null
	exits 5 'too big a package: to be tried again' "$PACKMILL" run -c small.yaml --once -p two
	is 'one line' "$(grep -c ^packmill: "$T/err")" 1
	has 'says so' err 'two: .*No space left on device'
	is 'what is published stays' "$(sha256sum <small/repos/host/current/repodata/repomd.xml)" "$repomd"
	dd if=/dev/zero of=small/fill bs=64k 2>/dev/null
	change one "echo 'no room'" >/dev/null
	exits 5 'no room at all' "$PACKMILL" run -c small.yaml --once -p two
	has 'is said' err '(No space left on device|disk is full|disk I/O error)'
	rm small/fill
	mount -o remount,size=100M small
	ok 'room again' "$PACKMILL" run -c small.yaml --once -p two
	has 'both are built' out '^built 2, failed 0, retry 0,'
else
	skip 'a full disk' 'mounting a tmpfs'
fi
done_testing
