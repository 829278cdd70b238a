/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/loop.h"
#include "base/err.h"
#include "base/time.h"
#include <poll.h>

#define WAIT_MAX_MS 60000

struct watch {
	int fd;
	uint64_t id; /* a descriptor's number may be used again at once */
	loop_fn *fn;
	void *ctx;
};

struct loop {
	uint64_t (*clock)(void);
	uint64_t next_id;
	VEC(struct watch) watches;
	VEC(struct loop_timer *) timers;
};

struct loop *loop_new(uint64_t (*clock)(void))
{
	struct loop *l = xcalloc(1, sizeof *l);

	l->clock = clock ? clock : time_mono_ms;
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	vec_release(&l->watches);
	vec_release(&l->timers);
	free(l);
}

uint64_t loop_now(const struct loop *l)
{
	return l->clock();
}

void loop_watch(struct loop *l, int fd, loop_fn *fn, void *ctx)
{
	*vec_push(&l->watches) = (struct watch){fd, ++l->next_id, fn, ctx};
}

void loop_unwatch(struct loop *l, int fd)
{
	for (size_t i = 0; i < l->watches.n; i++)
		if (l->watches.v[i].fd == fd) {
			l->watches.v[i] = l->watches.v[--l->watches.n];
			return;
		}
}

void loop_in(struct loop *l, struct loop_timer *t, uint64_t ms)
{
	bool known = false;

	t->at = loop_now(l) + ms;
	if (!t->at)
		t->at = 1;
	vec_foreach (&l->timers, it)
		known |= *it == t;
	if (!known)
		*vec_push(&l->timers) = t;
}

void loop_off(struct loop_timer *t)
{
	t->at = 0;
}

void loop_forget(struct loop *l, struct loop_timer *t)
{
	t->at = 0;
	for (size_t i = 0; i < l->timers.n; i++)
		if (l->timers.v[i] == t) {
			l->timers.v[i] = l->timers.v[--l->timers.n];
			return;
		}
}

static int wait_ms(const struct loop *l)
{
	uint64_t now = loop_now(l), ms = WAIT_MAX_MS;

	vec_foreach (&l->timers, it) {
		if (!(*it)->at)
			continue;
		if ((*it)->at <= now)
			return 0;
		if ((*it)->at - now < ms)
			ms = (*it)->at - now;
	}
	return (int)ms;
}

/* A function may set and forget timers, so each look begins anew; one that sets itself to now has
 * its turn in the next step. */
static int run_timers(struct loop *l, struct err *err)
{
	uint64_t now = loop_now(l);

	for (size_t i = 0; i < l->timers.n; i++) {
		struct loop_timer *t = l->timers.v[i];
		int r;

		if (!t->at || t->at > now)
			continue;
		t->at = 0;
		if ((r = t->fn(t->ctx, err)) < 0)
			return r;
	}
	return 0;
}

static const struct watch *find(const struct loop *l, uint64_t id)
{
	vec_foreach (&l->watches, w)
		if (w->id == id)
			return w;
	return NULL;
}

int loop_step(struct loop *l, struct err *err)
{
	size_t n = l->watches.n;
	auto_free struct pollfd *fds = xcalloc(n + 1, sizeof *fds);
	auto_free uint64_t *ids = xcalloc(n + 1, sizeof *ids);
	int r;

	for (size_t i = 0; i < n; i++) {
		fds[i] = (struct pollfd){.fd = l->watches.v[i].fd, .events = POLLIN};
		ids[i] = l->watches.v[i].id;
	}
	r = poll(fds, n, wait_ms(l));
	if (r < 0 && errno != EINTR)
		return err_errno(err, "poll");
	for (size_t i = 0; r > 0 && i < n; i++) {
		const struct watch *w = fds[i].revents ? find(l, ids[i]) : NULL;
		int rc;

		if (w && (rc = w->fn(w->ctx, err)) < 0)
			return rc;
	}
	return run_timers(l, err);
}
