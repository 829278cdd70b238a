/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_log.c - `packmill log`: what a build said, read only; also while it says it. */
#include "base/fs.h"
#include "base/json.h"
#include "base/sig.h"
#include "base/text.h"
#include "cmd/common.h"
#include "repo/logs.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <zlib.h>

#define LOG_PIECE    (64 * 1024)
#define FOLLOW_PAUSE (300 * 1000 * 1000) /* nanoseconds */

static bool follow;

/* A log holds what strangers printed: on a terminal it is escaped, elsewhere it is left alone. */
static void print_piece(char *piece, size_t n)
{
	if (!isatty(STDOUT_FILENO)) {
		fwrite(piece, 1, n, stdout);
		return;
	}
	for (size_t at = 0; at < n;) {
		auto_strbuf struct strbuf b = STRBUF_INIT;
		char *end = memchr(piece + at, '\n', n - at);
		size_t len = end ? (size_t)(end - piece) - at : n - at;
		auto_free char *line = xstrndup(piece + at, len);

		text_term(&b, line, 0);
		fputs(sb_str(&b), stdout);
		if (end)
			putchar('\n');
		at += len + (end != NULL);
	}
}

/* Packed or not. */
static int print_log(const char *path, struct err *err)
{
	auto_free char *buf = xmalloc(LOG_PIECE);
	gzFile f = gzopen(path, "re");
	int n;

	if (!f)
		return err_errno(err, "open '%s'", path);
	while ((n = gzread(f, buf, LOG_PIECE)) > 0)
		print_piece(buf, (size_t)n);
	(void)gzerror(f, &n);
	if (gzclose_r(f) != Z_OK || n < 0)
		return err_set(err, ERR_CORRUPT, "cannot read '%s' to its end", path);
	return cmd_flush(err);
}

/* What came since the last look; another try of the build begins another file. */
static int print_new(const char *path, int *fd, struct err *err)
{
	auto_free char *buf = xmalloc(LOG_PIECE);
	struct stat there, open_one;
	ssize_t n;

	if (*fd >= 0 && stat(path, &there) == 0 && fstat(*fd, &open_one) == 0 &&
		there.st_ino != open_one.st_ino)
		auto_closep(fd);
	if (*fd < 0 && (*fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return errno == ENOENT ? 0 : err_errno(err, "open '%s'", path);
	while ((n = read(*fd, buf, LOG_PIECE)) > 0)
		print_piece(buf, (size_t)n);
	return n < 0 ? err_errno(err, "read '%s'", path) : cmd_flush(err);
}

static bool has_ended(const struct store_build *b)
{
	return b->state == BUILD_SUCCESS || b->state == BUILD_FAILED || b->state == BUILD_CANCELLED;
}

/* The state is opened anew each time: who may only read sees it as it was when it was opened. */
static int is_over(const struct config *cfg, int64_t id, bool *ret, struct err *err)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	CLEANUP(store_closep) struct store *st = NULL;
	int r;

	if ((r = cmd_store(cfg, &st, err)) < 0 || (r = store_build_get(st, id, &b, err)) < 0)
		return r;
	*ret = has_ended(&b);
	return 0;
}

static int follow_log(const struct config *cfg, int64_t id, const char *path, struct err *err)
{
	const struct timespec pause = {.tv_nsec = FOLLOW_PAUSE};
	auto_close int fd = -1;
	bool over = false;
	int r;

	for (;;) {
		/* asked first, so that nothing is missed that came before the end */
		if ((r = is_over(cfg, id, &over, err)) < 0 || (r = print_new(path, &fd, err)) < 0 ||
			(r = sig_check(err)) < 0)
			return r;
		if (over)
			return fd < 0 ? -ERR_NOT_FOUND : 0;
		(void)nanosleep(&pause, NULL);
	}
}

static int print_json(
	const struct store_build *b, const char *which, const char *path, struct err *err)
{
	json_t *j = json_object();

	json_put_int(j, "build", b->id);
	json_put_str(j, "log", which);
	json_put_str(j, "file", path);
	json_put_bool(j, "packed", str_ends(path, ".gz"));
	return cmd_print_json(j, err);
}

static int check_name(const char *which, struct err *err)
{
	static const char *const known[] = {
		"build", "root", "state", "installed_pkgs", "rpmlint", "spec"};

	for (size_t i = 0; i < COUNTOF(known); i++)
		if (str_eq(known[i], which))
			return 0;
	return err_set(err, ERR_USAGE,
		"unknown log '%s' (build, root, state, installed_pkgs, rpmlint, spec)", which);
}

static int show(
	const struct config *cfg, const struct store_build *b, const char *which, struct err *err)
{
	auto_free char *dir = xasprintf("%s/builds/%lld", cfg->data, (long long)b->id);
	auto_free char *name = xasprintf("%s.%s", which, str_eq(which, "spec") ? "diff" : "log");
	auto_free char *plain = path_join(dir, name), *path = NULL;
	int r;

	if (follow && !global.json && !has_ended(b) &&
		(r = follow_log(cfg, b->id, plain, err)) != -ERR_NOT_FOUND)
		return r;
	if (repo_log_path(dir, name, &path, NULL) < 0)
		return err_set(err, ERR_NOT_FOUND, "build %lld has no log '%s' (no file '%s')",
			(long long)b->id, which, plain);
	return global.json ? print_json(b, which, path, err) : print_log(path, err);
}

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(store_build_release) struct store_build b = {0};
	CLEANUP(config_freep) struct config *cfg = NULL;
	CLEANUP(store_closep) struct store *st = NULL;
	const char *which = argc > 1 ? argv[1] : "build";
	int64_t id;
	int r;

	if ((r = cmd_need_args(cmd_find("log"), argc, argv, 1, 2, err)) < 0 ||
		(r = cmd_build_number(argv[0], &id, err)) < 0 || (r = check_name(which, err)) < 0 ||
		(r = cmd_load_config(&cfg, err)) < 0 || (r = cmd_store(cfg, &st, err)) < 0 ||
		(r = store_build_get(st, id, &b, err)) < 0)
		return r;
	return show(cfg, &b, which, err);
}

static const struct opt opts[] = {
	{'f', "follow", OPT_FLAG, NULL, "go on until the build ends", &follow},
	OPT_END,
};

const struct cmd cmd_log = {
	.name = "log",
	.args = "N [build|root|state|installed_pkgs|rpmlint|spec]",
	.help = "a log of build N",
	.group = GROUP_INSTANCE,
	.opts = opts,
	.run = run,
};
