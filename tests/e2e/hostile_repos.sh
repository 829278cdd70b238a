#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Repositories, packages and locks of strangers against the making of roots: what they may not do to
# other targets, to the cache, to this machine.
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/distro.sh"
need rpm rpmbuild createrepo_c gpg python3
need_distro
serve_distro || { echo 'Bail out! no server'; exit 1; }
mkdir "$T/home" "$T/cache" "$T/distro/www/evil"
export HOME=$T/home XDG_CACHE_HOME=$T/cache
cd "$T" || exit 1
distro_target plain.yaml --name plain

# evil_target NAME [LINE...]: the distribution and, beside it, what is in evil/
evil_target()
{
	{
		sed "s/^name: .*/name: $1/" plain.yaml
		printf '%s\n' '  - id: evil' '    class: extra' '    priority: 150' "    url: $distro_url/evil/"
		shift
		[ $# = 0 ] || printf '    %s\n' "$@"
	}
}

# --- keys of one target, no keys of another: the same packages
gpg --homedir "$T/home" --batch --quiet --passphrase '' --quick-generate-key a@example.org rsa2048 sign 1y 2>"$T/gpg.log"
gpg --homedir "$T/home" --batch --armor --export a@example.org >key.asc
gpgconf --homedir "$T/home" --kill gpg-agent
sed "s/^name: .*/name: signed/; s|^    url: .*|&\\n    gpgkey: $T/key.asc|" plain.yaml >signed.yaml
exits 4 'unsigned packages where signatures are asked for' "$PACKMILL" root create -t ./signed.yaml
has 'are refused' err 'it is not signed'
ok 'a target without keys takes them' "$PACKMILL" root create -t ./plain.yaml
exits 4 'its root is none for the target with keys' "$PACKMILL" root create -t ./signed.yaml
has 'the packages are looked at' err 'it is not signed'

# --- packages whose scriptlets run as root of the root
# package NAME LINE...: into evil/
package()
{
	local name=$1
	shift
	printf '%s\n' "Name: $name" 'Version: 1' 'Release: 1' 'Summary: x' 'License: MIT' 'BuildArch: noarch' \
		'%description' 'x' "$@" '%files' >"$name.spec"
	rpmbuild -bb --quiet --define "_topdir $T/top" --define "_dbpath $T/db" "$name.spec" >rpmbuild.log 2>&1 ||
		fail "package $name" "$(cat rpmbuild.log)"
	cp "top/RPMS/noarch/$name-1-1.noarch.rpm" distro/www/evil/
}
mkdir victim && echo mine >victim/file
package quiet '%post' 'true'
package nul '%post' "printf 'all well\\0'; exit 3"
package unended '%post' "printf 'all well'; exit 3"
package flood '%post' 'yes | head -c 20000000; exit 3'
package sparse '%post' 'truncate -s 1T /var/sparse'
long=9$$ # seconds, and by which this test's own are known
package daemon '%post' "(setsid sleep $long >/dev/null 2>&1 &); (setsid sh -c 'setsid sleep $long &' >/dev/null 2>&1 &)"
package inputs '%post' 'for f in /in/*; do echo evil >>$f && exit 1; chmod 777 $f && exit 1; rm -f $f && exit 1; done 2>/dev/null; true'
package resolver '%post' "rm -f /etc/resolv.conf; ln -s $T/victim/file /etc/resolv.conf"
package tools '%post' 'rm -f /bin/rpm /usr/bin/rpm; printf "#!/bin/sh\\nexit 0\\n" >/usr/bin/rpm; chmod 755 /usr/bin/rpm'
package moved '%post' 'if [ -d /.host ]; then mv /.host /.gone;' "ln -s $T/victim /.host; fi"
package net '%post' '[ "$(ls /sys/class/net 2>/dev/null | grep -v "^lo$")" = "" ] && [ "$(grep -c : /proc/net/dev)" -le 1 ]'
createrepo_c -q --no-database distro/www/evil
evil_target evil >evil.yaml
make() { "$PACKMILL" root create -t ./evil.yaml --with "$@"; }
ok 'a package of the other repository' make quiet
ok 'a NUL does not hide a scriptlet that failed' make nul
has 'it is named' err 'post\(nul-1-1.noarch\) scriptlet failed, exit status 3'
ok 'nor does a line without an end' make unended
has 'it is named' err 'post\(unended-1-1.noarch\) scriptlet failed, exit status 3'
ok 'nor do many bytes' make flood
has 'it is said' err 'post\(flood-1-1.noarch\) scriptlet failed|printed more than 8 MiB'
ok 'a sparse file' make sparse
is 'takes no room' "$("$PACKMILL" root list --json | python3 -c 'import json, sys
print(max(r["size"] for r in json.load(sys.stdin)["roots"]) < 1 << 36)')" True
ok 'daemons' make daemon
is 'do not live on' "$(pgrep -xfc "sleep $long")" 0
ok 'the packages to be installed cannot be written' make inputs
ok 'and are as they were' cmp distro/www/evil/inputs-1-1.noarch.rpm \
	"$(find cache -path '*/packages/*' -name "$(sha256sum <distro/www/evil/inputs-1-1.noarch.rpm | cut -d ' ' -f 1)")"
ok 'a link for resolv.conf' make resolver
run "$PACKMILL" shell -t ./evil.yaml --with resolver --network -- true
is 'writes nothing outside' "$(cat victim/file)" mine
exits 4 'an rpm that says nothing' make tools
has 'is not believed' err "the root's own rpm sees 0 packages|other packages than it should"
ok 'no network' make net
sed "s/^name: .*/name: moved/; s/^  packages: \[/&moved, /" evil.yaml >moved.yaml
run "$PACKMILL" root create -t ./moved.yaml
is "the machine's tools moved away: nothing outside is removed" "$(cat victim/file)" mine
is 'no half root is left' "$(find cache -name '.tmp-*')" ''
is 'roots are closed to others' "$(find cache/packmill/roots -maxdepth 1 -type d -name '[0-9a-f]*' ! -perm 700)" ''

# --- metadata that lies about a package's size
cp -r distro/www/evil distro/www/huge
packed=$(ls distro/www/huge/repodata/*-primary.xml.gz)
zcat "$packed" | sed 's/<size package="[0-9]*"/<size package="900000000000000"/' | gzip -n >p.gz
sed -i "s/$(sha256sum <"$packed" | cut -d ' ' -f 1)/$(sha256sum <p.gz | cut -d ' ' -f 1)/g; s/<size>$(stat -c %s "$packed")</<size>$(stat -c %s p.gz)</" \
	distro/www/huge/repodata/repomd.xml
mv p.gz "distro/www/huge/repodata/$(sha256sum <p.gz | cut -d ' ' -f 1)-primary.xml.gz"
sed 's|/evil/|/huge/|; s/^name: .*/name: huge/' evil.yaml >huge.yaml
exits 4 'a size beyond all bounds' "$PACKMILL" root create -t ./huge.yaml --with sparse --with quiet
has 'is refused before anything comes' err 'it is said to have 900000000000000 bytes'

# --- a package with a million dependencies, which libsolv would be busy with for long
cp -r distro/www/huge distro/www/many
python3 - distro/www/many/repodata <<-'PY'
	import glob, gzip, hashlib, os, re, sys
	d = sys.argv[1]
	repomd = open(d + '/repomd.xml').read()
	old = re.search(r'<data type="primary">.*?</data>', repomd, re.S).group(0)
	text = gzip.open(d + '/' + re.search(r'href="repodata/([^"]*)"', old).group(1)).read()
	many = b''.join(b'<rpm:entry name="p%d"/>' % i for i in range(1000000))
	packed = gzip.compress(text.replace(b'<rpm:provides>', b'<rpm:provides>' + many, 1), 1)
	open(d + '/many.gz', 'wb').write(packed)
	new = '<data type="primary"><checksum type="sha256">%s</checksum><location href="repodata/many.gz"/><size>%d</size></data>' % (
	    hashlib.sha256(packed).hexdigest(), len(packed))
	open(d + '/repomd.xml', 'w').write(repomd.replace(old, new))
PY
sed 's|/evil/|/many/|; s/^name: .*/name: many/' evil.yaml >many.yaml
exits 4 'a million dependencies' "$PACKMILL" solve -t ./many.yaml quiet
has 'are refused' err 'absurdly many dependencies'

# --- metadata in the cache that a crash emptied
exits 0 'solved' "$PACKMILL" solve -t ./evil.yaml quiet
primary=$(find cache -path "*/repos/evil-*" -name "$(basename distro/www/evil/repodata/*-primary.xml.gz)")
: >"$primary"
find cache -name '*.solv' -delete
ok 'a primary that was emptied is fetched anew' "$PACKMILL" solve -t ./evil.yaml quiet
printf 'x' | dd of="$primary" bs=1 seek=100 conv=notrunc 2>/dev/null
find cache -name '*.solv' -delete
run "$PACKMILL" solve -t ./evil.yaml quiet
is 'one that was spoiled is one line' "$(grep -vc '^warning' err)" "$([ "$status" = 0 ] && echo 0 || echo 1)"

# --- locks of strangers
rpmbuild -bs --define "_topdir $T/top" quiet.spec >/dev/null 2>&1
ok 'a build' "$PACKMILL" build top/SRPMS/quiet-1-1.src.rpm -t ./plain.yaml -o built
lock() # NAME REPO LOCATION
{
	python3 - "$@" <<-'PY'
		import json, sys
		l = json.load(open('built/root.lock'))
		l['build'].append({'nevra': 'evil-1-1.noarch', 'checksum': '0' * 64, 'repo': sys.argv[2], 'location': sys.argv[3]})
		json.dump(l, open(sys.argv[1] + '.lock', 'w'))
	PY
	run timeout -s KILL 60 "$PACKMILL" build top/SRPMS/quiet-1-1.src.rpm -t ./plain.yaml --lock "$1.lock" -o "built-$1"
}
mkfifo fifo
for l in zero:/dev/zero fifo:"$T/fifo" tty:/dev/tty dir:/etc; do
	lock "${l%%:*}" own "${l#*:}"
	is "a lock with ${l%%:*} as package" "$status" 4
	has 'is refused' err 'is not a regular file'
done
lock host host x
is "a lock with a machine's package" "$status" 2

# --- a package of ours whose metadata no reader takes: it would spoil the repository for all projects
# absurd WHAT REGEX PYTHON-EXPRESSION: a line of the preamble, or text of the description
absurd()
{
	python3 - "$3" >absurd.spec <<-'PY'
		import sys
		print('Name: absurd\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\nBuildArch: noarch\n' +
		      eval(sys.argv[1]) + '\n%files')
	PY
	rpmbuild -bs --define "_topdir $T/top" absurd.spec >/dev/null 2>rpmbuild.log || fail "$1" "$(cat rpmbuild.log)"
	exits 4 "$1" "$PACKMILL" build top/SRPMS/absurd-1-1.src.rpm -t ./plain.yaml -o built-absurd
	has 'is refused' err "$2"
	rm -rf built-absurd
}
absurd 'a dependency in 60 parentheses' 'a dependency of absurd nesting' \
	"'Requires: ' + '(' * 60 + 'bash or b' + ') or b' * 59 + ')\n%description\nx'"
absurd 'a name of 40,000 bytes' 'a provided name of absurd length' "'Provides: ' + 'a' * 40000 + '\n%description\nx'"
absurd 'a description of 240,000 bytes' 'a description of absurd length' "'%description\n' + 'a b\n' * 60000"
absurd 'a URL of 40,000 bytes' 'a URL of absurd length' "'URL: http://' + 'a' * 40000 + '\n%description\nx'"
absurd 'escape codes' 'a provided name with control characters' "'Provides: a(' + chr(27) + '[31m)\n%description\nx'"

done_testing
