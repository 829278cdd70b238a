#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every shell script of the tree passes shellcheck (warnings and errors).
. "$(dirname "$0")/../lib/tap.sh"
cd "$SRC" || exit 1
need shellcheck
while read -r f; do
	head -n 1 "$f" | grep -Eq '^#!.*/(ba)?sh( |$)|^# shellcheck shell=' || continue
	if out=$(shellcheck -S warning -x -P SCRIPTDIR -f gcc "$f"); then pass "$f"; else fail "$f" "$out"; fi
done < <(find . -type f \( -perm -u+x -o -name '*.sh' \) -not -path './build*' -not -path './.git/*' \
	-not -path './tests/data/*' -not -path './demo-data/*' | sed 's#^\./##' | sort)
done_testing
