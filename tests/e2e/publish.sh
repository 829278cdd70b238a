#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What is published is what createrepo_c would have written, and what dnf, reposync and rpm read.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/rpms.sh"
. "$SRC/tests/lib/instance.sh"
need rpmbuild createrepo_c dnf python3 rpmkeys curl
make_rpms 1 "$T/v1" && make_rpms 2 "$T/v2" || { echo 'Bail out! no packages'; exit 1; }
mkdir "$T/logs"
printf 'all went \033[31mwell\n' >"$T/logs/build.log"
echo secret >"$T/logs/job.json"
ln -s /etc/passwd "$T/logs/evil.log"
data=$T/data
repos=$data/repos/t
cur=$repos/current

first=$(publish "$data" 1 "$T/logs" "$T"/v1/*.rpm)
is 'the directory of a commit' "$first" "00/00/$(hash_of 1)_00000000"
second=$(publish "$data" 2 "$T/logs" "$T"/v2/*.rpm)
ok 'consistent follows' "$PUBLISH" consistent "$data" t

# ---- the tree ----
(cd "$repos/$second" && find . -type f -o -type l | grep -v 'repodata/[0-9a-f]*-' | sort) >"$T/tree"
same 'a commit repository has a constant number of files' "$T/tree" <<-E
	./build.log
	./commit.yaml
	./debug/pool
	./debug/repodata/repomd.xml
	./pool
	./repodata/repomd.xml
	./source/pool
	./source/repodata/repomd.xml
	./trunk.repo
	./versions.csv
E
is 'a link to the pool, relative' "$(readlink "$repos/$second/pool")" ../../../pool
is 'and below source/' "$(readlink "$repos/$second/source/pool")" ../../../../pool
is 'and in current/debug/' "$(readlink "$cur/debug/pool")" ../../pool
is 'metadata is shared by commit, current and consistent' \
	"$(stat -c %h "$repos/$second/repodata/"*-primary.xml.gz)" 3
is 'a package lies once' "$(find "$data" -name hello-1.0-2.noarch.rpm | wc -l)" 1
primaries()
{
	find "$cur/repodata" -name '*-primary.xml.gz' | wc -l
}
is 'old metadata of current stays for its readers' "$(primaries)" 2
is 'logs are no way out' "$(find "$repos" -name evil.log -o -name job.json)" ''
find "$repos/.old" -type f -exec touch -d '2 hours ago' {} +
publish "$data" 3 '' "$T"/v2/*.rpm >/dev/null
is 'and is gone after an hour' "$(primaries)" 1
is 'everything is readable for a web server' "$(find "$repos" ! -type l ! -perm -o=r)" ''

# ---- the metadata, field by field ----
cat >"$T/compare.py" <<'E'
import gzip, sys, xml.etree.ElementTree as ET
from os.path import join

REPO = '{http://linux.duke.edu/metadata/repo}'

def load(d):
    out = {}
    repomd = ET.parse(join(d, 'repodata/repomd.xml')).getroot()
    for data in repomd.iter(REPO + 'data'):
        kind = data.get('type')
        if kind not in ('primary', 'filelists', 'other'):
            continue
        text = gzip.open(join(d, data.find(REPO + 'location').get('href'))).read()
        assert len(text) == int(data.find(REPO + 'open-size').text), kind
        root = ET.fromstring(text)
        out[kind] = (root.tag, dict(root.attrib), {key(p): canon(p) for p in root})
    return out

def key(p):
    return p.get('pkgid') or [e.text for e in p if e.tag.endswith('checksum')][0]

def canon(e):
    """An element as a value: tag, attributes, text, children in their order."""
    return (e.tag, sorted(e.attrib.items()), (e.text or '').strip(), [canon(c) for c in e])

ours, theirs = load(sys.argv[1]), load(sys.argv[2])
assert set(ours) == {'primary', 'filelists', 'other'}, set(ours)
for kind in ours:
    (t1, a1, p1), (t2, a2, p2) = ours[kind], theirs[kind]
    assert (t1, a1) == (t2, a2), (kind, a1, a2)
    assert set(p1) == set(p2), (kind, set(p1) ^ set(p2))
    for k in p1:
        if p1[k] != p2[k]:
            sys.exit('%s of %s differs:\n%s\n%s' % (kind, k, p1[k], p2[k]))
print(len(ours['primary'][2]), 'packages equal')
E
# createrepo_c over a tree with the same packages at the same places
compare()
{
	local dir=$1 file
	shift
	rm -rf "$T/cr"
	mkdir "$T/cr"
	for file; do
		mkdir -p "$T/cr/$(dirname "$file")"
		ln "$repos/$file" "$T/cr/$file" || return
	done
	createrepo_c -q --no-database "$T/cr" && python3 "$T/compare.py" "$cur$dir" "$T/cr"
}
ok 'main equals what createrepo_c writes' compare '' pool/h/hello/hello-1.0-2.noarch.rpm \
	pool/h/hello-doc/hello-doc-1.0-2.noarch.rpm
ok 'source equals what createrepo_c writes' compare /source pool/h/hello/hello-1.0-2.src.rpm
ok 'debug equals what createrepo_c writes' compare /debug \
	pool/h/hello-debuginfo/hello-debuginfo-1.0-2.noarch.rpm
exits 1 'the comparison can fail' compare '' pool/h/hello/hello-1.0-1.noarch.rpm \
	pool/h/hello-doc/hello-doc-1.0-2.noarch.rpm
ok "createrepo_c's reader takes all" "$REPOCHECK" "$cur" "$cur/source" "$cur/debug" "$repos/$first" \
	"$repos/$first/source" "$repos/$second/debug" "$repos/consistent" "$repos/consistent/source"
find "$repos/pool" -name '*.rpm' >"$T/packages"
# shellcheck disable=SC2046
ok 'rpm takes every package' rpmkeys --dbpath "$T/rpmdb" -K --nosignature $(cat "$T/packages")

# ---- dnf ----
# with_dnf DIRECTORY-OF-.repo-FILES ARGS...
with_dnf()
{
	mkdir -p "$T/home" "$T/tree.d" "$T/dnf-log"
	echo '%_dbpath /var/lib/rpm' >"$T/home/.rpmmacros"
	HOME=$T/home dnf -q -y --noplugins --installroot="$T/tree.d" --releasever=1 \
		--setopt=reposdir="$1" --setopt=cachedir="$T/dnf-cache" --setopt=logdir="$T/dnf-log" \
		--setopt=persistdir="$T/dnf-lib" "${@:2}"
}
nevra='%{name}-%{epoch}:%{version}-%{release}.%{arch}'
for dir in current consistent "$first" "$second"; do
	run with_dnf "$repos/$dir" repoquery --refresh --qf "$nevra %{repoid}"
	version=2
	[ "$dir" != "$first" ] || version=1
	stdout_is "dnf with ${dir%/*}/trunk.repo" <<-E
		hello-2:1.0-$version.noarch trunk
		hello-doc-2:1.0-$version.noarch trunk
	E
done
run with_dnf "$cur" repoquery --refresh --enablerepo=trunk-source,trunk-debuginfo --qf "$nevra"
stdout_is 'dnf with sources and debug information enabled' <<-E
	hello-2:1.0-2.noarch
	hello-2:1.0-2.src
	hello-debuginfo-2:1.0-2.noarch
	hello-doc-2:1.0-2.noarch
E
run with_dnf "$cur" repoquery --qf '%{summary}|%{description}|%{location}' hello
stdout_is 'texts come through' <<-'E'
	Says "hello" <&> more|Grüße & <tags>, "quotes", and
	a second line.|pool/h/hello/hello-1.0-2.noarch.rpm
E
run with_dnf "$cur" repoquery -l hello-doc
has 'file names come through' "$T/out" '^/usr/share/doc/hello/READ ME & more$'

# ---- host-base: one package, and the same name with other bytes later ----
cp "$T/v1/hello-1.0-1.noarch.rpm" "$T/host-base.rpm"
ok 'host-base' "$PUBLISH" host-base "$data" "$T/host-base.rpm"
ok 'is whole' "$REPOCHECK" "$data/repos/host-base"
before=$(stat -c '%i %Y' "$data/repos/host-base/repodata/repomd.xml")
ok 'host-base again' "$PUBLISH" host-base "$data" "$T/host-base.rpm"
is 'changes nothing' "$(stat -c '%i %Y' "$data/repos/host-base/repodata/repomd.xml")" "$before"
rm "$T/host-base.rpm"
cp "$T/v2/hello-1.0-2.noarch.rpm" "$T/host-base.rpm"
ok 'host-base after the machine changed' "$PUBLISH" host-base "$data" "$T/host-base.rpm"
ok 'is whole again' "$REPOCHECK" "$data/repos/host-base"
is 'the package before stays for its readers' \
	"$(find "$data/repos/host-base/pool" -name host-base.rpm | wc -l)" 2
run with_dnf "$data/repos/host-base" repoquery --refresh --qf '%{release} %{repoid}'
stdout_is 'dnf with host-base.repo' <<-E
	2 host-base
E

# ---- the same name with other bytes ----
mkdir "$T/keep"
cp -p "$T"/v2/*.rpm "$T/keep"
sleep 1 # the time of the build is in the package
make_rpms 2 "$T/v2b" || fail 'packages once more'
if cmp -s "$T/keep/hello-1.0-2.noarch.rpm" "$T/v2b/hello-1.0-2.noarch.rpm"; then fail 'they should differ'; fi
sums()
{
	find "$repos" -type f -exec sha256sum {} + | sort
}
sums >"$T/sums"
exits 2 'the same name with other bytes is refused' publish "$data" 4 '' "$T"/v2b/*.rpm
has 'with both checksums' "$T/err" \
	'published already with other bytes .sha256 [0-9a-f]{64}, now [0-9a-f]{64}'
sums >"$T/sums.after"
ok 'and nothing is changed' cmp "$T/sums" "$T/sums.after"

# ---- over http, below a prefix ----
publisher "$data/repos"
# shellcheck disable=SC2154
web=$url/t/current
mkdir "$T/web"
curl -fsS "$web/trunk.repo" | sed "s,file://$data/repos,$url," >"$T/web/trunk.repo"
run with_dnf "$T/web" repoquery --refresh --qf "$nevra"
has 'dnf over http' "$T/out" '^hello-2:1.0-2.noarch$'
sync_repo()
{
	HOME=$T/home dnf -q reposync --setopt=reposdir="$T/web" --setopt=cachedir="$T/dnf-cache2" \
		--setopt=logdir="$T/dnf-log" --setopt=persistdir="$T/dnf-lib2" --releasever=1 \
		--repoid=trunk --download-metadata --download-path="$T/sync"
}
ok 'reposync takes a copy' sync_repo
ok 'which is whole' "$REPOCHECK" "$T/sync/trunk"

# ---- a thousand publishes against readers ----
COUNT=1000
case "$PACKMILL" in *asan*) COUNT=100 ;; esac
cat >"$T/writer" <<-'E'
	# on a machine with other work fewer will do
	for ((i = 10; i < 10 + $2 && (SECONDS < 300 || i < 10 + $2 / 5); i++)); do
		[ ! -e "$T/stop" ] || break
		"$PUBLISH" publish "$1" t hello "$(printf '%040x' $i)" "" "$T"/v$((i % 2 + 1))/*.rpm \
			>/dev/null || exit 1
	done
	echo $((i - 10)) >"$T/published"
E
# Real dnf over files and over http, and createrepo_c's reader more often, as long as the writer is at it.
readers()
{
	local n=0 i
	while kill -0 "$1" 2>/dev/null; do
		with_dnf "$cur" repoquery --refresh --qf "$nevra" hello >"$T/read" 2>&1 &&
			grep -q '^hello-2:1.0-[12].noarch$' "$T/read" || { cat "$T/read"; return 1; }
		with_dnf "$T/web" makecache --refresh >"$T/read" 2>&1 || { cat "$T/read"; return 1; }
		for i in 1 2 3 4 5; do
			"$REPOCHECK" "$cur" "$cur/source" >"$T/read" 2>&1 || { cat "$T/read"; return 1; }
		done
		n=$((n + 2 + i))
	done
	echo "$n" >"$T/reads"
}
bash -u "$T/writer" "$data" "$COUNT" &
writer=$!
run readers $writer
touch "$T/stop"
wait $writer || status=1
if [ "$status" = 0 ]; then
	pass "$(cat "$T/reads") reads during $(cat "$T/published") publishes"
else
	fail 'reads during publishes' "$(show_run)"
fi
ok 'enough of them' test "$(cat "$T/published")" -ge $((COUNT / 5))
stop_publisher
done_testing
