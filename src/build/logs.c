/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fs.h"
#include "base/time.h"
#include "build/steps.h"
#include <stdarg.h>

#define TAIL_MAX (8 * MIB) /* how much of a log is searched for the cause */

static int open_log(const char *dir, const char *name, int *ret, struct err *err)
{
	auto_free char *path = path_join(dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_errno(err, "create '%s'", path);
	*ret = fd;
	return 0;
}

int logs_open(struct build_logs *l, const char *dir, struct err *err)
{
	int r;

	*l = (struct build_logs){-1, -1, -1};
	if ((r = open_log(dir, "state.log", &l->state, err)) < 0 ||
		(r = open_log(dir, "root.log", &l->root, err)) < 0 ||
		(r = open_log(dir, "build.log", &l->build, err)) < 0) {
		logs_close(l);
		return r;
	}
	return 0;
}

void logs_close(struct build_logs *l)
{
	auto_closep(&l->state);
	auto_closep(&l->root);
	auto_closep(&l->build);
	*l = (struct build_logs){-1, -1, -1};
}

/* A log that cannot be written (full disk) must not end a build: result.json says what happened. */
PRINTF_LIKE(2, 0)
static void line_va(int fd, const char *fmt, va_list ap)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_free char *text = NULL;
	char when[21];

	if (vasprintf(&text, fmt, ap) < 0)
		oom_(__FILE__, __LINE__);
	time_iso(time_now(), when);
	sb_addf(&b, "%s - %s\n", when, text);
	(void)fs_write_all(fd, b.s, b.n, NULL);
}

void logs_state(const struct build_logs *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line_va(l->state, fmt, ap);
	va_end(ap);
}

void logs_root(const struct build_logs *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line_va(l->root, fmt, ap);
	va_end(ap);
}

static int64_t count_lines(int fd, off_t end)
{
	char buf[65536];
	int64_t lines = 0;
	off_t at = 0;

	while (at < end) {
		size_t want = (size_t)(end - at) < sizeof buf ? (size_t)(end - at) : sizeof buf;
		ssize_t n = pread(fd, buf, want, at);

		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			lines += buf[i] == '\n';
		at += n;
	}
	return lines;
}

int logs_tail(
	const char *dir, const char *name, char **ret, int64_t *ret_first_line, struct err *err)
{
	auto_free char *path = path_join(dir, name);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	off_t from;
	size_t n;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, "open '%s'", path);
	from = st.st_size > (off_t)TAIL_MAX ? st.st_size - (off_t)TAIL_MAX : 0;
	if (lseek(fd, from, SEEK_SET) < 0)
		return err_errno(err, "read '%s'", path);
	*ret_first_line = count_lines(fd, from) + 1;
	if ((r = fs_read_fd(fd, TAIL_MAX + MIB, ret, &n, err)) < 0)
		return r;
	/* what comes after a NUL counts too */
	for (char *s = *ret, *end = *ret + n; (s = memchr(s, '\0', (size_t)(end - s))) != NULL;)
		*s = ' ';
	return 0;
}
