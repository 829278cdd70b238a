/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lock file of a stranger: what is taken survives its own JSON form, and no location leaves its
 * repository. */
#include "model/lock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct lock_packages *v)
{
	vec_foreach (v, p) {
		if (str_eq(p->repo, "host"))
			continue;
		assert(p->checksum && !strchr(p->checksum, '/'));
		assert(str_eq(p->repo, LOCK_OWN) || *p->location != '/');
		assert(str_eq(p->repo, LOCK_OWN) || !strstr(p->location, "/../"));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(lock_freep) struct lock *l = NULL, *again = NULL;
	auto_json json_t *j = NULL, *copy = NULL;

	if (json_parse((const char *)data, size, "input", &j, NULL) < 0 ||
		lock_from_json(j, &l, NULL) < 0)
		return 0;
	check(&l->base);
	check(&l->build);
	copy = lock_to_json(l);
	assert(lock_from_json(copy, &again, NULL) >= 0);
	assert(again->base.n == l->base.n && again->build.n == l->build.n);
	return 0;
}
