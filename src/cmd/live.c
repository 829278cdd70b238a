/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/live.h"
#include "base/log.h"
#include "base/text.h"
#include "base/vec.h"
#include "cmd/cmd.h"
#include <sys/ioctl.h>

struct line {
	int64_t id;
	char *text;
};
static VEC(struct line) lines;
static size_t drawn;

static void clear(void)
{
	for (; drawn; drawn--)
		fprintf(stderr, "\r\033[K%s", drawn > 1 ? "\033[A" : "");
}

static void draw(void)
{
	struct winsize ws = {0};
	size_t width = 80;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 10)
		width = ws.ws_col;
	vec_foreach (&lines, l) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		text_term(&b, l->text, width - 5);
		fprintf(stderr, "%s%s ...", drawn ? "\n" : "", sb_str(&b));
		drawn++;
	}
	fflush(stderr);
}

static void line_release(struct line *l)
{
	free(l->text);
}

static void remove_line(int64_t id)
{
	for (size_t i = 0; i < lines.n; i++)
		if (lines.v[i].id == id) {
			line_release(&lines.v[i]);
			memmove(lines.v + i, lines.v + i + 1, (--lines.n - i) * sizeof *lines.v);
			return;
		}
}

static void set_line(int64_t id, const char *text)
{
	vec_foreach (&lines, l)
		if (l->id == id) {
			str_set(&l->text, text);
			return;
		}
	*vec_push(&lines) = (struct line){id, xstrdup(text)};
}

void live_set(int64_t id, const char *text)
{
	if (global.quiet || !isatty(STDERR_FILENO) || !cmd_color(STDERR_FILENO))
		return;
	log_around(clear, draw);
	clear();
	if (text)
		set_line(id, text);
	else
		remove_line(id);
	draw();
}

void live_step(int64_t build, const char *project, const char *step)
{
	auto_free char *what = step ? xasprintf("%s: %s", project, step) : NULL;

	live_set(build, what);
}

void live_end(void)
{
	clear();
	vec_free(&lines, line_release);
	log_around(NULL, NULL);
}
