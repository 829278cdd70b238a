#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# From a new commit to its published repository, in a warm root, against what nobody can go below: plain
# `rpmbuild --rebuild` of the same source package on the host. The demo's project; medians of 7 commits.
. "$(dirname "$0")/../lib/bench.sh"
commits=7

"$PACKMILL" -q demo "$T/demo" >"$T/out" 2>&1 || { tail -n 20 "$T/out" >&2; die 'the demo failed'; }
cd "$T/demo" || exit 1
for ((i = 1; i <= commits; i++)); do
	echo "change $i" >>git/quern/README
	git -C git/quern -c user.name=b -c user.email=b@example.org commit -qam "Change $i"
	start=$(date +%s.%N)
	seconds "$PACKMILL" -q run --once >>"$T/runs"
	grep -qx 'built 1, failed 0, retry 0, unchanged 0' "$T/out" || die "$(cat "$T/out")"
	# the last step of publishing writes repomd.xml; rpmlint, which decides nothing here, goes on
	stat -c %.9Y data/repos/host/current/repodata/repomd.xml | awk -v s="$start" '{ print $1 - s }'
done >"$T/totals" || exit 1
"$PACKMILL" list --limit $commits --json >"$T/list.json"
for n in $(python3 -c "import json; [print(b['build']) for b in json.load(open('$T/list.json'))['builds']]"); do
	"$PACKMILL" show "$n" --json >"$T/show-$n.json"
done
srpm=$(find data/repos/host/pool -name '*.src.rpm' | sort | tail -n 1)
floor=$(times $commits rpmbuild -D "_topdir $T/rb" -D "_dbpath $T/db" --nodeps --rebuild "$srpm")
idle=$(times $commits "$PACKMILL" -q run --once)
total=$(median <"$T/totals")

row 'rpmbuild --rebuild on the host' "$floor"
row 'packmill, from the start of a run to published' "$total" "$floor"
row 'packmill run --once to its end, rpmlint included' "$(median <"$T/runs")" "$floor"
python3 - "$T" <<'E'
import glob, json, statistics, sys
builds = [json.load(open(f)) for f in glob.glob(sys.argv[1] + '/show-*.json')]
names = [s['name'] for s in builds[0]['steps']]
for n in names:
    t = statistics.median(next(s['seconds'] for s in b['steps'] if s['name'] == n) for b in builds)
    print(f'    step {n:<49} {t:9.4f} s')
E
row 'packmill run --once, nothing new' "$idle"
python3 - "$T" "$total" <<'E'
import glob, json, statistics, sys
builds = [json.load(open(f)) for f in glob.glob(sys.argv[1] + '/show-*.json')]
step = lambda b, n: next((s['seconds'] for s in b['steps'] if s['name'] == n), 0.0)
build = statistics.median(step(b, 'build') for b in builds)
install = statistics.median(step(b, 'install') for b in builds)
total = float(sys.argv[2])
print(f'{"all around rpmbuild":<58} {total - build:9.4f} s')
print(f'{"all around rpmbuild, without the install test":<58} {total - build - install:9.4f} s')
E
