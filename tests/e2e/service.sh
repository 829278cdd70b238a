#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The units, the directories and the configuration that are installed: systemd takes them, and packmill
# builds behind the walls of its unit.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild python3 systemd-analyze systemd-tmpfiles setpriv unshare
units=$(dirname "$PACKMILL")/systemd

# ---- systemd's own opinion ----
# unit FILE NAME: a copy that names the program under test
unit()
{
	sed "s,/[a-z/]*/bin/packmill,$PACKMILL,; s,^Documentation=.*,," "$units/$1" >"$T/$2"
}
mkdir "$T/user"
unit packmill.service packmill.service
unit packmill@.service packmill@.service
unit user/packmill.service user/packmill.service
for f in packmill.service packmill@.service user/packmill.service; do
	as=()
	[[ $f != user/* ]] || as=(--user)
	ok "verify $f" env XDG_RUNTIME_DIR="$T" systemd-analyze verify "${as[@]}" "$T/$f"
	is "$f: without a word" "$(grep -v '^/lib/systemd\|^/usr/lib/systemd' "$T/err")" ''
done
ok 'security' systemd-analyze security --offline=yes --threshold=60 "$T/packmill.service"
sed -i 's/^\[Service\]/&\nWatchdogSek=1/' "$T/packmill.service"
run systemd-analyze verify "$T/packmill.service"
has 'it would say what is wrong' err "Unknown key.* 'WatchdogSek'"

# ---- directories and configuration ----
mkdir -p "$T/root/usr/share/packmill"
sed "s,/[a-z/]*/share/packmill,/usr/share/packmill," "$units/packmill.conf" >"$T/packmill.conf"
cp "$units/packmill.yaml" "$T/root/usr/share/packmill"
if [ "$(id -u)" = 0 ]; then
	ok 'systemd-tmpfiles' systemd-tmpfiles --root="$T/root" --create "$T/packmill.conf"
	is 'the configuration is not for all' "$(stat -c %a "$T/root/etc/packmill/packmill.yaml")" 640
	is 'what is published is' "$(stat -c %a "$T/root/var/lib/packmill")" 755
	echo 'name: mine' >"$T/root/etc/packmill/packmill.yaml"
	systemd-tmpfiles --root="$T/root" --create "$T/packmill.conf"
	is 'a configuration that is there stays' "$(cat "$T/root/etc/packmill/packmill.yaml")" 'name: mine'
else
	skip 'systemd-tmpfiles' 'needs root'
fi
ok 'the configuration is right' "$PACKMILL" config check -c "$units/packmill.yaml"
ok 'as seen by packmill' "$PACKMILL" config show -c "$units/packmill.yaml"
has 'and names the directory of the unit' out '^data: "?/var/lib/packmill'
is 'that of the unit' "$(sed -n 's/^StateDirectory=//p' "$units/packmill.service")" packmill

# ---- behind the walls ----
mkdir "$T/git" "$T/inst"
cat >"$T/inst/packmill.yaml" <<E2
name: trunk
data: ./data
targets: [host]
projects:
  - {project: tool, upstream: {url: $T/git/tool, branch: main}, packaging: {url: $T/git/tool-distgit, branch: main}}
E2
project tool
# walls COMMAND...: what the unit asks for, as far as it can be had without systemd
walls()
{
	local caps
	caps=$(sed -n 's/^CapabilityBoundingSet=//p' "$units/packmill.service" | tr ' ' '\n' |
		sed 's/^CAP_/+/' | tr 'A-Z\n' 'a-z,')
	mkdir -p /run/packmill
	unshare -m bash -c '
		set -e
		caps=$1 data=$2
		shift 2
		mount --make-rslave /
		for rw in "$data" /run/packmill; do mount --bind "$rw" "$rw"; done
		mount -o remount,bind,ro /
		mount -t tmpfs -o mode=1777,nosuid,nodev none /tmp
		cd "$data"
		exec setpriv --bounding-set="-all,${caps%,}" --inh-caps=-all --no-new-privs \
			env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' - "$caps" "$T/inst" "$@"
}
if [ "$(id -u)" = 0 ] && unshare -m mount --make-rslave / 2>/dev/null; then
	ok 'a run behind the walls' walls ASAN_OPTIONS="${ASAN_OPTIONS-}" "$PACKMILL" run --once
	has 'builds' out '^built 1, failed 0, retry 0,'
	ok 'the walls are there' walls sh -c '! touch /etc/x 2>/dev/null && ! mknod x c 1 3 2>/dev/null'
else
	skip 'a run behind the walls' 'needs root'
fi
done_testing
