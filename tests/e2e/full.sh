#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The disk below the data directory is full while a build is at work: in a fetch, while a root is made, while the log
# is written, in the build's own writable layer, while artifacts are copied, while they are published. That is no word
# about any project: nothing is counted as a try, one line says so, and all goes on when there is room.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
. "$SRC/tests/lib/service.sh"
. "$SRC/tests/lib/distro.sh"
need git rpm rpmbuild python3 setpriv
[ "$(id -u)" = 0 ] || skip_all 'mounting needs root'

mkdir "$T/git" "$T/inst" "$T/inst/disk"
cd "$T/inst" || exit 1
pid='' filler='' server=''
clean()
{
	# shellcheck disable=SC2086 # numbers or nothing
	kill -KILL ${pid:-} ${filler:-} ${server:-} 2>/dev/null
	umount -l "$T/inst/disk" 2>/dev/null
}
at_exit clean

# config PROJECTS [LIMITS]
config()
{
	cat <<E2
name: trunk
data: ./disk
targets: [${target:-host}]
poll: 1s
limits: {jobs: 2, retries: 0${2:+, $2}}
notify: {smtp: "127.0.0.1:${port:-9}", operators: [ops@example.org]}
projects:
E2
	for p in $1; do
		echo "  - {project: $p, upstream: {url: $T/git/$p, branch: main}," \
			"packaging: {url: $T/git/$p-distgit, branch: main}, maintainers: [dev@example.org]}"
	done
}

# states: of all builds, oldest first, each with the number of its tries
states()
{
	"$PACKMILL" list --json | python3 -c 'import json, sys
print(*(b["state"] + ":" + str(b["attempt"]) for b in reversed(json.load(sys.stdin)["builds"])))'
}

is_state()
{
	[ "$(states)" = "$1" ]
}

# No build's process is at work, or tidies up.
none_builds()
{
	! pgrep -f "build -q --job $T/inst/" >/dev/null
}

# What ran is queued again, or will be when there is room for the database to say so.
is_back()
{
	local now
	now=$(states)
	[ "$now" = "$1" ] || { [[ $1 = *queued:0 ]] && [ "$now" = "${1%queued:0}running:1" ] && none_builds; }
}

# fill [KIB]: but for so much, and so it stays, whatever is freed
fill()
{
	local keep=${1:-0}
	fill_to "$keep"
	while sleep 0.02; do
		fill_to "$keep"
	done &
	filler=$!
}

fill_to()
{
	local room
	room=$(($(df -k --output=avail disk | tail -n 1) - $1))
	[ $room -le 0 ] || head -c ${room}K /dev/zero >>disk/fill 2>/dev/null
	return 0
}

empty()
{
	kill "$filler"
	wait "$filler" 2>/dev/null
	filler=
	rm disk/fill*
}

# The page is of the build that was published last; a repository without a build has none.
is_paged()
{
	local dir=disk/repos/${target:-host}/current build
	build=$(sed -n 's/^  id: "\([0-9]*\)"$/\1/p' "$dir/commit.yaml") || return 0
	[ "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["build"])' "$dir/index.json")" = "$build" ]
}

# The page of what is published comes after it, its index.json last: this waits for that.
published()
{
	eventually is_paged
	(cd disk/repos && find "${target:-host}/current/" -type f -exec sha256sum {} + | sort)
}

stalls()
{
	grep -c 'nothing new begins until' log
}

# What the spec of `one` does: in %build and %install
spec()
{
	sed -i -e "/^%build/,/^%files/c\\%build\n$1\n%install\n$2\n%files" "$T/git/one-distgit/one.spec"
	commit "$T/git/one-distgit" 'another way' >/dev/null
}

# full WHAT STATES: it stalls, and nothing is lost
full()
{
	ok "$1: it stalls" eventually grep -q 'nothing new begins until' log
	has "$1: why is said" log '(is free for .*|[^ ]*): No space left on device; nothing new begins'
	ok "$1: what ran is queued" eventually is_back "$2"
	sleep 2.5
	is "$1: one line says so" "$(stalls)" 1
	hasnt "$1: nobody is blamed" log 'failed on|can be looked at again|upstream:|packaging:'
	is "$1: what is published stays byte for byte" "$(published)" "$(cat "$T/before")"
	ok "$1: queue" "$PACKMILL" queue
	has "$1: says why" err 'nothing new begins: .*No space left'
	ok "$1: nothing waits for another try" is_back "$2"
}

# room WHAT STATES [N]: what is tried again sleeps for N once more
room()
{
	empty
	[ $# -lt 3 ] || sleeps "$1" "$3"
	[ $# -lt 3 ] || wake "$3"
	ok "$1: it goes on when there is room" eventually is_state "$2"
	ok "$1: and says so" eventually grep -q '^it works again' log
	is "$1: no try is left behind" "$(find disk/builds -name 'attempt-*')" ''
	hasnt "$1: no build has failed" log 'failed on|given up'
	published >"$T/before"
	: >log
}

# sleeps WHAT N: its build, until it is woken
sleeps()
{
	ok "$1: a build runs" eventually asleep "$2"
}

# what a build tidies up is less than the reserve of such a disk
mount -t tmpfs -o size=256M none disk
project one
config one >packmill.yaml
ok 'a first build' "$PACKMILL" run --once
published >"$T/before"

# ---- one pass ----
fill 100
change one 'echo two' >/dev/null
exits 5 'one pass begins nothing without room' "$PACKMILL" run --once
has 'and says so' err 'less than .* is free for .*: No space left on device'
empty

# ---- a fetch ----
start
ok 'fetch: nothing to do' eventually is_state 'success:1 success:1'
published >"$T/before"
: >log
fill
change one 'echo three' >/dev/null
full fetch 'success:1 success:1'
ok 'fetch: status' "$PACKMILL" status --json
hasnt 'fetch: no project is in trouble' out '(retry|error|"unreachable": [^n])'
room fetch 'success:1 success:1 success:1'
is 'operators were told once' "$("$PACKMILL" notify list --json | grep -c 'No space left')" 1
hasnt 'maintainers were told nothing' <("$PACKMILL" notify list --json) 'dev@example.org'

# ---- the log ----
spec "sleep 601.$$ || :\nseq 300000" 'install -Dm755 one %{buildroot}/usr/bin/one'
sleeps log 601
fill
wake 601
done='success:1 success:1 success:1'
full log "$done queued:0"
room log "$done success:1" 601

# ---- artifacts: they fit in memory, but not on the disk ----
spec "head -c 8M /dev/urandom >big" "sleep 602.$$ || :\ninstall -Dm755 one %{buildroot}/usr/bin/one\ncat big >>%{buildroot}/usr/bin/one"
sleeps artifacts 602
fill 600
wake 602
full artifacts "$done success:1 queued:0"
room artifacts "$done success:1 success:1" 602

# ---- publishing ----
spec "sleep 603.$$ || :" 'install -Dm755 one %{buildroot}/usr/bin/one'
sleeps publish 603
kill -STOP $pid
wake 603
ok 'publish: it is finished' eventually test -e disk/builds/6/result.json
ok 'publish: and gone' eventually none_builds
fill
kill -CONT $pid
full publish "$done success:1 success:1 running:1"
room publish "$done success:1 success:1 success:1"
ok 'publish: it was not built again' test -e disk/builds/6/result.json
stop TERM
is 'it ends as ever' "$status" 143

# ---- the build's own layer, on the disk ----
config one 'disk: 2T' >packmill.yaml
spec "sleep 604.$$ || :\nhead -c 40M /dev/urandom >big" 'install -Dm755 one %{buildroot}/usr/bin/one'
start
sleeps layer 604
head -c 215M /dev/zero >disk/fill
wake 604
# it is gone when rpmbuild has ended: the disk has room for all but this build
ok 'layer: it is no failure' eventually grep -q 'no room on the disk for build 7' log
ok 'layer: it is queued again' eventually is_state "$done success:1 success:1 success:1 queued:0"
hasnt 'layer: no build has failed' log 'failed on|given up'
stop TERM
rm disk/fill
start
sleeps 'layer again' 604
wake 604
ok 'layer: it is built when there is room' eventually is_state "$done success:1 success:1 success:1 success:1"
stop TERM

# ---- a mail: its server takes it and breaks off; that cannot be stored ----
python3 -u -c 'import os, socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(9); print(s.getsockname()[1])
while True:
    c = s.accept()[0]
    with open("calls", "a") as f: f.write("one\n")
    while not os.path.exists("full"): time.sleep(0.05)
    c.close()' >port &
server=$!
eventually test -s port
port=$(cat port)
config one >packmill.yaml
spec 'exit 1' 'true'
start
ok 'mail: a build fails' eventually is_state "$done success:1 success:1 success:1 success:1 failed:1"
ok 'mail: which is told' eventually test -s calls
fill
touch full
ok 'mail: it stalls' eventually grep -q 'nothing new begins until' log
sleep 2.5
ok 'mail: it does not go out again and again' test "$(wc -l <calls)" -le 5
is 'mail: one line says why' "$(stalls)" 1
empty
ok 'mail: it goes on when there is room' eventually grep -q '^it works again' log
stop TERM
unset port
ok 'nothing is wrong' "$PACKMILL" fsck
umount disk

# ---- a root ----
need_distro
serve_distro
target=mini-x86_64
distro_target mini-x86_64.yaml
mount -t tmpfs -o size=1G none disk
# less than rpm asks for: it refuses before the disk is full
head -c 650M /dev/zero >disk/fill-before
config one >packmill.yaml
spec 'true' 'install -Dm755 one %{buildroot}/usr/bin/one'
start
ok 'root: that there is not enough room is no failure' eventually grep -q 'no room on the disk for build 1' log
has 'root: rpm says how much' log ' more space on the '
ok 'root: it is queued again' eventually is_state 'queued:0'
hasnt 'root: no build has failed' log 'failed on|given up'
stop TERM
# not much more: the rest is filled the sooner
head -c 500M /dev/zero >disk/fill-before
start
unpacking()
{
	[ -n "$(find disk/roots -path '*/layer/usr/lib/*' -print -quit 2>/dev/null)" ]
}
# freeze PID...: with all that they have begun, parents first: who is stopped begins nothing
frozen=()
freeze()
{
	local p children
	for p; do
		kill -STOP "$p"
		frozen+=("$p")
		mapfile -t children < <(pgrep -P "$p")
		freeze "${children[@]}"
	done
}
n=0
until unpacking || [ $((n += 1)) -gt 6000 ]; do sleep 0.01; done
# the root does not get whole before the disk is full
freeze "$(pgrep -o -f "build -q --job $T/inst/")"
fill
kill -CONT "${frozen[@]}"
mkdir -p disk/repos/$target/current
published >"$T/before"
full root 'queued:0'
room root 'success:1'
stop TERM
stop_distro
done_testing
