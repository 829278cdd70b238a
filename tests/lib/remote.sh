# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced after tap.sh and rpms.sh by tests of other people's repositories: keys, targets, servers.
export no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost
export REMOTE=$TOOLS/tool_remote
export HTTPD=$TOOLS/tool_httpd
httpds=()

# serve DIR: sets $url and $www_log
serve()
{
	www_log=$T/httpd.${#httpds[@]}.log
	"$HTTPD" -l "$www_log" "$1" >"$T/httpd.url" 2>"$T/httpd.err" &
	httpds+=($!)
	eventually test -s "$T/httpd.url"
	url=$(cat "$T/httpd.url")
	[ -n "$url" ] || { echo 'Bail out! no server'; exit 1; }
	: >"$T/httpd.url"
}

stop_servers()
{
	[ ${#httpds[@]} = 0 ] || kill "${httpds[@]}" 2>/dev/null
	[ ! -d "$T/gnupg" ] || gpgconf --homedir "$T/gnupg" --kill gpg-agent 2>/dev/null
}
at_exit 'stop_servers'

# new_key NAME [GPG-OPTIONS]: a signing key of a year, its public half in $T/NAME.asc, its fingerprint printed
new_key()
{
	mkdir -p "$T/gnupg" && chmod 700 "$T/gnupg"
	gpg --homedir "$T/gnupg" "${@:2}" --batch --quiet --passphrase '' --quick-generate-key \
		"$1 <$1@example.org>" rsa2048 sign 1y >"$T/gpg.log" 2>&1 || cat "$T/gpg.log" >&2
	gpg --homedir "$T/gnupg" --batch --armor --export "$1@example.org" >"$T/$1.asc"
	gpg --homedir "$T/gnupg" --batch --with-colons --list-keys "$1@example.org" |
		awk -F: '$1 == "fpr" { print tolower($10); exit }'
}

# sign_rpms NAME RPM...
sign_rpms()
{
	local name=$1
	shift
	rpmsign --define "_gpg_name $name@example.org" --define "_gpg_path $T/gnupg" \
		--define "_dbpath $T/rpmdb" --define "__gpg $(command -v gpg)" --addsign "$@" >"$T/rpmsign.log" 2>&1 || cat "$T/rpmsign.log" >&2
}

# sign_repomd NAME REPODIR [GPG-OPTIONS]
sign_repomd()
{
	rm -f "$2/repodata/repomd.xml.asc"
	gpg --homedir "$T/gnupg" "${@:3}" --batch --quiet --armor --local-user "$1@example.org" \
		--detach-sign "$2/repodata/repomd.xml"
}

# metadata DIR REVISION: with createrepo_c
metadata()
{
	createrepo_c -q --no-database --revision "$2" --set-timestamp-to-revision "$1" >"$T/createrepo.log" 2>&1 ||
		cat "$T/createrepo.log" >&2
}

# target FILE REPO-JSON...: a target of these repositories
target()
{
	local file=$1 IFS=,
	shift
	echo "{\"name\": \"t\", \"format\": \"rpm\", \"arch\": \"x86_64\", \"dist\": \"\", \"releasever\": \"9\",
		\"repos\": [$*]}" >"$file"
}

# repo ID URL [MORE]: one repository as JSON
repo()
{
	echo "{\"id\": \"$1\", \"class\": \"base\", \"urls\": [\"$2\"], \"priority\": 99,
		\"metadata_expire\": 3600${3:+, $3}}"
}

# packages REPODIR ID [NAME]: lines for tool_remote fetch out of its primary
packages()
{
	python3 - "$@" <<-'PY'
		import glob, gzip, sys
		import xml.etree.ElementTree as ET
		ns = '{http://linux.duke.edu/metadata/common}'
		path = glob.glob(sys.argv[1] + '/repodata/*-primary.xml.gz')[0]
		for p in ET.parse(gzip.open(path)).getroot():
		    v = p.find(ns + 'version').attrib
		    name, arch = p.find(ns + 'name').text, p.find(ns + 'arch').text
		    if arch == 'src' or (len(sys.argv) > 3 and name != sys.argv[3]):
		        continue
		    e = '' if v['epoch'] == '0' else v['epoch'] + ':'
		    print(f"{name}-{e}{v['ver']}-{v['rel']}.{arch}", p.find(ns + 'checksum').text, sys.argv[2],
		          p.find(ns + 'location').attrib['href'], p.find(ns + 'size').attrib['package'])
	PY
}
