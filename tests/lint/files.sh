#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What every file of the tree keeps to: a licence line, no left-over marks, no machine's own paths,
# sizes one can read.
. "$(dirname "$0")/../lib/tap.sh"
cd "$SRC" || exit 1

sources()
{
	find . \( -name '*.[ch]' -o -name '*.sh' -o -name 'meson.build' -o -name '*.scd' -o -name '*.py' \
		-o -path './scripts/*' -o -path './check' -o -path './demo' -o -path './bench' \
		-o -path './.ci/run' \) -type f -not -path './build*' -not -path './.git/*' \
		-not -path './tests/data/*' -not -path './demo-data/*' | sed 's#^\./##' | sort
}

# check WHAT BAD-LIST
check()
{
	if [ -z "$2" ]; then pass "$1"; else fail "$1" "$2"; fi
}

mapfile -t files < <(sources)
code=()
for f in "${files[@]}"; do
	[[ $f == *.[ch] && $f != demo/* ]] && code+=("$f")
done

check 'each file says its licence in its first lines' "$(
	for f in "${files[@]}"; do
		case $f in
		demo/upstream/* | *meson.build) continue ;;
		*.scd) head -n 3 "$f" | grep -q '^; SPDX-License-Identifier: GPL-3.0-or-later$' ;;
		*) head -n 2 "$f" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' ;;
		esac || echo "$f"
	done)"
check 'one licence line a file' "$(grep -c '^.. SPDX-License-Identifier' "${code[@]}" | grep -v ':1$')"
check 'nothing is left to do' "$(grep -nE '\b(TO[D]O|FIXM[E]|HAC[K])\b' "${files[@]}")"
check 'no path of somebody'"'"'s machine' "$(grep -nE '(^|[^a-z.])/(home/[a-z]|wor[k]/)' "${files[@]}" |
	grep -vE '^tests/|/home/(builder|user|someone)')"
check 'base.h is included first' "$(
	for f in "${code[@]}"; do
		[[ $f == src/*.c ]] || continue
		first=$(sed -n 's/^#[ ]*include //p' "$f" | head -n 1)
		own="\"${f#src/}"
		[ "$first" = '"base/base.h"' ] || [ "$first" = "${own%.c}.h\"" ] ||
			[[ $first == '"'*.h'"' ]] || echo "$f: $first"
	done)"
check 'no exit() in library code' "$(grep -nE '(^|[^_a-z])exit\(' "${code[@]}" |
	grep -vE '^(tests/|src/cmd/main\.c)|/\*|^\S+\s+\*')"
check 'library code does not print' "$(grep -nE '\b(printf|puts|putchar|perror)\(|fprintf\(std|\blog_(info|warn|error|verbose)\(' \
	"${code[@]}" | grep -vE '^(tests/|src/cmd/|src/sched/|src/base/(log|alloc)\.)')"
check 'no file beyond 1,000 lines' "$(wc -l "${code[@]}" | awk '$1 > 1000 && $2 != "total"')"
check 'no line beyond 100 columns in C' "$(
	for f in "${code[@]}"; do
		expand -t 8 "$f" | awk -v f="$f" 'length > 100 { print f ":" NR ": " length }'
	done)"
# ./check passes over what it cannot execute
check 'shell tests are programs' "$(
	for f in tests/cli/*.sh tests/e2e/*.sh tests/lint/*.sh; do [ -x "$f" ] || echo "$f"; done)"
check 'no blanks at line ends' "$(grep -nE '[ 	]+$' "${files[@]}" | head)"
done_testing
