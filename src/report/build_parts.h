/* SPDX-License-Identifier: GPL-3.0-or-later */
/* build_parts.h - what is known of one build, and the sections of its page. */
#pragma once
#include "base/fs.h"
#include "report/parts.h"

struct build_try {
	struct store_attempt a;
	char *served; /* directory of its logs below repos/<target>, NULL none */
	struct strv logs;
};

struct build_lint {
	struct strv lines; /* at most PARTS_LINT */
	size_t n, errors, warnings;
	bool known;
	char *served, *file; /* directory with its report, its name there; NULL none */
};

struct build_view {
	struct report *r;
	const struct store_build *b;
	const struct page *page;
	struct result steps;
	struct package_vec artifacts;
	VEC(struct build_try) tries; /* only when there were several */
	struct report_change change;
	struct lock *lock; /* NULL unknown */
	struct build_lint lint;
	char *served;     /* directory of the logs below repos/<target>, NULL none */
	struct strv logs; /* names in it */
	bool log_page;
};

int build_view_load(struct build_view *v, struct err *err);
void build_view_release(struct build_view *v);

/* Sections, each empty when there is nothing to say. */
void section_attempts(struct strbuf *out, const struct build_view *v);
void section_changes(struct strbuf *out, const struct build_view *v);
void section_steps(struct strbuf *out, const struct build_view *v);
void section_artifacts(struct strbuf *out, const struct build_view *v);
void section_lint(struct strbuf *out, const struct build_view *v);
void section_root(struct strbuf *out, const struct build_view *v);
json_t *build_json(const struct build_view *v);
