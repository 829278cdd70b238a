/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever news say, the mail has its header and its body, of short lines of ASCII. */
#include "base/base.h"
#include "notify/notify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *s)
{
	bool head = true;
	size_t fields = 0;

	while (*s) {
		const char *end = strstr(s, "\r\n");

		assert(end && end - s <= 998);
		assert(!(end - s == 1 && *s == '.'));
		head = head && end != s;
		fields += head && *s != ' ';
		assert(head || end - s <= 76);
		for (; s < end; s++)
			assert(*s >= ' ' && *s < 0x7f);
		s = end + 2;
	}
	assert(fields == 12 || fields == 13);
}

/* The first byte is the kind, the rest stands everywhere. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *s = xmalloc(size + 1);
	auto_strbuf struct strbuf mail = STRBUF_INIT, title = STRBUF_INIT;
	auto_strbuf struct strbuf sender = STRBUF_INIT, named = STRBUF_INIT;
	struct notify_news n = {.at = 1700000000, .build = 1, .line = 3, .since = 1};
	json_t *j[2];
	const json_t *list[2];

	if (!size || size > 65536)
		return 0;
	memcpy(s, data, size);
	s[size] = '\0';
	n.kind = (enum notify_kind)(data[0] % (NOTIFY_BUILT + 1));
	n.instance = n.target = n.project = n.nvr = n.cause = n.step = n.message = n.log =
		n.excerpt = n.upstream_url = n.upstream_sha = n.author = n.subject =
			n.packaging_sha = n.url_build = n.url_log = n.detail = s + 1;
	notify_title(&n, &title);
	list[0] = j[0] = notify_to_json(&n);
	n.kind = NOTIFY_FIXED;
	n.project = "foo";
	list[1] = j[1] = notify_to_json(&n);
	assert(notify_mail("a@b", "c@d", list, 1 + size % 2, &mail, NULL) == 0);
	check(sb_str(&mail));
	assert(notify_mail(s + 1, s + 1, list, 1, &title, NULL) == 0 || !smtp_address_ok(s + 1));
	sb_addf(&sender, "%s <a@b>", s + 1);
	assert(notify_mail(sb_str(&sender), "c@d", list, 1, &named, NULL) == 0);
	check(sb_str(&named));
	json_decref(j[0]);
	json_decref(j[1]);
	return 0;
}
