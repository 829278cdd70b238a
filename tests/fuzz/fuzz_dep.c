/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as a dependency; two lines as two that are compared. */
#include "base/base.h"
#include "base/limits.h"
#include "format/rpm/rpm_dep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum rpm_truth leaf(void *ctx, const struct rpm_dep *d)
{
	size_t *n = ctx;

	assert(*d->name && strlen(d->name) <= LIMIT_DEP && !strpbrk(d->name, " \t\n"));
	assert(!d->evr == !d->op);
	return (enum rpm_truth)((*n)++ % 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = xstrndup((const char *)data, size);
	auto_strv struct strv lines = STRV_INIT;
	struct rpm_dep d[2] = {0};
	size_t n = 0;

	(void)rpm_dep_eval(text, leaf, &n);
	strv_lines(&lines, text);
	for (size_t i = 0; i < 2 && i < lines.n; i++)
		(void)rpm_dep_parse(lines.v[i], &d[i]);
	assert(rpm_dep_overlap(d[0].op, d[0].evr, d[1].op, d[1].evr) ==
		rpm_dep_overlap(d[1].op, d[1].evr, d[0].op, d[0].evr));
	rpm_dep_release(&d[0]);
	rpm_dep_release(&d[1]);
	return 0;
}
