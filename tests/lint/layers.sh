#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# usage: layers.sh SRCDIR -- fail when src/X includes a module layers.conf does not allow,
# or when one driver folder (format/rpm) includes a sibling (format/deb).
# Includes are written from src/:  #include "repo/index.h"
conf=$(cd "$(dirname "$0")" && pwd)/layers.conf
cd "$1" || exit 2
find . -name '*.[ch]' | sed 's#^\./##' | sort | {
	bad=0
	while read -r f; do
		m=${f%%/*}
		grep -q "^$m:" "$conf" || { echo "$f: module '$m' is not in layers.conf"; bad=1; continue; }
		allow=" $m $(sed -n "s/^$m://p" "$conf") "
		for inc in $(sed -n 's/^#[ ]*include "\([^"]*\)".*/\1/p' "$f"); do
			t=${inc%%/*}
			case "$inc" in
			*/*) ;;
			*) echo "$f: write \"$inc\" with its folder"; bad=1; continue ;;
			esac
			case "$allow" in
			*" $t "*) ;;
			*) echo "$f: $m/ must not include $inc"; bad=1 ;;
			esac
			case "$f:$inc" in
			*/*/*:*/*/*) [ "${f%/*}" = "${inc%/*}" ] || { echo "$f: sibling driver $inc"; bad=1; } ;;
			esac
		done
	done
	exit $bad
}
