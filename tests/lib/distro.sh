# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced after tap.sh (or bench.sh): the mini distribution of tests/distro, served over http.
#
#	need_distro              sets $DISTRO, its directory; need_distro --signed: everything signed
#	serve_distro             sets $distro_url, which has base/, extra/ (and key.asc)
#	distro_target FILE [--extra] [--signed] [--name N] [--expire TIME]    a target file for it
#	distro_state updated     base/ is that state from now on: base, grown (a package more that nothing
#	                         needs) or updated (higher releases, a new file, one gone)
#	stop_distro              before the test's end; at its end the server stops by itself
#
# What was asked for is in $T/distro/log, a line each; $distro_url/cut/base and the like misbehave
# (tests/unit/http_server.h). distro_url has no slash at its end.

need_distro()
{
	local p error
	[ "$(uname -m)" = x86_64 ] || distro_missing 'the mini distribution is for x86_64'
	for p in apt-cache apt-get createrepo_c dpkg-deb gpg pkg-config python3 rpmbuild rpmsign setpriv; do
		command -v "$p" >/dev/null || distro_missing "no program '$p'"
	done
	mkdir -p "$T/distro"
	DISTRO=$("$SRC/tests/distro/distro" path "$@" 2>"$T/distro/made") || {
		error=$(tail -n 1 "$T/distro/made")
		sed 's/^/# /' "$T/distro/made"
		distro_missing "the mini distribution: $error"
	}
	export DISTRO
}

distro_missing()
{
	if declare -F skip_all >/dev/null; then skip_all "$1"; fi
	echo "missing: $1" >&2
	exit 1
}

distro_state()
{
	ln -sfn "$DISTRO/$1" "$T/distro/www/base.new" && mv -T "$T/distro/www/base.new" "$T/distro/www/base"
}

serve_distro()
{
	mkdir -p "$T/distro/www"
	ln -sfn "$DISTRO/extra" "$T/distro/www/extra"
	[ ! -f "$DISTRO/key.asc" ] || ln -sfn "$DISTRO/key.asc" "$T/distro/www/key.asc"
	distro_state base
	distro_url=
	: >"$T/distro/url"
	setpriv --pdeathsig TERM -- "$(dirname "$PACKMILL")/tests/tools/tool_httpd" \
		-l "$T/distro/log" "$T/distro/www" >"$T/distro/url" &
	distro_pid=$!
	eventually test -s "$T/distro/url"
	read -r distro_url <"$T/distro/url"
	export distro_url=${distro_url%/}
	[ -n "$distro_url" ]
}

stop_distro()
{
	[ -z "${distro_pid-}" ] || kill "$distro_pid" 2>/dev/null
	wait "${distro_pid-}" 2>/dev/null
	distro_pid=
}

distro_target()
{
	local file=$1
	shift
	"$SRC/tests/distro/distro" target "$distro_url" "$@" >"$file"
}
