#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a machine can do to an instance: wrong clocks, no environment, no standard output, a data directory
# that is elsewhere, read-only, or whose database is locked, newer or damaged; signals.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild python3 faketime

mkdir "$T/git" "$T/inst"
cd "$T/inst" || exit 1
cat >packmill.yaml <<E2
name: trunk
data: ./data
targets: [host]
poll: 1h
projects:
  - {project: tool, upstream: {url: $T/git/tool, branch: main}, packaging: {url: $T/git/tool-distgit, branch: main}}
E2
project tool
n=1

# next: a new commit, so that there is something to build
next()
{
	n=$((n + 1))
	change tool "echo tool $n" >/dev/null
}

builds()
{
	"$PACKMILL" list --json --limit 1000 | python3 -c 'import json, sys
print(sum(b["state"] == sys.argv[1] for b in json.load(sys.stdin)["builds"]))' "$1"
}

# ---- clocks ----
clock()
{
	# the sanitizers want to be loaded first
	case "$PACKMILL" in *asan*) set -- "$1" env LD_PRELOAD= "${@:2}" ;; esac
	faketime -f "$@"
}
ok 'in 1970' clock '@1970-01-02 00:00:00' "$PACKMILL" run --once
has 'it builds' out '^built 1, failed 0, retry 0,'
next
ok 'in 2038' clock '@2038-02-01 00:00:00' "$PACKMILL" run --once
has 'it builds' out '^built 1, failed 0, retry 0,'
next
ok 'and back' "$PACKMILL" run --once
has 'it builds' out '^built 1, failed 0, retry 0,'
ok 'its dates can be read' "$PACKMILL" list

# ---- no environment, no standard output ----
next
ok 'no HOME, TERM, LANG' env -i PATH="$PATH" ASAN_OPTIONS="${ASAN_OPTIONS-}" "$PACKMILL" run --once
has 'it builds' out '^built 1, failed 0, retry 0,'
next
exits 5 'standard output is full' bash -c '"$PACKMILL" run --once >/dev/full'
has 'which is said' err '^packmill: .*(standard output|stdout).*No space left on device'
next
exits 5 'standard output is closed' bash -c '"$PACKMILL" run --once >&-'
next
run bash -c '"$PACKMILL" run --once | true; exit ${PIPESTATUS[0]}'
hasnt 'nobody reads it: no crash' err 'Broken pipe.*Broken pipe|core dumped'
next
ok 'standard error is closed' bash -c '"$PACKMILL" run --once 2>&-'
next
ok 'all three are closed' bash -c '"$PACKMILL" run --once <&- 2>&- >/dev/null'
is 'each of them was built and recorded' "$(builds success) $(builds queued) $(builds running)" "$n 0 0"

# ---- the data directory ----
mv data "$T/elsewhere"
ln -s "$T/elsewhere" data
next
ok 'behind a link' "$PACKMILL" run --once
has 'it builds' out '^built 1, failed 0, retry 0,'
rm data
mv "$T/elsewhere" data
sums()
{
	find data -type f -exec sha256sum {} + | sort
}
# in a mount namespace of its own
read_only()
{
	unshare -m bash -c 'mount --bind data data && mount -o remount,bind,ro data && exec "$@"' - "$@"
}
next
if [ "$(id -u)" = 0 ] && read_only true 2>/dev/null; then
	sums >"$T/before"
	exits 5 'read-only' read_only "$PACKMILL" run --once
	is 'one line' "$(grep -c ^packmill: "$T/err")" 1
	has 'says so' err 'Read-only file system|read-only'
	ok 'what was built can be seen' read_only "$PACKMILL" list
	is 'nothing changed' "$(sums | diff "$T/before" -)" ''
else
	skip 'a read-only data directory' 'needs root'
fi

# ---- the database ----
python3 -u -c '
import sqlite3, sys, time
c = sqlite3.connect("data/packmill.db", isolation_level=None)
c.execute("begin immediate")
print("locked", flush=True)
time.sleep(600)' >"$T/locker" &
locker=$!
eventually test -s "$T/locker"
run timeout 120 "$PACKMILL" run --once
is 'locked: exit status' "$status" 7
has 'why' err 'packmill.db is held by another process'
ok 'it can be read' "$PACKMILL" list
kill $locker
wait $locker 2>/dev/null
cp -a data "$T/data"
# bad WHAT STATUS REGEX: all commands refuse, nothing changes
bad()
{
	local sum cmd
	rm -f data/packmill.db-wal data/packmill.db-shm
	sum=$(sha256sum <data/packmill.db)
	for cmd in 'run --once' list 'recheck tool'; do
		# shellcheck disable=SC2086 # words
		exits "$2" "$1: $cmd" "$PACKMILL" $cmd
		has 'why' err "$3"
	done
	is "$1: it is left alone" "$(sha256sum <data/packmill.db)" "$sum"
	rm -rf data
	cp -a "$T/data" data
}
python3 -c 'import sqlite3
c = sqlite3.connect("data/packmill.db")
c.execute("pragma wal_checkpoint(truncate)"); c.execute("pragma user_version = 4711"); c.commit()
c.execute("pragma wal_checkpoint(truncate)")'
bad 'a newer database' 1 '4711'
python3 -c 'import sqlite3
c = sqlite3.connect("data/packmill.db")
c.execute("pragma wal_checkpoint(truncate)")'
printf 'not a database at all, really not' | dd of=data/packmill.db conv=notrunc 2>/dev/null
bad 'no database' 1 'database'
ok 'the right one again' "$PACKMILL" run --once
has 'it builds what waited' out '^built 1, failed 0, retry 0,'

# ---- signals, while a build runs ----
sed -i "s/^sh -n tool/sleep 410.$$/" "$T/git/tool-distgit/tool.spec"
commit "$T/git/tool-distgit" 'slow' >/dev/null
# Bash lets what it starts in the background ignore SIGINT; packmill takes it nevertheless.
for s in INT:130 HUP:129 TERM:143; do
	"$PACKMILL" run --once >"$T/out" 2>&1 &
	pid=$!
	eventually asleep 410
	kill -"${s%:*}" $pid
	wait $pid
	is "SIG${s%:*}: exit status" $? "${s#*:}"
	eventually none_asleep 410
	is "SIG${s%:*}: nothing is left" "$(asleep 410 | wc -l) $(grep -c "$T" /proc/self/mounts)" '0 0'
	has "SIG${s%:*}: all it says" out "^packmill: stopped by SIG${s%:*}\$"
	is "SIG${s%:*}: the build waits" "$(builds queued)" 1
done
# SIGHUP is no end for the service
"$PACKMILL" run >"$T/out" 2>&1 &
pid=$!
eventually asleep 410
kill -HUP $pid
sleep 0.5
kill -PIPE $pid
sleep 0.2
ok 'SIGHUP and SIGPIPE: the service stays' kill -0 $pid
ok 'and so does its build' asleep 410
kill -INT $pid
wait $pid
is 'SIGINT ends it' $? 130
done_testing
