/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * smtp.h - hand one message to a mail server, by libcurl: STARTTLS when offered or insisted on, TLS
 * from the start on port 465, AUTH when there is a user (never over an unencrypted connection that
 * leaves this machine). Certificates are checked always, but for a server on this machine whose
 * certificate nobody has vouched for (AUTO, no `ca`): there, plain text is as good.
 */
#pragma once
#include "base/str.h"

enum smtp_tls { SMTP_TLS_AUTO, SMTP_TLS_ALWAYS, SMTP_TLS_NEVER };

struct smtp_conf {
	const char *server;          /* host[:port], [v6][:port]; port 25; 465: TLS at once */
	const char *user, *password; /* NULL: no AUTH */
	const char *ca;              /* file of trusted certificates; NULL: the machine's */
	enum smtp_tls tls;
	unsigned timeout; /* seconds in all, 0: 120 */
};

/* An address as we put it into a mail and before a server: ASCII, local@domain, nothing that could
 * end a line or an address. */
bool smtp_address_ok(const char *s);

/* Whether the connection would stay on this machine. */
bool smtp_is_local(const char *server);

/*
 * text: headers, an empty line, body; CRLF line ends. ERR_NET: try again later (no connection,
 * 4xx); ERR_CONFIG: it will not get better by itself (certificate, AUTH refused, ours to mend);
 * ERR_DENIED: the server refuses this message or address for good (5xx). ERR_SIGNAL: told to stop.
 * The message quotes what the server said, never the password.
 */
int smtp_send(const struct smtp_conf *conf, const char *from, const struct strv *to,
	const char *text, size_t n, struct err *err);
