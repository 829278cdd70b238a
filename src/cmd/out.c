/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What commands print: tables, JSON, and whether it arrived. */
#include "base/base.h"
#include "base/json.h"
#include "base/text.h"
#include "base/vec.h"
#include "cmd/cmd.h"
#include <signal.h>
#include <stdarg.h>

static int exit_status;
static bool reported;

void cmd_set_status(int status)
{
	exit_status = status;
}

int cmd_get_status(void)
{
	return exit_status;
}

void cmd_set_reported(void)
{
	reported = true;
}

bool cmd_was_reported(void)
{
	return reported;
}

bool cmd_color(int fd)
{
	const char *no = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return str_empty(no) && !str_empty(term) && !str_eq(term, "dumb") && isatty(fd);
}

int cmd_flush(struct err *err)
{
	bool bad = ferror(stdout);

	errno = 0;
	if (fflush(stdout) == 0 && !bad)
		return 0;
	/* the reader went away, as `| head` does: end as others do, without a word */
	if (errno == EPIPE)
		return err_set_(err, ERR_SIGNAL, SIGPIPE, "standard output is closed");
	return err_sys_(err, errno ? errno : EIO, "standard output");
}

int cmd_print_json(struct json_t *j, struct err *err)
{
	json_t *whole = json_object();
	auto_free char *text = NULL;

	json_put_int(whole, "schema", 1);
	if (json_is_object(j))
		json_object_update(whole, j);
	else
		json_object_set(whole, "items", j);
	json_decref(j);
	text = json_text(whole);
	json_decref(whole);
	fputs(text, stdout);
	return cmd_flush(err);
}

struct table {
	size_t columns;
	struct strv cells; /* escaped; whole rows, headings first */
};

static void add_cell(struct table *t, const char *s)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	text_term(&b, s, 0);
	strv_take(&t->cells, sb_take(&b));
}

struct table *table_new(const char *const *headings)
{
	struct table *t = xcalloc(1, sizeof *t);

	for (; headings[t->columns]; t->columns++)
		add_cell(t, headings[t->columns]);
	return t;
}

void table_row(struct table *t, ...)
{
	const char *s;
	size_t n = 0;
	va_list ap;

	va_start(ap, t);
	while ((s = va_arg(ap, const char *)) != NULL) {
		assert(n < t->columns);
		add_cell(t, s);
		n++;
	}
	va_end(ap);
	for (; n < t->columns; n++)
		strv_add(&t->cells, "");
}

/* Characters, not bytes; what text_term leaves is valid UTF-8. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void print_row(const struct table *t, char *const *row, const size_t *widths)
{
	size_t last = t->columns;

	/* no blanks at the end of a line */
	while (last > 0 && !*row[last - 1])
		last--;
	for (size_t i = 0; i < last; i++) {
		fputs(row[i], stdout);
		if (i + 1 < last)
			printf("%*s", (int)(widths[i] - width(row[i]) + 2), "");
	}
	putchar('\n');
}

int table_print(struct table *t, struct err *err)
{
	auto_free size_t *widths = xcalloc(t->columns, sizeof *widths);
	bool color = cmd_color(STDOUT_FILENO);

	for (size_t i = 0; i < t->cells.n; i++) {
		size_t w = width(t->cells.v[i]);

		if (w > widths[i % t->columns])
			widths[i % t->columns] = w;
	}
	for (size_t i = 0; i < t->cells.n; i += t->columns) {
		if (i == 0 && color)
			fputs("\033[1m", stdout);
		print_row(t, t->cells.v + i, widths);
		if (i == 0 && color)
			fputs("\033[0m", stdout);
	}
	strv_release(&t->cells);
	free(t);
	return cmd_flush(err);
}
