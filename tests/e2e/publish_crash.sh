#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A publish that is killed at each of its system calls, or whose disk is full, broken or read-only:
# readers have the old or the new repository, the next publish brings the new one.
[ ! -w /dev/shm ] || TMPDIR=/dev/shm # some 500 publishes: without waiting for a disk
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/rpms.sh"
need strace rpmbuild
export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" # leaks cannot be looked for under strace
# Of one system call all are tried up to this number, else the last ones: what comes before is the
# loader's and the libraries' start.
MOST=80
case "$PACKMILL" in *asan*) MOST=12 ;; esac
strace -o /dev/null true 2>/dev/null || skip_all 'strace may not trace here'

make_rpms 1 "$T/v1" && make_rpms 2 "$T/v2" || { echo 'Bail out! no packages'; exit 1; }
mkdir "$T/logs"
echo 'all went well' >"$T/logs/build.log"
echo '{}' >"$T/logs/result.json"
DATA=$T/data
seen=() old=() new=()

# The same command each time: it publishes commit 2 over commit 1.
second()
{
	publish "$DATA" 2 "$T/logs" "$T"/v2/*.rpm
}

# look: what createrepo_c's reader sees, a line for each of the three parts of current, then for those of all
# commits, in ${seen[@]}; on failure says what is not whole
look()
{
	local dir dirs=() said
	for dir in "$DATA"/repos/t/00/00/*_*; do
		[ ! -e "$dir/repodata" ] || dirs+=("$dir" "$dir/source" "$dir/debug")
	done
	said=$("$REPOCHECK" "$DATA"/repos/t/current{,/source,/debug} "${dirs[@]}" 2>&1) || { echo "$said"; return 1; }
	mapfile -t seen <<<"${said//"$DATA"/}"
}

reset()
{
	rm -rf "$DATA"
	cp -a "$T/old" "$DATA"
}

# The first rename has happened: the commit repository is there.
renamed()
{
	ls -d "$DATA"/repos/t/00/00/*2_*/repodata >/dev/null 2>&1
}

# All bytes a reader of the old repository can meet. (New packages in the pool are nobody's yet.)
bytes()
{
	(cd "$DATA/repos/t" && find current 00/00/*1_* -type f -exec sha256sum {} + | sort)
}

publish "$T/data" 1 "$T/logs" "$T"/v1/*.rpm >/dev/null || { echo 'Bail out! cannot publish'; exit 1; }
# its directory is there already: an earlier try failed
"$PUBLISH" fail "$T/data" t hello "$(hash_of 2)" "$T/logs" >/dev/null
mv "$T/data" "$T/old"
reset
look || fail 'the first repository is whole'
old=("${seen[@]:0:3}")
bytes >"$T/bytes"
strace -f -o "$T/calls" "$PUBLISH" publish "$DATA" t hello "$(hash_of 2)" "$T/logs" "$T"/v2/*.rpm \
	>/dev/null 2>&1 || fail 'a publish under strace'
look || fail 'the second repository is whole'
new=("${seen[@]:0:3}")
isnt_old=0
for i in 0 1 2; do [ "${old[i]}" != "${new[i]}" ] && isnt_old=$((isnt_old + 1)); done
is 'all three repositories change by the second publish' $isnt_old 3

# old_or_new: each of the three repositories is whole; what is said on failure
old_or_new()
{
	local i
	look || return 1
	for i in 0 1 2; do
		[ "${seen[i]}" = "${old[i]}" ] || [ "${seen[i]}" = "${new[i]}" ] || { echo "current: ${seen[i]}"; return 1; }
	done
}

converges()
{
	local i
	second >"$T/again" 2>&1 || { echo "again: $(cat "$T/again")"; return 1; }
	look || { echo 'again'; return 1; }
	for i in 0 1 2; do
		[ "${seen[i]}" = "${new[i]}" ] || { echo "again: current: ${seen[i]}"; return 1; }
	done
	[ -z "$(ls -A "$DATA/repos/t/.new")" ] || { echo "again: $(ls -A "$DATA/repos/t/.new") in .new"; return 1; }
}

# numbers COUNT: which of the calls to try
numbers()
{
	seq $(($1 > MOST ? $1 - MOST + 1 : 1)) "$1"
}

# inject CALL N WHAT: strace's exit status in $status
inject()
{
	status=0
	strace -f -o "$T/strace" -e "trace=$1" -e "inject=$1:$3:when=$2" \
		"$PUBLISH" publish "$DATA" t hello "$(hash_of 2)" "$T/logs" "$T"/v2/*.rpm >"$T/out" 2>&1 || status=$?
}

kill_at()
{
	reset
	inject "$1" "$2" signal=KILL
	[ "$(grep -c 'killed by SIGKILL' "$T/strace")" = 1 ] || { echo 'not killed once'; return 1; }
	old_or_new && converges
}

# The publish fails and says so; before the first rename nothing of the old one is touched.
break_at()
{
	reset
	inject "$1" "$2" "error=$3"
	grep -q INJECTED "$T/strace" || { echo 'nothing was injected'; return 1; }
	old_or_new || return 1
	if [ $status != 0 ] && ! renamed; then
		bytes | diff "$T/bytes" - || return 1
		[ -s "$T/out" ] || { echo 'failed without a word'; return 1; }
	fi
	if [ $status = 0 ]; then [ "${seen[0]}" = "${new[0]}" ] || { echo 'said it was done'; return 1; }; fi
	converges
}

# each CALL COMMAND...: COMMAND CALL N ... for the numbers; one case
each()
{
	local call=$1 what=$2 n count tried=0 said
	shift 2
	count=$(grep -cE "^[0-9]+ +$call\(" "$T/calls")
	for n in $(numbers "$count"); do
		said=$("$what" "$call" "$n" "$@" 2>&1) ||
			{ fail "$what $call $n of $count $*" "$said"; return; }
		tried=$((tried + 1))
	done
	[ "$count" = 0 ] || pass "$what $call${*:+ with $*}: $tried of $count calls tried"
}

# All calls that change something; between two of them a kill leaves the same. Reads are no steps.
for call in rename renameat renameat2 link linkat unlink unlinkat symlink symlinkat mkdir mkdirat rmdir fsync \
	fdatasync syncfs openat openat2 write pwrite64 ftruncate fallocate copy_file_range fchmod fchown utimensat; do
	each $call kill_at
done
each rename break_at EIO
each link break_at EIO
each syncfs break_at EIO
each write break_at EIO
each openat break_at EIO
each write break_at ENOSPC
each mkdir break_at ENOSPC
each link break_at ENOSPC
each fchmod break_at EROFS

# What was built again after the crash has other bytes: it is taken, for nobody saw the first ones.
make_rpms 2 "$T/v2b" || fail 'packages once more'
reset
inject syncfs 1 signal=KILL
mv "$T/v2" "$T/v2a"
mv "$T/v2b" "$T/v2"
ok 'other bytes after a publish that nobody saw' second
ok 'are whole' "$REPOCHECK" "$DATA/repos/t/current" "$DATA/repos/t/current/source"
reset
mv "$T/v2" "$T/v2b"
mv "$T/v2a" "$T/v2"
inject syncfs 2 signal=KILL
mv "$T/v2" "$T/v2a"
mv "$T/v2b" "$T/v2"
exits 2 'other bytes after one that was seen' second
rm -rf "$T/v2"
mv "$T/v2a" "$T/v2"

# A file system of our own that fills up; leaving ever more room until it goes through.
full_disk()
{
	local free
	mount -t tmpfs -o size=4m none "$T/small" || return 2
	DATA=$T/small/data
	T=$T
	for ((free = 0; free < 400; free += 12)); do
		rm -rf "$T/small/data" "$T/small/fill"
		cp -a "$T/old" "$DATA"
		dd if=/dev/zero of="$T/small/fill" bs=1k count=8192 2>/dev/null
		truncate -s $(($(stat -c %s "$T/small/fill") - free * 1024)) "$T/small/fill"
		if second >"$T/out" 2>&1; then break; fi
		[ -s "$T/out" ] || { echo 'failed without a word'; return 1; }
		old_or_new || { echo "with $free KiB left"; return 1; }
		renamed || bytes | diff "$T/bytes" - || return 1
		rm "$T/small/fill"
		converges || { echo "with $free KiB left"; return 1; }
	done
	[ $free -gt 0 ] && [ $free -lt 400 ] || { echo "went through with $free KiB"; return 1; }
	echo "$free"
}

# The source is named with each remount: else mount(8) adds the options of old, owners among them, that
# are not to be had in a user namespace.
read_only()
{
	mount -t tmpfs -o size=8m none "$T/small" || return 2
	DATA=$T/small/data
	cp -a "$T/old" "$DATA"
	mount -o remount,ro none "$T/small" || return 2
	if second >"$T/out" 2>&1; then echo 'published on a read-only file system'; return 1; fi
	[ -s "$T/out" ] || { echo 'failed without a word'; return 1; }
	bytes | diff "$T/bytes" -
}

# inodes
no_inodes()
{
	local n used
	for ((n = 0; n < 200; n += 6)); do
		mount -t tmpfs -o size=16m none "$T/small" || return 2
		DATA=$T/small/data
		cp -a "$T/old" "$DATA"
		used=$(df --output=iused "$T/small" | tail -n 1)
		mount -o "remount,nr_inodes=$((used + n))" none "$T/small" || return 2
		if second >"$T/out" 2>&1; then umount "$T/small"; break; fi
		old_or_new || { echo "with $n inodes left"; return 1; }
		renamed || bytes | diff "$T/bytes" - || return 1
		mount -o remount,nr_inodes=100k none "$T/small" || return 2
		converges || { echo "with $n inodes left"; return 1; }
		umount "$T/small"
	done
	[ $n -gt 0 ] && [ $n -lt 200 ] || { echo "went through with $n inodes"; return 1; }
}

mkdir "$T/small"
if unshare -rm true 2>/dev/null || [ "$(id -u)" = 0 ]; then
	own=(unshare -m)
	[ "$(id -u)" = 0 ] || own=(unshare -rm)
	export DATA PUBLISH REPOCHECK PACKMILL
	declare -p old new >"$T/env"
	declare -f renamed second publish hash_of look reset bytes old_or_new converges full_disk read_only no_inodes >>"$T/env"
	for what in full_disk no_inodes read_only; do
		if said=$("${own[@]}" bash -c '. "$T/env"; "$1"' - $what 2>&1); then
			pass "$what: the old repository stays, then the new one comes"
		else
			fail "$what" "$said"
		fi
	done
else
	skip 'a file system of our own' 'no mount namespace'
fi
done_testing
