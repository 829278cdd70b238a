#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# import mock: a configuration with includes and templates becomes a target; what does not is named.
. "$(dirname "$0")/../lib/tap.sh"
cp -r "$SRC/tests/data/mock" "$T/mock"
cd "$T/mock" || exit 1
cfg='example+extra-9-x86_64.cfg'

ok 'import' "$PACKMILL" import mock "$cfg"
cp "$T/out" example+extra-9-x86_64.yaml
stderr_is 'what was left, in the order of the files' <<'E'
templates/example-9.tpl:6: 'extra_chroot_dirs': directories come from packages; a build makes others itself
templates/example-9.tpl:8: 'plugin_conf': plugins of mock are not known; caches need none here
templates/example-9.tpl:10: 'module_setup_commands': of the commands for modules only 'enable' is understood, not 'disable'
templates/example-9.tpl:18: '[main] metadata_expire=0': it is asked once an hour, at once with --refresh
templates/example-9.tpl:20: '[main] proxy=http://proxy.example.org:3128': set https_proxy where packmill runs
templates/example-9.tpl:53: '[crb] cost=500': costs are not known; give a 'priority'
templates/extra.tpl:4: '{%- macro keys() -%}': such blocks are not evaluated, what is in them is left out
templates/extra.tpl:8: 'extra': gpgcheck is on and there is no key: packages are NOT checked until a 'gpgkey' is added
templates/extra.tpl:11: '{{ keys() }}': functions and macros are not evaluated
templates/extra.tpl:13: 'third': the repository is left out: nothing says where it is
templates/extra.tpl:14: '[third] baseurl=ftp://example.org/third/': only https, http and file can be read
E
stdout_is 'the target' <<'E'
# made from mock's example+extra-9-x86_64.cfg
name: example+extra-9-x86_64
format: rpm
arch: x86_64
dist: .ex9
releasever: 9
root:
  packages:
    - bash
    - coreutils
    - tar
    - rpm-build
    - example-release
    - extra-rpm-macros
macros:
  vendor: "Example Project"
  _host: "%(hostname)"
modules:
  - "nodejs:18"
repos:
  - id: baseos
    class: base
    priority: 99
    metalink: "https://mirrors.example.org/metalink?repo=baseos-$releasever&arch=$basearch"
    gpgkey:
      - "https://keys.example.org/RPM-GPG-KEY-9"
      - "https://keys.example.org/RPM-GPG-KEY-next"
    metadata_expire: 1h
    exclude:
      - "*.i686"
      - "*.i586"
  - id: crb
    class: base
    priority: 10
    url:
      - "https://mirror.example.org/9/crb/$basearch/"
      - "https://mirror2.example.org/9/crb/x86_64/"
    metadata_expire: 7d
    exclude:
      - "*.i686"
      - "*.i586"
    includepkgs:
      - "a*"
      - "b*"
  - id: extra
    class: base
    priority: 99
    metalink: "https://mirrors.example.org/metalink?repo=extra-$releasever&arch=$basearch"
    metadata_expire: 1h
    exclude:
      - "*.i686"
      - "*.i586"
E
ok 'target check takes it' "$PACKMILL" target check example+extra-9-x86_64.yaml
cd "$T" || exit 1
ok 'from elsewhere' "$PACKMILL" import mock "mock/$cfg"
has 'included files as they are reached' err '^mock/templates/extra.tpl:4: '
exits 3 '--strict' "$PACKMILL" import mock "mock/$cfg" --strict
has 'the target comes all the same' out '^name: example'
has 'and how many lines were left' err "^packmill: 11 lines of 'mock/example.* could not be taken over$"
ok '-o' "$PACKMILL" import mock "mock/$cfg" -o my.yaml
is 'nothing on stdout' "$(cat out)" ''
has 'the name of the file matters' err 'must be example\+extra-9-x86_64.yaml'
ok 'the same is in the file' cmp my.yaml mock/example+extra-9-x86_64.yaml
echo mine >my.yaml
exits 2 'an existing file' "$PACKMILL" import mock "mock/$cfg" -o my.yaml
is 'stays' "$(cat my.yaml)" mine
ok '--force' "$PACKMILL" import mock "mock/$cfg" -o my.yaml --force
ok 'replaces it' cmp my.yaml mock/example+extra-9-x86_64.yaml
ok 'dry run' "$PACKMILL" import mock "mock/$cfg" -n -o other.yaml
ok 'writes nothing' test ! -e other.yaml
ok 'JSON' "$PACKMILL" import mock "mock/$cfg" --json
is 'nothing on stderr' "$(cat err)" ''
cp out j.json
ok 'target and left' python3 -c '
import json
j = json.load(open("j.json"))
assert j["schema"] == 1 and len(j["left"]) == 11 and j["target"]["name"] == "example+extra-9-x86_64", j
assert [r["id"] for r in j["target"]["repos"]] == ["baseos", "crb", "extra"], j'

# never executed, nothing from outside
cat >evil.cfg <<'E'
import os
os.system('touch executed')
config_opts['root'] = __import__('os').popen('touch executed').read()
config_opts['description'] = open('/etc/passwd').read()
def f():
    config_opts['root'] = 'inner'

include('/etc/passwd')
include('../outside.cfg')
include('link.tpl')
include('evil.cfg')
include('fifo.cfg')
include('missing.tpl')
config_opts['target_arch'] = 'x86_64'
config_opts['chroot_setup_cmd'] = 'install @buildsys-build @development; touch executed'
config_opts['macros']['%a(b)'] = 'x'
config_opts['root'] = "fedora-{{ ''.__class__ }}99-x86_64"
config_opts['dnf.conf'] = """
[updates]
baseurl=https://user:secret@example.org/
priority=0
sslverify=0
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/KEY https://example.org/key
"""
E
echo 'root:x:0:0' >outside.secret
ln -s outside.secret link.tpl
ln -s /etc/passwd link2.tpl
echo "include('link2.tpl')" >>evil.cfg
mkfifo fifo.cfg
ok 'a hostile one' "$PACKMILL" import mock evil.cfg
stderr_is 'everything is named' <<'E'
evil.cfg:1: 'import os': only assignments to config_opts and include() are understood
evil.cfg:2: 'os.system('touch executed')': only assignments to config_opts and include() are understood
evil.cfg:3: 'config_opts['root'] = __import__('os').popen('touch execute...': only literal values and config_opts[...] are understood
evil.cfg:4: 'config_opts['description'] = open('/etc/passwd').read()': only literal values and config_opts[...] are understood
evil.cfg:5: 'def f():': only assignments to config_opts and include() are understood
evil.cfg:8: '/etc/passwd': only *.cfg and *.tpl are included
evil.cfg:9: '../outside.cfg': only files below the first file's directory and /etc/mock are included
evil.cfg:11: 'evil.cfg': cannot include it: include loop
evil.cfg:12: 'fifo.cfg': cannot include it: not a regular file
evil.cfg:13: 'missing.tpl': cannot include it: no such file
evil.cfg:15: 'chroot_setup_cmd: @development;': groups are not known; write its packages into root.packages
evil.cfg:16: '%a(b)': no name of a macro without arguments
evil.cfg:17: '{{ ''.__class__ }}': methods are not evaluated
evil.cfg:21: '[updates] priority=0': priorities go from 1 to 9999
evil.cfg:22: '[updates] sslverify=0': certificates of https are always checked
evil.cfg:24: '[updates] gpgkey=file:///etc/pki/rpm-gpg/KEY https://exampl...': the file is in mock's root; give it as an URL or a path, best with #FINGERPRINT
evil.cfg:26: 'link2.tpl': cannot include it: it leads out of its directory
link.tpl:1: 'root:x:0:0': only assignments to config_opts and include() are understood
E
has 'the target' out '^name: fedora-99-x86_64$'
has 'the group is spelled out' out '^# @buildsys-build is spelled out'
has 'with the release package' out '    - fedora-release-common'
ok 'nothing was executed' test ! -e executed
exits 2 'no such file' "$PACKMILL" import mock none.cfg
exits 2 'another kind' "$PACKMILL" import koji x.ini
exits 2 'no file' "$PACKMILL" import mock
printf "config_opts['root'] = 'x'\n" >empty.cfg
exits 3 'no target comes out' "$PACKMILL" import mock empty.cfg
stderr_is 'why' <<'E'
packmill: 'empty.cfg': no target comes out of it: a target file needs 'root' (what a build root holds)
E
done_testing
