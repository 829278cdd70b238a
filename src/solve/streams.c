/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * streams.c - which streams of modules count: those the target enables and what they need, then
 * the defaults of the other modules and what these need. Decided anew from what the repositories
 * say whenever they change; no cache knows of it.
 */
#include "base/base.h"
#include "solve/internal.h"
#include <solv/poolarch.h>

#define PLATFORM "platform" /* the distribution itself; repositories are for one */

void streams_release(struct streams *st)
{
	vec_release(&st->docs);
	vec_release(&st->active);
	hmap_release(&st->first);
	hmap_release(&st->defaults);
	hmap_release(&st->active_at);
	hmap_release(&st->artifacts);
	strv_release(&st->problems);
	free(st->names);
	*st = (struct streams){0};
}

static int by_stream(const void *a, const void *b)
{
	const struct module_doc *x = *(struct module_doc *const *)a;
	const struct module_doc *y = *(struct module_doc *const *)b;
	int c = strcmp(x->module, y->module);

	if (!c)
		c = strcmp(x->stream, y->stream);
	if (!c)
		c = (x->version < y->version) - (x->version > y->version);
	return c ? c : strcmp(x->context, y->context);
}

static void gather(struct solve *s)
{
	struct streams *st = &s->streams;

	vec_foreach (&s->sources, src) {
		vec_foreach (&src->modules.docs, d) {
			Id arch = *d->arch ? pool_str2id(s->pool, d->arch, 0) : 0;

			d->usable = !*d->arch || (arch && pool_arch2score(s->pool, arch));
			d->active = false;
			*vec_push(&st->docs) = d;
		}
	}
	if (st->docs.n)
		qsort(st->docs.v, st->docs.n, sizeof *st->docs.v, by_stream);
	for (size_t i = st->docs.n; i-- > 0;)
		hmap_set(&st->first, st->docs.v[i]->module, i);
}

/* The next stream's first document, or the end of the module's. */
static size_t stream_end(const struct streams *st, size_t i)
{
	const struct module_doc *d = st->docs.v[i];

	while (i < st->docs.n && str_eq(st->docs.v[i]->module, d->module) &&
		str_eq(st->docs.v[i]->stream, d->stream))
		i++;
	return i;
}

static bool same_module(const struct streams *st, size_t i, const char *module)
{
	return i < st->docs.n && str_eq(st->docs.v[i]->module, module);
}

static bool find_stream(
	const struct streams *st, const char *module, const char *stream, size_t *ret)
{
	size_t i;

	if (!hmap_get(&st->first, module, &i))
		return false;
	for (; same_module(st, i, module); i = stream_end(st, i)) {
		if (!str_eq(st->docs.v[i]->stream, stream))
			continue;
		*ret = i;
		return true;
	}
	return false;
}

struct default_choice {
	int priority;
	uint64_t modified;
	size_t doc;
	const char *module, *stream;
	bool odd; /* two repositories of one priority differ: none */
};
VEC_TYPE(default_choices, struct default_choice);

static void choose_default(
	struct default_choices *all, struct hmap *at, const struct module_default *d, int priority)
{
	struct default_choice fresh = {.priority = priority,
		.modified = d->modified,
		.module = d->module,
		.stream = d->stream};
	struct default_choice *c;
	size_t i;

	if (!hmap_get(at, d->module, &i)) {
		hmap_set(at, d->module, all->n);
		*vec_push(all) = fresh;
		return;
	}
	c = &all->v[i];
	if (priority < c->priority || (priority == c->priority && d->modified > c->modified))
		*c = fresh;
	else if (priority == c->priority && d->modified == c->modified &&
		 !str_eq(c->stream, d->stream))
		c->odd = true;
}

/* dnf takes the defaults of the repository of the lowest number; of equal ones the newest. */
static void gather_defaults(struct solve *s)
{
	struct default_choices all = VEC_INIT;
	auto_hmap struct hmap at = HMAP_INIT;

	vec_foreach (&s->sources, src) {
		vec_foreach (&src->modules.defaults, d)
			choose_default(&all, &at, d, src->priority);
	}
	vec_foreach (&all, c) {
		size_t i;

		if (!c->odd && find_stream(&s->streams, c->module, c->stream, &i))
			hmap_set(&s->streams.defaults, c->module, i);
	}
	vec_release(&all);
}

static struct active_stream *active_of(const struct streams *st, const char *module)
{
	size_t i;

	if (!hmap_get(&st->active_at, module, &i))
		return NULL;
	return st->active.v[i].off ? NULL : &st->active.v[i];
}

static void activate(struct streams *st, size_t doc, bool asked)
{
	const struct module_doc *d = st->docs.v[doc];

	if (hmap_has(&st->active_at, d->module))
		return;
	hmap_set(&st->active_at, d->module, st->active.n);
	*vec_push(&st->active) = (struct active_stream){.module = d->module,
		.stream = d->stream,
		.first = doc,
		.end = stream_end(st, doc),
		.asked = asked};
}

static bool accepts(const struct module_need *n, const char *stream)
{
	bool any = true;

	strv_foreach (&n->streams, w) {
		if (**w == '-' ? str_eq(*w + 1, stream) : str_eq(*w, stream))
			return **w != '-';
		any = any && **w == '-';
	}
	return any;
}

static bool is_met(const struct streams *st, const struct module_need *n)
{
	const struct active_stream *a;

	if (str_eq(n->module, PLATFORM))
		return true;
	a = active_of(st, n->module);
	return a && accepts(n, a->stream);
}

static bool way_is_met(const struct streams *st, const struct module_doc *d, size_t way)
{
	vec_foreach (&d->needs, n) {
		if (n->way == way && !is_met(st, n))
			return false;
	}
	return true;
}

static bool doc_is_met(const struct streams *st, const struct module_doc *d)
{
	bool met = !d->ways;

	for (size_t w = 0; w < d->ways && !met; w++)
		met = way_is_met(st, d, w);
	return d->usable && met;
}

static bool stream_is_met(const struct streams *st, const struct active_stream *a)
{
	for (size_t i = a->first; i < a->end; i++) {
		if (doc_is_met(st, st->docs.v[i]))
			return true;
	}
	return false;
}

/* The stream that meets the need without a choice: the default, or the module's only one; loose:
 * the only one that fits. */
static bool meeting(const struct streams *st, const struct module_need *n, bool loose, size_t *ret)
{
	size_t i, found = 0, others = 0;

	if (hmap_has(&st->active_at, n->module))
		return false; /* of another stream */
	if (hmap_get(&st->defaults, n->module, ret) && accepts(n, st->docs.v[*ret]->stream))
		return true;
	if (!hmap_get(&st->first, n->module, &i))
		return false;
	for (; same_module(st, i, n->module); i = stream_end(st, i)) {
		if (accepts(n, st->docs.v[i]->stream)) {
			*ret = i;
			found++;
		} else {
			others++;
		}
	}
	return found == 1 && (loose || !others);
}

static bool meet(struct streams *st, const struct module_doc *d, size_t way, bool loose, bool asked)
{
	size_t doc = 0;

	vec_foreach (&d->needs, n) {
		if (n->way == way && !is_met(st, n) && !meeting(st, n, loose, &doc))
			return false;
	}
	vec_foreach (&d->needs, n) {
		if (n->way == way && !is_met(st, n) && meeting(st, n, loose, &doc))
			activate(st, doc, asked);
	}
	return true;
}

static bool meet_any(struct streams *st, const struct active_stream *a, bool loose)
{
	bool met = false;

	for (size_t i = a->first; i < a->end && !met; i++) {
		const struct module_doc *d = st->docs.v[i];

		for (size_t w = 0; d->usable && w < d->ways && !met; w++)
			met = meet(st, d, w, loose, a->asked);
	}
	return met;
}

/* The newest version was made in one way only. */
static bool is_simple(const struct streams *st, const struct active_stream *a)
{
	const struct module_doc *d = st->docs.v[a->first];

	return d->ways == 1 &&
	       (a->first + 1 == a->end || st->docs.v[a->first + 1]->version != d->version);
}

/* What the streams from there on need, and what that needs. */
static void follow(struct streams *st, size_t from)
{
	for (size_t k = from; k < st->active.n; k++) {
		const struct active_stream a = st->active.v[k];

		if (!stream_is_met(st, &a) && !meet_any(st, &a, false) && a.asked &&
			is_simple(st, &a))
			meet_any(st, &a, true);
	}
}

static char *streams_of(const struct streams *st, const char *module)
{
	auto_strv struct strv list = STRV_INIT;
	size_t i;

	if (!hmap_get(&st->first, module, &i))
		return NULL;
	for (; same_module(st, i, module) && list.n < 20; i = stream_end(st, i))
		strv_addf(&list, "%s:%s", module, st->docs.v[i]->stream);
	return strv_join(&list, ", ");
}

static char *similar_module(const struct streams *st, const char *module)
{
	VEC(const char *) list = VEC_INIT;
	const char *near;

	for (size_t i = 0; i < st->docs.n; i++)
		if (!i || !same_module(st, i - 1, st->docs.v[i]->module))
			*vec_push(&list) = st->docs.v[i]->module;
	near = str_nearest(module, list.v, list.n);
	vec_release(&list);
	return near ? streams_of(st, near) : NULL;
}

static void enable(struct streams *st, const char *spec)
{
	size_t n = strcspn(spec, ":"), doc;
	auto_free char *module = xstrndup(spec, n);
	const char *stream = spec[n] ? spec + n + 1 : "";
	const struct active_stream *a = active_of(st, module);

	if (a && !str_eq(a->stream, stream)) {
		strv_addf(&st->problems,
			"modules: %s:%s and %s are streams of one module, and one of them can be "
			"enabled",
			module, a->stream, spec);
	} else if (find_stream(st, module, stream, &doc)) {
		activate(st, doc, true);
	} else {
		auto_free char *have = streams_of(st, module);
		auto_free char *near = have ? NULL : similar_module(st, module);

		strv_addf(&st->problems, "modules: no repository has %s%s%s", spec,
			have		? "; there is "
			: near		? "; near is "
			: st->docs.n	? ""
					: ", nor any other module",
			have ?: near ?: "");
	}
}

static void blame(struct streams *st, const struct active_stream *a)
{
	const struct module_doc *d = st->docs.v[a->first];
	const struct module_need *n = NULL;
	const struct active_stream *other;

	vec_foreach (&d->needs, x)
		if (!n && !is_met(st, x))
			n = x;
	if (!n) {
		strv_addf(&st->problems, "modules: %s:%s is not for this architecture", a->module,
			a->stream);
		return;
	}
	auto_free char *list = strv_join(&n->streams, " or ");
	auto_free char *have = streams_of(st, n->module);
	other = active_of(st, n->module);
	strv_addf(&st->problems, "modules: %s:%s requires %s%s%s, %s%s%s", a->module, a->stream,
		n->module, *list ? ":" : "", list,
		other  ? "and enabled is "
		: have ? "and none is enabled; there is "
		       : "which no repository has",
		other  ? other->stream
		: have ? have
		       : "",
		"");
}

/* Defaults whose needs are not met do not count, and so on for who needs them. */
static void drop_unmet(struct streams *st)
{
	bool again = true;

	while (again) {
		again = false;
		vec_foreach (&st->active, a) {
			if (a->off || a->asked || stream_is_met(st, a))
				continue;
			a->off = again = true;
		}
	}
	vec_foreach (&st->active, a) {
		if (a->asked && !stream_is_met(st, a))
			blame(st, a);
	}
}

static void note_names(struct solve *s, const struct module_doc *d)
{
	struct streams *st = &s->streams;

	strv_foreach (&d->artifacts, a) {
		Id name = pool_strn2id(s->pool, *a, (unsigned)nevra_name(*a), 0);

		if (name)
			st->names[name] |= d->active ? NAME_MODULAR | NAME_ACTIVE : NAME_MODULAR;
	}
}

static void note_artifacts(struct solve *s)
{
	struct streams *st = &s->streams;

	st->nnames = s->pool->ss.nstrings;
	st->names = xcalloc((size_t)st->nnames, 1);
	for (size_t i = 0; i < st->docs.n; i++) {
		const struct module_doc *d = st->docs.v[i];

		note_names(s, d);
		strv_foreach (&d->artifacts, a) {
			if (d->active || !hmap_has(&st->artifacts, *a))
				hmap_set(&st->artifacts, *a, i);
		}
	}
}

void streams_decide(struct solve *s)
{
	struct streams *st = &s->streams;
	size_t asked;

	streams_release(st);
	gather(s);
	strv_foreach (&s->enabled, e)
		enable(st, *e);
	if (!st->docs.n)
		return;
	gather_defaults(s);
	follow(st, 0);
	asked = st->active.n;
	for (size_t i = 0; i < st->docs.n; i++) {
		size_t doc;

		if ((!i || !same_module(st, i - 1, st->docs.v[i]->module)) &&
			hmap_get(&st->defaults, st->docs.v[i]->module, &doc))
			activate(st, doc, false);
	}
	follow(st, asked);
	drop_unmet(st);
	vec_foreach (&st->active, a) {
		for (size_t i = a->first; i < a->end && !a->off; i++)
			st->docs.v[i]->active = doc_is_met(st, st->docs.v[i]);
	}
	note_artifacts(s);
}

static const struct module_doc *doc_of(const struct solve *s, const Solvable *v)
{
	auto_free char *nevra = solvable_nevra(s->pool, v);
	size_t i;

	return hmap_get(&s->streams.artifacts, nevra, &i) ? s->streams.docs.v[i] : NULL;
}

enum hidden streams_hide(const struct solve *s, const struct source *src, const Solvable *v)
{
	const struct streams *st = &s->streams;
	const struct module_doc *d;

	if (v->name >= st->nnames || !st->names[v->name] || src->hotfix)
		return HIDDEN_NOT;
	d = doc_of(s, v);
	if (d)
		return d->active ? HIDDEN_NOT : HIDDEN_STREAM;
	return st->names[v->name] & NAME_ACTIVE ? HIDDEN_MODULE : HIDDEN_NOT;
}

/* The stream that counts and has a package of that name. */
static const struct module_doc *owner(const struct solve *s, const char *name)
{
	size_t n = strlen(name);

	vec_foreach (&s->streams.docs, d) {
		strv_foreach (&(*d)->artifacts, a) {
			if ((*d)->active && nevra_name(*a) == n && str_starts(*a, name))
				return *d;
		}
	}
	return NULL;
}

char *streams_reason(const struct solve *s, const struct source *src, const Solvable *v)
{
	auto_free char *nevra = solvable_nevra(s->pool, v);
	const struct module_doc *d = doc_of(s, v);
	const struct active_stream *a;

	if (!d) {
		d = owner(s, pool_id2str(s->pool, v->name));
		return xasprintf("%s of '%s' is hidden by module %s:%s", nevra, src->id,
			d ? d->module : "", d ? d->stream : "");
	}
	a = active_of(&s->streams, d->module);
	if (a && str_eq(a->stream, d->stream))
		return xasprintf("%s is of module %s:%s, made for streams of other modules than "
				 "are enabled",
			nevra, d->module, d->stream);
	if (a)
		return xasprintf("%s is of module %s:%s, and %s:%s is enabled (modules: [%s:%s])",
			nevra, d->module, d->stream, a->module, a->stream, d->module, d->stream);
	return xasprintf("%s is of module %s:%s, which is not enabled (modules: [%s:%s])", nevra,
		d->module, d->stream, d->module, d->stream);
}
