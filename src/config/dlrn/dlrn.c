/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dlrn.c - from the files to packmill.yaml, and the lines of what was left on the way. */
#include "config/dlrn/dlrn.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/text.h"
#include "config/dlrn/internal.h"
#include <stdarg.h>

void dlrn_import_release(struct dlrn_import *i)
{
	config_free(i->config);
	free(i->yaml);
	strv_release(&i->left);
	*i = (struct dlrn_import){0};
}

void dlrn_leave(struct dlrn *d, unsigned file, size_t line, const char *what, const char *fmt, ...)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	char *why = NULL;
	va_list ap;

	if (d->left.n >= DLRN_LEFT)
		return;
	va_start(ap, fmt);
	if (vasprintf(&why, fmt, ap) < 0)
		oom_(__FILE__, __LINE__);
	va_end(ap);
	sb_addf(&b, "%s:%zu: ", file ? d->infos->v[file - 1] : d->ini, line);
	if (what) {
		auto_free char *shown = text_url_shown(what);

		sb_addf(&b, "%s: ", Q(shown));
	}
	sb_add(&b, why);
	free(why);
	*vec_push(&d->left) = (struct dlrn_left){file, line, d->left.n, sb_take(&b)};
}

char *dlrn_unfit(const struct type *t, const char *s)
{
	const struct key key = {.name = "value"};
	auto_strbuf struct strbuf want = STRBUF_INIT;
	uint32_t cp = 0;

	if (strlen(s) > DLRN_TEXT)
		return xasprintf("longer than %d bytes", DLRN_TEXT);
	for (size_t at = 0, step; s[at]; at += step) {
		step = text_utf8(s + at, &cp);
		if (!step || cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029)
			return xstrdup("no single line of plain text");
	}
	if (t && t->placeholders && strchr(s, '{'))
		return xstrdup("'{' has a meaning of its own here");
	if (t && !t->check(&key, s, &want))
		return xasprintf("must be %s", sb_str(&want));
	return NULL;
}

static void left_release(struct dlrn_left *l)
{
	free(l->text);
}

static void option_release(struct dlrn_option *o)
{
	free(o->section);
	free(o->key);
	free(o->value);
}

static void dlrn_release(struct dlrn *d)
{
	struct dlrn_conf *c = &d->conf;
	char *texts[] = {c->name, c->data, c->url, c->smtp, c->source, c->distro, c->target,
		c->scriptsdir, c->numbering, c->tag, c->git, c->git_dir};

	for (size_t i = 0; i < COUNTOF(texts); i++)
		free(texts[i]);
	vec_free(&d->options, option_release);
	vec_free(&d->left, left_release);
	config_files_release(&d->files);
	diag_release(&d->diag);
	json_decref(d->projects);
	json_decref(d->defaults);
}

static int by_place(const void *a, const void *b)
{
	const struct dlrn_left *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void take_left(struct dlrn *d, struct strv *ret)
{
	auto_hmap struct hmap seen = HMAP_INIT;

	if (d->left.n)
		qsort(d->left.v, d->left.n, sizeof *d->left.v, by_place);
	vec_foreach (&d->left, l)
		if (hmap_set(&seen, l->text, 0))
			strv_add(ret, l->text);
	if (d->left.n >= DLRN_LEFT)
		strv_addf(ret, "%s: and more", d->ini);
}

/* ---- reading ---- */

static int read_ini(struct dlrn *d, struct err *err)
{
	auto_free char *text = NULL;
	size_t n = 0;
	int r = config_text_read(d->files.input, d->ini, &text, &n, err);

	if (r < 0)
		return err_wrap(err, "cannot read '%s'", d->ini);
	if (n > DLRN_INI)
		return err_set(err, ERR_CONFIG, "'%s': larger than %d MiB", d->ini,
			DLRN_INI / (1024 * 1024));
	if (memchr(text, 0, n))
		return err_set(err, ERR_CONFIG, "'%s': holds NUL, it is no text", d->ini);
	dlrn_ini(d, text);
	if (!d->sections)
		return err_set(
			err, ERR_CONFIG, "'%s': no [section], it is no projects.ini", d->ini);
	return 0;
}

static int read_infos(struct dlrn *d, struct err *err)
{
	int r;

	if (d->infos->n > DLRN_INFOS)
		return err_set(err, ERR_USAGE, "more than %d YAML files", DLRN_INFOS);
	strv_foreach (d->infos, path) {
		auto_strv struct strv lines = STRV_INIT;
		struct doc *doc = NULL;

		r = config_files_read(&d->files, *path, *path, &d->diag, &doc, err);
		if (r < 0)
			return err_wrap(err, "cannot read '%s'", *path);
		if (!doc->root || doc->root->kind != NODE_MAP || doc->root->bad) {
			diag_take(&d->diag.errors, &lines);
			return err_set(err, ERR_CONFIG, "%s%s",
				lines.n ? lines.v[lines.n - 1] : *path,
				lines.n ? "" : ": no map of packages as rdoinfo has it");
		}
	}
	return 0;
}

/* ---- writing ---- */

static bool is_usable(const char *name, const struct strv *dirs)
{
	CLEANUP(target_freep) struct target *t = NULL;
	auto_strv struct strv errors = STRV_INIT;

	return str_is_name(name) && config_target_find(name, dirs, &t, &errors, NULL) >= 0 &&
	       config_target_usable(t, NULL) >= 0;
}

/* The names that a target of DLRN may have here: as it is, then as ours are called. */
static void target_names(const char *name, struct strv *ret)
{
	static const char *const words[][2] = {
		{"centos", "centos-stream"}, {"fedora", "fedora"}, {"opensuse", "opensuse"}};

	strv_addl(ret, name, NULL);
	strv_addf(ret, "%s-%s", name, target_host_arch());
	for (size_t i = 0; i < COUNTOF(words); i++) {
		const char *rest = name + strlen(words[i][0]);
		size_t n;

		if (!str_starts(name, words[i][0]))
			continue;
		rest += *rest == '-';
		n = strcspn(rest, "-_");
		strv_addf(ret, "%s-%.*s-%s", words[i][1], (int)n, rest, target_host_arch());
	}
}

static char *target_of(struct dlrn *d, const char *path, const struct strv *target_dirs)
{
	const struct dlrn_conf *c = &d->conf;
	auto_strv struct strv names = STRV_INIT, dirs = STRV_INIT;
	auto_free char *dir = path_dir(path), *below = path_join(dir, "targets");
	auto_free char *scripts = xstrdup(c->scriptsdir ?: "SCRIPTSDIR");

	if (!c->target)
		return xstrdup("host");
	strv_addl(&dirs, dir, below, NULL);
	if (target_dirs)
		strv_copy(&dirs, target_dirs);
	target_names(c->target, &names);
	strv_foreach (&names, name)
		if (!d->files.input && is_usable(*name, &dirs))
			return xstrdup(*name);
	dlrn_leave(d, 0, c->target_line, c->target,
		"no target file of that name, 'host' stands for it: packmill import mock "
		"%s/%s.cfg -o targets/%s.yaml",
		scripts, c->target, c->target);
	return xstrdup("host");
}

/* Mail needs a sender; DLRN's is built in. */
static char *sender(const char *url)
{
	const char *host = url ? strstr(url, "://") : NULL;
	auto_free char *mail = NULL;
	auto_free char *unfit = NULL;

	if (!host)
		return NULL;
	host += 3;
	mail = xasprintf("packmill@%.*s", (int)strcspn(host, "/:"), host);
	unfit = dlrn_unfit(&type_mail, mail);
	return unfit ? NULL : TAKE(mail);
}

static json_t *to_json(struct dlrn *d, const char *path, const struct strv *target_dirs)
{
	const struct dlrn_conf *c = &d->conf;
	auto_free char *target = target_of(d, path, target_dirs), *from = NULL;
	json_t *o = json_object(), *targets = json_array(), *version = json_object();
	json_t *limits = json_object(), *notify = json_object();

	json_put_str(o, "name", c->name ?: "dlrn");
	json_put_str(o, "data", c->data ?: "./data");
	json_put_str(o, "url", c->url);
	json_array_append_new(targets, json_string(target));
	json_put(o, "targets", targets);
	json_put_str(version, "numbering", c->numbering);
	if (c->minor >= 0)
		json_put_int(version, "minor", c->minor);
	json_put(o, "version", version);
	if (c->jobs >= 0)
		json_put_int(limits, "jobs", c->jobs);
	if (c->retries >= 0)
		json_put_int(limits, "retries", c->retries);
	json_put(o, "limits", limits);
	json_put_str(notify, "smtp", c->smtp);
	if (c->smtp)
		from = sender(c->url);
	json_put_str(notify, "from", from);
	json_put(o, "notify", notify);
	json_put(o, "defaults", json_incref(d->defaults));
	json_put(o, "projects", json_incref(d->projects));
	return o;
}

struct memory {
	const char *path, *text;
	const struct config_input *other;
};

static int read_memory(void *ctx, const char *path, char **ret, size_t *ret_n, struct err *err)
{
	const struct memory *mem = ctx;

	if (!str_eq(path, mem->path))
		return config_text_read(mem->other, path, ret, ret_n, err);
	*ret = xstrdup(mem->text);
	*ret_n = strlen(mem->text);
	return 0;
}

/* As our own reader has it: what it refuses must not come out. */
static int read_back(struct dlrn *d, const char *yaml, const char *path,
	const struct strv *target_dirs, struct config **ret, struct err *err)
{
	struct memory mem = {path, yaml, d->files.input};
	const struct config_input input = {read_memory, &mem};
	auto_strv struct strv errors = STRV_INIT;

	if (config_load_from(&input, path, target_dirs, ret, &errors, NULL) >= 0)
		return 0;
	return err_set(
		err, ERR_CONFIG, "'%s': no configuration comes out of it: %s", d->ini, errors.v[0]);
}

static char *with_comment(const struct dlrn *d, const char *yaml)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	sb_add(&b, "# made from DLRN's configuration; man 5 packmill.yaml explains the keys\n");
	if (d->conf.tag && str_is_name(d->conf.tag))
		sb_addf(&b, "# packages of tag %s\n", d->conf.tag);
	sb_add(&b, yaml);
	return sb_take(&b);
}

static int import(struct dlrn *d, const char *path, const struct strv *target_dirs,
	struct dlrn_import *ret, struct err *err)
{
	auto_json json_t *o = NULL;
	auto_free char *bare = NULL, *yaml = NULL;
	auto_strv struct strv faults = STRV_INIT;
	int r;

	if ((r = read_ini(d, err)) < 0 || (r = read_infos(d, err)) < 0)
		return r;
	dlrn_settings(d);
	if ((r = dlrn_packages(d, err)) < 0)
		return r;
	if (!json_array_size(d->projects) && !d->conf.git)
		dlrn_leave(d, 0, 1, NULL, "%s",
			d->infos->n
				? "no package comes out: add projects to 'projects'"
				: "no YAML file of rdoinfo was named: add projects to 'projects'");
	o = to_json(d, path, target_dirs);
	bare = config_yaml_of(o);
	yaml = with_comment(d, bare);
	if ((r = read_back(d, yaml, path, target_dirs, &ret->config, err)) < 0)
		return r;
	/* what YAML forbids and Python passes over: it was read all the same */
	diag_take(&d->diag.errors, &faults);
	strv_foreach (&faults, f)
		strv_add(&ret->left, *f);
	ret->yaml = TAKE(yaml);
	return 0;
}

int dlrn_import(const struct config_input *input, const char *ini, const struct strv *infos,
	const char *path, const struct strv *target_dirs, struct dlrn_import *ret, struct err *err)
{
	struct dlrn d = {
		.ini = ini,
		.infos = infos,
		.conf = {.minor = -1, .jobs = -1, .retries = -1},
		.files = {.input = input},
		.projects = json_array(),
		.defaults = json_object(),
	};
	int r = import(&d, path, target_dirs, ret, err);

	take_left(&d, &ret->left);
	dlrn_release(&d);
	return r;
}
