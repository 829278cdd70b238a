/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each row: the files as a person would write them, what they come to, and what is left of them. */
#include "base/base.h"
#include "config/dlrn/internal.h"
#include <setjmp.h>
#include <stdarg.h>
/* cmocka wants the four above */
#include <cmocka.h>

#define TOP "name: dlrn\ndata: ./data\ntargets:\n  - host\n"

struct row {
	const char *title;
	const char *ini, *a, *b; /* projects.ini, a.yml, b.yml; NULL: not named */
	const char *expect;      /* packmill.yaml without comments */
	const char *left;
};

static const struct row rows[] = {
	{"keys know no case, = and : separate, blanks go",
		"; c\n"
		"  # c\n"
		"[DEFAULT]\n"
		"RepoName : x-y\n"
		"WORKERS\t=\t2 \n",
		NULL, NULL,
		"name: x-y\n"
		"data: ./data\n"
		"targets:\n"
		"  - host\n"
		"limits:\n"
		"  jobs: 2\n"
		"projects: []\n",
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"},
	{"# and ; inside a line are text",
		"[DEFAULT]\n"
		"reponame=a#b\n"
		"source=main ; trunk\n",
		NULL, NULL, TOP "projects: []\n",
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"
		"projects.ini:2: 'reponame=a#b': must be a name (letters, digits and . _ + -, "
		"beginning with a letter or digit, at most 128)\n"
		"projects.ini:3: 'source=main ; trunk': must be a branch, tag or commit without "
		"blanks, not beginning with '-'\n"},
	{"deeper lines go on, also after comments and empty ones",
		"[DEFAULT]\n"
		"tags=a\n"
		"\n"
		"  ; c\n"
		"  b\n"
		"  reponame=c\n"
		"reponame=d\n",
		NULL, NULL,
		"name: d\n"
		"data: ./data\n"
		"targets:\n"
		"  - host\n"
		"projects: []\n",
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"
		"projects.ini:2: 'tags=a b reponame=c': no single line of plain text\n"},
	{"a value may begin in the next line",
		"[DEFAULT]\n"
		"reponame=\n"
		"  x\n"
		"source=m\n",
		NULL, NULL,
		"name: x\n"
		"data: ./data\n"
		"targets:\n"
		"  - host\n"
		"defaults:\n"
		"  upstream:\n"
		"    branch: m\n"
		"projects: []\n",
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"},
	{"no section, no option, twice",
		"reponame=a\n"
		"[DEFAULT]\n"
		"nothing\n"
		"=x\n"
		"reponame=b\n"
		"reponame=c\n"
		"[]\n"
		"[x\n"
		"[DEFAULT]\n",
		NULL, NULL,
		"name: c\n"
		"data: ./data\n"
		"targets:\n"
		"  - host\n"
		"projects: []\n",
		"projects.ini:1: 'reponame=a': it stands before the first [section]\n"
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"
		"projects.ini:3: 'nothing': no option (KEY=VALUE)\n"
		"projects.ini:4: '=x': no option (KEY=VALUE)\n"
		"projects.ini:5: 'reponame': line 6 sets it again (DLRN refuses that); the last "
		"one counts\n"
		"projects.ini:7: '[]': no option (KEY=VALUE)\n"
		"projects.ini:8: '[x': no option (KEY=VALUE)\n"},
	{"an unknown section, a section twice",
		"[DEFAULT]\n"
		"reponame=a\n"
		"[mine]\n"
		"x=1\n"
		"[rdoinfo_driver]\n"
		"[mine]\n"
		"[DEFAULT]\n"
		"source=b\n",
		NULL, NULL,
		"name: a\n"
		"data: ./data\n"
		"targets:\n"
		"  - host\n"
		"defaults:\n"
		"  upstream:\n"
		"    branch: b\n"
		"projects: []\n",
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"
		"projects.ini:4: '[mine] x=1': no setting of DLRN\n"
		"projects.ini:6: '[mine]': the section is there twice (DLRN refuses that); both "
		"count\n"
		"projects.ini:7: '[DEFAULT]': the section is there twice (DLRN refuses that); both "
		"count\n"},
	{"interpolation",
		"[DEFAULT]\n"
		"Branch=main\n"
		"source=%(branch)s\n"
		"distro=rpm-%(source)s\n"
		"reponame=a%%(b\n"
		"datadir=./%d%%x\n",
		NULL, NULL,
		"name: dlrn\n"
		"data: \"./%d%x\"\n"
		"targets:\n"
		"  - host\n"
		"defaults:\n"
		"  upstream:\n"
		"    branch: main\n"
		"  packaging:\n"
		"    branch: rpm-main\n"
		"projects: []\n",
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"
		"projects.ini:5: 'reponame=a%(b': must be a name (letters, digits and . _ + -, "
		"beginning with a letter or digit, at most 128)\n"},
	{"interpolation of what is not there, and in circles",
		"[DEFAULT]\n"
		"source=%(none)s\n"
		"reponame=%(datadir)s\n"
		"datadir=%(reponame)s\n",
		NULL, NULL, TOP "projects: []\n",
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"
		"projects.ini:2: 'source=%(none)s': no such option for its %(...)s\n"
		"projects.ini:3: 'reponame=%(datadir)s': its %(...)s go round in a circle\n"
		"projects.ini:4: 'datadir=%(reponame)s': its %(...)s go round in a circle\n"},
	{"a section sees DEFAULT, not the other way round",
		"[DEFAULT]\n"
		"x=a\n"
		"source=%(y)s\n"
		"[rdoinfo_driver]\n"
		"y=b\n"
		"repo=%(x)s%(y)s\n",
		NULL, NULL, TOP "projects: []\n",
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"
		"projects.ini:3: 'source=%(y)s': no such option for its %(...)s\n"
		"projects.ini:6: '[rdoinfo_driver] repo=ab': nothing is fetched: clone it and name "
		"its YAML files on the command line\n"},
	{"values of the wrong kind",
		"[DEFAULT]\n"
		"reponame=../x\n"
		"baseurl=ftp://x\n"
		"source=-x\n"
		"distro=a b\n"
		"smtpserver=a:b\n"
		"maxretries=many\n"
		"workers=0\n"
		"release_minor=-1\n"
		"release_numbering=date.hash\n"
		"target=a b\n"
		"datadir=~/x\n",
		NULL, NULL, TOP "projects: []\n",
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"
		"projects.ini:2: 'reponame=../x': must be a name (letters, digits and . _ + -, "
		"beginning with a letter or digit, at most 128)\n"
		"projects.ini:3: 'baseurl=ftp://x': must be an URL with https://, http:// or "
		"file:///\n"
		"projects.ini:4: 'source=-x': must be a branch, tag or commit without blanks, not "
		"beginning with '-'\n"
		"projects.ini:5: 'distro=a b': must be a branch, tag or commit without blanks, not "
		"beginning with '-'\n"
		"projects.ini:6: 'smtpserver=a:b': must be a host and port such as "
		"mail.example.org:25\n"
		"projects.ini:7: 'maxretries=many': no whole number from 0 to 100\n"
		"projects.ini:8: 'workers=0': no whole number from 1 to 1024\n"
		"projects.ini:9: 'release_minor=-1': no whole number from 0 to 999999\n"
		"projects.ini:10: 'release_numbering=date.hash': packmill numbers 0.date.hash, "
		"0.1.date.hash or minor.date.hash\n"
		"projects.ini:11: 'target=a b': must be a name (letters, digits and . _ + -, "
		"beginning with a letter or digit, at most 128)\n"
		"projects.ini:12: 'datadir=~/x': must be a whole path ('~' is not expanded "
		"here)\n"},
	{"what means the same is not named",
		"[DEFAULT]\n"
		"maxretries=0\n"
		"workers=1\n"
		"keep_changelog=True\n"
		"use_components=0\n"
		"build_driver=dlrn.drivers.mockdriver.MockBuildDriver\n"
		"pkginfo_driver=dlrn.drivers.rdoinfo.RdoInfoDriver\n"
		"gerrit=\n"
		"[mockbuild_driver]\n"
		"install_after_build=yes\n"
		"[rdoinfo_driver]\n"
		"repo=r\n"
		"cache_dir=c\n",
		"packages:\n"
		"- project: a\n"
		"  upstream: u\n"
		"  master-distgit: m\n",
		NULL,
		TOP "limits:\n"
		    "  jobs: 1\n"
		    "  retries: 0\n"
		    "projects:\n"
		    "  - project: a\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n",
		""},
	{"a password is not shown",
		"[DEFAULT]\n"
		"rsyncdest=rsync://u:secret@x/y\n",
		NULL, NULL, TOP "projects: []\n",
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"
		"projects.ini:2: 'rsyncdest=rsync://u:***@x/y': packmill publishes below "
		"data/repos; serve or copy that (packages first, repodata last)\n"},
	{"mail has a sender, the data an own directory",
		"[DEFAULT]\n"
		"smtpserver=m:25\n"
		"baseurl=https://x.org:80/p/\n"
		"datadir=/srv/dlrn\n",
		NULL, NULL,
		"name: dlrn\n"
		"data: /srv/dlrn\n"
		"url: \"https://x.org:80/p/\"\n"
		"targets:\n"
		"  - host\n"
		"notify:\n"
		"  smtp: \"m:25\"\n"
		"  from: packmill@x.org\n"
		"projects: []\n",
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"
		"projects.ini:4: 'datadir=/srv/dlrn': taken as 'data', but what DLRN keeps there "
		"is not read: give packmill a directory of its own\n"},
	{"driver gitrepo",
		"[DEFAULT]\n"
		"distro=master\n"
		"pkginfo_driver=dlrn.drivers.gitrepo.GitRepoDriver\n"
		"[gitrepo_driver]\n"
		"repo=https://x.org/rpm\n"
		"directory=/a\n"
		"skip=b\n"
		"use_version_from_spec=1\n",
		NULL, NULL,
		TOP "defaults:\n"
		    "  packaging:\n"
		    "    url: \"https://x.org/rpm\"\n"
		    "    branch: master\n"
		    "  path: \"a/{project}\"\n"
		    "projects: []\n",
		"projects.ini:3: 'pkginfo_driver=dlrn.drivers.gitrepo.GitRepoDriver': each "
		"directory of that repository is a project: add them to 'projects', 'packaging' "
		"and 'path' are in 'defaults'\n"
		"projects.ini:7: '[gitrepo_driver] skip=b': what is not in 'projects' is not "
		"built\n"
		"projects.ini:8: '[gitrepo_driver] use_version_from_spec=1': policy keep has the "
		"version of the spec: version: {policy: keep}\n"},
	{"other drivers",
		"[DEFAULT]\n"
		"pkginfo_driver=dlrn.drivers.downstream.DownstreamInfoDriver\n"
		"build_driver=dlrn.drivers.coprdriver.CoprBuildDriver\n"
		"[downstream_driver]\n"
		"versions_url=https://x\n"
		"[coprbuild_driver]\n"
		"coprid=a/b\n",
		NULL, NULL, TOP "projects: []\n",
		"projects.ini:1: no YAML file of rdoinfo was named: add projects to 'projects'\n"
		"projects.ini:2: 'pkginfo_driver=dlrn.drivers.downstream.DownstreamInfoDriver': "
		"packmill's projects stand in its own file: add them to 'projects'\n"
		"projects.ini:3: 'build_driver=dlrn.drivers.coprdriver.CoprBuildDriver': packmill "
		"builds itself, in its own sandbox\n"
		"projects.ini:5: '[downstream_driver] versions_url=https://x': an instance follows "
		"branches, not another instance's versions.csv: 'ref' stays at a commit\n"
		"projects.ini:7: '[coprbuild_driver] coprid=a/b': packmill builds itself; nothing "
		"corresponds to this driver\n"},
	{"default, conf, package: the nearest has a key as a whole", "[DEFAULT]\n",
		"package-default: {name: 'd-%(project)s', upstream: u, master-distgit: m, "
		"maintainers: [d@x]}\n"
		"package-configs: {c: {name: 'c-%(project)s', maintainers: [c@x, e@x]}}\n"
		"packages:\n"
		"- project: a\n"
		"- {project: b, conf: c}\n"
		"- {project: c, conf: c, name: n, maintainers: [p@x]}\n"
		"- {project: d, conf: x}\n",
		NULL,
		TOP "defaults:\n"
		    "  upstream:\n"
		    "    url: u\n"
		    "  packaging:\n"
		    "    url: m\n"
		    "  maintainers:\n"
		    "    - d@x\n"
		    "projects:\n"
		    "  - project: a\n"
		    "    name: d-a\n"
		    "  - project: b\n"
		    "    name: c-b\n"
		    "    maintainers:\n"
		    "      - c@x\n"
		    "      - e@x\n"
		    "  - project: c\n"
		    "    name: n\n"
		    "    maintainers:\n"
		    "      - p@x\n"
		    "  - project: d\n"
		    "    name: d-d\n",
		"a.yml:7: 'x': no such conf in 'package-configs'\n"},
	{"substitution is done once, of any key", "[DEFAULT]\n",
		"packages:\n"
		"- {project: a, name: 'p-%(project)s', upstream: 'u/%(name)s', master-distgit: "
		"'%(x)s%%', x: y}\n"
		"- {project: b, upstream: 'u%', master-distgit: m}\n"
		"- {project: c, upstream: '%(project)d', master-distgit: '%(z)s'}\n",
		NULL,
		TOP "projects:\n"
		    "  - project: a\n"
		    "    name: p-a\n"
		    "    upstream:\n"
		    "      url: \"u/p-%(project)s\"\n"
		    "    packaging:\n"
		    "      url: \"y%\"\n",
		"a.yml:2: 'x': nothing corresponds to it\n"
		"a.yml:2: 'u/%(name)s': upstream: the %(...)s in 'name' stays, rdoinfo fills in "
		"once\n"
		"a.yml:3: 'u%': upstream: only %(key)s can be filled in\n"
		"a.yml:3: 'b': left out: it has no 'upstream'\n"
		"a.yml:4: '%(project)d': upstream: only %(key)s can be filled in\n"
		"a.yml:4: '%(z)s': master-distgit: the package has no 'z' to fill in\n"
		"a.yml:4: 'c': left out: it has no 'upstream'\n"},
	{"tags: any that has the word; only the very tag says more",
		"[DEFAULT]\n"
		"tags=zed\n",
		"package-default: {upstream: u, master-distgit: m, tags: {zed: }}\n"
		"packages:\n"
		"- project: a\n"
		"- {project: b, tags: {yoga: }}\n"
		"- {project: c, tags: {zed-uc: {source-branch: x}}}\n"
		"- {project: d, tags: {zed: {source-branch: s, distro-branch: d, name: e}}}\n"
		"- {project: e, tags: [zed]}\n"
		"- {project: f, tags: }\n",
		NULL,
		TOP "defaults:\n"
		    "  upstream:\n"
		    "    url: u\n"
		    "  packaging:\n"
		    "    url: m\n"
		    "projects:\n"
		    "  - project: a\n"
		    "  - project: c\n"
		    "  - project: d\n"
		    "    name: e\n"
		    "    upstream:\n"
		    "      branch: s\n"
		    "    packaging:\n"
		    "      branch: d\n",
		"a.yml:7: 'e': left out: another project makes the package 'e'\n"},
	{"no tag: all packages, and tags say nothing", "[DEFAULT]\n",
		"packages:\n"
		"- {project: a, upstream: u, master-distgit: m, tags: {yoga: {source-branch: "
		"x}}}\n",
		NULL,
		TOP "projects:\n"
		    "  - project: a\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n",
		""},
	{"a tag is no pattern",
		"[DEFAULT]\n"
		"tags=z.*\n",
		"packages:\n"
		"- {project: a, upstream: u, master-distgit: m, tags: {zed: }}\n",
		NULL, TOP "projects: []\n",
		"projects.ini:1: no package comes out: add projects to 'projects'\n"
		"projects.ini:2: 'tags=z.*': taken as it stands, neither as a pattern nor as a "
		"list\n"},
	{"branches of projects.ini, of the package, tags to stay at",
		"[DEFAULT]\n"
		"source=main\n"
		"distro=rpm\n",
		"package-default: {name: 'p', upstream: 'u/%(project)s', master-distgit: "
		"'m/%(project)s'}\n"
		"packages:\n"
		"- project: a\n"
		"- {project: b, name: q, source-branch: stable/1.0, distro-branch: x}\n"
		"- {project: c, name: r, source-branch: v1.2.0, upstream: 'u/%(name)s'}\n"
		"- {project: d, name: s, distro-branch: 'x..y z'}\n",
		NULL,
		TOP "defaults:\n"
		    "  upstream:\n"
		    "    url: \"u/{project}\"\n"
		    "    branch: main\n"
		    "  packaging:\n"
		    "    url: \"m/{project}\"\n"
		    "    branch: rpm\n"
		    "projects:\n"
		    "  - project: a\n"
		    "    name: p\n"
		    "  - project: b\n"
		    "    name: q\n"
		    "    upstream:\n"
		    "      branch: stable/1.0\n"
		    "    packaging:\n"
		    "      branch: x\n"
		    "  - project: c\n"
		    "    name: r\n"
		    "    upstream:\n"
		    "      url: u/r\n"
		    "      ref: v1.2.0\n"
		    "  - project: d\n"
		    "    name: s\n",
		"a.yml:5: 'v1.2.0': source-branch: looks like a tag, which is taken as 'ref' and "
		"not left; write 'branch' if it moves\n"
		"a.yml:6: 'x..y z': distro-branch: must be a branch, tag or commit without blanks, "
		"not beginning with '-'\n"},
	{"the release of the tag has the branch",
		"[DEFAULT]\n"
		"tags=zed\n",
		"releases:\n"
		"- {name: yoga, branch: y}\n"
		"- {name: zed, branch: rpm-zed, repos: []}\n"
		"packages:\n"
		"- {project: a, upstream: u, master-distgit: m, tags: {zed: }}\n",
		NULL,
		TOP "defaults:\n"
		    "  packaging:\n"
		    "    branch: rpm-zed\n"
		    "projects:\n"
		    "  - project: a\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n",
		"a.yml:2: 'releases': what is built against (distrepos) belongs into target files "
		"('repos'), buildsys is koji's\n"},
	{"files are merged by project: texts win, nothing does not, lists are joined",
		"[DEFAULT]\n"
		"tags=t\n",
		"package-default: {maintainers: [a@x]}\n"
		"packages:\n"
		"- {project: a, upstream: u, master-distgit: m, component: c, tags: {t: "
		"{source-branch: s}}, maintainers: [b@x]}\n"
		"- {project: b, upstream: u, master-distgit: m, tags: {t: }}\n",
		"package-default: {maintainers: [z@x]}\n"
		"packages:\n"
		"- {project: c, upstream: u, master-distgit: m, tags: [t]}\n"
		"- {project: a, upstream: v, master-distgit: , tags: {t: {distro-branch: d}}, "
		"maintainers: [c@x]}\n",
		TOP "defaults:\n"
		    "  maintainers:\n"
		    "    - a@x\n"
		    "    - z@x\n"
		    "projects:\n"
		    "  - project: a\n"
		    "    upstream:\n"
		    "      url: v\n"
		    "      branch: s\n"
		    "    packaging:\n"
		    "      url: m\n"
		    "      branch: d\n"
		    "    component: c\n"
		    "    maintainers:\n"
		    "      - b@x\n"
		    "      - c@x\n"
		    "  - project: b\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n"
		    "  - project: c\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n",
		""},
	{"distgit when there is no other; distgit-path", "[DEFAULT]\n",
		"packages:\n"
		"- {project: a, upstream: u, distgit: d, distgit-path: /x/%(project)s}\n"
		"- {project: b, upstream: u, master-distgit: m, distgit-path: a/../b}\n",
		NULL,
		TOP "projects:\n"
		    "  - project: a\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: d\n"
		    "    path: x/a\n"
		    "  - project: b\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n",
		"a.yml:2: 'd': distgit: taken, as there is no 'master-distgit'\n"
		"a.yml:3: 'a/../b': distgit-path: must be a directory inside the packaging "
		"repository (relative, without '..')\n"},
	{"left out", "[DEFAULT]\n",
		"packages:\n"
		"- x\n"
		"- {name: y}\n"
		"- {project: '-a', upstream: u, master-distgit: m}\n"
		"- {project: b}\n"
		"- {project: c, upstream: [u, v], master-distgit: m}\n"
		"- {project: d, upstream: 'ext::sh', master-distgit: m}\n"
		"- {project: e, upstream: 'https://x/{name}', master-distgit: m}\n"
		"- {project: f, upstream: u, master-distgit: m}\n"
		"- {project: g, name: f, upstream: u, master-distgit: m}\n"
		"- {project: h, name: 'a b', upstream: u, master-distgit: m}\n",
		NULL,
		TOP "projects:\n"
		    "  - project: f\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n"
		    "  - project: h\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n",
		"a.yml:2: a package without 'project' is left out\n"
		"a.yml:3: a package without 'project' is left out\n"
		"a.yml:4: '-a': left out: project: must be a name (letters, digits and . _ + -, "
		"beginning with a letter or digit, at most 128)\n"
		"a.yml:5: 'b': left out: it has no 'upstream'\n"
		"a.yml:6: 'upstream': is a list or a map, one text is understood\n"
		"a.yml:6: 'c': left out: it has no 'upstream'\n"
		"a.yml:7: 'ext::sh': upstream: must be an URL with https://, http://, ssh://, "
		"git:// or file:///, host:path or a path\n"
		"a.yml:7: 'd': left out: it has no 'upstream'\n"
		"a.yml:8: 'https://x/{name}': upstream: '{' has a meaning of its own here\n"
		"a.yml:8: 'e': left out: it has no 'upstream'\n"
		"a.yml:10: 'g': left out: another project makes the package 'f'\n"
		"a.yml:11: 'a b': name: must be a name (letters, digits and . _ + -, beginning "
		"with a letter or digit, at most 128)\n"},
	{"maintainers that are none", "[DEFAULT]\n",
		"packages:\n"
		"- {project: a, upstream: u, master-distgit: m, maintainers: team}\n"
		"- {project: b, upstream: u, master-distgit: m, maintainers: [team, [x], b@x, "
		"b@x]}\n",
		NULL,
		TOP "projects:\n"
		    "  - project: a\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n"
		    "  - project: b\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n"
		    "    maintainers:\n"
		    "      - b@x\n",
		"a.yml:2: 'maintainers': is no list\n"
		"a.yml:3: 'team': maintainers: must be a mail address such as team@example.org\n"
		"a.yml:3: maintainers: is no text\n"},
	{"what is said in no known way", "[DEFAULT]\n",
		"import: [x.yml]\n"
		"new: 1\n"
		"packages:\n"
		"- {project: a, upstream: u, master-distgit: m, patches: p, build-tags-only: true, "
		"under: {x: y}}\n"
		"- {project: b, upstream: u, master-distgit: m, patches: p}\n",
		NULL,
		TOP "projects:\n"
		    "  - project: a\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n"
		    "  - project: b\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n",
		"a.yml:1: 'import': other files are not followed: name them, too, before this one\n"
		"a.yml:2: 'new': nothing corresponds to it\n"
		"a.yml:4: 'patches': patches lie in the packaging repository (2 times)\n"
		"a.yml:4: 'build-tags-only': every commit of the branch is built; 'upstream.ref' "
		"stays at a tag\n"
		"a.yml:4: 'under': nothing corresponds to it\n"},
	{"the same project twice in one file", "[DEFAULT]\n",
		"packages:\n"
		"- project: a\n"
		"  upstream: u\n"
		"  master-distgit: m\n"
		"- {project: a, component: c}\n",
		NULL,
		TOP "projects:\n"
		    "  - project: a\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n"
		    "    component: c\n",
		"a.yml:5: 'a': this file has the project in line 2 already; they are merged\n"},
	{"YAML that Python takes", "[DEFAULT]\n",
		"packages:\n"
		"- {project: a, project: b, upstream: u, master-distgit: m}\n",
		NULL,
		TOP "projects:\n"
		    "  - project: a\n"
		    "    upstream:\n"
		    "      url: u\n"
		    "    packaging:\n"
		    "      url: m\n",
		"a.yml:2:16: duplicate key 'project' (first in line 2)\n"},
};

static int read_row(void *ctx, const char *path, char **ret, size_t *ret_n, struct err *err)
{
	const struct row *row = ctx;
	const char *text = str_eq(path, "projects.ini") ? row->ini
			   : str_eq(path, "a.yml")      ? row->a
							: row->b;

	if (!text)
		return err_set(err, ERR_NOT_FOUND, "No such file or directory");
	*ret = xstrdup(text);
	*ret_n = strlen(text);
	return 0;
}

static int import(const struct row *row, struct dlrn_import *i, struct err *err)
{
	const struct config_input input = {read_row, (void *)(uintptr_t)row};
	auto_strv struct strv infos = STRV_INIT;

	if (row->a)
		strv_add(&infos, "a.yml");
	if (row->b)
		strv_add(&infos, "b.yml");
	return dlrn_import(&input, "projects.ini", &infos, "packmill.yaml", NULL, i, err);
}

static void test_rows(void **state UNUSED)
{
	for (size_t k = 0; k < COUNTOF(rows); k++) {
		const struct row *row = &rows[k];
		struct dlrn_import i = {0};
		auto_err struct err err = ERR_INIT;
		auto_strv struct strv lines = STRV_INIT;
		auto_strbuf struct strbuf yaml = STRBUF_INIT, left = STRBUF_INIT;

		if (import(row, &i, &err) < 0)
			fail_msg("%s: %s", row->title, err.msg);
		strv_lines(&lines, i.yaml);
		strv_foreach (&lines, l)
			if (**l != '#')
				sb_addf(&yaml, "%s\n", *l);
		strv_foreach (&i.left, l)
			sb_addf(&left, "%s\n", *l);
		if (!str_eq(sb_str(&yaml), row->expect) || !str_eq(sb_str(&left), row->left))
			fail_msg("%s:\n--- expected\n%s%s--- got\n%s%s", row->title, row->expect,
				row->left, sb_str(&yaml), sb_str(&left));
		dlrn_import_release(&i);
	}
}

static void refused(const char *ini, const char *yaml, enum err_code code, const char *msg)
{
	const struct row row = {.ini = ini, .a = yaml};
	struct dlrn_import i = {0};
	auto_err struct err err = ERR_INIT;

	assert_int_equal(import(&row, &i, &err), -(int)code);
	assert_string_equal(err.msg, msg);
	assert_null(i.config);
	assert_null(i.yaml);
	dlrn_import_release(&i);
}

static void test_refused(void **state UNUSED)
{
	refused(NULL, NULL, ERR_NOT_FOUND, "cannot read 'projects.ini': No such file or directory");
	refused("", NULL, ERR_CONFIG, "'projects.ini': no [section], it is no projects.ini");
	refused("packages: []\n", NULL, ERR_CONFIG,
		"'projects.ini': no [section], it is no projects.ini");
	refused("[DEFAULT]\n", "- a\n", ERR_CONFIG, "a.yml: no map of packages as rdoinfo has it");
	refused("[DEFAULT]\n", "a: [\n", ERR_CONFIG,
		"a.yml:2:1: not valid YAML: did not find expected node content");
}

/* What grows stops at a cap, whoever wrote it: values of %(x)s, options, lists times projects. */
static void test_caps(void **state UNUSED)
{
	auto_strbuf struct strbuf ini = STRBUF_INIT, yaml = STRBUF_INIT;
	struct row row = {0};
	struct dlrn_import i = {0};
	auto_err struct err err = ERR_INIT;

	sb_add(&ini, "[DEFAULT]\na0=xxxxxxxx\n");
	for (int k = 1; k < 9; k++) {
		sb_addf(&ini, "a%d=", k);
		for (int n = 0; n < 100; n++)
			sb_addf(&ini, "%%(a%d)s", k - 1);
		sb_addc(&ini, '\n');
	}
	for (int k = 0; k < 2 * DLRN_OPTIONS; k++)
		sb_addf(&ini, "key%d=%%(a8)s\n", k);
	row.ini = ini.s;
	assert_int_equal(import(&row, &i, NULL), 0);
	assert_in_range(i.left.n, DLRN_LEFT, DLRN_LEFT + 1);
	dlrn_import_release(&i);

	sb_add(&yaml, "package-configs:\n  c:\n    upstream: u\n    master-distgit: m\n"
		      "    maintainers:\n");
	for (int k = 0; k < 100; k++)
		sb_addf(&yaml, "    - %d%0100d@example.org\n", k, 0);
	sb_add(&yaml, "packages:\n");
	for (int k = 0; k < 1000; k++)
		sb_addf(&yaml, "- {project: p%d, conf: c}\n", k);
	row = (struct row){.ini = "[DEFAULT]\n", .a = yaml.s};
	assert_int_equal(import(&row, &i, &err), -ERR_CONFIG);
	assert_string_equal(err.msg, "'projects.ini': the projects come to more than 6 MiB");
	dlrn_import_release(&i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_caps),
	};

	return cmocka_run_group_tests_name("dlrn", tests, NULL, NULL);
}
