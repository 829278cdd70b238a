#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The bundled example from its first commit to an installed program.
. "$(dirname "$0")/../lib/tap.sh"
need git dnf rpm rpmbuild createrepo_c python3
cd "$T" || exit 1

ok 'the demo' "$PACKMILL" demo demo
cp out report
cp err progress
has 'builds three commits' progress '^built 3, failed 0, retry 0, unchanged 0$'
is 'has a repository for each' "$(grep -c "^  $T/demo/data/repos/host/../../" report)" 3
has 'shows the .repo text' report "^baseurl=file://$T/demo/data/repos/host/current$"
mkdir yum && sed -n '/^For .etc.yum.repos.d:$/,/^Installed by dnf/{//!p}' report >yum/pasted.repo
ok 'which dnf reads as it is printed' dnf -q --setopt=reposdir="$T/yum" --setopt=cachedir="$T/cache" \
	--releasever=1 repoquery --qf '%{repoid} %{name}'
has 'the packages' out '^demo quern$'
has 'what this machine has' out '^host-base host-base$'
has 'runs the program' report '^  84: 2 2 3 7$'
ok 'its pages have their style' test -s demo/data/repos/packmill.css
for step in source dependencies build install; do
	has "shows the time of $step" report "^$step +[0-9.]+ s +[0-9.]+ s +[0-9.]+ s$"
done
has 'versions follow the tags' report \
	'quern-1.0-0.20240301100000.[0-9a-f]{7} +quern-1.1-0.20240315163000.[0-9a-f]{7} +quern-1.2-0.20240402111500.[0-9a-f]{7}'
ok 'the tree has the newest' test -x demo/tree/usr/bin/quern
# read as another program reads it
ok 'the repository is whole' dnf -q --repofrompath "d,file://$T/demo/data/repos/host/current" --repoid=d \
	--setopt=reposdir=/nonexistent --setopt=cachedir="$T/cache" repoquery quern
is 'and has the newest' "$(sed 's/.*quern-0:\(1\.2\)-.*/\1/' out)" 1.2
is 'nothing of the sandbox is left' "$(find demo -name try)" ''

"$PACKMILL" -C demo list --json >first.json
ok 'a second demo in the same place' "$PACKMILL" --json demo demo
cp out second.json
ok 'makes the same commits and versions' python3 -c "
import json
a = json.load(open('first.json'))['builds']
b = json.load(open('second.json'))
key = lambda x: (x['upstream_sha'], x['nvr'])
assert sorted(map(key, a)) == sorted(map(key, b['builds'])), (a, b)
assert b['output'].startswith('84: 2 2 3 7'), b"
ok 'run again: nothing new' "$PACKMILL" -C demo run --once
stdout_is 'is said' <<'E'
built 0, failed 0, retry 0, unchanged 1
E

mkdir mine && touch mine/file
exits 2 'a directory with other things' "$PACKMILL" demo mine
stderr_is 'is refused' <<E
packmill: '$T/mine' is not empty and not from an earlier demo; name another directory
E
is 'and stays as it was' "$(ls -A mine)" file
ok 'dry run' "$PACKMILL" demo -n new
is 'makes nothing' "$(ls -d new 2>/dev/null)" ''
ok 'a name with blanks' "$PACKMILL" -q demo 'a b'
done_testing
