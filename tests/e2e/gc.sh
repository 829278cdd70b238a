#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Old builds go by rule; no package goes that a repository lists, and dnf installs from each that stays.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/rpms.sh"
. "$SRC/tests/lib/instance.sh"
export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" # leaks cannot be looked for under strace
need rpmbuild dnf python3 sqlite3 strace
for v in 1 2 3 4; do
	make_rpms $v "$T/v$v" || { echo 'Bail out! no packages'; exit 1; }
done
# make_other RELEASE: a package that is another project
make_other()
{
	sed -e "s/^Name: hello/Name: other/" -e '/^Requires/d' -e 's/hello/other/g' "$T/hello.spec" >"$T/other.spec"
	rpmbuild -bb --nodeps --define "rel $1" --define "_topdir $T/rpmbuild" --define "_dbpath $T/rpmdb" \
		--define '_build_id_links none' --define 'debug_package %{nil}' "$T/other.spec" \
		>"$T/rpmbuild.log" 2>&1 || { cat "$T/rpmbuild.log"; return 1; }
	mkdir -p "$T/o$1"
	cp "$T/rpmbuild/RPMS/noarch/other-1.0-$1.noarch.rpm" "$T/o$1"
}
for v in 1 2; do
	make_other $v || { echo 'Bail out! no packages'; exit 1; }
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
	keep: {newest: 1}
	projects:
	  - {project: hello, packaging: {url: "$T/git"}}
	  - {project: other, packaging: {url: "$T/git2"}}
E
data=$T/inst/data
repos=$data/repos/t
other()
{
	"$PUBLISH" publish "$data" t other "$(hash_of "$1")" "$T/logs" "$T/o$2"/*.rpm
}
history()
{
	local n
	rm -rf "$data"
	dirs=()
	dirs[1]=$(other 1 1) && dirs[2]=$(publish "$data" 2 "$T/logs" "$T"/v1/*.rpm) &&
		dirs[3]=$(publish "$data" 3 "$T/logs" "$T"/v2/*.rpm) && dirs[4]=$(other 4 2) &&
		"$PUBLISH" consistent "$data" t &&
		dirs[5]=$(publish "$data" 5 "$T/logs" "$T"/v3/*.rpm) &&
		dirs[6]=$("$PUBLISH" fail "$data" t hello "$(hash_of 6)" "$T/logs") || return
	for n in 1 2 3 4 5 6; do
		mkdir -p "$data/builds/$n"
		cp "$T/logs/build.log" "$data/builds/$n"
	done
	# as an hour later
	[ -n "${young-}" ] || drop_old
}
# drop_old: metadata of current that is there for readers only
drop_old()
{
	local d f
	for d in "$repos"/{current,consistent}{,/source,/debug}/repodata; do
		for f in "$d"/*-*; do
			grep -q "${f##*/}" "$d/repomd.xml" || rm "$f"
		done
	done
}
pool()
{
	(cd "$repos/pool" && find . -type f -name "${1-*}" -printf '%f\n' | sort | tr '\n' ' ')
}
whole()
{
	local d all=()
	for d in "$repos"/current "$repos"/consistent "$repos"/??/??/*; do
		[ ! -d "$d/repodata" ] || all+=("$d" "$d/source" "$d/debug")
	done
	"$REPOCHECK" "${all[@]}"
}
builds()
{
	"$PACKMILL" list --json | python3 -c 'import json, sys
print(*sorted(b["build"] for b in json.load(sys.stdin)["builds"]))'
}

young=1
ok 'a history of a minute' history
ok 'a rule for most of it' "$PACKMILL" gc -n --count 1 --newest 1
has 'what readers may still ask for stays' "$T/out" '^2 builds are still listed in metadata younger than an hour$'
young=
ok 'a history' history
ok 'without a rule' "$PACKMILL" gc
has 'nothing goes' "$T/out" '^deleted 0 builds, 0 repositories, 0 packages'
# shellcheck disable=SC2016 # backquotes
has 'and it says which key to set' "$T/out" '^no rule deletes builds: set `keep: .age: 30d.` or .* in .*/packmill.yaml$'
is 'all builds are there' "$(builds)" '1 2 3 4 5 6'

# ---- what would go ----
find "$data" -printf '%p %i %s %T@\n' | grep -v 'packmill.db' | sort >"$T/before"
ok 'a dry run' "$PACKMILL" gc -n --count 1 --newest 1
stdout_is 'says what would go, by which rule' <<-E
	would delete build 2 of hello on t (hello-1.0-1): not among the newest 1
	would delete build 1 of other on t (other-1.0-1): not among the newest 1
	would delete 2 builds, 2 repositories, 4 packages ($(cd "$repos/pool" &&
		find . -name 'hello*-1.0-1.*' -printf '%s\n' | python3 -c 'import sys
n = sum(map(int, sys.stdin)); print("%.1f KiB" % (n / 1024))'))
E
find "$data" -printf '%p %i %s %T@\n' | grep -v 'packmill.db' | sort >"$T/after"
ok 'and changes nothing' diff -u "$T/before" "$T/after"
ok 'as JSON' "$PACKMILL" gc -n --json --count 1 --newest 1
is 'with the same sums' "$(python3 -c 'import json, sys; j = json.load(open(sys.argv[1]))
print(j["schema"], j["deleted"], j["repositories"], j["packages"], [b["build"] for b in j["builds"]])' "$T/out")" \
	'1 2 2 4 [2, 1]'

# ---- it goes ----
ok 'gc' "$PACKMILL" gc --count 1 --newest 1
has 'says what went' "$T/out" '^deleted 2 builds, 2 repositories, 4 packages'
is 'the builds are gone' "$(builds)" '3 4 5 6'
ok 'with their logs and repositories' test ! -e "$data/builds/1" -a ! -e "$data/builds/2" -a \
	! -e "$repos/${dirs[1]}" -a ! -e "$repos/${dirs[2]}"
ok 'others are not' test -e "$data/builds/3" -a -e "$repos/${dirs[3]}" -a -e "$repos/${dirs[6]}"
is 'what no repository lists is gone from the pool' "$(pool '*-1.0-1.*')" 'other-1.0-1.noarch.rpm '
has 'but what one lists: build 3 came before the second other' "$repos/${dirs[3]}/versions.csv" '^other,.*,other-1.0-1$'
ok 'all that is left is whole' whole
ok 'nothing is half done' test ! -e "$repos/.gc" -a -z "$(find "$repos/.new" "$data/builds" -name '*gc*')"

# dnf_from DIR WANT: what dnf installs from it
dnf_from()
{
	local dir=$1
	rm -rf "$T/repos.d" "$T/tree" "$T/dnf-cache"
	mkdir "$T/repos.d"
	sed -n '/^\[trunk\]/,/^$/p' "$repos/$dir/trunk.repo" >"$T/repos.d/trunk.repo"
	dnf_in "$T/tree" install other hello-doc >"$T/dnf.log" 2>&1 || { cat "$T/dnf.log"; return 1; }
	rpm --root "$T/tree" --dbpath /var/lib/rpm -qa | grep -v gpg-pubkey | sort | tr '\n' ' '
}
for dir in current consistent "${dirs[3]}" "${dirs[4]}" "${dirs[5]}"; do
	ok "dnf installs from ${dir##*/}" dnf_from "$dir"
	case $dir in
	"${dirs[3]}") want='hello-doc-1.0-2.noarch other-1.0-1.noarch ' ;;
	"${dirs[4]}" | consistent) want='hello-doc-1.0-2.noarch other-1.0-2.noarch ' ;;
	*) want='hello-doc-1.0-3.noarch other-1.0-2.noarch ' ;;
	esac
	is 'what it lists' "$(cat "$T/out")" "$want"
done
ok 'again' "$PACKMILL" gc --count 1 --newest 1
has 'there is nothing left to do' "$T/out" '^deleted 0 builds, 0 repositories, 0 packages'

# ---- what stays ----
history
sqlite3 "$data/packmill.db" 'update build set pinned = 1 where id = 2; update build set finished = 1000'
ok 'by age' "$PACKMILL" gc --age 30d
has 'one goes' "$T/out" '^deleted build 1 of other on t .*: older than 30d$'
is 'not what is pinned, listed, the last, the last success' "$(builds)" '2 3 4 5 6'
sqlite3 "$data/packmill.db" 'update build set pinned = 0, state = 0 where id = 2'
ok 'gc' "$PACKMILL" gc --age 30d
is 'not what is queued' "$(builds)" '2 3 4 5 6'
sqlite3 "$data/packmill.db" 'update build set state = 2 where id = 2'
ok 'gc' "$PACKMILL" gc --age 30d --newest 4
is 'not the newest' "$(builds)" '2 3 4 5 6'
# consistent moves on: what it listed may go
"$PUBLISH" consistent "$data" t
ok 'gc' "$PACKMILL" gc --age 30d
is 'what only its old metadata lists stays for its readers' "$(builds)" '3 4 5 6'
drop_old
ok 'gc, an hour later' "$PACKMILL" gc --age 30d
is 'then it goes' "$(builds)" '4 5 6'
ok 'but not its package' test -e "$repos/pool/h/hello/hello-1.0-2.noarch.rpm" # build 4 lists it
is 'what is left is listed' "$(pool 'hello-1*')" 'hello-1.0-2.noarch.rpm hello-1.0-2.src.rpm hello-1.0-3.noarch.rpm hello-1.0-3.src.rpm '
ok 'and whole' whole

# ---- nothing goes on a guess ----
history
primary=$(echo "$repos/${dirs[3]}/repodata/"*-primary.xml.gz)
cp "$primary" "$T/primary"
rm "$primary"
head -c 200 "$T/primary" >"$primary"
pool >"$T/pool"
exits 1 'metadata that cannot be read' "$PACKMILL" gc --count 1 --newest 1
has 'is named' "$T/err" "no package is removed before .packmill fsck. finds all well: .*primary.xml.gz' is damaged"
is 'no package is removed' "$(pool)" "$(cat "$T/pool")"
cat "$T/primary" >"$primary"
ok 'mended' "$PACKMILL" gc
is 'the rest goes' "$(pool '*-1.0-1.*')" 'other-1.0-1.noarch.rpm '

# ---- killed anywhere ----
# kill_at CALL N
kill_at()
{
	strace -f -o "$T/strace" -e "trace=$1" -e "inject=$1:signal=KILL:when=$2" "$PACKMILL" gc --count 1 --newest 1 >"$T/out" 2>&1
	[ $? = 137 ]
}
history
cp -a "$data" "$T/history"
bad=''
kills=0
for call in rename unlinkat unlink rmdir pwrite64 fdatasync syncfs; do
	step=1
	[ $call != unlinkat ] || step=4
	for n in $(seq 1 $step 40); do
		rm -rf "$data"
		cp -a "$T/history" "$data"
		kill_at "$call" "$n" 2>/dev/null || break
		kills=$((kills + 1))
		whole >"$T/whole" 2>&1 || bad+="$call $n: $(cat "$T/whole")"$'\n'
		"$PACKMILL" gc --count 1 --newest 1 >"$T/out" 2>&1 || bad+="$call $n: again: $(cat "$T/out")"$'\n'
		[ "$(builds)" = '3 4 5 6' ] || bad+="$call $n: builds $(builds)"$'\n'
		[ "$(pool '*-1.0-1.*')" = 'other-1.0-1.noarch.rpm ' ] || bad+="$call $n: pool $(pool)"$'\n'
		[ ! -e "$repos/${dirs[1]}" ] && [ ! -e "$data/builds/2" ] || bad+="$call $n: rests"$'\n'
		whole >"$T/whole" 2>&1 || bad+="$call $n: after: $(cat "$T/whole")"$'\n'
	done
done
is 'killed at many calls: nothing broken, the next run ends it' "$bad" ''
echo "# killed $kills times"
ok 'that were kills' test $kills -gt 30

# ---- logs ----
history
mkdir -p "$T/long"
seq 1 20000 >"$data/builds/5/build.log"
ln -f "$data/builds/5/build.log" "$repos/${dirs[5]}/build.log"
cat >"$data/builds/5/job.json" <<-E
	{"project": "hello", "rebuild": 0, "target": {"name": "t"}, "packaging": {"sha": "$(hash_of 5)"},
	 "upstream": {"sha": "$(hash_of 5)"}}
E
echo '{}' >"$data/builds/5/result.json"
ok 'a young log' "$PACKMILL" gc
ok 'stays' test -e "$data/builds/5/build.log"
touch -d '2 days ago' "$data/builds/5/result.json"
ok 'an old one' "$PACKMILL" gc
has 'is packed' "$T/err" 'packed 1 logs, '
ok 'here and where it is served' test ! -e "$data/builds/5/build.log" -a ! -e "$repos/${dirs[5]}/build.log" -a \
	"$data/builds/5/build.log.gz" -ef "$repos/${dirs[5]}/build.log.gz"
ok 'log' "$PACKMILL" log 5
is 'reads it as before' "$(sha256sum <"$T/out")" "$(seq 1 20000 | sha256sum)"

# ---- beside another ----
flock_held()
{
	exec 9>"$data/lock"
	flock -n 9 || return
	"$PACKMILL" "$@" 9>&-
}
ok 'while packmill runs it is asked' flock_held gc
has 'and says so' "$T/err" 'runs: it will remove what is old'
is 'by a request' "$(sqlite3 "$data/packmill.db" "select count(*) from request where verb = 'gc'")" 1
exits 7 'but not for rules of its own' flock_held gc --count 3
exits 2 'a bad number' "$PACKMILL" gc --count many
exits 2 'a bad age' "$PACKMILL" gc --age old
done_testing
