/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each row: files as a person would write them, and every line they get back for them. */
#include "base/base.h"
#include "base/fs.h"
#include "config/config.h"
#include <setjmp.h>
#include <stdarg.h>
/* cmocka wants the four above */
#include <cmocka.h>

#define MAIN  "packmill.yaml"
#define TOP   "name: t\ntargets: [host]\n"
#define HELLO "projects:\n- project: hello\n  packaging: {url: ./p}\n"

struct row {
	const char *title;
	const char *text;     /* packmill.yaml; NULL: not written */
	const char *expect;   /* lines of errors, else of warnings; "" none */
	const char *files[8]; /* name, text pairs */
	size_t n;             /* of text, when it holds NUL */
};

static const struct row rows[] = {
	/* the file as a file */
	{"missing file", NULL,
		"packmill.yaml: No such file or directory (packmill init makes one, -c FILE names "
		"another)\n"},
	{"empty", "",
		"packmill.yaml:1:1: the file is empty (packmill init writes one to start from)\n"},
	{"only comments", "# nothing\n\n",
		"packmill.yaml:1:1: the file is empty (packmill init writes one to start from)\n"},
	{"BOM", "\xef\xbb\xbf" TOP, ""},
	{"BOM does not move columns", "\xef\xbb\xbfnam: t\ntargets: [host]\n",
		"packmill.yaml:1:1: unknown key 'nam' (did you mean 'name'?)\n"},
	{"UTF-16 little endian", "\xff\xfen\0a\0",
		"packmill.yaml:1:1: the file is UTF-16; save it as UTF-8\n", .n = 6},
	{"UTF-16 big endian", "\xfe\xff\0n\0a",
		"packmill.yaml:1:1: the file is UTF-16; save it as UTF-8\n", .n = 6},
	{"NUL", "name: t\nta\0rgets: [host]\n", "packmill.yaml:2:3: NUL character\n", .n = 24},
	{"NUL by escape", "name: \"a\\0b\"\ntargets: [host]\n",
		"packmill.yaml:1:7: NUL character in a text\n"},
	{"not UTF-8", "name: t\nurl: \xe4\n", "packmill.yaml:2:6: not UTF-8\n"},
	{"escape character", "name: \x1b[31m\n", "packmill.yaml:1:7: control character\n"},
	{"line end in a name", "name: \"a\\nb\"\ntargets: [host]\n",
		"packmill.yaml:1:7: 'name' must not contain line ends or control characters\n"},
	{"tab", "name: t\ntargets: [host]\nlimits:\n\tjobs: 2\n",
		"packmill.yaml:4:1: tab in the indentation; YAML wants spaces\n"},
	{"tab after blanks", TOP "limits:\n  jobs: 2\n \tlog: 4M\n",
		"packmill.yaml:5:2: tab in the indentation; YAML wants spaces\n"},
	{"syntax", "name: t\ntargets: [host\nlimits: {}\n",
		"packmill.yaml:3:7: not valid YAML: did not find expected ',' or ']' (while "
		"parsing a flow "
		"sequence that begins in line 2)\n"},
	{"two documents", TOP "---\nname: u\n",
		"packmill.yaml:3:1: a second document: one file holds one\n"},
	{"alias bomb", "a: &a [x, x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n" TOP,
		"packmill.yaml:1:1: unknown key 'a' in packmill.yaml (known: name, data, url, "
		"targets, "
		"poll, after_failure, version, limits, cache, keep, notify, lint, defaults, "
		"projects, include)\n"
		"packmill.yaml:2:1: unknown key 'b' in packmill.yaml (known: name, data, url, "
		"targets, "
		"poll, after_failure, version, limits, cache, keep, notify, lint, defaults, "
		"projects, include)\n"
		"packmill.yaml:2:8: YAML aliases are not allowed: write 'a' out\n"
		"packmill.yaml:2:12: YAML aliases are not allowed: write 'a' out\n"
		"packmill.yaml:3:1: unknown key 'c' in packmill.yaml (known: name, data, url, "
		"targets, "
		"poll, after_failure, version, limits, cache, keep, notify, lint, defaults, "
		"projects, include)\n"
		"packmill.yaml:3:5: YAML aliases are not allowed: write 'b' out\n"
		"packmill.yaml:3:9: YAML aliases are not allowed: write 'b' out\n"},
	{"tags", "name: !!str t\ntargets: !x [host]\n",
		"packmill.yaml:1:7: YAML tags are not used here: leave out "
		"'tag:yaml.org,2002:str'\n"
		"packmill.yaml:2:10: YAML tags are not used here: leave out '!x'\n"},
	{"depth", TOP "defaults: [[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]\n",
		"packmill.yaml:3:27: nested deeper than 16 levels\n"},
	{"map as a key", TOP "? {a: b}\n: c\n", "packmill.yaml:3:3: a key must be text\n"},
	/* shape */
	{"list for the whole", "- name: t\n",
		"packmill.yaml:1:1: packmill.yaml must be a map such as {name: trunk, targets: "
		"[host]}, not a "
		"list\n"},
	{"list for map", TOP "limits: [jobs, 2]\n",
		"packmill.yaml:3:9: 'limits' must be {jobs: 2, memory: 4G}, not a list\n"},
	{"map for list", TOP "projects: {hello: {}}\n",
		"packmill.yaml:3:11: 'projects' must be a list of maps such as {project: hello}, "
		"not a map\n"},
	{"text in a list of maps", TOP "projects:\n- hello\n",
		"packmill.yaml:4:3: a project must be a map such as {project: hello}, not text\n"},
	{"text for a list", "name: t\ntargets: host\n",
		"packmill.yaml:2:10: 'targets' must be a list: [host], not 'host'\n"},
	{"map for text", "name: {a: b}\ntargets: [host]\n",
		"packmill.yaml:1:7: 'name' must be a single value, not a map\n"},
	{"no value", "name:\ntargets: [host]\n",
		"packmill.yaml:1:6: 'name' must be a single value, not nothing\n"},
	{"empty text", "name: ''\ntargets: [host]\n",
		"packmill.yaml:1:7: 'name' must not be empty\n"},
	{"nothing where a list or map may be",
		TOP "projects:\nlimits:\ninclude:\nversion:\ndefaults:\n", ""},
	{"missing keys", "data: x\n",
		"packmill.yaml:1:1: packmill.yaml needs 'name' (the repository's id)\n"
		"packmill.yaml:1:1: packmill.yaml needs 'targets' (what to build for, such as "
		"[host])\n"},
	{"unknown keys",
		TOP "limit: {}\nprojects:\n- project: p\n  packagin: {url: x}\n  upsteam: {}\n",
		"packmill.yaml:3:1: unknown key 'limit' (did you mean 'limits'?)\n"
		"packmill.yaml:6:3: unknown key 'packagin' (did you mean 'packaging'?)\n"
		"packmill.yaml:7:3: unknown key 'upsteam' (did you mean 'upstream'?)\n"},
	{"a project's key at the top", TOP "upstream: {url: x}\n",
		"packmill.yaml:3:1: 'upstream' belongs into a project or into 'defaults'\n"},
	{"no default for that", TOP "defaults: {name: x}\n",
		"packmill.yaml:3:12: 'name' is each project's own and has no default\n"},
	{"duplicate key", TOP "name: u\nlimits: {jobs: 1, jobs: 2}\n",
		"packmill.yaml:3:1: duplicate key 'name' (first in line 1)\n"
		"packmill.yaml:4:19: duplicate key 'jobs' (first in line 4)\n"},
	/* values */
	{"no and 1.10 are text",
		"name: no\ntargets: [host]\nprojects:\n"
		"- {project: 1.10, component: true, packaging: {url: ./p, branch: 0x10}}\n",
		""},
	{"text for number", TOP "limits: {jobs: many}\n",
		"packmill.yaml:3:16: 'jobs' must be a whole number from 1 to 1024, not 'many'\n"},
	{"negative jobs", TOP "limits: {jobs: -2}\n",
		"packmill.yaml:3:16: 'jobs' must be a whole number from 1 to 1024, not '-2'\n"},
	{"too many jobs", TOP "limits: {jobs: 18446744073709551617}\n",
		"packmill.yaml:3:16: 'jobs' must be a whole number from 1 to 1024, not "
		"'18446744073709551617'\n"},
	{"no jobs", TOP "limits: {jobs: 0}\n",
		"packmill.yaml:3:16: 'jobs' must be a whole number from 1 to 1024, not '0'\n"},
	{"wrong units", TOP "limits: {memory: 4GB, disk: 2h, time: 4G, log: 1.5M}\n",
		"packmill.yaml:3:18: 'memory' must be a size such as 512M or 4G (units K, M, G, T; "
		"0: no "
		"limit), not '4GB'\n"
		"packmill.yaml:3:29: 'disk' must be a size such as 512M or 4G (units K, M, G, T; "
		"0: no "
		"limit), not '2h'\n"
		"packmill.yaml:3:39: 'time' must be a time such as 90s, 15m, 2h or 1d (0: no "
		"limit), at most "
		"a year, not '4G'\n"
		"packmill.yaml:3:48: 'log' must be a size such as 512M or 4G (units K, M, G, T; 0: "
		"no limit), "
		"not '1.5M'\n"},
	{"forgotten unit", TOP "limits: {memory: 4}\n",
		"packmill.yaml:3:18: 'memory' must be at least 16.0 MiB (or 0: no limit), not "
		"'4'\n"},
	{"size beyond 64 bits", TOP "limits: {memory: 99999999999T}\n",
		"packmill.yaml:3:18: 'memory' must be a size such as 512M or 4G (units K, M, G, T; "
		"0: no "
		"limit), not '99999999999T'\n"},
	{"cpus", TOP "limits: {cpus: -1}\n",
		"packmill.yaml:3:16: 'cpus' must be a number of processors such as 2 or 0.5 (0: no "
		"limit), "
		"not '-1'\n"},
	{"cpus nan", TOP "limits: {cpus: nan}\n",
		"packmill.yaml:3:16: 'cpus' must be a number of processors such as 2 or 0.5 (0: no "
		"limit), "
		"not 'nan'\n"},
	{"bool", TOP "lint: {fatal: maybe}\n",
		"packmill.yaml:3:15: 'fatal' must be true or false, not 'maybe'\n"},
	{"word", TOP "version: {policy: drln}\n",
		"packmill.yaml:3:19: 'policy' must be dlrn, keep or describe, not 'drln'\n"},
	{"name ../x", "name: ../x\ntargets: [host]\n",
		"packmill.yaml:1:7: 'name' must be a name (letters, digits and . _ + -, beginning "
		"with a "
		"letter or digit, at most 128), not '../x'\n"},
	{"name -x", TOP "projects:\n- {project: -x, packaging: {url: p}}\n",
		"packmill.yaml:4:13: 'project' must be a name (letters, digits and . _ + -, "
		"beginning with a "
		"letter or digit, at most 128), not '-x'\n"},
	{"name a..b", "name: a..b\ntargets: [host]\n",
		"packmill.yaml:1:7: 'name' must be a name (letters, digits and . _ + -, beginning "
		"with a "
		"letter or digit, at most 128), not 'a..b'\n"},
	{"url", TOP "url: ftp://x\n",
		"packmill.yaml:3:6: 'url' must be an URL with https://, http:// or file:///, not "
		"'ftp://x'\n"},
	{"git url",
		TOP "projects:\n"
		    "- {project: a, packaging: {url: --upload-pack=x}}\n"
		    "- {project: b, packaging: {url: '~/b'}}\n"
		    "- {project: c, packaging: {url: 'https://x/{projekt}'}}\n"
		    "- {project: d, packaging: {url: x, branch: -d}}\n"
		    "- {project: e, packaging: {branch: x}}\n"
		    "- {project: f, packaging: {url: x, branch: x, ref: y}}\n",
		"packmill.yaml:4:33: 'url' must be an URL or a path, without blanks and not "
		"beginning with "
		"'-', not '--upload-pack=x'\n"
		"packmill.yaml:5:33: 'url' must be a whole path ('~' is not expanded here), not "
		"'~/b'\n"
		"packmill.yaml:6:33: 'url': unknown placeholder '{projekt}' (there are {project} "
		"and "
		"{name})\n"
		"packmill.yaml:7:44: 'branch' must be a branch, tag or commit without blanks, not "
		"beginning "
		"with '-', not '-d'\n"
		"packmill.yaml:8:27: 'packaging' needs 'url'\n"
		"packmill.yaml:9:52: 'ref' stays where it is and 'branch' moves: give one of "
		"them\n"},
	{"placeholder without quotes",
		TOP "defaults:\n  packaging: {url: https://x/{project}, branch: m}\n",
		"packmill.yaml:4:30: not valid YAML: did not find expected ',' or '}'; a text with "
		"{project}, {name} or {sha} needs quotes\n"},
	{"placeholder alone without quotes", TOP "defaults:\n  spec: {name}\n",
		"packmill.yaml:4:9: 'spec' must be a text: put {project} and {name} in quotes, not "
		"a map\n"},
	{"git transports",
		TOP "projects:\n"
		    "- {project: a, packaging: {url: 'ext::sh'}}\n"
		    "- {project: b, packaging: {url: 'rsync://u:secret@x/y'}}\n"
		    "- {project: c, packaging: {url: './a://b'}}\n"
		    "- {project: d, packaging: {url: 'git@x:y'}}\n",
		"packmill.yaml:4:33: 'url' must be an URL with https://, http://, ssh://, git:// "
		"or file:///, host:path or a path, not 'ext::sh'\n"
		"packmill.yaml:5:33: 'url' must be an URL with https://, http://, ssh://, git:// "
		"or file:///, host:path or a path, not 'rsync://u:***@x/y'\n"},
	{"path",
		TOP "projects:\n"
		    "- {project: a, packaging: {url: p}, path: ../x}\n"
		    "- {project: b, packaging: {url: p}, path: /x}\n"
		    "- {project: c, packaging: {url: p}, spec: c.txt}\n"
		    "- {project: d, packaging: {url: p}, spec: a/d.spec}\n",
		"packmill.yaml:4:43: 'path' must be a directory inside the packaging repository "
		"(relative, "
		"without '..'), not '../x'\n"
		"packmill.yaml:5:43: 'path' must be a directory inside the packaging repository "
		"(relative, "
		"without '..'), not '/x'\n"
		"packmill.yaml:6:43: 'spec' must be a file name that ends in .spec, not 'c.txt'\n"
		"packmill.yaml:7:43: 'spec' must be a file name that ends in .spec, not "
		"'a/d.spec'\n"},
	{"mail",
		TOP "notify: {smtp: 'localhost:99999', from: \"a@b\\r\\nBcc: x@y\"}\n" HELLO
		    "  maintainers: [team, a@b, 'x y@z']\n",
		"packmill.yaml:3:16: 'smtp' must be a host and port such as mail.example.org:25, "
		"not "
		"'localhost:99999'\n"
		"packmill.yaml:3:41: 'from' must not contain line ends or control characters\n"
		"packmill.yaml:7:17: 'maintainers' must be a mail address such as "
		"team@example.org, not "
		"'team'\n"
		"packmill.yaml:7:28: 'maintainers' must be a mail address such as "
		"team@example.org, not 'x "
		"y@z'\n"},
	{"sender", TOP "notify: {smtp: m, from: 'J\xc3\xb6rg, \"the\" Miller <ci@b.org>'}\n", ""},
	{"no sender", TOP "notify: {smtp: m, from: 'Evil <x@y> <ci@b.org>'}\n",
		"packmill.yaml:3:25: 'from' must be a mail address such as team@example.org or "
		"Team <team@example.org>, not 'Evil <x@y> <ci@b.org>'\n"},
	{"nor this", TOP "notify: {smtp: m, from: 'Team <ci>'}\n",
		"packmill.yaml:3:25: 'from' must be a mail address such as team@example.org or "
		"Team <team@example.org>, not 'Team <ci>'\n"},
	{"poll", TOP "poll: 0\n",
		"packmill.yaml:3:7: 'poll' must be a time such as 90s, 15m, 2h or 1d, at least a "
		"second and at most a year, not '0'\n"},
	{"after_failure", TOP "after_failure: last\n",
		"packmill.yaml:3:16: 'after_failure' must be wait or last-good, not 'last'\n"},
	{"retries", TOP "limits: {retries: -1}\nretries: 3\n",
		"packmill.yaml:3:19: 'retries' must be a whole number from 0 to 100, not '-1'\n"
		"packmill.yaml:4:1: unknown key 'retries' in packmill.yaml (known: name, data, "
		"url, "
		"targets, poll, after_failure, version, limits, cache, keep, notify, lint, "
		"defaults, projects, include)\n"},
	{"keep", TOP "keep: {age: forever, count: all, newest: -1, ages: 1d}\n",
		"packmill.yaml:3:13: 'age' must be a time such as 90s, 15m, 2h or 1d (0: no "
		"limit), at most a year, not 'forever'\n"
		"packmill.yaml:3:29: 'count' must be a whole number, at least 0, not 'all'\n"
		"packmill.yaml:3:42: 'newest' must be a whole number, at least 0, not '-1'\n"
		"packmill.yaml:3:46: unknown key 'ages' (did you mean 'age'?)\n"},
	{"keep in defaults", TOP "defaults: {keep: {age: 1d}}\n",
		"packmill.yaml:3:12: unknown key 'keep' in 'defaults' (known: layout, upstream, "
		"packaging, path, spec, component, version, priority, rebuild, maintainers, "
		"targets)\n"},
	{"priority",
		TOP HELLO "  priority: high\n- {project: b, packaging: {url: p}, priority: "
			  "-1000001}\n",
		"packmill.yaml:6:13: 'priority' must be a whole number from -1000000 to 1000000, "
		"not 'high'\n"
		"packmill.yaml:7:47: 'priority' must be a whole number from -1000000 to 1000000, "
		"not '-1000001'\n"},
	{"priority as a default", TOP "defaults: {priority: -5}\n" HELLO, ""},
	{"web",
		TOP "projects:\n"
		    "- {project: a, packaging: {url: p, web: 'javascript:alert(\"{sha}\")'}}\n"
		    "- {project: b, packaging: {url: p, web: 'https://x.org/b'}}\n"
		    "- {project: c, packaging: {url: p, web: 'https://x.org/{hash}'}}\n"
		    "- {project: d, packaging: {url: p, web: 'https://{sha}'}}\n"
		    "- {project: e, packaging: {url: p, web: 'https://x.org/<{sha}>'}}\n"
		    "- {project: f, packaging: {url: p, web: 'data:text/html,{sha}'}}\n"
		    "- {project: g, packaging: {url: p, web: '//x.org/{sha}'}}\n"
		    "- {project: h, packaging: {web: 'https://x.org/{sha}'}}\n",
		"packmill.yaml:4:41: 'web' must be an URL with https:// or http://, not "
		"'javascript:alert(\"{sha}\")'\n"
		"packmill.yaml:5:41: 'web' must be an URL with {sha} where the commit belongs, not "
		"'https://x.org/b'\n"
		"packmill.yaml:6:41: 'web': unknown placeholder '{hash}' (there are {project}, "
		"{name} and {sha})\n"
		"packmill.yaml:7:41: 'web' must be an URL with {sha} where the commit belongs, not "
		"'https://{sha}'\n"
		"packmill.yaml:8:41: 'web' must be an URL with https:// or http://, not "
		"'https://x.org/<{sha}>'\n"
		"packmill.yaml:9:41: 'web' must be an URL with https:// or http://, not "
		"'data:text/html,{sha}'\n"
		"packmill.yaml:10:41: 'web' must be an URL with https:// or http://, not "
		"'//x.org/{sha}'\n"
		"packmill.yaml:11:27: 'packaging' needs 'url'\n"},
	{"sha only where it means something",
		TOP "defaults: {packaging: {url: 'https://x/{sha}'}}\n",
		"packmill.yaml:3:29: 'url': unknown placeholder '{sha}' (there are {project} and "
		"{name})\n"},
	{"notify",
		TOP "notify:\n  smtp: m.example.org\n  tls: starttls\n  operators: root\n"
		    "  digest: 1 hour\n  rate: many\n  hook: ~/bin/hook\n  ca: -x\n",
		"packmill.yaml:5:8: 'tls' must be auto, always or never, not 'starttls'\n"
		"packmill.yaml:6:14: 'operators' must be a list: [root], not 'root'\n"
		"packmill.yaml:7:11: 'digest' must be a time such as 90s, 15m, 2h or 1d (0: no "
		"limit), at most a year, not '1 hour'\n"
		"packmill.yaml:8:9: 'rate' must be a whole number, at least 0, not 'many'\n"
		"packmill.yaml:9:9: 'hook' must be a whole path ('~' is not expanded here), not "
		"'~/bin/hook'\n"
		"packmill.yaml:10:7: 'ca' must be a path, not '-x'\n"},
	{"mail without a server",
		TOP
		"notify: {from: a@b.org, operators: [o@b.org], ca: c.pem, hook: ./h, rate: 3}\n",
		"packmill.yaml:3:16: 'from' does nothing without 'smtp', the mail server\n"
		"packmill.yaml:3:36: 'operators' does nothing without 'smtp', the mail server\n"
		"packmill.yaml:3:51: 'ca' does nothing without 'smtp', the mail server\n"},
	{"a hook alone", TOP "notify: {hook: ./h}\n", ""},
	{"half a login", TOP "notify: {smtp: 'm:25', user: u}\n",
		"packmill.yaml:3:30: 'user' does nothing without 'password'\n"},
	{"a login that can be read",
		TOP "notify: {smtp: 'm:25', user: u, password: p, tls: never, ca: c}\n",
		"packmill.yaml:3:43: with 'tls: never' the password can be read on the way\n"
		"packmill.yaml:3:62: 'ca' does nothing with 'tls: never'\n"},
	{"what is wrong is not said twice", TOP "notify: {smtp: 'a b', operators: [o@b.org]}\n",
		"packmill.yaml:3:16: 'smtp' must be a host and port such as mail.example.org:25, "
		"not 'a b'\n"},
	{"data at home", TOP "data: ~/data\n",
		"packmill.yaml:3:7: 'data' must be a whole path ('~' is not expanded here), not "
		"'~/data'\n"},
	/* projects */
	{"duplicate project", TOP HELLO "- {project: hello, packaging: {url: q}}\n",
		"packmill.yaml:6:13: duplicate project 'hello' (first in packmill.yaml:4)\n"},
	{"duplicate package", TOP HELLO "- {project: other, name: hello, packaging: {url: q}}\n",
		"packmill.yaml:6:26: projects 'hello' and 'other' make the same package 'hello' "
		"for the same "
		"target\n"},
	{"no packaging", TOP "projects:\n- project: a\n- {project: b, upstream: {url: x}}\n",
		"packmill.yaml:4:3: project 'a' needs 'packaging' (the git that holds its spec), "
		"here or in "
		"'defaults'\n"
		"packmill.yaml:5:3: project 'b' needs 'packaging' (the git that holds its spec), "
		"here or in "
		"'defaults'\n"},
	{"layouts",
		TOP "projects:\n"
		    "- {project: a, layout: two-git, packaging: {url: p}}\n"
		    "- {project: b, layout: standard, packaging: {url: p}, upstream: {url: u}}\n"
		    "- {project: c, layout: debian, packaging: {url: p}}\n",
		"packmill.yaml:4:3: project 'a' has layout two-git and needs 'upstream'\n"
		"packmill.yaml:5:65: project 'b' has layout standard (line 5), which has no "
		"'upstream'\n"
		"packmill.yaml:6:24: 'layout' must be standard or two-git, not 'debian'\n"},
	{"a bad default is said once",
		TOP "defaults: {packaging: {url: '-{project}'}}\n"
		    "projects: [{project: a}, {project: b}]\n",
		"packmill.yaml:3:29: 'url' must be an URL or a path, without blanks and not "
		"beginning with "
		"'-', not '-{project}'\n"},
	{"targets of a project", TOP HELLO "  targets: [hots, fedora]\n",
		"packmill.yaml:6:13: target 'hots' is not one of this instance (did you mean "
		"host)\n"
		"packmill.yaml:6:19: target 'fedora' is not one of this instance (there are: "
		"host)\n"},
	/* includes */
	{"missing include", TOP "include: [more.yaml]\n",
		"packmill.yaml:3:11: cannot include 'more.yaml': No such file or directory\n"},
	{"include of a directory", TOP "include: [.]\n",
		"packmill.yaml:3:11: cannot include '.': is a directory\n"},
	{"include of a device", TOP "include: [/dev/zero]\n",
		"packmill.yaml:3:11: cannot include '/dev/zero': is no regular file\n"},
	{"include loop", TOP "include: [a.yaml]\n",
		"b.yaml:1:11: include loop: 'a.yaml' is what includes this file\n",
		{"a.yaml", "include: [b.yaml]\n", "b.yaml", "include: [a.yaml]\n"}},
	{"include of itself", TOP "include: [./packmill.yaml]\n",
		"packmill.yaml:3:11: include loop: './packmill.yaml' is what includes this file\n"},
	{"included twice", TOP "include: [a.yaml, ./a.yaml]\n",
		"packmill.yaml:3:19: './a.yaml' was read before\n", {"a.yaml", HELLO}},
	{"errors of all files", TOP "jobs: 2\ninclude: [sub/a.yaml, b.yaml]\n",
		"packmill.yaml:3:1: unknown key 'jobs' in packmill.yaml (known: name, data, url, "
		"targets, "
		"poll, after_failure, version, limits, cache, keep, notify, lint, defaults, "
		"projects, include)\n"
		"sub/a.yaml:1:1: 'data' belongs into the main file, not into an included one\n"
		"b.yaml:1:1: the file is empty\n",
		{"sub/a.yaml", "data: x\n", "b.yaml", "\n"}},
	{"duplicate project in two files", TOP HELLO "include: [a.yaml]\n",
		"a.yaml:2:12: duplicate project 'hello' (first in packmill.yaml:4)\n",
		{"a.yaml", HELLO}},
	/* targets */
	{"unknown target", "name: t\ntargets: [hots, zzz]\n",
		"packmill.yaml:2:11: unknown target 'hots' (did you mean 'host'?)\n"
		"packmill.yaml:2:17: unknown target 'zzz' (no zzz.yaml in ., targets)\n"},
	{"no targets", "name: t\ntargets: []\n",
		"packmill.yaml:2:10: 'targets' is empty; name at least one, such as [host]\n"},
	{"host twice", "name: t\ntargets: [host, host]\n",
		"packmill.yaml:2:17: two targets are named 'host'\n"},
	{"two targets of one name", "name: t\ntargets: [./a.yaml, sub/b.yaml]\n",
		"packmill.yaml:2:21: two targets are named 'mine'\n",
		{"a.yaml", "name: mine\nroot: {host: true}\n", "sub/b.yaml",
			"name: mine\nroot: {host: true}\n"}},
	{"target without repositories", "name: t\ntargets: [el]\n",
		"targets/el.yaml:1:1: target 'el' has no repositories ('repos')\n",
		{"targets/el.yaml", "name: el\nroot: {packages: [bash]}\n"}},
	{"a target's errors are said once, in its file", "name: t\ntargets: [el]\n",
		"targets/el.yaml:2:1: unknown key 'rot' (did you mean 'root'?)\n",
		{"targets/el.yaml", "name: el\nrot: {packages: [bash]}\n"}},
	{"file and target disagree", "name: t\ntargets: [el]\n",
		"el.yaml:1:7: the target of this file must be named 'el', as the file is\n",
		{"el.yaml", "name: le\nroot: {host: true}\n"}},
	{"another machine's architecture", "name: t\ntargets: [el]\n",
		"packmill.yaml:2:11: target el is for architecture pdp11, and this machine is "
		"x86_64\n",
		{"el.yaml", "name: el\narch: pdp11\nroot: {host: true}\n"}},
	{"modules", "name: t\ntargets: [el]\n", "",
		{"el.yaml", "name: el\nroot: {packages: [bash]}\nmodules: ['nodejs:18']\n"
			    "repos: [{id: b, url: ./r}]\n"}},
	{"a root from repositories", "name: t\ntargets: [el]\n", "",
		{"el.yaml", "name: el\nroot: {packages: [bash]}\nrepos: [{id: b, url: ./r}]\n"}},
	{"cache", TOP "cache: {roots: 1K, unused: never}\n",
		"packmill.yaml:3:16: 'roots' must be at least 1.0 MiB (or 0: no limit), not '1K'\n"
		"packmill.yaml:3:28: 'unused' must be a time such as 90s, 15m, 2h or 1d (0: no "
		"limit), at most a year, not 'never'\n"},
	{"a format without driver", "name: t\ntargets: [el]\n",
		"packmill.yaml:2:11: target el is for format deb, and this packmill makes rpm "
		"only\n",
		{"el.yaml", "name: el\nformat: deb\nroot: {host: true}\n"}},
};

static char *scratch;

static void put(const char *name, const char *text, size_t n)
{
	auto_free char *dir = path_dir(name);

	assert_int_equal(fs_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(fs_write(name, text, n, 0600, NULL), 0);
}

static void enter_scratch(void)
{
	char template[] = "/tmp/packmill-config-XXXXXX";

	assert_non_null(mkdtemp(template));
	scratch = xstrdup(template);
	assert_int_equal(chdir(scratch), 0);
}

static void leave_scratch(void)
{
	assert_int_equal(chdir("/"), 0);
	if (!getenv("KEEP_TMP"))
		assert_int_equal(fs_remove_tree(scratch, NULL), 0);
	free(scratch);
	scratch = NULL;
}

static char *load_lines(struct config **ret)
{
	auto_strv struct strv errors = STRV_INIT;
	auto_err struct err err = ERR_INIT;
	auto_strbuf struct strbuf got = STRBUF_INIT;
	const struct strv *lines = &errors;
	int r = config_load(MAIN, NULL, ret, &errors, &err);

	if (r < 0) {
		assert_int_equal(err_exit_status(&err), 3);
		assert_true(errors.n > 0);
		assert_true(str_starts(err.msg, errors.v[0]));
		assert_null(*ret);
	} else {
		assert_int_equal(errors.n, 0);
		lines = &(*ret)->warnings;
	}
	strv_foreach (lines, l)
		sb_addf(&got, "%s\n", *l);
	return sb_take(&got);
}

static void test_rows(void **state UNUSED)
{
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		const struct row *r = &rows[i];
		CLEANUP(config_freep) struct config *c = NULL;
		auto_free char *got = NULL;
		auto_free char *expect = str_replace(r->expect, "@ARCH@", target_host_arch());

		enter_scratch();
		if (r->text)
			put(MAIN, r->text, r->n ?: strlen(r->text));
		for (size_t j = 0; r->files[j]; j += 2)
			put(r->files[j], r->files[j + 1], strlen(r->files[j + 1]));
		got = load_lines(&c);
		leave_scratch();
		if (!str_eq(got, expect))
			fail_msg("%s:\n--- expected\n%s--- got\n%s", r->title, expect, got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
