/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "repo/metadata.h"

/* Measured by tests/bench/publish: among 5,000 packages level 4 takes a third longer for a tenth
 * less. */
#define GZIP_LEVEL 1
#define CHUNK      ((size_t)64 * 1024)

static const struct {
	const char *type, *root, *ns;
} kinds[META_FILES] = {
	[META_PRIMARY] = {"primary", "metadata",
		"xmlns=\"http://linux.duke.edu/metadata/common\" "
		"xmlns:rpm=\"http://linux.duke.edu/metadata/rpm\""},
	[META_FILELISTS] = {"filelists", "filelists",
		"xmlns=\"http://linux.duke.edu/metadata/filelists\""},
	[META_OTHER] = {"other", "otherdata", "xmlns=\"http://linux.duke.edu/metadata/other\""},
};

/* Feed the compressor; zlib fails here only without memory. */
static void pack(struct metadata_file *f, const void *data, size_t n, int flush)
{
	unsigned char buf[CHUNK];
	int rc;

	f->z.next_in = data;
	f->z.avail_in = (uInt)n;
	do {
		f->z.next_out = buf;
		f->z.avail_out = sizeof buf;
		rc = deflate(&f->z, flush);
		if (rc == Z_STREAM_ERROR)
			oom_(__FILE__, __LINE__);
		sb_addn(&f->gz, buf, sizeof buf - f->z.avail_out);
	} while (f->z.avail_out == 0);
}

void metadata_add(struct metadata *m, size_t file, const void *xml, size_t n)
{
	struct metadata_file *f = &m->files[file];
	const char *p = xml;

	sha256_add(f->open, xml, n);
	f->open_size += n;
	for (size_t done = 0; done < n;) {
		size_t part = n - done > CHUNK ? CHUNK : n - done;

		pack(f, p + done, part, Z_NO_FLUSH);
		done += part;
	}
}

void metadata_begin(struct metadata *m, size_t packages)
{
	*m = (struct metadata){0};
	for (size_t i = 0; i < META_FILES; i++) {
		auto_free char *head = xasprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
						 "<%s %s packages=\"%zu\">\n",
			kinds[i].root, kinds[i].ns, packages);

		m->files[i].open = sha256_new();
		/* 31: the largest window, gzip header without name and time */
		if (deflateInit2(&m->files[i].z, GZIP_LEVEL, Z_DEFLATED, 31, 9,
			    Z_DEFAULT_STRATEGY) != Z_OK)
			oom_(__FILE__, __LINE__);
		metadata_add(m, i, head, strlen(head));
	}
}

void metadata_end(struct metadata *m, int64_t now)
{
	struct repomd_file records[META_FILES];
	struct strv hrefs = STRV_INIT;

	for (size_t i = 0; i < META_FILES; i++) {
		struct metadata_file *f = &m->files[i];
		auto_free char *tail = xasprintf("</%s>\n", kinds[i].root);

		metadata_add(m, i, tail, strlen(tail));
		pack(f, "", 0, Z_FINISH);
		deflateEnd(&f->z);
		sha256_end(TAKE(f->open), f->open_sha256);
		sha256_buf(f->gz.s, f->gz.n, f->sha256);
		f->name = xasprintf("%s-%s.xml.gz", f->sha256, kinds[i].type);
		strv_addf(&hrefs, "repodata/%s", f->name);
	}
	for (size_t i = 0; i < META_FILES; i++) {
		const struct metadata_file *f = &m->files[i];

		records[i] = (struct repomd_file){kinds[i].type, hrefs.v[i], f->sha256,
			f->open_sha256, f->gz.n, f->open_size};
	}
	m->repomd = repomd_text(records, now);
	strv_release(&hrefs);
}

void metadata_release(struct metadata *m)
{
	for (size_t i = 0; i < META_FILES; i++) {
		struct metadata_file *f = &m->files[i];

		if (f->open) {
			deflateEnd(&f->z);
			sha256_free(f->open);
		}
		sb_release(&f->gz);
		free(f->name);
	}
	free(m->repomd);
	*m = (struct metadata){0};
}
