/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host_provides.c - what the machine offers, gathered. */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/proc.h"
#include "root/host.h"

#define ELFDEPS   "/usr/lib/rpm/elfdeps"
#define LIBRARIES (16 * MIB) /* output of ldconfig and of elfdeps */

void host_facts_release(struct host_facts *f)
{
	strv_release(&f->packages);
	strv_release(&f->provides);
}

/* Sorted, each once. */
static void settle(struct strv *v)
{
	struct strv out = STRV_INIT;

	strv_sort(v);
	for (size_t i = 0; i < v->n; i++)
		if (i == 0 || !str_eq(v->v[i], v->v[i - 1]))
			strv_add(&out, v->v[i]);
	strv_release(v);
	*v = out;
}

/* "	libz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1" */
void host_ldconfig(const char *text, struct strv *ret)
{
	static const char *const prefixes[] = {"/usr/", "/lib/", "/lib64/", "/lib32/", "/libx32/"};
	auto_strv struct strv lines = STRV_INIT;

	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		const char *arrow = strstr(*l, " => ");

		for (size_t i = 0; arrow && i < COUNTOF(prefixes); i++)
			if (str_starts(arrow + 4, prefixes[i]))
				strv_add(ret, arrow + 4);
	}
	settle(ret);
}

static int run(const char *const *argv, const char *input, struct strbuf *out, struct err *err)
{
	static const char *const env[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/nonexistent", "LC_ALL=C", NULL};
	struct proc_opts o = {.argv = argv,
		.env = env,
		.input = input,
		.timeout = 120,
		.out_cap = LIBRARIES,
		.over_cap_fails = true};

	return proc_check(&o, out, ERR_SYS, err);
}

static int add_libraries(struct strv *out, struct err *err)
{
	const char *const ldconfig[] = {"/sbin/ldconfig", "-p", NULL};
	const char *const elfdeps[] = {ELFDEPS, "-P", NULL};
	auto_strbuf struct strbuf cache = STRBUF_INIT, deps = STRBUF_INIT;
	auto_strv struct strv paths = STRV_INIT, lines = STRV_INIT;
	auto_free char *input = NULL;
	int r = run(ldconfig, NULL, &cache, err);

	if (r < 0)
		return err_wrap(err, "listing the machine's libraries");
	host_ldconfig(sb_str(&cache), &paths);
	strv_add(&paths, ""); /* elfdeps wants each line ended */
	input = strv_join(&paths, "\n");
	r = run(elfdeps, input, &deps, err);
	if (r < 0)
		return err_wrap(err, "reading the machine's libraries");
	strv_lines(&lines, sb_str(&deps));
	strv_foreach (&lines, l)
		host_add_provide(out, *l, NULL);
	return 0;
}

int host_facts_collect(struct host_facts *ret, struct err *err)
{
	CLEANUP(host_facts_release) struct host_facts f = {0};
	int r = host_native(&f, err);

	if (r < 0 || (r = add_libraries(&f.provides, err)) < 0)
		return r;
	host_programs(&f.provides);
	if (!str_eq(f.kind, "rpm"))
		host_modules(&f.provides);
	host_add_provide(&f.provides, "rtld(GNU_HASH)", NULL);
	settle(&f.packages);
	settle(&f.provides);
	*ret = f;
	f = (struct host_facts){0};
	return 0;
}
