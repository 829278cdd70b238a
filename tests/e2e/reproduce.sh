#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Recorded builds once more: the same bits, other bits and which, the same failure, what is missing.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild python3

mkdir "$T/git" "$T/inst"
# what is different each time: a file's content and size, a mode, a tag, a file's name
project alpha
project beta
project gamma
project delta
sed -i 's|^install .*|&\necho %(date +%%s%%N) >%{buildroot}/usr/bin/when\ntouch %{buildroot}/usr/bin/at-$(date +%s%N)|
	s|^Summary:.*|Summary: made at %(date +%%s%%N)|
	s|^/usr/bin.*|&\n/usr/bin/when\n/usr/bin/at-*|' "$T/git/beta-distgit/beta.spec"
commit "$T/git/beta-distgit" 'not the same twice' >/dev/null
project epsilon 'BuildRequires: alpha'
change gamma 'if then' >/dev/null
sed -i 's/^%description/%nonsense(/' "$T/git/delta-distgit/delta.spec"
commit "$T/git/delta-distgit" 'no spec' >/dev/null
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
  - project: delta
  - project: epsilon
E2
exits 4 'the recorded builds' "$PACKMILL" run --once
has 'three good, two bad' "$T/out" '^built 3, failed 2, retry 0, unchanged 0$'

number()
{
	"$PACKMILL" list --json -p "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["builds"][0]["build"])'
}

# json NUMBER: reproduce as JSON, then the values of these keys
json()
{
	local n=$1
	shift
	"$PACKMILL" reproduce -q "$n" --json 2>/dev/null | python3 -c 'import json, sys
v = json.load(sys.stdin)
for path in sys.argv[1:]:
	x = v
	for k in path.split("."):
		x = x[int(k)] if isinstance(x, list) else x[k]
	print(x)' "$@"
}

# edit FILE CODE: a recorded file, as v
edit()
{
	python3 - "$@" <<'E2'
import json, sys
with open(sys.argv[1]) as f:
    v = json.load(f)
exec(sys.argv[2])
with open(sys.argv[1], "w") as f:
    json.dump(v, f)
E2
}

recorded()
{
	find data/builds data/repos data/git data/packmill.db -type f -printf '%p %i %s %T@ %m ' -exec sha256sum {} +
}
a=$(number alpha) b=$(number beta) c=$(number gamma) d=$(number delta) e=$(number epsilon)
before=$(recorded)

ok 'the same again' "$PACKMILL" reproduce "$a"
has 'the root is the same' "$T/out" '^root identical: ([0-9]+)/\1$'
is 'and both packages' "$(grep -c '^alpha-1.0.0-.*\.rpm: identical$' "$T/out")" 2
is 'and nothing else is said' "$(wc -l <"$T/out")" 3
is 'as JSON' "$(json "$a" schema build verdict artifacts.0.identical artifacts.0.differences | tr '\n' ' ')" \
	"1 $a identical True [] "
ok 'nothing is done with -n' "$PACKMILL" -n reproduce "#$a"
has 'but said' "$T/err" "^would repeat build $a of 'alpha' on host, in its root of [0-9]+ packages$"

ok 'with a package of the instance' "$PACKMILL" reproduce "$e"
has 'that counts' "$T/out" '^root identical: ([0-9]+)/\1$'

exits 4 'other bits' "$PACKMILL" reproduce "$b"
has 'which package' "$T/out" '^beta-1.0.0-.*\.noarch\.rpm: differs:$'
has 'which tag' "$T/out" '^  Summary: made at [0-9]+, now made at [0-9]+$'
has 'which content' "$T/out" '^  /usr/bin/when: content: [0-9a-f]{64}, now [0-9a-f]{64}$'
has 'which file is missing' "$T/out" '^  /usr/bin/at-[0-9]+: missing now$'
has 'which is new' "$T/out" '^  /usr/bin/at-[0-9]+: new$'
hasnt 'not what is the same' "$T/out" '^  (/usr/bin/beta|Name|Buildtime|Sha256header)'
has 'the verdict' "$T/err" "^packmill: build $b is not reproduced: 2 of 2 packages differ$"
is 'as JSON' "$(json "$b" verdict artifacts.0.identical artifacts.0.differences.0.where)" 'differs
False
Summary'

ok 'a failure again' "$PACKMILL" reproduce "$c" -o "$T/kept/c"
has 'the same' "$T/out" '^reproduced: %build: .*yntax error'
ok 'what came out is kept' test -s "$T/kept/c/build.log" -a -s "$T/kept/c/result.json"
is 'as JSON' "$(json "$c" verdict now.step)" 'reproduced
%build'

exits 2 'a build that had no root' "$PACKMILL" reproduce "$d"
has 'is told' "$T/err" "^packmill: build $d cannot be reproduced: no file '.*/root.lock' \\(it did not come as far as its root\\)$"
exits 2 'no build' "$PACKMILL" reproduce 999
has 'is told' "$T/err" '^packmill: there is no build 999$'
exits 2 'no number' "$PACKMILL" reproduce alpha
exits 2 'two numbers' "$PACKMILL" reproduce "$a" "$b"
exits 2 'into the instance itself' "$PACKMILL" reproduce "$a" -o data/builds/../builds/new/deeper
ok 'there is nothing' test ! -e data/builds/new

exits 3 'a command in the root' "$PACKMILL" reproduce --shell "$a" -- sh -c \
	'ls; ./rebuild >log 2>&1 || cat log; cd RPMS/noarch && sha256sum *; exit 3'
has 'the command of the build' "$T/err" \
	"^/builddir/rebuild, which does: SOURCE_DATE_EPOCH=[0-9]+ rpmbuild --rebuild --define '_topdir /builddir' .* /builddir/alpha-1.0.0-.*\\.src\\.rpm$"
has 'its source package' "$T/out" '^alpha-1.0.0-.*\.src\.rpm$'
has 'makes the same bits' "$T/out" \
	"^$(sha256sum data/builds/"$a"/*.noarch.rpm | cut -d' ' -f1)  alpha-1.0.0-.*\\.noarch\\.rpm$"
ok 'of a failed build' "$PACKMILL" reproduce --shell "$c" -- sh -c './rebuild 2>&1 | grep "yntax error"'
ok 'with what was published then' "$PACKMILL" reproduce --shell "$e" -- rpm -q alpha
has 'in its version' "$T/out" '^alpha-1.0.0-'
exits 2 'a shell keeps nothing' "$PACKMILL" reproduce --shell "$a" -o "$T/kept/none"

is 'nothing recorded has changed' "$(recorded)" "$before"
is 'and no scratch is left' "$(find data -path data/roots -prune -o \( -name '.packmill-*' -o -name 'shell-*' -o -name own \) -print)" ''

# what else there was may have gone or changed
rm data/builds/"$b"/*.rpm
exits 4 'published files are compared, too' "$PACKMILL" reproduce "$b"
has 'as before' "$T/out" '^  Summary: made at'
rm data/repos/host/pool/b/beta/*.rpm
exits 4 'no file to compare with' "$PACKMILL" reproduce "$b"
has 'is told' "$T/out" '^  the recorded file is gone, its sha256 was [0-9a-f]{64}, is now [0-9a-f]{64}$'

edit data/builds/"$a"/root.lock 'v["base"][0]["nevra"] = "adduser-0.1-1.all"; v["base"][3]["nevra"] = "nobody-has-\u202e1.all"
v["base"][0]["nevra"] = v["base"][4]["nevra"].rsplit("-", 1)[0] + "-0~old." + v["base"][4]["nevra"].rsplit(".", 1)[1]; del v["base"][4]; del v["base"][7]'
ok 'packages of another root may do, too' "$PACKMILL" reproduce "$a"
has 'it is told' "$T/out" '^root identical: [0-9]+/[0-9]+, 3 more$'
has 'which were others' "$T/out" '^- ([^ ]+)-0~old\.[a-z0-9]+ \+ \1-'
has 'which are gone' "$T/out" '^- nobody-has-\?1\.all$'

edit data/builds/"$c"/result.json 'v["cause"]["message"] = "something else\x1b[2J"'
exits 4 'another failure' "$PACKMILL" reproduce "$c"
has 'is told' "$T/err" "^packmill: build $c failed \\(%build: something else\\?\\[2J\\) and fails otherwise now: %build: .*yntax error.* \\(-o DIR keeps the logs\\)$"
edit data/builds/"$c"/result.json 'v["cause"] = None; v["status"] = "success"'
exits 4 'a failure where there was none' "$PACKMILL" reproduce "$c" -o "$T/kept/d"
has 'is told' "$T/err" "^packmill: build $c succeeded and fails now: %build: .*yntax error.* \\($T/kept/d/build.log:[0-9]+\\)$"
cp data/builds/"$a"/result.json "$T/result.json"
edit data/builds/"$a"/result.json 'v["cause"] = {"kind": "build", "step": "%build", "message": "x", "log": None, "line": 0}
v["status"] = "failed"; v["artifacts"] = []'
exits 4 'no failure where there was one' "$PACKMILL" reproduce "$a"
has 'is told' "$T/err" "^packmill: build $a failed \\(%build: x\\) and succeeds now$"
cp "$T/result.json" data/builds/"$a"/result.json
mv data/git/alpha/upstream.git data/git/alpha/away.git
exits 2 'no mirror' "$PACKMILL" reproduce "$a"
has 'is told' "$T/err" "^packmill: build $a cannot be reproduced: the mirror of its upstream, '.*/upstream.git', is gone$"
cp -r data/git/beta/upstream.git data/git/alpha/
exits 2 'no commit' "$PACKMILL" reproduce "$a"
has 'is told' "$T/err" "^packmill: build $a cannot be reproduced: its upstream commit [0-9a-f]{12} is gone from the mirror '.*/upstream.git'$"

done_testing
