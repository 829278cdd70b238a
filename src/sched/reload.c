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

static void close_parts(struct sched *s)
{
	gc_close(s);
	after_close(s);
	poll_close(s);
}

static int open_parts(struct sched *s, const struct config *cfg, struct err *err)
{
	int r;

	s->cfg = cfg;
	s->first_ready = 0;
	if ((r = lanes_configure(s, err)) < 0 || (r = poll_open(s, err)) < 0)
		return r;
	return after_open(s, err);
}

/* What has to be written comes first, the rest only reads: when that fails all the same, *e says
 * so, and what there was is opened again. Negative: that failed, too. */
static int take_over(struct sched *s, struct config *cfg, struct err *e, struct err *err)
{
	CLEANUP(git_freep) struct git *git = NULL;
	struct git *new;
	int r;

	if (sched_open_git(cfg, &git, e) < 0)
		return 0;
	helpers_stop(s, "poll");
	helpers_stop(s, "fetch");
	close_parts(s);
	loop_in(s->loop, &s->poll, 0);
	new = git;
	git = s->git;
	s->git = new;
	if ((r = open_parts(s, cfg, e)) >= 0)
		return 1;
	close_parts(s);
	s->git = git;
	git = new;
	return open_parts(s, *s->current, err) < 0 ? -(int)err->code : 0;
}

/* In want of room it is read again when there is some. */
static int stays(struct sched *s, const struct err *e, struct err *err)
{
	auto_err struct err disk = ERR_INIT;

	log_error("the configuration stays as it was: %s", e->msg);
	if (sched_disk(s, &disk) >= 0)
		return 0;
	s->reload_again = true;
	return sched_stall(s, &disk, err);
}

static int replace(struct sched *s, struct config **cfg, struct err *err)
{
	auto_err struct err e = ERR_INIT;
	int r = take_over(s, *cfg, &e, err);

	if (r <= 0)
		return r < 0 ? r : stays(s, &e, err);
	*vec_push(&s->old) = *s->current;
	*s->current = TAKE(*cfg);
	free_unused(s);
	log_info("configuration read anew: %zu project%s on %zu target%s", s->cfg->projects.n,
		s->cfg->projects.n == 1 ? "" : "s", s->cfg->targets.n,
		s->cfg->targets.n == 1 ? "" : "s");
	return 0;
}

int sched_reload(struct sched *s, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	auto_err struct err e = ERR_INIT;
	int r = 0;

	s->reload_again = false;
	sd_reloading();
	if (!s->opts->reload || s->opts->reload(&cfg, NULL) < 0)
		log_error("the configuration stays as it was");
	else if (usable(s, cfg, &e) < 0)
		log_error("the configuration stays as it was: %s", e.msg);
	else
		r = replace(s, &cfg, err);
	sd_notify("READY=1");
	return r;
}
