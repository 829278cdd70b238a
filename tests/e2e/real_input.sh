#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real upstream code: GNU hello and a Python module, fetched as source packages of the distribution,
# imported as git, built at two commits each, published, installed by dnf over http and run.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need apt-get git dnf rpm createrepo_c python3 rpmbuild

# The distribution's own sources, with a private list: the machine's configuration stays as it is.
fetch()
{
	local lists=$T/apt
	mkdir -p "$lists/lists/partial" "$lists/cache/archives/partial"
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -f "$f" ] && awk '
			function out(  i, n, a) { n = split(suites, a, " ")
				for (i = 1; i <= n; i++) if (uri != "") print "deb-src " \
					(key != "" ? "[signed-by=" key "] " : "") uri " " a[i] " " comps
				uri = suites = comps = key = "" }
			/^URIs:/ { uri = $2 } /^Suites:/ { $1 = ""; suites = $0 }
			/^Components:/ { $1 = ""; comps = $0 } /^Signed-By:/ { key = $2 }
			/^[ \t]*$/ { out() } END { out() }' "$f"
	done >"$lists/list"
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -n 's/^deb \(.*\)/deb-src \1/p' >>"$lists/list"
	set -- -q -o Dir::Etc::sourcelist="$lists/list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$lists/lists" -o Dir::Cache="$lists/cache" -o APT::Sandbox::User=
	apt-get "$@" update && cd "$T/src" &&
		apt-get "$@" source --tar-only --download-only hello &&
		apt-get "$@" source --tar-only --download-only docopt
}

mkdir -p "$T/src" "$T/git" "$T/repos.d"
ok 'the sources are there' fetch
[ "$status" = 0 ] || done_testing

for p in hello docopt; do
	new_git "$T/git/$p-distgit"
done
cp "$SRC/tests/data/real/hello.spec" "$T/git/hello-distgit/"
cp "$SRC/tests/data/real/python-docopt.spec" "$T/git/docopt-distgit/"
for p in hello docopt; do
	commit "$T/git/$p-distgit" 'package it' >/dev/null
done

# import NAME TARBALL TAG
import()
{
	new_git "$T/git/$1" && tar -xf "$2" -C "$T/git/$1" --strip-components=1 &&
		commit "$T/git/$1" "import $1" >"$T/$1.first" && git -C "$T/git/$1" tag "$3"
}
ok 'hello is imported' import hello "$(echo "$T"/src/hello_*.orig.tar.*)" v2.10
ok 'docopt is imported' import docopt "$(echo "$T"/src/docopt_*.orig.tar.*)" 0.6.2
sed -i 's/Hello, world!/Hello, packages!/' "$T/git/hello/src/hello.c"
hello2=$(commit "$T/git/hello" 'greet packages')
echo '# a remark' >>"$T/git/docopt/docopt.py"
commit "$T/git/docopt" 'a remark' >/dev/null
mkdir "$T/inst"
cat >"$T/inst/packmill.yaml" <<E2
name: trunk
data: ./data
targets: [host]
projects:
  - project: hello
    upstream: {url: $T/git/hello, branch: main}
    packaging: {url: $T/git/hello-distgit, branch: main}
  - project: docopt
    name: python-docopt
    upstream: {url: $T/git/docopt, branch: main}
    packaging: {url: $T/git/docopt-distgit, branch: main}
E2
cd "$T/inst" || exit 1

# tags differ, so each project has its own beginning
ok 'hello at both commits' "$PACKMILL" run --once --since v2.10 -p hello
has 'two builds' "$T/out" '^built 2, failed 0, retry 0, unchanged 0$'
ok 'docopt at both commits' "$PACKMILL" run --once --since 0.6.2 -p docopt
has 'two builds' "$T/out" '^built 2, failed 0, retry 0, unchanged 0$'
ok 'nothing new' "$PACKMILL" run --once
has 'says so' "$T/out" '^built 0, failed 0, retry 0, unchanged 2$'
ok 'status' "$PACKMILL" status --json
repos=$T/inst/data/repos
newest=$repos/host/$(echo "$hello2" | cut -c 1-2)/$(echo "$hello2" | cut -c 3-4)
newest=$(echo "$newest/$hello2"_*)
ok 'the commit has its repository' test -f "$newest/repodata/repomd.xml"

publisher "$repos"
cat >"$T/repos.d/test.repo" <<E2
[trunk]
name=trunk
baseurl=$url/host/current
gpgcheck=0
[host-base]
name=host-base
baseurl=$url/host-base
gpgcheck=0
E2
ok 'dnf installs over http from below a prefix' \
	dnf_in "$T/tree" install hello python3-docopt
is 'the newest hello runs' "$("$T/tree/usr/bin/hello")" 'Hello, packages!'
ok 'the module works' env PYTHONPATH="$T/tree/usr/lib/python3/dist-packages" \
	python3 -c 'import docopt; print(docopt.docopt("usage: x [-a]", ["-a"]))'
is 'version by the policy' "$(rpm --dbpath "$T/tree/var/lib/rpm" -q --qf '%{VERSION}' hello)" 2.11
has 'release by the policy' <(rpm --dbpath "$T/tree/var/lib/rpm" -q --qf '%{RELEASE}\n' hello) \
	"^0\.[0-9]{14}\.${hello2:0:7}"
rm -rf "$T/dnf-cache"
cat >"$T/repos.d/test.repo" <<E2
[trunk]
name=trunk
baseurl=$url/host/${newest#"$repos/host/"}
gpgcheck=0
[host-base]
name=host-base
baseurl=$url/host-base
gpgcheck=0
E2
ok 'dnf installs from the commit repository directly' dnf_in "$T/tree2" install hello
is 'it runs' "$("$T/tree2/usr/bin/hello")" 'Hello, packages!'
ok 'reposync copies current' env HOME="$T/dnf-home" dnf -q reposync \
	--repofrompath "c,$url/host/current" --repoid=c --setopt=reposdir=/nonexistent \
	--setopt=cachedir="$T/dnf-cache2" --download-metadata -p "$T/sync"
is 'all packages came along' "$(find "$T/sync" -name '*.rpm' | wc -l)" 2
ok 'rpm finds the packages whole' sh -c 'find -L "$1/host/current/pool/" -name "*.rpm" -exec rpm -K --nosignature {} +' sh "$repos"
has 'dnf reads what was written' <(HOME=$T/dnf-home dnf -q repoquery \
	--repofrompath "c,file://$repos/host/current" --repoid=c --setopt=reposdir=/nonexistent \
	--setopt=cachedir="$T/dnf-cache2" 2>&1) '^hello-0:2\.11-0\.'

stop_publisher

# the same commits in another place give the same bits
sed "s|data: ./data|data: ./data2|" packmill.yaml >again.yaml
ok 'built once more elsewhere' "$PACKMILL" run -c again.yaml --once --since v2.10 -p hello
is 'the packages are identical' \
	"$(cd data2/repos/host/pool && find . -name 'hello*.rpm' -exec sha256sum {} + | sort)" \
	"$(cd data/repos/host/pool && find . -name 'hello*.rpm' -exec sha256sum {} + | sort)"
has 'prose that looks like a tag stayed' \
	<(rpm -qp --qf '%{DESCRIPTION}\n' "$(find data/repos/host/pool -name 'hello-2.11*.src.rpm')") \
	'^Version: this line is prose'
done_testing
