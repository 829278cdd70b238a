#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Programs with debug packages: each rebuild has another build id, and the cascade stops all the same.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpm2cpio rpmbuild gcc ar cpio python3 readelf find-debuginfo

mkdir -p "$T/main" && cd "$T/main" || exit 1
cat >packmill.yaml <<E1
name: trunk
data: ./data
targets: [host]
defaults:
  rebuild: on-change
  upstream: {url: "$T/git/{project}", branch: main}
  packaging: {url: "$T/git/{project}-distgit", branch: main}
projects: [{project: value}, {project: prog}, {project: top}]
E1
project value
sed -i -e 's|^install .*|install -Dm644 value.h %{buildroot}/usr/include/value.h|' \
	-e 's|^/usr/bin/value|/usr/include/value.h|' -e '/^sh -n/d' "$T/git/value-distgit/value.spec"
commit "$T/git/value-distgit" 'a header' >/dev/null
echo '#define VALUE 41' >"$T/git/value/value.h"
commit "$T/git/value" 'a value' >/dev/null
project prog 'BuildRequires: value, gcc'
cat >"$T/git/prog-distgit/prog.spec" <<'E2'
Name: prog
Version: 0
Release: 0
Summary: x
License: MIT
Source0: %{name}-%{upstream_version}.tar.gz
BuildRequires: value, gcc
%description
x
%package devel
Summary: x
%description devel
x
%prep
%setup -q -n %{name}-%{upstream_version}
%build
cat >note <<"E3"
-Xlinker --package-metadata={\"type\":\"rpm\",\"name\":\"prog\",\"version\":\"%{version}-%{release}.%{_arch}\"}
E3
gcc -g -O2 -fPIC -c answer.c
ar rc libanswer.a answer.o
gcc -g -shared -Wl,-soname,libanswer.so.1 @note -o libanswer.so.1 answer.o
gcc -g -O2 @note -o prog main.c libanswer.so.1
%install
install -D -m755 prog %{buildroot}/usr/bin/prog
ln %{buildroot}/usr/bin/prog %{buildroot}/usr/bin/prog-again
chmod 4755 %{buildroot}/usr/bin/prog
install -D -m755 libanswer.so.1 %{buildroot}/usr/lib/libanswer.so.1
install -D -m644 libanswer.a %{buildroot}/usr/lib/libanswer.a
%files
/usr/bin/prog*
/usr/lib/libanswer.so.1
%files devel
/usr/lib/libanswer.a
E2
commit "$T/git/prog-distgit" 'a program' >/dev/null
printf '#include <value.h>\nint answer(void) { return VALUE; }\n' >"$T/git/prog/answer.c"
printf '#include <stdio.h>\nint answer(void);\nint main(void) { return !printf("%%d\\n", answer()); }\n' \
	>"$T/git/prog/main.c"
commit "$T/git/prog" 'a program' >/dev/null
project top 'BuildRequires: prog'

# content REBUILD: of prog, as its result has it; "-" without one
content()
{
	"$PACKMILL" list --limit 1000 --json | python3 -c 'import json, sys
n = [b["build"] for b in json.load(sys.stdin)["builds"] if b["project"] == "prog" and b["rebuild"] == int(sys.argv[1])]
print(json.load(open("data/builds/%d/result.json" % n[0]))["content"] if n else "-")' "$1"
}

# unpack DIR PACKAGE: the program's package into the directory
unpack()
{
	mkdir -p "$T/$1" && (cd "$T/$1" && rpm2cpio "$2" | cpio -idm --quiet)
}

ok 'a header, a program, its user' "$PACKMILL" run --once
has 'are built' out '^built 3, failed 0'
echo '/* more words */' >>"$T/git/value/value.h"
commit "$T/git/value" 'a comment' >/dev/null
ok 'a comment in the header' "$PACKMILL" run --once
has 'rebuilds the program and ends there' out '^built 2, failed 0'
is 'what the program is stays' "$(content 1)" "$(content 0)"
arch=$(uname -m)
first=("$PWD"/data/repos/host/pool/p/prog/prog-1.0.1-*[!.]?."$arch".rpm)
second=("$PWD"/data/repos/host/pool/p/prog/prog-1.0.1-*.1."$arch".rpm)
is 'there are two packages of it' "${#first[@]} ${#second[@]}" '1 1'
ok 'the program as it was' unpack x0 "${first[0]}"
ok 'and as it is' unpack x1 "${second[0]}"
for f in usr/bin/prog usr/lib/libanswer.so.1; do
	readelf -Wn "$T/x1/$f" >"$T/notes"
	readelf -WS "$T/x1/$f" >"$T/sections"
	has "$f has a build id" "$T/notes" 'Build ID'
	exits 1 'and has other bytes' cmp -s "$T/x0/$f" "$T/x1/$f"
	has 'with a link to the debug information' "$T/sections" gnu_debuglink
	has 'and a note of the release' "$T/notes" '"version":"[^"]*\.1\.'
done
echo '#define VALUE 42' >"$T/git/value/value.h"
commit "$T/git/value" 'another value' >/dev/null
ok 'another constant' "$PACKMILL" run --once
has 'goes through to the last' out '^built 3, failed 0'
exits 1 'it is another program' test "$(content 2)" = "$(content 0)"
cat data/builds/*/state.log >"$T/states"
hasnt 'every package was read' "$T/states" 'is not known'
done_testing
