/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * projects.ini and two YAML files of rdoinfo in one input, separated by lines "=== NAME". Whatever
 * comes out is a configuration that our own reader takes, and every line of what was left is one
 * line.
 */
#include "config/dlrn/dlrn.h"
#include "parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parts parts = {(const char *)data, size, "projects.ini"};
	const struct config_input input = {parts_read, &parts};
	struct dlrn_import i = {0};
	auto_strv struct strv infos = STRV_INIT;
	auto_err struct err err = ERR_INIT;
	bool second = memmem(data, size, "=== b.yml\n", 10) != NULL;
	int r;

	if (memmem(data, size, "=== a.yml\n", 10))
		strv_add(&infos, "a.yml");
	if (second)
		strv_add(&infos, "b.yml");
	r = dlrn_import(&input, "projects.ini", &infos, "packmill.yaml", NULL, &i, &err);
	assert((r == 0) == (i.config != NULL) && (r == 0) == (i.yaml != NULL));
	assert(r == 0 || err.code == ERR_CONFIG);
	assert(!err.msg || !strstr(err.msg, "no configuration comes out"));
	strv_foreach (&i.left, l)
		assert(!strchr(*l, '\n'));
	dlrn_import_release(&i);
	return 0;
}
