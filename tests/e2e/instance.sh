#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An instance over weeks of commits in a few seconds: what is new is built, what is broken stays
# apart, what was good stays published.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git dnf rpm rpmbuild createrepo_c python3

mkdir "$T/git" "$T/inst"
state()
{
	"$PACKMILL" list --json --limit 1 -p "$1" | python3 -c \
		'import json, sys; print(json.load(sys.stdin)["builds"][0][sys.argv[1]])' "$2"
}

published()
{
	HOME=$T rm -rf "$T/rq"
	HOME=$T dnf -q repoquery --repofrompath "r,file://$T/inst/data/repos/host/$1" --repoid=r \
		--setopt=reposdir=/nonexistent --setopt=cachedir="$T/rq" --releasever=1 --qf '%{name}-%{version}' 2>&1 |
		sort | tr '\n' ' '
}

for p in alpha beta gamma; do project $p; done
cd "$T/inst" || exit 1
cat >packmill.yaml <<E2
name: trunk
data: ./data
targets: [host]
defaults:
  upstream: {url: "$T/git/{project}", branch: main}
  packaging: {url: "$T/git/{project}-distgit", branch: main}
projects:
  - project: alpha
  - project: beta
  - project: gamma
E2

ok 'the first run' "$PACKMILL" run --once
has 'heads only' "$T/out" '^built 3, failed 0, retry 0, unchanged 0$'
is 'current has all' "$(published current)" 'alpha-1.0.0 beta-1.0.0 gamma-1.0.0 '
is 'consistent too' "$(published consistent)" 'alpha-1.0.0 beta-1.0.0 gamma-1.0.0 '
ok 'nothing new' "$PACKMILL" run --once
has 'unchanged' "$T/out" '^built 0, failed 0, retry 0, unchanged 3$'

# two commits at once are two builds; a bad one leaves the last good package
change alpha 'echo alpha two' >/dev/null
change alpha 'echo alpha three' >/dev/null
bad=$(change beta 'if then')
change gamma 'echo gamma two' >/dev/null
# one after another, so that it is known what was good when beta broke
exits 4 'one project breaks' "$PACKMILL" run --once -j 1
has 'the sum' "$T/out" '^built 3, failed 1, retry 0, unchanged 0$'
has 'who, which commit, why, where' "$T/err" "beta: ${bad:0:12} failed on host: %build: .*yntax error.*builds/[0-9]+/build.log:[0-9]+\\)"
is 'current keeps the last good one' "$(published current)" 'alpha-1.0.1 beta-1.0.0 gamma-1.0.1 '
is 'consistent stays where all was good' "$(published consistent)" 'alpha-1.0.1 beta-1.0.0 gamma-1.0.0 '
ok 'the failed commit has its directory' test -f \
	"$(echo "data/repos/host/${bad:0:2}/${bad:2:2}/${bad}"_*/commit.yaml)"
ok 'but no repository' sh -c '! test -e "$1"/repodata' sh \
	"$(echo "data/repos/host/${bad:0:2}/${bad:2:2}/${bad}"_*)"
has 'versions.csv has the failure' data/repos/host/current/versions.csv '^beta,.*,FAILED,'
n=$(state beta build)
ok 'show' "$PACKMILL" show "$n"
has 'its cause' "$T/out" '^message .*yntax error'
ok 'log' "$PACKMILL" log "$n"
has 'the whole log' "$T/out" 'Executing\(%build\)'
ok 'not built again' "$PACKMILL" run --once
has 'unchanged' "$T/out" '^built 0, failed 0, retry 0, unchanged 3$'
exits 2 'a log that is not there' "$PACKMILL" log "$n" rpmlint
exits 2 'a log of no build' "$PACKMILL" log 999
has 'is said as show says it' "$T/err" '^packmill: there is no build 999$'
ok 'recheck' "$PACKMILL" recheck beta
has 'says what it did' "$T/err" '^queued 1 build of beta again, for the next run$'
ok 'recheck again' "$PACKMILL" recheck beta
has 'says that it is' "$T/err" "^beta: build $n is queued already"
exits 2 'a priority of no build' "$PACKMILL" queue priority x 3
has 'says what is no number' "$T/err" "'x' is no build number"
ok 'status' "$PACKMILL" status
has 'shows what is queued' "$T/out" '^[0-9]+ +beta +host +queued'
exits 4 'is carried out' "$PACKMILL" run --once -p beta
has 'once' "$T/out" '^built 0, failed 1, retry 0, unchanged 0$'
change beta 'echo beta two' >/dev/null
ok 'mended' "$PACKMILL" run --once
is 'current has the mended one' "$(published current)" 'alpha-1.0.1 beta-1.0.1 gamma-1.0.1 '
is 'consistent goes on' "$(published consistent)" 'alpha-1.0.1 beta-1.0.1 gamma-1.0.1 '

# packaging changes are commits too
sed -i 's/^Summary: x/Summary: y/' "$T/git/gamma-distgit/gamma.spec"
commit "$T/git/gamma-distgit" 'better summary' >/dev/null
ok 'a packaging change' "$PACKMILL" run --once
has 'is a build' "$T/out" '^built 1, failed 0, retry 0, unchanged 2$'

# broken projects never stop the others
mv "$T/git/alpha" "$T/git/alpha.away"
rm "$T/git/beta-distgit/beta.spec"
commit "$T/git/beta-distgit" 'lost the spec' >/dev/null
change gamma 'echo gamma three' >/dev/null
exits 4 'one has no repository, one no spec' "$PACKMILL" run --once
has 'the third is built' "$T/out" '^built 1, failed 2, retry 0, unchanged 0$'
has 'the path is named' "$T/err" 'alpha: .*git/alpha'
has 'the spec is missed' "$T/err" 'beta: .*no spec'
mv "$T/git/alpha.away" "$T/git/alpha"
git -C "$T/git/beta-distgit" revert --no-edit HEAD >/dev/null
ok 'both are back' "$PACKMILL" run --once

# history rewritten: said, and the new head is built
old=$(git -C "$T/git/alpha" rev-parse HEAD)
git -C "$T/git/alpha" reset -q --hard HEAD~1
new=$(change alpha 'echo alpha rewritten')
ok 'a force push' "$PACKMILL" run --once
has 'both hashes are said' "$T/err" "rewritten, $old .* $new"
has 'one build' "$T/out" '^built 1,'
git -C "$T/git/alpha" branch -q -m main trunk
exits 4 'a branch that vanished' "$PACKMILL" run --once
has 'near ones are listed' "$T/err" "alpha: .*main.*trunk"
git -C "$T/git/alpha" branch -q -m trunk main

# a source that is no git URL, an unknown project
exits 2 'no such project' "$PACKMILL" run --once -p alhpa
exits 2 'nor in a list' "$PACKMILL" list -p alhpa
exits 2 'no such target' "$PACKMILL" status -t hots
exits 2 'no such build' "$PACKMILL" log 999
n=$("$PACKMILL" list | wc -l)
ok 'recheck without doing it' "$PACKMILL" recheck -n alpha
is 'nothing is queued' "$("$PACKMILL" list --state queued | wc -l) $("$PACKMILL" list | wc -l)" "1 $n"
ok 'dry run' "$PACKMILL" run --once -n

# same version, other bytes: refused, the published one stays
cat >keep.yaml <<E2
name: keep
data: ./keep
targets: [host]
version: {policy: keep}
projects:
  - project: delta
    upstream: {url: $T/git/delta, branch: main}
    packaging: {url: $T/git/delta-distgit, branch: main}
E2
project delta
sed -i 's/^\(Version\|Release\): 0/\1: 1/; s/%{upstream_version}/%{version}/' "$T/git/delta-distgit/delta.spec"
commit "$T/git/delta-distgit" 'fixed version' >/dev/null
ok 'policy keep' "$PACKMILL" run -c keep.yaml --once
sum=$(sha256sum keep/repos/host/pool/d/delta/*)
change delta 'echo delta two' >/dev/null
exits 4 'same NEVRA, other bytes' "$PACKMILL" run -c keep.yaml --once
has 'is refused by name' "$T/err" 'delta-1-1\.noarch'
has 'result.json says so too' keep/builds/2/result.json '"status": "failed"'
is 'the published package is untouched' "$(sha256sum keep/repos/host/pool/d/delta/*)" "$sum"
sed -i 's/^Version: 1/Version: 0.9/' "$T/git/delta-distgit/delta.spec"
commit "$T/git/delta-distgit" 'lower' >/dev/null
exits 4 'a lower version' "$PACKMILL" run -c keep.yaml --once
has 'is refused' "$T/err" 'version 0\.9-1 is lower than the published 1-1'

# interrupted: promptly, nothing left, nothing lost
change alpha 'echo alpha slow' >/dev/null
sed -i "s/^sh -n alpha/sleep 300.$$/" "$T/git/alpha-distgit/alpha.spec"
commit "$T/git/alpha-distgit" 'slow build' >/dev/null
interrupt()
{
	"$PACKMILL" run --once >"$T/out-bg" 2>&1 &
	local pid=$!
	eventually asleep 300
	if [ -n "${2-}" ]; then
		exits 7 'a second run is refused' "$PACKMILL" run --once
		has 'the first is named' "$T/err" "locked by process $pid"
	fi
	kill "-$1" $pid
	wait $pid
	status=$?
	eventually none_asleep 300
	is "after SIG$1 no process is left" "$(asleep 300 | wc -l)" 0
	is "after SIG$1 no mount is left" "$(grep -c "$T" /proc/self/mounts)" 0
}
interrupt TERM second
is 'exit status of SIGTERM' "$status" 143
is 'and that it was stopped is all it says at the end' "$(tail -n 1 "$T/out-bg")" 'packmill: stopped by SIGTERM'
interrupt KILL
sed -i 's/^sleep 300.*/sh -n alpha/' "$T/git/alpha-distgit/alpha.spec"
commit "$T/git/alpha-distgit" 'quick again' >/dev/null
"$PACKMILL" run --once >"$T/out-bg" 2>&1 &
pid=$!
ok 'the interrupted build is carried out' eventually asleep 300
pkill -f "^sleep 300\.$$\$"
wait $pid
is 'and fails; then the new one' $? 4
has 'each once' "$T/out-bg" '^built 1, failed 1, retry 0, unchanged 2$'
is 'current' "$(published current | cut -d ' ' -f 1)" alpha-1.0.1
ok 'the state is whole' python3 -c 'import sqlite3
c = sqlite3.connect("data/packmill.db")
assert c.execute("pragma integrity_check").fetchone()[0] == "ok"'
done_testing
