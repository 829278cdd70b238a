/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notify: headers, bodies, whole mails of hostile text, JSON, the hook */
#include "base/base.h"
#include "base/limits.h"
#include "notify/mime.h"
#include "notify/notify.h"
#include "scratch.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct row {
	const char *in, *out;
};

#define LONG_BLANKS                                                                                \
	"failed for a reason that takes a whole line of words to say, and then some more"
#define B60 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void headers(void **state)
{
	static const struct row rows[] = {
		{"plain", "S: plain\r\n"},
		{"", "S: \r\n"},
		{"  blanks around ", "S: blanks around\r\n"},
		/* nothing ends the field */
		{"a\r\nBcc: x@example.org", "S: a? Bcc: x@example.org\r\n"},
		{"a\nBcc: x", "S: a Bcc: x\r\n"},
		{"a\rb", "S: a?b\r\n"},
		{"\r\n\r\nbody", "S: ? ? body\r\n"},
		{"\x1b]0;x\x07", "S: ?]0;x?\r\n"},
		{"a\tb", "S: a b\r\n"},
		{"\x7f", "S: ?\r\n"},
		/* looks encoded, and would be decoded */
		{"=?utf-8?q?=0ABcc?=", "S: =?UTF-8?B?PT91dGYtOD9xPz0wQUJjYz89?=\r\n"},
		{"\xc3\xa4", "S: =?UTF-8?B?w6Q=?=\r\n"},
		{"ab\xe2\x82\xac", "S: =?UTF-8?B?YWLigqw=?=\r\n"},
		/* bad bytes and right-to-left marks are none of ours */
		{"\xff\xfe", "S: ??\r\n"},
		{"a\xe2\x80\xae"
		 "b",
			"S: a?b\r\n"},
		/* folded at blanks, which stay */
		{LONG_BLANKS,
			"S: failed for a reason that takes a whole line of words to say, and then"
			"\r\n some more\r\n"},
		{B60 " " B60, "S: " B60 "\r\n " B60 "\r\n"},
		/* whole characters in each word */
		{"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
		 "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
			"S: =?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?=\r\n"
			" =?UTF-8?B?4oKs?=\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		mime_header(&b, "S", rows[i].in);
		assert_string_equal(sb_str(&b), rows[i].out);
	}
}

static void senders(void **state)
{
	static const struct row rows[] = {
		{"packmill trunk", "From: \"packmill trunk\"\r\n <a@b>\r\n"},
		{"x\" <evil@example.org>, \"", "From: =?UTF-8?B?eCIgPGV2aWxAZXhhbXBsZS5vcmc+LCAi?="
					       "\r\n <a@b>\r\n"},
		{"J\xc3\xbcrgen", "From: =?UTF-8?B?SsO8cmdlbg==?=\r\n <a@b>\r\n"},
		{"a\r\nTo: x", "From: \"a? To: x\"\r\n <a@b>\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		mime_header_address(&b, "From", rows[i].in, "a@b");
		assert_string_equal(sb_str(&b), rows[i].out);
	}
}

static void dates(void **state)
{
	static const struct {
		int64_t t;
		const char *out;
	} rows[] = {
		{0, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"},
		{-5, "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"},
		{1700000000, "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"},
		{2147483648, "Date: Tue, 19 Jan 2038 03:14:08 +0000\r\n"},
		{INT64_MAX, "Date: Fri, 31 Dec 9999 23:59:59 +0000\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		mime_header_date(&b, rows[i].t);
		assert_string_equal(sb_str(&b), rows[i].out);
	}
}

static void bodies(void **state)
{
	static const struct row rows[] = {
		{"", ""},
		{"a\n", "a\r\n"},
		{"a", "a\r\n"},
		{"\n\nb\n", "\r\n\r\nb\r\n"},
		{"x = 1\n", "x =3D 1\r\n"},
		{"blank at the end \n", "blank at the end=20\r\n"},
		{".\n..a\n", "=2E\r\n=2E.a\r\n"},
		{"From here\nFrom\n", "=46rom here\r\nFrom\r\n"},
		{"\xc3\xa4\n", "=C3=A4\r\n"},
		{"a\r\n.\r\nQUIT\n", "a?\r\n=2E?\r\nQUIT\r\n"},
		{"\x1b[31m\n", "?[31m\r\n"},
		{B60 B60 "\n", B60
			"AAAAAAAAAAAAAAA=\r\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		mime_body(&b, rows[i].in);
		assert_string_equal(sb_str(&b), rows[i].out);
	}
}

static void addresses(void **state)
{
	static const char *const good[] = {"a@b", "team+x@example.org", "o'neil@x-y.example"};
	static const char *const bad[] = {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nDATA",
		"a@b\rX", "a@b>", "<a@b", "a@b,c", "-x@y", "\xc3\xa4@b", "a@b\x7f", "\"a b\"@c",
		"a@[::1]",
		"0123456789012345678901234567890123456789012345678901234567890123456789@x"};

	(void)state;
	for (size_t i = 0; i < COUNTOF(good); i++)
		assert_true(smtp_address_ok(good[i]));
	for (size_t i = 0; i < COUNTOF(bad); i++)
		assert_false(smtp_address_ok(bad[i]));
	assert_true(smtp_is_local("localhost:25"));
	assert_true(smtp_is_local("127.0.0.1"));
	assert_true(smtp_is_local("[::1]:587"));
	assert_false(smtp_is_local("127.0.0.1.example.org:25"));
	assert_false(smtp_is_local("mail.example.org"));
	assert_false(smtp_is_local("localhost.example.org"));
}

#define EVIL                                                                                       \
	"x\r\nBcc: victim@example.org\r\n\r\n.\r\nMAIL "                                           \
	"FROM:<a@b>\r\n\xff\xe2\x80\xae=?utf-8?q?=0A?="

static const struct notify_news failed = {
	.kind = NOTIFY_FAILED,
	.at = 1700000000,
	.instance = "trunk",
	.target = "host",
	.project = "foo",
	.build = 12,
	.attempt = 1,
	.cause = "build",
	.step = "compile",
	.message = "error: 'x' undeclared",
	.log = "build.log",
	.line = 77,
	.excerpt = "cc -c a.c\nerror: 'x' undeclared\n",
	.upstream_sha = "0123456789abcdef0123456789abcdef01234567",
	.packaging_sha = "89abcdef0123456789abcdef0123456789abcdef",
	.author = "A Developer",
	.subject = "Add x",
	.url_build = "https://p.example.org/host/builds/12.html",
	.good_build = 9,
	.good_time = 1699990000,
	.good_sha = "fedcba9876543210fedcba9876543210fedcba98",
	.good_nvr = "foo-1.0-1",
};

static void mail_of(const struct notify_news *n, size_t count, struct strbuf *ret)
{
	json_t *list[8];
	const json_t *borrowed[8];
	auto_err struct err e = ERR_INIT;

	for (size_t i = 0; i < count; i++)
		borrowed[i] = list[i] = notify_to_json(&n[i]);
	if (notify_mail("ci@example.org", "dev@example.org", borrowed, count, ret, &e) < 0)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < count; i++)
		json_decref(list[i]);
}

/* Every line ends with CRLF, is ASCII and not too long; *ret_head the number of header fields. */
static void assert_sane(const char *s, size_t *ret_fields)
{
	bool head = true;

	*ret_fields = 0;
	while (*s) {
		const char *end = strstr(s, "\r\n");

		assert_non_null(end);
		assert_true(end - s <= 78);
		head = head && end != s;
		*ret_fields += head && *s != ' ';
		for (; s < end; s++)
			assert_true(*s >= ' ' && *s < 0x7f);
		s = end + 2;
	}
}

/* The name of the sender is its owner's and can be anything all the same. */
static void named_senders(void **state)
{
	static const struct {
		const char *from, *want; /* NULL: refused */
	} rows[] = {
		{"ci@b", "From: \"packmill trunk\"\r\n <ci@b>\r\nTo:"},
		{"<ci@b>", "From: \"packmill trunk\"\r\n <ci@b>\r\nTo:"},
		{"Build Team <ci@b>", "From: \"Build Team\"\r\n <ci@b>\r\nTo:"},
		{"\"Mill, the\" <ci@b>", "From: \"Mill, the\"\r\n <ci@b>\r\nTo:"},
		{"J\xc3\xb6rg <ci@b>", "From: =?UTF-8?B?SsO2cmc=?=\r\n <ci@b>\r\nTo:"},
		{"a\" <x@y>, \"b <ci@b>", "From: =?UTF-8?B?YSIgPHhAeT4sICJi?=\r\n <ci@b>\r\nTo:"},
		{"x\r\nBcc: y <ci@b>", "From: \"x? Bcc: y\"\r\n <ci@b>\r\nTo:"},
		{"Team <ci>", NULL},
		{"Team <ci@b\r\nX: y>", NULL},
		{"Team ci@b", NULL},
	};
	json_t *list = notify_to_json(&failed);
	const json_t *news = list;

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		auto_strbuf struct strbuf b = STRBUF_INIT;
		int r = notify_mail(rows[i].from, "dev@b", &news, 1, &b, NULL);

		assert_int_equal(r, rows[i].want ? 0 : -ERR_CONFIG);
		if (!rows[i].want)
			continue;
		if (!str_starts(sb_str(&b), rows[i].want))
			fail_msg("%s: %.90s", rows[i].from, sb_str(&b));
		assert_non_null(strstr(sb_str(&b), "@b>\r\n"));
	}
	json_decref(list);
}

static void whole(void **state)
{
	static const char want[] =
		"From: \"packmill trunk\"\r\n <ci@example.org>\r\nTo: <dev@example.org>\r\n"
		"Subject: [trunk] foo failed on host: build: error: 'x' undeclared\r\n"
		"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n";
	static const char text[] =
		"foo failed on host (build 12).\r\n\r\n"
		"Cause:      build\r\nStep:       compile\r\nMessage:    error: 'x' undeclared\r\n"
		"Commit:     0123456789ab Add x\r\nAuthor:     A Developer\r\n"
		"Packaging:  89abcdef0123\r\n"
		"Last good:  build 9, 2023-11-14T19:26:40Z, commit fedcba987654, foo-1.0-1\r\n"
		"Build:      https://p.example.org/host/builds/12.html\r\n\r\n"
		"In build.log, about line 77:\r\n\r\n"
		"    cc -c a.c\r\n    error: 'x' undeclared\r\n\r\n--=20\r\npackmill, trunk\r\n";
	auto_strbuf struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
	size_t fields;

	(void)state;
	mail_of(&failed, 1, &a);
	assert_true(str_starts(sb_str(&a), want));
	assert_string_equal(strstr(sb_str(&a), "\r\n\r\n") + 4, text);
	assert_non_null(strstr(sb_str(&a), "\r\nAuto-Submitted: auto-generated\r\n"));
	assert_sane(sb_str(&a), &fields);
	assert_int_equal(fields, 13);
	/* told again it is the same to the byte */
	mail_of(&failed, 1, &b);
	assert_string_equal(sb_str(&a), sb_str(&b));
}

static void hostile(void **state)
{
	struct notify_news n = failed;
	auto_strbuf struct strbuf b = STRBUF_INIT;
	size_t fields;

	(void)state;
	n.project = n.target = n.instance = n.message = n.cause = n.step = n.author = n.subject =
		n.nvr = n.detail = n.url_build = n.url_log = n.excerpt = n.log = EVIL;
	mail_of(&n, 1, &b);
	assert_sane(sb_str(&b), &fields);
	assert_int_equal(fields, 13);
	/* as text it may stand in the body */
	assert_null(strstr(sb_str(&b), "\r\n.\r\n"));
	*strstr(b.s, "\r\n\r\n") = '\0';
	assert_null(strstr(sb_str(&b), "\r\nBcc:"));
	assert_null(strstr(sb_str(&b), "\r\nMAIL"));
	assert_null(strstr(sb_str(&b), "\r\n.\r\n"));
}

static void several(void **state)
{
	struct notify_news n[3] = {failed, failed, failed};
	static const char *const subjects[] = {
		"\r\nSubject: [trunk] foo failed on host, el9, f45\r\n",
		"\r\nSubject: [trunk] 2 failed, 1 fixed\r\n",
	};
	auto_strbuf struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
	size_t fields;

	(void)state;
	n[1].target = "el9";
	n[2].target = "f45";
	mail_of(n, 3, &a);
	assert_non_null(strstr(sb_str(&a), subjects[0]));
	assert_non_null(strstr(sb_str(&a), "\r\nX-Packmill-Project: foo\r\n"));
	n[1].project = "bar";
	n[2].kind = NOTIFY_FIXED;
	mail_of(n, 3, &b);
	assert_non_null(strstr(sb_str(&b), subjects[1]));
	assert_null(strstr(sb_str(&b), "X-Packmill-Project"));
	assert_non_null(strstr(sb_str(&b), "\r\n- bar failed on el9: build: error"));
	assert_sane(sb_str(&b), &fields);
}

static char *field_of(const struct strbuf *mail, const char *name)
{
	const char *p = strstr(sb_str(mail), name);

	assert_non_null(p);
	return xstrndup(p + strlen(name), strcspn(p + strlen(name), "\r"));
}

static void threads(void **state)
{
	struct notify_news n = failed;
	auto_strbuf struct strbuf a = STRBUF_INIT, b = STRBUF_INIT, c = STRBUF_INIT;
	auto_free char *ra = NULL, *rb = NULL, *rc = NULL, *ia = NULL, *ib = NULL;

	(void)state;
	mail_of(&n, 1, &a);
	n.kind = NOTIFY_FIXED;
	n.build = 13;
	mail_of(&n, 1, &b);
	n.project = "bar";
	mail_of(&n, 1, &c);
	ra = field_of(&a, "\r\nReferences: ");
	rb = field_of(&b, "\r\nReferences: ");
	rc = field_of(&c, "\r\nReferences: ");
	ia = field_of(&a, "\r\nMessage-ID: ");
	ib = field_of(&b, "\r\nMessage-ID: ");
	assert_string_equal(ra, rb);
	assert_string_not_equal(ra, rc);
	assert_string_not_equal(ia, ib);
	assert_string_not_equal(ra, ia);
	assert_true(str_ends(ia, "@example.org>"));
}

static void refused(void **state)
{
	auto_json json_t *j = notify_to_json(&failed), *odd = json_pack("{s:i}", "schema", 2);
	const json_t *good = j, *other = odd;
	auto_strbuf struct strbuf b = STRBUF_INIT;

	(void)state;
	assert_int_equal(notify_mail("ci@x", "a@b\r\nX: y", &good, 1, &b, NULL), -ERR_DENIED);
	assert_int_equal(notify_mail("ci", "a@b", &good, 1, &b, NULL), -ERR_CONFIG);
	assert_int_equal(notify_mail("ci@x", "a@b", &other, 1, &b, NULL), -ERR_CORRUPT);
	assert_int_equal(b.n, 0);
}

static void json(void **state)
{
	auto_json json_t *j = notify_to_json(&failed);
	struct notify_news n;

	(void)state;
	assert_int_equal(notify_from_json(j, &n, NULL), 0);
	assert_int_equal(n.kind, NOTIFY_FAILED);
	assert_int_equal(n.build, 12);
	assert_int_equal(n.line, 77);
	assert_string_equal(n.message, failed.message);
	assert_null(n.nvr);
	assert_string_equal(json_get_str(j, "event"), "failed");
}

static void hook(void **state)
{
	auto_json json_t *j = notify_to_json(&failed);
	auto_free char *dir = NULL, *path = NULL, *out = NULL, *text = NULL, *got = NULL;
	auto_strbuf struct strbuf script = STRBUF_INIT;
	auto_err struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(scratch_make("hook", &dir), 0);
	path = path_join(dir, "hook");
	out = path_join(dir, "out");
	sb_addf(&script, "#!/bin/sh\ncat >'%s'\nif env | grep -q SECRET; then exit 9; fi\n", out);
	(void)setenv("SECRET", "x", 1);
	assert_int_equal(fs_write(path, script.s, script.n, 0755, NULL), 0);
	assert_int_equal(notify_hook(path, j, &e), 0);
	assert_int_equal(fs_read(out, MIB, &got, NULL, NULL), 0);
	text = json_text(j);
	assert_string_equal(got, text);
	sb_add(&script, "echo why not >&2; echo >&2; exit 3\n");
	assert_int_equal(fs_write(path, script.s, script.n, 0755, NULL), 0);
	assert_int_equal(notify_hook(path, j, &e), -ERR_SYS);
	assert_true(str_ends(e.msg, "ended with status 3: why not"));
	err_clear(&e);
	assert_int_equal(notify_hook("/no/such/hook", j, &e), -ERR_NOT_FOUND);
	assert_int_equal(scratch_remove(&dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers),
		cmocka_unit_test(senders),
		cmocka_unit_test(dates),
		cmocka_unit_test(bodies),
		cmocka_unit_test(addresses),
		cmocka_unit_test(named_senders),
		cmocka_unit_test(whole),
		cmocka_unit_test(hostile),
		cmocka_unit_test(several),
		cmocka_unit_test(threads),
		cmocka_unit_test(refused),
		cmocka_unit_test(json),
		cmocka_unit_test(hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
