/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * html.h - text from anywhere into HTML, SVG and Atom, escaped by the kind of place in which it
 * ends up. Everything that a stranger can write (author, subject, version, file name, log line,
 * url) goes through one of these where it is written, never earlier. What is written is well-formed
 * in HTML and in XML alike.
 *
 * Characters that cannot be seen or that turn the text around them over are shown: controls as
 * their pictures (U+2400 ...), bidirectional and other invisible controls as [U+202E]. Bytes that
 * are not UTF-8 and what XML forbids become U+FFFD.
 */
#pragma once
#include "base/str.h"

#define HTML_TEXT 300 /* bytes of a stranger's line that lists show */

/* Between tags. A newline stays one, a tab too. */
void html_txt(struct strbuf *out, const char *s);
/* The same, at most max bytes of s and then an ellipsis. */
void html_cut(struct strbuf *out, const char *s, size_t max);
/* A stranger's line among other text: isolated (<bdi>), cut at HTML_TEXT, one line. HTML only. */
void html_name(struct strbuf *out, const char *s);
/* An attribute's value between double quotes that the caller writes; line ends become blanks. */
void html_attr(struct strbuf *out, const char *s);
/* One segment or a path of a relative link: percent-encoded but for '/'. A first segment that would
 * be read as a scheme or as a host cannot come out. */
void html_url_path(struct strbuf *out, const char *s);
/* A value in a query: percent-encoded with '/'. */
void html_url_arg(struct strbuf *out, const char *s);
/* Whether a foreign url may be linked: http or https with a host, no user, only printable ASCII. */
bool html_url_ok(const char *url);
/* <a href="url">text</a>, text through html_name; only the text when the url may not be linked or
 * is NULL. */
void html_link(struct strbuf *out, const char *url, const char *text);
/* " name=\"value\"", nothing when value is NULL. */
void html_opt_attr(struct strbuf *out, const char *name, const char *value);
