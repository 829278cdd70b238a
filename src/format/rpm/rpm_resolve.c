/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rpm_resolve.c - are the dependencies of these packages satisfied, and by which published ones?
 *
 * librpm judges (rpmtsCheck over the root's database); we only offer: for each dependency that it
 * misses the best candidate joins the set, and rpm judges again, until nothing new is found.
 */
#include "base/fs.h"
#include "format/rpm/rpm.h"
#include "format/rpm/rpm_index.h"
#include <rpm/rpmdb.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmprob.h>
#include <rpm/rpmps.h>
#include <rpm/rpmstrpool.h>

#define MAX_ROUNDS   1000 /* each adds a package; deeper chains are no chains of ours */
#define MAX_RICH     32   /* nesting of a rich dependency */
#define MAX_NEAREST  20   /* problems for which a similar name is looked for */
#define MAX_PROBLEMS 1000

struct resolve {
	rpmts ts;
	rpmstrPool pool; /* ours: librpm freezes its own, then parts of rich ones come out empty */
	struct rpm_index index;
	const struct strv *install, *candidates;
	struct strv sources;              /* NEVRAs of source packages in install */
	struct strv install_names, files; /* of the others */
	bool indexed;
	bool grew; /* this round took a candidate */
};

static rpmds parse_dep(rpmstrPool pool, const char *text)
{
	static const struct {
		const char *op;
		rpmsenseFlags flags;
	} ops[] = {
		{" = ", RPMSENSE_EQUAL},
		{" <= ", RPMSENSE_LESS | RPMSENSE_EQUAL},
		{" >= ", RPMSENSE_GREATER | RPMSENSE_EQUAL},
		{" < ", RPMSENSE_LESS},
		{" > ", RPMSENSE_GREATER},
	};

	for (size_t i = 0; *text != '(' && i < COUNTOF(ops); i++) {
		const char *at = strstr(text, ops[i].op);

		if (at) {
			auto_free char *name = xstrndup(text, (size_t)(at - text));

			return rpmdsSinglePool(pool, RPMTAG_REQUIRENAME, name,
				at + strlen(ops[i].op), ops[i].flags);
		}
	}
	return rpmdsSinglePool(pool, RPMTAG_REQUIRENAME, text, "", RPMSENSE_ANY);
}

/* A package of a name that is to be installed anyway would only stand in its way. */
static bool take(struct resolve *rs, struct rpm_candidate *c)
{
	if (!c || c->taken || strv_has(&rs->install_names, c->name))
		return false;
	if (rpmtsAddInstallElement(rs->ts, c->h, c->path, 1, NULL) != 0)
		return false;
	c->taken = true;
	rs->grew = true;
	return true;
}

static bool offer(struct resolve *rs, rpmds dep, int depth);

/* `(A if B else C)` arrives as A IF (B ELSE C): the part that may be offered is C. */
static bool offer_else(struct resolve *rs, rpmds dep, int depth)
{
	rpmds left = NULL, right = NULL;
	rpmrichOp op = RPMRICHOP_SINGLE;
	bool found = false;

	if (rpmdsIsRich(dep) && rpmdsParseRichDep(dep, &left, &right, &op, NULL) == RPMRC_OK &&
		op == RPMRICHOP_ELSE && right)
		found = offer(rs, right, depth);
	(void)rpmdsFree(left);
	(void)rpmdsFree(right);
	return found;
}

/*
 * Offer what could satisfy the dependency; true when something new joined. Of `A or B` the left is
 * tried first; `A if B` came here because B holds, so A is needed; of `A with B`, which one package
 * must meet, those of A and then those of B are offered, and rpm says whether they do.
 */
static bool offer(struct resolve *rs, rpmds dep, int depth)
{
	rpmds left = NULL, right = NULL;
	rpmrichOp op = RPMRICHOP_SINGLE;
	bool found;

	if (depth > MAX_RICH)
		return false;
	if (!rpmdsIsRich(dep))
		return take(rs, rpm_index_find(&rs->index, dep));
	if (rpmdsParseRichDep(dep, &left, &right, &op, NULL) != RPMRC_OK)
		return false;
	found = left && offer(rs, left, depth + 1);
	if (right && op == RPMRICHOP_AND)
		found = offer(rs, right, depth + 1) || found;
	else if (right && !found && (op == RPMRICHOP_OR || op == RPMRICHOP_WITH))
		found = offer(rs, right, depth + 1);
	else if (right && !found && op == RPMRICHOP_IF)
		found = offer_else(rs, right, depth + 1);
	(void)rpmdsFree(left);
	(void)rpmdsFree(right);
	return found;
}

static int offer_all(struct resolve *rs, rpmps ps, struct err *err)
{
	rpmpsi it = rpmpsInitIterator(ps);
	rpmProblem p;
	int r = 0;

	while ((p = rpmpsiNext(it)) && r >= 0) {
		if (rpmProblemGetType(p) != RPMPROB_REQUIRES)
			continue;
		if (!rs->indexed) {
			rs->indexed = true;
			r = rpm_index_read(&rs->index, rs->candidates, err);
		}
		const char *what = rpmProblemGetStr(p);
		auto_ds rpmds dep = parse_dep(rs->pool, what ? what : "");
		if (r >= 0)
			(void)offer(rs, dep, 0);
	}
	rpmpsFreeIterator(it);
	return r;
}

/* What is provided by the installed and by what could be: names, and the whole texts. */
struct provided {
	struct strv names, texts;
};

static void provided_by(Header h, struct provided *p)
{
	auto_ds rpmds ds = rpmdsNew(h, RPMTAG_PROVIDENAME, 0);

	while (rpmdsNext(ds) >= 0) {
		strv_add(&p->names, rpmdsN(ds));
		strv_take(&p->texts, rpm_ds_text(ds));
	}
}

static void provided_all(struct resolve *rs, struct provided *p)
{
	rpmdbMatchIterator mi = rpmtsInitIterator(rs->ts, RPMDBI_PACKAGES, NULL, 0);
	Header h;

	while ((h = rpmdbNextIterator(mi)))
		provided_by(h, p);
	(void)rpmdbFreeIterator(mi);
	vec_foreach (&rs->index.all, c)
		provided_by(c->h, p);
}

/* The same name in another version is told as it is provided ("gcc = 12"), else a similar name. */
static char *nearest(const char *what, const struct provided *p)
{
	auto_free char *name = xstrndup(what, strcspn(what, " "));

	if (*name == '(')
		return NULL;
	for (size_t i = 0; i < p->names.n; i++) {
		if (str_eq(p->names.v[i], name))
			return xstrdup(p->texts.v[i]);
	}
	return xstrdup_null(str_nearest(name, (const char *const *)p->names.v, p->names.n));
}

/* librpm names a source package by the architecture it was made on. */
static char *who(struct resolve *rs, rpmProblem p)
{
	const char *nevra = rpmProblemGetPkgNEVR(p);

	if (!nevra)
		return xstrdup("");
	if (strv_has(&rs->sources, nevra))
		return xasprintf("%.*s.src", (int)(strrchr(nevra, '.') - nevra), nevra);
	return xstrdup(nevra);
}

static void add_problems(struct resolve *rs, rpmps ps, struct rpm_problems *ret)
{
	struct provided have = {.names = STRV_INIT, .texts = STRV_INIT};
	rpmpsi it = rpmpsInitIterator(ps);
	rpmProblem p;

	provided_all(rs, &have);
	while (ret->n < MAX_PROBLEMS && (p = rpmpsiNext(it))) {
		const char *what = rpmProblemGetStr(p);
		struct rpm_problem *out = vec_push(ret);

		if (rpmProblemGetType(p) != RPMPROB_REQUIRES) {
			out->what = rpmProblemString(p); /* a whole sentence */
			continue;
		}
		out->who = who(rs, p);
		out->what = xstrdup(what ? what : "");
		if (ret->n <= MAX_NEAREST)
			out->near = nearest(out->what, &have);
	}
	rpmpsFreeIterator(it);
	strv_release(&have.names);
	strv_release(&have.texts);
}

static int add_install(struct resolve *rs, struct err *err)
{
	strv_foreach (rs->install, f) {
		auto_header Header h = NULL;
		int r = rpm_header(*f, &h, err);

		if (r < 0)
			return r;
		if (headerIsSource(h)) {
			strv_take(&rs->sources, rpm_tag(h, RPMTAG_NEVRA));
		} else {
			strv_take(&rs->install_names, rpm_tag(h, RPMTAG_NAME));
			strv_add(&rs->files, *f);
		}
		if (rpmtsAddInstallElement(rs->ts, h, *f, 1, NULL) != 0)
			return err_set(err, ERR_BUILD, "rpm does not take '%s'", path_base(*f));
	}
	return 0;
}

static int check_once(struct resolve *rs, rpmps *ret, struct err *err)
{
	auto_strbuf struct strbuf log = STRBUF_INIT;
	int r;

	rpmtsCleanProblems(rs->ts);
	rpm_log_begin(&log);
	r = rpmtsCheck(rs->ts);
	rpm_log_end();
	if (r) {
		auto_free char *why = rpm_log_first(&log);

		return err_set(
			err, ERR_SYS, "rpm cannot check dependencies%s%s", *why ? ": " : "", why);
	}
	*ret = rpmtsProblems(rs->ts);
	return 0;
}

static int check_until_quiet(struct resolve *rs, struct rpm_problems *ret, struct err *err)
{
	for (int round = 0; round < MAX_ROUNDS; round++) {
		rpmps ps = NULL;
		int r = check_once(rs, &ps, err);

		rs->grew = false;
		if (r >= 0 && rpmpsNumProblems(ps))
			r = offer_all(rs, ps, err);
		if (r >= 0 && !rs->grew && rpmpsNumProblems(ps))
			add_problems(rs, ps, ret);
		(void)rpmpsFree(ps);
		if (r < 0 || !rs->grew)
			return r;
	}
	return err_set(err, ERR_BUILD, "dependencies do not settle in %d rounds", MAX_ROUNDS);
}

static int open_db(rpmts ts, const char *dbpath, struct err *err)
{
	auto_strbuf struct strbuf log = STRBUF_INIT;
	int r;

	rpmPushMacro(NULL, "_dbpath", NULL, dbpath, RMIL_CMDLINE);
	rpm_log_begin(&log);
	r = rpmtsOpenDB(ts, O_RDONLY);
	rpm_log_end();
	rpmPopMacro(NULL, "_dbpath");
	if (!r)
		return 0;
	auto_free char *why = rpm_log_first(&log);
	return err_set(err, ERR_SYS, "cannot open the rpm database '%s'%s%s", dbpath,
		*why ? ": " : "", why);
}

int rpm_resolve(const char *dbpath, const struct strv *install, const struct strv *candidates,
	struct strv *ret_files, struct rpm_problems *ret_problems, struct err *err)
{
	auto_ts rpmts ts = rpm_ts_new();
	struct resolve rs = {
		.ts = ts, .pool = rpmstrPoolCreate(), .install = install, .candidates = candidates};
	int r = open_db(ts, dbpath, err);

	if (r >= 0)
		r = add_install(&rs, err);
	if (r >= 0)
		r = check_until_quiet(&rs, ret_problems, err);
	if (r >= 0) {
		strv_copy(ret_files, &rs.files);
		vec_foreach (&rs.index.all, c) {
			if (c->taken)
				strv_add(ret_files, c->path);
		}
	}
	rpmtsEmpty(ts);
	(void)rpmstrPoolFree(rs.pool);
	rpm_index_release(&rs.index);
	strv_release(&rs.install_names);
	strv_release(&rs.files);
	strv_release(&rs.sources);
	return r;
}
