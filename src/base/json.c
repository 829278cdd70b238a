/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/text.h"

int json_parse(const char *text, size_t n, const char *where, json_t **ret, struct err *err)
{
	json_error_t e;
	json_t *j = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);

	if (!j)
		return err_set(err, ERR_CORRUPT, "%s:%d:%d: %s", where, e.line, e.column, e.text);
	*ret = j;
	return 0;
}

int json_read(const char *path, json_t **ret, struct err *err)
{
	auto_free char *text = NULL;
	size_t n = 0;
	int r = fs_read(path, LIMIT_JSON, &text, &n, err);

	return r < 0 ? r : json_parse(text, n, path, ret, err);
}

char *json_text(const json_t *j)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_free char *s = json_dumps(j, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENCODE_ANY);

	if (!s)
		oom_(__FILE__, __LINE__);
	sb_add(&b, s);
	sb_addc(&b, '\n');
	return sb_take(&b);
}

int json_write_atomic(const char *path, const json_t *j, struct err *err)
{
	auto_free char *s = json_text(j);

	return fs_write_atomic(path, s, strlen(s), 0644, err);
}

/* The text with ? for every byte that is not UTF-8; jansson refuses such strings. */
static char *clean(const char *s)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;

	while (*s) {
		size_t n = text_utf8(s, NULL);

		if (n)
			sb_addn(&b, s, n);
		else
			sb_addc(&b, '?');
		s += n ? n : 1;
	}
	return sb_take(&b);
}

static json_t *new_string(const char *s)
{
	auto_free char *text = s ? clean(s) : NULL;

	return text ? json_string(text) : json_null();
}

void json_put(json_t *obj, const char *key, json_t *value)
{
	auto_free char *k = clean(key);

	if (!value || json_object_set_new(obj, k, value) < 0)
		oom_(__FILE__, __LINE__);
}

void json_put_str(json_t *obj, const char *key, const char *value)
{
	json_put(obj, key, new_string(value));
}

void json_put_int(json_t *obj, const char *key, int64_t value)
{
	json_put(obj, key, json_integer(value));
}

/* JSON has no infinity and no NaN: those become null. */
void json_put_real(json_t *obj, const char *key, double value)
{
	bool finite = value - value == 0;

	json_put(obj, key, finite ? json_real(value) : json_null());
}

void json_put_bool(json_t *obj, const char *key, bool value)
{
	json_put(obj, key, json_boolean(value));
}

void json_put_strv(json_t *obj, const char *key, const struct strv *value)
{
	json_t *a = json_array();

	for (size_t i = 0; i < value->n; i++)
		if (json_array_append_new(a, new_string(value->v[i])) < 0)
			oom_(__FILE__, __LINE__);
	json_put(obj, key, a);
}

const char *json_get_str(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

int64_t json_get_int(const json_t *obj, const char *key)
{
	return json_integer_value(json_object_get(obj, key));
}

double json_get_real(const json_t *obj, const char *key)
{
	return json_number_value(json_object_get(obj, key));
}

bool json_get_bool(const json_t *obj, const char *key)
{
	return json_is_true(json_object_get(obj, key));
}

void json_get_strv(const json_t *obj, const char *key, struct strv *ret)
{
	const json_t *a = json_object_get(obj, key);

	for (size_t i = 0; i < json_array_size(a); i++) {
		const char *s = json_string_value(json_array_get(a, i));

		if (s)
			strv_add(ret, s);
	}
}
