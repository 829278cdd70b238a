#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Module streams of a repository made with rpmbuild, createrepo_c and modifyrepo_c.
. "$(dirname "$0")/../lib/tap.sh"
need rpmbuild createrepo_c modifyrepo_c
export XDG_CACHE_HOME=$T/cache
mkdir -p "$T/work/targets" "$T/app" "$T/plain" && cd "$T/work" || exit 1

# DIR NAME VERSION [REQUIRES]
package()
{
	cat >"$2.spec" <<E
Name: $2
Epoch: 1
Version: $3
Release: 1
Summary: s
License: MIT
BuildArch: noarch
${4:+Requires: $4}
%description
d
%files
E
	rpmbuild -bb -D "_topdir $T/rpmbuild" -D "_dbpath $T/db" -D "_rpmdir $1" -D '_rpmfilename %{NVR}.rpm' \
		"$2.spec" >"$T/rpmbuild.log" 2>&1 || { cat "$T/rpmbuild.log"; exit 1; }
}

# NAME STREAM VERSION
stream()
{
	cat <<E
---
document: modulemd
version: 2
data:
  name: $1
  stream: "$2"
  version: 1
  context: c0ffee
  arch: $(uname -m)
  artifacts:
    rpms:
    - $1-1:$3-1.noarch
...
E
}

modules()
{
	cat >modules.yaml
	modifyrepo_c --mdtype=modules modules.yaml "$T/app/repodata" >/dev/null || exit 1
}

# MODULES, as in a target file
target()
{
	cat >targets/app.yaml <<E
name: app
format: rpm
root:
  packages: [first]
modules: [$1]
repos:
  - {id: app, url: "file://$T/app"}
  - {id: plain, url: "file://$T/plain"}
E
}

package "$T/app" first 1
package "$T/app" node 18
package "$T/app" node 20
package "$T/plain" node 99
createrepo_c -q "$T/app" && createrepo_c -q "$T/plain" || exit 1

target ''
ok 'without modules' "$PACKMILL" solve -t app node
has 'the newest of all' out '^node-1:99-1\.noarch +plain'
{ stream node 18 18; stream node 20 20; } | modules
ok 'no stream counts' "$PACKMILL" solve -t app node
has 'the one of no module' out '^node-1:99-1\.noarch +plain'
exits 2 'another stream' "$PACKMILL" solve -t app 'node = 1:20'
has 'is named' err 'node-1:20-1\.noarch is of module node:20, which is not enabled \(modules: \[node:20\]\)'
target node:18
ok 'a stream enabled' "$PACKMILL" solve -t app node
has 'is seen' out '^node-1:18-1\.noarch +app'
{ stream node 18 18; stream node 20 20; printf -- '---\ndocument: modulemd-defaults\nversion: 1\ndata: {module: node, stream: 20}\n'; } | modules
target ''
ok 'a default' "$PACKMILL" solve -t app node
has 'is seen, though the packages are the same' out '^node-1:20-1\.noarch +app'
ok 'the other one enabled' target node:18
ok 'solve' "$PACKMILL" solve -t app node
has 'is seen instead' out '^node-1:18-1\.noarch +app'
target node:19
exits 3 'a stream nobody has' "$PACKMILL" solve -t app node
has 'is named with those there are' err 'modules: no repository has node:19; there is node:18, node:20'
echo 'a: [' | modules
exits 4 'broken metadata' "$PACKMILL" solve -t app node
has 'are named with their repository' err "repository 'app': modules metadata: line "

# the best version, or a problem
package "$T/plain" tool 1
package "$T/plain" tool 2 'nobody-has-this'
rm -rf "$T/app/repodata"
createrepo_c -q "$T/app" && createrepo_c -q "$T/plain" || exit 1
target ''
exits 2 'the best cannot be had' "$PACKMILL" solve -t app tool
has 'is said' err 'tool-1:2-1\.noarch is the best candidate for tool, but nothing provides nobody-has-this'
ok 'an older one asked for' "$PACKMILL" solve -t app 'tool < 1:2'
has 'is had' out '^tool-1:1-1\.noarch'
done_testing
