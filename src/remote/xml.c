/* SPDX-License-Identifier: GPL-3.0-or-later */
/* xml.c - libxml2's SAX parser, which stops at a document type before it reads on. */
#include "remote/xml.h"
#include "base/limits.h"
#include <inttypes.h>
#include <libxml/parser.h>

struct walk {
	const struct xml_handler *h;
	xmlParserCtxtPtr parser;
	struct strbuf text;
	struct err err;
	int r;
};

const char *xml_attr(const struct xml_attrs *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++) {
		if (str_eq(a->v[i].name, name))
			return a->v[i].value;
	}
	return NULL;
}

static void stop(struct walk *w, int r)
{
	if (w->r >= 0)
		w->r = r;
	xmlStopParser(w->parser);
}

static void on_doctype(void *ctx, UNUSED const xmlChar *name, UNUSED const xmlChar *external,
	UNUSED const xmlChar *where)
{
	struct walk *w = ctx;

	stop(w, err_set(&w->err, ERR_SOURCE, "it has a document type, which is refused"));
}

static void on_reference(void *ctx, const xmlChar *name)
{
	struct walk *w = ctx;

	stop(w, err_set(&w->err, ERR_SOURCE, "it refers to an entity '%.40s'", (const char *)name));
}

/* Attributes come in fives: name, prefix, namespace, begin and end of the value. */
static void on_start(void *ctx, const xmlChar *name, UNUSED const xmlChar *prefix,
	UNUSED const xmlChar *uri, UNUSED int nns, UNUSED const xmlChar **ns, int n,
	UNUSED int defaulted, const xmlChar **at)
{
	struct walk *w = ctx;
	struct xml_attrs a = {.n = 0};
	int r;

	if (w->r < 0)
		return;
	for (int i = 0; i < n && a.n < COUNTOF(a.v); i++, at += 5)
		a.v[a.n++] = (struct xml_attr){.name = (const char *)at[0],
			.value = xstrndup((const char *)at[3], (size_t)(at[4] - at[3]))};
	r = w->h->start(w->h->ctx, (const char *)name, &a, &w->err);
	for (size_t i = 0; i < a.n; i++)
		free(a.v[i].value);
	sb_truncate(&w->text, 0);
	if (r < 0)
		stop(w, r);
}

static void on_end(
	void *ctx, const xmlChar *name, UNUSED const xmlChar *prefix, UNUSED const xmlChar *uri)
{
	struct walk *w = ctx;
	int r;

	if (w->r < 0)
		return;
	r = w->h->end(w->h->ctx, (const char *)name, sb_str(&w->text), &w->err);
	sb_truncate(&w->text, 0);
	if (r < 0)
		stop(w, r);
}

static void on_text(void *ctx, const xmlChar *s, int n)
{
	struct walk *w = ctx;

	if (n > 0 && w->text.n + (size_t)n <= LIMIT_LOCATION)
		sb_addn(&w->text, s, (size_t)n);
}

/* Without one libxml2 prints its errors. */
static void on_error(UNUSED void *ctx, UNUSED xmlErrorPtr e) {}

static int malformed(xmlParserCtxtPtr p, struct err *err)
{
	xmlErrorPtr e = xmlCtxtGetLastError(p);
	const char *why = e && e->message ? e->message : "no XML";

	return err_set(err, ERR_SOURCE, "line %d: %.*s", e ? e->line : 0,
		(int)strcspn(why, "\n") < 200 ? (int)strcspn(why, "\n") : 200, why);
}

int xml_walk(const char *text, size_t n, const struct xml_handler *h, struct err *err)
{
	xmlSAXHandler sax = {
		.initialized = XML_SAX2_MAGIC,
		.internalSubset = on_doctype,
		.reference = on_reference,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.cdataBlock = on_text,
		.serror = on_error,
	};
	struct walk w = {.h = h, .text = STRBUF_INIT, .err = ERR_INIT};
	int r;

	if (n > LIMIT_REPOMD)
		return err_set(err, ERR_SOURCE, "it has more than %" PRIu64 " bytes", LIMIT_REPOMD);
	w.parser = xmlCreatePushParserCtxt(&sax, &w, NULL, 0, NULL);
	if (!w.parser)
		oom_(__FILE__, __LINE__);
	(void)xmlCtxtUseOptions(w.parser, XML_PARSE_NONET);
	r = xmlParseChunk(w.parser, text, (int)n, 1);
	if (w.r < 0)
		r = err_move(err, &w.err);
	else if (r || !w.parser->wellFormed)
		r = malformed(w.parser, err);
	if (w.parser->myDoc)
		xmlFreeDoc(w.parser->myDoc);
	xmlFreeParserCtxt(w.parser);
	sb_release(&w.text);
	err_clear(&w.err);
	return r < 0 ? r : 0;
}
