#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A world of projects (default 400, or WORLD) with three commits each and tiny packages: what a commit costs
# around the build itself when the instance has 10, 100 and all of them, what is written for it, what the
# supervisor needs, how fast it is back after kill -9. Pages and queue after a long history: `./bench pages`.
. "$(dirname "$0")/../lib/bench.sh"
projects=${WORLD:-400}
sample=10 # commits at each size

cd "$T" || exit 1
export GIT_CONFIG_GLOBAL=/dev/null

# commit N I: the I-th commit of project N
commit()
{
	local from=
	[ "$2" = 1 ] || from=$'from refs/heads/main^0\n'
	git --git-dir="git/p$1.git" fast-import --quiet <<-E || die "commit $2 of p$1"
		commit refs/heads/main
		committer b <b@example.org> $((1700000000 + $1 * 10 + $2 * 86400)) +0000
		data <<MESSAGE
		Change $2 of project $1
		MESSAGE
		${from}M 644 inline p$1.spec
		data <<SPEC
		Name: p$1
		Version: 1.$2
		Release: 1%{?dist}
		Summary: Package $1
		License: MIT
		BuildArch: noarch
		Source0: file
		%description
		One file.
		%install
		install -D -m 644 %{SOURCE0} %{buildroot}/usr/share/p$1/file
		%files
		/usr/share/p$1
		SPEC
		M 644 inline file
		data <<TEXT
		$1 $2
		TEXT
	E
}

# config N: an instance of the first N projects
config()
{
	printf 'name: world\ndata: ./data\ntargets: [host]\nlimits: {jobs: 2}\npoll: 1h\nprojects:\n' >packmill.yaml
	for ((i = 1; i <= $1; i++)); do
		printf '  - {project: p%d, packaging: {url: ./git/p%d.git}}\n' "$i" "$i"
	done >>packmill.yaml
}

run_all()
{
	"$PACKMILL" -q run --once "$@" >"$T/out" 2>"$T/err" || { tail "$T/err" >&2; die "run: $(cat "$T/out")"; }
}

# step_median NAME LIMIT: of the newest LIMIT builds
step_median()
{
	local n
	for n in $("$PACKMILL" list --limit "$2" --json | python3 -c \
		"import json, sys; [print(b['build']) for b in json.load(sys.stdin)['builds']]"); do
		"$PACKMILL" show "$n" --json | python3 -c "import json, sys
print(sum(s['seconds'] for s in json.load(sys.stdin)['steps'] if s['name'] == '$1'))"
	done | median
}

# at N: the cost of `sample` commits one after another in an instance of N projects, all built before
at()
{
	local idle total build files
	idle=$(times 5 run_all)
	for ((i = 1; i <= sample; i++)); do commit "$i" "$commits"; done
	commits=$((commits + 1))
	touch "$T/stamp"
	sleep 0.01
	total=$(seconds run_all -j 1)
	grep -q "^built $sample, failed 0" "$T/out" || die "$(cat "$T/out")"
	build=$(step_median build "$sample")
	files=$(find data \( -path data/roots -o -path data/cache -o -path data/git \) -prune -o \
		\( -type f -o -type l \) -newer "$T/stamp" -print | wc -l)
	row "$1 projects: one commit, all around its build" "$(awk -v t="$total" -v i="$idle" -v n=$sample \
		-v b="$build" 'BEGIN { print (t - i) / n - b }')" "$build"
	row "    nothing new" "$idle"
	printf '%-58s %9.1f\n' "    files and links written, of each commit" \
		"$(awk -v f="$files" -v n=$sample 'BEGIN { print f / n }')"
}

# field FIELD: of /proc/$pid/status, in KiB
field()
{
	awk -v f="$1:" '$1 == f { print $2 }' "/proc/$pid/status"
}

# wait_for SECONDS COMMAND...
wait_for()
{
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || die "waited in vain: $*"
		sleep 0.02
	done
}

daemon()
{
	"$PACKMILL" run >>"$T/daemon.log" 2>&1 &
	pid=$!
}

queued()
{
	"$PACKMILL" list --limit 0 --state "$1" --json 2>/dev/null |
		python3 -c "import json, sys; print(len(json.load(sys.stdin)['builds']))"
}

is_idle()
{
	[ "$(queued queued)" = 0 ] && [ "$(queued running)" = 0 ]
}

runs_some()
{
	[ "$(queued running)" -gt 0 ]
}

says()
{
	grep -q "$1" "$T/daemon.log"
}

mkdir git
for ((n = 1; n <= projects; n++)); do
	git init -q --bare -b main "git/p$n.git"
	commit "$n" 1
done
commits=2
before=0
for size in 10 100 "$projects"; do
	if [ "$size" -gt "$projects" ] || [ "$size" -le "$before" ]; then continue; fi
	config "$size"
	first=$(seconds run_all)
	grep -q "^built $((size - before)), failed 0" "$T/out" || die "$(cat "$T/out")"
	row "the first build of $((size - before)) projects, two at once, each" \
		"$(awk -v t="$first" -v n=$((size - before)) 'BEGIN { print t / n }')"
	at "$size"
	before=$size
done
for ((n = sample + 1; n <= projects; n++)); do
	commit "$n" 2
	commit "$n" 3
done
daemon
wait_for 60 says 'built'
wait_for 1200 is_idle
printf '%-58s %9d KiB\n' "supervisor at $projects projects: memory at its most" "$(field VmHWM)" \
	'    now that it is idle' "$(field VmRSS)"
busy=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
sleep 10
printf '%-58s %9.2f %%\n' '    of a processor while it is idle' \
	"$(awk -v a="$busy" -v b="$(awk '{ print $14 + $15 }' "/proc/$pid/stat")" 'BEGIN { print (b - a) / 10 }')"
for ((n = 1; n <= sample; n++)); do commit "$n" 9; done
"$PACKMILL" -q poll
wait_for 60 runs_some
kill -9 "$pid"
wait "$pid" 2>/dev/null
: >"$T/daemon.log"
start=$EPOCHREALTIME
daemon
wait_for 60 says 'build [0-9]* of'
row 'after kill -9: until builds go on' "$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')"
wait_for 60 is_idle
kill "$pid"
wait "$pid"
printf '%-58s %9d\n' 'builds recorded' "$("$PACKMILL" list --limit 0 --json |
	python3 -c "import json, sys; print(len(json.load(sys.stdin)['builds']))")"
cat <<E
DLRN, as measured elsewhere on two such processors: 34.8 s for a look at 50 projects with nothing new; 342
commits of 394 projects left 118,681 links (347 of each commit) and a full createrepo for each.
E
