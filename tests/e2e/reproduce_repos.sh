#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds of a target whose packages come from repositories, made again in exactly their roots: when the
# distribution has moved on, without it, and when it has lost what they need.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
. "$SRC/tests/lib/distro.sh"
need git rpm rpmbuild newuidmap python3
need_distro
serve_distro
mkdir -p "$T/git" "$T/inst/targets"
cd "$T/inst" || exit 1
distro_target targets/mini-x86_64.yaml

# spec NAME BUILDREQUIRES: a package of one C program; %{extra} is a section of its own
spec()
{
	new_git "$T/git/$1"
	cat >"$T/git/$1/$1.spec" <<E2
Name: $1
Version: 1
Release: 1%{?dist}
Summary: x
License: MIT
BuildRequires: $2
%description
x
${3-}
%build
echo 'int main(void) { return 0; }' >$1.c
gcc %{optflags} -o $1 $1.c
%install
install -Dm755 $1 %{buildroot}/usr/bin/$1
%files
/usr/bin/$1
E2
	commit "$T/git/$1" 'package it' >/dev/null
}
spec tool 'gcc, pkgconfig(zlib)'
spec user 'gcc, tool' '%generate_buildrequires
echo zlib1g-dev'
cat >packmill.yaml <<E2
name: trunk
data: ./data
targets: [mini-x86_64]
projects:
  - {project: tool, packaging: {url: $T/git/tool, branch: main}}
  - {project: user, packaging: {url: $T/git/user, branch: main}}
E2
ok 'the recorded builds' "$PACKMILL" run --once
has 'two' out '^built 2, failed 0'
has 'the second with the first' data/builds/2/root.lock '"nevra": "tool-1-1\.mini\.x86_64"'
recorded()
{
	find data/builds data/repos data/packmill.db -type f -printf '%p %i %s %T@ %m ' -exec sha256sum {} +
}
before=$(recorded)

# same N: in the same root the same bits, debug packages too
same_again()
{
	local n=$1
	shift
	ok "build $n again" "$PACKMILL" reproduce "$n" "$@"
	has 'the same root' out '^root identical: (1[0-9][0-9])/\1$'
	is 'the same bits' "$(grep -c ': identical$' "$T/out")" "$(find "data/builds/$n" -name '*.rpm' | wc -l)"
	hasnt 'nothing else' out 'differs'
}
same_again 1
same_again 2
distro_state updated
same_again 1 --refresh
stop_distro
same_again 2 --offline
ok 'a shell' "$PACKMILL" reproduce 2 --shell -- sh -c 'rpm -q tool; ./rebuild >log 2>&1 || cat log; cd RPMS/x86_64; sha256sum user-1*'
has 'with what the instance published' out '^tool-1-1\.mini\.x86_64$'
has 'makes the same bits' out "^$(sha256sum data/builds/2/user-1-1.mini.x86_64.rpm | cut -d' ' -f1)  user-1-1"
is 'nothing recorded has changed' "$(recorded)" "$before"

# the root and the packages are gone from the cache, some from the distribution, too
serve_distro
distro_state updated
sed -i "s|url: http.*/base/|url: $distro_url/base/|" targets/mini-x86_64.yaml
sed -i "s|http://[0-9.:]*/base/|$distro_url/base/|" data/builds/1/job.json
ok 'roots go' "$PACKMILL" root clean -q
rm -rf "${T:?}/inst/data/cache"
run "$PACKMILL" reproduce 1
is 'a package that nobody has any more is no failed build' "$status" 2
has 'it is named' err '^packmill: build 1 cannot be made again: root: .*[a-z0-9]\.(x86_64|noarch)'
distro_state base
same_again 1
stop_distro
done_testing
