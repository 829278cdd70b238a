#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Roots installed from rpm packages, as root and as an ordinary user with subordinate ids: what is in
# them, what scriptlets may do, the cache that several processes use and that survives kill -9.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/user.sh"
. "$(dirname "$0")/../lib/distro.sh"
need rpm rpmbuild useradd su newuidmap python3
TOOL=${TOOL:-$(dirname "$PACKMILL")/tests/tools/tool_rpmroot}

# package NAME LINE...: a package of the test's own, in $T/own; PREAMBLE: a line of its preamble
package()
{
	local name=$1
	shift
	{
		printf '%s\n' "Name: $name" 'Version: 1' 'Release: 1' 'Summary: x' 'License: MIT' \
			'BuildArch: noarch' "${PREAMBLE-}" '%description' 'x' "$@"
	} >"$T/$name.spec"
	HOME=$T rpmbuild -bb --quiet --define "_topdir $T/top" --define "_dbpath $T/db" \
		"$T/$name.spec" >"$T/rpmbuild.log" 2>&1 || fail "package $name" "$(cat "$T/rpmbuild.log")"
	mkdir -p "$T/own"
	cp "$T/top/RPMS/noarch/$name-1-1.noarch.rpm" "$T/own/"
}

packages()
{
	package good '%post' 'echo good says hello' 'touch /var/lib/good' '%files'
	package bad-post '%post' 'echo no such luck' 'exit 3' '%files'
	package bad-pre '%pre' 'echo not this time' 'exit 1' '%files'
	package bad-lua '%post -p <lua>' 'error("lua is unhappy")' '%files'
	PREAMBLE='Requires: no-such-thing' package unmet '%files'
	package probe '%post' \
		'mount -t tmpfs x /mnt 2>/dev/null && exit 1' 'mknod /var/null c 1 3 2>/dev/null && exit 1' \
		'unshare -m true 2>/dev/null && exit 1' '[ ! -e /.host ] && [ ! -e /root/secret ]' '%files'
	# an account that rpm makes, since 4.19
	PREAMBLE="Provides: user(sysu) = $(printf 'u sysu 777 "A user" / - ' | base64 -w0)" package sysusers \
		'%install' 'mkdir -p %{buildroot}/usr/bin && echo x >%{buildroot}/usr/bin/sysu' \
		'%files' '%attr(4711,sysu,sysu) /usr/bin/sysu'
	# its own rpm looks elsewhere, and takes what this machine's rpm wrote for another format
	package elsewhere '%install' 'mkdir -p %{buildroot}/etc/rpm' \
		"printf '%s\\n' '%%_dbpath /usr/lib/sysimage/rpm' >%{buildroot}/etc/rpm/macros.zz" \
		'%files' '/etc/rpm/macros.zz'
	package other-format '%install' 'mkdir -p %{buildroot}/etc/rpm' \
		"cat >%{buildroot}/etc/rpm/macros.zz <<'E'" '%%_dbpath /usr/lib/sysimage/rpm' \
		"%%_db_backend %%{lua: local m = io.open('/proc/self/mountinfo'):read('*a') print((m:find(' /in ', 1, true) or io.open('/usr/lib/sysimage/rpm/rpmdb.sqlite')) and 'sqlite' or 'other')}" \
		'E' '%files' '/etc/rpm/macros.zz'
}

# lock NAME [FILE...]: the base set and these on top, to $T/NAME.lock; BASE: more in the base set
lock()
{
	local name=$1 f args=()
	shift
	for f in "$DISTRO"/base/*.rpm; do
		case ${f##*/} in
		git-* | g++* | less-* | unzip-* | zlib1g-dev-* | pkg-config-* | libstdc++-12-dev* | python3-* | \
			mini-news-*) ;;
		*) args+=(-b "$f") ;;
		esac
	done
	for f in ${BASE-}; do
		args+=(-b "$f")
	done
	for f; do
		args+=(-a "$f")
	done
	"$TOOL" -w "$T/$name.lock" "${args[@]}" || fail "lock $name"
	base_n=$(python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["base"]))' "$T/$name.lock")
}

# make LOCK [-- COMMAND...]
make_root()
{
	local lock=$1
	shift
	as "$T/bin/tool" -l "$T/$lock.lock" -r "$D/cache/packmill/roots" "$@"
}

key()
{
	make_root "$1" 2>/dev/null | cut -d' ' -f1
}

inside()
{
	ok "$mode: $2" make_root "$1" -- sh -c "$3"
}

left()
{
	(cd "$D/cache/packmill/roots" && find . -mindepth 1 -maxdepth 1 -name '.*' ! -name .lock | sort | tr '\n' ' ')
}

contents()
{
	ok "$mode: a root with packages on a base" make_root extra || return
	has "$mode: ... is made in two layers" err "installing $base_n packages"
	has "$mode: ... the second by itself" err 'installing 6 packages'
	inside extra 'all packages are in its own database' "[ \$(rpm -qa | wc -l) = $((base_n + 6)) ]"
	ok "$mode: rpm verifies every file" make_root extra -- rpm -Va
	is "$mode: ... and finds nothing changed" "$(cat "$T/out")" ''
	inside extra 'file capabilities' \
		"[ \"\$(rpm -q --filecaps extra-caps | grep -c cap_net_raw=ep)\" = 1 ] && rpm -V extra-caps"
	inside extra 'setuid and setgid' \
		'[ "$(stat -c "%a %U:%G" /usr/bin/extra-setuid /usr/bin/extra-setgid | tr "\n" " ")" = "4755 root:root 2755 root:mail " ]'
	inside extra 'files of users that a scriptlet made' \
		'[ "$(stat -c "%a %U:%G" /var/lib/extra/file)" = "640 extra:extra" ] && id extra'
	inside extra 'file triggers ran once' \
		'[ "$(cat /usr/share/extra-triggers/transactions)" = once ] && grep -q extra/data /usr/share/extra-triggers/seen'
	inside extra 'scriptlets of %post ran' '[ -e /var/lib/good ] && ldconfig -p | grep -q libc.so.6'
	inside extra 'nothing is left of making it' \
		'[ -z "$(ls -d /in /.host /.rpmdb /target /var/lib/rpm/__db* 2>/dev/null)" ] &&
		[ -z "$(find / -xdev \( -nouser -o -nogroup -o -name "*.pyc" ! -path "*/__pycache__/*" \) -print 2>/dev/null)" ]'
	inside extra 'the builder has its account and home' \
		'[ "$(id -u builder):$(id -g builder)" = 1000:1000 ] && [ "$(stat -c %U:%G /builddir)" = builder:builder ] && su builder -c "touch /builddir/x" 2>/dev/null ||
		[ "$(stat -c %u:%g /builddir)" = 1000:1000 ]'
	inside extra 'fixed names of the machine' \
		'[ "$(cat /etc/machine-id)" = 00000000000000000000000000000001 ] && [ -s /etc/hosts ] && [ -e /etc/resolv.conf ]'
	ok "$mode: the builder compiles in it and asks rpm" make_root extra -u -- sh -c \
		'cd /builddir && echo "int main(void){return 0;}" >a.c && gcc a.c && ./a.out && rpm -q gcc extra-caps'
	ok "$mode: found again" make_root extra
	hasnt "$mode: ... and nothing is installed" err installing
	ok "$mode: other packages on the same base" make_root other
	has "$mode: ... make only their layer" err 'installing 1 package'
	hasnt "$mode: ... the base is there" err "installing $base_n"
	inside other 'what the other root has is not in it' '! rpm -q extra-caps && [ ! -e /var/lib/good ] && rpm -q extra-doc'
	ok "$mode: packages cannot mount, make devices or see the machine" make_root probe
}

databases()
{
	ok "$mode: a root whose rpm has its database elsewhere" make_root elsewhere
	inside elsewhere '... which sees all packages there' \
		"[ \$(rpm -qa | wc -l) = $((base_n + 2)) ] && [ -e /usr/lib/sysimage/rpm/rpmdb.sqlite ] && [ ! -e /var/lib/rpm/rpmdb.sqlite ]"
	inside elsewhere 'accounts that packages leave to rpm are made' \
		'[ "$(stat -c "%a %u:%G" /usr/bin/sysu)" = "4711 777:sysu" ] && rpm -Va'
	ok "$mode: a root whose rpm has another format" make_root format
	has "$mode: ... writes its database itself" err 'by its own rpm'
	inside format '... and sees all packages' "[ \$(rpm -qa | wc -l) = $((base_n + 1)) ] && rpm -V bash && rpm -q elsewhere && exit 1 || rpm -q other-format"
}

failures()
{
	ok "$mode: a %post that fails is a warning, as rpm's" make_root bad-post
	has "$mode: ... kept with its words" "$D/cache/packmill/roots/$(cut -d' ' -f1 "$T/out")/manifest.json" 'bad-post-1-1.noarch.*exit status 3.*no such luck'
	exits 4 "$mode: a %pre that fails is an error" make_root bad-pre
	has "$mode: ... with its words" err 'bad-pre-1-1.noarch.*not this time'
	ok "$mode: a %post in lua that fails is a warning" make_root bad-lua
	has "$mode: ... kept with its words" "$D/cache/packmill/roots/$(cut -d' ' -f1 "$T/out")/manifest.json" 'lua is unhappy'
	exits 4 "$mode: a dependency that is not in the set" make_root unmet
	has "$mode: ... is named" err 'no-such-thing is needed by unmet-1-1.noarch'
	is "$mode: none of them leaves anything" "$(left)" ''
}

# Killed at several moments: what is there then, and that the next one makes it all the same.
crashes()
{
	local when pid want
	want=$(key other)
	for when in 0.2 0.8 install disk; do
		as "$PM" root clean -q
		make_root other >"$D/k" 2>"$D/e" &
		pid=$!
		case $when in
		install) until grep -q 'installing 1 ' "$D/e" || ! kill -0 $pid 2>/dev/null; do sleep 0.005; done ;;
		disk) until grep -q 'to disk' "$D/e" || ! kill -0 $pid 2>/dev/null; do sleep 0.005; done ;;
		*) sleep "$when" ;;
		esac
		pkill -KILL -f -- "$T/bin/tool -l $T/other.lock -r $D/" || :
		wait $pid 2>/dev/null
		ok "$mode: killed at $when, made by the next" make_root other
		is "$mode: ... the same" "$(cut -d' ' -f1 "$T/out")" "$want"
		is "$mode: ... with nothing left" "$(left)" ''
		inside other '... and whole' "[ \$(rpm -qa | wc -l) = $((base_n + 1)) ] && rpm -Va"
	done
}

sharing()
{
	local a b c base
	base=$(key base) a=$(key other) b=$(key extra)
	as "$PM" root clean -q
	make_root other >"$D/k1" 2>"$D/e1" &
	make_root other >"$D/k2" 2>"$D/e2" &
	make_root extra >"$D/k3" 2>"$D/e3" &
	wait
	is "$mode: three at once, of one base: all are made" \
		"$(cut -d' ' -f1 "$D/k1" "$D/k2" "$D/k3" | sort | tr '\n' ' ')" "$(printf '%s\n' "$a" "$a" "$b" | sort | tr '\n' ' ')"
	is "$mode: ... each layer once" "$(cat "$D"/e[123] | sed 's/^[0-9.]* //' | grep installing | sort | tr '\n' ';')" \
		"$({ echo 'installing 1 package'; printf 'installing %s packages\n' 6 "$base_n"; } | sort | tr '\n' ';')"
	is "$mode: ... with nothing left" "$(left)" ''
	ok "$mode: list" as "$PM" root list --json
	cp "$T/out" "$D/list.json"
	ok "$mode: ... says what stands on what" python3 -c 'import json, sys
roots = {r["key"]: r for r in json.load(open(sys.argv[1]))["roots"]}
base, a, b, n = sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
assert set(roots) == {base, a, b}, roots
assert roots[base]["base"] is None and roots[base]["dependents"] == 2
assert roots[a]["base"] == base and roots[a]["packages"] == n + 1
assert roots[base]["packages"] == n and roots[a]["size"] < roots[base]["size"] / 4
assert not any(r["in_use"] or r["users"] for r in roots.values())' "$D/list.json" "$base" "$a" "$b" "$base_n"
	make_root other -- sleep "600.$$" >/dev/null 2>&1 &
	eventually asleep 600 # it has its share of both by then
	as "$PM" root list --json >"$D/list.json"
	ok "$mode: a root that runs and its base are in use, by whom is said" python3 -c 'import json, os, sys
roots = {r["key"]: r for r in json.load(open(sys.argv[1]))["roots"]}
base, a, b = sys.argv[2:5]
assert roots[base]["in_use"] and roots[a]["in_use"] and not roots[b]["in_use"]
pids = set(roots[a]["users"])
assert pids and pids <= set(roots[base]["users"])
for p in pids:
    assert "tool" in open("/proc/%d/cmdline" % p).read()' "$D/list.json" "$base" "$a" "$b"
	exits 7 "$mode: a base is not removed under a root" as "$PM" root clean "${base:0:12}"
	exits 7 "$mode: nor is the root" as "$PM" root clean "${a:0:12}"
	has "$mode: ... and by whom it is used is said" err 'is in use by process [0-9]'
	is "$mode: clean leaves both" "$(as "$PM" root clean)" 'removed 1 root'
	c=$(python3 -c 'import json, sys; [print(*r["users"]) for r in json.load(open(sys.argv[1]))["roots"] if r["key"] == sys.argv[2]]' "$D/list.json" "$a")
	# shellcheck disable=SC2086 # numbers
	kill $c 2>/dev/null
	wait
	exits 7 "$mode: a base that others stand on is not removed by name" as "$PM" root clean "${base:0:12}"
	ok "$mode: what was used just now is not old" as "$PM" root clean --unused 1h
	is "$mode: ... nothing goes" "$(cut -d, -f1 "$T/out")" 'removed 0 roots'
	ok "$mode: a limit of size, dry" as "$PM" root clean -n --size 1M
	is "$mode: ... would take the root, then its base" "$(cut -d, -f1 "$T/out")" 'would remove 2 roots'
	ok "$mode: one that only the root is too much for" as "$PM" root clean --size 200G
	is "$mode: ... nothing goes" "$(cut -d, -f1 "$T/out")" 'removed 0 roots'
	as touch -d '3 days ago' "$D/cache/packmill/roots/$a/lock"
	ok "$mode: by age" as "$PM" root clean --unused 1d
	is "$mode: ... the old root goes, its base was used later" "$(cut -d, -f1 "$T/out")" 'removed 1 root'
	is "$mode: clean takes the rest" "$(as "$PM" root clean)" 'removed 1 root'
}

round()
{
	mode=$1
	D=$T/$mode
	mkdir -p "$D/home" "$D/cache"
	[ "$mode" = root ] || chown -R "$U:" "$D"
	contents || return
	failures
	databases
	sharing
	crashes
	as "$PM" root clean -q
}

cleanup_user()
{
	[ -z "${U-}" ] || {
		[ ! -d "$T/user" ] || mode=user D=$T/user as "$PM" root clean -q 2>/dev/null
		userdel "$U" 2>/dev/null
	}
}

[ "$(id -u)" = 0 ] || skip_all 'needs root: it makes a user for the second round'
need_distro
# where the user of the second round can reach them, too
mkdir "$T/bin"
cp "$PACKMILL" "$T/bin/packmill"
cp "$TOOL" "$T/bin/tool"
PM=$T/bin/packmill
packages
E=$DISTRO/extra
lock extra "$E"/extra-{caps,data,setuid,trigger,users}-1*.rpm "$T/own/good-1-1.noarch.rpm"
for n in bad-post bad-pre bad-lua unmet probe; do
	lock $n "$T/own/$n-1-1.noarch.rpm"
done
BASE="$T/own/elsewhere-1-1.noarch.rpm $T/own/sysusers-1-1.noarch.rpm" lock elsewhere
BASE=$T/own/other-format-1-1.noarch.rpm lock format
lock base
lock other "$E"/extra-doc-1*.rpm
chmod a+r "$T"/*.lock
chmod -R a+rX "$T/own"
at_exit cleanup_user
make_user pmroots
round root
round user
done_testing
