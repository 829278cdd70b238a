/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * page.h - what all pages have in common: head, navigation, footer, and the small pieces they are
 * made of. Every page is whole without JavaScript and, as it is plain HTML, readable without its
 * stylesheet (repos/packmill.css, the only other file a page loads). Colour never says anything
 * that a word does not say, too.
 */
#pragma once
#include "base/json.h"
#include "report/html.h"
#include "store/store.h"

#define PAGE_CSS "packmill.css"

enum page_tab { PAGE_NONE, PAGE_STATUS, PAGE_LATEST, PAGE_QUEUE };

struct page {
	const char *title;       /* plain text; the heading, too */
	const char *instance;    /* name of the instance (conf.name) */
	const char *target;      /* NULL: of all */
	unsigned depth;          /* directories below repos/: 1 for repos/<target>/report.html */
	enum page_tab here;      /* which entry of the navigation this page is */
	const char *json, *atom; /* the same beside this page: file names, NULL none */
	bool plain_heading;      /* the page writes its own <h1> */
};

/* Up to and with <main> and the heading. */
void page_begin(struct strbuf *out, const struct page *p);
void page_end(struct strbuf *out, const struct page *p);
/* "../" so often that it leads from the page to repos/, and to repos/<target>/. */
void page_root(struct strbuf *out, const struct page *p);
void page_top(struct strbuf *out, const struct page *p);

/* A table in a box of its own. headings: NULL at the end; caption and headings are plain text.
 * cls: "" or classes. Rows follow as <tr>...</tr>; on a phone each becomes a block of its own, and
 * cells say their heading where page_cell was given one. */
void page_table(
	struct strbuf *out, const char *cls, const char *caption, const char *const *headings);
void page_table_end(struct strbuf *out);
/* <td>; label NULL: what is in it needs none on a phone. */
void page_cell(struct strbuf *out, const char *label);
void page_cell_end(struct strbuf *out);

/* <time>: minutes, UTC; an en dash for 0. */
void page_time(struct strbuf *out, int64_t t);
/* The day only. */
void page_day(struct strbuf *out, int64_t t);
/* "1.2 s", "3 min 20 s", "2 h 5 min"; an en dash for less than nothing. */
void page_seconds(struct strbuf *out, double seconds);
/* What a build's state is called on pages, for people: "success", "failed", "waits". */
const char *page_state_word(const struct store_build *b);
/* The same with its mark and colour. */
void page_state(struct strbuf *out, const struct store_build *b);
/* The mark of a project that cannot be looked at for new commits. */
void page_unreachable(struct strbuf *out);

/* Links; `p` says from where. Text is what is linked. */
void page_link_build(struct strbuf *out, const struct page *p, const char *target, int64_t id);
void page_link_project(
	struct strbuf *out, const struct page *p, const char *target, const char *project);
/* A directory or file below repos/<target>: "aa/bb/..." + "/" + "build.log". file "" : the page. */
void page_link_below(struct strbuf *out, const struct page *p, const char *target, const char *dir,
	const char *file, const char *text);
