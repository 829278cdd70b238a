#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Publishing one changed package among many: packmill (package into the pool, a commit repository,
# current, sources and debug information, all of it on disk) against createrepo_c over the same packages,
# without its databases, in full and with --update (neither waits for the disk).
. "$(dirname "$0")/../lib/bench.sh"
. "$SRC/tests/lib/rpms.sh"
runs=${RUNS:-7}

# many N DIR: N small packages with eight files each, 500 to a build
many()
{
	local k i n=$1
	mkdir -p "$2"
	for ((k = 0; k < n; k += 500)); do
		{
			printf 'Name: s%d\nVersion: 1\nRelease: 1\nSummary: s\nLicense: MIT\nBuildArch: noarch\n' $k
			printf '%%description\nd\n'
			for ((i = k; i < k + 500 && i < n; i++)); do
				cat <<-E
					%package -n python3-p$i
					AutoReqProv: no
					Summary: Package number $i of many, with a summary
					Requires: python3-p$((i / 2)) >= 1
					Requires: python3dist(requests) >= 2.1
					Provides: python3dist(p$i) = 1
					%description -n python3-p$i
					A description of package $i, as long as one is, with several words in it.
					%files -n python3-p$i
					/usr/share/p$i
				E
			done
			cat <<-E
				%install
				cd %{buildroot} || mkdir -p %{buildroot} && cd %{buildroot}
				for i in \$(seq $k $((i - 1))); do d="\$d usr/share/p\$i"; done
				mkdir -p \$d
				for i in \$d; do for f in a b c d e f g h; do echo \$i >\$i/\$f.py; done; done
				%changelog
				* Mon Nov 02 2026 A. Body <a@example.org> - 1-1
				- first
			E
		} >"$T/many.spec"
		rpmbuild -bb --define "_topdir $T/many" --define "_dbpath $T/rpmdb" --define '_build_id_links none' \
			--define '__os_install_post %{nil}' --define '_binary_payload w0.ufdio' \
			"$T/many.spec" >"$T/many.log" 2>&1 || { tail -n 5 "$T/many.log"; die 'no packages'; }
		mv "$T"/many/RPMS/noarch/*.rpm "$2/"
		rm -rf "$T/many"
	done
}

# The package that changes, two versions of it, one after the other.
next=0
change()
{
	next=$((next + 1))
	changed=$T/v$((next % 2 + 1))/hello-1.0-$((next % 2 + 1)).noarch.rpm
}

pm()
{
	publish "$T/data" "$next" '' "$changed"
}

# calls: the publish alone, as it measures itself
calls()
{
	local i
	for ((i = 0; i < runs; i++)); do
		change
		TIMES=1 pm || exit 1
	done | median | awk '{ print $1 / 1000 }'
}

# round: each of them once, so that a machine's moods meet all alike
round()
{
	change
	rm -f "$T"/cr/hello-*.rpm
	ln "$changed" "$T/cr/"
	seconds createrepo_c -q --no-database --update "$T/cr" >>"$T/update"
	seconds pm >>"$T/process"
	seconds createrepo_c -q --no-database "$T/cr" >>"$T/full"
	change
	TIMES=1 pm | awk '{ print $1 / 1000 }' >>"$T/call"
}

# among N PER
among()
{
	local i update
	rm -rf "$T/data" "$T/cr" "$T"/{full,update,call,process}
	mkdir "$T/cr"
	find "$T/many-rpms" -name '*.rpm' | sort | head -n "$1" >"$T/list"
	xargs ln -t "$T/cr" <"$T/list"
	xargs "$PUBLISH" fill "$T/data" t "$2" <"$T/list" || die 'cannot fill'
	change
	pm >/dev/null || die 'cannot publish' # reads all packages once, as the first createrepo_c does
	seconds createrepo_c -q --no-database "$T/cr" >/dev/null
	for ((i = 0; i < runs; i++)); do round; done
	update=$(median <"$T/update")
	row "1 of $1 packages: createrepo_c --update" "$update"
	row '    createrepo_c in full' "$(median <"$T/full")" "$update"
	row '    packmill, one publish of the running daemon' "$(median <"$T/call")" "$update"
	row '    packmill, a process of its own, with its records' "$(median <"$T/process")" "$update"
	"$REPOCHECK" "$T/data/repos/t/current" >"$T/out" || die 'the repository is not whole'
	grep -q ": $(($1 + 1)) packages" "$T/out" || die "$(cat "$T/out")"
}

make_rpms 1 "$T/v1" && make_rpms 2 "$T/v2" || die 'no packages'
many 5000 "$T/many-rpms"
among 1000 1
among 5000 13

# 394 projects of three packages each, as RDO has them
rm -rf "$T/data"
sed -n 1,1182p <(find "$T/many-rpms" -name '*.rpm' | sort) | xargs "$PUBLISH" fill "$T/data" t 3
change
pm >/dev/null || die 'cannot publish'
inodes()
{
	find "$T/data" -printf '%i\n' | sort -u | wc -l
}
next=$((next + 2 * runs))
commit=$(calls) || exit 1
next=$((next + 2 * runs))
before=$(inodes)
change
pm >/dev/null || die 'cannot publish'
row 'commit repository among 394 projects (1,182 packages)' "$commit"
printf '    new files and directories: %d\n' $(($(inodes) - before))
rm -rf "$T/data"
small=$(calls) || exit 1
row 'commit repository of 1 project' "$small"
