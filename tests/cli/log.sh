#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Logs while they are written and after.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild python3
mkdir "$T/git" "$T/inst"
cd "$T/inst" || exit 1
cat >packmill.yaml <<E
name: trunk
data: ./data
targets: [host]
projects:
  - {project: tool, upstream: {url: $T/git/tool, branch: main}, packaging: {url: $T/git/tool-distgit, branch: main}}
E
project tool
sed -i 's/^sh -n.*/echo it begins; sleep 3; printf "it \\\\033[31mends\\\\n"/' "$T/git/tool-distgit/tool.spec"
commit "$T/git/tool-distgit" 'slow' >/dev/null
"$PACKMILL" run --once >"$T/run" 2>&1 &
pid=$!
eventually "$PACKMILL" show 1
ok 'a log is followed, from before it is there' timeout 240 "$PACKMILL" log -f 1
wait $pid
is 'the build is good' $? 0
has 'from its beginning' out '^it begins'
has 'to its end' out '^Wrote: .*/tool-1\.0\.0-.*\.noarch\.rpm'
cp "$T/out" "$T/followed"
ok 'a log of a build that is over' "$PACKMILL" log 1
is 'is the same' "$(cat "$T/out")" "$(cat "$T/followed")"
ok 'and is not waited for' timeout 60 "$PACKMILL" log --follow 1 build
ok 'on a terminal' script -qec "\"$PACKMILL\" log 1" /dev/null
has 'its control characters are not' out 'it \?\[31mends'
rm data/builds/1/rpmlint.log
exits 2 'a log that this build does not have' "$PACKMILL" log -f 1 rpmlint
ok 'as JSON' "$PACKMILL" log --json 1 state
cp "$T/out" "$T/json"
ok 'it says where the file is' python3 -c 'import json, sys
j = json.load(open(sys.argv[1]))
assert j["schema"] == 1 and j["build"] == 1 and j["log"] == "state" and not j["packed"], j
assert "source" in open(j["file"]).read()' "$T/json"
ok 'a project on hold' "$PACKMILL" queue hold tool
commit "$T/git/tool" 'more' >/dev/null
ok 'has a build in the queue' "$PACKMILL" run --once
ok 'that is cancelled' "$PACKMILL" cancel 2
exits 2 'and not waited for' timeout 60 "$PACKMILL" log -f 2
done_testing
