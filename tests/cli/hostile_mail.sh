#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Mail servers that do harm: the password goes nowhere, their words are cleaned, and it ends.
. "$(dirname "$0")/../lib/tap.sh"
need /usr/bin/python3
cd "$T" || exit 1

server=
stop()
{
	[ -z "$server" ] || kill "$server" 2>/dev/null
	[ -z "$server" ] || wait "$server" 2>/dev/null
	server=
}
at_exit stop

# against MODE LINES-OF-NOTIFY...
against()
{
	stop
	rm -f port seen
	/usr/bin/python3 "$SRC/tests/lib/smtp_evil.py" "$T" "$1" &
	server=$!
	eventually test -s port
	shift
	{
		printf '%s\n' 'name: x' 'data: ./data' 'targets: [host]' 'projects: []' 'notify:' \
			"  smtp: 127.0.0.1:$(cat port)" '  from: ci@example.org'
		[ $# -eq 0 ] || printf '  %s\n' "$@"
	} >packmill.yaml
	chmod 600 packmill.yaml
}

# send EXIT WHAT: with everything traced
send()
{
	exits "$1" "$2" env PACKMILL_TRACE=all "$PACKMILL" notify test me@example.org
}

for mode in plain login; do
	against "$mode" 'user: ci' 'password: hunter2-secret'
	send 3 "a server that repeats AUTH ($mode)"
	has 'is said to do so' err 'not shown: it repeats the login'
	hasnt 'and the password is not shown' err 'hunter2|aHVudGVyMi1|h1bnRlcjI|odW50ZXIy'
	has 'which it was sent' seen 'aHVudGVyMi1|h1bnRlcjI|odW50ZXIy'
done

against escapes
send 6 'a server that sends terminal codes'
hasnt 'is cleaned' err "$(printf '\033')|$(printf '\007')"

against endless
exits 5 'an answer without end' timeout 60 "$PACKMILL" notify test me@example.org

against bare 'tls: always' 'user: ci' 'password: hunter2-secret'
send 3 'a server without STARTTLS, which was insisted on'
hasnt 'sees no mail' seen 'AUTH|MAIL|hunter2'

against lie 'tls: always' 'user: ci' 'password: hunter2-secret'
exits 5 'one that says so and goes on in clear' timeout 60 "$PACKMILL" notify test me@example.org
hasnt 'sees no mail' seen 'AUTH|MAIL|hunter2'
done_testing
