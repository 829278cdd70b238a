#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Mails to a real server and calls of a hook: who is told what and when, what survives a server that is away,
# encryption and login, hostile text.
. "$(dirname "$0")/../lib/tap.sh"
. "$SRC/tests/lib/instance.sh"
need git rpm rpmbuild openssl /usr/bin/python3
/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || skip_all 'python3-aiosmtpd'

mkdir "$T/git" "$T/inst" "$T/mail"
cd "$T/inst" || exit 1
server=
at_exit '[ -z "$server" ] || kill "$server"'

# a port that is ours while no server listens there, too
/usr/bin/python3 -u -c 'import signal, socket
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])
signal.pause()' >"$T/port" &
at_exit "kill $!"
eventually test -s "$T/port"
port=$(cat "$T/port")

# serve ARGS...: start the server
serve()
{
	rm -f "$T/mail/port"
	/usr/bin/python3 "$SRC/tests/lib/smtpd.py" "$T/mail" --port "$port" "$@" >"$T/smtpd.log" 2>&1 &
	server=$!
	eventually test -s "$T/mail/port"
}

stop()
{
	kill "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	server=
}

# mails: how many came; mail N PYTHON-EXPRESSION: something of mail m, parsed; text is its body
mails()
{
	find "$T/mail" -name '*.eml' | wc -l
}

mail()
{
	/usr/bin/python3 - "$T/mail/$1.eml" "$2" <<'E2'
import email, email.policy, sys
with open(sys.argv[1], "rb") as f:
    m = email.message_from_binary_file(f, policy=email.policy.default)
text = m.get_content()
print(eval(sys.argv[2]))
E2
}

# waiting PYTHON-EXPRESSION over w, each that waits
waiting()
{
	"$PACKMILL" notify list --json | /usr/bin/python3 -c 'import json, sys
for w in json.load(sys.stdin)["waiting"]: print(eval(sys.argv[1]))' "$1"
}

# sql STATEMENT: make time pass
sql()
{
	/usr/bin/python3 -c 'import sqlite3, sys
c = sqlite3.connect("data/packmill.db", timeout=30); c.execute(sys.argv[1]); c.commit()' "$1"
}

# config NOTIFY...: lines of `notify`
config()
{
	cat <<E2
name: trunk
data: ./data
url: https://packages.example.org/repos
targets: [host]
notify:
  smtp: 127.0.0.1:$port
  from: ci@example.org
  operators: [ops@example.org]
E2
	[ $# = 0 ] || printf '  %s\n' "$@"
	cat <<E2
defaults: {maintainers: [team@example.org, two@example.org]}
projects:
  - project: one
    upstream: {url: $T/git/one, branch: main, web: "https://git.example.org/one/{sha}"}
    packaging: {url: $T/git/one-distgit, branch: main}
E2
}

project one
serve
config >packmill.yaml

# ---- test ----
ok 'a test' "$PACKMILL" notify test
is 'to the operators' "$(mail 1 'm["X-Test-To"]')" ops@example.org
is 'from us' "$(mail 1 'm["X-Test-From"], m["From"].addresses[0].addr_spec')" "('ci@example.org', 'ci@example.org')"
is 'no answers, please' "$(mail 1 'm["Auto-Submitted"]')" 'auto-generated'
ok 'to somebody' "$PACKMILL" notify test me@example.org
is 'it came' "$(mail 2 'm["X-Test-To"], m["Subject"]')" "('me@example.org', '[trunk] test of notifications')"
ok 'what would be sent' "$PACKMILL" notify test me@example.org -n
has 'is shown' out '^Subject: \[trunk\] test of notifications'
exits 2 'an address that is none' "$PACKMILL" notify test $'me@example.org\r\nRCPT TO:<x@y>'
is 'nothing more came' "$(mails)" 2
sed 's/from: .*/from: "J\xc3\xb6rg <ci@example.org>"/' packmill.yaml >named.yaml
ok 'with a name' "$PACKMILL" -c named.yaml notify test
is 'to be read' "$(mail 3 'm["X-Test-From"], m["From"].addresses[0].display_name, m["From"].addresses[0].addr_spec')" \
	"('ci@example.org', 'Jörg', 'ci@example.org')"
rm -f "$T"/mail/*.eml
stop; serve

# ---- failures and their end ----
ok 'a build' "$PACKMILL" run --once
is 'is told to nobody' "$(mails)" 0
bad=$(GIT_AUTHOR_NAME=$'J\xc3\xb6rg "x" <evil@example.org>' change one 'if (')
exits 4 'a failure' "$PACKMILL" run --once
is 'is told to both maintainers' "$(mail 1 'm["X-Test-To"]') $(mail 2 'm["X-Test-To"]')" 'team@example.org two@example.org'
is 'the subject' "$(mail 1 'm["Subject"].startswith("[trunk] one failed on host: build: ")')" True
is 'commit, page, log and the commit itself' "$(mail 1 "all(s in text for s in ['${bad:0:12} if (',
	'https://packages.example.org/repos/host/builds/2.html', 'https://git.example.org/one/$bad', 'Syntax error'])")" True
is 'the last that was good' "$(mail 1 "__import__('re').search('^Last good:  (.*)', text, 8)[1]")" \
	"build 1, $("$PACKMILL" show 1 --json | /usr/bin/python3 -c 'import json, sys, time
b = json.load(sys.stdin); print(time.strftime("%FT%TZ,", time.gmtime(b["finished"])), "commit", b["upstream_sha"][:12] + ",", b["nvr"])')"
has 'plain ASCII on the way' "$T/mail/1.eml" '^Content-Transfer-Encoding: quoted-printable'
is 'the author as he calls himself' "$(mail 1 "[l for l in text.split(chr(10)) if l.startswith('Author:')][0][12:]")" \
	$'J\xc3\xb6rg "x" evil@example.org'
change one 'while (' >/dev/null
exits 4 'another failure' "$PACKMILL" run --once
is 'is not told again' "$(mails)" 2
change one 'true' >/dev/null
ok 'a good commit' "$PACKMILL" run --once
is 'is told' "$(mail 3 'm["Subject"]')" '[trunk] one is fixed on host'
is 'in the same thread' "$(mail 3 'm["References"]')" "$(mail 1 'm["References"]')"
is 'with when it began' "$(mail 3 '"Failed since: 20" in text')" True
ok 'another good one' "$PACKMILL" run --once
is 'told once' "$(mails)" 4
ok 'nothing waits' "$PACKMILL" notify list
is 'the list is empty' "$(waiting w)" ''

# ---- the server is away ----
stop
change one 'if (' >/dev/null
exits 4 'no server: the outcome is the build'"'"'s' "$PACKMILL" run --once
has 'it is said' err 'warning: mail to team@example.org waits: mail server 127.0.0.1:[0-9]+: .*[Cc]onnect'
is 'they wait' "$(waiting '(w["to"], w["tries"], w["event"])')" "('team@example.org', 1, 'failed')
('two@example.org', 1, 'failed')"
ok 'for people' "$PACKMILL" notify list
has 'with why' out 'team@example.org +1 .*one failed on host.*127.0.0.1'
change one 'true' >/dev/null
ok 'a good build is a good build' "$PACKMILL" run --once
exits 5 'still away' "$PACKMILL" notify flush
has 'says so' out '^sent 0, waiting 4, dropped 0$'
serve
ok 'the server is back' "$PACKMILL" notify flush
has 'everything goes out' out '^sent 4, waiting 0, dropped 0$'
is 'it came' "$(mails)" 8
is 'failure first' "$(mail 5 'm["Subject"][:22]') $(mail 7 'm["Subject"]')" '[trunk] one failed on  [trunk] one is fixed on host'

# ---- the server says no ----
echo 'rcpt 450 4.2.0 come back later' >"$T/mail/mode"
change one 'if (' >/dev/null
exits 4 'greylisted' "$PACKMILL" run --once
is 'they wait, with what the server said' "$(waiting 'w["why"].endswith("450 4.2.0 come back later")')" 'True
True'
is 'a minute, then longer' "$(waiting '50 < w["not_before"] - w["at"] < 100')" 'True
True'
echo 'data 554 5.6.0 not such a thing' >"$T/mail/mode"
ok 'refused for good' "$PACKMILL" notify flush
has 'is dropped' out '^sent 0, waiting 0, dropped 2$'
has 'and said' err 'mail to team@example.org is dropped: .*554 5.6.0 not such a thing'
exits 6 'a test says so' "$PACKMILL" notify test me@example.org
rm "$T/mail/mode"
rm -f "$T"/mail/*.eml
stop; serve
change one 'true' >/dev/null
ok 'good again' "$PACKMILL" run --once
is 'told' "$(mails)" 2

# ---- digest, rate ----
rm -f "$T"/mail/*.eml
stop; serve
config 'digest: 1h' >packmill.yaml
change one 'if (' >/dev/null
exits 4 'a failure' "$PACKMILL" run --once
change one 'true' >/dev/null
ok 'and its end' "$PACKMILL" run --once
is 'wait for their digest' "$(mails)" 0
sql 'update outbox set at = at - 3600 where sent = 0'
ok 'an hour later' "$PACKMILL" run --once
is 'one mail each' "$(mails) $(mail 1 'm["Subject"]')" '2 [trunk] 1 failed, 1 fixed'
is 'with both' "$(mail 1 '"- one is fixed on host" in text and "one failed on host (build" in text')" True
config 'rate: 1' >packmill.yaml
sql 'delete from outbox'
rm -f "$T"/mail/*.eml
stop; serve
for word in 'if (' true 'if ('; do
	change one "$word" >/dev/null
	run "$PACKMILL" run --once
done
is 'one mail an hour each' "$(mails)" 2
is 'the rest is kept back' "$(waiting 'w["why"]' | sort -u)" 'more than 1 mails in an hour'
sql 'update outbox set sent = sent - 3600 where sent > 0'
sql 'update outbox set not_before = 1 where sent = 0'
run "$PACKMILL" run --once
is 'and goes out as one' "$(mails) $(mail 3 'm["Subject"]')" '4 [trunk] 1 failed, 1 fixed'

# ---- trouble of the machine ----
sql 'delete from outbox'
rm -f "$T"/mail/*.eml
stop

# ---- encryption and login ----
key()
{
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=127.0.0.1' -addext 'subjectAltName=IP:127.0.0.1' \
		-keyout "$T/$1.key" -out "$T/$1.pem" 2>/dev/null
}
key good
key other
serve --tls "$T/good.pem" "$T/good.key" --user ci 'p"a ss'
config 'tls: always' "ca: $T/good.pem" 'user: ci' "password: 'p\"a ss'" >packmill.yaml
chmod 600 packmill.yaml
ok 'STARTTLS and login' "$PACKMILL" notify test me@example.org
is 'both were used' "$(mail 1 'm["X-Test-TLS"], m["X-Test-Login"]')" "('True', 'ci')"
config 'tls: always' "ca: $T/other.pem" 'user: ci' "password: 'p\"a ss'" >packmill.yaml
exits 3 'a certificate nobody vouches for' "$PACKMILL" notify test me@example.org
has 'is said' err 'no trusted TLS: .*certificate.*notify.ca'
config 'tls: always' "ca: $T/good.pem" 'user: ci' 'password: wrong' >packmill.yaml
exits 3 'a wrong password' "$PACKMILL" notify test me@example.org
has 'is said' err 'says: 535'
hasnt 'without it' err wrong
config 'tls: always' "ca: $T/good.pem" >packmill.yaml
exits 3 'no login' "$PACKMILL" notify test me@example.org
has 'is said, too' err '530 .*[Aa]uthentication required'
is 'nothing more came' "$(mails)" 1
stop; serve
config 'tls: always' >packmill.yaml
exits 3 'a server without TLS' "$PACKMILL" notify test me@example.org
has 'gets nothing' err 'no trusted TLS'
config 'tls: never' 'user: ci' 'password: secret' | sed 's/127.0.0.1:/mail.invalid:/' >packmill.yaml
exits 3 'a password in clear' "$PACKMILL" notify test me@example.org
has 'never leaves the machine' err 'the password is not sent unencrypted'
config | sed 's/127.0.0.1:/mail.invalid:/' >packmill.yaml
exits 5 'no such server' "$PACKMILL" notify test me@example.org

# ---- hook ----
cat >hook <<E2
#!/bin/sh
cat >"$T/mail/hook.\$\$"
env >"$T/mail/hook-env"
[ ! -e "$T/mail/hook-fails" ] || { echo 'no, thanks' >&2; exit 1; }
E2
chmod +x hook
{ config | sed '/smtp:\|from:\|operators:/d'; } | sed 's/^notify:/notify: {hook: .\/hook}/' >packmill.yaml
# events: what the hook was told, one word each
events()
{
	/usr/bin/python3 -c 'import glob, json, sys
l = [json.load(open(f)) for f in glob.glob(sys.argv[1] + "/hook.*")]
print(*sorted(j["event"] + ":" + str(j["project"]) for j in l if j["schema"] == 1))' "$T/mail"
	rm -f "$T"/mail/hook.*
}
SECRET=x ok 'the hook' "$PACKMILL" notify test
is 'is told of a test' "$(events)" 'test:None'
hasnt 'and of nothing else' "$T/mail/hook-env" SECRET
change one 'true' >/dev/null
ok 'a good build' "$PACKMILL" run --once
is 'is an event, and the end of failures is one' "$(events)" 'built:one fixed:one'
touch "$T/mail/hook-fails"
change one 'if (' >/dev/null
exits 4 'a hook that fails' "$PACKMILL" run --once
has 'is said' err "news of 'failed' for the hook waits: hook '.*/hook' ended with status 1: no, thanks"
exits 5 'again' "$PACKMILL" notify flush
ok 'the third time' "$PACKMILL" notify flush
has 'was the last' err "is dropped: hook"
is 'nothing waits' "$(waiting w)" ''
done_testing
