#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A fresh sandbox over the host's root, against bwrap and against the mount it cannot do without. Medians.
. "$(dirname "$0")/../lib/bench.sh"
"$(dirname "$PACKMILL")/tests/bench/bench_sandbox" "$T" 100 >"$T/rows" || die 'bench_sandbox failed'
floor=$(sed -n 's/\tbwrap .*//p' "$T/rows")
while IFS=$'\t' read -r s what; do
	row "$what" "$s" "$floor"
done <"$T/rows"
echo '(x: of the time of bwrap)'
