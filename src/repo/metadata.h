/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metadata.h - the metadata files of one repository, made by joining fragments. */
#pragma once
#include "repo/fragment.h"
#define ZLIB_CONST
#include <zlib.h>

struct metadata_file {
	z_stream z;
	struct sha256 *open; /* until metadata_end */
	char sha256[SHA256_HEX], open_sha256[SHA256_HEX];
	uint64_t open_size;
	struct strbuf gz; /* the packed file */
	char *name;       /* "<sha256>-primary.xml.gz" */
};

struct metadata {
	struct metadata_file files[META_FILES];
	char *repomd; /* text of repomd.xml */
};
#define auto_metadata CLEANUP(metadata_release)

/* Memory is used for the packed text only. */
void metadata_begin(struct metadata *m, size_t packages);
void metadata_add(struct metadata *m, size_t file, const void *xml, size_t n);
void metadata_end(struct metadata *m, int64_t now);
void metadata_release(struct metadata *m);
