# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# `packmill run` in the current directory; its output goes to the file log. For tests of the service.
pid=

# begin: without waiting for anything
begin()
{
	: >log
	"$PACKMILL" run >>log 2>&1 &
	pid=$!
}

start()
{
	begin
	eventually grep -q 'looked at every' log
}

# stop SIGNAL: status is what it ended with
stop()
{
	kill "-$1" "$pid"
	wait "$pid"
	# shellcheck disable=SC2034 # for the test
	status=$?
	pid=
}

# builds WHAT [OPTION]...: that of all builds that `list` shows, oldest first, in one line
builds()
{
	"$PACKMILL" list "${@:2}" --json | python3 -c 'import json, sys
print(*(b[sys.argv[1]] for b in reversed(json.load(sys.stdin)["builds"])))' "$1"
}

# is_state STATES [OPTION]...
is_state()
{
	[ "$(builds state "${@:2}")" = "$1" ]
}
