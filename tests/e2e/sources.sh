#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Source packages of every layout, and what bad specs get: made by the program inside its root.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpmbuild rpm rpm2cpio cpio python3
cd "$T" || exit 1
export XDG_CACHE_HOME=$T/cache

# spec FILE [VERSION [TEXT]]: a small spec; TEXT goes into the preamble
spec()
{
	mkdir -p "$(dirname "$1")"
	cat >"$1" <<E2
Name: hello
Version: ${2-1.0}
Release: 1%{?dist}
Summary: Says hello
License: MIT
Source0: %{name}-%{version}.tar.gz
Patch0: hello.patch
BuildArch: noarch
${3-}

%description
Version: this is no tag, and Source0: neither.

%prep
%autosetup -p1

%files
E2
}

# source_of NAME ARGS...: exit 0 and one source package, whose path is in \$srpm
source_of()
{
	local name=$1
	shift
	ok "$name" "$PACKMILL" source -q -o "out-$name" "$@"
	srpm=$(echo "$T/out-$name"/*.src.rpm)
	is "$name: its path is printed" "$(cat "$T/out")" "out-$name/${srpm##*/}"
}

contents()
{
	rpm2cpio "$1" | cpio -t --quiet | sort | tr '\n' ' '
}

# refused NAME REGEX ARGS...: exit 4 and one line that matches
refused()
{
	local name=$1 text=$2
	shift 2
	exits 4 "$name: exit 4" "$PACKMILL" source -q -o "out-$name" "$@"
	has "$name: what" err "$text"
	is "$name: one line" "$(wc -l <"$T/err")" 1
}

new_git up
mkdir -p up/src
echo 'int x;' >up/src/x.c
commit up one >/dev/null
git -C up tag v1.0
echo 'int y;' >up/src/x.c
commit up two >/dev/null

# two-git, flat
new_git flat
spec flat/hello.spec
printf -- '--- a/src/x.c\n+++ b/src/x.c\n@@ -1 +1 @@\n-int y;\n+int z;\n' >flat/hello.patch
echo 'not a source' >flat/old-1-1.src.rpm
commit flat one >/dev/null
source_of flat --upstream ./up --packaging ./flat
is 'flat: what is in it' "$(contents "$srpm")" 'hello-1.1.tar.gz hello.patch hello.spec '
is 'flat: version' "$(rpm -qp --qf '%{version} %{release}' "$srpm" | sed 's/[0-9a-f]*$//')" \
	'1.1 0.20231115011320.'
has 'flat: the change is kept' out-flat/spec.diff '^\+Version: 1\.1$'
hasnt 'flat: the description is whole' out-flat/spec.diff 'no tag'
first=$srpm
source_of again --upstream ./up --packaging ./flat
ok 'the same commit: the same bytes' cmp "$first" "$srpm"
mkdir unpacked
rpm2cpio "$first" | (cd unpacked && cpio -i --quiet && tar xf hello-1.1.tar.gz)
is 'flat: the tarball has the tree below %setup' "$(cat unpacked/hello-1.1/src/x.c)" 'int y;'
ok 'flat: it builds, with its patch' "$PACKMILL" build "$first" -q -o out-flat-built

# two-git, by build target; --path
new_git trees
for t in centos7 host fedora; do
	spec "trees/$t/rpm/SPECS/hello.spec" 1.0 "Provides: for($t)"
	mkdir -p "trees/$t/rpm/SOURCES"
	cp flat/hello.patch "trees/$t/rpm/SOURCES/"
done
mkdir -p trees/deep/er
cp -r flat/hello.* trees/deep/er/
commit trees one >/dev/null
source_of by-target --upstream ./up --packaging ./trees
is 'by-target: what is in it' "$(contents "$srpm")" 'hello-1.1.tar.gz hello.patch hello.spec '
rpm2cpio "$srpm" | cpio -i --quiet --to-stdout hello.spec >spec.got
has 'by-target: that of the target was taken' spec.got '^Provides: for\(host\)'
source_of by-path --upstream ./up --packaging ./trees --path deep/er
is 'by-path: what is in it' "$(contents "$srpm")" 'hello-1.1.tar.gz hello.patch hello.spec '
git -C trees rm -rq host
commit trees 'no host' >/dev/null
refused no-target 'none of the build targets centos7, fedora is that of target .host' \
	--upstream ./up --packaging ./trees

# standard: a directory, a git repository; a source package
cp -r flat plain
rm -rf plain/.git
git -C up archive --prefix=hello-1.0/ -o "$T/plain/hello-1.0.tar.gz" HEAD
source_of standard plain
is 'standard: what is in it' "$(contents "$srpm")" 'hello-1.0.tar.gz hello.patch hello.spec '
is 'standard: the version stays' "$(rpm -qp --qf '%{version}-%{release}' "$srpm")" 1.0-1
cp -r plain plain.git
rm -f plain.git/*.src.rpm
git init -q -b main plain.git
commit plain.git one >/dev/null
source_of standard-git --packaging ./plain.git
is 'standard-git: what is in it' "$(contents "$srpm")" 'hello-1.0.tar.gz hello.patch hello.spec '
source_of rebuild --packaging ./plain.git --rebuild 2
is 'rebuild: .2 in the release' "$(rpm -qp --qf '%{version}-%{release}' "$srpm")" 1.0-1.2
source_of of-srpm "$srpm"
ok 'of-srpm: it is passed on as it is' cmp "$srpm" "out-rebuild/$(basename "$srpm")"

source_of of-srpm-rebuilt "$srpm" --rebuild 3
is 'of-srpm-rebuilt: .3 in the release' "$(rpm -qp --qf '%{version}-%{release}' "$srpm")" 1.0-1.2.3
is 'of-srpm-rebuilt: what is in it' "$(contents "$srpm")" \
	'hello-1.0.tar.gz hello.patch hello.spec '
ok 'of-srpm-rebuilt: the same tarball' cmp \
	<(rpm2cpio "$srpm" | cpio -i --quiet --to-stdout hello-1.0.tar.gz) plain/hello-1.0.tar.gz

# what the upstream's own build says
cp -r up py
cat >py/setup.py <<'E2'
import os
open("/tmp/packmill-escaped-setup", "w").close()
print("running something 0")
print("2.5.0.dev7" if os.environ.get("PBR_VERSION") is None else os.environ["PBR_VERSION"])
E2
commit py 'setup.py' >/dev/null
PBR_VERSION=9 source_of declared --upstream ./py --packaging ./flat
is 'declared: asked inside' "$(rpm -qp --qf '%{version}' "$srpm")" 2.5.0
has 'declared: upstream_version' out-declared/spec.diff '^\+%global upstream_version 2\.5\.0\.dev7$'
ok 'declared: setup.py ran inside only' test ! -e /tmp/packmill-escaped-setup

# builds that ask git: they see the history, and a clean tree at their commit
cp -r up scm
cat >scm/setup.py <<'E2'
import subprocess
out = subprocess.run(["git", "describe", "--tags", "--long", "--dirty"], capture_output=True, text=True)
tag, commits = out.stdout[1:].split("-")[:2]
print("%s.%s%s" % (tag, commits, "9999" if "dirty" in out.stdout else ""))
E2
commit scm 'ask git' >/dev/null
source_of scm --upstream ./scm --packaging ./flat
is 'scm: git describe answered inside' "$(rpm -qp --qf '%{version}' "$srpm")" 1.0.2
git -C scm tag v3.0
source_of scm-tagged --upstream ./scm --packaging ./flat
is 'scm-tagged: at its tag' "$(rpm -qp --qf '%{version}' "$srpm")" 3.0.0
if /usr/bin/python3 -c 'import pbr' 2>/dev/null; then
	cp -r up pbr
	printf 'import setuptools\nsetuptools.setup(setup_requires=["pbr"], pbr=True)\n' >pbr/setup.py
	printf '[metadata]\nname = x\nsummary = x\nversion = 2.0.0\n' >pbr/setup.cfg
	commit pbr pbr >/dev/null
	source_of pbr --upstream ./pbr --packaging ./flat
	has 'pbr: counts commits' out-pbr/spec.diff '^\+%global upstream_version 2\.0\.0\.dev[0-9]+$'
else
	skip 'pbr counts commits' 'python3-pbr'
fi

# variant NAME SED: the flat packaging with another spec
variant()
{
	rm -rf "${T:?}/$1"
	cp -r flat "$1"
	sed -i "$2" "$1/hello.spec"
	commit "$1" variant >/dev/null
	set -- "$1" --upstream ./up --packaging "./$1"
	variant_args=("${@:2}")
}

variant name-differs 's/^Name:.*/Name: other/'
source_of name-differs "${variant_args[@]}"
is 'name-differs: the spec decides' "$(rpm -qp --qf '%{name}' "$srpm")" other
variant epoch 's/^Name: hello/&\nEpoch: 3/'
source_of epoch "${variant_args[@]}"
is 'epoch: kept' "$(rpm -qp --qf '%{epoch}' "$srpm")" 3
variant crlf 's/^\(Version\|Release\|Summary\|License\|BuildArch\):.*/&\r/'
source_of crlf "${variant_args[@]}"
rpm2cpio "$srpm" | cpio -i --quiet --to-stdout hello.spec >spec.got
has 'crlf: kept' spec.got $'^Version: 1\\.1\r$'
variant latin1 's/^%description/# caf\xe9\n&/'
source_of latin1 "${variant_args[@]}"
rpm2cpio "$srpm" | cpio -i --quiet --to-stdout hello.spec >spec.got
ok 'latin1: kept' env LC_ALL=C grep -q $'caf\xe9' spec.got
variant url 's,^Source0:.*,Source0: https://example.org/dl?f=x#/up-%{version}.tar.xz,; s/%autosetup -p1/%autosetup -p1 -n tree-%{upstream_version}/'
source_of url "${variant_args[@]}"
is 'url: named as Source0 says' "$(contents "$srpm")" 'hello.patch hello.spec up-1.1.tar.xz '
variant tilde 's/^Version:.*/Version: 1.0~rc1^git2/'
source_of tilde "${variant_args[@]}" --policy keep
is 'tilde: kept in order' "$(rpm -qp --qf '%{version}' "$srpm")" '1.0~rc1^git2'

variant no-source '/^Source0/d'
refused no-source 'hello\.spec has no Source0' "${variant_args[@]}"
variant no-version '/^Version/d'
refused no-version 'hello\.spec has no Version' "${variant_args[@]}"
variant dash 's/^Version:.*/Version: 1-0/'
refused dash "Illegal char '-'" "${variant_args[@]}" --policy keep
variant no-include 's/^Summary/%include not-there.inc\n&/'
refused no-include 'Unable to open not-there\.inc' "${variant_args[@]}"
variant no-macro 's/^Source0:.*/Source0: %{nobody_knows}.tar.gz/'
refused no-macro "macro %\{nobody_knows\}, which is not defined" "${variant_args[@]}"
variant no-syntax 's/^Summary/%if word\n%endif\n&/'
refused no-syntax 'bare words are no longer supported' "${variant_args[@]}"
variant endless 's/^Summary/%{lua: while true do end}\n&/'
exits 4 'endless: exit 4' "$PACKMILL" build -q -o out-endless --time 2 "${variant_args[@]}"
has 'endless: the limit is named' err 'time limit'
variant two 's/^$//'
cp two/hello.spec two/other.spec
commit two two >/dev/null
refused two 'several specs: hello\.spec, other\.spec' --upstream ./up --packaging ./two
source_of two-chosen --upstream ./up --packaging ./two --spec other.spec
has 'two-chosen: it is' out-two-chosen/spec.diff '^--- a/other\.spec'
refused not-there "spec 'third.spec' is not there .there is hello\.spec, other\.spec" \
	--upstream ./up --packaging ./two --spec third.spec
new_git none
commit none nothing >/dev/null
refused none 'no spec' --upstream ./up --packaging ./none
variant link 's/^$//'
ln -s /etc/passwd link/leak
commit link link >/dev/null
run "$PACKMILL" source -q -o out-link "${variant_args[@]}"
hasnt 'link: nothing of the machine gets in' <(cat out-link/*.src.rpm 2>/dev/null | rpm2cpio 2>/dev/null) 'root:'
done_testing
