#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A target whose packages come from repositories: a distribution over http is enough for `packmill
# build` and `packmill run`; what comes out installs with real dnf.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/user.sh"
. "$SRC/tests/lib/instance.sh"
. "$SRC/tests/lib/distro.sh"
need git rpm rpmbuild dnf newuidmap
need_distro
serve_distro
export XDG_CACHE_HOME=$T/cache
mkdir "$T/work" && cd "$T/work" || exit 1
mkdir targets
distro_target targets/mini-x86_64.yaml --extra
t=(-t mini-x86_64)

# What was asked of the server since the last call.
asked()
{
	local n
	idle "$distro_url"
	n=$(wc -l <"$T/distro/log")
	tail -n +$((${seen:-0} + 1)) "$T/distro/log" | grep -c '"GET '
	seen=$n
}

# --- what would be in a root
ok 'the base set is solved' "$PACKMILL" solve "${t[@]}"
base=$(grep -c ' base ' "$T/out")
is 'a root of more than a hundred packages' "$([ "$base" -gt 100 ] && echo yes)" yes
has 'each with its repository' out '^gcc-[^ ]+\.x86_64 +base +base '
ok 'what a package adds' "$PACKMILL" solve "${t[@]}" 'pkgconfig(zlib) >= 1.2' python3-setuptools
has 'a provide' out '^zlib-devel-[^ ]+ +base +added|^zlib1g-dev-[^ ]+ +base +added'
has 'a package' out '^python3-setuptools-[^ ]+ +base +added'
hasnt 'not what is there' out '^gcc-'
ok 'what the base set has' "$PACKMILL" solve "${t[@]}" make
is 'adds nothing' "$(cat "$T/out")" ''
has 'and is said' err '^nothing to add'
exits 2 'no dependency at all' "$PACKMILL" solve "${t[@]}" 'make >='
exits 2 'a name cut short' "$PACKMILL" solve "${t[@]}" zlib-dev
has 'the longer one is near' err 'near is zlib-devel$'
ok 'a path that only file lists have' "$PACKMILL" solve "${t[@]}" /usr/share/extra/data
has 'and where it is from' out '^extra-data-1\.0-1\.noarch +extra +added'
exits 2 'what nobody has' "$PACKMILL" solve "${t[@]}" 'zlib1g-dev >= 5:99' no-such-thing
has 'a line for a version' err 'zlib1g-dev >= 5:99'
has 'a line for a name' err 'no-such-thing'
exits 2 'a conflict' "$PACKMILL" solve "${t[@]}" --testcase "$T/case" extra-conflicts extra-data
has 'says between whom' err 'extra-conflicts.*extra-data'
is 'a test case is left' "$([ -s "$T/case/testcase.t" ] && echo yes)" yes
ok 'which libsolv replays with the same result' testsolv "$T/case/testcase.t"
ok 'json is a lock' "$PACKMILL" solve "${t[@]}" --json --offline extra-data
is 'with checksums' "$(python3 -c '
import json, sys
l = json.load(open(sys.argv[1]))
print(l["schema"], l["target"], len(l["build"]), len(l["build"][0]["checksum"]))' "$T/out")" '1 mini-x86_64 1 64'

# --- a root
ok 'the base root' "$PACKMILL" root create "${t[@]}"
key=$(cat "$T/out")
asked >/dev/null
ok 'a second time' "$PACKMILL" root create "${t[@]}"
is 'is the same' "$(cat "$T/out")" "$key"
is 'and asks nobody' "$(asked)" 0
ok 'offline' "$PACKMILL" root create "${t[@]}" --offline
is 'too' "$(cat "$T/out")" "$key"
ok 'with one more package' "$PACKMILL" root create "${t[@]}" --with extra-data
is 'it is another' "$([ "$(cat "$T/out")" != "$key" ] && echo yes)" yes
ok 'list' "$PACKMILL" root list --json
is 'which stands on the first' "$(python3 -c '
import json, sys
roots = json.load(open(sys.argv[1]))["roots"]
print(len(roots), [r["base"] == sys.argv[2] for r in roots if r["base"]])' "$T/out" "$key")" '2 [True]'
ok 'all is installed as it should be' "$PACKMILL" shell "${t[@]}" --root -- sh -c 'rpm -qa | wc -l; rpm -Va'
is 'exactly the solved set' "$(head -n 1 "$T/out")" "$base"
is 'nothing is amiss' "$(tail -n +2 "$T/out" | grep -Ev '^[.U]+[.G]+[.]* +(/proc|/sys)$')" ''

# --- a build in it
mkdir hello
cat >hello/hello.c <<'E2'
#include <stdio.h>
#include <zlib.h>
int main(void) { printf("hello with zlib %s\n", zlibVersion()); return 0; }
E2
cat >hello/hello.spec <<'E2'
Name: hello
Version: 1
Release: 1%{?dist}
Summary: x
License: MIT
Source0: hello.c
BuildRequires: gcc, pkgconfig(zlib)
%description
x
%prep
cp %{SOURCE0} .
%build
gcc %{optflags} -o hello hello.c -lz
%install
install -Dm755 hello %{buildroot}/usr/bin/hello
%files
/usr/bin/hello
E2
ok 'a C project' "$PACKMILL" build "${t[@]}" hello -o out
is 'its package' "$(cd out && echo hello-1*.x86_64.rpm)" hello-1-1.mini.x86_64.rpm
has 'its BuildRequires were added' out/installed_pkgs.log '^zlib1g-dev-'
is 'the lock has all' "$(python3 -c '
import json
l = json.load(open("out/root.lock"))
print(len(l["base"]), len(l["build"]) > 0)')" "$base True"
asked >/dev/null
ok 'again' "$PACKMILL" build "${t[@]}" hello -o again
is 'asks nobody' "$(asked)" 0
is 'the same bits' "$(sha256sum <again/hello-1-1.mini.x86_64.rpm)" "$(sha256sum <out/hello-1-1.mini.x86_64.rpm)"
hasnt 'nothing was installed anew' again/root.log 'installing'

# --- the distribution moves on
distro_state grown
ok 'one package more that nobody asked for' "$PACKMILL" root create "${t[@]}" --refresh
is 'makes no other root' "$(cat "$T/out")" "$key"
ok 'in an empty cache' env XDG_CACHE_HOME="$T/cache2" "$PACKMILL" solve "${t[@]}"
distro_state updated
ok 'packages that are gone meanwhile' env XDG_CACHE_HOME="$T/cache2" "$PACKMILL" root create "${t[@]}"
is 'are asked for anew' "$([ "$(cat "$T/out")" != "$key" ] && echo yes)" yes
rm -rf "$T/cache2"
ok 'a new state' "$PACKMILL" solve "${t[@]}" --refresh --json
ok 'is another root' "$PACKMILL" root create "${t[@]}"
is 'as its packages changed' "$([ "$(cat "$T/out")" != "$key" ] && echo yes)" yes
ok 'a lock brings the old one back' "$PACKMILL" build "${t[@]}" hello -o locked --lock out/root.lock
is 'the same packages' "$(diff out/installed_pkgs.log locked/installed_pkgs.log && echo same)" same
is 'the same bits' "$(sha256sum <locked/hello-1-1.mini.x86_64.rpm)" "$(sha256sum <out/hello-1-1.mini.x86_64.rpm)"
sed 's/"nevra": "bash-[^"]*"/"nevra": "..\/x"/' out/root.lock >bad.lock
exits 2 'the host takes no lock' "$PACKMILL" build -t host hello -o bad --lock out/root.lock
has 'and says so' err 'host'
exits 1 'a lock that is none' "$PACKMILL" build "${t[@]}" hello -o bad --lock bad.lock
has 'is named' err 'bad\.lock.*NEVRA'

# --- what cannot be had
sed "s|$distro_url/base/|http://127.0.0.1:1/base/|; s/^name: .*/name: away/" targets/mini-x86_64.yaml >targets/away.yaml
exits 5 'a repository that does not answer' "$PACKMILL" build -t away hello -o bad0
has 'is named' err "repository 'base'.*127\.0\.0\.1"
is 'and worth a retry' "$(python3 -c 'import json; r = json.load(open("bad0/result.json")); print(r["status"], r["cause"]["kind"])')" 'retry infrastructure'
sed 's/pkgconfig(zlib)/pkgconfig(zlibb), zlib1g-dev >= 5:99/' hello/hello.spec >x && mkdir -p bad-hello && mv x bad-hello/hello.spec && cp hello/hello.c bad-hello/
exits 4 'BuildRequires that nobody has' "$PACKMILL" build "${t[@]}" bad-hello -o bad
has 'each is named' err 'missing BuildRequires: .*pkgconfig\(zlibb\).*zlib1g-dev >= 5:99|missing BuildRequires: .*zlib1g-dev >= 5:99.*pkgconfig\(zlibb\)'
is 'a test case lies beside the log' "$([ -s bad/solve-testcase/testcase.t ] && echo yes)" yes
cp -r hello conflict && sed -i 's/BuildRequires: gcc.*/&\nBuildConflicts: make/' conflict/hello.spec
exits 4 'BuildConflicts with the base' "$PACKMILL" build "${t[@]}" conflict -o bad2
has 'are named' err 'make'
cp -r hello needs && sed -i 's/^License/Requires: nobody-has-this >= 3\n&/' needs/hello.spec
exits 4 'a result that nobody can install' "$PACKMILL" build "${t[@]}" needs -o bad3
has 'says why' err 'not installable: .*nobody-has-this >= 3'

# --- an instance: three projects, each needs the one before
mkdir -p "$T/git" "$T/inst/targets"
cp targets/mini-x86_64.yaml "$T/inst/targets/"
cd "$T/inst" || exit 1
new_git "$T/git/libgreet"
cat >"$T/git/libgreet/greet.c" <<'E2'
const char *greet(void) { return "good day"; }
E2
cat >"$T/git/libgreet/libgreet.spec" <<'E2'
Name: libgreet
Version: 1
Release: 1%{?dist}
Summary: x
License: MIT
Source0: greet.c
BuildRequires: gcc
%description
x
%package devel
Summary: x
Requires: %{name}%{?_isa} = %{version}-%{release}
%description devel
x
%prep
cp %{SOURCE0} .
%build
gcc %{optflags} -fPIC -shared -Wl,-soname,libgreet.so.1 -o libgreet.so.1 greet.c
%install
install -Dm755 libgreet.so.1 %{buildroot}%{_libdir}/libgreet.so.1
ln -s libgreet.so.1 %{buildroot}%{_libdir}/libgreet.so
mkdir -p %{buildroot}/usr/include
echo 'const char *greet(void);' >%{buildroot}/usr/include/greet.h
%files
%{_libdir}/libgreet.so.1
%files devel
%{_libdir}/libgreet.so
/usr/include/greet.h
E2
commit "$T/git/libgreet" 'a library' >/dev/null
new_git "$T/git/greeter"
cat >"$T/git/greeter/greeter.c" <<'E2'
#include <greet.h>
#include <stdio.h>
int main(void) { puts(greet()); return 0; }
E2
cat >"$T/git/greeter/greeter.spec" <<'E2'
Name: greeter
Version: 1
Release: 1%{?dist}
Summary: x
License: MIT
Source0: greeter.c
BuildRequires: gcc, libgreet-devel
%description
x
%prep
cp %{SOURCE0} .
%build
gcc %{optflags} -o greeter greeter.c -lgreet
%install
install -Dm755 greeter %{buildroot}/usr/bin/greeter
%files
/usr/bin/greeter
E2
commit "$T/git/greeter" 'a program' >/dev/null
new_git "$T/git/pygreet"
mkdir "$T/git/pygreet/src"
cat >"$T/git/pygreet/pygreet.spec" <<'E2'
Name: pygreet
Version: 1.5
Release: 1%{?dist}
Summary: x
License: MIT
Source0: setup.py
Source1: pygreet.py
BuildArch: noarch
Requires: greeter, python3
%description
x
%generate_buildrequires
echo 'python3dist(setuptools)'
if command -v greeter >/dev/null; then echo make; else echo 'greeter >= 1'; fi
%prep
cp %{SOURCE0} %{SOURCE1} .
%build
greeter >said
python3 setup.py build
%install
python3 setup.py install --root %{buildroot} --prefix /usr --install-lib /usr/lib/python3/dist-packages --install-scripts /usr/bin
install -Dm644 said %{buildroot}/usr/share/pygreet/said
%files
/usr/lib/python3/dist-packages/pygreet*
/usr/lib/python3/dist-packages/__pycache__
/usr/share/pygreet
E2
cat >"$T/git/pygreet/setup.py" <<'E2'
from setuptools import setup
setup(name="pygreet", version="1.5", py_modules=["pygreet"])
E2
cat >"$T/git/pygreet/pygreet.py" <<'E2'
import subprocess
def greet():
    return subprocess.run(["greeter"], stdout=subprocess.PIPE, text=True).stdout.strip()
E2
commit "$T/git/pygreet" 'a module' >/dev/null
cat >packmill.yaml <<E2
name: greetings
data: ./data
targets: [mini-x86_64]
projects:
  - {project: libgreet, packaging: {url: $T/git/libgreet, branch: main}}
  - {project: greeter, packaging: {url: $T/git/greeter, branch: main}}
  - {project: pygreet, packaging: {url: $T/git/pygreet, branch: main}}
E2
ok 'a chain of three' "$PACKMILL" run --once
has 'all built' out '^built 3, failed 0'
has 'from the instance' data/builds/2/installed_pkgs.log '^libgreet-devel-1-1\.mini'
has 'by %generate_buildrequires' data/builds/3/installed_pkgs.log '^greeter-1-1\.mini'
has 'and from the distribution' data/builds/3/installed_pkgs.log '^python3-setuptools-'
is 'the lock says where from' "$(python3 -c '
import json
l = json.load(open("data/builds/3/root.lock"))
print(sorted((p["nevra"], p["repo"]) for p in l["build"] if p["repo"] == "own"))')" \
	"[('greeter-1-1.mini.x86_64', 'own'), ('libgreet-1-1.mini.x86_64', 'own')]"
ok 'show' "$PACKMILL" show 3
has 'says how large the root was' out '^root +[0-9]+ packages, [0-9]+ of them for the build$'
has 'and where it is listed' out '^lock +/.*/builds/3/root\.lock$'
ok 'a build by hand sees it, too' "$PACKMILL" build -t mini-x86_64 --packaging "$T/git/greeter" -o by-hand
has 'from what is published' by-hand/installed_pkgs.log '^libgreet-devel-1-1\.mini'
sed -i 's/good day/good evening/' "$T/git/libgreet/greet.c"
sed -i 's/^Version: 1/Version: 2/' "$T/git/libgreet/libgreet.spec"
commit "$T/git/libgreet" 'later' >/dev/null
sed -i 's/^Version: 1/Version: 2/' "$T/git/greeter/greeter.spec"
commit "$T/git/greeter" 'later' >/dev/null
ok 'the next commits' "$PACKMILL" run --once
has 'see what was just built' data/builds/5/installed_pkgs.log '^libgreet-devel-2-1\.mini'

# --- and people install it
mkdir -p "$T/repos.d"
cp data/repos/mini-x86_64/current/greetings.repo "$T/repos.d/"
cat >"$T/repos.d/mini.repo" <<E2
[mini]
name=mini
baseurl=$distro_url/base/
gpgcheck=0
E2
ok 'dnf installs from both' dnf_in "$T/tree" --forcearch=x86_64 install pygreet coreutils
is 'it runs' "$(chroot "$T/tree" /usr/bin/python3 -c 'import pygreet; print(pygreet.greet())' 2>&1)" 'good evening'

# --- downloads that nobody uses
find data/cache/packages -type f -exec touch -d '3 days ago' {} +
ok 'would go by age' "$PACKMILL" root clean -n --unused 1d
is 'and are there' "$([ "$(find data/cache/packages -name '*.ok' | wc -l)" -gt 100 ] && echo yes)" yes
ok 'go by age' "$PACKMILL" root clean --unused 1d
is 'all of them' "$(find data/cache/packages -name '*.ok' | wc -l)" 0
is 'roots in use lately stay' "$(cut -d, -f1 "$T/out")" 'removed 0 roots'

# --- an ordinary user
[ "$(id -u)" = 0 ] || { skip 'as an ordinary user' 'needs root: it makes a user'; done_testing; }
cleanup_user()
{
	as "$T/user/packmill" root clean -q 2>/dev/null
	userdel "$U" 2>/dev/null
	stop_distro
}
as()
{
	su -s /bin/bash "$U" -c "cd $T/user && HOME=$T/user/home XDG_CACHE_HOME=$T/user/cache $(printf '%q ' "$@")"
}
make_user pmtarget
at_exit cleanup_user
mkdir -p "$T/user/home"
cp -a "$T/work/hello" "$T/work/targets" "$T/user/"
cp "$PACKMILL" "$T/user/packmill"
chown -R "$U" "$T/user"
ok 'user: the same build' as ./packmill build "${t[@]}" hello -o out
is 'user: the same package' "$(cd "$T/user/out" && echo hello-1*.x86_64.rpm)" hello-1-1.mini.x86_64.rpm
is 'user: the same bits' "$(sha256sum <"$T/user/out/hello-1-1.mini.x86_64.rpm")" "$(sha256sum <"$T/work/out/hello-1-1.mini.x86_64.rpm")"
ok 'user: all is installed as it should be' as ./packmill shell "${t[@]}" --root -- sh -c 'rpm -qa | wc -l; rpm -Va'
is 'user: exactly the solved set' "$(head -n 1 "$T/out")" "$base"
is 'user: nothing is amiss' "$(tail -n +2 "$T/out" | grep -Ev '^[.U]+[.G]+[.]* +(/proc|/sys)$')" ''
done_testing
