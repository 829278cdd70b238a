/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What mirrors say: repomd.xml, metalinks, lists of mirrors; and where it leads. */
#include "base/base.h"
#include "remote/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_file(const struct repomd_file *f)
{
	if (!f->location)
		return;
	auto_free char *url = url_below("https://example.org/x", f->location);
	assert(!lock_location_fault(f->location) && digest_known(f->checksum));
	assert(!strstr(url, "/../") && str_starts(url, "https://example.org/x/"));
}

static void check_mirrors(struct mirrors *m)
{
	assert(m->bases.n);
	strv_foreach (&m->bases, b)
		assert(url_is_remote(*b));
	mirrors_release(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	auto_free char *text = xstrndup((const char *)data, n);
	struct repomd md = {0};
	struct mirrors m = {.bases = STRV_INIT};

	n = strlen(text);
	if (repomd_parse(text, n, &md, NULL) >= 0) {
		check_file(&md.primary);
		check_file(&md.filelists);
		check_file(&md.modules);
		repomd_release(&md);
	}
	if (metalink_parse(text, n, false, &m, NULL) >= 0) {
		assert(m.sums.n);
		check_mirrors(&m);
	}
	m = (struct mirrors){.bases = STRV_INIT};
	if (mirrorlist_parse(text, n, false, &m, NULL) >= 0)
		check_mirrors(&m);
	return 0;
}
