#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Coming from DLRN: import dlrn, and the options its users type.
. "$(dirname "$0")/../lib/tap.sh"
cp -r "$SRC/tests/data/dlrn" "$T/dlrn"
cd "$T/dlrn" || exit 1
mkdir targets
arch=$(uname -m)
printf 'name: centos-stream-9-%s\narch: %s\nroot: {host: true}\n' "$arch" "$arch" >"targets/centos-stream-9-$arch.yaml"

ok 'import' "$PACKMILL" import dlrn projects.ini rdo.yml local.yml
cp "$T/out" packmill.yaml
stderr_is 'what was left, in the order of the files' <<'E'
projects.ini:4: 'scriptsdir=/srv/dlrn/scripts': packmill runs no scripts; mock's *.cfg in it become targets by 'packmill import mock FILE'
projects.ini:12: 'templatedir=./dlrn/templates': pages and mails of packmill have no templates
projects.ini:13: 'project_name=Example': pages bear the name of the instance ('name')
projects.ini:19: 'rsyncdest=user@mirror.example.org:/srv/repos': packmill publishes below data/repos; serve or copy that (packages first, repodata last)
projects.ini:20: 'rsyncport=22': packmill publishes below data/repos; serve or copy that (packages first, repodata last)
projects.ini:21: 'gerrit=yes': packmill opens no reviews; a program of yours gets each failure as JSON (notify.hook)
projects.ini:22: 'gerrit_topic=example-FTBFS': packmill opens no reviews; a program of yours gets each failure as JSON (notify.hook)
projects.ini:23: 'database_connection=sqlite:///commits.sqlite': the state is a file below 'data'; no database server is needed
projects.ini:24: 'fallback_to_master=1': a branch that does not exist is that project's error: say which one with 'branch'
projects.ini:25: 'nonfallback_branches=^master$,^main$, ^rpm-master$': a branch that does not exist is that project's error: say which one with 'branch'
projects.ini:29: 'custom_preprocess=/usr/local/bin/preprocess': no program runs before the spec is read: put into the packaging repository what it made
projects.ini:30: 'include_srpm_in_repo=true': source packages are always published, in source/ beside each repository
projects.ini:31: 'keep_changelog=false': the %changelog of the spec always stays as it is
projects.ini:32: 'allow_force_rechecks=true': 'packmill recheck PROJECT' always builds again, and keeps the log of each try
projects.ini:33: 'use_components=true': 'component' is taken over, as a column and a filter; all components share one repository
projects.ini:34: 'deps_url=https://trunk.example.org/deps/delorean-deps.repo': repositories belong into the target file: repos: [{id: deps, class: extra, url: ...}]
projects.ini:35: 'workres=4': no setting of DLRN (did it mean 'workers'?)
projects.ini:45: '[kojibuild_driver] koji_exe=koji': packmill builds itself; nothing corresponds to this driver
rdo.yml:2: 'releases': what is built against (distrepos) belongs into target files ('repos'), buildsys is koji's
rdo.yml:3: 'rpm-zed': the release's branch; 'distro=rpm-master' of projects.ini counts
rdo.yml:21: 'patches': patches lie in the packaging repository (2 times)
rdo.yml:33: '%(project)s': maintainers: must be a mail address such as team@example.org
rdo.yml:35: 'review-origin': packmill opens no reviews
rdo.yml:53: 'buildsys-tags': these are koji's tags
rdo.yml:68: '4.0.1': source-branch: looks like a tag, which is taken as 'ref' and not left; write 'branch' if it moves
rdo.yml:87: 'two': left out: it has no 'upstream'
rdo.yml:89: 'upstream': is a list or a map, one text is understood
rdo.yml:91: 'circular': left out: it has no 'upstream'
rdo.yml:92: 'https://git.example.org/%(nothing)s': upstream: the package has no 'nothing' to fill in
rdo.yml:94: 'none': no such conf in 'package-configs'
rdo.yml:95: 'build-tags-only': every commit of the branch is built; 'upstream.ref' stays at a tag
rdo.yml:96: 'whatever': nothing corresponds to it
10 projects, 32 lines to look at
E
sed -i "s/-$arch\$/-ARCH/" "$T/out"
stdout_is 'the configuration' <<'E'
# made from DLRN's configuration; man 5 packmill.yaml explains the keys
# packages of tag zed
name: delorean
data: ./data
url: "https://trunk.example.org/centos9/"
targets:
  - centos-stream-9-ARCH
version:
  numbering: minor.date.hash
  minor: 2
limits:
  jobs: 3
  retries: 5
notify:
  smtp: mail.example.org
  from: packmill@trunk.example.org
defaults:
  upstream:
    url: "https://git.example.org/openstack/{project}"
    branch: master
  packaging:
    url: "https://git.example.org/rdo-packages/{project}-distgit.git"
    branch: rpm-master
  maintainers:
    - team@example.org
    - local@example.org
projects:
  - project: oslo.config
    name: python-oslo.config
  - project: nova
    name: openstack-nova
    component: compute
    maintainers:
      - core@example.org
  - project: novaclient
    name: python-novaclient
    upstream:
      url: "https://git.example.org/openstack/python-novaclient"
    component: tools
  - project: neutron
    name: openstack-neutron
    upstream:
      branch: stable/zed
    packaging:
      branch: rpm-zed
    maintainers:
      - core@example.org
  - project: stevedore
    name: python-stevedore
    upstream:
      ref: 4.0.1
  - project: murano
    name: openstack-murano
    upstream:
      branch: main
    maintainers:
      - murano@example.org
  - project: openstack-macros
    upstream:
      url: "https://git.example.org/openstack/rpm-packaging"
    packaging:
      url: "https://git.example.org/openstack/rpm-packaging"
      branch: master
    path: openstack/openstack-macros
  - project: upper
    name: python-upper
  - project: odd
    name: python-odd
  - project: site
    name: site-tools
    upstream:
      url: "ssh://git@git.example.org/site"
    packaging:
      url: ./distgit/site-tools
E
ok 'config check takes it' "$PACKMILL" config check
is 'whole' "$(cat "$T/out")" 'packmill.yaml: ok, 10 projects, 1 target'
is 'without a warning' "$(cat "$T/err")" ''
ok 'config show has it' "$PACKMILL" config show --json
cp "$T/out" j.json
ok 'with defaults applied' python3 -c '
import json
j = json.load(open("j.json"))
p = {q["project"]: q for q in j["projects"]}
assert j["limits"]["jobs"] == 3 and j["limits"]["retries"] == 5, j["limits"]
assert p["nova"]["upstream"] == {"url": "https://git.example.org/openstack/nova", "branch": "master", "ref": None, "web": None}, p["nova"]
assert p["nova"]["packaging"]["url"] == "https://git.example.org/rdo-packages/nova-distgit.git", p["nova"]
assert p["neutron"]["packaging"]["branch"] == "rpm-zed", p["neutron"]
assert p["stevedore"]["upstream"]["ref"] == "4.0.1" and not p["stevedore"]["upstream"]["branch"], p["stevedore"]
assert all(q["layout"] == "two-git" and q["version"]["minor"] == 2 for q in j["projects"])'
rm packmill.yaml
ok '-o' "$PACKMILL" import dlrn projects.ini rdo.yml -o packmill.yaml
is 'nothing on stdout' "$(cat "$T/out")" ''
has 'a summary' "$T/err" '^9 projects, [0-9]+ lines to look at$'
exits 2 'an existing file' "$PACKMILL" import dlrn projects.ini -o packmill.yaml
has 'stays' "$T/err" 'exists already'
ok '--force' "$PACKMILL" import dlrn projects.ini -o packmill.yaml --force
ok 'no projects yet' "$PACKMILL" config check
has 'is what comes without YAML' "$T/out" '0 projects'
ok 'dry run' "$PACKMILL" import dlrn projects.ini rdo.yml -o new.yaml -n
ok 'writes nothing' test ! -e new.yaml
exits 3 '--strict' "$PACKMILL" import dlrn projects.ini rdo.yml --strict
ok 'JSON' "$PACKMILL" import dlrn projects.ini rdo.yml --json
is 'nothing on stderr' "$(cat "$T/err")" ''
cp "$T/out" j.json
ok 'configuration and left' python3 -c '
import json
j = json.load(open("j.json"))
assert j["schema"] == 1 and len(j["left"]) > 20 and j["config"]["name"] == "delorean", j'
rm -r targets
ok 'the target is not there' "$PACKMILL" import dlrn projects.ini rdo.yml
sed 's/^target=.*/target=centos7/' projects.ini >seven.ini
ok 'nor one like it' "$PACKMILL" import dlrn seven.ini rdo.yml
has 'host stands for it' "$T/out" '^  - host$'
has 'and how to make it' "$T/err" '^seven.ini:9: .centos7.: .* packmill import mock /srv/dlrn/scripts/centos7.cfg -o targets/centos7.yaml$'

# a password stays with its owner
printf 'packages:\n- {project: a, upstream: "https://u:secret@x/a", master-distgit: "https://u:secret@x/{a}", distgit: "https://u:secret@x/d"}\n' >secret.yml
ok 'a password' "$PACKMILL" import dlrn projects.ini secret.yml -o secret.yaml
hasnt 'is in no message' "$T/err" secret@
printf '[DEFAULT]\nrsyncdest=rsync://u:secret@x/%%(y)s\n' >secret.ini
printf 'packages:\n- {project: a, upstream: "https://u:secret@x/a", master-distgit: "https://u:secret@x/d"}\n' >secret.yml
ok 'nor of the INI' "$PACKMILL" import dlrn secret.ini secret.yml -o secret.yaml --force
hasnt 'is it' "$T/err" secret@
is 'the file is for its owner' "$(stat -c %a secret.yaml)" 600
ok 'which is right' "$PACKMILL" -c secret.yaml config check
is 'and needs no warning' "$(cat "$T/err")" ''

# what a stranger wrote
exits 2 'no such file' "$PACKMILL" import dlrn none.ini
stderr_is 'one line' <<'E'
packmill: cannot read 'none.ini': No such file or directory
E
exits 2 'no such YAML' "$PACKMILL" import dlrn projects.ini none.yml
exits 3 'a directory' "$PACKMILL" import dlrn .
exits 3 'no INI' "$PACKMILL" import dlrn rdo.yml
exits 3 'no YAML' "$PACKMILL" import dlrn projects.ini projects.ini
mkfifo fifo
exits 3 'a FIFO' "$PACKMILL" import dlrn fifo
truncate -s 2M big.ini
exits 3 'too large' "$PACKMILL" import dlrn big.ini
printf '[DEFAULT]\nreponame=a\e[31mb\nsource=$(touch executed)\ncustom_preprocess=touch executed\n' >evil.ini
ok 'hostile' "$PACKMILL" import dlrn evil.ini
hasnt 'no escape code is shown' "$T/err" $'\e'
hasnt 'nor written' "$T/out" $'\e'
ok 'nothing was executed' test ! -e executed
exits 2 'no file' "$PACKMILL" import dlrn

# typed SAYS OPTION...: refused with one line that says how it is done here
typed()
{
	local says=$1
	shift
	exits 2 "$*" "$PACKMILL" "$@"
	is 'one line' "$(wc -l <"$T/err")" 1
	has "$says" "$T/err" "$says"
}
typed 'packmill recheck PROJECT' --recheck
typed 'packmill recheck PROJECT' run --recheck
typed 'packmill recheck PROJECT' run --force-recheck --package-name foo
typed 'PACKMILL_TRACE=proc' --log-commands
typed 'is not needed' run --use-public
typed 'packmill status' --status --package-name foo
typed 'packmill run --head-only' --head-only
typed 'packmill run --project NAME' --package-name foo
typed 'packmill run --project NAME' config --project-name=foo check
typed 'BuildRequire' run --order
typed 'jobs: 1' run --sequential
typed 'notify.hook' run --run ./test.sh
typed 'stops no other' run --stop
typed 'packmill build DIR' run --dev
typed 'git/NAME' run --local
typed '-c FILE' run --config-override DEFAULT.workers=1
typed 'macros' run --build-env X=1
typed 'packmill build' run --no-repo
typed 'packmill import dlrn projects.ini' --config-file projects.ini --info-repo rdoinfo
typed 'packmill import dlrn projects.ini rdo.yml' run --info-repo rdoinfo
printf 'name: t\ntargets: [host]\nprojects: [{project: a, name: python-a, packaging: {url: ./a}}]\n' >packmill.yaml
for o in --package-name --project-name; do
	exits 2 "run $o" "$PACKMILL" run --once "$o" other
	has 'is run --project' "$T/err" "no project 'other'"
done
done_testing
