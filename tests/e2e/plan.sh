#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a plan asks of projects that nothing was made of yet: beside others, and when it cannot.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild python3

# config LINE...: packmill.yaml of the instance here
config()
{
	printf '%s\n' 'name: trunk' 'data: ./data' "$@" >packmill.yaml
}

two()
{
	echo "  - {project: $1, upstream: {url: $T/git/$1, branch: main}, packaging: {url: $T/git/$1-distgit, branch: main}}"
}

# planned: "project<after", with a ? where the order is not known
planned()
{
	"$PACKMILL" plan --json "$@" 2>"$T/err" | python3 -c 'import json, sys
print(*(p["project"] + "?" * (not p["order_known"]) + "<" + "+".join(p["after"]) for p in json.load(sys.stdin)["plan"]))'
}

queued()
{
	[ "$("$PACKMILL" list --state queued --json | grep -c '"build":')" = "$1" ]
}

project a
project b 'BuildRequires: a'
project c 'BuildRequires: b'
project bad 'BuildRequires: ((('
project slow "%global x %(sleep 43.$$)"
project old

# what cannot be asked, for reasons of its own
mkdir "$T/one" && cd "$T/one" || exit 1
config 'targets: [host]' 'projects:' "$(two b)" "$(two bad)" "$(two a)"
ok 'a dry run' "$PACKMILL" run --once -n
has 'asks as well' err '^3 new projects: looking at what they need$'
has 'and is in order' err '^b: would build'
is 'the needed one first' "$(sed -n 's/: would build.*//p' "$T/err" | tr '\n' ' ')" 'bad a b '
has 'a spec that cannot be read is named' err '^packmill: warning: bad: what it needs on host is not known: bad\.spec: line '
has 'and counted' err '^the order of 1 project is not known yet'
is 'a plan asks that one again' "$(planned)" 'bad?< a< b<a'
has 'only that one' err '^1 new project: looking at what it needs$'
is 'one project alone' "$(planned -p bad)" 'bad?<'

# a spec that takes for ever: the limit of the builds ends it, or a person; others are asked before, without a limit
mkdir "$T/two" && cd "$T/two" || exit 1
config 'targets: [host]' 'projects:' "$(two b)" "$(two slow)" "$(two a)"
is 'others' "$(planned -p a -p b)" 'a< b<a'
config 'targets: [host]' 'limits: {time: 3s}' 'projects:' "$(two b)" "$(two slow)" "$(two a)"
is 'a spec without end' "$(planned)" 'slow?< a< b<a'
has 'meets the limit' err 'slow: .*ended by the time limit'
config 'targets: [host]' 'limits: {time: 2h}' 'projects:' "$(two slow)" "$(two a)"
"$PACKMILL" plan >"$T/out" 2>"$T/err" &
pid=$!
ok 'a plan that looks' eventually pgrep -f "^sleep 43\.$$\$"
kill -INT "$pid"
wait "$pid"
is 'ends when it is told to' $? 130
ok 'with what it started' eventually eval "! pgrep -f '^sleep 43\.$$\$'"
ok 'and the next one begins' "$PACKMILL" plan -p a

# a target whose root would have to be fetched
mkdir -p "$T/three/targets" && cd "$T/three" || exit 1
cat >targets/far.yaml <<'E2'
name: far
format: rpm
arch: x86_64
dist: .far
root: {packages: [rpm-build]}
repos:
  - {id: base, class: base, priority: 99, url: "http://127.0.0.1:1/"}
E2
sed -i "s/x86_64/$(uname -m)/" targets/far.yaml
config 'targets: [far]' 'projects:' "$(two b)" "$(two a)"
is 'no root, no answer' "$(planned)" 'b?< a?<'
has 'which is said once' err "^packmill: warning: far: no root to ask new projects in .* we are offline \('packmill root create -t far' makes one\)$"
is 'once' "$(grep -c 'no root' "$T/err")" 1
has 'with how many' err '^the order of 2 projects is not known yet'

# beside a packmill that has the instance
mkdir "$T/four" && cd "$T/four" || exit 1
config 'targets: [host]' 'projects:' "$(two old)"
ok 'an instance' "$PACKMILL" run --once
ok 'on hold' "$PACKMILL" queue hold
config 'targets: [host]' 'projects:' "$(two c)" "$(two b)" "$(two a)" "$(two old)"
"$PACKMILL" run 2>"$T/log" &
pid=$!
at_exit "kill $pid 2>/dev/null"
ok 'a running packmill finds new projects' eventually queued 3
is 'a plan beside it asks them' "$(planned)" 'a< b<a c<b'
has 'and says what it knows' err 'is locked by process .* commits as of its last poll'
is 'it keeps nothing' "$(planned)" 'a< b<a c<b'
has 'so it asks again' err '^3 new projects: looking at what they need$'
kill "$pid"
wait "$pid"
ok 'alone, on hold still' "$PACKMILL" plan
is 'it keeps it' "$(planned)" 'a< b<a c<b'
hasnt 'and asks once' err 'looking at'
done_testing
