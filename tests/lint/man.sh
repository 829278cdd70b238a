#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Help against man: each command has a page, each of its options is there with its argument, and no
# page speaks of a command or an option that is not. Pages are read as people get them.
. "$(dirname "$0")/../lib/tap.sh"
cd "$SRC" || exit 1
need scdoc

# rendered FILE.scd: the page as scdoc makes it, in plain text
rendered()
{
	"$PACKMILL" generate man "$1" | scdoc | sed -e 's/\\f[BIRP]//g' -e 's/\\-/-/g' -e 's/\\&//g' \
		-e "s/\\\\(aq/'/g" -e 's/\\e/\\/g'
}

# options of the tables, as a page writes them: "-o, --output DIR"
of_tables()
{
	"$PACKMILL" generate options | awk -F '\t' -v c="$1" \
		'$1 == c { print ($2 == "-" || $2 == "--" ? "" : $2 ", ") $3 ($4 == "-" ? "" : " " $4) }' | sort
}

of_page()
{
	sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/p' "$1" | grep -E '^-' | sort
}

all_options=$("$PACKMILL" generate options | cut -f 3 | sort -u)
commands=$("$PACKMILL" help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p')
for c in packmill $commands; do
	page=packmill-$c.1
	[ "$c" != packmill ] || page=packmill.1
	if ! rendered "docs/man/$page.scd" >"$T/$page" 2>"$T/err" || [ -s "$T/err" ]; then
		fail "$page is made" "$(cat "$T/err")"
		continue
	fi
	pass "$page is made"
	is "$page: its options are those of the program" "$(of_page "$T/$page")" "$(of_tables "$c")"
	# options named in passing, of this or another command
	is "$page: all options it names exist" "$(grep -oE -- '(^|[^-[:alnum:]])--[a-z][a-z-]+' "$T/$page" |
		sed 's/^[^-]//' | sort -u | grep -vxF -- "$all_options" | grep -vxE -- \
		'--(rebuild|update|installroot|first-parent|test|print-out-ref|setopt|root)')" ''
done
for f in docs/man/*.scd; do
	c=$(sed 's#^docs/man/packmill-##; s#\.1\.scd$##' <<<"$f")
	case $f in
	docs/man/packmill.1.scd | *.5.scd) pass "$f" ;;
	*) if grep -qx -- "$c" <<<"$commands"; then pass "$f"; else fail "$f: no such command"; fi ;;
	esac
done
done_testing
