/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Roots of rpm packages, what is pure of them: keys, and the reading of what rpm says. */
#include "base/base.h"
#include "root/rpm_make.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void put(struct lock_packages *v, const char *nevra, const char *checksum)
{
	*vec_push(v) =
		(struct lock_package){.nevra = xstrdup(nevra), .checksum = xstrdup(checksum)};
}

static void keys(void **state)
{
	struct lock_packages a = VEC_INIT, b = VEC_INIT, c = VEC_INIT, none = VEC_INIT;
	char key[SHA256_HEX], other[SHA256_HEX];
	enum sandbox_mode mode;

	(void)state;
	if (sandbox_mode(&mode, NULL) < 0)
		skip();
	put(&a, "bash-5-1.x86_64", "11");
	put(&a, "make-4-1.x86_64", "22");
	put(&b, "make-4-1.x86_64", "22");
	put(&b, "bash-5-1.x86_64", "11");
	put(&c, "bash-5-1.x86_64", "11");
	put(&c, "make-4-1.x86_64", "33");
	assert_int_equal(rpm_root_key(NULL, &a, &none, key, NULL), 0);
	assert_int_equal(strlen(key), SHA256_HEX - 1);
	assert_int_equal(rpm_root_key(NULL, &b, NULL, other, NULL), 0);
	assert_string_equal(key, other); /* in any order */
	assert_string_equal(b.v[0].nevra, "make-4-1.x86_64");
	assert_int_equal(rpm_root_key(NULL, &c, NULL, other, NULL), 0);
	assert_string_not_equal(key, other); /* the same NEVRAs, other contents */
	assert_int_equal(rpm_root_key(NULL, &a, &c, other, NULL), 0);
	assert_string_not_equal(key, other);
	assert_int_equal(rpm_root_key(NULL, &c, &a, key, NULL), 0);
	assert_string_not_equal(key, other);
	lock_packages_release(&a);
	lock_packages_release(&b);
	lock_packages_release(&c);
}

/* A root that was made without asking for signatures is none where they are asked for. */
static void signers(void **state)
{
	struct lock_packages a = VEC_INIT;
	struct target t = {0}, other = {0};
	struct target_repo *r = vec_push(&t.repos), *o = vec_push(&other.repos);
	char none[SHA256_HEX], same[SHA256_HEX], key[SHA256_HEX], changed[SHA256_HEX];
	enum sandbox_mode mode;

	(void)state;
	if (sandbox_mode(&mode, NULL) < 0)
		skip();
	put(&a, "bash-5-1.x86_64", "11");
	a.v[0].repo = xstrdup("base");
	*r = (struct target_repo){.id = xstrdup("base")};
	*o = (struct target_repo){.id = xstrdup("other")};
	assert_int_equal(rpm_root_key(NULL, &a, NULL, none, NULL), 0);
	assert_int_equal(rpm_root_key(&t, &a, NULL, same, NULL), 0);
	assert_string_equal(none, same);
	strv_add(&o->gpgkeys, "/a");
	assert_int_equal(rpm_root_key(&other, &a, NULL, same, NULL), 0);
	assert_string_equal(none, same);
	strv_add(&r->gpgkeys, "/a");
	assert_int_equal(rpm_root_key(&t, &a, NULL, key, NULL), 0);
	assert_string_not_equal(none, key);
	strv_add(&r->gpgkeys, "/b");
	assert_int_equal(rpm_root_key(&t, &a, NULL, changed, NULL), 0);
	assert_string_not_equal(key, changed);
	free(r->id);
	free(o->id);
	strv_release(&r->gpgkeys);
	strv_release(&o->gpgkeys);
	vec_release(&t.repos);
	vec_release(&other.repos);
	lock_packages_release(&a);
}

static void words(void **state)
{
	static const struct {
		const char *text, *failed, *error;
		size_t shown;
	} rows[] = {
		{"", NULL, NULL, 0},
		{"Creating group\nall well\n", NULL, NULL, 0},
		{"warning: /etc/x created as /etc/x.rpmnew\n", NULL, NULL, 1},
		{"useradd: no\nsorry\nwarning: %post(a-1-1.noarch) scriptlet failed, exit status "
		 "3\n",
			"%post(a-1-1.noarch) scriptlet failed, exit status 3: useradd: no; sorry",
			NULL, 1},
		{"\tinstalling package a-1-1.noarch needs 3MB more space on the / filesystem\n",
			NULL,
			"installing package a-1-1.noarch needs 3MB more space on the / filesystem",
			0},
		{"no end of linewarning: %post(a-1-1.noarch) scriptlet failed, exit status 3\n",
			"%post(a-1-1.noarch) scriptlet failed, exit status 3: no end of line", NULL,
			1},
		{"error: %prein(a-1-1.noarch) scriptlet failed, signal 9\n"
		 "error: a-1-1.noarch: install failed\n",
			"%prein(a-1-1.noarch) scriptlet failed, signal 9",
			"%prein(a-1-1.noarch) scriptlet failed, signal 9; "
			"a-1-1.noarch: install failed",
			0},
		{"warning: user x does not exist - using root\n", NULL, NULL, 1},
		{"error: lua script failed: [string \"%post(a)\"]:1: oh\n",
			"lua script failed: [string \"%post(a)\"]:1: oh",
			"lua script failed: [string \"%post(a)\"]:1: oh", 0},
		{"error: Failed dependencies:\n\tx is needed by a-1-1\n\ty is needed by b-1-1\n",
			NULL, "Failed dependencies: x is needed by a-1-1; y is needed by b-1-1", 0},
		{"evil \033[31m\nwarning: %post(a) scriptlet failed, exit status 1\n",
			"%post(a) scriptlet failed, exit status 1: evil ?[31m", NULL, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNTOF(rows); i++) {
		CLEANUP(rpm_words_release) struct rpm_words w = {.failed = NULL};

		rpm_words_read(&w, rows[i].text);
		assert_true(str_eq_null(w.failed, rows[i].failed));
		assert_true(str_eq_null(w.error, rows[i].error));
		assert_int_equal(w.shown.n, rows[i].shown);
		assert_int_equal(w.no_owner, strstr(rows[i].text, "using root") != NULL);
	}
}

static void installed(void **state)
{
	auto_strv struct strv v = STRV_INIT;

	(void)state;
	rpm_installed(
		"make\t1\t4-1.x86_64\nbash\t0\t5-1.x86_64\ngpg-pubkey\t0\t1-2.(none)\nbad\n", &v);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[0], "bash-5-1.x86_64");
	assert_string_equal(v.v[1], "make-1:4-1.x86_64");
}

static void tool(void **state)
{
	auto_strv struct strv v = STRV_INIT;
	auto_err struct err e = ERR_INIT;

	(void)state;
	if (rpm_tool(&v, &e) == -ERR_NOT_FOUND)
		skip();
	assert_true(v.n >= 4);
	assert_true(str_starts(v.v[0], RPM_HOST "/usr/"));
	assert_string_equal(v.v[v.n - 1], RPM_HOST "/usr/bin/rpm");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(signers),
		cmocka_unit_test(words),
		cmocka_unit_test(installed),
		cmocka_unit_test(tool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
