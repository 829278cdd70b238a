# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the shell tests of tests/cli and tests/e2e: TAP output, a scratch directory, and the
# program under test in $PACKMILL. A test begins with
#
#	. "$(dirname "$0")/../lib/tap.sh"
#
# and ends with done_testing. KEEP_TMP=1 keeps the scratch and says where it is.
set -u
SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PACKMILL=${PACKMILL:-$SRC/build/packmill}
export SRC PACKMILL LC_ALL=C.UTF-8 TZ=UTC
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE NO_COLOR CDPATH
T=$(mktemp -d "${TMPDIR:-/var/tmp}/packmill-test.XXXXXX")
chmod 755 "$T"
export T
tap_n=0
tap_bad=0

tap_end=

# at_exit COMMAND: run when the test ends, however it does, before the scratch goes
at_exit()
{
	tap_end="$*; $tap_end"
}

tap_cleanup()
{
	local rc=$?
	eval "$tap_end"
	if [ "${KEEP_TMP-}" = 1 ]; then
		echo "# scratch: $T"
	else
		# what an ordinary user's sandboxes made belongs to the user's range of ids
		rm -rf "$T" 2>/dev/null || { chmod -R u+rwX "$T"; rm -rf "$T"; } 2>/dev/null ||
			unshare --map-root-user --map-auto rm -rf "$T" 2>/dev/null
	fi
	exit $rc
}
trap tap_cleanup EXIT
trap 'exit 143' TERM INT HUP

pass()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $*"
}

# fail WHAT [DETAIL]
fail()
{
	tap_n=$((tap_n + 1))
	tap_bad=$((tap_bad + 1))
	echo "not ok $tap_n - $1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/# /'
	return 1
}

# strict REASON: in CI everything has to be there, but for what an ordinary user cannot do ("needs root").
strict()
{
	[ "${CI-}" = true ] && { [ "$(id -u)" = 0 ] || [[ $1 != *root* ]]; }
}

# One case that cannot run here; a failure in CI.
skip()
{
	if strict "${2-}"; then
		fail "$1" "missing: ${2-}"
		return 0
	fi
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP ${2-}"
}

# need PROGRAM...: the whole test is skipped (in CI: fails) when one is missing.
need()
{
	local p
	for p; do
		command -v "$p" >/dev/null && continue
		skip_all "no program '$p'"
	done
}

skip_all()
{
	if strict "$*"; then
		echo "Bail out! missing: $*"
		exit 1
	fi
	echo "1..0 # SKIP $*"
	exit 0
}

done_testing()
{
	echo "1..$tap_n"
	[ $tap_bad = 0 ] && [ $tap_n -gt 0 ]
	exit
}

# eventually CMD...: tried until it succeeds. What is waited for comes by itself, on a slow machine late;
# fails after two minutes, with the end of the file `log` when there is one.
eventually()
{
	local end=$((SECONDS + 120))
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { tail -n 20 log 2>/dev/null | sed 's/^/# /'; return 1; }
		sleep 0.05
	done
}

# idle URL: tool_httpd, which is there, is through with all answers. Their lines are in its log then; each is
# written at the end of its answer, which may be after the client has that.
idle()
{
	local host=${1#http://} fd
	exec {fd}<>"/dev/tcp/${host%:*}/${host#*:}"
	printf 'GET /.idle HTTP/1.1\r\nHost: x\r\n\r\n' >&"$fd"
	read -r -t 60 _ <&"$fd"
	exec {fd}>&-
}

# asleep N: a process of this test that sleeps for N.$$ seconds; that mark is what tells it from the
# processes of other tests
asleep()
{
	pgrep -f "^sleep $1\.$$\$"
}

none_asleep()
{
	! asleep "$1"
}

# wake N: it ends. A build that does `sleep N.$$ || :` goes on when the test is ready, however slow the machine is.
wake()
{
	pkill -f "^sleep $1\.$$\$"
}

# run CMD...: its output goes to $T/out and $T/err, its exit status to $status.
run()
{
	status=0
	"$@" >"$T/out" 2>"$T/err" </dev/null || status=$?
}

show_run()
{
	echo "exit status $status; stdout:"
	head -n 40 "$T/out"
	echo "stderr:"
	head -n 40 "$T/err"
}

# ok WHAT CMD...: the command succeeds.
ok()
{
	local what=$1
	shift
	run "$@"
	if [ "$status" = 0 ]; then pass "$what"; else fail "$what" "$(show_run)"; fi
}

# exits N WHAT CMD...: the command ends with this status.
exits()
{
	local want=$1 what=$2
	shift 2
	run "$@"
	if [ "$status" = "$want" ]; then
		pass "$what"
	else
		fail "$what" "expected exit status $want
$(show_run)"
	fi
}

# is WHAT GOT WANT
is()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "$(diff -u --label expected --label got <(echo "$3") <(echo "$2"))"
	fi
}

# same WHAT FILE <<EXPECTED: the file holds exactly this.
same()
{
	local d
	if d=$(diff -u --label expected --label "$2" - "$2"); then pass "$1"; else fail "$1" "$d"; fi
}

# stdout_is WHAT / stderr_is WHAT <<EXPECTED: what the last run printed.
stdout_is()
{
	same "$1" "$T/out"
}

stderr_is()
{
	same "$1" "$T/err"
}

# has WHAT FILE REGEX: a line of the file matches (extended regular expression). FILE may be "out" or
# "err", what the last run printed, from any directory.
has()
{
	local f=$2
	[ -e "$f" ] || f=$T/$2
	if grep -Eq -- "$3" "$f"; then
		pass "$1"
	else
		fail "$1" "no line of $f matches: $3
$(head -n 40 "$f" 2>&1)"
	fi
}

hasnt()
{
	local found f=$2
	[ -e "$f" ] || f=$T/$2
	if [ ! -e "$f" ]; then
		fail "$1" "there is no file $2"
	elif found=$(grep -En -m 5 -- "$3" "$f"); then
		fail "$1" "lines of $2 match: $3
$found"
	else
		pass "$1"
	fi
}
