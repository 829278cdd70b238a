/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metalink.c - lists of mirrors: metalinks, which also say what repomd.xml may be, and plain ones.
 */
#include "base/base.h"
#include "base/limits.h"
#include "remote/internal.h"
#include "remote/xml.h"

struct mirror {
	char *base;
	int64_t preference;
	size_t at; /* as listed: the order of equals */
};
struct parse {
	struct mirrors *out;
	VEC(struct mirror) mirrors;
	struct repomd_sum sum; /* of the file or alternate that is open */
	char *hash;            /* type of the <hash> that is open */
	int64_t preference;
	bool in_file, local, seen;
	int depth;
};

static void sum_release(struct repomd_sum *s)
{
	free(s->sha256);
	free(s->sha512);
	*s = (struct repomd_sum){0};
}

void mirrors_release(struct mirrors *m)
{
	strv_release(&m->bases);
	vec_free(&m->sums, sum_release);
}

static void mirror_release(struct mirror *m)
{
	free(m->base);
}

/* A list from elsewhere must not point at files of this machine. */
static bool usable(const char *url, bool local)
{
	return strlen(url) <= LIMIT_LOCATION && !strpbrk(url, " \t\"<>\\") &&
	       (url_is_remote(url) || (local && url_is_file(url)));
}

static int start(void *ctx, const char *name, const struct xml_attrs *a, struct err *err)
{
	struct parse *p = ctx;
	const char *v;
	uint64_t n;

	if (p->depth++ == 0 && !str_eq(name, "metalink"))
		return err_set(err, ERR_SOURCE, "it is no metalink but <%.40s>", name);
	if (str_eq(name, "file")) {
		v = xml_attr(a, "name");
		p->in_file = v && str_eq(v, "repomd.xml") && !p->seen;
		p->seen = p->seen || p->in_file;
	} else if (str_eq(name, "hash")) {
		str_set(&p->hash, xml_attr(a, "type"));
	} else if (str_eq(name, "url")) {
		v = xml_attr(a, "preference");
		p->preference = v && str_u64(v, &n) && n <= 1000000 ? (int64_t)n : 0;
	}
	return 0;
}

static void end_hash(struct parse *p, const char *text)
{
	char *v = str_trim(text);

	for (char *c = v; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'F' ? *c | 0x20 : *c);
	if (p->hash && str_eq(p->hash, "sha256") && strlen(v) == 64 && digest_known(v)) {
		free(p->sum.sha256);
		p->sum.sha256 = v;
	} else if (p->hash && str_eq(p->hash, "sha512") && strlen(v) == 128 && digest_known(v)) {
		free(p->sum.sha512);
		p->sum.sha512 = v;
	} else {
		free(v);
	}
}

/* An alternate ends before its file does; the hashes of the file came before. */
static void end_sum(struct parse *p)
{
	if ((p->sum.sha256 || p->sum.sha512) && p->out->sums.n < LIMIT_MIRRORS) {
		*vec_push(&p->out->sums) = p->sum;
		p->sum = (struct repomd_sum){0};
	}
	sum_release(&p->sum);
}

static void end_url(struct parse *p, const char *text)
{
	static const char tail[] = "repodata/repomd.xml";
	auto_free char *url = str_trim(text);
	size_t at = p->mirrors.n;

	if (at >= LIMIT_MIRRORS || !usable(url, p->local) || !str_ends(url, tail))
		return;
	url[strlen(url) - strlen(tail)] = '\0';
	*vec_push(&p->mirrors) =
		(struct mirror){.base = TAKE(url), .preference = p->preference, .at = at};
}

static int end(void *ctx, const char *name, const char *text, UNUSED struct err *err)
{
	struct parse *p = ctx;
	uint64_t n;

	p->depth--;
	if (!p->in_file)
		return 0;
	if (str_eq(name, "hash")) {
		end_hash(p, text);
	} else if (str_eq(name, "size")) {
		auto_free char *v = str_trim(text);

		p->sum.size = str_u64(v, &n) ? n : 0;
	} else if (str_eq(name, "url")) {
		end_url(p, text);
	} else if (str_eq(name, "verification") || str_eq(name, "alternate")) {
		end_sum(p);
	} else if (str_eq(name, "file")) {
		p->in_file = false;
	}
	return 0;
}

static int by_preference(const void *a, const void *b)
{
	const struct mirror *x = a, *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? 1 : -1;
	return x->at < y->at ? -1 : x->at > y->at;
}

int metalink_parse(const char *text, size_t n, bool local, struct mirrors *ret, struct err *err)
{
	struct mirrors out = {.bases = STRV_INIT};
	struct parse p = {.out = &out, .local = local};
	int r = xml_walk(text, n, &(struct xml_handler){start, end, &p}, err);

	if (p.mirrors.n)
		qsort(p.mirrors.v, p.mirrors.n, sizeof *p.mirrors.v, by_preference);
	vec_foreach (&p.mirrors, m) {
		if (!strv_has(&out.bases, m->base))
			strv_add(&out.bases, m->base);
	}
	if (r >= 0 && !p.seen)
		r = err_set(err, ERR_SOURCE, "it does not speak of repomd.xml");
	else if (r >= 0 && !out.sums.n)
		r = err_set(err, ERR_SOURCE, "it has no sha256 or sha512 of repomd.xml");
	else if (r >= 0 && !out.bases.n)
		r = err_set(err, ERR_SOURCE, "it lists no mirror with http or https");
	vec_free(&p.mirrors, mirror_release);
	sum_release(&p.sum);
	free(p.hash);
	if (r < 0) {
		mirrors_release(&out);
		return r;
	}
	*ret = out;
	return 0;
}

int mirrorlist_parse(const char *text, size_t n, bool local, struct mirrors *ret, struct err *err)
{
	auto_strv struct strv lines = STRV_INIT;
	struct mirrors out = {.bases = STRV_INIT};

	if (memchr(text, '\0', n))
		return err_set(err, ERR_SOURCE, "it is no list of URLs");
	if (str_starts(text + strspn(text, " \t\r\n"), "<") && strstr(text, "<metalink"))
		return metalink_parse(text, n, local, ret, err);
	strv_lines(&lines, text);
	strv_foreach (&lines, l) {
		auto_free char *url = str_trim(*l);

		if (!usable(url, local) || out.bases.n >= LIMIT_MIRRORS)
			continue;
		if (!str_ends(url, "/"))
			strv_addf(&out.bases, "%s/", url);
		else
			strv_add(&out.bases, url);
	}
	if (!out.bases.n)
		return err_set(err, ERR_SOURCE, "it lists no mirror with http or https");
	*ret = out;
	return 0;
}
