#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Which commit broke it: by its build, by what the installed package does, by the packaging; over builds
# that exist and such as must be made, skipped, cut off.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild python3

mkdir "$T/git" "$T/inst"
cd "$T/inst" || exit 1
cat >packmill.yaml <<E2
name: trunk
data: ./data
targets: [host]
projects:
  - {project: tool, upstream: {url: $T/git/tool, branch: main}, packaging: {url: $T/git/tool-distgit, branch: main}}
  - {project: odd, upstream: {url: $T/git/odd, branch: main}, packaging: {url: $T/git/odd-distgit, branch: main}}
E2

bisect()
{
	"$PACKMILL" bisect "$@"
}

# json EXPRESSION: of what --json printed, as j
json()
{
	python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
v = eval(sys.argv[2])
print(*v if isinstance(v, list) else [v])' "$T/out" "$1" 2>&1
}

builds()
{
	"$PACKMILL" list --json --limit 100 | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["builds"]))'
}

# ---- the build breaks ----
project tool
declare -a c
c[0]=$(git -C "$T/git/tool" rev-parse HEAD)
for n in 1 2 3 4 5 6 7 8 9 10; do
	case $n in
	[1-6]) c[n]=$(change tool "echo tool $n") ;;
	7) c[n]=$(GIT_AUTHOR_NAME=$'Mal\e[31mlory' change tool "if then $n") ;;
	*) c[n]=$(change tool "if then $n") ;;
	esac
done
exits 2 'nothing was built yet' bisect tool v1.0.0 main
has 'is said' err 'nothing was built here yet'
exits 4 'the newest commit fails' "$PACKMILL" run --once -p tool
before=$(builds)
ok 'what would be done' bisect -n tool v1.0.0 1
has 'is said' err 'would bisect 10 upstream commits of tool on host, 1 of them built already: about 4 steps'
ok 'and nothing is done' test ! -e data/bisect
ok 'tag and build number' bisect tool v1.0.0 '#1'
has 'the first bad commit' out "^first bad commit: ${c[7]}\$"
has 'its author, escaped' out '^Author:  Mal\?\[31mlory <dev@example.org>$'
has 'its date' out '^Date:    2023-11-'
has 'its subject' out '^Subject: if then 7$'
has 'its diff stat' out '^ tool \| \+1 -1$'
has 'the sum of it' out '^ 1 file changed, 1 line added, 1 removed$'
has 'why it is bad' out "^%build: .*yntax error.* \\($PWD/data/bisect/tool/host/${c[7]:0:12}-[0-9a-f]{12}/build.log:[0-9]+\\)\$"
has 'progress' err '^step 1 of about 4: [0-9a-f]{12} echo tool 5 is good \(built now\)$'
has 'the build that exists is used' err "^BAD: ${c[10]:0:12} if then 10 is bad \\(build 1: %build: .*\\)\$"
has 'the sum' out '^6 commits tried: 1 build existed, 5 made$'
is 'no build more is recorded' "$(builds)" "$before"
is 'nothing is published' "$(find data/repos -name 'tool*.rpm' | wc -l)" 0
ok 'the same again' bisect --json tool v1.0.0 "${c[10]}"
has 'was found before' err '^found before, by a bisection begun at '
is 'as JSON' "$(json '[j["first_bad"]["sha"], j["first_bad"]["files"][0]["path"], len(j["tried"]), j["used"], j["made"], j["schema"]]')" \
	"${c[7]} tool 6 1 5 1"
is 'one candidate' "$(json '[x["sha"] for x in j["candidates"]]')" "${c[7]}"

# ---- questions that make no sense ----
exits 2 'the wrong way round' bisect tool main v1.0.0
has 'is refused' err 'GOOD main comes after BAD v1\.0\.0: are they the wrong way round\?'
exits 2 'twice the same' bisect tool main "${c[10]}"
exits 2 'no such commit' bisect tool v1.0.0 mian
has 'a near one is named' err 'BAD: no branch, tag or commit .mian. \(did you mean: main'
exits 2 'no such build' bisect tool v1.0.0 '#99'
exits 2 'no such project' bisect tol v1.0.0 main
exits 2 'one word only' bisect tool main
git -C "$T/git/tool" checkout -q -b side "${c[3]}"
side=$(change tool 'echo side')
git -C "$T/git/tool" checkout -q main
ok 'a poll' "$PACKMILL" run --once -p tool
exits 2 'no ancestor' bisect tool "$side" main
has 'is refused with where they part' err "GOOD $side is no ancestor of BAD main: they part at ${c[3]:0:12}"
exits 2 'BAD is good' bisect tool v1.0.0 "${c[5]}"
has 'is told' err "BAD ${c[5]} is good with packaging [0-9a-f]{12}: built by an earlier bisection"
exits 2 'GOOD is bad' bisect --reset tool "${c[8]}" "${c[10]}"
has 'is told' err "GOOD ${c[8]} is bad with packaging [0-9a-f]{12}: built now, %build: "

# ---- what the package does breaks ----
project odd
declare -a o
o[0]=$(git -C "$T/git/odd" rev-parse HEAD)
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
	case $n in
	4) o[n]=$(change odd "if then $n") ;; # does not build
	[1-7]) o[n]=$(change odd "echo all is well # $n") ;;
	*) o[n]=$(change odd "echo all is wrong # $n") ;;
	esac
	case $n in
	2 | 6 | 10 | 12) run "$PACKMILL" run --once --head-only -p odd ;;
	esac
done

# number N: of the build of o[N]
number()
{
	"$PACKMILL" list -p odd --json | python3 -c 'import json, sys
print(*[b["build"] for b in json.load(sys.stdin)["builds"] if b["upstream_sha"] == sys.argv[1]])' "${o[$1]}"
}
is 'the builds that exist' "$(for n in 2 4 6 10 12; do echo -n "$(number $n)."; done)" 2..3.4.5.
ok 'a command in the installed root' bisect odd "$(number 2)" "#$(number 12)" --run 'sh /usr/bin/odd | grep well'
has 'the first bad commit' out "^first bad commit: ${o[8]}\$"
has 'why' out '^the command ended with status 1 \(.*/run.log\)$'
has 'builds that exist come first' err '^step 1 of about 4: [0-9a-f]{12} echo all is .* # (6|10) is .* \(build [34]'
has 'and leave little to build' out '^6 commits tried: 4 builds existed, 2 made$'
ok 'what it printed is kept' grep -rqx 'all is well' data/bisect/odd/host

# another question over the same builds; the files of the command
mkdir -m 755 "$T/files"
echo 'sh /usr/bin/odd | grep -q "$1"' >"$T/files/probe"
ok 'another command' bisect --json odd "${o[2]}" "${o[12]}" --files "$T/files" --run 'sh /files/probe well'
is 'needs no build more' "$(json '[j["first_bad"]["sha"], j["made"]]')" "${o[8]} 0"

# what says nothing of a commit: exit 125, a build that fails, one left out by hand
exits 4 'commits that cannot be tried' bisect odd "${o[2]}" "${o[6]}" --run \
	'n=$(sed "s/.*# //" /usr/bin/odd); test $n -lt 5'
has 'blur it' out '^the first bad commit is one of these 2, the rest could not be tried:$'
has 'the skipped one' out "^  ${o[4]:0:12} if then 4\$"
has 'and the bad one' out "^  ${o[5]:0:12} echo all is well # 5\$"
has 'as said' err '^packmill: 2 commits are left that cannot be told apart$'
has 'the failed build is a skip' err "${o[4]:0:12} if then 4 is skip \\(built now: %build: "
exits 4 'exit 125' bisect --json odd "${o[6]}" "${o[10]}" --run \
	'n=$(sed "s/.*# //" /usr/bin/odd); case $n in 6) ;; 10) false ;; *) exit 125 ;; esac'
is 'leaves all' "$(json '[x["sha"] for x in j["candidates"]] + [j["first_bad"]]')" "${o[*]:7:4} None"
ok 'left out by hand' bisect odd "${o[6]}" "${o[10]}" --skip "${o[9]}" --run 'sh /usr/bin/odd | grep well' --json
is 'is not tried' "$(json '[j["first_bad"]["sha"]] + [x["verdict"] for x in j["tried"] if x["sha"] == "'"${o[9]}"'"]')" \
	"${o[8]} skip"
exits 4 'a command that has enough' bisect odd "${o[2]}" "${o[12]}" --run 'exit 200'
has 'ends it' err "^packmill: ${o[12]:0:12}: the command ended with status 200, which ends the bisection"
exits 2 'another question' bisect odd "${o[2]}" "${o[12]}"
has 'takes the place of one that is not at its end' err 'another bisection was not at its end .*--run exit 200.; its builds are of use'
has 'and is answered' err "^packmill: BAD ${o[12]} is good with packaging [0-9a-f]{12}: build 5$"

# a record that says nothing of its commit, and packages that are gone
python3 -c 'import sqlite3, sys
c = sqlite3.connect("data/packmill.db")
c.execute("update build set state = 3, cause = ?, message = ? where upstream_sha = ?", ("source", "lower", sys.argv[1]))
c.commit()' "${o[6]}"
rm data/builds/4/odd-*.noarch.rpm data/repos/host/pool/o/odd/odd-*"${o[10]:0:7}"*.noarch.rpm
ok 'records without a worth' bisect --reset --json odd "${o[2]}" "${o[12]}" --run 'sh /usr/bin/odd | grep well'
is 'are not used' "$(json '[j["first_bad"]["sha"], j["used"]]')" "${o[8]} 2"

# ---- the packaging breaks ----
declare -a p
package()
{
	sed -i "s/^Summary: .*/Summary: $1/; ${2-}" "$T/git/odd-distgit/odd.spec"
	commit "$T/git/odd-distgit" "$1"
}
git -C "$T/git/odd" reset -q --hard "${o[9]}"
p[0]=$(git -C "$T/git/odd-distgit" rev-parse HEAD)
p[1]=$(package one)
p[2]=$(package two)
p[3]=$(package three "s/^BuildArch.*/&\nBuildRequires: no-such-package/")
p[4]=$(package four)
exits 4 'the packaging is broken' "$PACKMILL" run --once -p odd
ok 'over packaging commits' bisect --packaging odd "${p[0]}" "${p[4]}" --json
is 'the first bad one' "$(json '[j["first_bad"]["sha"], j["commits"], j["other"], j["first_bad"]["subject"]]')" \
	"${p[3]} packaging ${o[9]} three"
ok 'with another upstream' bisect --packaging odd "${p[0]}" "${p[4]}" --at "${o[2]}" --json
is 'the same' "$(json '[j["first_bad"]["sha"], j["other"]]')" "${p[3]} ${o[2]}"
exits 2 'the upstream is not to blame' bisect odd "${o[2]}" "${o[9]}"
has 'is told' err "GOOD ${o[2]} is bad with packaging ${p[4]:0:12}"
git -C "$T/git/odd-distgit" reset -q --hard "${p[2]}"

# ---- cut off ----
# slow builds, and one that dies: nothing is known of its commit then
p[3]=$(package slow "s/^sh -n odd/sleep 302.$$ || :; &/")
p[4]=$(package slower)
p[5]=$(package bad "s/sh -n odd/&; false/")
wake_all()
{
	while kill -0 $$; do
		wake 302
		sleep 0.1
	done
}
# the first build is killed, the next go on
kill_first()
{
	eventually asleep 302
	pkill -KILL -f -- "build -q --job $PWD/data/bisect/"
	wake_all
}
# beside HELPER COMMAND: the command is run while the helper does its work
beside()
{
	local helper
	"$1" &
	helper=$!
	run "${@:2}"
	kill $helper
	wait $helper 2>/dev/null
}
ok 'the mirror' "$PACKMILL" run --once --head-only -p tool
beside wake_all "$PACKMILL" run --once -p odd
gone()
{
	eventually none_asleep "$1"
	asleep "$1" | wc -l
}
"$PACKMILL" bisect --packaging odd "${p[2]}" "${p[5]}" >"$T/out" 2>"$T/err" &
pid=$!
eventually asleep 302
exits 7 'a second one meanwhile' bisect --packaging odd "${p[2]}" "${p[5]}"
has 'the first is named' err "a bisection of odd on host: .* is locked by process $pid"
kill -KILL $pid
wait $pid 2>/dev/null
is 'nothing is left running' "$(gone 302)" 0
# die CONFIG: the process of the first build dies
die()
{
	eventually none_asleep 302
	beside kill_first "$PACKMILL" bisect -c "$1" --packaging odd "${p[2]}" "${p[5]}"
}
(cat packmill.yaml; echo 'limits: {retries: 0}') >once.yaml
die once.yaml
is 'a build that dies' "$status" 5
has 'says nothing of the commit' err '^packmill: .*killed by signal 9'
hasnt 'and is no verdict' data/bisect/odd/host/state.json "\"sha\": \"(${p[3]}|${p[4]})\""
die packmill.yaml
is 'else it is made again' "$status" 0
has 'as is said' err 'killed by signal 9; tried again in 1 s$'
has 'going on' err '^going on with the bisection begun at .*: 2 commits tried$'
has 'to the end' out "^first bad commit: ${p[5]}\$"
has 'the sum of all tries' out '^3 commits tried: 2 builds existed, 1 made$'
is 'no scratch is left' "$(find data/bisect -name '.run-*' -o -name '.work-*')" ''

"$PACKMILL" bisect odd "${o[2]}" "${o[9]}" --at "${p[0]}" --run "sleep 300.$$; sh /usr/bin/odd | grep well" >"$T/out" 2>&1 &
pid=$!
eventually asleep 300
kill -TERM $pid
wait $pid
is 'stopped while the command runs' "$? $(gone 300)" '143 0'
is 'no mount is left' "$(grep -c "$T" /proc/self/mounts)" 0
has 'is all it says' out '^packmill: stopped by SIGTERM$'
ok 'forget it' bisect --reset odd
ok 'nothing is left of it' test ! -e data/bisect/odd/host
ok 'once more' bisect --reset odd

# ---- while the instance works ----
sed -i "s/^.*sh -n odd.*/sleep 304.$$ || :/" "$T/git/odd-distgit/odd.spec"
commit "$T/git/odd-distgit" 'slow' >/dev/null
"$PACKMILL" run --once -p odd >"$T/run" 2>&1 &
pid=$!
eventually asleep 304
ok 'beside a run' bisect odd "${o[2]}" "${o[12]}" --at "${p[0]}" --run 'sh /usr/bin/odd | grep well'
has 'finds it' out "^first bad commit: ${o[8]}\$"
wake 304
wait $pid
has 'which is not disturbed' "$T/run" '^built [0-9]+, failed [0-9]+, retry 0, unchanged 0$'
done_testing
