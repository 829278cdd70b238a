#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every command is given nonsense: options, values and operands that are none, a world that is not as it
# should be. It answers with one line and the status of its manual page, and changes nothing.
#
# A new command, or subcommand, needs a row in the table below:
#
#	command [subcommand] | a call that is right | what it uses
#
# The call's operands are KIND=value, `?` after KIND when it may be left out, `*` when there may be more;
# what each kind is spoiled with is in tests/lib/verbs.py. @ is the world made here, % stands for @. Uses:
#	config, store    a configuration, and its state
#	reads            the call is harmless without --dry-run
#	fails            the call cannot be right here
#	fresh, begins    an instance without builds is no error; and it makes a state
#	alone            takes a lock: one at a time
#	lists            says on standard error what it left out, a line each
#	text             has no JSON
#	--option:KIND    an option whose argument has another kind than its name says
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
. "$SRC/tests/lib/user.sh"
need git rpm rpmbuild python3 setpriv

cat >"$T/table" <<'E'
build            | -t host -o @tmp/out FILE=@git/tool-distgit          | --job:NONE
source           | -t host -o @tmp/out FILE=@git/tool-distgit          |
shell            | ANY?*=true                                          |
root             |                                                     | reads --target:NONE --with:NONE
root list        |                                                     | reads
root create      |                                                     |
root show        | KEY=00000000                                        | reads fails
root clean       | KEY?=00000000                                       | fails
solve            | -t host PACKAGE?*=make                              | reads fails
target list      |                                                     | reads
target show      | TARGET=host                                         | reads
target check     | FILE=@target.yaml                                   | reads
import mock      | FILE=@mock.cfg                                      | reads lists --output:ANY
import dlrn      | FILE*=@projects.ini                                 | reads lists --output:ANY
version          | FILE=@git/tool-distgit                              | reads
doctor           |                                                     | reads
demo             | NONE?=@tmp/demo                                     |
init             |                                                     | fails
config check     |                                                     | config reads
config show      |                                                     | config reads
run              | --once                                              | store begins alone
plan             |                                                     | store reads begins alone
status           |                                                     | store reads
list             |                                                     | store reads
show             | BUILD=1                                             | store reads
log              | BUILD=1 WORD?=build                                 | store reads
why              | BUILD=1                                             | store reads
queue            |                                                     | store reads
queue hold       | PROJECT?=tool                                       | store fresh alone
queue release    | PROJECT?=tool                                       | store fresh alone
queue priority   | BUILD=2 INTEGER=7                                   | store alone
recheck          | PROJECT=tool                                        | store fresh alone
report           |                                                     | store fresh alone
cancel           | BUILD=2                                             | store alone
poll             | PROJECT?=tool                                       | store fresh alone
pin              | BUILD=1                                             | store alone
notify list      |                                                     | store reads
notify test      | ADDRESS?=me%example.org                             | config
notify flush     |                                                     | store
reproduce        | BUILD=1                                             | store
bisect           | PROJECT=tool COMMIT=v1.0.0 COMMIT=main              | store fresh alone
gc               |                                                     | store alone
fsck             |                                                     | store reads alone
help             | WORD?=help                                          | reads
generate completion |                                                  | reads text
generate config  |                                                     | reads text
generate man     | NONE=@packmill-help.1.scd                           | reads text
generate options | WORD?=help                                          | reads text
E

# ---- the world ----
mkdir "$T/git" "$T/inst" "$T/home" "$T/cache" "$T/tmp" "$T/dir" "$T/tool" "$T/fresh" "$T/made" "$T/newer" "$T/damaged"
mkfifo "$T/fifo"
head -c 4096 /dev/urandom >"$T/binary"
: >"$T/empty"
echo secret >"$T/secret" && chmod 0 "$T/secret"
echo file >"$T/tool.file"
ln -s loop "$T/loop"
cp "$SRC/targets/centos-stream-9-x86_64.yaml" "$T/target.yaml"
cp "$SRC/docs/man/packmill-help.1.scd" "$T"
printf '[DEFAULT]\ntarget=centos9\nbaseurl=https://example.org/\n' >"$T/projects.ini"
cat >"$T/mock.cfg" <<'E'
config_opts['root'] = 'example-9-x86_64'
config_opts['target_arch'] = 'x86_64'
config_opts['chroot_setup_cmd'] = 'install bash rpm-build'
config_opts['dnf.conf'] = """
[base]
name=base
baseurl=https://example.org/9/x86_64/
"""
E
cd "$T/inst" || exit 1
cat >packmill.yaml <<E
name: trunk
data: ./data
targets: [host]
notify: {smtp: "127.0.0.1:9", from: ci@example.org, operators: [ops@example.org]}
projects:
  - {project: tool, upstream: {url: $T/git/tool, branch: main}, packaging: {url: $T/git/tool-distgit, branch: main}}
  - {project: bad, upstream: {url: $T/git/bad, branch: main}, packaging: {url: $T/git/bad-distgit, branch: main}}
E
project tool
change tool 'echo two' >/dev/null
project bad
sed -i 's/^sh -n.*/false/' "$T/git/bad-distgit/bad.spec"
commit "$T/git/bad-distgit" 'break it' >/dev/null
chmod 640 packmill.yaml
for d in fresh made newer damaged; do cp packmill.yaml "$T/$d"; done
exits 4 'the world: one builds, one does not' "$PACKMILL" run --once
ok 'a build waits' "$PACKMILL" recheck bad
cp -a data "$T/newer"
cp -a data "$T/damaged"
printf 'no database at all, really' | dd of="$T/damaged/data/packmill.db" conv=notrunc 2>/dev/null
python3 -c '
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute("pragma user_version = 4711"); c.commit()
c.execute("pragma wal_checkpoint(truncate)")' "$T/newer/data/packmill.db"
rm -f "$T"/*/data/packmill.db-shm
VERBS_USER=
if [ "$(id -u)" = 0 ]; then
	make_user verbs
	VERBS_USER=$U
	at_exit "userdel $U 2>/dev/null"
	chgrp -R "$U" "$T/inst"
fi
export VERBS_USER
[ $tap_bad = 0 ] || done_testing
PYTHONUNBUFFERED=1 python3 "$SRC/tests/lib/verbs.py" "$T" "$T/table" "$tap_n"
exit
