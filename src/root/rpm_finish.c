/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpm_finish.c - what a tree of packages lacks to be a build root, as a script for its own shell:
 * the database where its own rpm looks for it, the builder's account, fixed names of the machine.
 */
#include "root/rpm_make.h"

const char rpm_finish_script[] =
	"set -e; umask 022; db=$1\n"
	"if [ -d " RPM_NEW_DB " ] && [ -n \"$db\" ]; then\n"
	"	mkdir -p \"$(realpath -m \"$db\")\"\n"
	"	for f in " RPM_NEW_DB "/* " RPM_NEW_DB "/.[!.]*; do\n"
	"		case $f in *'*' | */__db*) continue ;; esac\n"
	"		mv -f \"$f\" \"$db/\"\n"
	"	done\n"
	"fi\n"
	"rm -rf " RPM_NEW_DB "\n"
	/* a line of this file for the name or the id */
	"named() {\n"
	"	while IFS=: read -r name x id rest; do\n"
	"		[ \"$name\" != \"$2\" ] && [ \"$id\" != \"$3\" ] || return 0\n"
	"	done <\"$1\"; return 1\n"
	"}\n"
	"add() { [ ! -e \"$1\" ] || named \"$1\" \"${2%%:*}\" none || echo \"$2\" >>\"$1\"; }\n"
	"mkdir -p /etc\n"
	"[ -e /etc/passwd ] || echo 'root:x:0:0:root:/root:/bin/bash' >/etc/passwd\n"
	"[ -e /etc/group ] || echo 'root:x:0:' >/etc/group\n"
	"named /etc/group builder 1000 || {\n"
	"	echo 'builder:x:1000:' >>/etc/group; add /etc/gshadow 'builder:*::'\n"
	"}\n"
	"named /etc/passwd builder 1000 || {\n"
	"	echo 'builder:x:1000:1000:builder:/builddir:/bin/bash' >>/etc/passwd\n"
	"	add /etc/shadow 'builder:*:19000:0:99999:7:::'\n"
	"}\n"
	"mkdir -p /builddir; chown 1000:1000 /builddir\n"
	"[ -s /etc/hosts ] || printf '127.0.0.1 localhost\\n::1 localhost\\n' >/etc/hosts\n"
	"[ -s /etc/hostname ] || echo localhost >/etc/hostname\n"
	/* a link into /run of a service that does not run here */
	"[ -f /etc/resolv.conf ] || { rm -f /etc/resolv.conf; : >/etc/resolv.conf; }\n"
	"[ -e /etc/mtab ] || [ -L /etc/mtab ] || ln -s ../proc/self/mounts /etc/mtab\n"
	/* a scriptlet may have drawn one: roots of the same packages are the same */
	"rm -f /etc/machine-id; echo 00000000000000000000000000000001 >/etc/machine-id\n"
	"chmod 0444 /etc/machine-id\n"
	"[ ! -d /in ] || rmdir /in\n";

const char rpm_owners_script[] =
	"set -e; umask 022\n"
	"lines=$(rpm -qa --qf '[%{provides} %{provideversion}\\n]' | while read -r name line; do\n"
	"	case $name in\n"
	"	'user('* | 'group('* | 'groupmember('*)\n"
	"		[ -z \"$line\" ] || { echo \"$line\" | base64 -d | tr -d '\\0'; echo; } "
	";;\n"
	"	esac\n"
	"done | sort -u)\n"
	"numbers() { case $1 in '' | *[!0-9:]*) uid= gid= ;; *) uid=${1%%:*} gid=${1##*:} ;; esac; "
	"}\n"
	"group() { grep -q \"^$1:\" /etc/group || groupadd -r ${gid:+-g \"$gid\"} \"$1\"; }\n"
	"make() {\n"
	"	while read -r type name id rest; do\n"
	"		numbers \"$id\"\n"
	"		case $1$type in\n"
	"		gg | gu | gu!) group \"$name\" ;;\n"
	"		uu | uu!)\n"
	"			grep -q \"^$name:\" /etc/passwd ||\n"
	"				useradd -r ${uid:+-u \"$uid\"} -g \"$name\" -d / -s "
	"/usr/sbin/nologin \"$name\" ;;\n"
	"		mm) usermod -a -G \"$id\" \"$name\" ;;\n"
	"		esac\n"
	"	done\n"
	"}\n"
	"if command -v systemd-sysusers >/dev/null; then\n"
	"	printf '%s\\n' \"$lines\" | systemd-sysusers -\n"
	"else\n"
	"	for round in g u m; do printf '%s\\n' \"$lines\" | make $round; done\n"
	"fi\n"
	/* what is mounted in the sandbox refuses */
	"rpm -a --restore >/dev/null 2>&1 || :\n";
