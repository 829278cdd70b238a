#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Writing the pages that an outcome or a change of the queue touches, by how many builds are recorded
# and how many projects there are: the first must make no difference. And the store's own part.
. "$(dirname "$0")/../lib/bench.sh"
BENCH=$(dirname "$PACKMILL")/tests/bench/bench_pages

# of NAME: seconds, of the last run
of()
{
	awk -v name="$1" '$1 == name { printf "%.6f\n", $2 / 1000 }' "$T/out"
}

floor='' queue_floor=''
for world in 400:1000 400:10000 400:100000 10:100000 100:100000; do
	projects=${world%:*} builds=${world#*:}
	seconds "$BENCH" "$T/data" "$projects" "$builds" >/dev/null || exit 1
	build=$(of build) queue=$(of queue)
	floor=${floor:-$build} queue_floor=${queue_floor:-$queue}
	row "$projects projects, $builds builds: pages of an outcome" "$build" "$floor"
	row '    pages of a change of the queue, 200 wait' "$queue" "$queue_floor"
	row '    all lists, when it starts' "$(of start)"
	row '        the longest time that others wait for them' "$(of slice)"
	row '    the store: a build queued, begun and ended' "$(of record)"
	printf '%-58s %9.0f\n' '        so many of these operations in a second' \
		"$(awk -v s="$(of record)" 'BEGIN { print 3 / s }')"
	rm -rf "$T/data"
done
