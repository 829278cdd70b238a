#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Other people's repositories over http: taken over when all is right, refused with one line when
# not; mirrors, offline, conditional requests, signatures, two processes at once.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/rpms.sh"
. "$SRC/tests/lib/remote.sh"
need createrepo_c rpmbuild rpmsign gpg python3 zstd xz
cd "$T" || exit 1
mkdir www
make_rpms 1 www/base || exit 1
rm -f www/base/*.src.rpm
cp -r www/base www/signed
one=$(new_key one)
two=$(new_key two)
cat one.asc two.asc >both.asc
sign_rpms one www/signed/*.rpm
metadata www/base 100
metadata www/signed 100
sign_repomd one www/signed
serve "$T/www"
log=$www_log
www=${url%/}

# variant NAME [FROM]: a copy of a repository to spoil
variant()
{
	cp -r "www/${2-base}" "www/$1"
}

mark()
{
	idle "$www"
	: >"$log"
}

# asks N WHAT REGEX: how many requests of the log since the last `mark` match
asks()
{
	idle "$www"
	is "$2" "$(grep -Ec -- "$3" "$log")" "$1"
}

# refused WHAT REPO-JSON REGEX: refreshing fails with one line
refused()
{
	target r.json "$2"
	exits "${4-5}" "$1" "$REMOTE" "$T/cache-r" r.json refresh
	grep -Ev '^(progress|warning): ' err >lines
	is "$1: one line" "$(wc -l <lines)" 1
	has "$1: says so" lines "$3"
}

# --- what is right is taken over
target t.json "$(repo base "$url/base")"
ok 'refresh' "$REMOTE" cache t.json refresh
has 'the revision' out '^base .* revision 100 bases 1 first '
primary=$(sed -n 's/^primary //p' out)
ok 'primary lies there as it came' cmp "$primary" "$(ls www/base/repodata/*-primary.xml.gz)"
"$REMOTE" cache t.json stamp >stamp
ok 'the stamp from the cache' "$REMOTE" cache t.json cached
is 'is that of a refresh' "$(cat "$T/out")" "$(cat stamp)"
mark
ok 'again' "$REMOTE" cache t.json refresh
asks 0 'nothing was asked' .
ok 'anew' "$REMOTE" -f cache t.json refresh
asks 1 'a conditional request' 'GET /base/repodata/repomd.xml 304'
asks 1 'and only that' .
ok 'filelists when asked for' "$REMOTE" cache t.json files
has 'are there' out '^filelists .*-filelists.xml.gz$'
packages www/base base >packages
mark
is 'all of them' "$(wc -l <"$T/packages")" 3
fetch() { "$REMOTE" "${@:2}" fetch <"$1"; }
ok 'fetch' fetch packages cache t.json
is 'three paths' "$(wc -l <out)" 3
ok 'the first is the file' cmp "$(head -n 1 out)" "www/base/$(head -n 1 packages | cut -d ' ' -f 4)"
asks 3 'three requests' 'rpm 200'
ok 'fetch again' fetch packages cache t.json
asks 3 'none' 'rpm 200'

# --- a changed repository
make_rpms 2 new >/dev/null && rm new/*.src.rpm
variant moved
cp new/*.rpm www/moved/
target t.json "$(repo base "$url/moved")"
ok 'before the change' "$REMOTE" cache t.json refresh
metadata www/moved 200
exits 0 'within metadata_expire' "$REMOTE" cache t.json stamp
before=$(cat out)
has 'still the old one' "$T/out" "^$before"
ok 'asked' "$REMOTE" -f cache t.json refresh
has 'the new one' out 'revision 200'
"$REMOTE" cache t.json stamp >stamp
is 'has another stamp' "$([ "$before" = "$(cat stamp)" ] && echo same)" ''
metadata www/moved 150
exits 5 'an older revision' "$REMOTE" -f cache t.json refresh
has 'both are named' err "^repository 'base': $url/moved/repodata/repomd.xml: its revision 150 is older than 200, which was seen last"
ok 'the cache still has the newer one' "$REMOTE" -o cache t.json refresh
has 'of revision 200' out 'revision 200'

# --- offline
mkdir empty
exits 5 'offline without a cache' "$REMOTE" -o empty t.json refresh
has 'says so' err "^repository 'base': its metadata is not in the cache, and we are offline$"
target t.json "$(repo base "$url/base")"
mark
ok 'offline with one' "$REMOTE" -o cache t.json refresh
ok 'packages offline' fetch packages -o cache t.json
asks 0 'no request' .
rm -rf "$T/cache/packages"
exits 5 'a package that is not there' fetch packages -o cache t.json
has 'is named' err "^package 'hello-2:1.0-1.noarch' of repository 'base': it is not in the cache, and we are offline;"

# --- file URLs
target f.json "$(repo base "file://$T/www/base")"
ok 'by file' "$REMOTE" cache f.json refresh
"$REMOTE" cache f.json stamp >stamp
is 'known without asking' "$("$REMOTE" cache f.json cached)" "$(cat stamp)"
ok 'packages by file' fetch packages cache f.json
touch www/base/repodata/repomd.xml
is 'touched: is asked' "$("$REMOTE" cache f.json cached)" ask

# --- packed otherwise
for kind in xz:xz zst:zstd bz2:bzip2; do
	ext=${kind%:*}
	variant "packed-$ext"
	(cd "www/packed-$ext" && createrepo_c -q --no-database --revision 100 . >/dev/null)
	old=$(ls "www/packed-$ext/repodata/"*-primary.xml.gz)
	zcat "$old" | "${kind#*:}" -q >p
	sum=$(sha256sum <p | cut -d ' ' -f 1)
	mv p "www/packed-$ext/repodata/primary.xml.$ext"
	sed -i "s/$(basename "$old")/primary.xml.$ext/; s/$(sha256sum <"$old" | cut -d ' ' -f 1)/$sum/;
		s/<size>$(stat -c %s "$old")</<size>$(stat -c %s "www/packed-$ext/repodata/primary.xml.$ext")</" \
		"www/packed-$ext/repodata/repomd.xml"
	target x.json "$(repo base "$url/packed-$ext")"
	ok "packed with $ext" "$REMOTE" cache x.json refresh
	has 'kept so' out "^primary .*-primary.xml.$ext$"
done

# --- hostile metadata
variant entities
sed -i '1a <!DOCTYPE repomd [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' www/entities/repodata/repomd.xml
refused 'entities' "$(repo base "$url/entities")" \
	"^repository 'base': $url/entities/repodata/repomd.xml: it has a document type, which is refused$"
variant nonsense
echo '<html>welcome</html>' >www/nonsense/repodata/repomd.xml
refused 'no repomd.xml' "$(repo base "$url/nonsense")" ': it is no repomd.xml but <html>$'
refused 'an endless body' "$(repo base "$url/endless/base")" \
	"^repository 'base': $url/endless/base/repodata/repomd.xml: "
target r.json "$(repo base "$url/stall/base")"
exits 5 'a body that stops' "$REMOTE" -s 1 "$T/cache-r" r.json refresh
has 'is named' err "^repository 'base': $url/stall/base/repodata/repomd.xml: "
refused 'nothing there' "$(repo base "$url/404/base")" "^repository 'base': $url/404/base/repodata/repomd.xml: " 2
variant size
sed -i '/type="primary"/,/<\/data>/s/<size>[0-9]*/<size>77/' www/size/repodata/repomd.xml
refused 'a wrong size' "$(repo base "$url/size")" "^repository 'base': $url/size/repodata/[0-9a-f]*-primary.xml.gz: "
variant sum
sed -i '/type="primary"/,/<\/data>/s/<checksum type="sha256">..../<checksum type="sha256">0000/' \
	www/sum/repodata/repomd.xml
refused 'a wrong checksum' "$(repo base "$url/sum")" "^repository 'base': $url/sum/repodata/[0-9a-f]*-primary.xml.gz: "
variant md5
sed -i 's/type="sha256"/type="md5"/' www/md5/repodata/repomd.xml
refused 'checksums that prove nothing' "$(repo base "$url/md5")" "checksum of kind 'md5' only$"
for bad in '../../etc/passwd:leaves the repository' '/etc/passwd:is an absolute path' \
	'file:///etc/passwd:is a URL of its own' 'http://127.0.0.1/x:is a URL of its own' \
	'repodata/../../x:leaves the repository'; do
	at=${bad%:*}
	rm -rf www/location
	variant location
	sed -i "/type=\"primary\"/,/<\/data>/s|href=\"[^\"]*\"|href=\"$at\"|" www/location/repodata/repomd.xml
	refused "location $at" "$(repo base "$url/location")" "the location '$at' of its primary ${bad##*:}$"
done

# --- hostile packages
# spoiled WHAT REGEX: of the packages in $T/bad
spoiled()
{
	exits "${4-5}" "$1" fetch bad "$T/cache-p" "$3"
	has "$1: says so" err "$2"
	is "$1: nothing was kept" "$(find "$T/cache-p/packages" -type f ! -name '*.part' | wc -l)" 0
}
target t.json "$(repo base "$url/base")"
for at in ../../x /etc/passwd http://127.0.0.1/x file:///etc/passwd; do
	packages www/base base hello | awk -v at="$at" '{ $4 = at; print }' >bad
	spoiled "package at $at" "^package 'hello-2:1.0-1.noarch' of repository 'base': its location '$at' " t.json 4
done
packages www/base base hello | sed 's/^hello-2:1.0-1/hello-2:1.0-9/' >bad
spoiled 'another header' "^package 'hello-2:1.0-9.noarch' of repository 'base': its header says it is 'hello-2:1.0-1.noarch'$" t.json 4
packages www/base base hello | awk '{ $5 = 10; print }' >bad
spoiled 'another size' "^package 'hello-2:1.0-1.noarch' of repository 'base': .*$url/base/hello-1.0-1.noarch.rpm" t.json
packages www/base base hello | awk '{ sub(/^..../, "0000", $2); print }' >bad
spoiled 'another checksum' "^package 'hello-2:1.0-1.noarch' of repository 'base': .*$url/base/hello-1.0-1.noarch.rpm" t.json
packages www/base base hello | awk '{ $3 = "gone"; print }' >bad
spoiled 'a repository that is gone' "^package .*the target has no such repository, and the package is not in the cache$" t.json 2
ok 'from the cache all the same' fetch bad cache t.json

# --- signed packages
key="\"gpgkeys\": [\"file://$T/one.asc\"]"
packages www/signed base >packages
target s.json "$(repo base "$url/signed" "$key")"
ok 'signed packages' fetch packages cache-s s.json
target s.json "$(repo base "$url/base" "$key")"
packages www/base base hello >bad
spoiled 'unsigned where signed is asked for' "^package 'hello-2:1.0-1.noarch' of repository 'base': it is not signed$" s.json 4
# the same file came from a repository without keys before: it must not pass now
exits 4 'unsigned, from the cache' fetch bad cache s.json
has 'refused, too' err 'it is not signed$'
target s.json "$(repo base "$url/signed" "\"gpgkeys\": [\"$T/two.asc\"]")"
packages www/signed base hello >bad
spoiled 'signed by another key' "its signature is not good by the repository's keys .*Key ID ${one: -16}" s.json 4
target s.json "$(repo base "$url/signed" "\"gpgkeys\": [\"$T/both.asc#$two\"]")"
spoiled 'a key that does not count' "its signature is not good by the repository's keys" s.json 4
target s.json "$(repo base "$url/signed" "\"gpgkeys\": [\"$T/both.asc#${one^^}\"]")"
ok 'the one that counts' fetch bad cache-s2 s.json
target s.json "$(repo base "$url/signed" "\"gpgkeys\": [\"file://$T/one.asc#$two\"]")"
spoiled 'another fingerprint' "^repository 'base': gpgkey 'file://$T/one.asc': its key has the fingerprint $one, not $two$" s.json 3
variant damaged signed
printf x | dd of=www/damaged/hello-1.0-1.noarch.rpm bs=1 seek=$(($(stat -c %s www/damaged/hello-1.0-1.noarch.rpm) - 20)) \
	conv=notrunc 2>/dev/null
metadata www/damaged 101
target s.json "$(repo base "$url/damaged" "$key")"
packages www/damaged base hello >bad
spoiled 'damaged, and the metadata agrees' 'it is damaged: a digest in it is wrong$' s.json 4
packages www/signed base hello >bad
cp one.asc www/key.asc
target s.json "$(repo base "$url/signed" "\"gpgkeys\": [\"$url/key.asc#$one\"]")"
mark
ok 'a key by URL' fetch bad cache-s3 s.json
asks 1 'is fetched' 'key.asc 200'
rm -rf cache-s3/packages/*/*.ok
ok 'and kept' fetch bad cache-s3 s.json
asks 1 'once' 'key.asc 200'
hasnt 'pinned: no warning' err 'its key came by http'
target s.json "$(repo base "$url/signed" "\"gpgkeys\": [\"$url/key.asc\"]")"
ok 'a key by http without a fingerprint' fetch bad cache-s4 s.json
has 'is said to be no proof' err "its key came by http.*fingerprint"

# --- signed metadata
target s.json "$(repo base "$url/signed" "$key, \"repo_gpgcheck\": true")"
ok 'signed metadata' "$REMOTE" cache-s s.json refresh
refused 'metadata without a signature' "$(repo base "$url/base" "$key, \"repo_gpgcheck\": true")" \
	"^repository 'base': $url/base/repodata/repomd.xml: it must be signed, and: .*repomd.xml.asc"
variant tampered signed
sed -i 's/<revision>100/<revision>101/' www/tampered/repodata/repomd.xml
refused 'tampered metadata' "$(repo base "$url/tampered" "$key, \"repo_gpgcheck\": true")" \
	': its signature is not of this text$'
refused 'metadata signed by another key' \
	"$(repo base "$url/signed" "\"gpgkeys\": [\"$T/two.asc\"], \"repo_gpgcheck\": true")" \
	": it is signed by none of the repository's keys$"
variant expired
old=$(new_key old --faked-system-time 20200101T000000)
sign_repomd old www/expired --faked-system-time 20200102T000000
refused 'metadata signed by an expired key' \
	"$(repo base "$url/expired" "\"gpgkeys\": [\"$T/old.asc#$old\"], \"repo_gpgcheck\": true")" \
	': it is signed by a key that has expired$'
refused 'metadata where the key is another one' \
	"$(repo base "$url/signed" "\"gpgkeys\": [\"$T/one.asc#$two\"], \"repo_gpgcheck\": true")" \
	"^repository 'base': gpgkey '$T/one.asc': its key has the fingerprint $one, not $two$" 3
is 'no gpg home is left' "$(find cache-s cache-r -name '.gpg-*')" ''

# --- mirrors
# mirrored URL...: one repository of several URLs
mirrored()
{
	printf '{"id": "base", "class": "base", "metadata_expire": 3600, "urls": ["%s"' "$1"
	printf ', "%s"' "${@:2}"
	echo ']}'
}
target m.json "$(mirrored "$url/404/base" "$url/entities" "$url/base")"
ok 'the third mirror' "$REMOTE" cache-m m.json refresh
has 'the first is named' err "^warning: repository 'base': $url/404/base/repodata/repomd.xml: "
has 'the second, too' err "^warning: repository 'base': $url/entities/repodata/repomd.xml: it has a document type"
has 'the good one comes first' out "bases 3 first $url/base/$"
target m.json "$(mirrored "$url/lie/base" "$url/base")"
packages www/base base >packages
ok 'a mirror that lies' fetch packages cache-m m.json
has 'is named' err "^warning: repository 'base': $url/lie/base/"
variant torn
for f in www/torn/repodata/*-primary.xml.gz; do head -c "$(stat -c %s "$f")" /dev/urandom >x && mv x "$f"; done
target m.json "$(mirrored "$url/torn" "$url/base")"
ok 'a mirror with other metadata' "$REMOTE" cache-m2 m.json refresh
has 'is named, too' err "^warning: repository 'base': $url/torn/repodata/[0-9a-f]*-primary.xml.gz: "
ok 'primary is the good one' cmp "$(sed -n 's/^primary //p' out)" "$(ls www/base/repodata/*-primary.xml.gz)"
variant newer
metadata www/newer 300
target m.json "$(mirrored "$url/newer" "$url/base")"
ok 'newest first' "$REMOTE" cache-n m.json refresh
mv www/newer www/away
exits 5 'the others are behind' "$REMOTE" -f cache-n m.json refresh
has 'the first is gone' err "^warning: repository 'base': $url/newer/repodata/repomd.xml: "
has 'the second too old' err "^repository 'base': none of its 2 mirrors is any good, the last one: .* 100 is older than 300"
mv www/away www/newer
printf '# mirrors\n%s/404/base\n%s/base\n' "$url" "$url" >www/list
target m.json "{\"id\": \"base\", \"class\": \"base\", \"urls\": [], \"mirrorlist\": \"$url/list?repo=\$releasever&arch=\$basearch\", \"metadata_expire\": 60}"
mark
ok 'a mirrorlist' "$REMOTE" cache-l m.json refresh
asks 1 'with variables' 'GET /list.repo=9&arch=x86_64 200'

# metalink FILE SUM SIZE [ALTERNATE-SUM]
metalink()
{
	local alternates=
	[ -z "${4-}" ] || alternates="<mm0:alternates><mm0:alternate><mm0:timestamp>1</mm0:timestamp>
		<verification><hash type=\"sha256\">$4</hash></verification></mm0:alternate></mm0:alternates>"
	cat >"$1" <<-E
		<?xml version="1.0" encoding="utf-8"?>
		<metalink version="3.0" xmlns="http://www.metalinker.org/" xmlns:mm0="http://fedorahosted.org/mirrormanager">
		<files><file name="repomd.xml"><mm0:timestamp>1</mm0:timestamp><size>$3</size>
		<verification><hash type="md5">00</hash><hash type="sha256">$2</hash></verification>
		$alternates
		<resources maxconnections="1">
		<url protocol="rsync" type="rsync" preference="100">rsync://x/repodata/repomd.xml</url>
		<url protocol="http" type="http" preference="98">$url/base/repodata/repomd.xml</url>
		<url protocol="http" type="http" preference="99">$url/tampered/repodata/repomd.xml</url>
		</resources></file></files></metalink>
	E
}
sum=$(sha256sum <www/base/repodata/repomd.xml | cut -d ' ' -f 1)
size=$(stat -c %s www/base/repodata/repomd.xml)
zero=$(printf '%064d' 0)
link="{\"id\": \"base\", \"class\": \"base\", \"urls\": [], \"metalink\": \"$url/metalink.xml\", \"metadata_expire\": 60}"
target m.json "$link"
metalink www/metalink.xml "$sum" "$size"
ok 'a metalink' "$REMOTE" cache-k m.json refresh
has 'the lying mirror is named' err \
	"^warning: repository 'base': $url/tampered/repodata/repomd.xml: it is none of those whose checksum the metalink has$"
has 'the other one taken' out "bases 2 first $url/base/$"
mark
ok 'asked again' "$REMOTE" -f cache-k m.json refresh
asks 0 'its checksum is enough' 'repomd.xml'
metalink www/metalink.xml "$zero" 5 "$sum"
ok 'an alternate' "$REMOTE" cache-k2 m.json refresh
metalink www/metalink.xml "$zero" "$size"
refused 'none fits' "$link" "none of its 2 mirrors is any good, the last one: $url/base/repodata/repomd.xml: it is none of" 5

# --- two processes at once refresh once
target t.json "$(repo base "$url/slow/base")"
mark
"$REMOTE" cache-2 t.json refresh >out.1 2>&1 &
first=$!
ok 'the second of two' "$REMOTE" cache-2 t.json refresh
wait $first
is 'the first of two' $? 0
asks 1 'one repomd.xml' 'repomd.xml 200'
asks 1 'one primary' 'primary.xml.gz 200'

# --- what was broken off goes on
head -c 1600000 /dev/urandom >big
mkdir -p www/big
cat >big.spec <<E
Name: big
Version: 1
Release: 1
Summary: x
License: MIT
BuildArch: noarch
%description
x
%install
install -Dm644 $T/big %{buildroot}/usr/share/big
%files
/usr/share/big
E
rpmbuild -bb --define "_topdir $T/rpmbuild" --define "_dbpath $T/rpmdb" --define '_binary_payload w1.gzdio' big.spec >log 2>&1
cp rpmbuild/RPMS/noarch/big-1-1.noarch.rpm www/big/
metadata www/big 1
packages www/big base >packages
# the metadata at once, half of the package, and then nothing more
ln -s big/repodata www/repodata
target b.json "$(repo base "$url")"
sed 's, big-1-1, stall/big/big-1-1,' packages >half
"$REMOTE" cache-b b.json fetch <half >/dev/null 2>&1 &
pid=$!
came()
{
	[ -n "$(find cache-b/packages -name '*.part' -size +200k)" ]
}
eventually came
kill -TERM $pid
wait $pid
is 'ended by the signal' $? 143
target b.json "$(repo base "$url/slow/big")"
mark
ok 'goes on' fetch packages cache-b b.json
asks 1 'with the rest' '\.rpm 206'
has 'progress was shown' err '^progress: big-1-1.noarch [0-9.]+ of 1.6 MB$'

# --- what nobody uses leaves
ok 'nothing is old' "$REMOTE" cache-b - expire 1000
has 'nothing' out '^nothing$'
find cache-b -depth -exec touch -h -d '2 days ago' {} +
ok 'all is old' "$REMOTE" cache-b - expire 1000
is 'all is gone' "$(find cache-b -type f)" ''
done_testing
