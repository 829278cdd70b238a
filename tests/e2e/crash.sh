#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The supervisor is killed at the system calls with which it publishes and records what came out of a build,
# and at those of a whole pass; its disk fails there. Whatever happens: the next one loses nothing, builds
# nothing twice, and readers have the old or the new repository.
[ ! -w /dev/shm ] || TMPDIR=/dev/shm
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need strace git rpm rpmbuild python3
export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" # leaks cannot be looked for under strace
# So many of each call are tried, evenly spread over all of them; all when there are no more. EVERY=1: all.
MOST=10 WHOLE=4
case "$PACKMILL" in *asan*) MOST=2 WHOLE=1 ;; esac
[ "${EVERY-}" != 1 ] || MOST=100000
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace here'
REPOCHECK=$(dirname "$PACKMILL")/tests/tools/tool_repocheck

mkdir "$T/git" "$T/inst"
I=$T/inst
cat >"$T/packmill.yaml" <<E2
name: trunk
data: $I
targets: [host]
poll: 1h
projects:
  - {project: tool, upstream: {url: $T/git/tool, branch: main}, packaging: {url: $T/git/tool-distgit, branch: main}}
E2
conf=("$PACKMILL" -c "$T/packmill.yaml")
project tool
ok 'the first commit' "${conf[@]}" run --once
# build roots are shared by all copies of the instance
mv "$I/roots" "$T/roots" && ln -s "$T/roots" "$I/roots"
change tool 'echo tool two' >/dev/null
cp -a "$I" "$T/queued"

# state: of current, as createrepo_c's reader sees it
state()
{
	"$REPOCHECK" "$I/repos/host/current" 2>&1 | sed "s,$I,,g"
}

reset()
{
	rm -rf "$I"
	cp -a "$T/$1" "$I"
}

# A build that is complete, and the supervisor killed before it knew: when it first looks at the result.
strace -o /dev/null -P "$I/builds/2/result.json" -e inject=%file:signal=KILL "${conf[@]}" run --once >"$T/out" 2>&1
ok 'a build that nobody has recorded' test -e "$I/builds/2/result.json"
rm -rf "$T/ready"
cp -a "$I" "$T/ready"
old=$(state)
ok 'is taken over' "${conf[@]}" run --once
has 'and not built again' err 'build 2 was finished before, it is taken over'
new=$(state)
ok 'readers have the new one' test "$old" != "$new"

# whole: what must be there when a supervisor has ended in peace; says what is not
whole()
{
	[ "$(state)" = "$new" ] || { echo "current: $(state)"; return 1; }
	python3 - "$I/packmill.db" "$1" <<'E'
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
assert c.execute("pragma integrity_check").fetchone()[0] == "ok", "integrity"
rows = c.execute("select id, state, published, attempt from build order by id").fetchall()
assert [r[:2] for r in rows] == [(1, 2), (2, 2)], rows
assert all(r[2] for r in rows), rows
assert rows[1][3] <= int(sys.argv[2]), ("built twice", rows)
E
}

old_or_new()
{
	local got
	got=$(state)
	[ "$got" = "$old" ] || [ "$got" = "$new" ] || { echo "current: $got"; return 1; }
}

again()
{
	"${conf[@]}" run --once >"$T/again" 2>&1 || { cat "$T/again"; return 1; }
	whole "$1" || { cat "$T/again"; return 1; }
}

# inject CALL N WHAT: into the supervisor alone, not into git or a build
inject()
{
	status=0
	strace -o "$T/strace" -e "trace=$1" -e "inject=$1:$3:when=$2" "${conf[@]}" run --once >"$T/out" 2>&1 ||
		status=$?
}

kill_at()
{
	reset "$3"
	inject "$1" "$2" signal=KILL
	# how often a file is opened and waited for is not always the same: then it was over before
	[ "$(grep -c 'killed by SIGKILL' "$T/strace")" = 1 ] || [ "$(grep -c "^$1(" "$T/strace")" -lt "$2" ] ||
		{ echo 'not killed once'; return 1; }
	old_or_new && again "$4"
}

# It fails and says why, or goes on; then all is as it should be.
break_at()
{
	reset ready
	inject "$1" "$2" "error=$3"
	grep -q INJECTED "$T/strace" || [ "$(grep -c "^$1(" "$T/strace")" -lt "$2" ] ||
		{ echo 'nothing was injected'; return 1; }
	old_or_new || return 1
	[ $status = 0 ] || [ -s "$T/out" ] || { echo 'failed without a word'; return 1; }
	again 1
}

# numbers COUNT MOST
numbers()
{
	seq 1 "$1" | awk -v n="$1" -v most="$2" 'int(NR * most / n) != int((NR - 1) * most / n) || n <= most'
}

# each CALL MOST COMMAND ARGUMENT...
each()
{
	local call=$1 most=$2 what=$3 n count tried=0 said
	shift 3
	count=$(grep -cE "^$call\(" "$T/calls")
	for n in $(numbers "$count" "$most"); do
		said=$("$what" "$call" "$n" "$@" 2>&1) || { fail "$what $call $n of $count $*" "$said"; return; }
		tried=$((tried + 1))
	done
	[ "$count" = 0 ] || pass "$what $call $*: $tried of $count calls tried"
}

changing=(rename renameat renameat2 link linkat unlink unlinkat symlink mkdir rmdir fsync fdatasync syncfs openat
	openat2 write pwrite64 ftruncate fchmod fchown utimensat)
# ---- publish, record, pages: the build is complete ----
reset ready
strace -o "$T/calls" "${conf[@]}" run --once >/dev/null 2>&1 || fail 'a run under strace'
for call in "${changing[@]}"; do
	each "$call" "$MOST" kill_at ready 1
done
each rename "$MOST" break_at EIO
each link "$MOST" break_at ENOSPC
each syncfs "$MOST" break_at EIO
each fdatasync "$MOST" break_at EIO
each pwrite64 "$MOST" break_at ENOSPC
each write "$MOST" break_at ENOSPC
each mkdir "$MOST" break_at EROFS

# It cannot even begin: what is finished stays so.
no_begin()
{
	reset ready
	mv "$I/repos/host-base" "$T/host-base"
	: >"$I/repos/host-base"
	! "${conf[@]}" run --once >"$T/out" 2>&1 || { cat "$T/out"; return 1; }
	rm "$I/repos/host-base"
	mv "$T/host-base" "$I/repos/"
	again 1
}
ok 'one that fails before it looks at what was left' no_begin

# ---- a whole pass, from a new commit on: a build that was cut off begins once more ----
reset queued
strace -o "$T/calls" "${conf[@]}" run --once >/dev/null 2>&1 || fail 'a whole run under strace'
new=$(state)
for call in rename fdatasync pwrite64 write mkdir; do
	each "$call" "$WHOLE" kill_at queued 2
done

# ---- the service goes on by itself ----
# service CALL ERROR N: the first N calls fail, at the time when the finished build is taken over
service()
{
	local n=0 ended
	reset ready
	strace -o "$T/strace" -e "trace=$1" -e "inject=$1:error=$2:when=1..$3" "${conf[@]}" run >"$T/service" 2>&1 &
	until grep -q 'it works again\|^packmill: stopped' "$T/service" || [ $((n += 1)) -gt 600 ]; do sleep 0.1; done
	while [ "$(state)" != "$new" ] && [ $((n += 1)) -le 600 ]; do sleep 0.1; done
	pid=$(sed -n 1p "$I/lock" | tr -dc 0-9)
	kill -TERM "$pid"
	wait $!
	ended=$?
	[ "$(grep -c 'nothing new begins until this is over' "$T/service")" -ge 1 ] && grep -q 'it works again' "$T/service" ||
		{ cat "$T/service"; return 1; }
	[ $ended = 143 ] || { echo "ended with $ended"; return 1; }
	whole 1
}
reset ready
"${conf[@]}" run --once >/dev/null 2>&1
new=$(state)
ok 'a full disk, for a while' service syncfs ENOSPC 2
ok 'a disk that fails, for a while' service syncfs EIO 1
ok 'one that is read-only, for a while' service syncfs EROFS 1
ok 'each of it is one line' test "$(grep -c 'nothing new begins' "$T/service")" = 1
done_testing
