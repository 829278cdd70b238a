/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A configuration of mock of several files in one input, separated by lines "=== NAME". Whatever
 * comes out is a target file that our own reader takes, and every line of what was left is one
 * line.
 */
#include "config/mock/mock.h"
#include "parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parts parts = {(const char *)data, size, "main.cfg"};
	const struct config_input input = {parts_read, &parts};
	struct mock_import i = {0};
	auto_err struct err err = ERR_INIT;
	int r = mock_import(&input, "main.cfg", &i, &err);

	assert((r == 0) == (i.target != NULL) && (r == 0) == (i.yaml != NULL));
	assert(r == 0 || err.code == ERR_CONFIG);
	assert(r < 0 || (i.target->packages.n && i.target->repos.n && !i.target->host));
	strv_foreach (&i.left, l)
		assert(!strchr(*l, '\n'));
	mock_import_release(&i);
	return 0;
}
