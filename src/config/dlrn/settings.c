/* SPDX-License-Identifier: GPL-3.0-or-later */
/* settings.c - each setting of projects.ini: taken over, or answered with what packmill does. */
#include "base/fs.h"
#include "base/text.h"
#include "config/dlrn/internal.h"

struct setting {
	const char *section, *key;
	void (*take)(struct dlrn *d, const struct dlrn_option *o); /* NULL: it is only answered */
	const char *say; /* the answer; with take: what else there is to say, or NULL */
};

static void leave(struct dlrn *d, const struct dlrn_option *o, const char *why)
{
	bool top = str_eq(o->section, "DEFAULT");
	auto_free char *shown = text_url_shown(o->value);
	auto_free char *what = top ? xasprintf("%s=%s", o->key, shown)
				   : xasprintf("[%s] %s=%s", o->section, o->key, shown);

	dlrn_leave(d, 0, o->line, what, "%s", why);
}

static void take_text(struct dlrn *d, const struct dlrn_option *o, const struct type *t, char **to)
{
	auto_free char *why = dlrn_unfit(t, o->value);

	if (why)
		leave(d, o, why);
	else
		str_set(to, o->value);
}

static void take_number(
	struct dlrn *d, const struct dlrn_option *o, uint64_t min, uint64_t max, int64_t *to)
{
	auto_free char *why =
		xasprintf("no whole number from %ju to %ju", (uintmax_t)min, (uintmax_t)max);
	uint64_t v;

	if (str_u64(o->value, &v) && v >= min && v <= max)
		*to = (int64_t)v;
	else
		leave(d, o, why);
}

static void take_name(struct dlrn *d, const struct dlrn_option *o)
{
	take_text(d, o, &type_name, &d->conf.name);
}

static void take_data(struct dlrn *d, const struct dlrn_option *o)
{
	take_text(d, o, &type_path, &d->conf.data);
	if (d->conf.data && *d->conf.data == '/')
		leave(d, o,
			"taken as 'data', but what DLRN keeps there is not read: give packmill a "
			"directory of its own");
}

static void take_url(struct dlrn *d, const struct dlrn_option *o)
{
	take_text(d, o, &type_web_url, &d->conf.url);
}

static void take_source(struct dlrn *d, const struct dlrn_option *o)
{
	take_text(d, o, &type_ref, &d->conf.source);
}

static void take_distro(struct dlrn *d, const struct dlrn_option *o)
{
	take_text(d, o, &type_ref, &d->conf.distro);
	d->conf.distro_line = o->line;
}

static void take_target(struct dlrn *d, const struct dlrn_option *o)
{
	take_text(d, o, &type_name, &d->conf.target);
	d->conf.target_line = o->line;
}

static void take_scripts(struct dlrn *d, const struct dlrn_option *o)
{
	if (!d->conf.scriptsdir || str_eq(o->key, "configdir"))
		take_text(d, o, &type_path, &d->conf.scriptsdir);
}

static void take_smtp(struct dlrn *d, const struct dlrn_option *o)
{
	take_text(d, o, &type_host_port, &d->conf.smtp);
}

static void take_retries(struct dlrn *d, const struct dlrn_option *o)
{
	take_number(d, o, 0, 100, &d->conf.retries);
}

static void take_workers(struct dlrn *d, const struct dlrn_option *o)
{
	take_number(d, o, 1, 1024, &d->conf.jobs);
}

static void take_minor(struct dlrn *d, const struct dlrn_option *o)
{
	take_number(d, o, 0, 999999, &d->conf.minor);
}

static void take_numbering(struct dlrn *d, const struct dlrn_option *o)
{
	for (size_t i = 0; key_numberings[i]; i++)
		if (str_eq(key_numberings[i], o->value)) {
			str_set(&d->conf.numbering, o->value);
			return;
		}
	leave(d, o, "packmill numbers 0.date.hash, 0.1.date.hash or minor.date.hash");
}

static void take_tag(struct dlrn *d, const struct dlrn_option *o)
{
	take_text(d, o, &type_text, &d->conf.tag);
	if (o->value[strcspn(o->value, "\\^$*+?()[]{}|,")])
		leave(d, o, "taken as it stands, neither as a pattern nor as a list");
}

static void take_pkginfo(struct dlrn *d, const struct dlrn_option *o)
{
	const struct dlrn_option *repo = dlrn_option(d, "gitrepo_driver", "repo");
	const struct dlrn_option *dir = dlrn_option(d, "gitrepo_driver", "directory");

	if (str_ends(o->value, ".RdoInfoDriver"))
		return;
	if (!str_ends(o->value, ".GitRepoDriver") || !repo) {
		leave(d, o, "packmill's projects stand in its own file: add them to 'projects'");
		return;
	}
	take_text(d, repo, &type_git_url, &d->conf.git);
	if (dir && *dir->value && dir->value[strspn(dir->value, "/")])
		str_set(&d->conf.git_dir, dir->value + strspn(dir->value, "/"));
	leave(d, o,
		"each directory of that repository is a project: add them to 'projects', "
		"'packaging' and 'path' are in 'defaults'");
}

static void take_build(struct dlrn *d, const struct dlrn_option *o)
{
	if (!str_ends(o->value, ".MockBuildDriver"))
		leave(d, o, "packmill builds itself, in its own sandbox");
}

static void take_srpm(struct dlrn *d, const struct dlrn_option *o)
{
	leave(d, o, "source packages are always published, in source/ beside each repository");
}

static bool is_off(const struct dlrn_option *o)
{
	static const char *const no[] = {"0", "no", "false", "off"};

	for (size_t i = 0; i < COUNTOF(no); i++)
		if (strcasecmp(no[i], o->value) == 0)
			return true;
	return false;
}

static void take_changelog(struct dlrn *d, const struct dlrn_option *o)
{
	if (is_off(o))
		leave(d, o, "the %changelog of the spec always stays as it is");
}

static void take_install(struct dlrn *d, const struct dlrn_option *o)
{
	if (is_off(o))
		leave(d, o, "packages are always installed as a test before they are published");
}

static void take_components(struct dlrn *d, const struct dlrn_option *o)
{
	if (is_off(o))
		return;
	leave(d, o,
		"'component' is taken over, as a column and a filter; all components share one "
		"repository");
}

static void take_info_repo(struct dlrn *d, const struct dlrn_option *o)
{
	if (!d->infos->n)
		leave(d, o,
			"nothing is fetched: clone it and name its YAML files on the command line");
}

static void take_nothing(struct dlrn *d UNUSED, const struct dlrn_option *o UNUSED) {}

#define BRANCHES "a branch that does not exist is that project's error: say which one with 'branch'"
#define REVIEWS                                                                                    \
	"packmill opens no reviews; a program of yours gets each failure as JSON (notify.hook)"
#define RSYNC                                                                                      \
	"packmill publishes below data/repos; serve or copy that (packages first, repodata last)"
#define SCRIPTS                                                                                    \
	"packmill runs no scripts; mock's *.cfg in it become targets by 'packmill import mock "    \
	"FILE'"
#define DEPS "repositories belong into the target file: repos: [{id: deps, class: extra, url: ...}]"
#define OUT(name)                                                                                  \
	{                                                                                          \
		name, NULL, NULL, "packmill builds itself; nothing corresponds to this driver"     \
	}

static const struct setting settings[] = {
	{"DEFAULT", "reponame", take_name, NULL},
	{"DEFAULT", "datadir", take_data, NULL},
	{"DEFAULT", "baseurl", take_url, NULL},
	{"DEFAULT", "source", take_source, NULL},
	{"DEFAULT", "distro", take_distro, NULL},
	{"DEFAULT", "target", take_target, NULL},
	{"DEFAULT", "smtpserver", take_smtp, NULL},
	{"DEFAULT", "maxretries", take_retries, NULL},
	{"DEFAULT", "workers", take_workers, NULL},
	{"DEFAULT", "release_numbering", take_numbering, NULL},
	{"DEFAULT", "release_minor", take_minor, NULL},
	{"DEFAULT", "tags", take_tag, NULL},
	{"DEFAULT", "buildsys_tags", NULL, "these are koji's tags; packmill filters by 'tags'"},
	{"DEFAULT", "scriptsdir", take_scripts, SCRIPTS},
	{"DEFAULT", "configdir", take_scripts, SCRIPTS},
	{"DEFAULT", "templatedir", NULL, "pages and mails of packmill have no templates"},
	{"DEFAULT", "project_name", NULL, "pages bear the name of the instance ('name')"},
	{"DEFAULT", "gerrit", NULL, REVIEWS},
	{"DEFAULT", "gerrit_topic", NULL, REVIEWS},
	{"DEFAULT", "rsyncdest", NULL, RSYNC},
	{"DEFAULT", "rsyncport", NULL, RSYNC},
	{"DEFAULT", "database_connection", NULL,
		"the state is a file below 'data'; no database server is needed"},
	{"DEFAULT", "fallback_to_master", NULL, BRANCHES},
	{"DEFAULT", "nonfallback_branches", NULL, BRANCHES},
	{"DEFAULT", "custom_preprocess", NULL,
		"no program runs before the spec is read: put into the packaging repository what "
		"it made"},
	{"DEFAULT", "include_srpm_in_repo", take_srpm, NULL},
	{"DEFAULT", "keep_changelog", take_changelog, NULL},
	{"DEFAULT", "allow_force_rechecks", NULL,
		"'packmill recheck PROJECT' always builds again, and keeps the log of each try"},
	{"DEFAULT", "use_components", take_components, NULL},
	{"DEFAULT", "deps_url", NULL, DEPS},
	{"DEFAULT", "verbose_build", NULL, "'packmill log N -f' follows a build"},
	{"DEFAULT", "pkginfo_driver", take_pkginfo, NULL},
	{"DEFAULT", "build_driver", take_build, NULL},
	{"rdoinfo_driver", "repo", take_info_repo, NULL},
	{"rdoinfo_driver", "info_files", take_info_repo, NULL},
	{"rdoinfo_driver", "cache_dir", take_nothing, NULL},
	{"gitrepo_driver", "repo", take_nothing, NULL},
	{"gitrepo_driver", "directory", take_nothing, NULL},
	{"gitrepo_driver", "skip", NULL, "what is not in 'projects' is not built"},
	{"gitrepo_driver", "use_version_from_spec", NULL,
		"policy keep has the version of the spec: version: {policy: keep}"},
	{"gitrepo_driver", "keep_tarball", NULL,
		"the tarball is in the source package of each build"},
	{"mockbuild_driver", "install_after_build", take_install, NULL},
	OUT("kojibuild_driver"),
	OUT("brewbuild_driver"),
	OUT("coprbuild_driver"),
	{"downstream_driver", NULL, NULL,
		"an instance follows branches, not another instance's versions.csv: 'ref' stays at "
		"a commit"},
};

static const struct setting *find(const struct dlrn_option *o)
{
	for (size_t i = 0; i < COUNTOF(settings); i++)
		if (str_eq(settings[i].section, o->section) &&
			(!settings[i].key || str_eq(settings[i].key, o->key)))
			return &settings[i];
	return NULL;
}

/* What may have been meant by an option that DLRN would pass over. */
static void unknown(struct dlrn *d, const struct dlrn_option *o)
{
	const char *names[COUNTOF(settings)], *near;
	auto_free char *why = NULL;
	size_t n = 0;

	for (size_t i = 0; i < COUNTOF(settings); i++)
		if (settings[i].key && str_eq(settings[i].section, o->section))
			names[n++] = settings[i].key;
	near = strlen(o->key) < 64 ? str_nearest(o->key, names, n) : NULL;
	why = near ? xasprintf("no setting of DLRN (did it mean '%s'?)", near)
		   : xstrdup("no setting of DLRN");
	leave(d, o, why);
}

void dlrn_settings(struct dlrn *d)
{
	vec_foreach (&d->options, o) {
		const struct setting *s = find(o);

		if (dlrn_option(d, o->section, o->key) != o)
			continue; /* set again further down, which was said */
		if (!s && !o->used)
			unknown(d, o);
		if (!s)
			continue;
		if (!*o->value)
			continue;
		if (s->take)
			s->take(d, o);
		if (s->say)
			leave(d, o, s->say);
	}
}
