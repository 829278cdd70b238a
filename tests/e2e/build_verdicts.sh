#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds that go wrong, each in its own way: exit status, kind, and one line that tells.
. "$(dirname "$0")/../lib/tap.sh"
need rpmbuild rpm gcc make
cd "$T" || exit 1
export XDG_CACHE_HOME=$T/cache

# spec NAME [SECTION TEXT]...: a directory $T/NAME with a spec; sections given replace the defaults
spec()
{
	local name=$1 build='true' install="mkdir -p %{buildroot}/usr/bin; echo x >%{buildroot}/usr/bin/$1"
	local check='true' files="/usr/bin/$1" extra='' prep='true' pre=''
	shift
	while [ $# -gt 0 ]; do
		declare "$1=$2"
		shift 2
	done
	rm -rf "${T:?}/$name"
	mkdir "$T/$name"
	cat >"$T/$name/$name.spec" <<E2
${pre}
Name: $name
Version: 1.0
Release: 1%{?dist}
Summary: x
License: MIT
${extra}
%description
x
%prep
${prep}
%build
${build}
%install
${install}
%check
${check}
%files
${files}
E2
}

field()
{
	python3 -c 'import json, sys
v = json.load(open(sys.argv[1]))
for k in sys.argv[2].split("."): v = v[int(k)] if k.isdigit() else v[k]
print(v)' "$T/out-$1/result.json" "$2"
}

# verdict NAME KIND REGEX [OPTIONS]: exit 4, the cause's kind, the message
verdict()
{
	local name=$1 kind=$2 text=$3
	shift 3
	exits 4 "$name: exit 4" "$PACKMILL" build "$T/$name" -q -o "$T/out-$name" "$@"
	is "$name: kind" "$(field "$name" cause.kind)" "$kind"
	has "$name: what" "$T/err" "$text"
	is "$name: one line" "$(wc -l <"$T/err")" 1
}

spec good
ok 'a good build' "$PACKMILL" build good -o out-good
for f in build.log root.log state.log installed_pkgs.log result.json good-1.0-1.src.rpm; do
	ok "leaves $f" test -s "out-good/$f"
done
has 'state.log has Start lines' out-good/state.log 'Start: build$'
has 'state.log has Finish lines' out-good/state.log 'Finish: build \([0-9.]+ s\)$'
is 'status' "$(field good status)" success
is 'schema' "$(field good schema)" 1
is 'name' "$(field good name)" good
has 'installed packages are listed' out-good/installed_pkgs.log '^make'
ok 'rpmlint report is kept' test -f out-good/rpmlint.log
ok 'its source package builds too' "$PACKMILL" build out-good/good-1.0-1.src.rpm -o out-srpm
ok 'built twice: the same bits' cmp out-good/good-1.0-1.x86_64.rpm out-srpm/good-1.0-1.x86_64.rpm
cp out-good/good-1.0-1.x86_64.rpm first.rpm
sleep 1
for i in 1 2; do
	ok "a rebuild of it, $i" "$PACKMILL" build out-good/good-1.0-1.src.rpm --rebuild 2 -o out-again$i
	sleep 1
done
ok 'rebuilt twice: the same bits' cmp out-again1/good-1.0-1.2.src.rpm out-again2/good-1.0-1.2.src.rpm
ok 'in the package too' cmp out-again1/good-1.0-1.2.x86_64.rpm out-again2/good-1.0-1.2.x86_64.rpm
ok 'again into the same directory' "$PACKMILL" build good -o out-good
ok 'a directory built twice: the same bits' cmp first.rpm out-good/good-1.0-1.x86_64.rpm
ok 'source package only' "$PACKMILL" source good -o out-source
is 'nothing else was built' "$(cd out-source && echo *.rpm)" good-1.0-1.src.rpm

spec compile build 'printf "int main(void) {\n\treturn x;\n}\n" >a.c; gcc -c a.c'
verdict compile build "a\\.c:2:[0-9]+: error: .x. undeclared"
spec checkfails check 'echo "FAIL: the third"; exit 1'
verdict checkfails test 'FAIL: the third'
spec needs extra 'BuildRequires: no-such-library-devel >= 3'
verdict needs dependency 'no-such-library-devel >= 3'
spec unpackaged install 'mkdir -p %{buildroot}/usr/bin; touch %{buildroot}/usr/bin/unpackaged %{buildroot}/usr/bin/more'
verdict unpackaged build 'installed but unpackaged files: /usr/bin/more'
spec notthere files '/usr/bin/elsewhere'
verdict notthere build 'File not found: .*/usr/bin/elsewhere'
spec runtime extra 'Requires: no-such-program'
verdict runtime dependency 'not installable: no-such-program'
spec badpre files '/usr/bin/badpre' check 'true
%pre
echo this goes wrong >&2; exit 1'
verdict badpre test 'installation failed'
spec nofiles install true
sed -i '/^%files/,$d' nofiles/nofiles.spec
verdict nofiles build 'no packages'
spec syntax extra 'Frobnicate: yes'
verdict syntax source 'Unknown tag: Frobnicate: yes'
spec missingpatch extra 'Patch0: not-here.patch'
verdict missingpatch source 'not-here\.patch'
spec slow build 'sleep 60'
verdict slow limits 'time limit of 2 s' --time 2
spec greedy build 'python3 -c "x = bytearray(600 << 20); print(len(x))"'
if "$PACKMILL" doctor | grep -q '^sandbox  memory limit  *ok'; then
	verdict greedy limits 'memory limit of 300' --memory 300M --disk 64M
else
	skip 'greedy' 'a memory limit needs root or a cgroup handed to the user'
fi
spec filler build 'head -c 400M /dev/zero >big'
verdict filler limits 'disk limit of 64' --disk 64M
spec offline build 'python3 -c "
import socket
socket.create_connection((\"8.8.8.8\", 53), 3)"'
verdict offline build 'unreachable'

spec chatty build 'yes "a line that goes on and on" | head -c 20000000'
ok 'an endless log is cut' "$PACKMILL" build chatty -o out-chatty --log 1M
ok 'to its limit' test "$(stat -c %s out-chatty/build.log)" -lt 2500000
spec nonewline build 'printf "no newline at the end"'
ok 'a log without newline at the end' "$PACKMILL" build nonewline -o out-nonewline
spec binary build 'head -c 100000 /dev/urandom'
ok 'a binary log' "$PACKMILL" build binary -o out-binary
spec nul build 'printf "\\0\\0"; echo "a.c:1:1: error: after the NULs"; exit 1'
verdict nul build 'after the NULs'
spec suicide build 'kill -9 -1'
verdict suicide build 'rpmbuild was ended by signal 9'
spec children build "(setsid sleep 300.$$ &) ; (sleep 300.$$ &); nohup sleep 300.$$ >/dev/null 2>&1 &"
ok 'children left behind do not hold a build up' "$PACKMILL" build children -o out-children
is 'none is left' "$(pgrep -fc "^sleep 300\.$$\$")" 0
spec foreign files '/usr/bin/foreign' pre '%define _target_cpu s390x'
verdict foreign build 'foreign-1\.0-1\.s390x\.rpm is for architecture s390x'
long=$(printf 'n%.0s' {1..128})
spec "$long"
ok 'a name as long as names may be' "$PACKMILL" build "$long" -q -o out-long
spec anywhere extra 'BuildArch: noarch'
ok 'noarch is fine' "$PACKMILL" build anywhere -o out-anywhere

spec evil build 'mkdir -p %{_topdir}/RPMS/x86_64; ln -s /etc/passwd %{_topdir}/RPMS/x86_64/evil-2-1.x86_64.rpm'
verdict evil build 'evil-2-1\.x86_64\.rpm. is refused: a symbolic link'
spec parsing pre '%(id >&2; echo ran-as-$(id -u) >/tmp/packmill-escaped) %{lua: os.execute("touch /var/tmp/packmill-escaped")}'
run "$PACKMILL" build parsing -q -o out-parsing
ok 'commands in a spec run inside only' \
	sh -c '! test -e /tmp/packmill-escaped && ! test -e /var/tmp/packmill-escaped'
spec secrets build 'env; ls -laR /root /home || :; cat /etc/shadow || :; test -z "$SECRET" && test ! -e "$HIDDEN"'
SECRET=1 SSH_AUTH_SOCK=/run/agent ok 'the environment does not get in' \
	"$PACKMILL" build secrets -o out-secrets
hasnt 'no agent, no secret' out-secrets/build.log 'SSH_AUTH_SOCK|SECRET=1'

spec long build "sleep 32.$$"
"$PACKMILL" build long -q -o out-long >/dev/null 2>&1 &
pid=$!
eventually asleep 32
kill -KILL $pid
wait $pid 2>/dev/null
ok 'a killed build leaves its scratch' sh -c 'test -d "$(echo out-long/.packmill-*)"'
spec long
ok 'the next build' "$PACKMILL" build long -q -o out-long
ok 'sweeps it' sh -c '! test -e "$(echo out-long/.packmill-*)"'

exits 2 'no source' "$PACKMILL" build -o out-none
exits 2 'no output' "$PACKMILL" build good
exits 2 'a file that is not there' "$PACKMILL" build none.src.rpm -o out-none
exits 2 'unknown target' "$PACKMILL" build good -t hots -o out-none
has 'the nearest is named' err "did you mean 'host'"
exits 2 'unknown policy' "$PACKMILL" build good --policy dlm -o out-none
exits 2 'an option for a ref' "$PACKMILL" build --packaging "$T/good#--output=x" -o out-none
exits 4 'a directory for a repository' "$PACKMILL" build --packaging "$T/good" -q -o out-none
has 'which one' err 'good. is no git repository'
exits 2 'a limit that cannot be meant' "$PACKMILL" build good --memory 1 -o out-none
has 'the least is named' err "^packmill: --memory: at least 16M, or 0 for no limit, not '1'$"
touch file
exits 2 'a file where results go' "$PACKMILL" build good -o file
ok 'what would be built' "$PACKMILL" build good -n -o out-none
has 'is said' err 'would build good .standard. on host into out-none'
ok 'and nothing was made' test ! -e out-none
mkdir two
cp good/good.spec two/a.spec
cp good/good.spec two/b.spec
exits 4 'two specs' "$PACKMILL" build two -q -o out-two
has 'both are named' err 'a\.spec.*b\.spec'
ok 'one is chosen' "$PACKMILL" build two --spec a.spec -o out-two
if [ "$(id -u)" = 0 ] && [ -z "$(grep '^nobody:' /etc/subuid)" ]; then
	mkdir -m 777 nobody
	cp "$PACKMILL" "$T/packmill" # the checkout may lie where only root gets to
	exits 6 'a user without subuids' setpriv --reuid=65534 --regid=65534 --clear-groups \
		env XDG_CACHE_HOME="$T/nobody/cache" "$T/packmill" build good -q -o nobody/out
	has 'the missing line is named' err "/etc/subuid: add the line 'nobody:[0-9]+:65536'"
fi
spec tidy install 'mkdir -p %{buildroot}/usr/share/tidy; echo x >%{buildroot}/usr/share/tidy/x' \
	extra $'BuildArch: noarch\nPackager: A Developer <dev@example.org>\nGroup: Tools' \
	files $'/usr/share/tidy\n%changelog\n* Thu Jan 01 2026 A Developer <dev@example.org> - 1.0-1\n- first'
ok 'fatal lint lets a tidy package pass, which nobody can have signed' \
	"$PACKMILL" build tidy --lint-fatal -q -o out-tidy
has 'though rpmlint misses the signature' out-tidy/rpmlint.log 'E: no-signature'
spec untidy extra 'BuildArch: noarch'
exits 4 'and another not' "$PACKMILL" build untidy --lint-fatal -q -o out-untidy
has 'for its first error' err '^packmill: lint: untidy\.(noarch|src): E: script-without-shebang /usr/bin/untidy \(out-untidy/rpmlint.log:[0-9]+\)$'

# the report of rpmlint comes last: who interrupts it wants none of all that
mkfifo progress
"$PACKMILL" build good -o out-lint 2>progress &
pid=$!
exec 3<progress
while read -r line <&3 && [ "$line" != lint ]; do :; done
kill -TERM $pid
wait $pid
is 'stopped in its last step: the status says so' $? 143
exec 3<&-
is 'and nothing is delivered' "$(ls -A out-lint 2>/dev/null)" ''
mkdir empty
exits 4 'no spec' "$PACKMILL" build empty -q -o out-empty
head -c 1000 /dev/urandom >junk.src.rpm
exits 4 'a source package that is none' "$PACKMILL" build junk.src.rpm -q -o out-junk
is 'nothing is left behind' "$(find . -maxdepth 2 -name '.packmill-*')" ''
done_testing
