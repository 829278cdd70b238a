/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_bisect.c - `packmill bisect`: which commit broke it. Of the instance it only reads; what it
 * builds and finds lies below data/bisect. */
#include "base/fs.h"
#include "base/log.h"
#include "base/time.h"
#include "cmd/bisection.h"
#include "repo/repo.h"

static const char *target_name, *run_cmd, *files, *other;
static bool packaging, reset;
static struct strv skips;
static struct repos_args repos;

static int run(int argc, char **argv, struct err *err);

static const struct opt opts[] = {
	{'t', "target", OPT_STRING, "TARGET",
		"built for this one (default: that of the builds named, else the first)",
		&target_name},
	{0, "run", OPT_STRING, "COMMAND", "is it good? asked where the packages are installed",
		&run_cmd},
	{0, "files", OPT_STRING, "DIR", "shown to the command as /files", &files},
	{0, "packaging", OPT_FLAG, NULL, "over the packaging's commits, not the upstream's",
		&packaging},
	{0, "at", OPT_STRING, "COMMIT",
		"of the other repository (default: of BAD's build, else the newest)", &other},
	{0, "skip", OPT_LIST, "COMMIT", "leave this commit out", &skips},
	{0, "reset", OPT_FLAG, NULL, "forget what was found and built before", &reset},
	REPOS_OPTS(repos),
	OPT_END,
};

const struct cmd cmd_bisect = {
	.name = "bisect",
	.args = "PROJECT GOOD BAD",
	.help = "find the commit that broke a project",
	.group = GROUP_INSTANCE,
	.opts = opts,
	.run = run,
};

static void apply(struct bisection *b, const struct tried *t)
{
	size_t i;

	if (hmap_get(&b->index, t->sha, &i))
		b->commits.v[i].verdict = t->verdict;
}

static bool is_tried(const struct bisection *b, const char *sha)
{
	vec_foreach (&b->tried, t)
		if (str_eq(t->sha, sha))
			return true;
	return false;
}

static int add(struct bisection *b, struct tried *t, struct err *err)
{
	apply(b, t);
	*vec_push(&b->tried) = *t;
	*t = (struct tried){0};
	return bisection_save(b, err);
}

/* By hand: neither GOOD nor BAD. */
static int leave_out(struct bisection *b, struct err *err)
{
	strv_foreach (&skips, s) {
		struct named n = {.what = "--skip", .word = *s};
		CLEANUP(tried_release) struct tried t = {.verdict = BISECT_SKIP, .exit = -1};
		size_t i;
		int r = bisection_resolve(b, &n, err);

		if (r < 0)
			return r;
		if (!hmap_get(&b->index, n.sha, &i) || i + 1 == b->commits.n)
			return err_set(err, ERR_USAGE, "--skip %s: not between GOOD and BAD", *s);
		if (is_tried(b, n.sha))
			continue;
		t.sha = xstrdup(n.sha);
		if ((r = add(b, &t, err)) < 0)
			return r;
	}
	return 0;
}

static void tell(
	const struct bisection *b, const struct tried *t, const char *what, const char *colon)
{
	auto_free char *name = bisection_name(b, t->sha), *by = bisection_origin(t);

	log_info("%s%s%s is %s (%s%s%s)", what, colon, name, bisect_verdict_name(t->verdict), by,
		t->message ? ": " : "", t->message ?: "");
}

/* What the end of the range turned out to be, where that is not what it is said to be. */
static int refuse(
	const struct bisection *b, const struct named *n, const struct tried *t, struct err *err)
{
	const char *verdict = t->verdict == BISECT_SKIP ? "neither good nor bad"
							: bisect_verdict_name(t->verdict);
	auto_free char *with = *b->other
				       ? xasprintf(" with %s %.12s",
						 b->packaging ? "upstream" : "packaging", b->other)
				       : xstrdup("");
	auto_free char *by = bisection_origin(t);

	return err_set(err, t->verdict == BISECT_SKIP ? ERR_BUILD : ERR_CONFLICT,
		"%s %s is %s%s: %s%s%s", n->what, n->word, verdict, with, by,
		t->message ? ", " : "", t->message ?: "");
}

/* One of the two ends is what it is said to be, or there is nothing to look for. */
static int verify(
	struct bisection *b, const struct named *n, enum bisect_verdict want, struct err *err)
{
	CLEANUP(tried_release) struct tried t = {0};
	int r;

	if (is_tried(b, n->sha))
		return 0;
	if ((r = bisection_try(b, n->sha, &t, err)) < 0)
		return r;
	if (t.verdict != want)
		return refuse(b, n, &t, err);
	tell(b, &t, n->what, ": ");
	return add(b, &t, err);
}

static int search(struct bisection *b, struct bisect_step *ret, struct err *err)
{
	size_t done = 0;

	while (bisect_next(&b->commits, ret) == BISECT_GO_ON) {
		const char *sha = b->shas.v[ret->next];
		auto_free char *step =
			xasprintf("step %zu of about %zu: ", done + 1, done + ret->left);
		CLEANUP(tried_release) struct tried t = {0};
		int r;

		if (!b->commits.v[ret->next].cheap) {
			auto_free char *name = bisection_name(b, sha);

			log_info("%sbuilding %s", step, name);
		}
		if ((r = bisection_try(b, sha, &t, err)) < 0)
			return r;
		tell(b, &t, step, "");
		if ((r = add(b, &t, err)) < 0)
			return r;
		done++;
	}
	return 0;
}

/* Everything is asked, nothing tried yet. */
static int say_plan(const struct bisection *b)
{
	struct bisect_step s;
	size_t cheap = 0;

	(void)bisect_next(&b->commits, &s);
	vec_foreach (&b->commits, c)
		cheap += c->cheap;
	log_info("%s%zu %s commit%s of %s on %s, %zu of them built already: about %u step%s",
		global.dry_run ? "would bisect " : "", b->commits.n,
		b->packaging ? "packaging" : "upstream", b->commits.n == 1 ? "" : "s",
		b->project->project, b->target->name, cheap, s.left, s.left == 1 ? "" : "s");
	return 0;
}

static int carry_on(
	struct bisection *b, const struct named *good, const struct named *bad, struct err *err)
{
	struct bisect_step end;
	int r;

	if ((r = bisection_save(b, err)) < 0 || (r = leave_out(b, err)) < 0 ||
		(r = verify(b, bad, BISECT_BAD, err)) < 0 ||
		(r = verify(b, good, BISECT_GOOD, err)) < 0 || (r = search(b, &end, err)) < 0)
		return r;
	b->finished = true;
	if ((r = bisection_save(b, err)) < 0 || (r = bisection_report(b, &end, err)) < 0)
		return r;
	if (end.first != end.last)
		return err_set(err, ERR_BUILD, "%zu commits are left that cannot be told apart",
			end.last - end.first + 1);
	return 0;
}

/* What was found before, or a new beginning. */
static int begin(struct bisection *b, bool any_other, struct err *err)
{
	size_t n;
	int r = bisection_load(b, any_other, &n, err);
	char when[21];

	if (r < 0)
		return r;
	if (!b->started)
		b->started = time_now();
	if ((r = bisection_list(b, err)) < 0)
		return r;
	vec_foreach (&b->tried, t)
		apply(b, t);
	time_iso(b->started, when);
	if (b->finished)
		log_info("found before, by a bisection begun at %s (--reset: once more)", when);
	else if (n)
		log_info("going on with the bisection begun at %s: %zu commit%s tried", when, n,
			n == 1 ? "" : "s");
	b->finished = false;
	return say_plan(b);
}

static int bisect(struct bisection *b, char **argv, struct err *err)
{
	struct named good = {.what = "GOOD", .word = argv[1]};
	struct named bad = {.what = "BAD", .word = argv[2]};
	int r;

	if ((r = bisection_look(b, err)) < 0 || (r = bisection_resolve(b, &good, err)) < 0 ||
		(r = bisection_resolve(b, &bad, err)) < 0 ||
		(r = bisection_order(b, &good, &bad, err)) < 0 ||
		(r = bisection_other(b, &bad, other, err)) < 0)
		return r;
	(void)snprintf(b->good, sizeof b->good, "%s", good.sha);
	(void)snprintf(b->bad, sizeof b->bad, "%s", bad.sha);
	if ((r = begin(b, !other, err)) < 0 || global.dry_run)
		return r;
	return carry_on(b, &good, &bad, err);
}

static int lock(struct bisection *b, struct err *err)
{
	auto_free char *path = path_join(b->dir, "lock");
	int r;

	if ((r = fs_mkdirs(b->dir, 0755, err)) < 0)
		return r;
	if ((r = fs_lock(path, &b->lock_fd, err)) < 0)
		return err_wrap(
			err, "a bisection of %s on %s", b->project->project, b->target->name);
	return 0;
}

/* The target of a build that is named, where none is asked for. */
static int target_of_builds(struct bisection *b, char **argv, struct err *err)
{
	for (int i = 1; i <= 2; i++) {
		CLEANUP(store_build_release) struct store_build found = {0};
		uint64_t id;

		if (!str_u64(argv[i] + (*argv[i] == '#'), &id) || id > INT64_MAX ||
			store_build_get(b->store, (int64_t)id, &found, NULL) < 0 ||
			!str_eq(found.project, b->project->project))
			continue;
		return bisection_target(b, found.target, err);
	}
	return 0;
}

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(bisection_release)
	struct bisection b = {
		.packaging = packaging, .run = run_cmd, .repos = repos, .lock_fd = -1};
	bool only_reset = reset && argc == 1;
	auto_free char *dir = NULL;
	int r = cmd_need_args(&cmd_bisect, argc, argv, only_reset ? 1 : 3, 3, err);

	if (r < 0)
		return r;
	if (files && !run_cmd)
		return err_set(err, ERR_USAGE, "--files is for the command of --run");
	if (files && !fs_is_dir(files))
		return err_set(err, ERR_NOT_FOUND, "--files: '%s' is no directory", files);
	b.files = dir = files ? path_abs(files) : NULL;
	if ((r = bisection_open(&b, argv[0], target_name, err)) < 0 ||
		(r = cmd_store(b.cfg, &b.store, err)) < 0 ||
		(!target_name && !only_reset && (r = target_of_builds(&b, argv, err)) < 0) ||
		(reset && (r = bisection_reset(b.cfg, b.project->project, b.target->name,
				   global.dry_run, err)) < 0))
		return r;
	if (only_reset)
		return 0;
	r = global.dry_run ? 0 : lock(&b, err);
	return r < 0 ? r : bisect(&b, argv, err);
}
