/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text files of a repository: .repo, versions.csv, commit.yaml. The latter two are DLRN's, down
 * to `None` for what is not there and to every YAML value being a string. */
#include "base/text.h"
#include "repo/internal.h"

/* ---- names ---- */

void records_extended(const struct store_build *b, bool shared, char ret[SHA256_HEX])
{
	auto_free char *rebuild = xasprintf("%lld", (long long)b->rebuild);
	struct sha256 *h;

	ret[0] = '\0';
	if (!shared && b->rebuild <= 0)
		return;
	h = sha256_new();
	sha256_add_str(h, b->project);
	sha256_add_str(h, rebuild);
	sha256_end(h, ret);
}

char *repo_commit_dir(const struct store_build *b, bool upstream_shared)
{
	const char *up = b->upstream_sha ? b->upstream_sha : "";
	const char *pack = b->packaging_sha ? b->packaging_sha : "";
	char ext[SHA256_HEX];

	records_extended(b, upstream_shared, ext);
	return xasprintf("%.2s/%.2s/%s_%.8s%s%.8s", up, strlen(up) > 2 ? up + 2 : "", up, pack,
		*ext ? "_" : "", ext);
}

/* ---- .repo ---- */

static void section(struct strbuf *b, const char *id, const char *name, const char *url, bool on)
{
	sb_addf(b, "[%s]\nname=%s\nbaseurl=%s\nenabled=%d\ngpgcheck=0\nrepo_gpgcheck=0\n", id, name,
		url, on);
}

char *records_host_base(const char *baseurl)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	auto_free char *url = xasprintf("%s/host-base", baseurl);

	section(&b, "host-base", "what this machine has", url, true);
	sb_add(&b, "metadata_expire=300\n");
	return sb_take(&b);
}

char *repo_snippet(const char *id, const char *baseurl, const char *target, const char *dir)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	/* a directory that moves is asked about more often than dnf's two days */
	const char *more = strchr(dir, '/') ? "priority=1\n" : "priority=1\nmetadata_expire=300\n";
	static const struct {
		const char *suffix, *label, *sub;
	} parts[] = {{"", "", ""}, {"-source", ", sources", "/source"},
		{"-debuginfo", ", debug information", "/debug"}};

	for (size_t i = 0; i < COUNTOF(parts); i++) {
		auto_free char *name =
			xasprintf("%s for %s (%s)%s", id, target, dir, parts[i].label);
		auto_free char *sid = xasprintf("%s%s", id, parts[i].suffix);
		auto_free char *url = xasprintf("%s/%s/%s%s", baseurl, target, dir, parts[i].sub);

		if (i)
			sb_addc(&b, '\n');
		section(&b, sid, name, url, i == 0);
		sb_add(&b, more);
	}
	if (str_eq(target, "host")) {
		auto_free char *base = records_host_base(baseurl);

		sb_addf(&b, "\n%s", base);
	}
	return sb_take(&b);
}

bool records_parse_snippet(const char *text, const char *target, char **ret_id, char **ret_baseurl)
{
	auto_free char *middle = xasprintf("/%s/", target);
	const char *close = strchr(text, ']'), *url = strstr(text, "\nbaseurl="), *end, *cut = NULL;

	if (text[0] != '[' || !close || !url)
		return false;
	url += strlen("\nbaseurl=");
	end = url + strcspn(url, "\n");
	for (const char *s = url; (s = strstr(s, middle)) && s < end; s++)
		cut = s;
	if (!cut)
		return false;
	*ret_id = xstrndup(text + 1, (size_t)(close - text - 1));
	*ret_baseurl = xstrndup(url, (size_t)(cut - url));
	return true;
}

/* ---- versions.csv ---- */

static const char *status_word(enum store_state s)
{
	switch (s) {
	case BUILD_SUCCESS:
		return "SUCCESS";
	case BUILD_FAILED:
		return "FAILED";
	case BUILD_RETRY:
	case BUILD_CANCELLED:
		return "RETRY";
	case BUILD_QUEUED:
	case BUILD_RUNNING:
		break;
	}
	return "BUILDING";
}

static const char *or_none(const char *s)
{
	return str_empty(s) ? "None" : s;
}

static void fields(struct strbuf *out, const char *const *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			sb_addc(out, ',');
		text_csv(out, f[i] ? f[i] : "");
	}
	sb_addc(out, '\n');
}

/* The project's row: hashes of the build whose packages are here, status of the last one. */
static void row(struct strbuf *out, const struct store_build *b, enum store_state state)
{
	const char *name = b->repo ? path_base(b->repo) : "";
	const char *first = strchr(name, '_');
	auto_free char *when = xasprintf("%lld", (long long)b->finished);
	char ext[SHA256_HEX] = "";

	if (first && strchr(first + 1, '_'))
		records_extended(b, true, ext);
	fields(out,
		(const char *const[]){b->project, b->upstream_url, b->upstream_sha,
			b->packaging_url, b->packaging_sha, status_word(state), when,
			or_none(b->component), or_none(ext), b->nvr},
		10);
}

char *records_versions(const struct store_builds *published, const struct store_builds *last,
	const struct store_build *now)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;
	size_t i = 0, k = 0;
	bool done = !now;

	sb_add(&out, "Project,Source Repo,Source Sha,Dist Repo,Dist Sha,Status,"
		     "Last Success Timestamp,Component,Extended Sha,Pkg NVR\n");
	while (i < published->n || k < last->n || !done) {
		const struct store_build *p = i < published->n ? &published->v[i] : NULL;
		const struct store_build *l = k < last->n ? &last->v[k] : NULL;
		const char *first = p ? p->project : NULL;

		/* all three are by project: the least name comes next */
		if (l && (!first || strcmp(l->project, first) < 0))
			first = l->project;
		if (!done && (!first || strcmp(now->project, first) <= 0))
			first = now->project;
		p = p && str_eq(p->project, first) ? p : NULL;
		l = l && str_eq(l->project, first) ? l : NULL;
		if (!done && str_eq(now->project, first)) {
			row(&out, now, BUILD_SUCCESS);
			done = true;
		} else if (p) {
			row(&out, p, l ? l->state : p->state);
		} else if (l) {
			row(&out, l, l->state);
		}
		i += p != NULL;
		k += l != NULL;
	}
	return sb_take(&out);
}

/* ---- commit.yaml ---- */

static void yaml(struct strbuf *out, bool first, const char *key, const char *value)
{
	sb_addf(out, "%s%s: ", first ? "- " : "  ", key);
	text_yaml(out, value ? value : "");
	sb_addc(out, '\n');
}

static void yaml_int(struct strbuf *out, const char *key, int64_t value)
{
	auto_free char *s = xasprintf("%lld", (long long)value);

	yaml(out, false, key, s);
}

/* Where the packages lie, below the data directory, the source package first. */
static char *artifacts(const struct repo *r, const struct package_vec *packages)
{
	auto_strv struct strv list = STRV_INIT;

	for (int source = 1; source >= 0; source--)
		vec_foreach (packages, p) {
			auto_free char *href = pool_href(p);

			if ((p->kind == PACKAGE_SOURCE) == source)
				strv_addf(&list, "repos/%s/%s", r->target, href);
		}
	return strv_join(&list, ",");
}

char *records_commit(const struct repo *r, const struct repo_commit *c)
{
	auto_strbuf struct strbuf out = STRBUF_INIT;
	const struct store_build *b = c->build;
	bool good = b->state == BUILD_SUCCESS;
	auto_free char *list = good ? artifacts(r, c->packages) : xstrdup("");
	char ext[SHA256_HEX];

	records_extended(b, c->upstream_shared, ext);
	sb_add(&out, "commits:\n");
	yaml(&out, true, "artifacts", list);
	yaml(&out, false, "commit_hash", b->upstream_sha);
	yaml(&out, false, "component", or_none(b->component));
	yaml(&out, false, "distro_hash", b->packaging_sha);
	yaml_int(&out, "dt_build", b->finished);
	yaml_int(&out, "dt_commit", b->commit_time);
	yaml_int(&out, "dt_distro", b->packaging_time);
	yaml_int(&out, "dt_extended", 0);
	yaml(&out, false, "extended_hash", or_none(ext));
	yaml_int(&out, "flags", 0);
	yaml_int(&out, "id", b->id);
	yaml(&out, false, "notes", good ? "OK" : b->message);
	yaml(&out, false, "project_name", b->project);
	yaml(&out, false, "status", status_word(b->state));
	yaml(&out, false, "type", "rpm");
	return sb_take(&out);
}
