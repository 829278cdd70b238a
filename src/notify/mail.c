/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail.c - news as one mail to one address. */
#include "base/hash.h"
#include "base/text.h"
#include "notify/mime.h"
#include "notify/notify.h"

#define MAIL_NEWS 100 /* told in full in one mail; what is beyond is counted */
#define ID_DIGITS 32  /* of a hash in a Message-ID */

struct mail {
	struct notify_news *news;
	size_t n;
	bool one_project; /* all of one project */
	bool one_kind;
	int64_t at; /* of the newest */
};

static void look(struct mail *m)
{
	const struct notify_news *first = m->news;

	m->one_project = m->one_kind = true;
	for (size_t i = 0; i < m->n; i++) {
		const struct notify_news *n = &m->news[i];

		m->one_project &= str_eq_null(n->project, first->project);
		m->one_kind &= n->kind == first->kind;
		m->at = n->at > m->at ? n->at : m->at;
	}
}

static const char *instance(const struct mail *m)
{
	return m->news->instance ? m->news->instance : "packmill";
}

static void add_targets(const struct mail *m, struct strbuf *out)
{
	if (m->n > 3) {
		sb_addf(out, "%zu targets", m->n);
		return;
	}
	for (size_t i = 0; i < m->n; i++)
		sb_addf(out, "%s%s", i ? ", " : "", m->news[i].target ? m->news[i].target : "?");
}

static void counted(const struct mail *m, enum notify_kind k, const char *word, struct strbuf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->news[i].kind == k;
	if (n)
		sb_addf(out, "%s%zu %s", out->n && out->s[out->n - 1] != ' ' ? ", " : "", n, word);
}

static void subject(const struct mail *m, struct strbuf *out)
{
	sb_addf(out, "[%s] ", instance(m));
	if (m->n == 1) {
		notify_title(m->news, out);
	} else if (m->one_project && m->news->project && m->one_kind &&
		   m->news->kind != NOTIFY_INFRASTRUCTURE) {
		sb_addf(out, "%s %s on ", m->news->project,
			m->news->kind == NOTIFY_FIXED ? "is fixed" : "failed");
		add_targets(m, out);
	} else {
		counted(m, NOTIFY_FAILED, "failed", out);
		counted(m, NOTIFY_FIXED, "fixed", out);
		counted(m, NOTIFY_INFRASTRUCTURE, "troubles", out);
		counted(m, NOTIFY_TEST, "tests", out);
	}
}

static void body(const struct mail *m, struct strbuf *out)
{
	if (m->n > 1) {
		for (size_t i = 0; i < m->n; i++) {
			sb_add(out, "- ");
			notify_title(&m->news[i], out);
			sb_addc(out, '\n');
		}
	}
	for (size_t i = 0; i < m->n && i < MAIL_NEWS; i++) {
		if (m->n > 1)
			sb_add(out, "\n----------------------------------------\n\n");
		notify_text(&m->news[i], out);
	}
	if (m->n > MAIL_NEWS)
		sb_addf(out, "\n%zu more are only named above.\n", m->n - MAIL_NEWS);
	sb_addf(out, "\n-- \npackmill, %s\n", instance(m));
}

static void add_id(struct strbuf *out, const char *field, struct sha256 *h, const char *from)
{
	char hex[SHA256_HEX];

	sha256_end(h, hex);
	sb_addf(out, "%s: <packmill.%.*s%s>\r\n", field, ID_DIGITS, hex, strchr(from, '@'));
}

/* The mail is known by what it tells: sent twice, it is the same one. */
static void message_id(const struct mail *m, const char *from, const char *text, struct strbuf *out)
{
	struct sha256 *h = sha256_new();

	sha256_add_str(h, instance(m));
	for (size_t i = 0; i < m->n; i++) {
		auto_free char *at = xasprintf(
			"%lld %lld", (long long)m->news[i].at, (long long)m->news[i].build);

		sha256_add_str(h, at);
	}
	sha256_add_str(h, text);
	add_id(out, "Message-ID", h, from);
}

/* The thread's beginning is a mail that never was: readers put those below it together. */
static void thread(const struct mail *m, const char *from, const char *field, struct strbuf *out)
{
	struct sha256 *h = sha256_new();
	const char *p = m->one_project ? m->news->project : NULL;

	sha256_add_str(h, instance(m));
	sha256_add_str(h, p ? p : "");
	add_id(out, field, h, from);
}

static void headers(const struct mail *m, const char *sender, const char *to, const char *text,
	struct strbuf *out)
{
	auto_strbuf struct strbuf title = STRBUF_INIT;
	auto_free char *who = xasprintf("packmill %s", instance(m)), *name = NULL, *from = NULL;

	subject(m, &title);
	text_mailbox(sender, &name, &from);
	mime_header_address(out, "From", *name ? name : who, from);
	sb_addf(out, "To: <%s>\r\n", to);
	mime_header(out, "Subject", sb_str(&title));
	mime_header_date(out, m->at);
	message_id(m, from, text, out);
	if (m->news->kind != NOTIFY_TEST) {
		thread(m, from, "In-Reply-To", out);
		thread(m, from, "References", out);
	}
	/* RFC 3834: no answers of machines, please */
	sb_add(out, "Auto-Submitted: auto-generated\r\n");
	mime_header(
		out, "X-Packmill-Event", m->one_kind ? notify_kind_name(m->news->kind) : "digest");
	if (m->one_project && m->news->project)
		mime_header(out, "X-Packmill-Project", m->news->project);
	sb_add(out, "MIME-Version: 1.0\r\n"
		    "Content-Type: text/plain; charset=UTF-8\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
}

/* The address alone, the caller's; NULL: it is none. */
static char *address_of(const char *sender, struct err *err)
{
	auto_free char *name = NULL, *address = NULL;

	text_mailbox(sender, &name, &address);
	if (smtp_address_ok(address))
		return TAKE(address);
	(void)err_set(err, ERR_CONFIG, "'%s' is no mail address to send from", sender);
	return NULL;
}

int notify_mail(const char *from, const char *to, const json_t *const *news, size_t n,
	struct strbuf *ret_text, struct err *err)
{
	auto_strbuf struct strbuf text = STRBUF_INIT, all = STRBUF_INIT;
	auto_free struct notify_news *list = xcalloc(n ? n : 1, sizeof *list);
	auto_free char *address = NULL;
	struct mail m = {.news = list, .n = n};

	if (!n)
		return err_set(err, ERR_BUG, "a mail of no news");
	if (!(address = address_of(from, err)))
		return -ERR_CONFIG;
	if (!smtp_address_ok(to))
		return err_set(err, ERR_DENIED, "'%s' is no mail address", to);
	for (size_t i = 0; i < n; i++) {
		int r = notify_from_json(news[i], &list[i], err);

		if (r < 0)
			return r;
	}
	look(&m);
	body(&m, &text);
	headers(&m, from, to, sb_str(&text), &all);
	mime_body(&all, sb_str(&text));
	sb_addn(ret_text, all.s, all.n);
	return 0;
}

int notify_send(const struct smtp_conf *conf, const char *from, const char *to,
	const json_t *const *news, size_t n, struct err *err)
{
	auto_strbuf struct strbuf text = STRBUF_INIT;
	auto_strv struct strv rcpt = STRV_INIT;
	auto_free char *address = NULL;
	int r = notify_mail(from, to, news, n, &text, err);

	if (r < 0)
		return r;
	if (!(address = address_of(from, err)))
		return -ERR_CONFIG;
	strv_add(&rcpt, to);
	return smtp_send(conf, address, &rcpt, text.s, text.n, err);
}
