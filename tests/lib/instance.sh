# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced after tap.sh by tests that work with git repositories, an instance and dnf.

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME='A Developer' GIT_AUTHOR_EMAIL=dev@example.org
export GIT_COMMITTER_NAME='A Developer' GIT_COMMITTER_EMAIL=dev@example.org
git_clock=1700000000

# commit DIR MESSAGE: everything, an hour after the one before; prints the hash
commit()
{
	git_clock=$((git_clock + 3600))
	git -C "$1" add -A &&
		GIT_AUTHOR_DATE="@$git_clock +0000" GIT_COMMITTER_DATE="@$git_clock +0000" \
			git -C "$1" commit -q --allow-empty -m "$2" &&
		git -C "$1" rev-parse HEAD
}

new_git()
{
	git init -q -b main "$1"
}

# publisher DIR: serve DIR over http from below a prefix; sets $url. A bare loopback server.
publisher()
{
	local www=$T/www port=
	mkdir -p "$www/some"
	ln -sfn "$1" "$www/some/prefix"
	python3 -u -c '
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as s:
    print(s.server_address[1], flush=True)
    s.serve_forever()' "$www" >"$T/port" 2>"$T/http.log" &
	http_pid=$!
	eventually test -s "$T/port"
	port=$(cat "$T/port")
	export url=http://127.0.0.1:$port/some/prefix
}

stop_publisher()
{
	kill "$http_pid" 2>/dev/null
	wait "$http_pid" 2>/dev/null
}

# dnf_in TREE ARGS...: real dnf on an empty tree with the repositories of $T/repos.d only
dnf_in()
{
	local tree=$1 as_root=()
	shift
	mkdir -p "$T/dnf-home" "$T/dnf-log" "$T/repos.d"
	# Debian's rpm keeps its database under the home directory
	echo '%_dbpath /var/lib/rpm' >"$T/dnf-home/.rpmmacros"
	# dnf wants to be root; of its own tree an ordinary user can be
	[ "$(id -u)" = 0 ] || as_root=(unshare --user --map-root-user --)
	HOME=$T/dnf-home "${as_root[@]}" dnf -q -y --installroot="$tree" --releasever=1 --noplugins \
		--setopt=reposdir="$T/repos.d" --setopt=cachedir="$T/dnf-cache" \
		--setopt=logdir="$T/dnf-log" --setopt=persistdir="$T/dnf-persist" \
		--setopt=install_weak_deps=0 "$@"
}

# project NAME [TAGS]: an upstream of one shell script and its packaging, below $T/git
project()
{
	new_git "$T/git/$1"
	echo "echo $1 one" >"$T/git/$1/$1"
	commit "$T/git/$1" 'one' >/dev/null
	git -C "$T/git/$1" tag v1.0.0
	new_git "$T/git/$1-distgit"
	cat >"$T/git/$1-distgit/$1.spec" <<E2
Name: $1
Version: 0
Release: 0
Summary: x
License: MIT
Source0: %{name}-%{upstream_version}.tar.gz
BuildArch: noarch
${2-}
%description
x
%prep
%setup -q -n %{name}-%{upstream_version}
%build
sh -n $1
%install
install -Dm755 $1 %{buildroot}/usr/bin/$1
%files
/usr/bin/$1
E2
	commit "$T/git/$1-distgit" 'package it' >/dev/null
}

# change NAME TEXT: a new upstream commit
change()
{
	echo "$2" >"$T/git/$1/$1"
	commit "$T/git/$1" "$2"
}
