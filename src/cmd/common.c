/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/common.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"

/* A program that was not installed yet, in its build directory: the targets of its source tree. */
static void add_source_targets(struct strv *ret)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self);
	auto_free char *exe = NULL, *dir = NULL, *ninja = NULL, *source = NULL, *targets = NULL;

	if (n <= 0 || (size_t)n >= sizeof self)
		return;
	exe = xstrndup(self, (size_t)n);
	dir = path_dir(exe);
	ninja = path_join(dir, "build.ninja");
	source = path_dir(dir);
	targets = path_join(source, "targets");
	if (fs_exists(ninja) && fs_is_dir(targets))
		strv_add(ret, targets);
}

void cmd_target_dirs(struct strv *ret)
{
	strv_addl(ret, ".", "targets", NULL);
	add_source_targets(ret);
	strv_add(ret, PACKMILL_DATADIR "/targets");
}

void cmd_report_lines(const struct strv *lines)
{
	strv_foreach (lines, l) {
		auto_strbuf struct strbuf clean = STRBUF_INIT, b = STRBUF_INIT;

		text_term(&clean, *l, 0);
		text_short_words(&b, sb_str(&clean), LIMIT_WORD_SHOWN);
		fprintf(stderr, "%s\n", sb_str(&b));
	}
	if (lines->n)
		cmd_set_reported();
}

int cmd_load_target(const char *name, struct target **ret, struct err *err)
{
	auto_strv struct strv dirs = STRV_INIT, errors = STRV_INIT;
	CLEANUP(target_freep) struct target *t = NULL;
	int r;

	cmd_target_dirs(&dirs);
	r = config_target_find(name, &dirs, &t, &errors, err);
	if (r < 0) {
		cmd_report_lines(&errors);
		return r;
	}
	if ((r = config_target_usable(t, err)) < 0)
		return r;
	*ret = TAKE(t);
	return 0;
}

int cmd_cache_dir(char **ret, struct err *err)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (!str_empty(xdg) && *xdg == '/')
		*ret = path_join(xdg, "packmill");
	else if (geteuid() == 0)
		*ret = xstrdup("/var/cache/packmill");
	else if (!str_empty(home))
		*ret = path_join(home, ".cache/packmill");
	else
		return err_set(err, ERR_USAGE,
			"no place for the cache: neither HOME nor XDG_CACHE_HOME is set");
	return 0;
}

int cmd_load_config(struct config **ret, struct err *err)
{
	auto_strv struct strv dirs = STRV_INIT, errors = STRV_INIT;
	const char *file = global.config ? global.config : "packmill.yaml";
	int r;

	cmd_target_dirs(&dirs);
	r = config_load(file, &dirs, ret, &errors, err);
	if (r < 0)
		cmd_report_lines(&errors);
	else
		strv_foreach (&(*ret)->warnings, w)
			log_warn("%s", *w);
	return r;
}

int cmd_store(const struct config *cfg, struct store **ret, struct err *err)
{
	int r = store_open(cfg->data, true, ret, err);

	if (r == -ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, "nothing was built here yet ('%s' has no state)",
			cfg->data);
	return r;
}

char *cmd_span(double seconds)
{
	if (seconds < 100)
		return xasprintf("%.0fs", seconds);
	return seconds < 6000 ? xasprintf("%.0fm", seconds / 60)
			      : xasprintf("%.0fh", seconds / 3600);
}

void cmd_say_stalled(const char *why)
{
	if (why)
		log_warn("nothing new begins: %s", why);
}

int cmd_build_number(const char *s, int64_t *ret, struct err *err)
{
	uint64_t n;

	if (!str_u64(*s == '#' ? s + 1 : s, &n) || n > INT64_MAX)
		return err_set(err, ERR_USAGE, "'%s' is no build number", s);
	*ret = (int64_t)n;
	return 0;
}

void cmd_progress(const char *what)
{
	static const char clear[] = "\r\033[K";

	if (global.quiet)
		return;
	if (isatty(STDERR_FILENO) && cmd_color(STDERR_FILENO))
		fprintf(stderr, "%s%s%s", clear, what ? what : "", what ? " ..." : "");
	else if (what)
		log_info("%s", what);
}
