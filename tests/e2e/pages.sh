#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The pages of a real instance: valid HTML, no dead link, nothing from elsewhere, and looked at in
# Chromium at a phone's and a desk's width, light and dark. KEEP_TMP=1 keeps the pages and the
# screenshots ($T/shots).
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild /usr/bin/python3 tidy chromium chromedriver
/usr/bin/python3 -c 'import html5lib' 2>/dev/null || skip_all 'no python3-html5lib'
PATH=/usr/bin:$PATH
at_exit 'stop_publisher'
http_pid=
began=$(date +%F)

# ---- an instance with all that pages must bear ----

long=$(printf 'A subject that goes on and on %.0s' {1..10})
rude=$'<script>alert(1)</script> "quotes" &amp; \'more\' \e[31mred\e[0m \xe2\x80\xaeturned around'
mkdir "$T/git" "$T/inst"
for p in green red hostile; do project $p; done
project needs 'BuildRequires: red >= 2'
cd "$T/inst" || exit 1
cat >packmill.yaml <<E2
name: trunk
data: ./data
url: https://packages.example.org/some/prefix
targets: [host]
defaults:
  upstream: {url: "$T/git/{project}", branch: main, web: "https://git.example.org/{project}/commit/{sha}"}
  packaging: {url: "$T/git/{project}-distgit", branch: main}
  maintainers: [team@example.org]
projects:
  - project: green
    component: base
  - project: red
  - project: hostile
  - project: needs
E2

"$PACKMILL" run --once -p green -p red -p hostile >"$T/run.log" 2>&1
change green 'echo green two' >/dev/null
bad=$(change red $'if then\n# </code><script>alert(2)</script>')
GIT_AUTHOR_NAME='Mallory </title><img src=x>' change hostile "echo $rude" >/dev/null 2>&1
git -C "$T/git/hostile" commit -q --amend --no-edit --author 'Mallory </title><b onclick="x"> <m@example.org>' -m "$rude"
echo 'echo three' >"$T/git/hostile/hostile"
commit "$T/git/hostile" "$long" >/dev/null
"$PACKMILL" run --once >>"$T/run.log" 2>&1
change red 'if still' >/dev/null
"$PACKMILL" run --once >>"$T/run.log" 2>&1
"$PACKMILL" recheck green >>"$T/run.log" 2>&1
ok 'a run writes pages as it goes' sh -c 'grep -q "First bad commit" data/repos/host/projects/red.html &&
	grep -Eq "[0-9] (added|upgraded)" data/repos/host/current/index.html'
has 'and again when lint is done' "data/repos/host/builds/1.html" 'id="lint"'
ok 'with a style sheet, and no dead link' python3 "$SRC/tests/pages/links.py" data/repos
ok 'all pages anew' "$PACKMILL" report
has 'says which is the first' "$T/out" '/data/repos/index.html$'
ok 'as JSON' "$PACKMILL" report --json
has 'with how many builds' "$T/out" '"builds": [1-9]'
repos=$T/inst/data/repos

# ---- files ----

build_of()
{
	"$PACKMILL" list --json --limit 1 -p "$1" --state "$2" | python3 -c \
		'import json, sys; print(json.load(sys.stdin)["builds"][0]["build"])'
}
failed=$(build_of red failed)
good=$(build_of green success)
page=$repos/host/builds/$failed.html
ok 'links, fragments, JSON, feeds, pictures, strict HTML' python3 "$SRC/tests/pages/links.py" "$repos"
has 'of all pages' out '^[1-9][0-9]+ pages, [0-9]{3,} links'
mapfile -t pages < <(cd "$repos" && find . -name '*.html' | sed 's#^\./##' | sort)
tidy_all()
{
	local p bad=0
	for p in "${pages[@]}"; do
		tidy -q -e --show-body-only no --drop-empty-elements no "$repos/$p" >"$T/tidy" 2>&1
		grep -vE "$known" "$T/tidy" | sed "s#^#$p: #" | grep . && bad=1
	done
	return $bad
}
# valid in HTML 5.2 and SVG; tidy 5.6 does not know them
known='<a> proprietary attribute "aria-current"$|<title> proprietary attribute "id"$'
ok 'tidy has nothing to say' tidy_all
has 'who waits says for whom' "$repos/host/projects/needs.html" 'It waits for <a href="../projects/red.html">'
has 'the first bad commit' "$repos/host/projects/red.html" "First bad commit: .*https://git.example.org/red/commit/$bad"
has 'the cause' "$page" 'class="message">.*(yntax|unexpected)'
has 'the lines of the log around it' "$page" '<mark>'
has 'more of the log, at that line' "$page" "href=\"$failed-log.html#L[0-9]+\""
has 'what changed' "$page" 'href="https://git.example.org/red/commit/[0-9a-f]{40}"'
has 'how to reproduce' "$page" "packmill reproduce $failed"
has 'how to use the repository' "$repos/host/current/index.html" \
	'dnf5 config-manager addrepo --from-repofile=https://packages.example.org/some/prefix/host/current/trunk.repo'
has 'what changed in it' "$repos/host/current/index.html" '[0-9] (added|upgraded)'
hasnt 'no stranger writes tags' "$repos/host/projects/hostile.html" '<(script|img src=x|b onclick)'
is 'a constant number of files in a commit' "$(
	find "$repos"/host/??/?? -mindepth 1 -maxdepth 1 -type d -exec sh -c 'ls "$1" | grep -c index' sh {} \; | sort -u | tr '\n' ' ')" '0 2 '
# but for the queue's, which guesses times
sums()
{
	(cd "$repos" && find . -type f -name '*.html' ! -name queue.html -exec md5sum {} + | sort)
}
again()
{
	before=$(sums)
	"$PACKMILL" report -q >/dev/null 2>&1
	after=$(sums)
}
again
# some name the day
[ "$(date +%F)" = "$began" ] || again
is 'written again they are the same' "$after" "$before"

# ---- the browser ----

publisher "$repos"
look=(index.html host/status_report.html host/report.html host/queue.html host/builds/"$failed".html
	host/builds/"$failed"-log.html host/builds/"$good".html host/projects/red.html host/projects/hostile.html
	host/projects/green.html host/projects/needs.html host/current/index.html
	"$(cd "$repos" && find host/?? -name index.html | sort | head -n 1)")
ok 'nothing is wrong in Chromium' python3 "$SRC/tests/pages/look.py" "$T" "$url/" "${look[@]}"
has 'every page was looked at' out "^${#look[@]} pages looked at, 0 complaints"
[ "$tap_bad" = 0 ] || sed 's/^/# /' "$T/run.log"
done_testing
