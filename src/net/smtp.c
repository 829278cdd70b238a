/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/smtp.h"
#include "base/log.h"
#include "base/sig.h"
#include "base/text.h"
#include "net/curl_init.h"
#include <ctype.h>
#include <curl/curl.h>
#include <strings.h>

#define SAID_MAX     300 /* bytes of the server's last line that are quoted */
#define SECRET_MIN   4
#define TIMEOUT      120U
#define CONNECT_SECS 30L /* until it is ours to speak of mail: some greet late on purpose */
#define PORT_TLS     "465"

struct mail {
	CURL *easy;
	struct curl_slist *to;
	const char *text;
	size_t n, at;
	bool begun;              /* the server was told of a message */
	char said[SAID_MAX + 1]; /* its last line that refuses something */
	const char *password;
	bool login;          /* what is sent is part of AUTH */
	struct strv secrets; /* words that were sent so */
	long code;           /* of that line, 0 none */
	char errbuf[CURL_ERROR_SIZE];
};

static void mail_release(struct mail *m)
{
	curl_easy_cleanup(m->easy);
	curl_slist_free_all(m->to);
	strv_foreach (&m->secrets, w)
		explicit_bzero(*w, strlen(*w));
	strv_release(&m->secrets);
}

bool smtp_address_ok(const char *s)
{
	const char *at = strchr(s, '@');
	size_t n = strlen(s);

	if (!at || at == s || !at[1] || strchr(at + 1, '@') || *s == '-' || n > 254 || at - s > 64)
		return false;
	for (const char *p = s; *p; p++)
		if (*p <= ' ' || *p >= 0x7f || strchr("<>()[],;:\\\"", *p))
			return false;
	return true;
}

/* host[:port], [v6][:port]; the caller's. */
static void split(const char *server, char **ret_host, char **ret_port)
{
	const char *colon = strrchr(server, ':'), *end = strrchr(server, ']');

	if (colon && end && colon < end)
		colon = NULL;
	*ret_host = colon ? xstrndup(server, (size_t)(colon - server)) : xstrdup(server);
	*ret_port = xstrdup(colon && colon[1] ? colon + 1 : "25");
}

static bool host_is_local(const char *host)
{
	/* 127.0.0.1 and its like; a name that only begins so has letters */
	return strcasecmp(host, "localhost") == 0 || str_eq(host, "[::1]") ||
	       (str_starts(host, "127.") && !host[strspn(host, "0123456789.")]);
}

bool smtp_is_local(const char *server)
{
	auto_free char *host = NULL, *port = NULL;

	split(server, &host, &port);
	return host_is_local(host);
}

static size_t on_read(char *buf, size_t size, size_t n, void *ctx)
{
	struct mail *m = ctx;
	size_t want = size * n, left = m->n - m->at;

	if (want > left)
		want = left;
	memcpy(buf, m->text + m->at, want);
	m->at += want;
	return want;
}

/* Some servers repeat the command that they refuse. */
static bool tells_secret(const struct mail *m, const char *line, size_t n)
{
	if (!str_empty(m->password) && memmem(line, n, m->password, strlen(m->password)))
		return true;
	strv_foreach (&m->secrets, w)
		if (memmem(line, n, *w, strlen(*w)))
			return true;
	return false;
}

/* What the server says, line by line: a no counts, the good-bye after it does not. */
static size_t on_line(char *line, size_t size, size_t n, void *ctx)
{
	struct mail *m = ctx;
	size_t len = size * n;

	if (len < 3 || (*line != '4' && *line != '5') || !isdigit((unsigned char)line[1]) ||
		!isdigit((unsigned char)line[2]))
		return size * n;
	m->code = (*line - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	if (tells_secret(m, line, len)) {
		(void)snprintf(m->said, sizeof m->said,
			"%ld (not shown: it repeats the login that it was sent)", m->code);
		return size * n;
	}
	if (len > SAID_MAX)
		len = SAID_MAX;
	memcpy(m->said, line, len);
	m->said[len] = '\0';
	return size * n;
}

/* The words of AUTH and of the lines after it, but for the name of the mechanism. */
static void keep_secrets(struct mail *m, const char *data, size_t n)
{
	auto_free char *line = xstrndup(data, n);
	auto_strv struct strv words = STRV_INIT;

	strv_split(&words, line, " \r\n");
	for (size_t i = str_starts(line, "AUTH") ? 2 : 0; i < words.n; i++)
		if (strlen(words.v[i]) >= SECRET_MIN)
			strv_add(&m->secrets, words.v[i]);
	explicit_bzero(line, strlen(line));
	strv_foreach (&words, w)
		explicit_bzero(*w, strlen(*w));
}

/* Which command we are at; of a login what must not be quoted. */
static int on_debug(CURL *e UNUSED, curl_infotype type, char *data, size_t n, void *ctx)
{
	static const char *const others[] = {"EHLO", "HELO", "STARTTLS", "MAIL", "QUIT"};
	struct mail *m = ctx;

	if (type != CURLINFO_HEADER_OUT || n < 4)
		return 0;
	m->login |= strncmp(data, "AUTH", 4) == 0;
	for (size_t i = 0; i < COUNTOF(others); i++)
		m->login &=
			n < strlen(others[i]) || strncmp(data, others[i], strlen(others[i])) != 0;
	if (m->login)
		keep_secrets(m, data, n);
	m->begun |= strncmp(data, "MAIL", 4) == 0;
	/* an earlier no was overcome */
	if (strncmp(data, "QUIT", 4) != 0)
		m->code = 0;
	return 0;
}

static int on_progress(void *ctx UNUSED, curl_off_t dn UNUSED, curl_off_t d UNUSED,
	curl_off_t un UNUSED, curl_off_t u UNUSED)
{
	return sig_pending() != 0;
}

static bool is_tls_fault(CURLcode rc)
{
	return rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CACERT_BADFILE ||
	       rc == CURLE_USE_SSL_FAILED || rc == CURLE_SSL_CERTPROBLEM ||
	       rc == CURLE_SSL_ISSUER_ERROR || rc == CURLE_SSL_CIPHER;
}

/* What a failure means for the message (RFC 5321 4.2.1, RFC 4954 6 for those about AUTH). */
static enum err_code judge(const struct mail *m, CURLcode rc)
{
	long code = m->code;
	bool ours = code == 530 || code == 534 || code == 535 || code == 538;

	if (is_tls_fault(rc))
		return ERR_CONFIG;
	if (code >= 400 && code < 500)
		return ERR_NET;
	if (ours || rc == CURLE_LOGIN_DENIED)
		return ERR_CONFIG;
	if (code >= 500)
		return m->begun ? ERR_DENIED : ERR_CONFIG;
	return ERR_NET;
}

static int explain(const struct mail *m, const char *server, CURLcode rc, struct err *err)
{
	auto_strbuf struct strbuf said = STRBUF_INIT;
	enum err_code e;

	if (rc == CURLE_ABORTED_BY_CALLBACK && sig_check(err) < 0)
		return -(int)ERR_SIGNAL;
	e = judge(m, rc);
	text_term(&said, m->said, 0);
	if (is_tls_fault(rc))
		return err_set(err, e,
			"mail server %s: no trusted TLS: %s (see notify.tls, notify.ca)", server,
			*m->errbuf ? m->errbuf : curl_easy_strerror(rc));
	if (m->code)
		return err_set(err, e, "mail server %s says: %s", server, said.s);
	return err_set(err, e, "mail server %s: %s", server,
		*m->errbuf ? m->errbuf : curl_easy_strerror(rc));
}

static int set_tls(CURL *e, const struct smtp_conf *c, bool local, bool at_once, struct err *err)
{
	enum smtp_tls tls = c->tls;
	long use = CURLUSESSL_TRY;

	if (at_once && tls == SMTP_TLS_NEVER)
		return err_set(err, ERR_CONFIG,
			"mail server %s: port " PORT_TLS " is TLS, but notify.tls is never",
			c->server);
	if (c->user && !local && tls == SMTP_TLS_NEVER)
		return err_set(err, ERR_CONFIG,
			"mail server %s: the password is not sent unencrypted (notify.tls: never)",
			c->server);
	if (tls == SMTP_TLS_NEVER || (tls == SMTP_TLS_AUTO && local && !c->ca && !at_once))
		use = CURLUSESSL_NONE;
	else if (tls == SMTP_TLS_ALWAYS || c->user)
		use = CURLUSESSL_ALL;
	(void)curl_easy_setopt(e, CURLOPT_USE_SSL, use);
	(void)curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (c->ca)
		(void)curl_easy_setopt(e, CURLOPT_CAINFO, c->ca);
	return 0;
}

static void set_options(struct mail *m, const struct smtp_conf *c, const char *url)
{
	CURL *e = m->easy;

	(void)curl_easy_setopt(e, CURLOPT_URL, url);
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	(void)curl_easy_setopt(e, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(e, CURLOPT_ERRORBUFFER, m->errbuf);
	(void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT, CONNECT_SECS);
	(void)curl_easy_setopt(e, CURLOPT_TIMEOUT, (long)(c->timeout ?: TIMEOUT));
	(void)curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
	(void)curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
	(void)curl_easy_setopt(e, CURLOPT_READDATA, m);
	(void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_line);
	(void)curl_easy_setopt(e, CURLOPT_HEADERDATA, m);
	(void)curl_easy_setopt(e, CURLOPT_VERBOSE, 1L);
	(void)curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_debug);
	(void)curl_easy_setopt(e, CURLOPT_DEBUGDATA, m);
	(void)curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
	if (c->user) {
		(void)curl_easy_setopt(e, CURLOPT_USERNAME, c->user);
		(void)curl_easy_setopt(e, CURLOPT_PASSWORD, c->password ? c->password : "");
	}
}

static int set_people(struct mail *m, const char *from, const struct strv *to, struct err *err)
{
	auto_free char *sender = xasprintf("<%s>", from);

	if (!smtp_address_ok(from))
		return err_set(err, ERR_CONFIG, "'%s' is no mail address to send from", from);
	if (!to->n)
		return err_set(err, ERR_BUG, "a mail to nobody");
	(void)curl_easy_setopt(m->easy, CURLOPT_MAIL_FROM, sender);
	strv_foreach (to, t) {
		auto_free char *rcpt = xasprintf("<%s>", *t);
		struct curl_slist *l;

		if (!smtp_address_ok(*t))
			return err_set(err, ERR_DENIED, "'%s' is no mail address", *t);
		if (!(l = curl_slist_append(m->to, rcpt)))
			oom_(__FILE__, __LINE__);
		m->to = l;
	}
	(void)curl_easy_setopt(m->easy, CURLOPT_MAIL_RCPT, m->to);
	return 0;
}

int smtp_send(const struct smtp_conf *conf, const char *from, const struct strv *to,
	const char *text, size_t n, struct err *err)
{
	CLEANUP(mail_release)
	struct mail m = {.text = text, .n = n, .password = conf->password};
	auto_free char *host = NULL, *port = NULL, *url = NULL;
	bool at_once;
	CURLcode rc;
	int r = curl_init(err);

	if (r < 0)
		return r;
	split(conf->server, &host, &port);
	at_once = str_eq(port, PORT_TLS);
	url = xasprintf("%s://%s:%s", at_once ? "smtps" : "smtp", host, port);
	if (!(m.easy = curl_easy_init()))
		oom_(__FILE__, __LINE__);
	set_options(&m, conf, url);
	if ((r = set_tls(m.easy, conf, host_is_local(host), at_once, err)) < 0 ||
		(r = set_people(&m, from, to, err)) < 0)
		return r;
	rc = curl_easy_perform(m.easy);
	trace("net", "mail to %s by %s: %s", to->v[0], conf->server, curl_easy_strerror(rc));
	return rc == CURLE_OK ? 0 : explain(&m, conf->server, rc, err);
}
