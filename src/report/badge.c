/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sign of one line: the project, how it stands, its version. Drawn here, no font is fetched. */
#include "base/text.h"
#include "report/internal.h"

#define TEXT_MAX 60 /* bytes of a label that are drawn */

/* How wide text is in an ordinary sans-serif of 11 pixels; textLength makes it fit exactly. */
static unsigned width(const char *s)
{
	unsigned tenths = 0;

	for (; *s; s++) {
		if (((unsigned char)*s & 0xc0) == 0x80)
			continue; /* the rest of a character */
		if (strchr("fijlrtI.,:;!|'()[] ", *s))
			tenths += 42;
		else if (strchr("mwMW%@", *s))
			tenths += 105;
		else
			tenths += (unsigned char)*s >= 0x80 ? 100 : 70;
	}
	return tenths / 10 + 1;
}

static void put_label(struct strbuf *out, const char *text, unsigned x, unsigned w)
{
	sb_addf(out, "<text x=\"%u\" y=\"14\" textLength=\"%u\" lengthAdjust=\"spacingAndGlyphs\">",
		x, w);
	html_txt(out, text);
	sb_add(out, "</text>\n");
}

static char *cut(const char *s)
{
	size_t n = 0;

	while (s[n]) {
		size_t k = text_utf8(s + n, NULL);

		k = k ? k : 1;
		if (n + k > TEXT_MAX)
			return xasprintf("%.*s\xe2\x80\xa6", (int)n, s);
		n += k;
	}
	return xstrdup(s);
}

static void draw(struct strbuf *out, const char *project, const char *state, const char *colour)
{
	auto_free char *left = cut(project), *right = cut(state);
	unsigned lw = width(left), rw = width(right), all = lw + rw + 20;

	sb_addf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"20\" role=\"img\" "
		"aria-label=\"",
		all);
	html_attr(out, left);
	sb_add(out, ": ");
	html_attr(out, right);
	sb_add(out, "\">\n<title>");
	html_txt(out, left);
	sb_add(out, ": ");
	html_txt(out, right);
	sb_addf(out,
		"</title>\n<clipPath id=\"r\"><rect width=\"%u\" height=\"20\" "
		"rx=\"3\"/></clipPath>\n"
		"<g clip-path=\"url(#r)\"><rect width=\"%u\" height=\"20\" fill=\"#3b424a\"/>"
		"<rect x=\"%u\" width=\"%u\" height=\"20\" fill=\"%s\"/></g>\n"
		"<g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\" "
		"aria-hidden=\"true\">\n",
		all, lw + 10, lw + 10, rw + 10, colour);
	put_label(out, left, 5, lw);
	put_label(out, right, lw + 15, rw);
	sb_add(out, "</g>\n</svg>\n");
}

int badge_write(struct report *r, const char *target, const char *project, struct err *err)
{
	auto_free char *rel = xasprintf("%s/projects/%s.svg", target, project);
	CLEANUP(store_standing_release) struct store_standing s = {0};
	CLEANUP(store_build_release) struct store_build good = {0};
	auto_strbuf struct strbuf out = STRBUF_INIT, text = STRBUF_INIT;
	int rc = store_standing(r->st, target, project, &s, err);

	if (rc < 0 && rc != -ERR_NOT_FOUND)
		return rc;
	if (rc < 0) {
		err_clear(err);
		draw(&out, project, "not built", "#545b64");
		return write_page(r, rel, &out, err);
	}
	rc = store_last_published(r->st, target, project, &good, err);
	if (rc < 0 && rc != -ERR_NOT_FOUND)
		return rc;
	if (rc < 0)
		err_clear(err);
	sb_add(&text, s.state == BUILD_SUCCESS ? "success" : "failing");
	if (good.evr)
		sb_addf(&text, " %s", good.evr);
	draw(&out, project, sb_str(&text), s.state == BUILD_SUCCESS ? "#146c2e" : "#a3171f");
	return write_page(r, rel, &out, err);
}
