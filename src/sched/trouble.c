/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trouble.c - what cannot be looked at for new commits: asked again ever less often, said once,
 * operators told after a while. */
#include "base/log.h"
#include "sched/internal.h"

#define AGAIN_MOST 3600 /* seconds between looks at what cannot be reached */
/* What cannot be looked at for so long is no short absence any more: operators are told. */
#define TELL_MS   (3600 * UINT64_C(1000))
#define TELL_MOST 20 /* projects that are named to them */

static void backoff(struct sched *s, struct project *p)
{
	uint64_t ms = s->cfg->poll * 1000, most = AGAIN_MOST * UINT64_C(1000);

	for (unsigned i = 1; i < p->failures && ms < most; i++)
		ms *= 2;
	/* a bit early: the poll that comes then must find it due */
	p->again = loop_now(s->loop) + (ms > most ? most : ms) - (ms > 2000 ? 1000 : ms / 2);
}

void poll_trouble(struct sched *s, struct project *p, const struct err *e)
{
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
	if (!str_eq_null(p->trouble, e->msg)) {
		log_error("%s: %s", p->conf->project, e->msg);
		str_set(&p->trouble, e->msg);
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
