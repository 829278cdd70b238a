#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# init, config check|show, target list|show|check.
. "$(dirname "$0")/../lib/tap.sh"
cd "$T" || exit 1

exits 3 'no configuration' "$PACKMILL" config check
stderr_is 'what to do' <<'E'
packmill.yaml: No such file or directory (packmill init makes one, -c FILE names another)
E
ok 'init, dry run' "$PACKMILL" init -n
ok 'writes nothing' test ! -e packmill.yaml
ok 'init' "$PACKMILL" init
is 'nothing on stdout' "$(cat out)" ''
ok 'what init writes is right' "$PACKMILL" config check
stdout_is 'and said to be' <<'E'
packmill.yaml: ok, 0 projects, 1 target
E
is 'without a warning' "$(cat err)" ''
cp packmill.yaml before
exits 2 'init again' "$PACKMILL" init
stderr_is 'refuses' <<'E'
packmill: 'packmill.yaml' exists already and stays as it is
E
ok 'and leaves it alone' cmp packmill.yaml before
ln -s nowhere dangling.yaml
exits 2 'init over a dangling link' "$PACKMILL" -c dangling.yaml init
ok 'does not follow it' test ! -e nowhere
exits 2 'init in no directory' "$PACKMILL" -c none/packmill.yaml init
exits 2 'init with an argument' "$PACKMILL" init here

cat >bad.yaml <<'E'
name: trunk
targets: [hots]
limits: {jobs: -2, memory: 4GB}
project:
- project: a
projects:
- project: b
  upsteam: {url: x}
include: [more.yaml]
E
printf 'projects:\n- {project: \e[31mred}\n' | sed 's/\x1b/\\e/; s/\(\\e.*\)}/"\1"}/' >more.yaml
exits 3 'errors' "$PACKMILL" -c bad.yaml config check
stderr_is 'all of them, of all files, each once, and nothing else' <<'E'
bad.yaml:2:11: unknown target 'hots' (did you mean 'host'?)
bad.yaml:3:16: 'jobs' must be a whole number from 1 to 1024, not '-2'
bad.yaml:3:28: 'memory' must be a size such as 512M or 4G (units K, M, G, T; 0: no limit), not '4GB'
bad.yaml:4:1: 'project' belongs into a project or into 'defaults'
bad.yaml:8:3: unknown key 'upsteam' (did you mean 'upstream'?)
more.yaml:2:13: 'project' must not contain line ends or control characters
E
is 'nothing on stdout' "$(cat out)" ''
exits 3 'config show says the same' "$PACKMILL" -c bad.yaml config show
is 'six lines' "$(wc -l <err)" 6
exits 3 'from elsewhere' "$PACKMILL" -C / -c "$T/bad.yaml" config check
has 'the file as it was named' err "^$T/bad.yaml:2:11: "
has 'so are the files beside it' err "^$T/more.yaml:2:13: "
exits 3 'as JSON' "$PACKMILL" -c bad.yaml config check --json
is 'nothing on stderr' "$(cat err)" ''
cp out j.json
ok 'the lines are the result' python3 -c '
import json
j = json.load(open("j.json"))
assert j["schema"] == 1 and j["ok"] is False and len(j["errors"]) == 6, j'
printf 'name: t\ntargets: [host]\nx\e[31m: y\n' >escape.yaml
exits 3 'an escape code' "$PACKMILL" -c escape.yaml config check
hasnt 'is not shown' err $'\e'
mkdir somewhere
exits 3 'a directory' "$PACKMILL" -c somewhere config check
stderr_is 'one line' <<'E'
somewhere: is a directory
E

cat >good.yaml <<'E'
name: trunk
data: d
url: https://packages.example.org/
targets: [host, mine]
limits: {jobs: 2, memory: 2G, time: 90m}
notify: {smtp: 'localhost:25', from: a@example.org, user: a, password: secret}
defaults:
  upstream: {url: "https://example.org/{project}", branch: master}
  packaging: {url: ./git/{name}-distgit}
projects:
- {project: stevedore, name: python-stevedore, maintainers: [b@example.org]}
- {project: tools, layout: standard, rebuild: on-change}
E
sed -i 's#url: ./git/{name}-distgit#url: "./git/{name}-distgit"#' good.yaml
mkdir targets
printf 'name: mine\ndist: .m\nroot: {host: true}\nmacros: {_vendor: example}\n' >targets/mine.yaml
printf 'name: other\nroot: {packages: [bash]}\n' >targets/other.yaml
chmod 644 good.yaml
ok 'a warning' "$PACKMILL" -c good.yaml config check
stderr_is 'is one line' <<'E'
packmill: warning: good.yaml:6:72: 'password' holds a password and everyone can read this file (chmod o-r good.yaml)
E
chmod 600 good.yaml
ok 'show' "$PACKMILL" -c good.yaml config show
cp out shown.yaml
sed "s#$T#DIR#; s#inodes: .*#inodes: N#" out >out2 && mv out2 out
stdout_is 'the effective configuration' <<'E'
name: trunk
data: DIR/d
url: "https://packages.example.org"
targets:
  - host
  - DIR/targets/mine.yaml
poll: 5m
after_failure: wait
version:
  numbering: 0.date.hash
  minor: 0
limits:
  jobs: 2
  memory: 2G
  disk: 8G
  inodes: N
  log: 64M
  pids: 4096
  time: 90m
  cpus: 0
  retries: 3
cache:
  roots: 50G
  unused: 14d
keep:
  age: 0
  count: 0
  newest: 5
notify:
  smtp: "localhost:25"
  from: a@example.org
  user: a
  password: "(not shown)"
  tls: auto
  digest: 0
  rate: 30
lint:
  fatal: false
projects:
  - project: stevedore
    name: python-stevedore
    layout: two-git
    upstream:
      url: "https://example.org/stevedore"
      branch: master
    packaging:
      url: DIR/git/python-stevedore-distgit
    version:
      policy: dlrn
      numbering: 0.date.hash
      minor: 0
    priority: 0
    rebuild: never
    maintainers:
      - b@example.org
  - project: tools
    name: tools
    layout: standard
    packaging:
      url: DIR/git/tools-distgit
    version:
      policy: keep
      numbering: 0.date.hash
      minor: 0
    priority: 0
    rebuild: on-change
E
chmod 600 shown.yaml
ok 'what is shown' "$PACKMILL" -c shown.yaml config show
is 'shows the same again' "$(cat out)" "$(cat shown.yaml)"
ok 'show as JSON' "$PACKMILL" -c good.yaml config show --json
cp out j.json
ok 'has bytes and seconds' python3 -c '
import json
j = json.load(open("j.json"))
assert j["schema"] == 1 and j["limits"]["memory"] == 2 << 30 and j["limits"]["time"] == 5400, j
assert [p["project"] for p in j["projects"]] == ["stevedore", "tools"], j
assert "secret" not in open("j.json").read()'
exits 2 'no subcommand' "$PACKMILL" config
exits 2 'unknown subcommand' "$PACKMILL" config chekc
has 'the known ones are named' err 'check and show'

ok 'target list' "$PACKMILL" target list
has 'the built-in one' out '^host +rpm +[a-z0-9_]+ +built in +yes$'
has 'one of a file' out '^mine +rpm .*/targets/mine.yaml +yes$'
has 'a broken one, with the reason' out "^other .*targets/other.yaml:1:1: target 'other' has no repositories"
ok 'as JSON' "$PACKMILL" target list --json
cp out j.json
ok 'with what can be used' python3 -c '
import json
t = {t["name"]: t["usable"] for t in json.load(open("j.json"))["targets"]}
assert {k: t[k] for k in ("host", "mine", "other")} == {"host": True, "mine": True, "other": False}, t'
ok 'target show' "$PACKMILL" target show mine
cp out again.yaml
ok 'prints a target file' "$PACKMILL" target check again.yaml
stdout_is 'that is right' <<'E'
again.yaml: ok, target mine
E
ok 'show host' "$PACKMILL" target show host --json
has 'as JSON' out '"host": true'
exits 2 'show of an unknown one' "$PACKMILL" target show mien
stderr_is 'the nearest' <<'E'
packmill: unknown target 'mien' (did you mean 'mine'?)
E
exits 3 'show of a broken one' "$PACKMILL" target show other
exits 3 'check of a broken one' "$PACKMILL" target check targets/other.yaml
stderr_is 'says why' <<'E'
targets/other.yaml:1:1: target 'other' has no repositories ('repos')
E
exits 3 'the same as JSON' "$PACKMILL" target check targets/other.yaml --json
has 'in the result' out 'has no repositories'
is 'not on stderr' "$(cat err)" ''
exits 3 'check of a missing file' "$PACKMILL" target check none.yaml
printf 'name: far\narch: pdp11\nroot: {host: true}\n' >far.yaml
ok 'another architecture is no error of the file' "$PACKMILL" target check far.yaml
has 'but said' out 'not usable here: target far is for architecture pdp11'
exits 2 'show without a name' "$PACKMILL" target show
exits 2 'unknown subcommand' "$PACKMILL" target lsit x
done_testing
