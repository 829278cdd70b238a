#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Tables: aligned by characters, no blanks at line ends, nothing that a terminal would obey.
. "$(dirname "$0")/../lib/tap.sh"
cd "$T" || exit 1
mkdir targets
printf 'name: uml\xc3\xa4ut\nformat: rpm\n' >targets/broken.yaml
printf 'name: other\nformat: rpm\narch: alien64\nroot: {host: true}\n' >targets/other.yaml

ok 'targets are listed' "$PACKMILL" target list
cp out list
has 'with headings' list '^target +format +arch +from +usable$'
has 'host among them' list '^host +rpm +[a-z0-9_]+ +built in +yes$'
hasnt 'no blanks at line ends' list ' $'
ok 'as JSON' "$PACKMILL" target list --json
cp out list.json
ok 'the same targets' python3 -c "
import json
j = json.load(open('list.json'))
assert j['schema'] == 1
names = [t['name'] for t in j['targets']]
lines = [l.split()[0] for l in open('list')][1:]
assert names == lines, (names, lines)"
is 'columns begin at the same place' "$(awk '{ print index($0, "rpm") }' <(grep ' rpm ' list) | sort -u | wc -l)" 1
done_testing
