/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stall.c - trouble of the machine that may pass: a full disk, a read-only one. What is at hand is
 * kept and tried again, nothing new begins meanwhile, and others are told why. */
#include "base/disk.h"
#include "base/fs.h"
#include "base/log.h"
#include "sched/internal.h"
#include <signal.h>

/* Second line of the lock file: other commands say why nothing begins. Overwriting a few bytes
 * mostly works on a full disk too; a read-only one needs no words. */
static void note_stall(const struct sched *s)
{
	auto_free char *text = xasprintf("%ld\n%s%s", (long)getpid(),
		s->stall_why ? s->stall_why : "", s->stall_why ? "\n" : "");
	ssize_t n = pwrite(s->lock_fd, text, strlen(text), 0);

	if (n > 0 && ftruncate(s->lock_fd, n) < 0)
		log_verbose("'%s/lock' keeps an old reason", s->cfg->data);
}

char *sched_stalled(const struct config *cfg)
{
	auto_free char *lock = path_join(cfg->data, "lock"), *text = NULL;
	char *why;
	long pid;

	if (fs_read(lock, LOCK_MOST, &text, NULL, NULL) < 0 || !(why = strchr(text, '\n')))
		return NULL;
	*why++ = '\0';
	pid = strtol(text, NULL, 10);
	why[strcspn(why, "\n")] = '\0';
	if (!*why || pid <= 0 || (kill((pid_t)pid, 0) < 0 && errno != EPERM))
		return NULL;
	return xstrdup(why);
}

/* Who waits for room waits for some more than who finds it: else it would come and go. */
static unsigned quarters(const struct sched *s)
{
	return s->stall_why ? 5 : 4;
}

int sched_room(const struct sched *s, struct err *err)
{
	return disk_look(s->cfg->data, quarters(s), err);
}

int sched_disk(const struct sched *s, struct err *err)
{
	/* file systems of their own, here and there */
	static const char *const parts[] = {"", "builds", "cache", "git", "repos", "roots"};
	dev_t seen[COUNTOF(parts)];
	size_t n = 0;

	for (size_t i = 0; i < COUNTOF(parts); i++) {
		auto_free char *dir =
			*parts[i] ? path_join(s->cfg->data, parts[i]) : xstrdup(s->cfg->data);
		struct stat st;
		bool known = false;
		int r;

		if (stat(dir, &st) < 0)
			continue;
		for (size_t k = 0; k < n; k++)
			known |= seen[k] == st.st_dev;
		if (known)
			continue;
		seen[n++] = st.st_dev;
		if ((r = disk_try(dir, quarters(s), err)) < 0)
			return r;
	}
	return 0;
}

/* What a full disk does has many words; the disk's own are the same as long as it lasts. */
static void say_stall(struct sched *s, const struct err *e)
{
	auto_err struct err disk = ERR_INIT;
	const char *why = sched_disk(s, &disk) < 0 ? disk.msg : e->msg;

	if (!str_eq_null(s->stall_why, why)) {
		str_set(&s->stall_why, why);
		/* other commands say it by the time that the log does */
		note_stall(s);
		log_error("%s; nothing new begins until this is over", why);
		log_verbose("it was: %s", e->msg);
		s->stall_told = false;
	}
	if (!s->stall_told)
		s->stall_told = tell_trouble(s, s->stall_why);
}

static int on_stall(void *ctx, struct err *err);

int sched_stall(struct sched *s, struct err *e, struct err *err)
{
	uint64_t delay = 1;

	if (!s->daemon || e->code == ERR_CORRUPT || e->code == ERR_BUG || e->code == ERR_SIGNAL)
		return err_move(err, e);
	say_stall(s, e);
	for (unsigned i = 0; i < s->stalls && delay < STALL_MOST; i++)
		delay *= 2;
	s->stalls++;
	s->stalled = true;
	s->stall.fn = on_stall;
	s->stall.ctx = s;
	loop_in(s->loop, &s->stall, (delay < STALL_MOST ? delay : STALL_MOST) * 1000);
	return 0;
}

struct worker *sched_unfinished(const struct sched *s)
{
	vec_foreach (&s->workers, w)
		if ((*w)->unfinished)
			return *w;
	return NULL;
}

/* Once more what could not be done; the first that fails stalls again. */
static int on_stall(void *ctx, struct err *err)
{
	struct sched *s = ctx;
	auto_err struct err disk = ERR_INIT, e = ERR_INIT;
	struct worker *w;
	int r = 0;

	s->stalled = false;
	if (sched_disk(s, &disk) < 0)
		return sched_stall(s, &disk, err);
	while (!s->stalled && (w = sched_unfinished(s)))
		if ((r = work_finish(w, err)) < 0)
			return r;
	if (!s->stalled && !s->recovered && recover(s, &e) < 0)
		return sched_stall(s, &e, err);
	if (!s->stalled)
		commits_start(s);
	if (!s->stalled && (r = commits_flush(s, err)) < 0)
		return r;
	s->dirty = true;
	if (s->stalled || (r = pick_start(s, err)) < 0 || s->stalled)
		return r < 0 ? r : 0;
	/* there may have been no room for that before */
	if (!s->stall_told)
		(void)tell_trouble(s, s->stall_why);
	str_set(&s->stall_why, NULL);
	note_stall(s);
	log_info("it works again, and goes on");
	s->stalls = 0;
	show_again(s);
	tell_look(s);
	return s->reload_again ? sched_reload(s, err) : 0;
}
