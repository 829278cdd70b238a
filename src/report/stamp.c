/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fs.h"
#include "base/hash.h"
#include "report/internal.h"

#define STAMP      ".pages"
#define GENERATION 2 /* to be raised when pages look different for the same data */

static void add(struct strbuf *out, const char *s)
{
	sb_add(out, s ? s : "-");
	sb_addc(out, '\n');
}

static void add_list(struct strbuf *out, const struct strv *list)
{
	for (size_t i = 0; list && i < list->n; i++)
		add(out, list->v[i]);
	sb_addc(out, '\n');
}

char *stamp_text(const struct report *r)
{
	auto_free char *boot = NULL;
	auto_strbuf struct strbuf all = STRBUF_INIT;
	char sha[SHA256_HEX];

	/* without it nothing tells that the machine was off: then all is written at each start */
	if (fs_read("/proc/sys/kernel/random/boot_id", 100, &boot, NULL, NULL) < 0)
		return NULL;
	sb_addf(&all, "%d %u\n", GENERATION, r->conf.jobs);
	add(&all, boot);
	add(&all, page_css);
	add(&all, r->conf.name);
	add(&all, r->conf.baseurl);
	add_list(&all, r->conf.targets);
	vec_foreach (r->conf.projects, p) {
		add(&all, p->project);
		add(&all, p->name);
		add(&all, p->component);
		add(&all, p->web_upstream);
		add(&all, p->web_packaging);
		add_list(&all, p->maintainers);
		add_list(&all, p->targets);
		sb_addc(&all, p->upstream_shared ? '1' : '0');
	}
	sha256_buf(sb_str(&all), all.n, sha);
	return xasprintf("%s\n", sha);
}

bool stamp_is(const struct report *r, const char *stamp)
{
	auto_free char *path = path_join(r->repos, STAMP), *text = NULL;

	return stamp && fs_read(path, 1000, &text, NULL, NULL) >= 0 && str_eq(text, stamp);
}

int stamp_write(struct report *r, const char *stamp, struct err *err)
{
	auto_strbuf struct strbuf text = STRBUF_INIT;

	if (!stamp)
		return 0;
	sb_add(&text, stamp);
	return write_page(r, STAMP, &text, err);
}

bool report_fresh(const struct report *r)
{
	auto_free char *stamp = stamp_text(r), *css = path_join(r->repos, PAGE_CSS);

	return stamp_is(r, stamp) && fs_exists(css);
}
