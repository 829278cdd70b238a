/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mime.h - private to notify/: text from outside as header fields and bodies that survive every
 * server: nothing but ASCII, no line longer than 78 bytes where it can be helped, CRLF. A line end
 * in a value can end neither a field nor the header.
 */
#pragma once
#include "base/str.h"

/* "Name: value" with unstructured text (RFC 5322 2.2.1), folded; as RFC 2047 encoded words when it
 * is not plain ASCII or looks like one. */
void mime_header(struct strbuf *out, const char *name, const char *value);
/* "Name: phrase <address>"; the address must have passed smtp_address_ok. */
void mime_header_address(
	struct strbuf *out, const char *name, const char *phrase, const char *address);
/* "Date: Sat, 21 Nov 2026 10:30:00 +0000" */
void mime_header_date(struct strbuf *out, int64_t t);
/* A body as quoted-printable (RFC 2045 6.7); text has \n line ends. Control characters, those that
 * turn the direction of writing, and bad UTF-8 become `?`. */
void mime_body(struct strbuf *out, const char *text);
