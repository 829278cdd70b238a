/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a right configuration comes to; target files; the manual against the tables. */
#include "base/base.h"
#include "base/fs.h"
#include "config/keys.h"
#include "config/load.h"
#include "version/version.h"
#include <setjmp.h>
#include <stdarg.h>
/* cmocka wants the four above */
#include <cmocka.h>

static char *scratch;

static int enter_scratch(void **state UNUSED)
{
	char template[] = "/tmp/packmill-config-XXXXXX";

	assert_non_null(mkdtemp(template));
	scratch = xstrdup(template);
	return chdir(scratch);
}

static int leave_scratch(void **state UNUSED)
{
	assert_int_equal(chdir("/"), 0);
	if (!getenv("KEEP_TMP"))
		assert_int_equal(fs_remove_tree(scratch, NULL), 0);
	free(scratch);
	scratch = NULL;
	return 0;
}

static void put(const char *name, const char *text, mode_t mode)
{
	auto_free char *dir = path_dir(name);

	assert_int_equal(fs_mkdirs(dir, 0755, NULL), 0);
	assert_int_equal(fs_write(name, text, strlen(text), mode, NULL), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static struct config *load(const char *path)
{
	struct config *c = NULL;
	auto_strv struct strv errors = STRV_INIT;
	auto_err struct err err = ERR_INIT;

	if (config_load(path, NULL, &c, &errors, &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

static void is_below(const char *path, const char *rest)
{
	auto_free char *want = path_join(scratch, rest);

	assert_string_equal(path, want);
}

static void test_values(void **state UNUSED)
{
	CLEANUP(config_freep) struct config *c = NULL;
	const struct config_project *p;

	put("in/packmill.yaml",
		"name: no\ndata: ./d/../data\nurl: https://x.org/p//\ntargets: [host]\n"
		"version: {numbering: minor.date.hash, minor: 7}\n"
		"limits: {jobs: 3, memory: 1GiB, disk: 0, time: 90, log: 8M, inodes: 10, pids: 0,\n"
		"  cpus: 0.5,\n"
		"  retries: 7}\n"
		"notify: {smtp: 'localhost:25', from: a@b.org, tls: always, ca: tls/ca.pem,\n"
		"  operators: [o@b.org, p@b.org], digest: 1h, rate: 0, hook: ../bin/hook}\n"
		"poll: 90\nafter_failure: last-good\nkeep: {age: 90d, count: 20, newest: 2}\nlint: "
		"{fatal: true}\n"
		"defaults:\n"
		"  upstream: {url: 'https://x.org/{project}', branch: master,\n"
		"    web: 'https://x.org/{project}/{sha}'}\n"
		"  packaging: {url: '../{project}/{name}', branch: rpm}\n"
		"  priority: -3\n"
		"  maintainers: [a@b.org]\n  spec: '{name}.spec'\n"
		"projects:\n"
		"- project: 1.10\n  name: python-x\n"
		"- project: pinned\n  upstream: {ref: v1}\n  maintainers: []\n"
		"- project: alone\n  layout: standard\n  path: sub/{name}\n  component: base\n  "
		"priority: 10\n"
		"  version: {policy: describe, minor: 9}\n  rebuild: on-change\n  targets: [host]\n"
		"- {project: ssh, upstream: {url: 'git@x.org:y'}, packaging: {url: /abs/./x}}\n",
		0600);
	c = load("in/packmill.yaml");
	assert_string_equal(c->name, "no");
	is_below(c->data, "in/d/../data");
	is_below(c->file, "in/packmill.yaml");
	assert_string_equal(c->url, "https://x.org/p");
	assert_null(c->policy);
	assert_int_equal(c->minor, 7);
	assert_int_equal(c->jobs, 3);
	assert_true(c->lint_fatal);
	assert_int_equal(c->retries, 7);
	assert_int_equal(c->poll, 90);
	assert_true(c->last_good);
	assert_int_equal(c->keep.age, 90 * 86400);
	assert_int_equal(c->keep.count, 20);
	assert_int_equal(c->keep.newest, 2);
	assert_int_equal(c->notify.tls, CONFIG_TLS_ALWAYS);
	is_below(c->notify.ca, "in/tls/ca.pem");
	is_below(c->notify.hook, "in/../bin/hook");
	assert_int_equal(c->notify.operators.n, 2);
	assert_int_equal(c->notify.digest, 3600);
	assert_int_equal(c->notify.rate, 0);
	assert_int_equal(c->limits.memory, GIB);
	assert_int_equal(c->limits.disk, 0);
	assert_int_equal(c->limits.time, 90);
	assert_int_equal(c->limits.log, 8 * MIB);
	assert_int_equal(c->limits.inodes, 10);
	assert_int_equal(c->limits.pids, 0);
	assert_true(c->limits.cpus > 0.49 && c->limits.cpus < 0.51);
	assert_string_equal(c->notify.smtp, "localhost:25");
	assert_int_equal(c->targets.n, 1);
	assert_int_equal(c->projects.n, 4);
	assert_int_equal(c->warnings.n, 0);

	p = config_project(c, "1.10");
	assert_string_equal(p->name, "python-x");
	assert_int_equal(p->layout, LAYOUT_TWO_GIT);
	assert_string_equal(p->upstream.url, "https://x.org/1.10");
	assert_string_equal(p->upstream.branch, "master");
	assert_string_equal(p->upstream.web, "https://x.org/1.10/{sha}");
	assert_null(p->packaging.web);
	assert_int_equal(p->priority, -3);
	is_below(p->packaging.url, "in/../1.10/python-x");
	assert_string_equal(p->policy, "dlrn");
	assert_string_equal(p->numbering, "minor.date.hash");
	assert_string_equal(p->spec, "python-x.spec");
	assert_int_equal(p->minor, 7);
	assert_int_equal(p->maintainers.n, 1);
	assert_int_equal(p->line, 23);

	p = config_project(c, "pinned");
	assert_string_equal(p->upstream.url, "https://x.org/pinned");
	assert_string_equal(p->upstream.ref, "v1");
	assert_null(p->upstream.branch);
	assert_string_equal(p->packaging.branch, "rpm");
	assert_int_equal(p->maintainers.n, 0);

	p = config_project(c, "alone");
	assert_int_equal(p->layout, LAYOUT_STANDARD);
	assert_null(p->upstream.url);
	assert_null(p->upstream.branch);
	assert_null(p->upstream.web);
	assert_int_equal(p->priority, 10);
	assert_string_equal(p->path, "sub/alone");
	assert_string_equal(p->component, "base");
	assert_string_equal(p->policy, "describe");
	assert_int_equal(p->minor, 9);
	assert_true(p->rebuild_on_change);
	assert_int_equal(p->targets.n, 1);

	p = config_project(c, "ssh");
	assert_string_equal(p->upstream.url, "git@x.org:y");
	assert_string_equal(p->packaging.url, "/abs/x");
	assert_null(config_project(c, "other"));
}

static void test_defaults(void **state UNUSED)
{
	CLEANUP(config_freep) struct config *c = NULL;
	const struct limits d = LIMITS_DEFAULT;

	put("packmill.yaml",
		"name: t\ntargets: [host]\nprojects: [{project: a, packaging: {url: p}}]\n", 0644);
	c = load("packmill.yaml");
	is_below(c->data, "data");
	assert_null(c->url);
	assert_in_range(c->jobs, 1, 4);
	assert_memory_equal(&c->limits, &d, sizeof d);
	assert_false(c->lint_fatal);
	assert_int_equal(c->retries, 3);
	assert_int_equal(c->poll, 300);
	assert_false(c->last_good);
	assert_int_equal(c->keep.age, 0);
	assert_int_equal(c->keep.count, 0);
	assert_int_equal(c->keep.newest, 5);
	assert_int_equal(c->notify.tls, CONFIG_TLS_AUTO);
	assert_int_equal(c->notify.digest, 0);
	assert_int_equal(c->notify.rate, 30);
	assert_null(c->notify.hook);
	assert_int_equal(c->projects.v[0].priority, 0);
	assert_string_equal(c->numbering, "0.date.hash");
	assert_string_equal(c->targets.v[0]->name, "host");
	assert_string_equal(c->targets.v[0]->arch, target_host_arch());
	assert_string_equal(c->targets.v[0]->file, "");
	assert_true(c->targets.v[0]->host);
	assert_string_equal(c->projects.v[0].policy, "keep");
	assert_string_equal(c->projects.v[0].name, "a");
	assert_int_equal(c->projects.v[0].layout, LAYOUT_STANDARD);
	assert_false(c->projects.v[0].rebuild_on_change);
}

/* Paths start from the file that names them, also those of defaults. */
static void test_includes(void **state UNUSED)
{
	CLEANUP(config_freep) struct config *c = NULL;

	put("packmill.yaml",
		"name: t\ntargets: [host]\n"
		"defaults: {packaging: {url: './outer/{project}'}, component: outer}\n"
		"include: [sub/more.yaml]\nprojects: [{project: a}]\n",
		0600);
	put("sub/more.yaml",
		"defaults: {component: inner}\nprojects: [{project: b}, {project: c, packaging: "
		"{url: ./c}}]\ninclude: [../last.yaml]\n",
		0600);
	put("last.yaml", "projects: [{project: d, component: own}]\n", 0600);
	c = load("packmill.yaml");
	assert_int_equal(c->projects.n, 4);
	assert_string_equal(config_project(c, "a")->component, "outer");
	assert_string_equal(config_project(c, "b")->component, "inner");
	assert_string_equal(config_project(c, "d")->component, "own");
	is_below(config_project(c, "b")->packaging.url, "outer/b");
	is_below(config_project(c, "c")->packaging.url, "sub/c");
	is_below(config_project(c, "d")->packaging.url, "outer/d");
	is_below(config_project(c, "c")->file, "sub/more.yaml");
	assert_int_equal(config_project(c, "d")->line, 1);
}

static void test_secrets(void **state UNUSED)
{
	static const char text[] =
		"name: t\ntargets: [host]\nnotify: {smtp: m, user: u, password: x}\nprojects:\n"
		"- {project: a, packaging: {url: 'https://u:p@x.org/a'}}\n"
		"- {project: b, packaging: {url: 'https://u@x.org/a:b'}}\n";
	CLEANUP(config_freep) struct config *open = NULL, *closed = NULL;
	auto_free char *yaml = NULL;
	auto_json json_t *json = NULL;
	auto_free char *json_as_text = NULL;

	put("packmill.yaml", text, 0644);
	open = load("packmill.yaml");
	assert_int_equal(open->warnings.n, 2);
	assert_string_equal(open->warnings.v[0],
		"packmill.yaml:3:38: 'password' holds a password and everyone can read this file "
		"(chmod o-r packmill.yaml)");
	assert_true(str_starts(open->warnings.v[1], "packmill.yaml:5:33: 'url' holds a password"));
	put("packmill.yaml", text, 0640);
	closed = load("packmill.yaml");
	assert_int_equal(closed->warnings.n, 0);
	yaml = config_to_yaml(closed);
	json = config_to_json(closed);
	json_as_text = json_text(json);
	assert_non_null(strstr(yaml, "(not shown)"));
	assert_non_null(strstr(json_as_text, "(not shown)"));
	assert_non_null(strstr(yaml, "https://u:***@x.org/a"));
	assert_null(strstr(yaml, "u:p@"));
	assert_null(strstr(json_as_text, "u:p@"));
}

static void test_unreadable(void **state UNUSED)
{
	struct config *c = NULL;
	auto_strv struct strv errors = STRV_INIT;
	auto_err struct err err = ERR_INIT;

	put("packmill.yaml", "name: t\ntargets: [host]\n", 0000);
	assert_int_equal(chmod(scratch, 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_int_equal(config_load("packmill.yaml", NULL, &c, &errors, &err), -ERR_CONFIG);
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(errors.n, 1);
	assert_string_equal(errors.v[0], "packmill.yaml: Permission denied");
	strv_release(&errors);
	assert_int_equal(config_load(".", NULL, &c, &errors, &err), -ERR_CONFIG);
	assert_string_equal(errors.v[0], ".: is a directory");
	strv_release(&errors);
	assert_int_equal(mkfifo("fifo", 0600), 0); /* nobody writes: this must not wait */
	assert_int_equal(config_load("fifo", NULL, &c, &errors, &err), -ERR_CONFIG);
	assert_string_equal(errors.v[0], "fifo: is no regular file");
	assert_null(c);
}

static void test_sizes(void **state UNUSED)
{
	struct config *c = NULL;
	auto_strv struct strv errors = STRV_INIT;
	auto_err struct err err = ERR_INIT;
	auto_strbuf struct strbuf b = STRBUF_INIT;

	put("packmill.yaml", "", 0600);
	assert_int_equal(truncate("packmill.yaml", LIMIT_CONFIG_FILE + 1), 0);
	assert_int_equal(config_load("packmill.yaml", NULL, &c, &errors, &err), -ERR_CONFIG);
	assert_string_equal(errors.v[0], "packmill.yaml: is larger than 8 MiB");
	strv_release(&errors);
	err_clear(&err);

	sb_add(&b, "name: ");
	for (int i = 0; i < 300; i++)
		sb_addc(&b, 'x');
	sb_add(&b, "\ntargets: [host]\n");
	for (int i = 0; i < 1000; i++)
		sb_addf(&b, "key%d: x\n", i);
	put("packmill.yaml", b.s, 0600);
	assert_int_equal(config_load("packmill.yaml", NULL, &c, &errors, &err), -ERR_CONFIG);
	assert_int_equal(errors.n, 101);
	assert_true(str_starts(errors.v[0], "packmill.yaml:1:7: 'name' must be a name ("));
	assert_true(str_ends(errors.v[0], "xxx...'"));
	assert_true(strlen(errors.v[0]) < 200);
	assert_true(str_starts(errors.v[1], "packmill.yaml:3:1: unknown key 'key0'"));
	assert_string_equal(
		errors.v[100], "packmill.yaml: too many problems, the others are not shown");
	assert_true(str_ends(err.msg, "(and 100 more)"));
}

static void test_template(void **state UNUSED)
{
	CLEANUP(config_freep) struct config *c = NULL, *full = NULL;
	auto_free char *all = str_replace(config_template(), "projects: []\n#", "projects:\n#");
	auto_free char *open = NULL;

	put("packmill.yaml", config_template(), 0644);
	c = load("packmill.yaml");
	assert_int_equal(c->warnings.n, 0);
	/* what is commented out as an example has to be right too: "#key" is one, "# text" not */
	open = str_replace(all, "\n#", "\n");
	put("packmill.yaml", open, 0644);
	for (char *p = open; (p = strstr(p, "\n ")); p++)
		if (p[2] != ' ')
			p[1] = '#';
	put("packmill.yaml", open, 0644);
	put("more-projects.yaml", "projects: []\n", 0644);
	full = load("packmill.yaml");
	assert_int_equal(full->projects.n, 1);
	assert_string_equal(full->projects.v[0].maintainers.v[0], "team@example.org");
}

static void test_show(void **state UNUSED)
{
	CLEANUP(config_freep) struct config *c = NULL, *again = NULL;
	auto_free char *yaml = NULL, *same = NULL;
	auto_json json_t *j = NULL;

	put("packmill.yaml",
		"name: t\ntargets: [host, el]\nurl: 'http://x/y'\n"
		"limits: {memory: 1536M, disk: 1048577K, time: 5400, log: 16777217, cpus: 2.25}\n"
		"notify: {smtp: '[::1]:25', from: a@b, digest: 5400, tls: never, operators: "
		"[o@b]}\n"
		"poll: 1d\nafter_failure: last-good\nkeep: {age: 90d}\ndefaults: {component: 'x: "
		"#\"y\"'}\n"
		"projects:\n- {project: a, packaging: {url: './p q', branch: b}, targets: [el]}\n"
		"- {project: no, packaging: {url: 'a@b:c'}, upstream: {url: ./u, ref: '1.0',\n"
		"   web: 'https://x/{sha}?a=b'}, priority: -7}\n",
		0600);
	put("targets/el.yaml",
		"name: el\nroot: {host: true}\ndist: .el\nmacros: {_vendor: 'a b', abc: ''}\n",
		0600);
	c = load("packmill.yaml");
	yaml = config_to_yaml(c);
	assert_non_null(strstr(yaml, "\n  memory: 1536M\n  disk: 1048577K\n"));
	assert_non_null(strstr(yaml, "\n  log: 16777217\n"));
	assert_non_null(strstr(yaml, "\n  time: 90m\n  cpus: 2.25\n"));
	assert_non_null(strstr(yaml, "\npoll: 1d\nafter_failure: last-good\n"));
	assert_non_null(strstr(yaml, "\nkeep:\n  age: 90d\n  count: 0\n  newest: 5\n"));
	assert_non_null(strstr(yaml, "\n  tls: never\n  operators:\n    - o@b\n  digest: 90m\n"));
	assert_non_null(strstr(yaml, "\n      web: \"https://x/{sha}?a=b\"\n"));
	put("shown.yaml", yaml, 0600);
	again = load("shown.yaml");
	same = config_to_yaml(again);
	assert_string_equal(yaml, same);
	assert_string_equal(again->projects.v[0].component, "x: #\"y\"");
	j = config_to_json(c);
	assert_int_equal(json_get_int(json_object_get(j, "limits"), "time"), 5400);
	assert_string_equal(
		json_get_str(json_array_get(json_object_get(j, "projects"), 1), "project"), "no");
}

#define F10 "0123456789"
#define F40 F10 F10 F10 F10
#define F64 F40 F10 F10 "abCD"

static void test_target(void **state UNUSED)
{
	CLEANUP(target_freep) struct target *t = NULL, *again = NULL;
	auto_strv struct strv errors = STRV_INIT;
	auto_err struct err err = ERR_INIT;
	auto_free char *yaml = NULL, *same = NULL;

	put("t/el9.yaml",
		"name: el9\nformat: rpm\narch: aarch64\ndist: .el9\nreleasever: 9\n"
		"root: {packages: [bash, gcc-c++, '@core'], weak: yes}\n"
		"macros: {_vendor: example, abc: '%{nil}'}\nmodules: ['nodejs:18']\nrepos:\n"
		"- {id: base, url: 'https://x.org/$releasever/$basearch/', gpgkey: ./key}\n"
		"- {id: own, class: own, priority: 10, url: [../repo, 'https://x.org/b/$arch'],\n"
		"   exclude: [kernel*, a], includepkgs: x*, repo_gpgcheck: true, metadata_expire: "
		"5m,\n"
		"   gpgkey: [./a, 'https://x.org/k#" F40 "," F64 "']}\n"
		"- {id: extra, class: extra, metalink: 'https://x.org/m?repo=x&arch=y'}\n",
		0600);
	if (config_target_load("t/el9.yaml", &t, &errors, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(t->arch, "aarch64");
	assert_string_equal(t->dist, ".el9");
	assert_false(t->host);
	assert_int_equal(t->packages.n, 3);
	assert_string_equal(t->macros.v[1].value, "%{nil}");
	assert_string_equal(t->modules.v[0], "nodejs:18");
	is_below(t->file, "t/el9.yaml");
	assert_int_equal(t->repos.n, 3);
	assert_string_equal(t->repos.v[0].class_, "base");
	assert_int_equal(t->repos.v[0].priority, 99);
	is_below(t->repos.v[0].gpgkeys.v[0], "t/key");
	assert_true(str_starts(t->repos.v[1].urls.v[0], "file:///tmp/packmill-config-"));
	assert_int_equal(t->repos.v[1].priority, 10);
	assert_string_equal(t->repos.v[1].exclude.v[0], "kernel*");
	assert_string_equal(t->releasever, "9");
	assert_true(t->weak);
	assert_string_equal(t->repos.v[0].urls.v[0], "https://x.org/$releasever/$basearch/");
	assert_int_equal(t->repos.v[0].metadata_expire, 3600);
	assert_false(t->repos.v[0].repo_gpgcheck);
	assert_int_equal(t->repos.v[1].urls.n, 2);
	assert_string_equal(t->repos.v[1].urls.v[1], "https://x.org/b/$arch");
	assert_string_equal(t->repos.v[1].includepkgs.v[0], "x*");
	assert_true(t->repos.v[1].repo_gpgcheck);
	assert_int_equal(t->repos.v[1].metadata_expire, 300);
	assert_string_equal(t->repos.v[1].gpgkeys.v[1], "https://x.org/k#" F40 "," F64);
	assert_int_equal(t->repos.v[2].urls.n, 0);
	yaml = config_target_to_yaml(t);
	assert_non_null(strstr(yaml, "    url: \"https://x.org/$releasever/$basearch/\"\n"));
	assert_non_null(strstr(yaml, "\n    metadata_expire: 5m\n    exclude:\n"));
	assert_non_null(strstr(yaml, "\n    includepkgs: \"x*\"\n"));
	put("again.yaml", yaml, 0600);
	assert_int_equal(config_target_load("again.yaml", &again, &errors, &err), 0);
	same = config_target_to_yaml(again);
	assert_string_equal(yaml, same);
}

static void test_target_errors(void **state UNUSED)
{
	static const char *const rows[][2] = {
		{"", "x.yaml:1:1: the file is empty; a target needs at least a name and a root\n"},
		{"name: x\n", "x.yaml:1:1: a target file needs 'root' (what a build root holds)\n"},
		{"name: x\nroot: {}\n",
			"x.yaml:2:7: 'root' needs {packages: [...]} or {host: true}\n"},
		{"name: x\nroot: {host: true, packages: [a]}\n",
			"x.yaml:2:7: 'root' has either 'packages' or 'host: true', not both\n"},
		{"name: x\nroot: {packages: [a]}\nrepos: []\n",
			"x.yaml:3:8: target 'x' has no repositories ('repos')\n"},
		{"name: x\nroot: {host: true}\nrepos: [{id: a, url: /r}]\n",
			"x.yaml:3:8: a host root takes its packages from this machine, it has no "
			"'repos'\n"},
		{"name: host-base\nroot: {host: true}\n",
			"x.yaml:1:7: the name 'host-base' is taken by packmill itself\n"},
		{"name: x\nroot: {host: true}\ndist: el9\narch: -x\nformat: rmp\n",
			"x.yaml:3:7: 'dist' must be a dist tag such as .el9, not 'el9'\n"
			"x.yaml:4:7: 'arch' must be a name (letters, digits and . _ + -, beginning "
			"with a letter or digit, at most 128), not '-x'\n"
			"x.yaml:5:9: 'format' must be rpm, arch or deb, not 'rmp'\n"},
		{"name: x\nroot: {host: true}\nmacros: {a b: x, _v: 1, ok1: [x]}\nmodules: [x]\n",
			"x.yaml:3:10: 'a b' is no macro's name (at least three of letters, digits "
			"and _)\n"
			"x.yaml:3:18: '_v' is no macro's name (at least three of letters, digits "
			"and _)\n"
			"x.yaml:3:30: 'macros' must be a single value, not a list\n"
			"x.yaml:4:11: 'modules' must be a module and its stream such as nodejs:18, "
			"not 'x'\n"},
		{"name: x\nroot: {packages: [-a]}\nrepos:\n- {id: a}\n- {id: a, url: /x, metalink: "
		 "'http://x'}\n- {url: 'ext::sh', class: mine, priority: 0}\n",
			"x.yaml:2:19: 'packages' must be a package name without blanks, not "
			"beginning with '-', not '-a'\n"
			"x.yaml:4:3: repository 'a' needs one of url, metalink and mirrorlist\n"
			"x.yaml:5:3: repository 'a' needs only one of url, metalink and "
			"mirrorlist\n"
			"x.yaml:5:3: two repositories have the id 'a'\n"
			"x.yaml:6:3: a repository needs 'id' (its id)\n"
			"x.yaml:6:27: 'class' must be base, own or extra, not 'mine'\n"
			"x.yaml:6:43: 'priority' must be a whole number from 1 to 9999, not '0'\n"},
		{"name: x\nroot: {packages: [a]}\nrepos:\n"
		 "- {id: a, url: {x: y}, gpgkey: 'k#12'}\n- {id: b, url: []}\n"
		 "- {id: c, url: 'https://x/$releasever/$basearch/$releasever_major/'}\n"
		 "- {id: d, metalink: 'https://x/${arch}'}\n"
		 "- {id: e, url: /e, repo_gpgcheck: true, exclude: 'a b', metadata_expire: -1}\n",
			"x.yaml:4:16: 'url' must be a value or a list, not a map\n"
			"x.yaml:4:32: 'gpgkey' must be an URL or a path, with '#' and full "
			"fingerprints (40 or 64 hexadecimal digits, commas between them) when only "
			"these keys of it count, not 'k#12'\n"
			"x.yaml:5:16: 'url' is empty\n"
			"x.yaml:6:16: 'url' has $releasever, and the target has no 'releasever'\n"
			"x.yaml:6:16: 'url': unknown variable $releasever_major (there are "
			"$releasever, $basearch and $arch)\n"
			"x.yaml:7:21: 'metalink' must be an URL with https://, http:// or "
			"file:///, or a path, not 'https://x/${arch}'\n"
			"x.yaml:8:35: 'repo_gpgcheck' needs a 'gpgkey' to check by\n"
			"x.yaml:8:50: 'exclude' must be a package name without blanks, not "
			"beginning with '-', not 'a b'\n"
			"x.yaml:8:74: 'metadata_expire' must be a time such as 90s, 15m, 2h or 1d "
			"(0: no limit), at most a year, not '-1'\n"},
	};

	for (size_t i = 0; i < COUNTOF(rows); i++) {
		CLEANUP(target_freep) struct target *t = NULL;
		auto_strv struct strv errors = STRV_INIT;
		auto_strbuf struct strbuf got = STRBUF_INIT;

		put("x.yaml", rows[i][0], 0600);
		assert_int_equal(config_target_load("x.yaml", &t, &errors, NULL), -ERR_CONFIG);
		strv_foreach (&errors, e)
			sb_addf(&got, "%s\n", *e);
		assert_null(t);
		assert_string_equal(sb_str(&got), rows[i][1]);
	}
}

static void test_find(void **state UNUSED)
{
	CLEANUP(target_freep) struct target *host = NULL, *mine = NULL;
	struct target *none = NULL;
	auto_strv struct strv dirs = STRV_INIT, names = STRV_INIT, errors = STRV_INIT;
	auto_err struct err err = ERR_INIT;
	auto_free char *all = NULL;

	put("a/el.yaml", "name: el\nroot: {host: true}\n", 0600);
	put("targets/el.yaml", "name: el\ndist: .b\nroot: {host: true}\n", 0600);
	put("targets/zz.yaml", "name: yy\nroot: {host: true}\n", 0600);
	put("targets/broken.yaml", "name: [\n", 0600);
	put("targets/packmill.yaml", "name: t\ntargets: [host]\n", 0600);
	put("targets/-x.yaml", "name: t\n", 0600);
	put("a/broken2.yaml", "name: [\n", 0600);
	put("targets/note.txt", "", 0600);
	strv_addl(&dirs, "missing", "a", "targets", NULL);
	assert_int_equal(config_target_names(&dirs, &names, NULL), 0);
	all = strv_join(&names, " ");
	assert_string_equal(all, "broken el host zz");

	assert_int_equal(config_target_find("host", &dirs, &host, &errors, NULL), 0);
	assert_true(host->host);
	assert_int_equal(config_target_usable(host, NULL), 0);
	assert_int_equal(config_target_find("el", &dirs, &mine, &errors, NULL), 0);
	assert_string_equal(mine->dist, "");
	target_free(TAKE(mine));
	assert_int_equal(config_target_find("targets/el.yaml", &dirs, &mine, &errors, NULL), 0);
	assert_string_equal(mine->dist, ".b");
	assert_int_equal(errors.n, 0);

	assert_int_equal(config_target_find("hots", &dirs, &none, &errors, &err), -ERR_NOT_FOUND);
	assert_string_equal(err.msg, "unknown target 'hots' (did you mean 'host'?)");
	err_clear(&err);
	assert_int_equal(config_target_find("../x", &dirs, &none, &errors, &err), -ERR_CONFIG);
	assert_int_equal(config_target_find("zz", &dirs, &none, &errors, &err), -ERR_CONFIG);
	assert_string_equal(
		errors.v[1], "targets/zz.yaml: the target is named 'yy', the file must be yy.yaml");
	assert_null(none);
}

/* Each key of the tables has its entry in the right part of the page, and no other is there. */

static void add_keys(struct strv *keys, const struct schema *s, const char *prefix)
{
	for (size_t i = 0; i < s->n; i++) {
		auto_free char *name = xasprintf("%s%s", prefix, s->keys[i].name);
		auto_free char *below = xasprintf("%s.", name);

		assert_non_null(s->keys[i].help);
		strv_add(keys, name);
		if (s->keys[i].sub && !(s->keys[i].flags & (KEY_LIST | KEY_MANUAL)))
			add_keys(keys, s->keys[i].sub, below);
	}
}

static void check_page(const char *page, const char *section, const struct schema *s)
{
	auto_free char *path = xasprintf("%s/docs/man/%s.5.scd", getenv("PACKMILL_SOURCE"), page);
	auto_free char *text = NULL, *head = xasprintf("# %s", section), *got = NULL, *want = NULL;
	auto_strv struct strv lines = STRV_INIT, keys = STRV_INIT, found = STRV_INIT;
	bool in = false;

	assert_int_equal(fs_read(path, MIB, &text, NULL, NULL), 0);
	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		if (**l == '#')
			in = str_eq(*l, head);
		if (in && **l == '*' && strchr(*l + 1, '*') && !str_starts(*l, "*{"))
			strv_addn(&found, *l + 1, strcspn(*l + 1, "*"));
	}
	add_keys(&keys, s, "");
	strv_sort(&keys);
	strv_sort(&found);
	got = strv_join(&found, "\n");
	want = strv_join(&keys, "\n");
	assert_string_equal(got, want);
}

static void test_manual(void **state UNUSED)
{
	check_page("packmill.yaml", "KEYS", &schema_main);
	check_page("packmill.yaml", "PROJECTS", &schema_project);
	check_page("packmill-target", "KEYS", &schema_target);
	check_page("packmill-target", "REPOSITORIES", &schema_repo);
}

/* The words of the schema are those that version/ knows. */
static void test_words(void **state UNUSED)
{
	for (size_t i = 0; key_policies[i] || version_policies()[i]; i++)
		assert_string_equal(key_policies[i], version_policies()[i]);
	for (size_t i = 0; key_numberings[i] || version_numberings()[i]; i++)
		assert_string_equal(key_numberings[i], version_numberings()[i]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, enter_scratch, leave_scratch)
	const struct CMUnitTest tests[] = {
		T(test_values),
		T(test_defaults),
		T(test_includes),
		T(test_secrets),
		T(test_unreadable),
		T(test_sizes),
		T(test_template),
		T(test_show),
		T(test_target),
		T(test_target_errors),
		T(test_find),
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("config_load", tests, NULL, NULL);
}
