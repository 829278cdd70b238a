# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by tests/bench/*.sh: a scratch directory $T, times and tables.
set -u
SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PACKMILL=${PACKMILL:-$SRC/build/packmill}
export SRC PACKMILL LC_ALL=C.UTF-8 TZ=UTC
T=$(mktemp -d "${TMPDIR:-/var/tmp}/packmill-bench.XXXXXX")
chmod 755 "$T"
trap 'rm -rf "$T" 2>/dev/null || { chmod -R u+rwX "$T"; rm -rf "$T"; }' EXIT
trap 'exit 143' TERM INT HUP

die()
{
	echo "bench: $*" >&2
	exit 1
}

# seconds CMD...: how long it took, in seconds; its output goes to $T/out
seconds()
{
	local start=$EPOCHREALTIME
	"$@" >"$T/out" 2>&1 </dev/null || { tail -n 20 "$T/out" >&2; die "failed: $*"; }
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.4f\n", b - a }'
}

# median: of the numbers on stdin
median()
{
	sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# times N CMD...: median seconds of N runs
times()
{
	local n=$1 i
	shift
	for ((i = 0; i < n; i++)); do seconds "$@" || exit 1; done | median
}

# row WHAT SECONDS [FLOOR]: a line of a table, with its ratio to FLOOR
row()
{
	awk -v what="$1" -v s="$2" -v floor="${3-}" 'BEGIN {
		printf "%-58s %9.4f s", what, s
		if (floor != "") printf "  %7.2f x", s / floor
		printf "\n"
	}'
}
