#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# From DLRN's configuration to published packages, with what its users type.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpmbuild rpm python3
cd "$T" || exit 1
mkdir git
for p in hello greeter; do
	project $p
	git -C git/$p branch -q -m main master
	git -C git/$p-distgit branch -q -m main rpm-master
done
# the release that the tag names: another branch of both
git -C git/greeter branch -q stable/zed
git -C git/greeter-distgit branch -q rpm-zed
change greeter 'echo master' >/dev/null
cat >projects.ini <<E
[DEFAULT]
reponame=delorean
datadir=./data
source=master
distro=rpm-master
workers=2
maxretries=0
tags=zed
release_numbering=0.1.date.hash
baseurl=https://trunk.example.org/
E
cat >rdo.yml <<E
package-default:
  name: '%(project)s'
  upstream: file://$T/git/%(project)s
  master-distgit: file://$T/git/%(project)s-distgit
  maintainers: [team@example.org]
  tags: {zed: }
packages:
- project: hello
- project: greeter
  tags:
    zed: {source-branch: stable/zed, distro-branch: rpm-zed}
- project: other
  tags: {yoga: }
E
ok 'import' "$PACKMILL" import dlrn projects.ini rdo.yml -o packmill.yaml
stderr_is 'with nothing left' <<'E'
2 projects, 0 lines to look at
E
ok 'the first project, by the name of its package' "$PACKMILL" run --once --head-only --package-name hello
has 'is built' "$T/out" '^built 1, failed 0, retry 0'
ok 'then all' "$PACKMILL" run --once
has 'the other one, too' "$T/out" '^built 1, failed 0, retry 0'
cur=data/repos/host/current
ok 'versions.csv has the columns of DLRN' python3 - "$cur/versions.csv" <<'E'
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1])))
want = ["Project", "Source Repo", "Source Sha", "Dist Repo", "Dist Sha", "Status",
        "Last Success Timestamp", "Component", "Extended Sha", "Pkg NVR"]
assert list(rows[0]) == want, rows
by = {r["Project"]: r for r in rows}
assert set(by) == {"hello", "greeter"} and all(r["Status"] == "SUCCESS" for r in rows), rows
E
is 'the tag decided the branch' \
	"$(cut -d, -f1,3 "$cur/versions.csv" | grep ^greeter)" "greeter,$(git -C git/greeter rev-parse stable/zed)"
is 'the repository has the name' "$(head -1 "$cur/delorean.repo")" '[delorean]'
find "$cur/pool/" -name 'hello-1.0.0-*.rpm' | grep -v src >list
has 'releases are numbered as there' list 'hello-1\.0\.[01]-0\.1\.[0-9]{14}\.[0-9a-f]{7}'
done_testing
