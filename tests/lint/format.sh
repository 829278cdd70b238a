#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# C sources are as clang-format 14 writes them; other versions differ in details.
. "$(dirname "$0")/../lib/tap.sh"
cd "$SRC" || exit 1
need clang-format
version=$(clang-format --version | sed -n 's/.*version \([0-9]*\).*/\1/p')
[ "$version" = 14 ] || skip_all "clang-format is $version, not 14"
while read -r f; do
	if d=$(diff -u --label "$f" --label 'as clang-format writes it' "$f" <(clang-format "$f")); then
		pass "$f"
	else
		fail "$f" "$d"
	fi
done < <(find src tests -name '*.[ch]' -not -path 'tests/data/*' | sort)
done_testing
