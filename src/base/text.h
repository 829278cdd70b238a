/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * text.h - escaping by place of output. Names, authors, messages and log lines come from outside;
 * they pass through one of these where they are shown, never earlier.
 */
#pragma once
#include "base/str.h"

/* For a terminal: C0, C1, ESC, DEL, bidirectional controls and bytes that are not UTF-8 become
 * `?`; a newline or tab becomes a space. At most max bytes of s are shown (0: all). */
void text_term(struct strbuf *out, const char *s, size_t max);
/* For messages: a word (what has no blank) of more than max bytes loses its middle, as in "'aaaa
 * ... aaaa'"; s is what text_term left. max at least 32. */
void text_short_words(struct strbuf *out, const char *s, size_t max);
/* One CSV field as RFC 4180; a leading = + - @ is not special to us. Line ends become spaces,
 * control characters and bad UTF-8 `?`. */
void text_csv(struct strbuf *out, const char *s);
/* Percent-encode all but unreserved characters (RFC 3986 2.3); a path keeps its '/'. */
void text_url_path(struct strbuf *out, const char *s);
void text_url_arg(struct strbuf *out, const char *s);
/* A double-quoted YAML scalar; bytes that are not UTF-8 become `?`. */
void text_yaml(struct strbuf *out, const char *s);
/* scheme://user:password@host/… with the password as ***; everything else as it is; the caller's.
 */
char *text_url_shown(const char *url);
/* Length in bytes of the UTF-8 sequence at s (1-4), 0 when it is not valid; *ret_cp its value. */
size_t text_utf8(const char *s, uint32_t *ret_cp);
/* "Name <address>", "\"Name\" <address>" or "address" in its parts, trimmed, the caller's; neither
 * is checked. The name is "" when there is none. */
void text_mailbox(const char *s, char **ret_name, char **ret_address);
