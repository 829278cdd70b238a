#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --timeout ends the whole command, whatever it waits for.
. "$(dirname "$0")/../lib/tap.sh"
cd "$T" || exit 1
need pgrep
# in the scratch, whose name is this test's alone: how its processes are known
never=$T/never.scd
mkfifo "$never"

none()
{
	! pgrep -f "$1" >/dev/null
}

# opening a fifo nobody writes to: waits for ever, deaf to SIGTERM
exits 11 'a command that hangs' "$PACKMILL" --timeout 1 generate man "$never"
stderr_is 'is said once' <<'E'
packmill: generate: not finished after 1 s (--timeout)
E
ok 'a command that is quick' "$PACKMILL" --timeout 60 help
cp out quick
ok 'without' "$PACKMILL" help
cp out plain
ok 'says the same' cmp plain quick
exits 2 'a failure in time keeps its status' "$PACKMILL" --timeout 60 help nonsense
is 'and is said once' "$(wc -l <err)" 1
ok '0 is no limit' "$PACKMILL" --timeout 0 help

"$PACKMILL" --timeout 60 generate man "$never" 2>/dev/null &
pid=$!
ok 'a command runs' eventually pgrep -P $pid
kill -KILL $pid
wait $pid 2>/dev/null
ok 'a killed supervisor takes the command along' eventually none "generate man $never"
# a build that sleeps: its processes, its sandbox and its scratch go with it
need rpmbuild
mkdir pack
cat >pack/x.spec <<'E'
Name: x
Version: 1
Release: 1
Summary: x
License: MIT
BuildArch: noarch
%description
x
%build
sleep 76543.@ & sleep 76543.@
%files
E
sed -i "s/@/$$/g" pack/*.spec # another run of this test beside it has sleeps of its own
export XDG_CACHE_HOME=$T/cache
# longer where it has not come to the build by then
for limit in 4 16 64; do
	rm -rf out-dir
	"$PACKMILL" --timeout $limit -q build -o out-dir pack >out 2>err &
	pid=$!
	seen=
	while kill -0 $pid 2>/dev/null && [ -z "$seen" ]; do
		none "sleep 76543\\.$$" || seen=1
		sleep 0.05
	done
	wait $pid
	status=$?
	[ -z "$seen" ] || break
done
is 'a build that hangs' "${seen:-not} $status" '1 11'
same 'is said once' err <<E
packmill: build: not finished after $limit s (--timeout)
E
is 'no process of it is left' "$(pgrep -f "sleep 76543\.$$")" ''
is 'no scratch of it is left' "$(ls -A out-dir 2>/dev/null)" ''
is 'no mount of it is left' "$(grep "$T" /proc/self/mounts)" ''
done_testing
