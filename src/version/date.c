/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "version/internal.h"

int64_t version_date(int64_t upstream, int64_t packaging, int64_t last, int64_t queued)
{
	int64_t date = upstream > packaging ? upstream : packaging;

	if (date < 0)
		date = 0;
	if (last <= 0 || date > last)
		return date;
	/* a clock that is behind, or a commit from the future: still never down */
	return queued > last ? queued : last + 1;
}
