/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notify.c - news as JSON, and the hook program that reads it. */
#include "notify/notify.h"
#include "base/proc.h"

#define HOOK_SECS 60
#define HOOK_KEPT 65536 /* bytes of its stderr that are looked at */

static const char *const kinds[] = {
	[NOTIFY_FAILED] = "failed",
	[NOTIFY_FIXED] = "fixed",
	[NOTIFY_INFRASTRUCTURE] = "infrastructure",
	[NOTIFY_BUILT] = "built",
	[NOTIFY_TEST] = "test",
};

const char *notify_kind_name(enum notify_kind k)
{
	return (size_t)k < COUNTOF(kinds) ? kinds[k] : "unknown";
}

bool notify_kind_parse(const char *s, enum notify_kind *ret)
{
	for (size_t i = 0; s && i < COUNTOF(kinds); i++) {
		if (!str_eq(kinds[i], s))
			continue;
		*ret = (enum notify_kind)i;
		return true;
	}
	return false;
}

/* What is text in the JSON, and where in the struct. */
static const struct {
	const char *key;
	size_t offset;
} texts[] = {
#define TEXT(name)                                                                                 \
	{                                                                                          \
#name, offsetof(struct notify_news, name)                                          \
	}
	TEXT(instance),
	TEXT(target),
	TEXT(project),
	TEXT(nvr),
	TEXT(cause),
	TEXT(step),
	TEXT(message),
	TEXT(log),
	TEXT(excerpt),
	TEXT(upstream_url),
	TEXT(upstream_sha),
	TEXT(author),
	TEXT(subject),
	TEXT(packaging_url),
	TEXT(packaging_sha),
	TEXT(url_build),
	TEXT(url_log),
	TEXT(url_commit),
	TEXT(url_repo),
	TEXT(good_nvr),
	TEXT(good_sha),
	TEXT(detail),
#undef TEXT
};

static const struct {
	const char *key;
	size_t offset;
} numbers[] = {
#define NUMBER(name)                                                                               \
	{                                                                                          \
#name, offsetof(struct notify_news, name)                                          \
	}
	NUMBER(at),
	NUMBER(build),
	NUMBER(attempt),
	NUMBER(line),
	NUMBER(since),
	NUMBER(since_build),
	NUMBER(good_build),
	NUMBER(good_time),
#undef NUMBER
};

json_t *notify_to_json(const struct notify_news *n)
{
	json_t *o = json_object();

	json_put_int(o, "schema", 1);
	json_put_str(o, "event", notify_kind_name(n->kind));
	for (size_t i = 0; i < COUNTOF(numbers); i++) {
		int64_t v;

		memcpy(&v, (const char *)n + numbers[i].offset, sizeof v);
		json_put_int(o, numbers[i].key, v);
	}
	for (size_t i = 0; i < COUNTOF(texts); i++) {
		const char *s;

		memcpy(&s, (const char *)n + texts[i].offset, sizeof s);
		json_put_str(o, texts[i].key, s);
	}
	return o;
}

int notify_from_json(const json_t *j, struct notify_news *ret, struct err *err)
{
	struct notify_news n = {0};

	if (!json_is_object(j) || json_get_int(j, "schema") != 1 ||
		!notify_kind_parse(json_get_str(j, "event"), &n.kind))
		return err_set(err, ERR_CORRUPT, "this is no news of schema 1");
	for (size_t i = 0; i < COUNTOF(numbers); i++) {
		int64_t v = json_get_int(j, numbers[i].key);

		memcpy((char *)&n + numbers[i].offset, &v, sizeof v);
	}
	for (size_t i = 0; i < COUNTOF(texts); i++) {
		const char *s = json_get_str(j, texts[i].key);

		memcpy((char *)&n + texts[i].offset, &s, sizeof s);
	}
	*ret = n;
	return 0;
}

static char *last_line(const char *text)
{
	auto_strv struct strv lines = STRV_INIT;

	strv_lines(&lines, text);
	for (size_t i = lines.n; i > 0; i--) {
		auto_free char *l = str_trim(lines.v[i - 1]);

		if (*l)
			return TAKE(l);
	}
	return xstrdup("it said nothing");
}

int notify_hook(const char *program, const json_t *news, struct err *err)
{
	const char *argv[] = {program, NULL};
	auto_strbuf struct strbuf said = STRBUF_INIT;
	auto_free char *text = json_text(news), *why = NULL;
	struct proc_result p = {0};
	struct proc_opts o = {
		.argv = argv,
		.input = text,
		.cwd = "/",
		.timeout = HOOK_SECS,
		.out_cap = HOOK_KEPT,
		.own_group = true,
	};
	int r = proc_run(&o, NULL, &said, &p, err);

	if (r < 0)
		return r;
	if (!p.exit)
		return 0;
	why = last_line(sb_str(&said));
	return err_set(
		err, ERR_SYS, "hook '%s' ended with status %d: %.300s", program, p.exit, why);
}
