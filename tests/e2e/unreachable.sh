#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Projects whose repositories cannot be had: a branch that was deleted, a repository that is gone, one that is empty, a
# host that does not answer. It is said wherever people look, since when and why, until it is over.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
. "$SRC/tests/lib/service.sh"
need git rpm rpmbuild /usr/bin/python3 tidy
/usr/bin/python3 -c 'import html5lib' 2>/dev/null || skip_all 'no python3-html5lib'
PATH=/usr/bin:$PATH

mkdir "$T/git" "$T/inst"
cd "$T/inst" || exit 1
pid=''
at_exit 'kill -KILL ${pid:-} 2>/dev/null'

config()
{
	cat <<E2
name: trunk
data: ./data
targets: [host]
poll: 1h
defaults:
  upstream: {url: "$T/git/{project}", branch: main}
  packaging: {url: "$T/git/{project}-distgit", branch: main}
projects:
E2
	printf '  - project: %s\n' "$@"
}

# away EXPRESSION: of each project that cannot be reached, as status has it; of p the row, of u what is said
away()
{
	"$PACKMILL" status --json | python3 -c 'import json, sys
for p in json.load(sys.stdin)["projects"]:
    u = p["unreachable"]
    if u: print(eval(sys.argv[1]))' "$1" | sort | tr '\n' ' '
}

are_away()
{
	[ "$(away 'p["project"]')" = "$1" ]
}

# The same of a page's JSON.
on_page()
{
	python3 -c 'import json, sys
print(*sorted(p["project"] for p in json.load(open(sys.argv[1]))["projects"] if p["unreachable"]))' \
		data/repos/host/status_report.json
}

page_has()
{
	[ "$(on_page)" = "$1" ]
}

written()
{
	stat -c %i data/repos/host/status_report.html data/repos/host/projects/gone.html | tr '\n' ' '
}

for p in branch empty gone well; do project $p; done
all='branch empty gone well'
# shellcheck disable=SC2086 # words
config $all >packmill.yaml
mv "$T/git/empty" "$T/git/empty.full"
git init -q --bare -b main "$T/git/empty"

# ---- the service ----

start
ok 'those that can be had are built' eventually is_state 'success success success'
ok 'an empty repository is seen at once' eventually are_away 'empty '
is 'that was never built' "$(away 'p["state"], p["build"]')" "('none', None) "
git -C "$T/git/branch" branch -m main elsewhere
mv "$T/git/gone" "$T/git/gone.not"
ok 'look again' "$PACKMILL" poll
ok 'a branch and a repository are missed' eventually are_away 'branch empty gone '
ok 'on the page, too' eventually page_has 'branch empty gone'
ok 'status' "$PACKMILL" status
has 'says of the branch what is missing' out "^[0-9].* branch .*success.*upstream cannot be reached since 20[0-9T:-]+Z: upstream: .*main"
has 'of the repository' out "gone .*upstream cannot be reached since .*: upstream: '.*/git/gone'"
has 'of the empty one' out 'empty .*none.*upstream cannot be reached since'
hasnt 'of the other nothing' out 'well .*cannot be reached'
page=data/repos/host/status_report.html
has 'the page counts them' $page '3 good, 1 not built yet; of 3 the upstream cannot be reached'
has 'marks them' $page 'gone</bdi></a>.*</span> success</span>.*</span> unreachable</span> upstream cannot be reached since <time'
ok 'a project page as JSON' eventually grep -q '"message": "upstream: ' data/repos/host/projects/gone.json
has 'and before it as HTML' data/repos/host/projects/gone.html 'Upstream cannot be reached since <time'
hasnt 'only theirs' data/repos/host/projects/well.html 'cannot be reached'
ok 'links, JSON, strict HTML' python3 "$SRC/tests/pages/links.py" data/repos
for p in $page data/repos/host/projects/{gone,empty}.html; do
	tidy -q -e --show-body-only no --drop-empty-elements no "$p" 2>&1 |
		grep -vE '<a> proprietary attribute "aria-current"$|<title> proprietary attribute "id"$'
done >tidy
is 'tidy has nothing to say' "$(cat tidy)" ''

# ---- nothing is written while nothing changes; it outlives the process ----

sleep 1.2
before=$(written)
since=$(away 'p["project"], u["since"]')
for _ in 1 2; do "$PACKMILL" poll -q 2>/dev/null; sleep 1.2; done
is 'a further look writes no page' "$(written)" "$before"
stop KILL
is 'a kill forgets nothing' "$(away 'p["project"], u["since"]')" "$since"
# shellcheck disable=SC2086 # words
config $all far >packmill.yaml
sed -i 's#- project: far#- {project: far, upstream: {url: "git://127.0.0.1:1/x"}}#' packmill.yaml
project far
sleep 1.1
start
ok 'a host that does not answer' eventually are_away 'branch empty far gone '
is 'the others are away for as long as they were' "$(away 'p["project"], u["since"]' | sed "s/('far', [0-9]*) //")" "$since"
ok 'each is in the new log' eventually grep -q '^packmill: gone: ' log

# ---- it is over ----

git -C "$T/git/branch" branch -m elsewhere main
mv "$T/git/gone.not" "$T/git/gone"
change gone 'echo two' >/dev/null
ok 'look again' "$PACKMILL" poll
ok 'what is back is forgotten' eventually are_away 'empty far '
ok 'and built' eventually is_state 'success success' -p gone
ok 'the page forgets it' eventually page_has 'empty far'
ok 'the project page' eventually sh -c '! grep -q "cannot be reached" data/repos/host/projects/gone.html'
rmdir_of=$T/git/empty
mv "$rmdir_of" "$rmdir_of.was"
mv "$T/git/empty.full" "$T/git/empty"
"$PACKMILL" poll -q 2>/dev/null
ok 'the first commit of one that was empty is built' eventually is_state 'success' -p empty
ok 'and it is well' eventually are_away 'far '
# shellcheck disable=SC2086 # words
config $all >packmill.yaml
kill -HUP $pid
ok 'a project that is not configured any more' eventually page_has ''
no_row()
{
	python3 -c 'import sqlite3, sys
sys.exit(sqlite3.connect("data/packmill.db").execute("select count(*) from unreachable").fetchone()[0])'
}
ok 'leaves nothing' eventually no_row
stop TERM

# ---- a single pass ----

mv "$T/git/gone" "$T/git/gone.not"
exits 4 'a single pass that misses one' "$PACKMILL" run --once
is 'keeps it' "$(away 'p["project"]') $(on_page)" 'gone  gone'
since=$(away 'u["since"]')
sleep 1.1
exits 4 'another' "$PACKMILL" run --once
is 'has it since then' "$(away 'u["since"]')" "$since"
ok 'a pass over others' "$PACKMILL" run --once -p well
is 'knows nothing of it' "$(away 'p["project"]')" 'gone '
mv "$T/git/gone.not" "$T/git/gone"
ok 'a dry run' "$PACKMILL" run --once --dry-run
is 'changes nothing' "$(away 'p["project"]')" 'gone '
ok 'and when it is back' "$PACKMILL" run --once
is 'forgets it' "$(away 'p["project"]')|$(on_page)" '|'
done_testing
