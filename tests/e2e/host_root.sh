#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The root of the host target, as root and as an ordinary user with subordinate ids: what is in it,
# what is not, that dependencies mean something in it, that builds and installations work.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/user.sh"
need rpm rpmbuild gcc make useradd su newuidmap debugedit find-debuginfo python3

# A program that the user of the second round can reach, too.
mkdir "$T/bin"
cp "$PACKMILL" "$T/bin/packmill"
PM=$T/bin/packmill

# inside WHAT SCRIPT, inside_root WHAT SCRIPT: in a fresh sandbox, with status 0
inside()
{
	ok "$mode: $1" as "$PM" shell -q -- sh -c "$2"
}

inside_root()
{
	ok "$mode: $1" as "$PM" shell -q --root -- sh -c "$2"
}

# package NAME LINE...: a package in $D/in, made on the machine without any sandbox
package()
{
	local name=$1
	shift
	{
		printf '%s\n' "Name: $name" 'Version: 1' 'Release: 1' 'Summary: x' 'License: MIT' \
			'BuildArch: noarch' "$@" '%description' 'x' '%files'
	} >"$D/$name.spec"
	HOME=$D/home rpmbuild -bb --quiet --define "_topdir $D/top" --define "_dbpath $D/db" \
		"$D/$name.spec" >"$D/rpmbuild.log" 2>&1 || return
	cp "$D/top/RPMS/noarch/$name-1-1.noarch.rpm" "$D/in/"
}

# feed SCRIPT: the script, run where the files of $D/in are, which travel inside it
feed()
{
	printf 'mkdir -p /tmp/pkg && cd /tmp/pkg && base64 -d <<EOT | tar xz &&\n%s\nEOT\n%s\n' \
		"$(tar cz -C "$D/in" . | base64)" "$1"
}

contents()
{
	inside 'host-base is installed' 'rpm -q host-base'
	inside 'the builder is 1000, at home in /builddir' \
		'[ "$(id -u):$(id -g):$(pwd):$HOME" = 1000:1000:/builddir:/builddir ] && touch x'
	ok "$mode: with the network" as "$PM" shell -q --network -- cat /etc/resolv.conf
	is "$mode: names are looked up as the machine does" "$(cat "$T/out")" "$(cat /etc/resolv.conf)"
	ok "$mode: dry run" as "$PM" shell -n -- touch /in
	has "$mode: starts nothing" err '^would start touch '
	inside '/tmp is for all' '[ "$(stat -c %a /tmp /var/tmp | tr "\n" " ")" = "1777 1777 " ]'
	inside_root 'the skeleton belongs to root' \
		'[ "$(stat -c %u:%g / /etc /etc/passwd /usr /root /var/lib/rpm | sort -u)" = 0:0 ]'
	inside_root '... is closed where it should be' \
		'[ "$(stat -c %a /root /etc/shadow /etc/gshadow | tr "\n" " ")" = "700 640 640 " ]'
	inside_root 'accounts are the fixed ones' \
		'awk -F: "\$3 >= 100 && \$3 != 65534 && \$1 != \"builder\" { print; bad = 1 } END { exit bad }" /etc/passwd'
	inside_root 'nobody has a password' \
		'awk -F: "\$2 != \"*\" { print; bad = 1 } END { exit bad }" /etc/shadow'
	inside_root 'homes are empty' '[ -z "$(find /root /home -mindepth 1)" ]'
	inside_root 'nothing of ssh, no sudoers, no private keys, no host name' \
		'! ls -d /etc/ssh /etc/sudoers /etc/ssl/private /etc/krb5.keytab 2>/dev/null &&
		[ "$(hostname)" = localhost ]'
	inside_root 'nothing that the machine configures for itself in /usr/local/etc' \
		'[ -d /usr/local/etc ] && [ -z "$(ls -A /usr/local/etc)" ] && touch /usr/local/etc/x'
	inside_root 'nothing of the machine'"'"'s network, mounts or crontabs' \
		'[ -z "$(cat /etc/resolv.conf /etc/fstab /etc/environment)" ] &&
		! ls -d /etc/cron* /etc/systemd/system /etc/network 2>/dev/null'
	# every file of the root's own layers, against the lines of the machine's secrets
	as "$PM" root list --json >"$D/list.json"
	dir=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["roots"][0]["dir"])' <"$D/list.json")
	cut -d: -f2 /etc/shadow | grep -E '^.{8}' | sort -u >"$D/secrets"
	echo "$SECRET" >>"$D/secrets"
	is "$mode: no secret of the machine is in the layers" \
		"$(grep -rlFf "$D/secrets" "$dir")" ''
	is "$mode: no file that only some may read was taken from /etc" \
		"$(cd /etc && find . -type f ! -perm -004 | while read -r f; do
			[ ! -e "$dir/layer/etc/$f" ] || case $f in
			./shadow | ./gshadow) ;;
			*) echo "$f" ;;
			esac
		done)" ''
	inside 'macros of the user stay outside' '[ "$(rpm -E "%packager%vendor")" = "%packager%vendor" ]'
	inside 'rpm has its database in /var/lib/rpm' '[ "$(rpm -E %_dbpath)" = /var/lib/rpm ]'
	inside 'no macro of a target is baked in' '[ "$(rpm -E %dist)" = %dist ]'
	inside 'macros that specs take for granted are defined' \
		'for m in _libdir python3_sitelib py3_install cmake meson_build _unitdir optflags; do
			[ "$(rpm -E "%$m")" != "%$m" ] || { echo "$m"; exit 1; }
		done'
	inside '%_libdir is where the linker looks' \
		'ls "$(rpm -E %_libdir)" | grep -q "^lib.*\.so\."'
	inside_root 'su, useradd and groupadd work' \
		'groupadd --system g && useradd -m -G g zed && su zed -c "cd && touch f && id" &&
		[ "$(stat -c %U /home/zed/f)" = zed ]'
	inside 'certificates, alternatives and the linker cache are there' \
		'[ -s /etc/ld.so.cache ] && [ -d /etc/alternatives ] && cc --version && ldconfig -p >x'
}

dependencies()
{
	package met 'Requires: libc.so.6()(64bit), libc.so.6(GLIBC_2.17)(64bit), /bin/sh' \
		'Requires: /usr/bin/python3, /usr/bin/env, rtld(GNU_HASH), gcc, glibc, python(abi)' ||
		fail "$mode: a package to test with" "$(cat "$D/rpmbuild.log")"
	package unmet 'Requires: libnosuch.so.1()(64bit)'
	package old 'Requires: gcc >= 999'
	inside 'a package whose needs the machine meets would install' \
		"$(feed 'rpm -i --test met-1-1.noarch.rpm')"
	inside 'one that needs a library that is not there would not' \
		"$(feed '! rpm -i --test unmet-1-1.noarch.rpm 2>e && grep -q libnosuch e')"
	inside 'nor one that needs a newer version' \
		"$(feed '! rpm -i --test old-1-1.noarch.rpm 2>e && grep -q "gcc >= 999" e')"
	inside 'the usual names of BuildRequires are provided' \
		'rpm -q --whatprovides gcc make gcc-c++ glibc-devel rpm-build redhat-rpm-config \
			/usr/bin/gcc /bin/make "perl(Carp)" coreutils "gcc(x86-64)"'
	inside 'a name that nobody has is not' '! rpm -q --whatprovides no-such-devel'
	if [ -e /usr/lib/python3/dist-packages/setuptools ]; then
		inside 'python packages are provided' \
			'rpm -q --whatprovides python3-setuptools "python3dist(setuptools)"'
	else
		skip "$mode: python packages are provided" python3-setuptools
	fi
	if pkg-config --exists zlib; then
		inside 'pkgconfig(zlib) is provided' \
			'rpm -q --whatprovides "pkgconfig(zlib)" zlib-devel'
	else
		skip "$mode: pkgconfig(zlib) is provided" zlib1g-dev
	fi
}

builds()
{
	rm -rf "$D/in"
	mkdir -p "$D/in/hello-1"
	printf '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }\n' >"$D/in/hello-1/hello.c"
	tar czf "$D/in/hello-1.tar.gz" -C "$D/in" hello-1
	cat >"$D/in/hello.spec" <<'E'
Name: hello
Version: 1
Release: 1
Summary: A greeting
License: MIT
Source0: hello-1.tar.gz
BuildRequires: gcc, make
%description
Says hello.
%prep
%setup -q
%build
gcc %{optflags} hello.c -o hello
%install
install -D hello %{buildroot}%{_bindir}/hello-of-packmill
%files
%{_bindir}/hello-of-packmill
E
	local go='rpmbuild -bb --define "_topdir /tmp/b" --define "_sourcedir /tmp/pkg" hello.spec >log 2>&1 ||
		{ cat log; exit 1; }'
	inside 'a C program is built by the builder, with debuginfo' "$(feed "$go
		cd /tmp/b/RPMS/*/ && ls && rpm -qpl hello-debuginfo-*.rpm | grep hello-of-packmill.*debug &&
		rpm -qpl hello-debugsource-*.rpm | grep hello.c")"
	inside_root 'it is installed into /usr by rpm, and runs' "$(feed "$go
		cd /tmp/b/RPMS/*/ && rpm -U hello-1*.rpm 2>&1 && [ \"\$(hello-of-packmill)\" = hello ] &&
		rpm -q hello && rpm -V hello && rpm -e hello && [ ! -e /usr/bin/hello-of-packmill ]")"
	is "$mode: the machine's /usr stays as it was" "$(find /usr/bin -name 'hello-of-packmill*')" ''
	inside_root 'what one sandbox wrote the next does not see' '! rpm -q hello && [ ! -e /tmp/pkg ]'
}

cache()
{
	local key key2 pid
	key=$(as "$PM" root create 2>"$D/err")
	is "$mode: the root is found again" "${#key} $(grep -c making "$D/err")" '64 0'
	key2=$(as env XDG_CACHE_HOME="$D/other" "$PM" root create 2>"$D/err")
	is "$mode: made elsewhere it has the same key" "$key2 $(grep -c making "$D/err")" "$key 1"
	is "$mode: ... and the same host-base, bit for bit" \
		"$(cat "$D"/{cache,other}/packmill/roots/"$key"/host-base-*.rpm | sha256sum)" \
		"$(cat "$D"/cache/packmill/roots/"$key"/host-base-*.rpm{,} | sha256sum)"
	rm -f "$D/k1" "$D/k2"
	as "$PM" root clean -q
	is "$mode: cleaned" "$(as "$PM" root list --json | grep -c '"key"')" 0
	as "$PM" root create >"$D/k1" 2>"$D/e1" &
	pid=$!
	as "$PM" root create >"$D/k2" 2>"$D/e2"
	wait "$pid"
	is "$mode: two at once make it once" \
		"$(cat "$D/k1" "$D/k2" | sort -u) $(cat "$D/e1" "$D/e2" | grep -c making)" "$key 1"
	is "$mode: ... and leave nothing beside it" \
		"$(cd "$D/cache/packmill/roots" && find . -mindepth 1 -maxdepth 1 | sort | tr '\n' ' ')" \
		"./.lock ./$key ./host.json "

	as "$PM" shell -q -- sleep "400.$$" &
	pid=$!
	eventually in_use
	eventually asleep 400
	is "$mode: a root in use is left alone" "$(as "$PM" root clean)" 'removed 0 roots'
	exits 7 "$mode: ... and when it is named, that is an error" as "$PM" root clean "${key:0:8}"
	pkill -KILL -f "^sleep 400\.$$\$"
	wait "$pid"
	ok "$mode: a root is shown by the beginning of its key" as "$PM" root show "${key:0:8}"
	has "$mode: ... with the packages of the machine" "$T/out" '^  [a-z0-9.+-]+-[0-9]'
	exits 2 "$mode: one that is not there is not" as "$PM" root show ffffffffffff

	as mkdir "$D/cache/packmill/roots/.tmp-dead"
	as touch "$D/cache/packmill/roots/.tmp-dead/half-made"
	as sh -c ": >$D/cache/packmill/roots/$key/manifest.json"
	ok "$mode: a broken root is made anew" as "$PM" root create
	is "$mode: ... under the same key" "$(cat "$T/out")" "$key"
	is "$mode: ... and what a dead process left is swept" "$(ls -d "$D/cache/packmill/roots/.tmp-"* 2>/dev/null)" ''
	as rm "$D/cache/packmill/roots/$key/lock"
	ok "$mode: one without its lock, too" as "$PM" root create
	is "$mode: clean removes it" "$(as "$PM" root clean)" 'removed 1 root'
	ok "$mode: doctor says that builds can run" as "$PM" doctor
	ok "$mode: ... also as JSON" as "$PM" doctor --json
	cp "$T/out" "$D/doctor.json"
	ok "$mode: ... which is one" python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
assert d["schema"] == 1 and d["ok"] is True and all(c["ok"] or c["fix"] for c in d["checks"])' "$D/doctor.json"
}

round()
{
	mode=$1
	D=$T/$mode
	SECRET=hunter2-$$-secret
	mkdir -p "$D/home/.ssh" "$D/cache" "$D/in"
	echo "$SECRET" >"$D/home/.ssh/id_rsa"
	printf '%%packager %s\n%%vendor %s\n%%_dbpath %%{getenv:HOME}/.rpmdb\n' "$SECRET" "$SECRET" >"$D/home/.rpmmacros"
	[ "$mode" = root ] || chown -R "$U:" "$D"
	ok "$mode: the root is made" as "$PM" root create
	has "$mode: ... and its key is printed" "$T/out" '^[0-9a-f]{64}$'
	contents
	dependencies
	builds
	cache
}

cleanup_user()
{
	[ -z "${U-}" ] || {
		[ ! -d "$T/user" ] || mode=user D=$T/user as "$PM" root clean -q 2>/dev/null
		[ ! -d "$T/user" ] || mode=user D=$T/user as env XDG_CACHE_HOME="$T/user/other" "$PM" root clean -q 2>/dev/null
		userdel "$U" 2>/dev/null
	}
}

[ "$(id -u)" = 0 ] || skip_all 'needs root: it makes a user for the second round'
at_exit cleanup_user
make_user pmhost
round root
round user
done_testing
