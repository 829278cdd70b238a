#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The mini distribution of the tests is one: dnf bootstraps its base set over http, what is installed
# verifies, rpms of C and Python build in it, its later state and its signed variant are as promised.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/distro.sh"
need dnf getcap gpg rpmkeys unshare

root=$T/root as_root=()
if [ "$(id -u)" != 0 ]; then
	as_root=(unshare --user --map-root-user --map-auto --)
	"${as_root[@]}" true 2>/dev/null || skip_all 'needs root, or ranges of user ids'
fi
need_distro --signed
signed=$DISTRO
need_distro

# dnf_mini ARGS...: of this machine, with the mini distribution only
dnf_mini()
{
	HOME=$T/home "${as_root[@]}" dnf -q -y --releasever=12 --setopt=reposdir="$T/repos.d" \
		--disableplugin=local --refresh --setopt=cachedir="$T/dnf/cache" --setopt=logdir="$T/dnf/log" \
		--setopt=persistdir="$T/dnf/persist" --setopt=install_weak_deps=0 "$@"
}

# in_root CMD...: with /dev and /proc
in_root()
{
	# shellcheck disable=SC2016 # for the inner shell
	"${as_root[@]}" unshare --mount --pid --fork --kill-child bash -ec '
		mount -t proc proc "$1/proc"
		mount -t tmpfs dev "$1/dev"
		for n in null zero full urandom; do
			touch "$1/dev/$n"
			mount --bind "/dev/$n" "$1/dev/$n"
		done
		exec env -i HOME=/root PATH=/usr/bin:/usr/sbin LC_ALL=C.UTF-8 TZ=UTC chroot "$@"' in_root "$root" "$@"
}

# names STATE: packages of a state, a line each
names()
{
	for f in "$DISTRO/$1"/*.rpm; do basename "$f"; done | sort
}

between()
{
	[ "$1" -le "$2" ] && [ "$2" -le "$3" ]
}

repo()
{
	printf '[%s]\nname=%s\nbaseurl=%s/%s\ngpgcheck=0\n' "$1" "$1" "$distro_url" "$1" \
		>"$T/repos.d/$1.repo"
}

mkdir -p "$T/home" "$T/repos.d" "$T/dnf/log" "$root"
# Debian's rpm keeps its database under the home directory
echo '%_dbpath /var/lib/rpm' >"$T/home/.rpmmacros"
ok 'it is served' serve_distro
repo base
is 'asked again, it is the same' "$("$SRC/tests/distro/distro" path)" "$DISTRO"
ok 'it has about 160 packages' between 130 "$(names base | wc -l)" 175

distro_target "$T/mini-x86_64.yaml" --extra
ok 'its target file is one' "$PACKMILL" target check "$T/mini-x86_64.yaml"
packages=$(tr '\n' ' ' <"$T/mini-x86_64.yaml" | sed 's/.*packages: \[\([^]]*\)\].*/\1/; s/,/ /g')
# shellcheck disable=SC2086 # a list
ok 'dnf installs the base set' dnf_mini --installroot="$root" install $packages
installed=$("${as_root[@]}" chroot "$root" rpm -qa | wc -l)
ok "about 116 packages ($installed)" between 110 "$installed" 130
has 'all over http' "$T/distro/log" 'GET /base/mini-setup-12-1\.noarch\.rpm 200'
is 'rpm -Va has nothing to say' "$("${as_root[@]}" chroot "$root" rpm -Va 2>&1)" ''
is 'nor has rpm itself' "$("${as_root[@]}" chroot "$root" sh -c 'rpm -q python3; rpm -q mini-setup' 2>&1)" \
	$'package python3 is not installed\nmini-setup-12-1.noarch'
is 'shadow is closed, there is no builder' \
	"$("${as_root[@]}" stat -c '%a %u:%g' "$root/etc/shadow"; grep builder "$root/etc/passwd")" '0 0:0'

# sources of a spec: NAME, its directory's files come from stdin as a shell script
source_of()
{
	mkdir -p "$T/src/$1-1.0" "$T/top"
	(cd "$T/src/$1-1.0" && sh) && tar -C "$T/src" -czf "$T/top/$1-1.0.tar.gz" "$1-1.0"
}

source_of hello <<'E'
printf '#include <stdio.h>\n#include <zlib.h>\nint main(void) { return !puts(zlibVersion()); }\n' >hello.c
printf 'hello: hello.c\n\t$(CC) $(CFLAGS) -o $@ $< -lz\n' >Makefile
E
cat >"$T/top/hello.spec" <<'E'
Name: hello
Version: 1.0
Release: 1%{?dist}
Summary: x
License: MIT
Source0: hello-1.0.tar.gz
BuildRequires: gcc, make, pkgconfig(zlib), zlib-devel >= 1.2
%description
x
%prep
%setup -q
%build
%make_build CFLAGS="%{optflags}"
%install
install -Dm755 hello %{buildroot}%{_bindir}/hello
%files
%{_bindir}/hello
E
source_of pyhello <<'E'
echo 'def hello(): return "hello"' >pyhello.py
echo 'from setuptools import setup; setup(name="pyhello", version="1.0", py_modules=["pyhello"])' >setup.py
E
cat >"$T/top/pyhello.spec" <<'E'
Name: python3-pyhello
Version: 1.0
Release: 1%{?dist}
Summary: x
License: MIT
Source0: pyhello-1.0.tar.gz
BuildArch: noarch
BuildRequires: python3-devel
%description
x
%prep
%setup -q -n pyhello-1.0
%generate_buildrequires
echo 'python3dist(setuptools)'
%build
%py3_build
%install
%py3_install
%files
%{python3_sitelib}/*
E
"${as_root[@]}" mkdir "$root/top"
"${as_root[@]}" cp "$T"/top/* "$root/top/"
build()
{
	in_root rpmbuild -ba --define '_topdir /top/build' --define '_sourcedir /top' --define 'dist .mini' \
		"/top/$1.spec"
}
exits 11 'a missing BuildRequires is missed' build hello
has 'by its name' err 'pkgconfig\(zlib\) is needed'
ok 'dnf installs it' dnf_mini --installroot="$root" install 'pkgconfig(zlib)' 'zlib-devel >= 1.2' python3-devel
ok 'a C package builds' build hello
ok 'with debug information' test -f "$root"/top/build/RPMS/x86_64/hello-debuginfo-1.0-1.mini.x86_64.rpm
ok 'it installs' in_root rpm -U /top/build/RPMS/x86_64/hello-1.0-1.mini.x86_64.rpm
is 'with not a word about other package managers' "$(cat "$T/out" "$T/err")" ''
ok 'it runs' in_root /usr/bin/hello
exits 11 'a generated BuildRequires is missed' build pyhello
ok 'dnf installs that' dnf_mini --installroot="$root" install 'python3dist(setuptools)'
ok 'a Python package builds' build pyhello
ok 'it installs' in_root rpm -U /top/build/RPMS/noarch/python3-pyhello-1.0-1.mini.noarch.rpm
is 'it runs' "$(in_root python3 -c 'import pyhello; print(pyhello.hello())')" hello

ok 'git and C++ are there' dnf_mini --installroot="$root" install git gcc-c++ perl less
# shellcheck disable=SC2016 # for the inner shell
is 'no program lacks a library' "$("${as_root[@]}" chroot "$root" bash -c '
	for f in /usr/bin/* /usr/sbin/* /usr/lib/git-core/* /usr/lib/x86_64-linux-gnu/*.so*; do
		ldd "$f" 2>/dev/null | grep -H --label="$f" "not found"
	done')" ''

# a third party's
repo extra
ok 'what another repository has installs' dnf_mini --installroot="$root" install extra-rich extra-caps \
	extra-setuid extra-users extra-trigger extra-weak
is 'capabilities' "$("${as_root[@]}" getcap "$root/usr/bin/extra-caps")" \
	"$root/usr/bin/extra-caps cap_net_raw=ep"
is 'bits for user and group' "$("${as_root[@]}" chroot "$root" stat -c '%a %U:%G' /usr/bin/extra-setuid \
	/usr/bin/extra-setgid)" $'4755 root:root\n2755 root:mail'
is 'files of a user of its own' \
	"$("${as_root[@]}" chroot "$root" stat -c '%a %U:%G' /var/lib/extra /var/lib/extra/file)" \
	$'750 extra:extra\n640 extra:extra'
has 'a file trigger ran' "$root/usr/share/extra-triggers/seen" '^/usr/share/extra/rich$'
is 'once in the transaction' "$(cat "$root/usr/share/extra-triggers/transactions")" once
ok 'what is said of files only is there' test -f "$root/usr/share/extra/data"
is 'rich dependencies are kept' \
	"$("${as_root[@]}" chroot "$root" rpm -q extra-doc extra-data)" $'extra-doc-1.0-1.noarch\nextra-data-1.0-1.noarch'
exits 1 'so are conflicts' dnf_mini --installroot="$root" install extra-conflicts
is 'rpm -Va has still nothing to say' "$("${as_root[@]}" chroot "$root" rpm -Va 2>&1)" ''
ok 'a package moves the database' dnf_mini --installroot="$root" install mini-rpm-ndb
is 'into another format and place' "$("${as_root[@]}" chroot "$root" rpm -E '%_db_backend %_dbpath')" \
	'ndb /usr/lib/sysimage/rpm'

# states
ok 'nothing is missing in the repositories' dnf_mini repoclosure
distro_state grown
is 'a state has one package more' "$(comm -3 <(names base) <(names grown))" $'\tmini-news-1-1.noarch.rpm'
is 'and that is served' "$(dnf_mini repoquery --repo base mini-news)" mini-news-0:1-1.noarch
distro_state updated
ok 'nor in the later state' dnf_mini repoclosure
is 'the later state has another package' "$(dnf_mini repoquery --repo base mini-news)" mini-news-0:1-1.noarch
is 'a new one, and others of a higher release' \
	"$(comm -13 <(names base) <(names updated) | sed 's/-[0-9].*//')" $'make\nmini-news\npatch\nunzip'
is 'and one less' "$(comm -23 <(names base) <(names updated) | sed 's/-[0-9].*//')" $'less\nmake\npatch\nunzip'
is 'and another file' "$(dnf_mini repoquery --repo base -l make | grep news)" /usr/share/make/news
distro_state base
is 'back again' "$(dnf_mini repoquery --repo base mini-news)" ''

# signed
ok 'the key is read' rpmkeys --dbpath "$T/keys" --import "$signed/key.asc"
rpmkeys --dbpath "$T/keys" -K "$signed"/{base,grown,updated,extra}/*.rpm >"$T/checked"
is 'each signed package verifies' "$(grep -c 'digests signatures OK$' "$T/checked")" \
	"$(printf '%s\n' "$signed"/{base,grown,updated,extra}/*.rpm | wc -l)"
distro_target "$T/mini-x86_64.yaml" --signed --extra
ok 'its target file is one, too' "$PACKMILL" target check "$T/mini-x86_64.yaml"
mkdir -m 700 "$T/gnupg"
gpg() { command gpg --homedir "$T/gnupg" --batch --quiet --no-autostart "$@"; }
ok 'gpg reads the key' gpg --import "$signed/key.asc"
for state in base grown updated extra; do
	ok "the metadata of $state verifies" gpg --verify "$signed/$state/repodata/repomd.xml.asc" \
		"$signed/$state/repodata/repomd.xml"
done
is 'what is signed is the same otherwise' "$(cd "$signed" && ls base grown updated)" \
	"$(cd "$DISTRO" && ls base grown updated)"
stop_distro
done_testing
