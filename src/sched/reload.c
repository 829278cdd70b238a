/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reload.c - another configuration while builds run: they end under the one they began under. */
#include "base/log.h"
#include "base/sd.h"
#include "sched/internal.h"

static bool in_use(const struct sched *s, const struct config *c)
{
	vec_foreach (&s->workers, w)
		if ((*w)->cfg == c)
			return true;
	return false;
}

static void free_unused(struct sched *s)
{
	for (size_t i = s->old.n; i-- > 0;)
		if (!in_use(s, s->old.v[i])) {
			config_free(s->old.v[i]);
			s->old.v[i] = s->old.v[--s->old.n];
		}
}

static int usable(const struct sched *s, const struct config *cfg, struct err *err)
{
	int r = sched_check(cfg, s->opts, err);

	if (r < 0)
		return r;
	if (!str_eq(cfg->data, s->cfg->data))
		return err_set(err, ERR_CONFIG, "another data directory ('%s') needs a restart",
			cfg->data);
	return 0;
}

static int take_over(struct sched *s, struct config *cfg, struct err *err)
{
	int r;

	helpers_stop(s, "poll");
	helpers_stop(s, "fetch");
	gc_close(s);
	after_close(s);
	poll_close(s);
	*vec_push(&s->old) = *s->current;
	*s->current = cfg;
	s->cfg = cfg;
	s->first_ready = 0;
	if ((r = sched_open_git(s, err)) < 0 || (r = lanes_configure(s, err)) < 0 ||
		(r = poll_open(s, err)) < 0 || (r = after_open(s, err)) < 0)
		return r;
	loop_in(s->loop, &s->poll, 0);
	return 0;
}

int sched_reload(struct sched *s, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	auto_err struct err e = ERR_INIT;
	int r = 0;

	sd_reloading();
	if (!s->opts->reload || s->opts->reload(&cfg, NULL) < 0) {
		log_error("the configuration stays as it was");
	} else if (usable(s, cfg, &e) < 0) {
		log_error("the configuration stays as it was: %s", e.msg);
	} else {
		r = take_over(s, TAKE(cfg), err);
		free_unused(s);
		log_info("configuration read anew: %zu project%s on %zu target%s",
			s->cfg->projects.n, s->cfg->projects.n == 1 ? "" : "s", s->cfg->targets.n,
			s->cfg->targets.n == 1 ? "" : "s");
	}
	sd_notify("READY=1");
	return r;
}
