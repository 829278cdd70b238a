/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pending.c - stands in for modules that are being written, so that the tree links; goes with them.
 */
#include "format/rpm/rpm.h"
#include "root/source.h"
#define PENDING __attribute__((weak))
static int pending(struct err *err)
{
	return err_set(err, ERR_CONFIG, "roots from repositories are not supported yet");
}
PENDING int solve_new(const struct solve_conf *c UNUSED, struct solve **r UNUSED, struct err *err)
{
	return pending(err);
}
PENDING void solve_free(struct solve *s UNUSED) {}
PENDING int solve_add_repo(
	struct solve *s UNUSED, const struct solve_repo *r UNUSED, struct err *err)
{
	return pending(err);
}
PENDING int solve_add_files(struct solve *s UNUSED, const char *i UNUSED, int p UNUSED,
	const struct strv *v UNUSED, struct err *err)
{
	return pending(err);
}
PENDING int solve_run(struct solve *s UNUSED, const struct solve_request *q UNUSED,
	const char *t UNUSED, struct solve_result *r UNUSED, struct err *err)
{
	return pending(err);
}
PENDING void solve_request_release(struct solve_request *q UNUSED) {}
PENDING void solve_result_release(struct solve_result *r UNUSED) {}
PENDING int rpm_build_conflicts(const char *s UNUSED, struct strv *ret UNUSED, struct err *err)
{
	return pending(err);
}
