/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whatever tags and upstreams say, rpm takes the Version and the Release. Input: one byte of
 * choices, then tag, declared, branch, spec version and spec release, each up to a newline.
 */
#include "base/base.h"
#include "version/version.h"

#define GOOD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+~^_"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *field(const char **p)
{
	size_t n = strcspn(*p, "\n");
	char *s = xstrndup(*p, n);

	*p += n + ((*p)[n] == '\n');
	return s;
}

static const char *or_null(const char *s)
{
	return *s ? s : NULL;
}

static void check(const struct version *v)
{
	size_t n = strlen(v->version);

	assert(n && n <= 64 && strspn(v->version, GOOD) == n);
	assert(*v->version >= '0' && *v->version <= '9');
	assert(strspn(v->upstream, GOOD "-") == strlen(v->upstream));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = NULL, *tag = NULL, *declared = NULL, *branch = NULL, *sv = NULL,
		       *sr = NULL;
	const char *p;
	struct version_facts f;

	if (!size)
		return 0;
	p = text = xstrndup((const char *)data + 1, size - 1);
	tag = field(&p);
	declared = field(&p);
	branch = field(&p);
	sv = field(&p);
	sr = field(&p);
	f = (struct version_facts){
		.tag = or_null(tag),
		.declared = or_null(declared),
		.branch = or_null(branch),
		.spec_version = or_null(sv),
		.spec_release = or_null(sr),
		.sha = "a5f0e3c1234567890123456789012345678901ab",
		.commits = data[0] & 7,
		.rebuild = data[0] >> 3 & 3,
		.minor = data[0] >> 5,
		.date = (int64_t)data[0] << 28,
	};
	for (const char *const *policy = version_policies(); *policy; policy++) {
		CLEANUP(version_release) struct version v = {0};

		if (version_compute(*policy, version_numberings()[data[0] % 3], &f, &v, NULL) >=
				0 &&
			!str_eq(*policy, "keep"))
			check(&v);
	}
	return 0;
}
