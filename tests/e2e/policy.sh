#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Whom the scheduler takes next and how often: priorities, fairness, --head-only, builds side by side, tries after
# trouble of the machine and the end of them.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild python3

mkdir "$T/git" "$T/inst"
cd "$T/inst" || exit 1

# builds WHAT [OPTIONS]: that of all builds, oldest first, in one line
builds()
{
	"$PACKMILL" list "${@:2}" --json --limit 500 | python3 -c 'import json, sys
print(*(b[sys.argv[1]] for b in reversed(json.load(sys.stdin)["builds"])))' "$1"
}

# the projects of the last run, as their builds began
began()
{
	sed -n 's/^\(.*\): build [0-9]* of .*/\1/p' "$T/err" | tr '\n' ' ' | sed 's/ $//'
}

sql()
{
	python3 -c 'import sqlite3, sys
c = sqlite3.connect("data/packmill.db", timeout=30)
print(*(" ".join(map(str, r)) for r in c.execute(sys.argv[1])), sep="\n"); c.commit()' "$1"
}

# config LINES...: of the top
config()
{
	printf '%s\n' 'name: trunk' 'data: ./data' 'targets: [host]' "$@"
	cat <<E2
defaults:
  upstream: {url: "$T/git/{project}", branch: main}
  packaging: {url: "$T/git/{project}-distgit", branch: main}
projects:
  - project: many
  - project: few
  - {project: urgent, priority: 5}
E2
}

# ---- who is next ----
for p in many few urgent; do project $p; done
config 'limits: {jobs: 1}' >packmill.yaml
ok 'plan of the first pass' "$PACKMILL" plan
has 'asks what nobody knows yet' err '3 new projects: looking at what they need'
ok 'the first commits' "$PACKMILL" run --once
ok 'plan' "$PACKMILL" plan
hasnt 'now it is known' err 'looking at what they need'
is 'probes leave nothing behind' "$(find data/probe -mindepth 2 2>/dev/null)" ''
for i in 1 2 3 4 5 6; do change many "echo many $i" >/dev/null; done
change few 'echo few' >/dev/null
change urgent 'echo urgent' >/dev/null
ok 'many commits of one, one of others' "$PACKMILL" run --once
is 'the urgent one first; who has many does not starve who has few' "$(began)" \
	'urgent many few many many many many many'
is 'the commits of one in their order' \
	"$(sql "select id from build where project = 'many' and id > 3 order by published" | tr '\n' ' ')" \
	"$(sql "select id from build where project = 'many' and id > 3 order by id" | tr '\n' ' ')"
ok 'hold' "$PACKMILL" queue hold
change many 'echo a' >/dev/null
change few 'echo b' >/dev/null
ok 'a pass' "$PACKMILL" run --once
is 'nothing begins' "$(began)" ''
has 'and what waits is counted' out '^built 0, failed 0, retry 0, waiting 2, unchanged 1$'
ok 'release' "$PACKMILL" queue release
ok 'a priority' "$PACKMILL" queue priority "$(builds build -p few | sed 's/.* //')" 9
ok 'a pass' "$PACKMILL" run --once
is 'goes before the older one' "$(began)" 'few many'

# ---- the head only ----
ok 'hold' "$PACKMILL" queue hold many
for i in 7 8 9; do change many "echo many $i" >/dev/null; done
ok 'three are queued' "$PACKMILL" run --once
for i in 10 11; do change many "echo many $i" >/dev/null; done
ok 'release' "$PACKMILL" queue release many
ok 'then two more come, and only the head is wanted' "$PACKMILL" run --once --head-only
has 'one is built' out '^built 1, failed 0'
is 'it is the head' "$(builds upstream_sha -p many | sed 's/.* //')" "$(git -C "$T/git/many" rev-parse HEAD)"
is 'those before it give way' "$(builds state -p many | cut -d' ' -f 9-)" 'cancelled cancelled cancelled success'
rm -rf data
ok 'the first pass of all' "$PACKMILL" run --once --head-only
is 'builds heads' "$(builds upstream_sha -p few)" "$(git -C "$T/git/few" rev-parse HEAD)"

# ---- side by side ----
# each waits until it is told to go on; the root is the machine's, so it can see others' processes only as numbers
slow()
{
	sed -i "s/^sh -n $1/cat \/proc\/self\/uid_map; sleep $2/" "$T/git/$1-distgit/$1.spec"
	commit "$T/git/$1-distgit" "sleep $2" >/dev/null
}
config 'limits: {jobs: 2}' >packmill.yaml
slow many "710.$$"
slow few "710.$$"
"$PACKMILL" run --once >"$T/out" 2>"$T/err" &
pid=$!
both()
{
	[ "$(asleep 710 | wc -l)" = 2 ]
}
eventually both
is 'two builds at once' "$(asleep 710 | wc -l)" 2
is 'as the store says' "$(sql 'select count(*) from build where state = 1')" 2
maps=$(for p in $(asleep 710); do awk '{ print $2 }' "/proc/$p/uid_map"; done)
if [ "$(id -u)" = 0 ]; then
	is 'each with ids of its own' "$(echo "$maps" | sort | uniq -d)" ''
fi
change urgent 'echo urgent 2' >/dev/null
kill -TERM $pid
wait $pid
is 'it ends' $? 143
ok 'and they with it' eventually none_asleep 710
is 'and are queued again, each once' "$(sql 'select state, attempt from build where id > 3')" "0 1
0 1"

# ---- tries ----
rm -rf data
config 'limits: {jobs: 1, retries: 2}' 'notify: {smtp: "127.0.0.1:9", operators: [ops@example.org]}' |
	grep -v 'project: [mu]' | sed 's/^projects:/&\n  - {project: urgent, maintainers: [dev@example.org]}/' >packmill.yaml
slow urgent "720.$$ || :"
# asleep_pass COMMAND: a pass during whose build, while that sleeps, the command is run
asleep_pass()
{
	eventually none_asleep 720 # or the pass before would be taken for this one
	"$PACKMILL" run --once -p urgent >"$T/out" 2>"$T/err" &
	local pid=$!
	eventually asleep 720
	"$@"
	wait $pid
	status=$?
}
# a pass whose build process is killed
killed()
{
	asleep_pass pkill -KILL -f -- "build -q --job $PWD/"
}
killed
is 'a build process is killed' "$status $(builds state -p urgent)" '5 retry'
is 'it waits for its next try' "$(sql 'select retries, not_before > finished from build')" '1 1'
sql "update build set not_before = not_before + 31536000" >/dev/null
killed
is 'a clock that was set back does not matter' "$status $(builds state -p urgent)" '5 retry'
killed
is 'the third is the last' "$status $(builds state -p urgent)" '4 failed'
has 'as is said' err 'urgent: .* killed by signal 9.* \(given up after 3 tries\)'
is 'the cause is the machine' "$(builds cause -p urgent)" infrastructure
is 'each try has its log' "$(cd data/builds/1 && echo attempt-*/build.log build.log)" \
	'attempt-1/build.log attempt-2/build.log build.log'
is 'and its line in the store' "$(sql 'select n, cause from attempt where build = 1 order by n')" \
	"1 infrastructure
2 infrastructure
3 infrastructure"
"$PACKMILL" notify list --json >waiting
is 'operators are told, not the maintainers' "$(grep -c ops@ waiting) $(grep -c dev@ waiting)" '1 0'
ok 'another pass' "$PACKMILL" run --once -p urgent
is 'leaves it alone' "$(builds state -p urgent) $(sql 'select attempt from build')" 'failed 3'
ok 'recheck' "$PACKMILL" recheck urgent
killed
is 'starts anew' "$(builds state -p urgent) $(sql 'select attempt, retries from build')" 'retry 4 1'
asleep_pass wake 720
is 'undisturbed' "$status" 0
is 'it is built' "$(builds state -p urgent) $(sql 'select attempt, cause from build')" 'success 5 None'
# what is the package's own fault is not tried again
sed -i 's/^cat .*/false/' "$T/git/urgent-distgit/urgent.spec"
commit "$T/git/urgent-distgit" 'false' >/dev/null
exits 4 'a build failure' "$PACKMILL" run --once -p urgent
sed -i 's/^Source0:.*/&\nSource1: http:\/\/127.0.0.1:9\/nothing.tar.gz/; s/^false/true/' "$T/git/urgent-distgit/urgent.spec"
sed -i 's/^Source1.*/Source1: missing.patch/' "$T/git/urgent-distgit/urgent.spec"
commit "$T/git/urgent-distgit" 'no source' >/dev/null
exits 4 'a source that is not there' "$PACKMILL" run --once -p urgent
ok 'the next pass' "$PACKMILL" run --once -p urgent
is 'tries neither' "$(sql 'select state, attempt from build where id > 1')" "3 1
3 1"

# ---- nobody there ----
exits 2 'poll without a packmill that runs' "$PACKMILL" poll
has 'says what to do' err 'no packmill runs here: .packmill run --once.'
done_testing
