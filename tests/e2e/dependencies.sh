#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# BuildRequires: from the base, from what the instance has published, and those that a build finds
# out while it runs (%generate_buildrequires).
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild gcc
mkdir "$T/git" "$T/inst"

# project NAME TAGS SECTIONS: a packaging repository alone (layout standard)
project()
{
	local d=$T/git/$1
	[ -d "$d" ] || new_git "$d"
	cat >"$d/$1.spec" <<E2
Name: $1
Version: ${version-1}
Release: 1
Summary: x
License: MIT
BuildArch: noarch
$2
%description
x
$3
E2
	commit "$d" "package $1" >/dev/null
}

config()
{
	cat <<E2
name: chain
data: ./data
targets: [host]
projects:
$(for p; do echo "  - {project: $p, packaging: {url: $T/git/$p, branch: main}}"; done)
E2
}
cd "$T/inst" || exit 1

project tool 'Provides: tool(api) = 3' '%install
mkdir -p %{buildroot}/usr/bin; printf "#!/bin/sh\necho tool made \$1\n" >%{buildroot}/usr/bin/tool
chmod 755 %{buildroot}/usr/bin/tool
%files
/usr/bin/tool'
project lib 'BuildRequires: tool(api) >= 2
BuildRequires: (make or cmake)
Requires: tool' '%build
tool lib >lib.txt; make --version
%install
install -Dm644 lib.txt %{buildroot}/usr/share/lib.txt
%files
/usr/share/lib.txt'
project app 'BuildRequires: /usr/share/lib.txt
Requires: lib' '%install
install -Dm644 /usr/share/lib.txt %{buildroot}/usr/share/app.txt
%files
/usr/share/app.txt'
config tool lib app >packmill.yaml
ok 'a chain of three, each needs the one before' "$PACKMILL" run --once
has 'all built' "$T/out" '^built 3, failed 0'
is 'the last holds what the first made' \
	"$(rpm2cpio data/repos/host/pool/a/app/app-1-1.noarch.rpm | cpio -i --quiet --to-stdout ./usr/share/app.txt)" \
	'tool made lib'
has 'what was installed is recorded' data/builds/3/installed_pkgs.log '^lib-1-1\.noarch'
has 'with what it needs itself' data/builds/3/installed_pkgs.log '^tool-1-1\.noarch'

project early 'BuildRequires: tool(api) >= 4' '%files'
project typo 'BuildRequires: toool' '%files'
project away 'Requires: app >= 2' '%files'
config tool lib app early typo away >packmill.yaml
exits 4 'dependencies that nobody has' "$PACKMILL" run --once
has 'a version' "$T/err" 'early: .*missing BuildRequires: tool\(api\) >= 4'
has 'the nearest name' "$T/err" 'typo: .*missing BuildRequires: toool .*nearest: tool'
has 'of the result' "$T/err" 'away: .*not installable: app >= 2 \(wanted by away-1-1\.noarch\)'
has 'the sum' "$T/out" '^built 0, failed 3, retry 0, unchanged 3$'

# found while building: first from the base, then what that leads to from the instance
project dynamic '' '%generate_buildrequires
echo make
if [ -e /usr/bin/tool ]; then echo "/usr/share/lib.txt"; else echo "tool(api) >= 3"; fi
%build
tool dynamic >out.txt; cat /usr/share/lib.txt >>out.txt
%install
install -Dm644 out.txt %{buildroot}/usr/share/dynamic.txt
%files
/usr/share/dynamic.txt'
config tool lib app dynamic >packmill.yaml
ok 'generated BuildRequires' "$PACKMILL" run --once
is 'both rounds were satisfied' \
	"$(rpm2cpio data/repos/host/pool/d/dynamic/dynamic-1-1.noarch.rpm | cpio -i --quiet --to-stdout ./usr/share/dynamic.txt)" \
	'tool made dynamic
tool made lib'
project dynamic 'BuildRequires: make' '%generate_buildrequires
echo "no-such-thing >= 1"
%files'
exits 4 'generated and not to be had' "$PACKMILL" run --once
has 'named' "$T/err" 'dynamic: .*missing BuildRequires: no-such-thing >= 1'
version=2
project dynamic '' '%generate_buildrequires
date +"(make or n%%N)"
%files'
run "$PACKMILL" run --once
is 'an end to rounds that never settle' "$status" 0
project dynamic '' '%generate_buildrequires
exit 3
%files'
exits 4 'a generator that fails' "$PACKMILL" run --once
has 'is said' "$T/err" 'dynamic: .*%generate_buildrequires: .*Bad exit status'

# subpackages that exclude each other are tried one by one
project either '' '%package a
Summary: a
Conflicts: either-b
%description a
a
%package b
Summary: b
%description b
b
%files a
%files b'
config either >packmill.yaml
ok 'conflicting subpackages' "$PACKMILL" run --once
has 'are both fine' "$T/out" '^built 1, failed 0'
done_testing
