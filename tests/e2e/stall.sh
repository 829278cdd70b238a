#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A service whose disks fail it for a while: repositories that became read-only, a full disk below the database, a
# device with errors; and a kill between the end of a build and its record.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
. "$SRC/tests/lib/service.sh"
need git rpm rpmbuild python3 strace
[ "$(id -u)" = 0 ] || skip_all 'mounting needs root'

mkdir "$T/git" "$T/inst" "$T/inst/disk" "$T/inst/ro"
cd "$T/inst" || exit 1
pid='' tracer=''
clean()
{
	# shellcheck disable=SC2086 # numbers or nothing
	kill -KILL ${pid:-} ${tracer:-} 2>/dev/null
	umount -l "$T/inst/data/repos" "$T/inst/disk" 2>/dev/null
}
at_exit clean

config()
{
	cat <<E2
name: trunk
data: ./$1
targets: [host]
poll: 1h
notify: {smtp: "127.0.0.1:9", operators: [ops@example.org]}
projects:
  - {project: one, upstream: {url: $T/git/one, branch: main}, packaging: {url: $T/git/one-distgit, branch: main}}
E2
}

published()
{
	(cd "$1/repos" && find host/current/ -type f -exec sha256sum {} + | sort)
}

project one
project two
config data >packmill.yaml

# ---- read-only repositories ----
mkdir -p data/repos
mount -t tmpfs -o size=32M none data/repos
ok 'a first build' "$PACKMILL" run --once
start
published data >before
mount -o remount,ro data/repos
change one 'echo two' >/dev/null
ok 'a new commit' "$PACKMILL" poll
ok 'cannot be published' eventually grep -q 'nothing new begins until this is over' log
has 'why is said' log 'Read-only file system'
ok 'queue' "$PACKMILL" queue
has 'says it too' err 'nothing new begins: .*Read-only file system'
ok 'status' "$PACKMILL" status
has 'as well' err 'nothing new begins: .*Read-only file system'
ok 'as JSON' "$PACKMILL" queue --json
has 'the same' out '"stalled": ".*Read-only file system'
change one 'echo three' >/dev/null
sleep 2.5
is 'once in the log' "$(grep -c 'Read-only' log)" 1
is 'operators are told' "$("$PACKMILL" notify list --json | grep -c 'Read-only')" 1
is 'what is published stays byte for byte' "$(published data)" "$(cat before)"
is 'nothing else begins' "$(builds state)" 'success running'
mount -o remount,rw data/repos
ok 'it goes on when that is over' eventually is_state 'success success'
ok 'and says so' eventually grep -q '^it works again' log
is 'nothing was built twice' "$(find data/builds -name 'attempt-*' | wc -l)" 0
ok 'queue' "$PACKMILL" queue
hasnt 'has nothing to say any more' err 'nothing new begins'

# ---- errors of the device below the database ----
published data >before
strace -q -o /dev/null -p $pid -e trace=pwrite64,fdatasync,fsync -e inject=pwrite64,fdatasync,fsync:error=EIO 2>trace &
tracer=$!
ok 'errors begin' eventually grep -q "^TracerPid:.*$tracer" /proc/$pid/status
ok 'a new commit' "$PACKMILL" poll
ok 'stalls it' eventually sh -c "[ \$(grep -c 'nothing new begins until' log) = 2 ]"
has 'why is said' log '(Input/output error|disk I/O error).*nothing new begins'
is 'what is published stays byte for byte' "$(published data)" "$(cat before)"
ok 'it lives' kill -0 $pid
kill $tracer
wait $tracer 2>/dev/null
tracer=
ok 'it goes on when they end' eventually is_state 'success success success'
ok 'and says so' eventually sh -c "[ \$(grep -c '^it works again' log) = 2 ]"
stop TERM
is 'and ends as ever' "$status" 143
ok 'nothing is wrong' "$PACKMILL" fsck
umount data/repos

# ---- a full disk below everything ----
mount -t tmpfs -o size=24M none disk
config disk >packmill.yaml
ok 'on a small disk' "$PACKMILL" run --once
start
published disk >before
change one 'echo four' >/dev/null
dd if=/dev/zero of=disk/fill bs=64k 2>/dev/null
dd if=/dev/zero of=disk/fill2 bs=512 2>/dev/null
"$PACKMILL" poll >/dev/null 2>&1
cat >>packmill.yaml <<E2
  - {project: two, upstream: {url: $T/git/two, branch: main}, packaging: {url: $T/git/two-distgit, branch: main}}
E2
no_reload()
{
	kill -HUP $pid && sleep 0.3 && grep -Eq 'the configuration stays as it was: .*(No space left|is full)' log
}
ok 'another configuration has to wait, too' eventually no_reload
hasnt 'and is not said to be there' log 'configuration read anew'
sleep 0.5
ok 'it lives' kill -0 $pid
is 'what is published stays byte for byte' "$(published disk)" "$(cat before)"
rm disk/fill disk/fill2
ok 'it goes on when there is room' eventually is_state 'success success success'
has 'under the other configuration' log 'configuration read anew: 2 projects'
stop TERM
is 'and ends as ever' "$status" 143
umount disk
config data >packmill.yaml

# ---- killed between the end of a build and its record ----
sed -i "s/^sh -n one/sleep 610.$$ || :/" "$T/git/one-distgit/one.spec"
commit "$T/git/one-distgit" 'slow' >/dev/null
rm -rf data
start
ok 'a build runs' eventually asleep 610
kill -STOP $pid
wake 610
ok 'it ends, and nobody looks' eventually test -e data/builds/1/result.json
kill -KILL $pid
wait $pid
pid=
inode=$(stat -c %i data/builds/1/build.log)
start
ok 'the next one takes it over' eventually is_state 'success'
has 'and says so' log 'build 1 was finished before, it is taken over'
is 'it was not built again' "$(stat -c %i data/builds/1/build.log) $(find data/builds -name 'attempt-*')" "$inode "
is 'it is in the repository' "$(find -L data/repos/host/current -name 'one-*.noarch.rpm' -printf '%f\n' | sort -u | wc -l)" 1

# ---- packages that are gone before they are published ----
change one 'echo five' >/dev/null
ok 'the next commit' "$PACKMILL" poll
ok 'is built' eventually asleep 610
kill -STOP $pid
wake 610
ok 'it ends, and nobody looks' eventually test -e data/builds/2/result.json
rm data/builds/2/one-*.noarch.rpm
kill -CONT $pid
ok 'it will be tried again' eventually is_state 'success retry'
ok 'why is said' eventually grep -q 'its packages are not as they were built: .*No such file' log
hasnt 'others go on' log 'nothing new begins'
stop TERM
{ eventually asleep 610; wake 610; } &
ok 'another try' "$PACKMILL" run --once
is 'makes them' "$(builds state)" 'success success'
done_testing
