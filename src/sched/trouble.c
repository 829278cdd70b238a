/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trouble.c - what cannot be looked at for new commits: asked again ever less often, said once,
 * operators told after a while. */
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "sched/internal.h"

#define AGAIN_MOST 3600 /* seconds between looks at what cannot be reached */
/* What cannot be looked at for so long is no short absence any more: operators are told. */
#define TELL_MS   (3600 * UINT64_C(1000))
#define TELL_MOST 20  /* projects that are named to them */
#define TEXT_MOST 500 /* bytes of the reason that are kept */

static void backoff(struct sched *s, struct project *p)
{
	uint64_t ms = s->cfg->poll * 1000, most = AGAIN_MOST * UINT64_C(1000);

	for (unsigned i = 1; i < p->failures && ms < most; i++)
		ms *= 2;
	/* a bit early: the poll that comes then must find it due */
	p->again = loop_now(s->loop) + (ms > most ? most : ms) - (ms > 2000 ? 1000 : ms / 2);
}

/* How long the attempt took ("Failed to connect to h port 1 after 3 ms") is another each time. */
static char *without_times(const char *text)
{
	char *s = xstrdup(text), *at = s;

	while ((at = strstr(at, " after "))) {
		char *end = at + strlen(" after ");
		size_t n = strspn(end, "0123456789");

		if (n && str_starts(end + n, " ms"))
			memmove(at, end + n + 3, strlen(end + n + 3) + 1);
		else
			at = end;
	}
	return s;
}

static void keep(struct sched *s, struct project *p, const char *text)
{
	auto_strbuf struct strbuf line = STRBUF_INIT;

	if (text)
		text_term(&line, text, TEXT_MOST);
	if (str_eq_null(p->kept, text ? sb_str(&line) : NULL))
		return;
	if (!p->kept)
		p->since = time_now();
	str_set(&p->kept, text ? sb_str(&line) : NULL);
	s->trouble_changed = true;
	reach_changed(s, p);
}

void poll_trouble(struct sched *s, struct project *p, const struct err *e)
{
	auto_free char *text = e ? without_times(e->msg) : NULL;

	keep(s, p, text);
	if (!e) {
		if (p->trouble && s->daemon)
			log_info("%s: can be looked at again", p->conf->project);
		str_set(&p->trouble, NULL);
		p->failures = 0;
		p->again = 0;
		p->told = false;
		return;
	}
	if (!p->failures++)
		p->broken = loop_now(s->loop);
	backoff(s, p);
	if (!str_eq_null(p->trouble, text)) {
		log_error("%s: %s", p->conf->project, e->msg);
		str_set(&p->trouble, text);
	}
	hmap_set(&s->touched, p->conf->project, 0);
	if (err_retryable(e->code))
		s->sum.retry++;
	else
		s->sum.failed++;
}

/* One message for all: they are often of one host. Each is told of once until it is well again. */
void poll_tell(struct sched *s)
{
	auto_strbuf struct strbuf list = STRBUF_INIT;
	auto_free char *text = NULL;
	size_t n = 0;

	vec_foreach (&s->projects, i) {
		struct project *p = *i;

		if (!p->trouble || p->told || loop_now(s->loop) < p->broken + TELL_MS)
			continue;
		p->told = true;
		if (n++ < TELL_MOST)
			sb_addf(&list, "\n%s: %s", p->conf->project, p->trouble);
	}
	if (!n)
		return;
	if (n > TELL_MOST)
		sb_addf(&list, "\nand %zu more", n - TELL_MOST);
	text = xasprintf("%zu project%s could not be looked at for new commits for an hour%s", n,
		n == 1 ? "" : "s", sb_str(&list));
	tell_trouble(s, text);
}

/* ---- what others are shown of it ---- */

int trouble_open(struct sched *s, struct err *err)
{
	struct store_unreachables all = VEC_INIT;
	int r = store_unreachable(s->store, NULL, &all, err);

	vec_foreach (&all, u) {
		struct project *p = poll_project(s, u->project);

		if (!p) {
			s->trouble_changed = true;
			continue;
		}
		str_set(&p->kept, u->text);
		p->since = u->since;
	}
	vec_free(&all, store_unreachable_release);
	return r;
}

/* The rows of projects that are as the rows say are marked in `same`. */
static int forget_old(struct sched *s, struct hmap *same, struct err *err)
{
	struct store_unreachables all = VEC_INIT;
	int r = store_unreachable(s->store, NULL, &all, err);

	vec_foreach (&all, u) {
		const struct project *p = poll_project(s, u->project);

		if (r >= 0 && (!p || !p->kept))
			r = store_unreachable_clear(s->store, u->project, err);
		if (p && str_eq_null(p->kept, u->text))
			hmap_set(same, u->project, 0);
	}
	vec_free(&all, store_unreachable_release);
	return r;
}

static int write_all(struct sched *s, struct err *err)
{
	auto_hmap struct hmap same = HMAP_INIT;
	int r = forget_old(s, &same, err);

	vec_foreach (&s->projects, i) {
		const struct project *p = *i;

		if (r >= 0 && p->kept && !hmap_has(&same, p->conf->project))
			r = store_unreachable_set(
				s->store, p->conf->project, p->since, p->kept, err);
	}
	return r;
}

int trouble_keep(struct sched *s, struct err *err)
{
	int r;

	if (!s->trouble_changed || s->opts->dry_run)
		return 0;
	if ((r = store_begin(s->store, err)) < 0)
		return r;
	if ((r = write_all(s, err)) < 0 || (r = store_commit(s->store, err)) < 0) {
		store_rollback(s->store);
		return r;
	}
	s->trouble_changed = false;
	return 0;
}
