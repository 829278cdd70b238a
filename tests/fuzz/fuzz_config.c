/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A configuration of several files in one input, separated by lines "=== NAME". Either it is
 * refused with lines, or what it comes to is shown, loaded again and shown the same.
 */
#include "base/text.h"
#include "parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct config *load(const char *text, size_t n)
{
	struct parts parts = {text, n, "packmill.yaml"};
	const struct config_input input = {parts_read, &parts};
	struct config *c = NULL;
	auto_strv struct strv errors = STRV_INIT;
	auto_err struct err err = ERR_INIT;
	int r = config_load_from(&input, "packmill.yaml", NULL, &c, &errors, &err);

	assert((r == 0) == (errors.n == 0) && (r == 0) == (c != NULL));
	assert(r == 0 || err.code == ERR_CONFIG);
	assert(errors.n <= 101);
	strv_foreach (&errors, e) {
		assert(!strchr(*e, '\n'));
		for (const char *s = *e; *s; s += text_utf8(s, NULL))
			assert(text_utf8(s, NULL));
	}
	return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(config_freep) struct config *c = load((const char *)data, size), *again = NULL;
	auto_free char *yaml = NULL, *same = NULL;

	if (!c)
		return 0;
	vec_foreach (&c->targets, t) /* files by absolute path are not there the second time */
		if (*(*t)->file)
			return 0;
	yaml = config_to_yaml(c);
	again = load(yaml, strlen(yaml));
	assert(again);
	same = config_to_yaml(again);
	assert(str_eq(yaml, same));
	return 0;
}
