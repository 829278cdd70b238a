/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/internal.h"

json_t *data_build(const struct report *r, const struct store_build *b)
{
	auto_free char *up = web_upstream(r, b), *pack = web_packaging(r, b);
	json_t *o = store_build_to_json(b);

	json_put_str(o, "upstream_web", up);
	json_put_str(o, "packaging_web", pack);
	return o;
}

json_t *data_unreachable(const struct store_unreachable *u)
{
	return u ? store_unreachable_to_json(u) : json_null();
}
