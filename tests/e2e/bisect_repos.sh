#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A bisection on a target whose packages come from repositories: what the commit's package needs is
# solved and installed with it.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
. "$SRC/tests/lib/distro.sh"
need git rpm rpmbuild python3
need_distro
serve_distro
mkdir "$T/git" "$T/inst"
cd "$T/inst" || exit 1
distro_target mini-x86_64.yaml --extra
cat >packmill.yaml <<E2
name: trunk
data: ./data
targets: [mini-x86_64]
projects:
  - {project: tool, upstream: {url: $T/git/tool, branch: main}, packaging: {url: $T/git/tool-distgit, branch: main}}
E2
project tool 'Requires: unzip'
declare -a c
for n in 1 2 3 4; do
	case $n in
	[12]) c[n]=$(change tool "echo all is well # $n") ;;
	*) c[n]=$(change tool "echo all is wrong # $n") ;;
	esac
done
ok 'the newest commit' "$PACKMILL" run --once
ok 'a command over it and what it needs' "$PACKMILL" bisect tool v1.0.0 main \
	--run 'command -v unzip || exit 125; grep well /usr/bin/tool || grep one /usr/bin/tool'
has 'the first bad commit' out "^first bad commit: ${c[3]}\$"
has 'the sum' out '^4 commits tried: 1 build existed, 3 made$'
stop_distro
done_testing
