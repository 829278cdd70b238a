#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Told to stop, or to read its configuration, while a build is anywhere: nothing is left of it, and it is queued again.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild python3 strace

mkdir "$T/git" "$T/inst"
cd "$T/inst" || exit 1
pid=
at_exit 'kill -KILL ${pid:-} 2>/dev/null'

config()
{
	cat <<E2
name: trunk
data: ./data
targets: [host]
poll: 1h
limits: {jobs: 2}
defaults:
  upstream: {url: "$T/git/{project}", branch: main}
  packaging: {url: "$T/git/{project}-distgit", branch: main}
projects:
$(printf '  - project: %s\n' "$@")
E2
}

is_state()
{
	[ "$("$PACKMILL" list -p "$1" --json | python3 -c 'import json, sys
print(*(b["state"] for b in reversed(json.load(sys.stdin)["builds"])))')" = "$2" ]
}

start()
{
	: >log
	"$PACKMILL" run >>log 2>&1 &
	pid=$!
}

running()
{
	pgrep -f "^sleep 510\.$$\$"
}

# sections of the spec: each sleeps in its turn
for p in one two three; do project $p; done
spec=$T/git/one-distgit/one.spec
cp "$spec" spec
config one >packmill.yaml
for section in prep build install check; do
	cp spec "$spec"
	case $section in
	check) sed -i "s/^%files/%check\nsleep 510.$$\n&/" "$spec" ;;
	prep) sed -i "s/^%setup.*/&\nsleep 510.$$/" "$spec" ;;
	*) sed -i "s/^%$section\$/&\nsleep 510.$$/" "$spec" ;;
	esac
	commit "$T/git/one-distgit" "$section sleeps" >/dev/null
	rm -rf data
	start
	eventually running
	kill -TERM $pid
	wait $pid
	status=$?
	pid=
	is "SIGTERM in %$section: status, processes, mounts" \
		"$status $(running | wc -l) $(grep -c "$T" /proc/self/mounts)" '143 0 0'
	ok 'the build is queued again' is_state one queued
done

# a result that is there, and nobody has read it yet
cp spec "$spec"
sed -i "s/^%build\$/&\nsleep 2/" "$spec"
commit "$T/git/one-distgit" 'two seconds' >/dev/null
rm -rf data
start
eventually pgrep -f "build -q --job $PWD/data/builds/1/job.json" >/dev/null
# the build's process is held up between its result and its word of it
strace -qq -o strace.log -e inject=rename,renameat,renameat2:delay_exit=8000000 \
	-p "$(pgrep -f "build -q --job $PWD/data/builds/1/job.json")" 2>/dev/null &
tracer=$!
ok 'a build ends while nobody looks' eventually test -e data/builds/1/result.json
kill -TERM $pid
wait $pid
pid=
wait $tracer
ok 'the next run has it' "$PACKMILL" run --once
ok 'it is good' is_state one success
ok 'and was built once' test ! -e data/builds/1/attempt-1

# ---- another configuration while it builds ----
cp spec "$spec"
sed -i "s/^%build\$/&\nsleep 510.$$/" "$spec"
commit "$T/git/one-distgit" 'slow' >/dev/null
rm -rf data
start
ok 'a build runs' eventually running
config one two three >packmill.yaml
kill -HUP $pid
ok 'projects that were added are built beside it' eventually is_state three success
ok 'both' eventually is_state two success
config two >packmill.yaml
kill -HUP $pid
ok 'then it is removed while it builds, with another' eventually grep -q -E '^configuration read anew: 1 projects?' log
ok 'it goes on' running
pkill -KILL -f "^sleep 510\.$$\$"
cp packmill.yaml less.yaml
config one two three >packmill.yaml
ok 'and ends' eventually is_state one failed
cp less.yaml packmill.yaml
ok 'the service lives' kill -0 $pid
change two 'echo two 2' >/dev/null
ok 'poll' "$PACKMILL" poll
ok 'and builds what is left' eventually is_state two 'success success'
kill -TERM $pid
wait $pid
is 'it ends as ever' $? 143
pid=
done_testing
