#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What holds for every command: where options may stand, what is said of wrong ones, exit statuses.
. "$(dirname "$0")/../lib/tap.sh"
cd "$T" || exit 1

exits 2 'no command: usage' "$PACKMILL"
is 'nothing on stdout' "$(cat out)" ''
stderr_is 'one line' <<'E'
packmill: no command given (see 'packmill help')
E
exits 2 'unknown command' "$PACKMILL" hlep
stderr_is 'the nearest is named' <<'E'
packmill: unknown command 'hlep' (did you mean 'help'?)
E
exits 2 'unknown command near nothing' "$PACKMILL" xyzzyx
stderr_is 'help is named' <<'E'
packmill: unknown command 'xyzzyx' (see 'packmill help')
E
exits 2 'unknown long option' "$PACKMILL" help --confg=x
stderr_is 'the nearest is named' <<'E'
packmill: unknown option '--confg' (did you mean '--config'?)
E
exits 2 'unknown long option before the command' "$PACKMILL" --jsn help
stderr_is 'the nearest is named' <<'E'
packmill: unknown option '--jsn' (did you mean '--json'?)
E
exits 2 'unknown short option' "$PACKMILL" help -Z
stderr_is 'the help of the command is named' <<'E'
packmill: unknown option '-Z' (see 'packmill help help')
E
exits 2 'unknown short option in a cluster' "$PACKMILL" help -vZ
exits 2 'value missing' "$PACKMILL" help --config
stderr_is 'and what it should be' <<'E'
packmill: option '--config' needs a value (FILE)
E
exits 2 'value empty' "$PACKMILL" help --config=
stderr_is 'said' <<'E'
packmill: option '--config' has an empty value
E
exits 2 'value for a flag' "$PACKMILL" help --json=yes
stderr_is 'said' <<'E'
packmill: option '--json' takes no value
E
exits 2 'no time' "$PACKMILL" help --timeout=soon
stderr_is 'said' <<'E'
packmill: option '--timeout' wants a time like 90, 15m or 2h, not 'soon'
E
exits 2 'negative time' "$PACKMILL" help --timeout=-5
exits 2 'too many arguments' "$PACKMILL" help help more
stderr_is 'and the usage' <<'E'
packmill: unexpected argument 'more'; usage: packmill help [COMMAND]
E
exits 2 'quiet and verbose' "$PACKMILL" help -q -v
exits 2 'escape codes in a wrong command' "$PACKMILL" $'\e[31mred'
hasnt 'do not reach the terminal' err $'\e'
exits 2 'a lone dash is an argument' "$PACKMILL" help -
has 'not an option' err "unknown command '-'"

ok 'help of a command without arguments' "$PACKMILL" help status
has 'has no blanks at the end of its usage' out '^usage: packmill status \[options\]$'

ok 'global options before the command' "$PACKMILL" -q --config=x -C / help
cp out before
ok 'and after it' "$PACKMILL" help -q -c x -C/
cp out after
ok 'say the same' cmp before after
ok 'options end at --' "$PACKMILL" help -- help
exits 2 'what follows -- is no option' "$PACKMILL" help -- --json
exits 2 'a directory that is not there' "$PACKMILL" -C /nonexistent/dir help
stderr_is 'is named' <<'E'
packmill: change to directory '/nonexistent/dir': No such file or directory
E
exits 2 'a file as directory' "$PACKMILL" -C "$PACKMILL" help
exits 2 'a name that is too long' "$PACKMILL" -C "$(printf 'x%.0s' {1..300})" help
exits 2 'a path that is' "$PACKMILL" -C "$(printf '/x%.0s' {1..5000})" help

# a job that cannot be read: only who started it as a build is told on standard output
"$PACKMILL" build --job nonexistent.json 2>job-err | cat >job-out
is 'nothing on standard output' "$(cat job-out)" ''
is 'one line on standard error' "$(wc -l <job-err) $(cut -c1-32 job-err)" "1 packmill: job 'nonexistent.json'"
"$PACKMILL" build -q --job nonexistent.json 2>job-err | cat >job-out
is 'or there for the supervisor' "$(wc -l <job-out) $(wc -c <job-err) $(cut -c1-22 job-out)" "1 0 job 'nonexistent.json'"

ok 'help' "$PACKMILL" help
cp out overview
ok '--help without a command' "$PACKMILL" --help
cp out page
ok 'says the same' cmp overview page
ok 'help of a command' "$PACKMILL" help help
cp out page
ok '-h after the command' "$PACKMILL" help -h
cp out page2
ok 'says the same' cmp page page2
ok '--help before the command' "$PACKMILL" --help help
cp out page2
ok 'says the same' cmp page page2
ok '--help wins over wrong arguments' "$PACKMILL" help a b c --help
hasnt 'hidden commands are not listed' overview generate
is 'help is at most 100 wide' "$(awk 'length > 100' overview page)" ''
for c in $(sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p' overview); do
	ok "help $c" "$PACKMILL" help "$c"
	is "$c: help is at most 100 wide" "$(awk 'length > 100' out)" ''
done

ok 'version' "$PACKMILL" --version
has 'name and number' out '^packmill [0-9]+\.[0-9]+'
has 'features' out '^\+[a-z]+( [+-][a-z]+)*$'
ok 'version as JSON' "$PACKMILL" --version --json
cp out version.json
ok 'is JSON with a schema' python3 -c "
import json
j = json.load(open('version.json'))
assert j['schema'] == 1 and j['version'] and 'rpm' in j['features'], j"

# what is printed has to arrive
status=0
"$PACKMILL" help >/dev/full 2>err || status=$?
is '/dev/full: exit status' "$status" 5
stderr_is '/dev/full: said' <<'E'
packmill: standard output: No space left on device
E
status=0
"$PACKMILL" help >&- 2>err || status=$?
is 'closed stdout: exit status' "$status" 5
stderr_is 'closed stdout: said' <<'E'
packmill: standard output: Bad file descriptor
E
ok 'closed stdin does no harm' bash -c '"$PACKMILL" help <&-'
ok 'closed stderr does no harm' bash -c '"$PACKMILL" help 2>&-'
exits 2 'closed stderr, error' bash -c '"$PACKMILL" hlep 2>&-'
mkfifo gone
{ eventually test -e went; "$PACKMILL" help 2>err; echo $? >rc; } >gone &
true <gone
touch went
wait
is 'a reader that went away: exit status' "$(cat rc)" 141
is 'a reader that went away: silence' "$(cat err)" ''

done_testing
