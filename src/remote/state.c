/* SPDX-License-Identifier: GPL-3.0-or-later */
/* state.c - state.json: what was taken over, from where and when. */
#include "base/base.h"
#include "base/fs.h"
#include "base/limits.h"
#include "remote/internal.h"
#include <inttypes.h>

void state_release(struct state *st)
{
	free(st->checksum);
	repomd_release(&st->md);
	free(st->url);
	free(st->etag);
	free(st->modified);
	free(st->source);
	free(st->keys);
	strv_release(&st->bases);
	*st = (struct state){0};
}

static void put_file(json_t *o, const char *name, const struct repomd_file *f)
{
	json_t *j;

	if (!f->location)
		return;
	j = json_object();
	json_put_str(j, "location", f->location);
	json_put_str(j, "checksum", f->checksum);
	json_put_int(j, "size", (int64_t)f->size);
	json_put(o, name, j);
}

static bool get_file(const json_t *o, const char *name, struct repomd_file *f)
{
	const json_t *j = json_object_get(o, name);
	int64_t size;

	if (!j)
		return true;
	size = json_get_int(j, "size");
	*f = (struct repomd_file){.location = xstrdup_null(json_get_str(j, "location")),
		.checksum = xstrdup_null(json_get_str(j, "checksum")),
		.size = size > 0 ? (uint64_t)size : 0};
	return f->location && f->checksum && digest_known(f->checksum) &&
	       !lock_location_fault(f->location);
}

void state_read(const char *dir, struct state *ret)
{
	auto_free char *path = path_join(dir, "state.json");
	auto_json json_t *j = NULL;
	struct state st = {0};

	if (json_read(path, &j, NULL) < 0 || json_get_int(j, "schema") != 1)
		return;
	st.checksum = xstrdup_null(json_get_str(j, "checksum"));
	st.md.revision = json_get_int(j, "revision");
	st.md.newest = json_get_int(j, "newest");
	st.fetched = json_get_int(j, "fetched");
	st.url = xstrdup_null(json_get_str(j, "url"));
	st.etag = xstrdup_null(json_get_str(j, "etag"));
	st.modified = xstrdup_null(json_get_str(j, "modified"));
	st.source = xstrdup(json_get_str(j, "source") ?: "");
	st.keys = xstrdup(json_get_str(j, "keys") ?: "");
	json_get_strv(j, "bases", &st.bases);
	if (st.checksum && digest_known(st.checksum) && st.url && st.bases.n &&
		get_file(j, "primary", &st.md.primary) &&
		get_file(j, "filelists", &st.md.filelists) &&
		get_file(j, "modules", &st.md.modules) && st.md.primary.location) {
		state_release(ret);
		*ret = st;
		return;
	}
	state_release(&st);
}

int state_write(const char *dir, const struct state *st, struct err *err)
{
	auto_free char *path = path_join(dir, "state.json");
	auto_json json_t *j = json_object();

	json_put_int(j, "schema", 1);
	json_put_str(j, "checksum", st->checksum);
	json_put_int(j, "revision", st->md.revision);
	json_put_int(j, "newest", st->md.newest);
	json_put_int(j, "fetched", st->fetched);
	json_put_str(j, "url", st->url);
	if (st->etag)
		json_put_str(j, "etag", st->etag);
	if (st->modified)
		json_put_str(j, "modified", st->modified);
	json_put_str(j, "source", st->source ?: "");
	json_put_str(j, "keys", st->keys ?: "");
	json_put_strv(j, "bases", &st->bases);
	put_file(j, "primary", &st->md.primary);
	put_file(j, "filelists", &st->md.filelists);
	put_file(j, "modules", &st->md.modules);
	return json_write_atomic(path, j, err);
}

void file_mark(const char *path, char ret[96])
{
	struct stat s;

	*ret = '\0';
	if (path && stat(path, &s) == 0)
		snprintf(ret, 96, "%" PRIu64 " %" PRIu64 " %lld.%09ld %lld.%09ld",
			(uint64_t)s.st_size, (uint64_t)s.st_ino, (long long)s.st_mtim.tv_sec,
			s.st_mtim.tv_nsec, (long long)s.st_ctim.tv_sec, s.st_ctim.tv_nsec);
}
