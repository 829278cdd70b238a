#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `packmill version`: what a commit would be called, and why.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm
cd "$T" || exit 1
export XDG_CACHE_HOME=$T/cache

new_git up
echo one >up/file
commit up one >/dev/null
git -C up tag v1.0.0
echo two >up/file
sha=$(commit up two)
new_git pack
cat >pack/x.spec <<'E'
Name: x
Version: 0.7
Release: 3%{?dist}
Summary: x
License: MIT
%description
Version: 9
%files
E
commit pack pack >/dev/null

ok 'two gits: dlrn' "$PACKMILL" version --upstream up --packaging pack
has 'last number and one, date and hash' out "^1\.0\.1-0\.[0-9]{14}\.${sha:0:7}$"
ok 'a tag' "$PACKMILL" version --upstream up#v1.0.0 --packaging pack --numbering 0.1.date.hash
has 'is the version' out '^1\.0\.0-0\.1\.[0-9]{14}\.'
ok 'policy describe' "$PACKMILL" version --upstream up --packaging pack --policy describe
has 'as git describe' out "^1\.0\.0"
ok 'packaging alone: keep' "$PACKMILL" version --packaging pack
stdout_is 'what the spec says' <<'E'
0.7-3
E
ok 'a directory, a rebuild' "$PACKMILL" version pack --rebuild 2
stdout_is 'appended' <<'E'
0.7-3.2
E
ok 'explained' "$PACKMILL" version --explain --upstream up --packaging pack
has 'the policy' out '^  policy: dlrn$'
has 'the tag' out '^  tag: v1\.0\.0$'
has 'the commits' out '^  commits: 1$'
has 'the rule' out '^  rule: commits after the tag: last number \+ 1$'
ok 'as JSON' "$PACKMILL" version --json --upstream up --packaging pack
cp out v.json
ok 'is JSON' python3 -c "
import json
j = json.load(open('v.json'))
assert j['schema'] == 1 and j['version'] == '1.0.1' and 'tag: v1.0.0' in j['explain'], j"
exits 2 'unknown policy' "$PACKMILL" version --upstream up --packaging pack --policy dlnr
has 'the nearest is named' err "unknown version policy 'dlnr' \(did you mean 'dlrn'\?\)"
exits 2 'nothing named' "$PACKMILL" version
exits 4 'a ref that is not there' "$PACKMILL" version --upstream up#v2 --packaging pack
has 'near ones are listed' err 'v1\.0\.0|main'
done_testing
