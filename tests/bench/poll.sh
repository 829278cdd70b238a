#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Nothing new: one look at 50 projects with an upstream and a packaging repository each on this machine,
# against asking the same 100 repositories with `git ls-remote`, one after another.
. "$(dirname "$0")/../lib/bench.sh"
projects=50

cd "$T" || exit 1
export GIT_AUTHOR_NAME=b GIT_AUTHOR_EMAIL=b@example.org GIT_COMMITTER_NAME=b
export GIT_COMMITTER_EMAIL=b@example.org GIT_CONFIG_GLOBAL=/dev/null
printf 'name: bench\ndata: ./data\ntargets: [host]\nprojects:\n' >packmill.yaml
for ((i = 1; i <= projects; i++)); do
	for kind in up pack; do
		git init -q -b main "git/$kind$i"
		echo "$i" >"git/$kind$i/file"
	done
	cat >"git/pack$i/p$i.spec" <<-E
		Name: p$i
		Version: 1
		Release: 1%{?dist}
		Summary: Package $i
		License: MIT
		BuildArch: noarch
		Source0: p$i.tar.gz
		%description
		One file.
		%prep
		%setup -q -n p$i
		%install
		install -D -m 644 file %{buildroot}/usr/share/p$i/file
		%files
		/usr/share/p$i
	E
	for kind in up pack; do
		git -C "git/$kind$i" add -A
		git -C "git/$kind$i" commit -qm "Project $i"
	done
	printf '  - {project: p%d, upstream: {url: ./git/up%d}, packaging: {url: ./git/pack%d}}\n' \
		$i $i $i >>packmill.yaml
done
first=$(seconds "$PACKMILL" -q run --once) || exit 1
grep -qx "built $projects, failed 0, retry 0, unchanged 0" out || die "$(cat out)"
idle=$(times 7 "$PACKMILL" -q run --once) || exit 1
grep -qx "built 0, failed 0, retry 0, unchanged $projects" out || die "$(cat out)"
ask_all()
{
	local d
	for d in git/*; do git ls-remote "$d" || return; done
}
floor=$(times 3 ask_all) || exit 1

row "git ls-remote of $((2 * projects)) repositories, one by one" "$floor"
row "packmill run --once, $projects projects, nothing new" "$idle" "$floor"
row "the first run: $projects packages built and published" "$first"
row '    of which for each' "$(awk -v s="$first" -v n=$projects 'BEGIN { print s / n }')"
