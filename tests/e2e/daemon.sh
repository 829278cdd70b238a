#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# packmill as a service: commits are built as they come, people's wishes are carried out, it survives
# kills, full disks, wrong configurations and remotes that hang.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
. "$SRC/tests/lib/service.sh"
need git rpm rpmbuild python3

mkdir "$T/git" "$T/inst"
cd "$T/inst" || exit 1
pid='' silent='' silent_too=''
at_exit 'kill -KILL ${pid:-} ${silent:-} ${silent_too:-} 2>/dev/null; umount "$T/inst/small/repos" 2>/dev/null'

config()
{
	cat <<E2
name: trunk
data: ./${1-data}
targets: [host]
poll: 1h
limits: {jobs: 2}
defaults:
  upstream: {url: "$T/git/{project}", branch: main}
  packaging: {url: "$T/git/{project}-distgit", branch: main}
projects:
  - project: alpha
  - project: beta
E2
}

# what its processes are known by: no other test's
running()
{
	pgrep -f "^sleep 410\.$$\$"
}

# reread N: the configuration that was read anew last is of N projects
reread()
{
	grep '^configuration read anew' log | tail -n 1 | grep -q ": $1 projects on"
}

queue_is_empty()
{
	[ "$("$PACKMILL" queue | wc -l)" = 1 ]
}

project alpha
project beta
config >packmill.yaml

begin
ok 'the first commits are built' eventually is_state 'success success'
is 'of both' "$(builds project | tr ' ' '\n' | sort | tr '\n' ' ')" 'alpha beta '
exits 7 'a second one is refused' "$PACKMILL" run
has 'and the first named' err "locked by process $pid"

# wishes
change alpha 'echo alpha two' >/dev/null
ok 'look now' "$PACKMILL" poll alpha
has 'is left to it' err "left to the packmill that runs \\(process $pid\\)"
ok 'a new commit is built without a restart' eventually is_state 'success success success'
ok 'recheck' "$PACKMILL" recheck beta
ok 'is carried out' eventually grep -q 'recheck beta' log
ok 'hold' "$PACKMILL" queue hold alpha
ok 'arrives' eventually grep -q 'hold alpha' log
change alpha 'echo alpha three' >/dev/null
change alpha 'echo alpha four' >/dev/null
ok 'look now' "$PACKMILL" poll
ok 'what is on hold is queued, not built' eventually is_state 'success success queued queued' -p alpha
n=$("$PACKMILL" list -p alpha --json --limit 1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["builds"][0]["build"])')
ok 'cancel a queued one' env -u USER -u SUDO_USER "$PACKMILL" cancel "$n"
ok 'it is cancelled' eventually is_state 'success success queued cancelled' -p alpha
ok 'why' "$PACKMILL" why "$n"
has 'who did it is named, whatever the environment' out '^ended +cancelled by [^ ]+$'
exits 2 'cancel it again' "$PACKMILL" cancel "$n"
has 'is too late' err "build $n is over: cancelled"
exits 2 'cancel none' "$PACKMILL" cancel 999
exits 2 'no number' "$PACKMILL" queue priority 1 high
ok 'release' "$PACKMILL" queue release alpha
ok 'the other is built' eventually is_state 'success success success cancelled' -p alpha
ok 'queue is empty' eventually queue_is_empty

# one that runs
sed -i "s/^sh -n alpha/sleep 410.$$/" "$T/git/alpha-distgit/alpha.spec"
commit "$T/git/alpha-distgit" 'slow build' >/dev/null
ok 'a slow commit' "$PACKMILL" poll
ok 'runs' eventually running
change beta 'echo beta two' >/dev/null
ok 'another project meanwhile' "$PACKMILL" poll
ok 'is not held back' eventually is_state 'success success' -p beta
ok 'cancel the slow one' "$PACKMILL" cancel "$(builds build | tr ' ' '\n' | tail -n 2 | head -n 1)"
ok 'ends it' eventually is_state 'success success success cancelled cancelled' -p alpha
is 'with its processes' "$(running | wc -l)" 0

# another configuration
echo 'nonsense: 1' >>packmill.yaml
kill -HUP $pid
ok 'a wrong configuration' eventually grep -q "unknown key 'nonsense'" log
ok 'the old one stays' eventually grep -q 'the configuration stays as it was' log
project gamma
{ config; echo '  - project: gamma'; } >packmill.yaml
kill -HUP $pid
ok 'a project more is built' eventually is_state 'success' -p gamma
config >packmill.yaml
kill -HUP $pid
ok 'and one less' eventually reread 2

# a remote that accepts and never answers, and one that is not there: the others go on
# silence FILE: its port is in the file, its process in $!
silence()
{
	python3 -u -c 'import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(9); print(s.getsockname()[1])
time.sleep(600)' >"$1" &
	eventually test -s "$1"
}
silence port
silent=$!
silence port_too
silent_too=$!
project delta
{
	config
	echo "  - {project: hangs, upstream: {url: \"git://127.0.0.1:$(cat port)/x\"},"
	echo "     packaging: {url: $T/git/delta-distgit}}"
	echo "  - {project: ends, upstream: {url: \"git://127.0.0.1:$(cat port_too)/x\"},"
	echo "     packaging: {url: $T/git/beta-distgit}}"
	echo "  - {project: gone, upstream: {url: $T/git/nowhere}}"
	echo '  - project: delta'
} >packmill.yaml
kill -HUP $pid
ok 'others are built while a remote hangs' eventually is_state 'success' -p delta
change delta 'echo delta two' >/dev/null
delta_twice()
{
	"$PACKMILL" poll -q delta
	is_state 'success success' -p delta
}
ok 'not even who shares a packaging repository with it waits for long' eventually delta_twice
for _ in 1 2 3; do "$PACKMILL" poll gone 2>/dev/null; sleep 1.2; done
is 'what is not there is said once' "$(grep -c '^packmill: gone: ' log)" 1
# its first look is cut off when the server ends, the one that was asked for meanwhile meets none
ok 'look again, while a look goes on' "$PACKMILL" poll ends
ok 'is heard' eventually grep -q '^poll ends' log
kill $silent_too
ok 'and done after it' eventually grep -q '^packmill: ends: .*refused' log
config >packmill.yaml
kill -HUP $pid
ok 'and a reload does not wait for it' eventually reread 2
kill $silent

# told to stop
ok 'recheck the slow one' "$PACKMILL" recheck alpha
ok 'runs again' eventually running
stop TERM
is 'exit status of SIGTERM' "$status" 143
is 'no process is left' "$(running | wc -l)" 0
is 'no mount is left' "$(grep -c "$T" /proc/self/mounts)" 0
is 'the build is queued again' "$(builds state -p alpha | sed 's/.* //')" queued
is 'nothing counts as running' "$(builds state | grep -c running)" 0

# killed
begin
ok 'a new one takes it up' eventually running
stop KILL
eventually none_asleep 410
is 'its processes die with it' "$(running | wc -l)" 0
begin
ok 'and the next' eventually running
has 'once' log '^1 interrupted build is queued again$'
ok 'cancelled at last' "$PACKMILL" cancel "$(builds build -p alpha | sed 's/.* //')"
ok 'ends' eventually is_state 'success success success cancelled cancelled' -p alpha
stop TERM

# killed between the end of a build and its record: it is taken over, not built again
sed -i "s/^sleep 410.*/sh -n alpha/" "$T/git/alpha-distgit/alpha.spec"
commit "$T/git/alpha-distgit" 'quick' >/dev/null
ok 'a build' "$PACKMILL" run --once -p alpha
n=$(builds build -p alpha | sed 's/.* //')
python3 - "$n" <<'E2'
import sqlite3, sys
c = sqlite3.connect("data/packmill.db")
c.execute("update build set state = 1, published = 0, repo = null where id = ?", sys.argv[1:])
c.commit()
E2
inode=$(stat -c %i "data/builds/$n/build.log")
begin
ok 'is taken over' eventually grep -q "build $n was finished before" log
ok 'and published' eventually is_state 'success success success cancelled cancelled success' -p alpha
is 'not built again' "$(stat -c %i "data/builds/$n/build.log")" "$inode"
stop TERM

# turns: who was busy for long does not wait for all commits of one that comes in
change beta 'echo beta turns' >/dev/null
sed 's/jobs: 2/jobs: 1/' packmill.yaml >one.yaml
mv one.yaml packmill.yaml
"$PACKMILL" queue hold -q beta
start
for n in 1 2 3 4 5 6; do change alpha "echo alpha turn $n" >/dev/null; done
ok 'look now' "$PACKMILL" poll
built_all()
{
	"$PACKMILL" list --json -p alpha --limit 1 | grep -q '"subject": "echo alpha turn 6"' &&
		"$PACKMILL" list --json -p alpha --limit 1 | grep -q '"state": "success"'
}
ok 'many of one' eventually built_all
"$PACKMILL" queue hold -q
for n in 1 2 3 4 5 6; do change beta "echo beta turn $n" >/dev/null; done
ok 'look now' "$PACKMILL" poll
queued()
{
	[ "$("$PACKMILL" list --json -p "$1" --limit 8 | grep -c '"state": "queued"')" -ge "$2" ]
}
ok 'many of another wait' eventually queued beta 7
change alpha 'echo alpha again' >/dev/null
"$PACKMILL" poll -q
ok 'then one of the first' eventually queued alpha 1
: >log
"$PACKMILL" queue release -q beta
"$PACKMILL" queue release -q
ok 'all are built' eventually sh -c '[ "$(grep -c "^beta: built" log)" = 7 ]'
ok 'it had its turn soon' sh -c 'grep ": build [0-9]* of" log | head -n 3 | grep -q ^alpha'
stop TERM
config >packmill.yaml

# a disk that is full for a while: what was built is kept, and published when there is room
mkdir -p small/repos
if mount -t tmpfs -o size=12M none small/repos 2>/dev/null; then
	config small >packmill.yaml
	ok 'repositories on a disk of their own' "$PACKMILL" run --once
	begin
	ok 'a service there' eventually grep -q 'looked at every' log
	(cd small/repos && find host/current -type f -exec sha256sum {} + | sort) >before
	dd if=/dev/zero of=small/repos/fill bs=64k 2>/dev/null
	dd if=/dev/zero of=small/repos/fill2 bs=512 2>/dev/null
	change alpha 'echo alpha full' >/dev/null
	change beta 'echo beta full' >/dev/null
	ok 'new commits' "$PACKMILL" poll
	ok 'on a full disk: nothing new begins' eventually grep -q 'nothing new begins until this is over' log
	(cd small/repos && find host/current -type f -exec sha256sum {} + | sort) >after
	is 'what is published stays byte for byte' "$(cat after)" "$(cat before)"
	has 'why is said' log 'No space left on device'
	ok 'it lives' kill -0 $pid
	rm small/repos/fill small/repos/fill2
	ok 'it goes on when there is room' eventually is_state 'success success success success'
	ok 'and says so' eventually grep -q '^it works again' log
	is 'nothing was built twice' "$(find small/builds -name 'attempt-*' | wc -l)" 0
	stop TERM
	is 'and ends as ever' "$status" 143
	umount small/repos
else
	skip 'a full disk' 'mounting a tmpfs needs root'
fi

# damaged state ends it, at once and clearly
config >packmill.yaml
cp -a data/packmill.db keep.db
rm -f data/packmill.db-*
printf 'garbage' | dd of=data/packmill.db conv=notrunc 2>/dev/null
exits 1 'a damaged database' "$PACKMILL" run
has 'is named' err 'packmill.db is (damaged|a database of another program)'
rm -f data/packmill.db-*
mv keep.db data/packmill.db

# a service manager is told
python3 - "$PACKMILL" >sd <<'E2'
import os, socket, subprocess, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0packmill-test-%d" % os.getpid())
env = dict(os.environ, NOTIFY_SOCKET="@packmill-test-%d" % os.getpid(), WATCHDOG_USEC="400000")
p = subprocess.Popen([sys.argv[1], "run"], env=env, stderr=subprocess.DEVNULL)
s.settimeout(60)
seen = []
def until(what):
    while True:
        m = s.recv(4096).decode()
        seen.append(m)
        if m.startswith(what):
            return m
until("READY=1")
until("WATCHDOG=1")
until("WATCHDOG=1")
p.send_signal(1)
assert "\nMONOTONIC_USEC=" in until("RELOADING=1")
until("READY=1")
p.send_signal(15)
until("STOPPING=1")
p.wait()
print("all", any(m.startswith("STATUS=") for m in seen))
E2
is 'ready, status, watchdog, reload, stop' "$(cat sd)" 'all True'
done_testing
