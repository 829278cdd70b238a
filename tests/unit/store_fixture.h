/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_fixture.h - a store in a scratch directory, and builds in it; after cmocka.h. */
#pragma once
#include "base/fs.h"
#include "base/hash.h"
#include "scratch.h"
#include "store/internal.h"

static char *tmp, *db_path;
static struct store *st;

#define OK(call)                                                                                   \
	do {                                                                                       \
		auto_err struct err e_ = ERR_INIT;                                                 \
		struct err *err = &e_;                                                             \
		if ((call) < 0)                                                                    \
			fail_msg("%s: %s", #call, e_.msg);                                         \
	} while (0)

static inline int setup(void **state)
{
	(void)state;
	assert_int_equal(scratch_make("store", &tmp), 0);
	db_path = path_join(tmp, "packmill.db");
	OK(store_open(tmp, false, &st, err));
	return 0;
}

static inline int teardown(void **state)
{
	int r;

	(void)state;
	store_close(st);
	st = NULL;
	r = scratch_remove(&tmp);
	free(db_path);
	return r;
}

static inline int64_t add(const char *target, const char *project, const char *sha)
{
	char t[32], p[32], s[64];
	struct store_build b = {.queued = 1000, .upstream_url = NULL};
	int64_t id = 0;

	snprintf(t, sizeof t, "%s", target);
	snprintf(p, sizeof p, "%s", project);
	snprintf(s, sizeof s, "%s", sha);
	b.target = t;
	b.project = p;
	b.upstream_sha = b.packaging_sha = s;
	OK(store_build_add(st, &b, &id, NULL, err));
	return id;
}

static inline void add_artifact(struct result *r, const char *nevra, const char *bytes)
{
	struct package *p = vec_push(&r->artifacts);

	assert_true(package_set_nevra(p, nevra));
	p->file = xasprintf("%s.rpm", nevra);
	p->size = strlen(bytes);
	p->kind = str_ends(nevra, ".src") ? PACKAGE_SOURCE : PACKAGE_MAIN;
	sha256_buf(bytes, strlen(bytes), p->sha256);
}

static inline void finish(
	int64_t id, enum build_status status, const char *nevra, const char *bytes)
{
	struct result r = {.status = status};
	auto_free char *src = NULL;

	OK(store_build_start(st, id, err));
	if (nevra) {
		src = xasprintf("%.*s.src", (int)(strrchr(nevra, '.') - nevra), nevra);
		add_artifact(&r, nevra, bytes);
		add_artifact(&r, src, bytes);
	}
	OK(store_build_finish(st, id, &r, err));
	result_release(&r);
}

static inline void publish(int64_t id, const char *nevra, const char *bytes)
{
	finish(id, STATUS_SUCCESS, nevra, bytes);
	OK(store_build_published(st, id, "aa/bb/c", err));
}
