#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# --timeout ends the whole command, whatever it waits for.
. "$(dirname "$0")/../lib/tap.sh"
cd "$T" || exit 1
need pgrep
mkfifo never.scd

# opening a fifo nobody writes to: waits for ever, deaf to SIGTERM
exits 11 'a command that hangs' "$PACKMILL" --timeout 1 generate man never.scd
stderr_is 'is said once' <<'E'
packmill: generate: not finished after 1 s (--timeout)
E
ok 'a command that is quick' "$PACKMILL" --timeout 5 help
cp out quick
ok 'without' "$PACKMILL" help
cp out plain
ok 'says the same' cmp plain quick
exits 2 'a failure in time keeps its status' "$PACKMILL" --timeout 5 help nonsense
is 'and is said once' "$(wc -l <err)" 1
ok '0 is no limit' "$PACKMILL" --timeout 0 help

"$PACKMILL" --timeout 60 generate man never.scd 2>/dev/null &
pid=$!
sleep 0.3
kill -KILL $pid
wait $pid 2>/dev/null
sleep 0.3
is 'a killed supervisor takes the command along' "$(pgrep -f 'generate man never.scd')" ''
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
exits 11 'a build that hangs' "$PACKMILL" --timeout 4 -q build -o out-dir pack
stderr_is 'is said once' <<'E'
packmill: build: not finished after 4 s (--timeout)
E
is 'no process of it is left' "$(pgrep -f "sleep 76543\.$$")" ''
is 'no scratch of it is left' "$(ls -A out-dir)" ''
is 'no mount of it is left' "$(grep "$T" /proc/self/mounts)" ''
done_testing
