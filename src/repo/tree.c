/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Directories on disk. Two kinds: one nobody reads yet (below tmp), filled and then renamed into
 * place; and `current` and `consistent`, which are read all the time: new content-named files
 * first, repomd.xml by rename, old files an hour later.
 */
#include "base/time.h"
#include "repo/internal.h"
#include "repo/listing.h"

#define KEEP_SECONDS 3600 /* a reader may still ask for metadata it learned of before */
#define REPOMD_MAX   (1024 * 1024)

/* ---- directories nobody reads yet ---- */

/* "../../../pool": from depth directories below repos/<target>. */
static int pool_link(const char *dir, unsigned depth, struct err *err)
{
	auto_strbuf struct strbuf to = STRBUF_INIT;
	auto_free char *path = path_join(dir, "pool");

	for (unsigned i = 0; i < depth; i++)
		sb_add(&to, "../");
	sb_add(&to, "pool");
	if (symlink(sb_str(&to), path) < 0 && errno != EEXIST)
		return err_errno(err, "cannot create '%s'", path);
	return 0;
}

/* repodata/ and the link of one part, made when missing. */
static int make_part(const char *dir, unsigned depth, enum part p, struct err *err)
{
	auto_free char *sub = path_join(dir, part_dirs[p]), *repodata = NULL;
	int rc;

	if (!*part_dirs[p])
		str_set(&sub, dir);
	repodata = path_join(sub, "repodata");
	rc = fs_mkdirs(repodata, 0755, err);
	return rc < 0 ? rc : pool_link(sub, depth + (*part_dirs[p] ? 1 : 0), err);
}

static char *repodata_of(const char *dir, enum part p)
{
	return *part_dirs[p] ? xasprintf("%s/%s/repodata", dir, part_dirs[p])
			     : xasprintf("%s/repodata", dir);
}

int tree_fill(const char *dir, unsigned depth, const struct metadata m[PARTS], struct err *err)
{
	for (enum part p = 0; p < PARTS; p++) {
		auto_free char *repodata = repodata_of(dir, p);
		auto_free char *repomd = path_join(repodata, "repomd.xml");
		int rc = make_part(dir, depth, p, err);

		for (size_t i = 0; rc >= 0 && i < META_FILES; i++) {
			const struct metadata_file *f = &m[p].files[i];
			auto_free char *path = path_join(repodata, f->name);

			rc = stage_write(path, f->gz.s, f->gz.n, err);
		}
		if (rc >= 0)
			rc = stage_write(repomd, m[p].repomd, strlen(m[p].repomd), err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- directories that are read all the time ---- */

static off_t size_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? -1 : st.st_size;
}

/*
 * When a file was first seen unneeded is kept as the time of an empty file below .old: its own
 * times are shared with other directories.
 */
static char *mark_of(const struct repo *r, const char *dir, const char *name)
{
	auto_free char *rel = str_replace(dir + strlen(r->dir), "/", "+");

	return xasprintf("%s/.old/%s+%s", r->dir, rel, name);
}

int tree_retire(struct repo *r, const char *dir, const char *name, struct err *err)
{
	auto_free char *path = path_join(dir, name), *mark = mark_of(r, dir, name);
	struct stat st;
	int64_t now = time_now();
	int rc;

	/* a time ahead of ours is of a clock that was put back since */
	if (lstat(mark, &st) < 0 || st.st_mtim.tv_sec > now) {
		auto_free char *marks = path_dir(mark);

		rc = fs_mkdirs(marks, 0755, err);
		return rc < 0 ? rc : fs_write(mark, "", 0, 0644, err);
	}
	if (now - st.st_mtim.tv_sec < KEEP_SECONDS)
		return 0;
	rc = fs_remove_tree(path, err);
	if (rc >= 0)
		(void)unlink(mark);
	return rc;
}

static int drop_old(struct repo *r, const char *repodata, const char *repomd, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int rc = fs_list(repodata, &names, err);

	for (size_t i = 0; rc >= 0 && i < names.n; i++) {
		auto_free char *href = xasprintf("repodata/%s\"", names.v[i]);

		if (str_eq(names.v[i], "repomd.xml"))
			continue;
		if (!strstr(repomd, href)) {
			rc = tree_retire(r, repodata, names.v[i], err);
		} else {
			auto_free char *mark = mark_of(r, repodata, names.v[i]);

			(void)unlink(mark); /* in use again */
		}
	}
	return rc;
}

static void update_part_release(struct update_part *u)
{
	free(u->repodata);
	free(u->donor);
	free(u->repomd);
}

/* Look for text in an unpacked file; a file that cannot be read may hold anything. */
static bool gz_has(const char *path, const char *text)
{
	size_t keep = strlen(text) - 1, have = 0, size = (size_t)256 * 1024;
	auto_free char *buf = xmalloc(size + 1);
	gzFile f = gzopen(path, "re");
	bool found = !f;
	int n = 0;

	while (!found && (n = gzread(f, buf + have, (unsigned)(size - have))) > 0) {
		have += (size_t)n;
		found = memmem(buf, have, text, keep + 1) != NULL;
		if (have > keep) {
			memmove(buf, buf + have - keep, keep);
			have = keep;
		}
	}
	if (f)
		(void)gzclose_r(f);
	return found || n < 0;
}

bool tree_lists(const char *dir, enum part part, const char *href)
{
	auto_free char *repodata = repodata_of(dir, part),
		       *path = path_join(repodata, "repomd.xml");
	auto_free char *text = xasprintf("href=\"%s\"", href), *repomd = NULL;
	auto_strv struct strv names = STRV_INIT;

	if (!fs_exists(path))
		return false;
	if (fs_read(path, REPOMD_MAX, &repomd, NULL, NULL) < 0)
		return true;
	listing_names(repomd, &names);
	for (size_t i = 0; i < names.n; i++) {
		auto_free char *file = path_join(repodata, names.v[i]);

		if (str_ends(names.v[i], "-primary.xml.gz"))
			return gz_has(file, text);
	}
	return true;
}

/* New files go before what names them; a file of another size was torn by a power cut. */
static int add_files(struct repo *r, struct update_part *u, struct err *err)
{
	auto_strv struct strv names = STRV_INIT;
	int rc = 0;

	listing_names(u->repomd, &names);
	for (size_t i = 0; rc >= 0 && i < names.n; i++) {
		auto_free char *path = path_join(u->repodata, names.v[i]);
		auto_free char *from = path_join(u->donor, names.v[i]);
		const struct metadata_file *f = u->m ? &u->m->files[i] : NULL;
		off_t size = f ? (off_t)f->gz.n : size_of(from);

		if (size >= 0 && size_of(path) == size)
			continue;
		if (!f || size_of(from) == size)
			rc = stage_link(r, u->repodata, names.v[i], from, err);
		else
			rc = stage_replace(r, u->repodata, f->name, f->gz.s, f->gz.n, err);
	}
	return rc;
}

static int start(struct repo *r, struct update *u, enum part p, struct err *err)
{
	struct update_part *up = &u->part[p];
	int rc = 0;

	up->repodata = repodata_of(u->dir, p);
	up->donor = repodata_of(u->donor, p);
	up->m = u->m ? &u->m[p] : NULL;
	if (up->m) {
		up->repomd = xstrdup(up->m->repomd);
	} else {
		auto_free char *path = path_join(up->donor, "repomd.xml");

		rc = fs_read(path, REPOMD_MAX, &up->repomd, NULL, err);
	}
	if (rc >= 0)
		rc = u->parts > 1 ? make_part(u->dir, 1, p, err)
				  : fs_mkdirs(up->repodata, 0755, err);
	return rc < 0 ? rc : add_files(r, up, err);
}

int tree_update(struct repo *r, struct update *u, struct err *err)
{
	int rc = 0;

	for (size_t p = 0; rc >= 0 && p < u->parts; p++)
		rc = start(r, u, (enum part)p, err);
	/* main last: who follows it finds the sources there already */
	for (size_t p = u->parts; rc >= 0 && p-- > 0;) {
		const struct update_part *up = &u->part[p];

		rc = stage_replace(
			r, up->repodata, "repomd.xml", up->repomd, strlen(up->repomd), err);
	}
	return rc;
}

int tree_drop_old(struct repo *r, const struct update *u, struct err *err)
{
	int rc = 0;

	for (size_t p = 0; rc >= 0 && p < u->parts; p++)
		rc = drop_old(r, u->part[p].repodata, u->part[p].repomd, err);
	return rc;
}

void tree_update_release(struct update *u)
{
	for (size_t p = 0; p < PARTS; p++)
		update_part_release(&u->part[p]);
}
