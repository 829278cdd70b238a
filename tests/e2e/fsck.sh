#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Each kind of damage is found, what can be derived is made again, and nothing else is touched.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/rpms.sh"
need rpmbuild python3 sqlite3
for v in 1 2; do
	make_rpms $v "$T/v$v" || { echo 'Bail out! no packages'; exit 1; }
done
mkdir "$T/inst" "$T/logs"
echo text >"$T/logs/build.log"
cd "$T/inst" || exit 1
cat >t.yaml <<-E
	name: t
	format: rpm
	arch: $(uname -m)
	dist: .t
	root: {packages: [bash]}
	repos: [{id: base, class: base, url: "file:///nonexistent"}]
E
cat >packmill.yaml <<-E
	name: trunk
	data: ./data
	targets: [t]
	projects:
	  - {project: hello, packaging: {url: "$T/git"}}
E
data=$T/inst/data
repos=$data/repos/t
one=$(publish "$data" 1 "$T/logs" "$T"/v1/*.rpm)
two=$(publish "$data" 2 "$T/logs" "$T"/v2/*.rpm)
fail3=$("$PUBLISH" fail "$data" t hello "$(hash_of 3)" "$T/logs")
"$PUBLISH" consistent "$data" t
mkdir -p "$data/builds/2" "$data/builds/1"
cp -p "$T"/v2/*.rpm "$data/builds/2"
rm -rf "$repos/.new"
cp -a "$data" "$T/good"
fresh()
{
	rm -rf "$data"
	cp -a "$T/good" "$data"
}
state()
{
	find "$data" -type f ! -name 'packmill.db*' ! -name lock -printf '%P %s %T@\n' -o -type l -printf '%P %l\n' | sort
}
whole()
{
	"$REPOCHECK" "$repos"/{current,consistent,"$one","$two"}{,/source,/debug}
}
sql()
{
	sqlite3 "$data/packmill.db" "$@"
}

ok 'an instance' "$PACKMILL" fsck
stdout_is 'all is well' <<<'all is well'
# in a mount namespace of its own
read_only()
{
	unshare -m bash -c 'mount --bind data data && mount -o remount,bind,ro data && exec "$@"' - "$@"
}
if [ "$(id -u)" = 0 ] && read_only true 2>/dev/null; then
	rm -f "$data/lock"
	ok 'on a disk that is read only' read_only "$PACKMILL" fsck
	stdout_is 'all is well there' <<<'all is well'
	run read_only "$PACKMILL" fsck --repair
	has 'to repair needs the lock' err 'lock file .*[Rr]ead-only'
else
	skip 'a read-only data directory' 'needs root'
fi
ok 'with all checksums' "$PACKMILL" fsck --full
ok 'as JSON' "$PACKMILL" fsck --json
has 'with a schema' "$T/out" '"schema": 1'

# mended WHAT REGEX [OPTION]: found without a change, repaired, then all is well
mended()
{
	local what=$1 regex=$2
	shift 2
	state >"$T/before"
	exits 1 "$what: found" "$PACKMILL" fsck "$@"
	has "$what: told" "$T/out" "^$regex$"
	state >"$T/after"
	ok "$what: nothing is changed" cmp "$T/before" "$T/after"
	ok "$what: repair" "$PACKMILL" fsck --repair "$@"
	has "$what: is repaired" "$T/out" "^$regex \\(repaired\\)$"
	ok "$what: then all is well" "$PACKMILL" fsck --full
	ok "$what: for readers too" whole
	fresh
}

# ---- metadata ----
damage()
{
	cp "$1" "$T/copy"
	printf 'XXXX' | dd of="$T/copy" bs=1 seek=40 conv=notrunc status=none
	rm "$1"
	cp "$T/copy" "$1"
}
p2=$repos/$two/repodata/$(basename "$(grep -o '[0-9a-f]*-primary.xml.gz' "$repos/$two/repodata/repomd.xml")")
damage "$p2"
mended 'a damaged primary of a commit' "t: the metadata of $two: .*-primary.xml.gz is damaged"
rm "$p2"
mended 'a lost one' "t: the metadata of $two: .*-primary.xml.gz is not there"
damage "$repos/current/repodata/$(basename "$p2")"
mended 'one of current' 't: the metadata of current: .* is damaged'
damage "$(echo "$repos/$one/debug/repodata/"*-filelists.xml.gz)"
mended 'lists of files' "t: the metadata of $one: .*-filelists.xml.gz is damaged"
truncate -s 100 "$repos/consistent/source/repodata/repomd.xml"
mended 'a torn repomd.xml' 't: the metadata of consistent: repomd.xml is not whole'
rm "$repos/$one/repodata/repomd.xml"
mended 'a lost repomd.xml' "t: the metadata of $one: repomd.xml cannot be read"
rm -r "$repos/$one/repodata"/*
exits 1 'nothing is left of it' "$PACKMILL" fsck --repair
has 'then it stays so' "$T/out" "^t: the metadata of $one: repomd.xml cannot be read$"
has 'what helps is said' "$T/out" '^1 found, 0 repaired; 1 cannot be derived: only a copy helps, or another build'
ok 'and no package is taken for an orphan' test -e "$repos/pool/h/hello/hello-1.0-1.noarch.rpm"
fresh

# ---- current ----
rm -r "$repos/current"
cp -a "$repos/$one" "$repos/current"
rm "$repos/current/pool" "$repos/current"/*/pool
ln -s ../pool "$repos/current/pool"
ln -s ../../pool "$repos/current/source/pool"
ln -s ../../pool "$repos/current/debug/pool"
mended 'an old current' 't: current does not list what was published last'
rm -r "$repos/current"
mended 'a lost current' 't: current does not list what was published last'

# ---- the pool ----
rm "$repos/pool/h/hello/hello-1.0-2.noarch.rpm"
mended 'a lost package' "t: 'pool/h/hello/hello-1.0-2.noarch.rpm' of build 2 is not there"
truncate -s 100 "$repos/pool/h/hello/hello-1.0-2.noarch.rpm"
mended 'a torn package' "t: 'pool/h/hello/hello-1.0-2.noarch.rpm' of build 2 is not (there|what was published)"
printf X | dd of="$repos/pool/h/hello/hello-1.0-2.noarch.rpm" bs=1 seek=3000 conv=notrunc status=none
ok 'other bytes of the same size' "$PACKMILL" fsck
mended 'other bytes, with --full' "t: 'pool/h/hello/hello-1.0-2.noarch.rpm' of build 2 is not (there|what was published)" --full
rm "$repos/pool/h/hello/hello-1.0-1.noarch.rpm"
exits 1 'one that nothing is left of' "$PACKMILL" fsck --repair
has 'is named' "$T/out" "^t: 'pool/h/hello/hello-1.0-1.noarch.rpm' of build 1 is not there$"
exits 1 'and remains' "$PACKMILL" fsck
has 'what helps is said, not what was tried' "$T/out" '^1 found; 1 cannot be derived: only a copy helps, or another build \(`packmill recheck`\)$'
rm "$p2"
exits 1 'beside what can be made again' "$PACKMILL" fsck
has 'both are said' "$T/out" '^2 found; `packmill fsck --repair` makes again what can be derived; 1 cannot be derived: only'
exits 1 'as JSON' "$PACKMILL" fsck --json
has 'too' "$T/out" '"lost": 1'
fresh
mkdir "$repos/pool/x" "$repos/pool/x/x"
echo >"$repos/pool/x/x/x-1-1.noarch.rpm"
mended 'a package that nothing lists' "t: 'pool/x/x/x-1-1.noarch.rpm' is listed by no repository"

# ---- the database ----
sql 'update standing set last_success = 1, first_failure = 2'
mended 'a standing' 'the standing of hello on t is not what its builds say'
sql 'delete from standing'
mended 'no standing' 'the standing of hello on t is not what its builds say'
sql 'pragma foreign_keys = off; insert into step values (99, 0, "build", 1, 0)'
exits 1 'a row without its build' "$PACKMILL" fsck --repair
has 'is told' "$T/out" '^the database has a row without its build: step'
fresh

# ---- directories ----
sql 'pragma foreign_keys = off; delete from package where build = 1; delete from artifact where build = 1;
	delete from step where build = 1; delete from attempt where build = 1; delete from build where id = 1'
exits 1 'a repository of no build' "$PACKMILL" fsck
has 'is told' "$T/out" "^t: $one is of build 1, which is not in the database$"
has 'so are its logs' "$T/out" "^'.*/builds/1' is of no build in the database$"
ok 'repair' "$PACKMILL" fsck --repair
ok 'removes both' test ! -e "$repos/$one" -a ! -e "$data/builds/1"
ok 'then all but its packages' "$PACKMILL" fsck --repair
ok 'is well' "$PACKMILL" fsck
is 'which are gone too' "$(find "$repos/pool" -name '*-1.0-1.*')" ''
fresh
mv "$repos/$one" "$T/away"
exits 1 'a repository that is gone' "$PACKMILL" fsck --repair
has 'is told' "$T/out" "^t: $one, the repository of build 1, is not there$"
rm -rf "$T/away"
fresh
rm "$repos/$one/commit.yaml"
cp "$T/good/repos/t/$one/commit.yaml" "$T/commit.yaml"
mended 'a lost commit.yaml' "t: $one has no commit.yaml"
rm "$repos/$two/trunk.repo"
mended 'a lost .repo file' "t: $two has no .repo file"
rm "$repos/$two/debug/pool" "$repos/current/pool"
ln -s /tmp "$repos/current/pool"
mended 'a link that leads elsewhere' "t: '.*/current/pool' does not lead to the pool"
mkdir -p "$repos/.new/7" "$data/builds/.gc-9"
mended 'rests' "t: '.*/.new/7' is the rest of something that was killed"
ok 'the record of a failure stays' test -e "$repos/$fail3/commit.yaml"

# ---- beside another ----
exec 9>"$data/lock"
flock -n 9
exits 7 'no repair while packmill runs' "$PACKMILL" fsck --repair 9>&-
ok 'a look is possible' "$PACKMILL" fsck 9>&-
has 'with a warning' "$T/err" 'what it changes meanwhile'
ok 'a dry repair is a look' "$PACKMILL" fsck -n --repair 9>&-
done_testing
