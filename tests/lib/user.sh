# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced after tap.sh by tests with a round as root and one as an ordinary user.

# make_user NAME: an ordinary user with subordinate ids, $U; who sets a trap removes it
make_user()
{
	U=$1$$
	# two tests at once: useradd gives up when another one holds the files
	exec 8<"${BASH_SOURCE[0]}"
	flock 8
	useradd --system --add-subids-for-system -M -s /bin/bash "$U" 2>/dev/null ||
		useradd -M -s /bin/bash "$U" || skip_all 'cannot make a user'
	exec 8>&-
}

# as COMMAND...: as the user of this round ($mode), with home and cache of its own below $D
as()
{
	# shellcheck disable=SC2154 # the test sets it
	if [ "$mode" = root ]; then
		env HOME="$D/home" XDG_CACHE_HOME="$D/cache" "$@"
	else
		su -s /bin/bash "$U" -c "cd / && HOME=$D/home XDG_CACHE_HOME=$D/cache exec $(printf '%q ' "$@")"
	fi
}

# Whether a root of this user's cache is in use.
in_use()
{
	as "$PM" root list --json | grep -q '"in_use": true'
}
