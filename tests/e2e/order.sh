#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who is built when: by BuildRequires among projects, after failures, and again because of others.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild gcc python3

# instance DIR [LINE...]: packmill.yaml there; each further line is one of the configuration
instance()
{
	mkdir -p "$T/$1" && cd "$T/$1" || exit 1
	{
		printf '%s\n' 'name: trunk' 'data: ./data' 'targets: [host]'
		printf '%s\n' "${@:2}"
	} >packmill.yaml
}

# two NAME [SETTINGS]: the line of a project
two()
{
	echo "  - {project: $1, upstream: {url: $T/git/$1, branch: main}, packaging: {url: $T/git/$1-distgit, branch: main}${2:+, $2}}"
}

# builds FILTER EXPRESSION: of all builds b, oldest first, what the expression says, in one line
builds()
{
	"$PACKMILL" list --limit 1000 --json | python3 -c 'import json, sys
print(*(eval(sys.argv[2]) for b in reversed(json.load(sys.stdin)["builds"]) if eval(sys.argv[1])))' "$1" "$2"
}

# field N KEY: of a build as `show` has it
field()
{
	"$PACKMILL" show "$1" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2"
}

# began: projects in the order in which the last run began to build them
began()
{
	sed -n 's/^\([a-z]*\): build [0-9]* of .*/\1/p' "$T/err" | tr '\n' ' '
}

# planned: "project[?]<after!waits" of a plan
planned()
{
	"$PACKMILL" plan --json 2>"$T/plan.err" | python3 -c 'import json, sys
for p in json.load(sys.stdin)["plan"]:
    print(p["project"] + "?" * p["maybe"] + "<" + "+".join(p["after"]) + ("!" + p["waits"] if p["waits"] else ""))' |
		tr '\n' ' '
}

known()
{
	"$PACKMILL" plan --json 2>"$T/plan.err" | python3 -c 'import json, sys
print(*(p["order_known"] for p in json.load(sys.stdin)["plan"]))'
}

# change_spec NAME SCRIPT: sed over the packaging, as a commit
change_spec()
{
	sed -i "$2" "$T/git/$1-distgit/$1.spec"
	commit "$T/git/$1-distgit" "$2" >/dev/null
}

# a chain, listed in reverse
project a
project b 'BuildRequires: a'
project c 'BuildRequires: b >= 0.1, (a or nothing)'
instance chain 'projects:' "$(two c)" "$(two b)" "$(two a)"
# the specs of what was never built are asked, and nothing else happens
ok 'a plan of what nobody knows yet' "$PACKMILL" plan -v
has 'asks' err '^3 new projects: looking at what they need$'
has 'each' err '^c: looking at what it needs on host$'
is 'and has the order' "$(sed -n 's/^\([abc]\) .*/\1/p' "$T/out" | tr '\n' ' ')" 'a b c '
is 'what it asked once it keeps' "$(planned) $(known)" 'a< b<a c<b+a  True True True'
hasnt 'and does not ask again' plan.err 'looking at'
is 'nothing is queued' "$(builds True 'b["build"]')" ''
ok 'a dry run of the same' "$PACKMILL" run --once -n
ok 'status' "$PACKMILL" status
has 'says that nothing was built' err '^packmill: nothing was built here yet$|^nothing was built here yet$'
ok 'the queue' "$PACKMILL" queue
ok 'makes nothing' test ! -e data/repos
is 'or left of it' "$(find data/builds data/repos data/probe -type f 2>/dev/null)" ''
ok 'a chain in reverse builds in one pass' "$PACKMILL" run --once
has 'all of it' out '^built 3, failed 0, retry 0'
is 'dependencies first' "$(began)" 'a b c '
change a 'echo two' >/dev/null
change b 'echo two' >/dev/null
change c 'echo two' >/dev/null
is 'the plan of the next pass knows why' "$(planned)" 'a< b<a c<b+a '
is 'and has asked for nothing' "$(builds True 'b["build"]')" '1 2 3'
ok 'for people' "$PACKMILL" plan
has 'in columns' out '^b +host +[0-9a-f]{12} +new commit +a +[0-9]+s +echo two'
ok 'as a graph' "$PACKMILL" plan --dot
has 'for graphviz' out '"host/a" -> "host/b";'
ok 'a dry run' "$PACKMILL" run --once -n
has 'says the same' err '^b: would build [0-9a-f]{12} on host$'

# a failure holds back who needs it
change a 'if' >/dev/null
exits 4 'a dependency fails' "$PACKMILL" run --once
last=$(builds 'b["project"] == "a"' 'b["build"]' | awk '{print $NF}')
has 'who needs it waits, and it is said for whom' err "b waits for a, whose build $last failed"
waiting=$(builds 'b["state"] == "queued"' 'b["build"]' | awk '{print $1}')
is 'in its details' "$(field "$waiting" waits)" a
"$PACKMILL" run --once >"$T/out" 2>"$T/err"
hasnt 'the next pass does not say it again' err 'waits for'
is 'it still waits' "$(field "$waiting" waits)" a
ok 'status' "$PACKMILL" status
has 'says so' out '^[0-9]+ +b +host +queued .* waits for a, which failed'
has 'and what the last outcome was' out '^2 +b +host +success +b-1'
is 'as JSON' "$("$PACKMILL" status -p b --json | python3 -c 'import json, sys
print(*(p["state"] + " " + p["last"]["state"] for p in json.load(sys.stdin)["projects"]))')" 'queued success'
ok 'queue' "$PACKMILL" queue
has 'says so too' out ' a *$'
is 'and the plan' "$(planned)" 'b<!a c<b!a '
ok 'why' "$PACKMILL" why "$waiting"
has 'names the build that failed' out "^waits +for a, whose build $last failed"
ok 'why of the failure' "$PACKMILL" why "$last"
has 'what triggered it' out '^because +a new commit'
has 'what changed since the last success' out '^upstream +[0-9a-f]{12}\.\.[0-9a-f]{12}'
has 'with the subjects of the commits' out '^ +[0-9a-f]{12} if \(A Developer\)'
has 'and that the root did not' out '^root +unchanged'
ok 'as JSON' "$PACKMILL" why "$last" --json
has 'the same' out '"subject": "if"'

# with the last good one they go on
sed -i '3a after_failure: last-good' packmill.yaml
ok 'the last good package will do' "$PACKMILL" run --once
is 'for all who waited' "$(builds 'b["state"] == "queued"' 'b["build"]')" ''
sed -i '/^after_failure/d' packmill.yaml
change a 'echo three' >/dev/null
change b 'echo three' >/dev/null
ok 'a good commit ends it' "$PACKMILL" run --once
is 'in order' "$(began)" 'a b '

# cycles and oneself
project x 'BuildRequires: (y or make)'
project y 'BuildRequires: x'
project self 'BuildRequires: (self or make)'
# one at a time: what is published while it looks for what it needs would have it tried at once
instance cycle 'limits: {jobs: 1}' 'projects:' "$(two y)" "$(two x)" "$(two self)"
ok 'a cycle is built with what exists' "$PACKMILL" run --once
has 'it is printed' err '^y -> x -> y need each other on host: y is built first, with what exists$'
is 'what failed for want of the other is tried again when that is there' \
	"$(began | tr -d '\n' | sed 's/self //')" 'y x y '
has 'and is good' err '^y: built y-1'
has 'a project does not wait for itself' err '^self: built self-'
instance cycle2 'projects:' "$(two x)" "$(two y)" "$(two self)"
ok 'the other way round there is what exists' "$PACKMILL" run --once
has 'all is built' out '^built 3, failed 0'
is 'the first of the configuration first' "$(began | tr -d '\n' | sed 's/self //')" 'x y '
ok 'plan' "$PACKMILL" plan
has 'prints the cycle' out '^cycle on host: x -> y -> x \(x is built first, with what exists\)'

# what nobody has
project p 'BuildRequires: maek, a'
instance lacking 'projects:' "$(two p)" "$(two a)"
exits 4 'a BuildRequires that nobody provides' "$PACKMILL" run --once
has 'is named, with who wants it and the nearest' err 'missing BuildRequires: maek \(wanted by p-1\.0\.0-[^ ]*\.src\) \(nearest: make'
is 'what was BuildRequired is known all the same' \
	"$(python3 -c 'import json; print(*json.load(open("data/builds/1/result.json"))["build_requires"])')" 'a maek'

# what only oneself would provide, by the package's name and by another
project selfy 'BuildRequires: selfy >= 0.5'
project shell 'BuildRequires: (shell-tool or nobody-has-this), maek'
change_spec shell 's/^BuildArch/Provides: shell-tool\n&/'
instance oneself 'projects:' "$(two selfy)" "$(two shell)" "$(two p)"
exits 4 'a project that needs itself' "$PACKMILL" run --once
has 'is told so' err 'selfy: .*selfy requires itself to be built: nothing provides selfy >= 0\.5 yet; publish a bootstrap build without it first; missing BuildRequires: selfy >= 0\.5 '
has 'by what its spec provides, too, beside what else is missing' err \
	'shell: .*shell requires itself to be built: nothing provides \(shell-tool or nobody-has-this\) yet; .*missing BuildRequires: .*maek'
hasnt 'and nobody else' err 'p: .* requires itself'
ok 'status' "$PACKMILL" status
has 'says it' out 'selfy +host +failed .* selfy requires itself to be built'
ok 'why' "$PACKMILL" why "$(builds 'b["project"] == "selfy"' 'b["build"]')"
has 'too' out 'selfy requires itself to be built'
change_spec selfy '/^BuildRequires/d'
ok 'a bootstrap build' "$PACKMILL" run --once -p selfy
git -C "$T/git/selfy-distgit" revert -n HEAD && commit "$T/git/selfy-distgit" 'not any more' >/dev/null
ok 'serves the next' "$PACKMILL" run --once -p selfy

# a soname: a real library, a program that links to it, one that does not care
new_git "$T/git/greet"
new_git "$T/git/greet-distgit"
cat >"$T/git/greet-distgit/greet.spec" <<'E2'
%global debug_package %{nil}
Name: greet
Version: 0
Release: 0
Summary: x
License: MIT
Source0: %{name}-%{upstream_version}.tar.gz
BuildRequires: gcc
%description
x
%package devel
Summary: x
Requires: greet = %{version}-%{release}
%description devel
x
%prep
%setup -q -n %{name}-%{upstream_version}
%build
gcc -shared -fPIC -Wl,-soname,libgreet.so.$(cat major) -o libgreet.so.$(cat major) greet.c
%install
install -D -m755 libgreet.so.$(cat major) %{buildroot}/usr/lib/libgreet.so.$(cat major)
ln -s libgreet.so.$(cat major) %{buildroot}/usr/lib/libgreet.so
install -D -m644 greet.h %{buildroot}/usr/include/greet.h
%files
/usr/lib/libgreet.so.*
%files devel
/usr/lib/libgreet.so
/usr/include/greet.h
E2
commit "$T/git/greet-distgit" 'package it' >/dev/null
echo 'const char *greet(void) { return "hi"; }' >"$T/git/greet/greet.c"
echo 'const char *greet(void);' >"$T/git/greet/greet.h"
echo 1 >"$T/git/greet/major"
commit "$T/git/greet" one >/dev/null
git -C "$T/git/greet" tag v1.0.0
project hi 'BuildRequires: greet-devel, gcc'
sed -i 's/^BuildArch.*/%global debug_package %{nil}/; s/^sh -n .*/gcc -o prog hi.c -lgreet/; s/755 hi/755 prog/' \
	"$T/git/hi-distgit/hi.spec"
commit "$T/git/hi-distgit" 'a program' >/dev/null
printf '#include <stdio.h>\n#include <greet.h>\nint main(void) { puts(greet()); return 0; }\n' >"$T/git/hi/hi.c"
commit "$T/git/hi" 'a program' >/dev/null
project user 'BuildRequires: hi'
project watch 'BuildRequires: hi'
instance soname 'projects:' "$(two watch 'rebuild: on-change')" "$(two user)" "$(two hi)" "$(two greet)"
ok 'a library and its users' "$PACKMILL" run --once
has 'are built' out '^built 4, failed 0'
is 'in order' "$(began)" 'greet hi watch user '
nvr=$(builds 'b["project"] == "hi"' 'b["nvr"]')
is 'what a build tells' "$(python3 - <<'E3'
import json
r = json.load(open("data/builds/%s/result.json" % 1))
rs = [json.load(open("data/builds/%d/result.json" % n)) for n in range(1, 5)]
g = next(r for r in rs if r["name"] == "greet")
h = next(r for r in rs if r["name"] == "hi")
print("libgreet.so.1()(64bit)" in g["provides"], "libgreet.so.1()(64bit)" in h["requires"], h["build_requires"], len(h["content"]))
E3
)" "True True ['gcc', 'greet-devel'] 64"
echo '/* nothing */' >>"$T/git/greet/greet.c"
commit "$T/git/greet" 'a comment' >/dev/null
ok 'the same soname' "$PACKMILL" run --once
has 'rebuilds nobody' out '^built 1, failed 0'
echo 2 >"$T/git/greet/major"
commit "$T/git/greet" 'a new soname' >/dev/null
is 'the plan says who may follow' "$(planned)" 'greet< hi?<greet watch?<hi '
ok 'a new soname' "$PACKMILL" run --once
has 'rebuilds who links to it, and who watches that' out '^built 3, failed 0'
is 'in order' "$(began)" 'greet hi watch '
rebuilt=$(builds 'b["project"] == "hi" and b["rebuild"] == 1' 'b["build"]')
is 'the same commit and date, one rebuild further' "$(field "$rebuilt" nvr)" "$nvr.1"
is 'the trigger' "$(field "$rebuilt" trigger)" rebuild
is 'the reason' "$(field "$rebuilt" detail)" 'libgreet.so.1()(64bit) of greet is gone'
ok 'why' "$PACKMILL" why "$(builds 'b["project"] == "watch" and b["rebuild"] == 1' 'b["build"]')"
has 'the nearest' out '^because +rebuild 1: hi changed'
has 'its cause' out "^after +build $rebuilt of hi \(success\): rebuild 1: libgreet\.so\.1\(\)\(64bit\) of greet is gone"
has 'and the commit at the root' out '^after +build [0-9]+ of greet \(success\): a new commit'
has 'the root changed by that' out '^(root)? +hi .* -> .*\.1$'
echo '/* nothing */' >>"$T/git/greet/greet.c"
commit "$T/git/greet" 'another comment' >/dev/null
ok 'no change' "$PACKMILL" run --once
has 'no rebuild' out '^built 1, failed 0'

# the cascade stops where nothing changed
project base
project mid 'BuildRequires: base'
project top 'BuildRequires: mid'
instance onchange 'defaults: {rebuild: on-change}' 'projects:' "$(two base)" "$(two mid)" "$(two top)"
ok 'rebuild on change' "$PACKMILL" run --once
change base 'echo other' >/dev/null
ok 'of a dependency' "$PACKMILL" run --once
has 'reaches as far as something changes' out '^built 2, failed 0'
is 'and ends there' "$(builds 'b["rebuild"]' 'b["project"]')" mid

# what was never built and waits says for whom, wherever one looks; with its later commits
project lib 'BuildRequires: nobody-has-this'
project app 'BuildRequires: lib'
instance never 'projects:' "$(two lib)"
exits 4 'what others will need fails' "$PACKMILL" run --once
echo "$(two app)" >>packmill.yaml
ok 'who needs it' "$PACKMILL" run --once
change app 'echo two' >/dev/null
ok 'and a later commit' "$PACKMILL" run --once
has 'wait' out '^built 0, failed 0, retry 0, waiting 2, unchanged 1$'
ok 'a dry run' "$PACKMILL" run --once -n
has 'counts the same' out '^built 0, failed 0, retry 0, waiting 2, unchanged 1$'
hasnt 'and would not build them' err 'would build'
ok 'as JSON' "$PACKMILL" run --once --json
has 'too' out '"waiting": 2,'
ok 'status' "$PACKMILL" status
has 'says for whom' out '^3 +app +host +queued .* waits for lib, which failed$'
ok 'queue' "$PACKMILL" queue
has 'too' out '^2 +app .* lib *$'
is 'and the plan' "$(planned)" 'app<!lib app<!lib '
for page in status_report.html queue.html projects/app.html; do
	has "and $page" "$PWD/data/repos/host/$page" 'waits for <a href="[^"]*"><bdi>lib</bdi></a>, whose build <a [^>]*>1</a> failed'
done
is 'as JSON' "$(python3 -c 'import json
print(*((p["status"], p["waits"]) for p in json.load(open("data/repos/host/status_report.json"))["projects"] if p["project"] == "app"))')" "('none', 'lib')"
done_testing
