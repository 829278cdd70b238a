#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What hostile builds try, with the outcome to reach, and what must keep working inside; as root
# (ids of their own, idmapped layers) and as an ordinary user with subordinate ids.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/user.sh"
need newuidmap setcap fakeroot useradd su ps script

TOOLS=${PACKMILL%/*}/tests/tools
mkdir "$T/bin" "$T/in"
cp "$TOOLS/tool_sandbox" "$T/bin/" || skip_all "no $TOOLS/tool_sandbox"
cp "$TOOLS/tool_inside" "$T/in/inside"
chmod -R go+rX "$T/bin" "$T/in"

# skeleton DIR: what a root needs besides /usr for su, useradd and friends
skeleton()
{
	mkdir -p "$1"/{etc,var/log,var/mail,home,root}
	for l in bin sbin lib lib32 lib64 libx32; do
		[ -e "/usr/$l" ] && ln -s "usr/$l" "$1/$l"
	done
	cp -rL /etc/pam.d "$1/etc/"
	for f in login.defs nsswitch.conf shells ld.so.cache ld.so.conf environment; do
		[ -e "/etc/$f" ] && cp "/etc/$f" "$1/etc/"
	done
	[ -d /etc/alternatives ] && cp -rP /etc/alternatives "$1/etc/"
	[ -d /etc/security ] && cp -rL /etc/security "$1/etc/"
	printf '%s\n' root:x:0:0:root:/root:/bin/bash builder:x:1000:1000::/builddir:/bin/bash \
		nobody:x:65534:65534::/:/usr/sbin/nologin >"$1/etc/passwd"
	printf '%s\n' root:x:0: tty:x:5: mail:x:8: shadow:x:42: builder:x:1000: nogroup:x:65534: \
		>"$1/etc/group"
	printf '%s\n' 'root:*:19000:0:99999:7:::' 'builder:!:19000:0:99999:7:::' >"$1/etc/shadow"
	: >"$1/etc/gshadow"
	chmod -R u+rwX,go+rX "$1"
}

# as COMMAND...: as the user of this round, in a cgroup of this test
as()
{
	(
		for g in $CGROUPS; do
			echo "$BASHPID" >"$g/cgroup.procs"
		done
		[ "$mode" != root ] || exec "$@"
		exec su -s /bin/bash "$U" -c "$(printf '%q ' "$@")"
	)
}

# sb OPTION... -- COMMAND...: a sandbox over the skeleton
sb()
{
	as "$T/bin/tool_sandbox" -s "$D/state" -E "T=$T" -B "$D/skel" "$@"
}

verdict()
{
	sed -n 's/^verdict //p' "$T/out" | tail -n 1
}

# verdict_has WHAT WORD...: the last verdict has these words
verdict_has()
{
	local what=$1 v w
	shift
	v=" $(verdict) "
	for w; do
		[[ $v == *" $w "* ]] || {
			fail "$what" "no '$w' in the verdict
$(show_run)"
			return
		}
	done
	pass "$what"
}

# What runs in our sandboxes: they carry T in their environment, as other builds here do not.
left()
{
	local f pid
	for f in $(grep -lszx "T=$T" /proc/[0-9]*/environ); do
		pid=${f//[^0-9]/}
		[ "$(stat -c %u "/proc/$pid" 2>/dev/null || echo 0)" -lt 65536 ] ||
			ps -o pid=,args= -p "$pid"
	done
}

groups_left()
{
	# shellcheck disable=SC2086
	[ -z "$CGROUPS" ] || find ${CGROUPS%/leaf} -type d -name 'packmill.*'
}

# field NAME: of the last verdict
field()
{
	verdict | tr ' ' '\n' | sed -n "s/^$1=//p"
}

none_left()
{
	[ -z "$(left)" ]
}

# sleeping N COUNT: so many of our sandboxed processes sleep for N seconds
sleeping()
{
	[ "$(left | grep -c "[0-9] sleep $1\$")" -ge "$2" ]
}

# other: a sandbox that stays until `other_ends`
other()
{
	as "$T/bin/tool_sandbox" -s "$D/other" -E "T=$T" -B "$D/skel" -- sleep 8890 >/dev/null 2>&1 &
	eventually sleeping 8890 1
}

other_ends()
{
	kill "$(pgrep -of "^$T/bin/tool_sandbox -s $D/other")"
	wait
}

limits()
{
	run sb -p 200 -t 2 -- bash -c 'b() { b | b & b; }; b 2>/dev/null; while :; do b; done'
	verdict_has "$mode: a fork bomb ends at the time limit" limit=time signal=9
	ok "$mode: ... not by itself" [ "$(field seconds | cut -d. -f1)" -lt 120 ]
	is "$mode: ... and leaves no process" "$(left)" ''
	run sb -p 40 -- sh -c 'i=0; while [ $((i += 1)) -lt 100 ]; do sleep 9 & done'
	has "$mode: too many processes are refused" "$T/err" 'fork'
	[ -z "$limited" ] || verdict_has "$mode: ... and named" limit=pids

	run sb -- sh -c '(setsid sleep 7777 & setsid sh -c "sleep 7777 & sleep 7777" &) ; exit 0'
	verdict_has "$mode: a build that leaves daemons ends" exit=0 limit=none
	is "$mode: ... and none of them is left" "$(left)" ''

	run sb -t 1 -- sh -c 'trap "" TERM HUP INT QUIT; while :; do sleep 0.1; done'
	verdict_has "$mode: one that ignores signals is killed at the limit" limit=time signal=9 exit=137
	is "$mode: ... with all it had" "$(left)" ''

	if [ -n "$limited" ]; then
		run sb -m 300M -d 64M -- sh -c \
			'head -c 2000000000 /dev/zero | tail >/dev/null; exit 3'
		verdict_has "$mode: 2 GB under 300 MB: only that child dies, memory is named" \
			exit=3 signal=0 limit=memory
		ok "$mode: ... and the peak is known" [ "$(field peak)" -gt 100000000 ]
	else
		skip "$mode: memory limit" 'no cgroup for this user'
	fi

	run sb -d 512M -- dd if=/dev/zero of=/builddir/big bs=1M count=10240
	verdict_has "$mode: 10 GB into a root of 512 MB" limit=disk exit=1
	has "$mode: ... ends with no space left" "$T/err" 'No space left on device'

	as mkdir -m 700 "$D/closed"
	run sb -k "$D/closed/layer" -r -d 60M -t 200 -- sh -c \
		'i=0; while :; do i=$((i+1)); head -c 10000000 /dev/zero >/opt-$i; sleep 0.05; done'
	verdict_has "$mode: a layer on disk that grows too big is stopped" limit=disk
	run sb -k "$D/closed/layer2" -r -i 3000 -t 60 -- sh -c \
		'i=0; while :; do i=$((i+1)); mkdir /d-$i; seq -f "/d-$i/f%g" 200 | xargs touch; done'
	verdict_has "$mode: ... or gets too many files" limit=inodes

	run sb -k "$D/closed/layer3" -r -d 60M -t 200 -- sh -c 'for i in $(seq 400); do mkdir d; cd d; done
		while head -c 10000000 /dev/zero >>big; do sleep 0.05; done'
	verdict_has "$mode: ... at any depth" limit=disk
	run sb -k "$D/closed/layer4" -r -d 60M -t 200 -- sh -c 'exec 3>big; rm big
		while head -c 10000000 /dev/zero >&3; do sleep 0.05; done'
	verdict_has "$mode: ... or in a file without a name" limit=disk

	run sb -i 5000 -- sh -c \
		'seq -f "/builddir/f%.0f" 1000000 | xargs sh -c "touch \"\$@\" || exit 255" sh'
	verdict_has "$mode: 1,000,000 files" limit=inodes
	has "$mode: ... end with no space left" "$T/err" 'No space left on device'

	run sb -l 1M -- sh -c 'echo first; yes | head -c 1000000000; echo the last words'
	verdict_has "$mode: 1 GB of log: the build goes on" exit=0 cut=1
	is "$mode: ... the log is cut at its cap" \
		"$([ "$(stat -c %s "$T/err")" -le 1048700 ] && echo yes)" yes
	has "$mode: ... says so" "$T/err" '^\[\.\.\. [0-9]+ bytes of log cut here \.\.\.\]$'
	is "$mode: ... keeps its head" "$(head -n 1 "$T/err")" first
	is "$mode: ... keeps its tail" "$(tail -n 1 "$T/err")" 'the last words'
	run sb -l 1M -- sh -c 'printf "no newline"'
	is "$mode: a log without a newline stays as it is" "$(cat "$T/err")" 'no newline'
	is "$mode: no cgroup is left" "$(groups_left)" ''
}

# What the kernel counts for real root must be left to it.
accounts()
{
	local pid
	as "$T/bin/tool_sandbox" -s "$D/state" -E "T=$T" -B "$D/skel" -d 1000G -- sh -c 'cp /usr/bin/true t
		chmod 4755 t; python3 -c "
import ctypes, time
while ctypes.CDLL(None).inotify_init1(0) >= 0: pass
open(\"done\", \"w\"); time.sleep(600)"' >"$T/out" 2>&1 &
	eventually test -e "$D/state/layer/u0/builddir/done"
	[ "$mode" != root ] || ok "$mode: no build uses up the inotify instances of root" python3 -c \
		'import ctypes, sys; sys.exit(ctypes.CDLL(None).inotify_init1(0) < 0)'
	is "$mode: nobody else reaches the setuid files of a layer" \
		"$(stat -c %a "$D/state" "$D/state/layer/u0/builddir/t" | tr '\n' ' ')" '700 4755 '
	pid=$(pgrep -of "^$T/bin/tool_sandbox -s $D/state")
	kill -TERM "$pid"
	wait
	run sb -x -- cat /proc/self/limits
	has "$mode: no crash starts the machine's crash handler" "$T/out" 'Max core file size +1 +1 '
	[ "$mode" = root ] || return 0
	mkdir -m 700 "$D/foreign"
	chown "$U" "$D/foreign"
	run sb -k "$D/foreign/layer" -r -- true
	has "$mode: no layer where somebody else may go" "$T/out" '^error denied: .*reached by others'
}

# What a killed supervisor leaves.
mounts_left()
{
	grep -l "$D/dead" /proc/[0-9]*/mountinfo 2>/dev/null
}

supervisor_killed()
{
	local pid
	as "$T/bin/tool_sandbox" -s "$D/dead/one" -E "T=$T" -B "$D/skel" -- sh -c \
		'sleep 8888 & setsid sleep 8888 & sleep 8888' >/dev/null 2>&1 &
	eventually sleeping 8888 3
	is "$mode: a build with three processes runs" "$(left | grep -c '[0-9] sleep 8888')" 3
	pid=$(pgrep -of "^$T/bin/tool_sandbox -s $D/dead/one")
	kill -9 "$pid"
	eventually none_left
	is "$mode: when its supervisor was killed no process is left" "$(left)" ''
	ok "$mode: ... and no mount" eventually eval '[ -z "$(mounts_left)" ]'
	wait
	ok "$mode: leftovers are there to be swept" test -d "$D/dead/one"
	ok "$mode: ... and are swept" as "$T/bin/tool_sandbox" -Z "$D/dead"
	is "$mode: ... all of them" "$(ls "$D/dead")" ''
	is "$mode: ... cgroups too" "$(groups_left)" ''
	mkdir "$D/dead/unrelated"
	as "$T/bin/tool_sandbox" -Z "$D/dead"
	ok "$mode: what is not ours is not swept" test -d "$D/dead/unrelated"
}

supervisor_stopped()
{
	local pid
	as "$T/bin/tool_sandbox" -s "$D/state" -E "T=$T" -B "$D/skel" -- sh -c \
		'trap "" TERM; sleep 8889 & sleep 8889' >"$T/out" 2>&1 &
	eventually sleeping 8889 2
	pid=$(pgrep -of "^$T/bin/tool_sandbox -s $D/state")
	kill -TERM "$pid"
	wait $!
	is "$mode: a supervisor that is told to stop says so" "$?" 143
	is "$mode: ... no process is left" "$(left)" ''
	is "$mode: ... and no scratch" "$(ls -d "$D/state" 2>/dev/null)" ''
	is "$mode: ... and no cgroup" "$(groups_left)" ''
}

# On a terminal of its own, 33 rows high.
terminal()
{
	local c
	c="stty rows 33 cols 99; stty -g >$D/before; $(printf '%q ' "$T/bin/tool_sandbox" -s \
		"$D/state" -B "$D/skel" -T -- sh -c 'stty size; test -t 2 && tty'); stty -g >$D/after"
	run as script -qec "$c" "$D/typescript"
	has "$mode: a terminal inside has the size of ours" "$T/out" '33 99'
	has "$mode: ... and its own name" "$T/out" '/dev/pts/0'
	is "$mode: ours is as it was before" "$(cat "$D/after")" "$(cat "$D/before")"
	run as bash -c "echo 'echo typed \$((6*7)); exit 5' | $(printf '%q ' "$T/bin/tool_sandbox" -s \
		"$D/state" -B "$D/skel" -T -- sh)"
	has "$mode: what comes through a pipe is typed" "$T/out" 'typed 42'
	verdict_has "$mode: ... and the shell's status comes back" exit=5
}

# expect WHO TABLE: lines "NAME RESULT[|RESULT]" that tool_inside must print
expect()
{
	local name want got
	# shellcheck disable=SC2046
	run sb "${@:3}" -b "$T/in" -- /in/inside $(cut -d' ' -f1 <<<"$2")
	while read -r name want; do
		got=$(sed -n "s#^$name ##p" "$T/err")
		if [[ "|$want|" == *"|$got|"* ]]; then
			pass "$mode, $1: $name: $got"
		else
			fail "$mode, $1: $name" "expected $want, got $got"
		fi
	done <<<"$2"
}

refused='keyctl EPERM
add_key EPERM
request_key EPERM
bpf EPERM
perf_event_open EPERM
userfaultfd EPERM
kexec_load EPERM
init_module EPERM
finit_module EPERM
open_by_handle_at EPERM
io_uring_setup EPERM
syslog EPERM
settimeofday EPERM
swapon EPERM
reboot EPERM
quotactl EPERM
acct EPERM
pidfd_getfd EPERM
mount EPERM
umount EPERM
remount EPERM
fsopen EPERM
pivot_root EPERM
unshare_user EPERM
unshare_mount EPERM
clone_user EPERM
clone3 ENOSYS
setns EPERM
mknod_null EPERM
mknod_disk EPERM
internet ENETUNREACH
vsock EAFNOSUPPORT
vsock_high_bits EAFNOSUPPORT
packet EAFNOSUPPORT
alg EAFNOSUPPORT
raw_ip EPERM
tiocsti EPERM
tiocsti_high_bits EPERM
tioclinux EPERM
w:/proc/sys/kernel/core_pattern EACCES|EROFS
w:/proc/sys/kernel/hostname EACCES|EROFS
w:/proc/sys/vm/drop_caches EACCES|EROFS
w:/proc/sys/net/ipv4/ip_forward EACCES|EROFS
w:/proc/sysrq-trigger EACCES|EROFS|ENOENT
w:/sys/power/state EACCES|EROFS|ENOENT
w:/sys/kernel/uevent_helper EACCES|EROFS|ENOENT
w:/proc/1/oom_score_adj EACCES|EROFS
r:/proc/1/environ EACCES
r:/proc/1/fd EACCES
r:/proc/1/mem EACCES
r:/proc/1/root EACCES
l:/proc/1/exe EACCES
l:/proc/1/cwd EACCES
l:/proc/1/root EACCES
r:/proc/kcore EACCES|EPERM|ENOENT
r:/proc/kmsg EACCES|EPERM|ENOENT
r:/dev/kmsg ENOENT
r:/dev/vda ENOENT
r:/dev/kvm ENOENT
r:/dev/vsock ENOENT
fds ok
stdin ok
session ok
no_new_privs ok
sigpipe ok'
[ "$(uname -m)" != x86_64 ] || refused+='
i386_getpid ENOSYS
i386_vsock ENOSYS
i386_socketcall ENOSYS
i386_keyctl ENOSYS
i386_unshare ENOSYS
x32_getpid ENOSYS
x32_keyctl ENOSYS'
works='loopback ok
pty ok
ptrace ok
personality ok
chmod_4755 ok
mkfifo ok
shm ok
memfd ok
unshare_files ok'
root_works='chroot ok
setuid ok
chown ok
chown_top ok
chown_beyond EINVAL
setcap ok'

keeps_working()
{
	expect builder "$works"
	expect root "$works
$root_works" -r
	run sb -r -x -- sh -c 'useradd -m somebody && su somebody -s /bin/sh -c "id -un; cd; pwd"'
	has "$mode: useradd and su work" "$T/out" '^somebody$'
	has "$mode: ... with a home" "$T/out" '^/home/somebody$'
	run sb -x -- fakeroot sh -c 'touch f; chown 0:0 f; stat -c %u f; id -u'
	is "$mode: fakeroot works" "$(grep -v '^verdict' "$T/out" | tr '\n' ' ')" '0 0 '
	run sb -r -x -- sh -c 'cp /usr/bin/true /tmp/t && setcap cap_net_bind_service+ep /tmp/t &&
		getcap /tmp/t'
	has "$mode: setcap works" "$T/out" '/tmp/t cap_net_bind_service=ep'
	run sb -x -- sh -c 'id -u; pwd; echo hello >x; cat x' -- cat /builddir/x
	is "$mode: the next command sees what the one before wrote" \
		"$(grep -v '^verdict' "$T/out" | tr '\n' ' ')" '1000 /builddir hello hello '
	run sb -- no-such-program
	verdict_has "$mode: a program that is not there" exit=127
	run sb -P /builddir/deep/x.spec -x -- sh -c 'stat -c "%u %a" deep deep/x.spec; cat deep/x.spec'
	is "$mode: files put in belong to the builder" \
		"$(grep -v '^verdict' "$T/out" | tr '\n' ' ')" '1000 755 1000 644 put '
	run sb -x -N -r -- unshare -rm sh -c 'mount -t tmpfs t /mnt 2>&1; mount -t tmpfs t /tmp && echo nested'
	has "$mode: nesting can be allowed" "$T/out" '^nested$'
	run sb -T -- sh -c 'tty; test -t 0 && echo terminal'
	has "$mode: a terminal is one" "$T/out" '^terminal'
	has "$mode: ... of the sandbox" "$T/out" '^/dev/pts/0'
}

# collects DIR GLOB COMMAND: runs the command as builder and collects
collects()
{
	rm -rf "$D/out"
	as mkdir "$D/out"
	run sb -R -C "$1" -g "$2" -o "$D/out" "${@:4}" -- sh -c "cd /builddir; mkdir RPMS; cd RPMS; $3"
}

# refused_as WHAT SCRIPT REGEX
refused_as()
{
	collects /builddir/RPMS '*.rpm' "$2" "${@:4}"
	has "$mode: $1 is refused and named" "$T/out" "^error build: .*$3"
}

artifacts()
{
	collects /builddir/RPMS '*.rpm' 'mkdir -p x86_64; echo a >a-1.0~rc1^2-1.rpm; echo b >x86_64/b.rpm;
		echo no >c.txt; chmod 0 a-1.0*; chmod 700 x86_64'
	is "$mode: plain artifacts come out" "$(grep ^collected "$T/out" | tr '\n' ' ')" \
		'collected a-1.0~rc1^2-1.rpm collected b.rpm '
	is "$mode: ... as fresh files" "$(stat -c '%a %h' "$D/out/b.rpm" 2>&1)" '644 1'
	refused_as 'a symbolic link' 'ln -s /etc/passwd x.rpm' "'x.rpm' is refused"
	refused_as 'a hard link' 'echo 1 >a; ln a x.rpm' "'x.rpm' is refused: .*hard link"
	refused_as 'a setuid file' 'echo 1 >x.rpm; chmod 4755 x.rpm' "'x.rpm' is refused: .*setuid"
	refused_as 'a fifo' 'mkfifo x.rpm' "'x.rpm' is refused: a fifo"
	refused_as 'a sparse file of 1 TB' 'truncate -s 1T x.rpm' "'x.rpm' is refused: too big"
	refused_as 'a sparse file' 'truncate -s 100M x.rpm' "'x.rpm' is refused: a sparse file"
	refused_as 'a socket' \
		"python3 -c 'import socket; socket.socket(1, 1).bind(\"x.rpm\")'" "'x.rpm' is refused"
	refused_as 'a name with markup' 'echo 1 >"<script>.rpm"' 'name .* is refused'
	refused_as 'a name with a newline' "echo 1 >'x
y.rpm'" 'name '
	refused_as 'a name with escape codes' "echo 1 >\"\$(printf 'x\\033[31m.rpm')\"" 'name '
	refused_as 'a name with two dots' 'echo 1 >x..rpm' 'name .* is refused'
	refused_as 'a name like an option' 'echo 1 >-x.rpm' 'name .* is refused'
	refused_as 'a name of 250 characters' 'echo 1 >$(printf "%0246d" 1).rpm' 'name .* is refused'
	refused_as 'one name twice' 'mkdir a b; echo 1 >a/x.rpm; echo 2 >b/x.rpm' "two files .*'x.rpm'"
	refused_as 'a tree too deep' 'for i in $(seq 40); do mkdir d; cd d; done; echo 1 >x.rpm' 'too deep'
	collects /builddir/RPMS '*' 'cd ..; mv RPMS R; ln -s /etc RPMS'
	has "$mode: a build directory replaced by a link is refused" "$T/out" \
		"^error build: .*'/builddir/RPMS' is refused"
	collects /builddir/RPMS '*' 'cd /; mv builddir b; ln -s /etc builddir' -r
	has "$mode: ... the one above it too" "$T/out" '^error build: .* is refused'
	collects /builddir/RPMS/gone '*' 'true'
	is "$mode: a directory that is not there holds nothing" "$status" 0
	run sb -G /builddir/l -- ln -s /etc/passwd l
	has "$mode: a link is not read" "$T/out" '^error build: .*refused'
	run sb -G /etc/passwd -- true
	has "$mode: only what was written is read" "$T/out" '^error not-found:'
	run sb -G /builddir/n -- sh -c 'echo fine >n; chmod 0 n'
	has "$mode: what was written is read" "$T/out" '^read fine$'
	run sb -r -P /builddir/x/y -- true
	run sb -P /builddir/x/y -- true
	is "$mode: putting a file below nothing makes the way" "$status" 0
}

secrets()
{
	export PM_SECRET=hunter2 SSH_AUTH_SOCK=$T/agent GNUPGHOME=$T/gnupg
	run sb -x -E ALLOWED=yes -- env
	hasnt "$mode: the environment stays outside" "$T/out" 'hunter2|SSH_|GNUPG|PM_SECRET'
	has "$mode: ... but for what is allowed" "$T/out" '^ALLOWED=yes$'
	has "$mode: ... and the usual" "$T/out" '^LANG=C.UTF-8$'
	unset PM_SECRET SSH_AUTH_SOCK GNUPGHOME
	run sb -x -r -- sh -c 'ls -A /home /root; ls -d /tmp/* /var/tmp/*; cat /proc/1/cmdline | tr "\0" " "'
	hasnt "$mode: no home, no scratch, no command line of ours" "$T/out" '[a-z.]*packmill|tool_sandbox|\.ssh'
	has "$mode: the host's shadow file is not there" \
		<(sb -x -r -- cut -d: -f1 /etc/shadow) '^builder$'
	other
	run sb -x -r -- sh -c 'ps -e -o comm= 2>/dev/null || ls /proc'
	hasnt "$mode: another build is not to be seen" "$T/out" sleep
	other_ends
	mkdir -p "$D/spec"
	printf '%s\n' 'Name: x' 'Version: %(id -u >'"$D"'/pwned; echo 1)' 'Release: 1' 'Summary: x' \
		'License: x' '%description' >"$D/spec/x.spec"
	chmod -R go+rX "$D/spec"
	if command -v rpmspec >/dev/null; then
		run sb -x -b "$D/spec" -- rpmspec -q --qf '%{name}\n' /in/x.spec
		is "$mode: a macro of a spec runs inside only" \
			"$(grep -c '^x$' "$T/out") $(find "$D" -name pwned)" '1 '
	else
		skip "$mode: a macro of a spec" 'no rpmspec'
	fi
}

layers()
{
	run sb -k "$D/open/layer" -r -- true
	if [ "$mode" = root ]; then
		has "$mode: a kept layer that everybody can reach is refused" "$T/out" '^error denied:.*0700'
	fi
	run sb -k "$D/closed/kept" -r -- sh -c 'mkdir -p /opt/x; echo kept >/opt/x/f; chown -R 1000 /opt/x;
		rm /etc/shells; cp /usr/bin/true /opt/x/t; setcap cap_net_bind_service+ep /opt/x/t'
	verdict_has "$mode: a layer is made" exit=0
	other # holds the first id range: the next sandbox gets another
	run sb -x -B "$D/closed/kept" -r -- sh -c 'cat /opt/x/f; stat -c %u /opt/x/f; ls /etc/shells; getcap /opt/x/t'
	other_ends
	is "$mode: another sandbox builds upon it" "$(grep -v '^verdict' "$T/out" | tr '\n' ' ')" \
		'kept 1000 /opt/x/t cap_net_bind_service=ep '
	run sb -x -b "$T/in" -r -- sh -c 'cat /in/inside >/dev/null && echo read; touch /in/x'
	has "$mode: what is shown can be read" "$T/out" '^read$'
	has "$mode: ... and not be written" "$T/err" 'Read-only file system'
	is "$mode: the scratch directory is gone" "$(ls -d "$D/state" 2>/dev/null)" ''
}

# A layer made by foreign hands, with links where the sandbox itself makes and mounts things.
hostile_layer()
{
	as mkdir -p "$D/trap" "$D/bad"
	as chmod 777 "$D/trap"
	as ln -s "$D/trap" "$D/bad/var"
	as ln -s "$D/trap/in" "$D/bad/in"
	as ln -s "$D/trap" "$D/bad/tmp"
	run as "$T/bin/tool_sandbox" -s "$D/state" -B "$D/skel" -B "$D/bad" -r -b "$T/in" -P /var/x/y -- true
	has "$mode: putting a file through a link of a layer is refused" "$T/out" '^error '
	run as "$T/bin/tool_sandbox" -s "$D/state" -B "$D/skel" -B "$D/bad" -r -b "$T/in" -- true
	is "$mode: links of a layer lead nowhere outside" "$(find "$D/trap" -mindepth 1)" ''
	for d in proc dev sys; do
		as rm -rf "$D/bad2"
		as mkdir "$D/bad2"
		as ln -s "$D/trap" "$D/bad2/$d"
		run as "$T/bin/tool_sandbox" -s "$D/state" -B "$D/skel" -B "$D/bad2" -r -- true
		has "$mode: a link as /$d is refused" "$T/out" "^error build: .*'/$d' of the root"
	done
	as rm -rf "$D/bad2"
	as mkdir "$D/bad2"
	as ln -s "$D/trap" "$D/bad2/usr"
	run as "$T/bin/tool_sandbox" -s "$D/state" -B "$D/skel" -B "$D/bad2" -r -- true
	has "$mode: a link as /usr is refused" "$T/out" "^error .*'/usr'"
	is "$mode: ... and nothing came of it" "$(find "$D/trap" -mindepth 1)" ''
}

# A writable layer too big for memory lies on disk.
on_disk()
{
	rm -rf "$D/out"
	as mkdir "$D/out"
	run sb -d 900000G -x -C /builddir -g '*.rpm' -o "$D/out" -- sh -c \
		'echo 1 >a.rpm; mkdir -m 0 closed; df --output=fstype /builddir' -- cat a.rpm
	has "$mode: a layer on disk: artifacts come out" "$T/out" '^collected a.rpm'
	is "$mode: ... and it is removed" "$(ls -d "$D/state" 2>/dev/null)" ''
	run sb -d 900000G -i 3000 -t 60 -- sh -c \
		'i=0; while :; do i=$((i+1)); mkdir d-$i; seq -f "d-$i/f%g" 200 | xargs touch; done'
	verdict_has "$mode: ... and its files are counted" limit=inodes signal=9
	if [ "$mode" = root ]; then
		run sb -c 3 -- bash -c 'TIMEFORMAT="%U %R"; time timeout 2 bash -c "while :; do :; done"'
		ok "$mode: three tenths of a processor are no more" \
			awk -v t="$(tail -n 1 "$T/err")" 'BEGIN { split(t, v); exit !(v[1] > 0 && v[1] < 0.6 * v[2]) }'
	fi
	as mkdir -p "$D/state/layer/u0"
	run sb -d 900000G -- true
	verdict_has "$mode: a layer that a killed sandbox left is replaced" exit=0
	run sb -x -n -- sh -c 'grep -c : /proc/net/dev'
	is "$mode: the host's network can be granted" "$(head -n 1 "$T/out")" "$(grep -c : /proc/net/dev)"
}

# Groups of this test, as a service manager would hand them to a user; none where that is not
# possible.
delegate()
{
	local g made=
	CGROUPS=
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		g=/sys/fs/cgroup/pmtest.$$
		echo '+memory +pids' >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
		mkdir "$g" "$g/leaf" 2>/dev/null && [ -e "$g/memory.max" ] || return
		chown "$U" "$g" "$g"/cgroup.{procs,subtree_control} "$g/leaf" "$g/leaf/cgroup.procs"
		CGROUPS=$g/leaf
		return
	fi
	for c in memory pids; do
		g=$(awk -F: -v c="$c" '$2 == c { print $3 }' /proc/self/cgroup)
		g=/sys/fs/cgroup/$c${g%/}/pmtest.$$
		mkdir "$g" 2>/dev/null || return
		chown "$U" "$g" "$g"/cgroup.procs "$g"/tasks
		made="$made $g"
	done
	CGROUPS=$made
}

round()
{
	mode=$1
	D=$T/$mode
	mkdir -p "$D/open"
	skeleton "$D/skel"
	[ "$mode" = root ] || chown -R "$U:" "$D"
	as "$T/bin/tool_sandbox" -O -B "$D/skel" || fail "$mode: the skeleton is handed over"
	run as "$T/bin/tool_sandbox" -S
	hasnt "$mode: nothing that is needed is missing" "$T/out" '^missing needed'
	has "$mode: a sandbox works here" "$T/out" '^ok needed sandbox:'
	limited=$(grep '^ok memory limit' "$T/out")
	limits
	accounts
	expect builder "$refused"
	expect root "$refused" -r
	keeps_working
	artifacts
	secrets
	layers
	on_disk
	hostile_layer
	terminal
	supervisor_stopped
	supervisor_killed
}

cleanup_user()
{
	# shellcheck disable=SC2086
	[ -z "${CGROUPS-}" ] || rmdir $CGROUPS "${CGROUPS%/leaf}" 2>/dev/null
	[ -z "${U-}" ] || userdel "$U" 2>/dev/null
}

if [ "$(id -u)" != 0 ]; then
	skip_all 'needs root: it makes a user for the second round'
fi
at_exit cleanup_user
make_user pmtest
delegate
round root
round user

# An ordinary user without subordinate ids is told which line is missing.
run su -s /bin/bash nobody -c "$T/bin/tool_sandbox -s $T/nobody -B $T/root/skel -- true"
has 'no subordinate ids: the missing line is named' "$T/out" \
	"^error denied: .*/etc/subuid: add the line 'nobody:[0-9]+:65536'"
is '... with the status for not permitted' "$status" 6
done_testing
