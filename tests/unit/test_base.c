/* SPDX-License-Identifier: GPL-3.0-or-later */
/* str, vec, map, err, time, hash, log */
#include "base/base.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "base/time.h"
#include "base/vec.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void strbuf_grows(void **state)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_free char *taken = NULL;

	(void)state;
	assert_string_equal(sb_str(&b), "");
	sb_truncate(&b, 0);
	for (int i = 0; i < 1000; i++)
		sb_addf(&b, "%d,", i % 10);
	assert_int_equal(b.n, 2000);
	sb_truncate(&b, 4);
	sb_add(&b, "x");
	sb_addc(&b, 'y');
	sb_addn(&b, "zzz", 1);
	assert_string_equal(sb_str(&b), "0,1,xyz");
	taken = sb_take(&b);
	assert_string_equal(taken, "0,1,xyz");
	assert_null(b.s);
	free(TAKE(taken));
	taken = sb_take(&b);
	assert_string_equal(taken, "");
}

static void strv_basics(void **state)
{
	auto_strv struct strv v = STRV_INIT, w = STRV_INIT;
	auto_free char *joined = NULL;
	size_t seen = 0;

	(void)state;
	strv_foreach (&v, it)
		seen++;
	assert_int_equal(seen, 0);
	strv_addl(&v, "c", "a", NULL);
	strv_addf(&v, "b%d", 1);
	strv_addn(&v, "dxx", 1);
	assert_null(v.v[v.n]);
	strv_sort(&v);
	strv_copy(&w, &v);
	joined = strv_join(&w, "|");
	assert_string_equal(joined, "a|b1|c|d");
	assert_true(strv_has(&w, "b1"));
	assert_false(strv_has(&w, "b"));
}

static void check_pieces(bool lines, const char *s, const char *expected)
{
	auto_strv struct strv v = STRV_INIT;
	auto_free char *joined = NULL;

	if (lines)
		strv_lines(&v, s);
	else
		strv_split(&v, s, ", ");
	joined = strv_join(&v, "|");
	assert_string_equal(joined, expected);
}

static void strv_pieces(void **state)
{
	(void)state;
	check_pieces(false, "", "");
	check_pieces(false, " ,a,, b c,", "a|b|c");
	check_pieces(true, "", "");
	check_pieces(true, "a\n\nb\n", "a||b");
	check_pieces(true, "a\nb", "a|b");
}

static void str_helpers(void **state)
{
	auto_free char *trimmed = str_trim(" \t a b\n"), *blank = str_trim(" \n");
	auto_free char *replaced = str_replace("aXbXX", "X", "--"),
		       *same = str_replace("ab", "", "x");
	auto_free char *owned = xstrdup("hello");

	(void)state;
	assert_string_equal(trimmed, "a b");
	assert_string_equal(blank, "");
	assert_string_equal(replaced, "a--b----");
	assert_string_equal(same, "ab");
	str_set(&owned, owned + 2);
	assert_string_equal(owned, "llo");
	str_set(&owned, NULL);
	assert_null(owned);
	assert_true(str_starts("abc", "ab") && !str_starts("a", "ab") && str_starts("a", ""));
	assert_true(str_ends("abc", "bc") && !str_ends("c", "bc") && str_ends("c", ""));
	assert_true(str_eq_null(NULL, NULL) && str_eq_null("a", "a"));
	assert_false(str_eq_null(NULL, "") || str_eq_null("", NULL));
}

static void numbers(void **state)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "-1", "0x1", "18446744073709551616", "99999999999999999999"};
	uint64_t v = 7;

	(void)state;
	for (size_t i = 0; i < COUNTOF(bad); i++)
		assert_false(str_u64(bad[i], &v));
	assert_int_equal(v, 7);
	assert_true(str_u64("18446744073709551615", &v));
	assert_true(v == UINT64_MAX);
	assert_true(str_u64("007", &v));
	assert_int_equal(v, 7);
}

static void distances(void **state)
{
	static const struct {
		const char *a, *b;
		size_t d;
	} t[] = {{"", "", 0}, {"abc", "", 3}, {"", "ab", 2}, {"upstream", "upsteam", 1},
		{"upstream", "upstraem", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}};
	static const char *const keys[] = {"upstream", "packaging", "project", "name"};

	(void)state;
	for (size_t i = 0; i < COUNTOF(t); i++)
		assert_int_equal(str_distance(t[i].a, t[i].b), t[i].d);
	assert_string_equal(str_nearest("upsteam", keys, COUNTOF(keys)), "upstream");
	assert_string_equal(str_nearest("nmae", keys, COUNTOF(keys)), "name");
	assert_string_equal(str_nearest("pakaging", keys, COUNTOF(keys)), "packaging");
	assert_null(str_nearest("colour", keys, COUNTOF(keys)));
	assert_null(str_nearest("", keys, COUNTOF(keys)));
	assert_null(str_nearest("x", keys, 0));
}

static void names(void **state)
{
	static const char *const good[] = {"a", "python-stevedore", "gcc-c++", "a.b_c", "0ad"};
	static const char *const bad[] = {
		"", ".", "..", "-a", "+a", "a/b", "a..b", "a b", "a\n", "a:b", "\xc3\xa4", "a\x1b"};
	char longest[LIMIT_NAME + 2];

	(void)state;
	for (size_t i = 0; i < COUNTOF(good); i++)
		assert_true(str_is_name(good[i]));
	for (size_t i = 0; i < COUNTOF(bad); i++)
		assert_false(str_is_name(bad[i]));
	memset(longest, 'a', sizeof longest);
	longest[LIMIT_NAME + 1] = '\0';
	assert_false(str_is_name(longest));
	longest[LIMIT_NAME] = '\0';
	assert_true(str_is_name(longest));
}

struct pair {
	char *name;
	int n;
};

static void pair_release(struct pair *p)
{
	free(p->name);
}

static void vectors(void **state)
{
	VEC(struct pair) v = VEC_INIT;
	int sum = 0;

	(void)state;
	vec_foreach (&v, none)
		sum += none->n;
	for (int i = 0; i < 100; i++)
		*vec_push(&v) = (struct pair){.name = xasprintf("%d", i), .n = i};
	vec_foreach (&v, it)
		sum += it->n;
	assert_int_equal(sum, 4950);
	assert_string_equal(v.v[99].name, "99");
	assert_null(vec_push(&v)->name);
	vec_free(&v, pair_release);
	assert_null(v.v);
	assert_int_equal(v.n, 0);
}

static void maps(void **state)
{
	auto_hmap struct hmap m = HMAP_INIT;
	size_t v = 42;

	(void)state;
	assert_false(hmap_get(&m, "x", &v));
	for (size_t i = 0; i < 20000; i++) {
		auto_free char *k = xasprintf("package-%zu", i);

		assert_true(hmap_set(&m, k, i));
	}
	assert_int_equal(m.n, 20000);
	assert_false(hmap_set(&m, "package-7", 77));
	assert_true(hmap_get(&m, "package-7", &v));
	assert_int_equal(v, 77);
	for (size_t i = 8; i < 20000; i++) {
		auto_free char *k = xasprintf("package-%zu", i);

		assert_true(hmap_get(&m, k, &v));
		assert_int_equal(v, i);
	}
	assert_false(hmap_has(&m, "package-20000"));
	assert_true(hmap_set(&m, "", 1));
	assert_true(hmap_has(&m, ""));
}

static void errors(void **state)
{
	auto_err struct err e = ERR_INIT, f = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&e, ERR_NET, "get '%s'", "x"), -ERR_NET);
	assert_int_equal(err_wrap(&e, "sync %d", 1), -ERR_NET);
	assert_string_equal(e.msg, "sync 1: get 'x'");
	assert_true(err_retryable(e.code));
	assert_int_equal(err_exit_status(&e), 5);
	assert_int_equal(err_set(&e, ERR_SYS, "again: %s", e.msg), -ERR_SYS);
	assert_string_equal(e.msg, "again: sync 1: get 'x'");
	errno = ENOENT;
	assert_int_equal(err_errno(&f, "open"), -ERR_NOT_FOUND);
	assert_string_equal(f.msg, "open: No such file or directory");
	assert_int_equal(err_move(&e, &f), -ERR_NOT_FOUND);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_null(f.msg);
	assert_int_equal(err_set(NULL, ERR_BUG, "nobody listens"), -ERR_BUG);
	(void)err_set_(&e, ERR_SIGNAL, 15, "stopped");
	assert_int_equal(err_exit_status(&e), 143);
	assert_string_equal(e.msg, "stopped");
}

static void dates(void **state)
{
	static const struct {
		int64_t t;
		const char *compact, *iso;
	} t[] = {
		{0, "19700101000000", "1970-01-01T00:00:00Z"},
		{951782400, "20000229000000", "2000-02-29T00:00:00Z"},
		{1767323045, "20260102030405", "2026-01-02T03:04:05Z"},
		{-1, "19691231235959", "1969-12-31T23:59:59Z"},
		{INT64_MIN, "00000101000000", "0000-01-01T00:00:00Z"},
		{INT64_MAX, "99991231235959", "9999-12-31T23:59:59Z"},
	};
	char compact[15], iso[21];
	uint64_t before = time_mono_ms();

	(void)state;
	for (size_t i = 0; i < COUNTOF(t); i++) {
		time_compact(t[i].t, compact);
		time_iso(t[i].t, iso);
		assert_string_equal(compact, t[i].compact);
		assert_string_equal(iso, t[i].iso);
	}
	assert_true(time_now() > 1700000000);
	assert_true(before <= time_mono_ms());
	assert_true(time_mono() > 0);
}

static void durations(void **state)
{
	static const struct {
		const char *s;
		uint64_t v;
	} t[] = {{"0", 0}, {"90", 90}, {"90s", 90}, {"15m", 900}, {"2h", 7200}, {"1d", 86400}};
	static const char *const bad[] = {
		"", "s", "-1", "1.5h", "1 h", "1w", "1hh", "213503982334602d", " 1"};
	uint64_t v = 3;

	(void)state;
	for (size_t i = 0; i < COUNTOF(bad); i++)
		assert_false(time_parse_duration(bad[i], &v));
	assert_int_equal(v, 3);
	for (size_t i = 0; i < COUNTOF(t); i++) {
		assert_true(time_parse_duration(t[i].s, &v));
		assert_true(v == t[i].v);
	}
}

static void sizes(void **state)
{
	static const struct {
		const char *s;
		uint64_t v;
	} t[] = {{"4096", 4096}, {"100k", 102400}, {"512M", 512 * MIB}, {"4G", 4 * GIB},
		{"4GiB", 4 * GIB}, {"1TiB", 1024 * GIB}, {"16777215T", UINT64_C(16777215) << 40}};
	static const char *const bad[] = {
		"", "G", "4B", "4iB", "4GB", "4Gi", "4 G", "-4G", "1.5G", "16777216T", "4GiBs"};
	static const struct {
		uint64_t v;
		const char *s;
	} out[] = {{0, "0 B"}, {1023, "1023 B"}, {1024, "1.0 KiB"}, {1536 * MIB, "1.5 GiB"},
		{MIB - 1, "1.0 MiB"}, {UINT64_MAX, "16.0 EiB"}};
	char buf[32];
	uint64_t v = 3;

	(void)state;
	for (size_t i = 0; i < COUNTOF(bad); i++)
		assert_false(size_parse(bad[i], &v));
	assert_int_equal(v, 3);
	for (size_t i = 0; i < COUNTOF(t); i++) {
		assert_true(size_parse(t[i].s, &v));
		assert_true(v == t[i].v);
	}
	for (size_t i = 0; i < COUNTOF(out); i++) {
		size_format(out[i].v, buf, sizeof buf);
		assert_string_equal(buf, out[i].s);
	}
}

/* FIPS 180-4 examples. */
static void hashes(void **state)
{
	static const struct {
		const char *text, *hex;
	} t[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	char hex[SHA256_HEX], other[SHA256_HEX];
	struct sha256 *h;

	(void)state;
	for (size_t i = 0; i < COUNTOF(t); i++) {
		sha256_buf(t[i].text, strlen(t[i].text), hex);
		assert_string_equal(hex, t[i].hex);
	}
	h = sha256_new();
	sha256_add(h, "a", 1);
	sha256_add(h, "bc", 2);
	sha256_end(h, hex);
	assert_string_equal(hex, t[1].hex);
	h = sha256_new();
	sha256_add_str(h, "a");
	sha256_add_str(h, "bc");
	sha256_end(h, hex);
	sha256_buf("a\0bc\0", 5, other);
	assert_string_equal(hex, other);
	sha256_free(sha256_new());
	sha256_free(NULL);
}

static void hash_files(void **state)
{
	auto_err struct err e = ERR_INIT;
	char hex[SHA256_HEX] = "untouched";

	(void)state;
	assert_int_equal(sha256_file("/dev/null", hex, &e), 0);
	assert_memory_equal(hex, "e3b0c442", 8);
	(void)memcpy(hex, "untouched", 10);
	assert_int_equal(sha256_file("/does/not/exist", hex, &e), -ERR_NOT_FOUND);
	assert_string_equal(hex, "untouched");
	assert_int_equal(sha256_file("/", hex, &e), -ERR_SYS);
	assert_string_equal(e.msg, "'/': read: Is a directory");
}

static void traces(void **state)
{
	(void)state;
	(void)unsetenv("PACKMILL_TRACE");
	assert_false(trace_on("proc"));
	(void)setenv("PACKMILL_TRACE", "store,proc", 1);
	assert_true(trace_on("proc") && trace_on("store"));
	assert_false(trace_on("pro") || trace_on("process") || trace_on(""));
	(void)setenv("PACKMILL_TRACE", "all", 1);
	assert_true(trace_on("sandbox"));
	(void)unsetenv("PACKMILL_TRACE");
	trace("proc", "not shown");
	log_set_level(LOG_QUIET);
	log_info("not shown");
	log_set_level(LOG_NORMAL);
	log_verbose("not shown");
	assert_int_equal(log_get_level(), LOG_NORMAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strbuf_grows),
		cmocka_unit_test(strv_basics),
		cmocka_unit_test(strv_pieces),
		cmocka_unit_test(str_helpers),
		cmocka_unit_test(numbers),
		cmocka_unit_test(distances),
		cmocka_unit_test(names),
		cmocka_unit_test(vectors),
		cmocka_unit_test(maps),
		cmocka_unit_test(errors),
		cmocka_unit_test(dates),
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
		cmocka_unit_test(hashes),
		cmocka_unit_test(hash_files),
		cmocka_unit_test(traces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
