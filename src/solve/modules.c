/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * modules.c - modules.yaml: documents of modulemd (versions 1 and 2) and modulemd-defaults. Read
 * event by event, so that only what counts is kept; other documents and keys are passed over.
 */
#include "solve/modules.h"
#include "base/base.h"
#include "base/limits.h"
#include "solve/internal.h"
#include <yaml.h>

struct frame {
	bool map, value; /* value: the key was read */
	char *key;
};

struct reader {
	yaml_parser_t y;
	struct frame frames[LIMIT_MODULE_DEPTH];
	size_t depth, words;
	char *kind, *kind_version, *version, *module;
	char *modified;
	struct module_doc doc;
	struct modules *to;
	const char *fault;
};

static void need_release(struct module_need *n)
{
	free(n->module);
	strv_release(&n->streams);
}

static void doc_release(struct module_doc *d)
{
	free(d->module);
	free(d->stream);
	free(d->context);
	free(d->arch);
	vec_free(&d->needs, need_release);
	strv_release(&d->artifacts);
}

static void default_release(struct module_default *d)
{
	free(d->module);
	free(d->stream);
}

void modules_release(struct modules *m)
{
	vec_free(&m->docs, doc_release);
	vec_free(&m->defaults, default_release);
}

size_t nevra_name(const char *nevra)
{
	const char *release = strrchr(nevra, '-'), *p = release;

	while (p && p > nevra && p[-1] != '-')
		p--;
	return p && p > nevra + 1 && p < release ? (size_t)(p - nevra) - 1 : 0;
}

static void pop(struct reader *r)
{
	free(TAKE(r->frames[--r->depth].key));
}

static void forget(struct reader *r)
{
	while (r->depth)
		pop(r);
	free(TAKE(r->kind));
	free(TAKE(r->kind_version));
	free(TAKE(r->version));
	free(TAKE(r->module));
	free(TAKE(r->modified));
	doc_release(&r->doc);
	r->doc = (struct module_doc){0};
}

static void reader_release(struct reader *r)
{
	forget(r);
	yaml_parser_delete(&r->y);
}

/* The value at hand is below these keys; "": an item of a list, NULL: whatever key. */
static bool below(const struct reader *r, size_t n, const char *const *keys)
{
	if (r->depth != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *k = r->frames[i].map ? r->frames[i].key : "";

		if (!k || (keys[i] ? !str_eq(keys[i], k) : !r->frames[i].map))
			return false;
	}
	return true;
}
#define BELOW(r, ...)                                                                              \
	below(r, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *),                      \
		(const char *const[]){__VA_ARGS__})

static bool spend(struct reader *r)
{
	if (++r->words > LIMIT_MODULE_WORDS)
		r->fault = "more names than allowed";
	return !r->fault;
}

/* Depth of the module's name in data.dependencies.[-].requires.NAME, 0 when not there. */
static size_t need_at(const struct reader *r, bool item)
{
	if (item ? BELOW(r, "data", "dependencies", "", "requires", NULL, "")
		 : BELOW(r, "data", "dependencies", "", "requires", NULL))
		return 4;
	if (item ? BELOW(r, "data", "dependencies", "requires", NULL, "")
		 : BELOW(r, "data", "dependencies", "requires", NULL))
		return 3;
	return 0;
}

static void add_need(struct reader *r, const char *module)
{
	struct module_need *n;

	if (!spend(r))
		return;
	r->doc.ways = r->doc.ways ?: 1;
	n = vec_push(&r->doc.needs);
	n->way = r->doc.ways - 1;
	n->module = xstrdup(module);
}

static void add_artifact(struct reader *r, const char *text)
{
	size_t n = nevra_name(text);

	if (!n || !solve_is_word(text) || str_ends(text, ".src") || str_ends(text, ".nosrc") ||
		!spend(r))
		return;
	if (str_starts(text + n, "-0:"))
		strv_addf(&r->doc.artifacts, "%.*s-%s", (int)n, text, text + n + 3);
	else
		strv_add(&r->doc.artifacts, text);
}

static void take_text(struct reader *r, const char *text)
{
	const struct {
		const char *key;
		char **to;
	} plain[] = {{"name", &r->doc.module}, {"stream", &r->doc.stream},
		{"context", &r->doc.context}, {"arch", &r->doc.arch}, {"version", &r->version},
		{"module", &r->module}, {"modified", &r->modified}};

	for (size_t i = 0; i < COUNTOF(plain); i++)
		if (BELOW(r, "data", plain[i].key))
			str_set(plain[i].to, text);
	if (BELOW(r, "document"))
		str_set(&r->kind, text);
	else if (BELOW(r, "version"))
		str_set(&r->kind_version, text);
	else if (BELOW(r, "data", "artifacts", "rpms", ""))
		add_artifact(r, text);
	else if (need_at(r, false))
		add_need(r, r->frames[need_at(r, false)].key);
	if ((need_at(r, false) || need_at(r, true)) && r->doc.needs.n && spend(r) && *text)
		strv_add(&r->doc.needs.v[r->doc.needs.n - 1].streams, text);
}

static uint64_t number(const char *s)
{
	uint64_t n = 0;

	return s && str_u64(s, &n) ? n : 0;
}

static void commit_doc(struct reader *r)
{
	struct module_doc *d = &r->doc;

	if (!d->module || !d->stream || !solve_is_word(d->module) || !solve_is_word(d->stream)) {
		r->fault = "a module without a fit name and stream";
		return;
	}
	d->context = d->context ?: xstrdup("");
	d->arch = d->arch ?: xstrdup("");
	d->version = number(r->version);
	*vec_push(&r->to->docs) = *d;
	*d = (struct module_doc){0};
}

static void commit(struct reader *r)
{
	if (r->to->docs.n + r->to->defaults.n >= LIMIT_MODULE_DOCS) {
		r->fault = "more documents than allowed";
	} else if (str_eq_null(r->kind, "modulemd") &&
		   (str_eq_null(r->kind_version, "1") || str_eq_null(r->kind_version, "2"))) {
		commit_doc(r);
	} else if (str_eq_null(r->kind, "modulemd-defaults") && r->module) {
		*vec_push(&r->to->defaults) = (struct module_default){.module = TAKE(r->module),
			.stream = r->doc.stream ? TAKE(r->doc.stream) : xstrdup(""),
			.modified = number(r->modified)};
	}
	forget(r);
}

/* Before a value: whether one may be here. */
static bool is_key(const struct reader *r)
{
	return r->depth && r->frames[r->depth - 1].map && !r->frames[r->depth - 1].value;
}

static void after_value(struct reader *r)
{
	if (r->depth)
		r->frames[r->depth - 1].value = false;
}

static void push(struct reader *r, bool map)
{
	if (is_key(r)) {
		r->fault = "a key that is no text";
		return;
	}
	if (r->depth == LIMIT_MODULE_DEPTH) {
		r->fault = "absurd nesting";
		return;
	}
	if (!map && need_at(r, false))
		add_need(r, r->frames[need_at(r, false)].key);
	if (map && BELOW(r, "data", "dependencies", ""))
		r->doc.ways++;
	r->frames[r->depth++] = (struct frame){.map = map};
}

static void scalar(struct reader *r, const yaml_event_t *ev)
{
	const char *text = (const char *)ev->data.scalar.value;
	struct frame *f = r->depth ? &r->frames[r->depth - 1] : NULL;

	if (strlen(text) != ev->data.scalar.length) {
		r->fault = "a NUL character";
	} else if (is_key(r)) {
		free(f->key);
		f->key = xstrndup(text, LIMIT_NEVRA);
		f->value = true;
	} else {
		if (strlen(text) <= LIMIT_NEVRA)
			take_text(r, text);
		after_value(r);
	}
}

static void event(struct reader *r, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		scalar(r, ev);
		break;
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		push(r, ev->type == YAML_MAPPING_START_EVENT);
		break;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		pop(r);
		after_value(r);
		break;
	case YAML_ALIAS_EVENT:
		r->fault = "an alias";
		break;
	case YAML_DOCUMENT_END_EVENT:
		commit(r);
		break;
	default:
		break;
	}
}

static int read_all(struct reader *r, struct stream *st, struct err *err)
{
	bool end = false;

	while (!end) {
		yaml_event_t ev;
		size_t line;

		if (!yaml_parser_parse(&r->y, &ev))
			return err_set(err, ERR_SOURCE, "modules metadata: line %zu: %s",
				r->y.problem_mark.line + 1,
				stream_fault(st) ?: r->y.problem ?: "no YAML");
		line = ev.start_mark.line + 1;
		end = ev.type == YAML_STREAM_END_EVENT;
		event(r, &ev);
		yaml_event_delete(&ev);
		if (r->fault)
			return err_set(err, ERR_SOURCE, "modules metadata has %s (line %zu)",
				r->fault, line);
	}
	if (stream_fault(st))
		return err_set(err, ERR_SOURCE, "modules metadata has %s", stream_fault(st));
	return 0;
}

int modules_read(const char *path, struct modules *ret, struct err *err)
{
	CLEANUP(stream_freep) struct stream *st = NULL;
	CLEANUP(modules_release) struct modules m = {0};
	CLEANUP(reader_release) struct reader r = {.to = &m};
	int rc = stream_open_text(path, LIMIT_MODULES, &st, err);

	if (!yaml_parser_initialize(&r.y))
		abort(); /* out of memory */
	if (rc < 0)
		return rc;
	yaml_parser_set_input_file(&r.y, stream_file(st));
	yaml_parser_set_encoding(&r.y, YAML_UTF8_ENCODING);
	if ((rc = read_all(&r, st, err)) < 0)
		return rc;
	*ret = m;
	m = (struct modules){0};
	return 0;
}
