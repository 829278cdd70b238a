#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Solving among all packages of Debian's index as an rpm-md repository: first parse, load from the
# cache, a base set and what BuildRequires add to it, against libsolv alone parsing the same
# metadata and reading its own cache of it (which must then be indexed before any solve).
. "$(dirname "$0")/../lib/bench.sh"
runs=${RUNS:-7}
BENCH=$(dirname "$PACKMILL")/tests/bench/bench_solve
base=(build-essential rpm make python3)
delta=(libcurl4-openssl-dev libxml2-dev libsolv-dev cmake)

# phases FILE: each `name milliseconds` of $T/out is added to FILE.name
phases()
{
	local name ms rest
	grep -q '^#' "$T/out" && die "$(grep -m 1 '^#' "$T/out")"
	while read -r name ms rest; do echo "$ms" >>"$1.$name"; done <"$T/out"
}

# of FILE: its median in seconds
of()
{
	median <"$1" | awk '{ printf "%.4f\n", $1 / 1000 }'
}

apt-cache dumpavail >"$T/index" || die 'no index of packages'
count=$(python3 "$SRC/tests/bench/debian_rpmmd.py" "$T/repo" <"$T/index") || die 'no repository'
[ "$count" -ge 1000 ] || die "only $count packages: run apt-get update"
zcat "$T/repo/repodata/primary.xml.gz" | rpmmd2solv >"$T/floor.solv" || die 'rpmmd2solv'
for ((i = 0; i < runs; i++)); do
	if ((i < 3)); then
		rm -rf "$T/cache"
		seconds "$BENCH" "$T/repo" "$T/cache" "${base[@]}" -- "${delta[@]}" >/dev/null
		phases "$T/parse"
		seconds sh -c "zcat '$T/repo/repodata/primary.xml.gz' | rpmmd2solv >'$T/again.solv'" >>"$T/rpmmd2solv"
	fi
	seconds "$BENCH" floor "$T/floor.solv" >/dev/null
	phases "$T/floor"
	seconds "$BENCH" "$T/repo" "$T/cache" "${base[@]}" -- "${delta[@]}" >/dev/null
	phases "$T/warm"
done
read_floor=$(of "$T/floor.read")
row "$count packages: libsolv reads its cache" "$read_floor"
row '    and indexes it' "$(of "$T/floor.index")" "$read_floor"
row '    packmill, load from the cache' "$(of "$T/warm.load")" "$read_floor"
row '    packmill, solve the base set' "$(of "$T/warm.base")" "$read_floor"
row '    packmill, solve what BuildRequires add' "$(of "$T/warm.delta")" "$read_floor"
row '    packmill, all of it' "$(of "$T/warm.all")" "$read_floor"
parse=$(median <"$T/rpmmd2solv")
row '    rpmmd2solv: parse and write' "$parse"
row '    packmill, first load: parse, check, index, write' "$(of "$T/parse.load")" "$parse"
