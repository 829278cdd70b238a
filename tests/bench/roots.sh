#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Roots from repositories: the mini distribution of the tests over http, against `dnf --installroot` of
# the same base set in the same run; builds in warm roots; two builds at once; disk of ten roots.
. "$(dirname "$0")/../lib/bench.sh"
. "$SRC/tests/lib/distro.sh"
need_distro
serve_distro || die 'no server'
export XDG_CACHE_HOME=$T/cache
cd "$T" || exit 1
mkdir targets
distro_target targets/mini-x86_64.yaml
t=(-t mini-x86_64)
base=$(python3 -c '
import re
s = open("targets/mini-x86_64.yaml").read()
print(" ".join(re.split(r"[,\s]+", re.search(r"packages: \[(.*?)\]", s, re.S)[1])))')

# --- cold: metadata, packages and all
mkdir dnf-home dnf-log repos.d
echo '%_dbpath /var/lib/rpm' >dnf-home/.rpmmacros
printf '[mini]\nname=mini\nbaseurl=%s/base/\ngpgcheck=0\n' "$distro_url" >repos.d/mini.repo
dnf_root()
{
	# shellcheck disable=SC2086
	HOME=$T/dnf-home dnf -q -y --installroot="$T/$1" --releasever=1 --noplugins --forcearch=x86_64 \
		--setopt=reposdir="$T/repos.d" --setopt=cachedir="$T/$1-cache" --setopt=logdir="$T/dnf-log" \
		--setopt=persistdir="$T/$1-persist" --setopt=install_weak_deps=0 install $base
}
for i in 1 2 3; do
	seconds dnf_root "dnf$i" >>dnf.times
	rm -rf "$T/dnf$i"
	"$PACKMILL" -q root clean >/dev/null
	rm -rf "$T/cache"
	seconds "$PACKMILL" -q root create "${t[@]}" >>cold.times
done
"$PACKMILL" -q root clean >/dev/null
seconds "$PACKMILL" -q root create "${t[@]}" >again.times
floor=$(median <dnf.times)
row "dnf --installroot, cold, $("$PACKMILL" root show "$(cat out)" | sed -n 's/^packages *//p') packages" "$floor"
row 'packmill root create, cold' "$(median <cold.times)" "$floor"
row 'the same, packages in the cache' "$(cat again.times)" "$floor"
row 'the same set again (process and all)' "$(times 21 "$PACKMILL" -q root create "${t[@]}")" "$floor"

# --- BuildRequires: a delta of packages over the base
delta=(gcc-c++ pkg-config 'pkgconfig(zlib)' perl-base python3-minimal less libexpat1 libffi8)
with=("${delta[@]/#/--with=}")
seconds "$PACKMILL" -q root create "${t[@]}" "${with[@]}" >delta1
n=$("$PACKMILL" solve "${t[@]}" "${delta[@]}" --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["build"]))')
row "$n packages more over the base, first time" "$(cat delta1)"
row 'the same again' "$(times 21 "$PACKMILL" -q root create "${t[@]}" "${with[@]}")" "$(cat delta1)"

# --- a whole build, warm
mkdir hello
echo 'int main(void) { return 0; }' >hello/hello.c
cat >hello/hello.spec <<'E'
Name: hello
Version: 1
Release: 1
Summary: x
License: MIT
Source0: hello.c
BuildRequires: gcc, pkgconfig(zlib)
%description
x
%prep
cp %{SOURCE0} .
%build
gcc -g -o hello hello.c
%install
install -Dm755 hello %{buildroot}/usr/bin/hello
%files
/usr/bin/hello
E
build()
{
	rm -rf "$1"
	"$PACKMILL" -q build "${t[@]}" hello -o "$1"
}
build warm >/dev/null || die 'the build failed'
total=$(times 7 build warm)
for i in 1 2 3 4 5 6 7; do build "warm$i" >/dev/null; done
python3 - "$total" <<'E'
import glob, json, statistics, sys
builds = [json.load(open(f)) for f in glob.glob('warm[1-7]/result.json')]
median = lambda n: statistics.median(s['seconds'] for b in builds for s in b['steps'] if s['name'] == n)
names = [s['name'] for s in builds[0]['steps']]
rpmbuild = median('build')
print(f'{"step build (rpmbuild --rebuild in the root)":<58} {rpmbuild:9.4f} s')
print(f'{"packmill build, warm, rpmlint included":<58} {float(sys.argv[1]):9.4f} s  {float(sys.argv[1]) / rpmbuild:7.2f} x')
for n in names:
    print(f'    step {n:<49} {median(n):9.4f} s')
around = sum(median(n) for n in names) - rpmbuild
print(f'{"all around rpmbuild":<58} {around:9.4f} s')
print(f'{"all around rpmbuild, without the install test":<58} {around - median("install"):9.4f} s')
E

# --- an instance: from a commit to its published repository, the solver asked anew each time
export GIT_CONFIG_GLOBAL=/dev/null
mkdir -p inst/targets git/hello
cp targets/mini-x86_64.yaml inst/targets/
cp hello/* git/hello/
git -C git/hello init -q -b main
cat >inst/packmill.yaml <<E
name: bench
data: ./data
targets: [mini-x86_64]
projects: [{project: hello, packaging: {url: $T/git/hello, branch: main}}]
E
commit()
{
	sed -i "s/^Version: .*/Version: $1/" git/hello/hello.spec
	git -C git/hello add -A
	git -C git/hello -c user.name=b -c user.email=b@example.org commit -qm "Version $1"
}
commit 1
seconds "$PACKMILL" -q -C inst run --once >/dev/null
for i in 2 3 4 5 6; do
	commit $i
	start=$(date +%s.%N)
	seconds "$PACKMILL" -q -C inst run --once >/dev/null
	grep -qx 'built 1, failed 0, retry 0, unchanged 0' out || die "$(cat out)"
	stat -c %.9Y inst/data/repos/mini-x86_64/current/repodata/repomd.xml |
		awk -v s="$start" '{ print $1 - s }'
done >published || exit 1
row 'from the start of a run to published' "$(median <published)"
python3 - "$(median <published)" <<'E'
import glob, json, statistics, sys
builds = [json.load(open(f'inst/data/builds/{n}/result.json')) for n in range(2, 7)]
median = lambda n: statistics.median(s['seconds'] for b in builds for s in b['steps'] if s['name'] == n)
around = float(sys.argv[1]) - median('build')
print(f'    {"step dependencies":<54} {median("dependencies"):9.4f} s')
print(f'{"all around rpmbuild, polling and publishing included":<58} {around:9.4f} s')
print(f'{"the same without the install test":<58} {around - median("install"):9.4f} s')
E

# --- two at once
two()
{
	build p1 & build p2 & wait
}
one_after()
{
	build p1; build p2
}
serial=$(times 5 one_after)
row 'two builds, one after the other' "$serial"
row 'two builds at once' "$(times 5 two)" "$serial"

# --- disk
"$PACKMILL" -q root clean >/dev/null
"$PACKMILL" -q root create "${t[@]}" >/dev/null
one=$(du -sk cache/packmill/roots | cut -f1)
mapfile -t more < <("$PACKMILL" solve "${t[@]}" git python3-setuptools --json |
	python3 -c 'import json, sys; [print(p["nevra"].rsplit("-", 2)[0]) for p in json.load(sys.stdin)["build"][:10]]')
for p in "${more[@]}"; do "$PACKMILL" -q root create "${t[@]}" --with "$p" >/dev/null || die "$p"; done
all=$(du -sk cache/packmill/roots | cut -f1)
awk -v a="$one" -v b="$all" -v n="${#more[@]}" 'BEGIN {
	printf "%-58s %9.1f MiB\n", "disk of the base root", a / 1024
	printf "%-58s %9.1f MiB  %7.2f x\n", "disk of it and " n " different roots over it", b / 1024, b / a }'
stop_distro
