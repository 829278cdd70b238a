/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/http.h"
#include "base/sig.h"
#include "base/time.h"
#include "net/curl_init.h"
#include "net/transfer.h"

#define POLL_MS     250
#define PROGRESS_MS 100

struct fetch {
	struct http *h;
	struct xfer *xs;
	size_t n, first; /* all before first have ended */
	size_t active, waiting;
	http_progress progress;
	void *ctx;
	uint64_t shown; /* when progress was last called */
};

int http_new(const struct http_conf *conf, struct http **ret, struct err *err)
{
	CLEANUP(http_freep) struct http *h = NULL;
	int r = curl_init(err);

	if (r < 0)
		return r;
	h = xcalloc(1, sizeof *h);
	if (conf)
		h->conf = *conf;
	h->conf.parallel = h->conf.parallel ?: 8;
	h->conf.stall_secs = h->conf.stall_secs ?: 30;
	h->conf.stall_rate = h->conf.stall_rate ?: 100;
	h->conf.pause_ms = h->conf.pause_ms ?: 300;
	h->conf.connect_secs = h->conf.connect_secs ?: 15;
	if (!(h->multi = curl_multi_init()))
		oom_(__FILE__, __LINE__);
	*ret = TAKE(h);
	return 0;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	(void)curl_multi_cleanup(h->multi);
	free(h);
}

void http_get_release(struct http_get *g)
{
	strv_release(&g->urls);
	strv_release(&g->problems);
	free(g->path);
	free(g->checksum);
	free(g->etag);
	free(g->modified);
	free(g->from);
	free(g->ret_etag);
	free(g->ret_modified);
	err_clear(&g->err);
	*g = (struct http_get){0};
}

/* Give free places to those that wait for one, in order. */
static void start_some(struct fetch *f)
{
	uint64_t now = time_mono_ms();

	while (f->first < f->n && f->xs[f->first].state == XFER_END)
		f->first++;
	f->active = f->waiting = 0;
	for (size_t i = f->first; i < f->n; i++)
		f->active += f->xs[i].state == XFER_ACTIVE;
	for (size_t i = f->first; i < f->n && f->active < f->h->conf.parallel; i++) {
		struct xfer *x = &f->xs[i];

		if (x->state == XFER_QUEUED || (x->state == XFER_WAIT && now >= x->retry_at)) {
			xfer_start(x);
			f->active += x->state == XFER_ACTIVE;
		}
		f->waiting += x->state == XFER_WAIT;
	}
}

static int multi_failed(CURLMcode rc, struct err *err)
{
	return err_set(err, ERR_SYS, "libcurl: %s", curl_multi_strerror(rc));
}

/* What curl has ready, and those it is through with. */
static int perform(struct fetch *f, struct err *err)
{
	int running, left;
	CURLMsg *m;
	CURLMcode rc = curl_multi_perform(f->h->multi, &running);

	if (rc != CURLM_OK)
		return multi_failed(rc, err);
	while ((m = curl_multi_info_read(f->h->multi, &left))) {
		struct xfer *x = NULL;

		if (m->msg == CURLMSG_DONE &&
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x) == CURLE_OK && x)
			xfer_done(x, m->data.result);
	}
	for (size_t i = f->first; i < f->n; i++)
		if (f->xs[i].state == XFER_ACTIVE)
			xfer_watch(&f->xs[i], time_mono_ms());
	return 0;
}

static void show(struct fetch *f, bool last)
{
	uint64_t had = 0, wanted = 0, now = time_mono_ms();
	bool known = true;
	size_t done = 0;

	if (!f->progress || (!last && f->shown && now - f->shown < PROGRESS_MS))
		return;
	f->shown = now;
	for (size_t i = 0; i < f->n; i++) {
		const struct xfer *x = &f->xs[i];
		bool over = x->state == XFER_END;

		done += over;
		had += x->part.n;
		wanted += over ? x->part.n : x->wanted;
		known = known && (over || x->wanted);
	}
	f->progress(f->ctx, had, known ? wanted : 0, done, f->n);
}

static int run(struct fetch *f, struct err *err)
{
	struct curl_waitfd stop = {.fd = sig_fd(), .events = CURL_WAIT_POLLIN};
	int r;

	for (;;) {
		CURLMcode rc;

		if ((r = sig_check(err)) < 0)
			return r;
		start_some(f);
		if (f->first == f->n)
			return 0;
		if ((r = perform(f, err)) < 0)
			return r;
		show(f, false);
		/* places have become free, or are for those that wait for another process */
		start_some(f);
		if (f->first == f->n)
			return 0;
		rc = curl_multi_poll(f->h->multi, &stop, stop.fd >= 0 ? 1 : 0,
			f->waiting    ? XFER_WAIT_MS
			: f->progress ? PROGRESS_MS
				      : POLL_MS,
			NULL);
		if (rc != CURLM_OK)
			return multi_failed(rc, err);
	}
}

/* The failure of one becomes that of all; it stays where it is, too. */
static int first_failure(const struct http_get *list, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].err.code != ERR_OK)
			return err_set_(
				err, list[i].err.code, list[i].err.sys, "%s", list[i].err.msg);
	return 0;
}

int http_fetch(struct http *h, struct http_get *list, size_t n, http_progress progress, void *ctx,
	struct err *err)
{
	struct fetch f = {.h = h, .n = n, .progress = progress, .ctx = ctx};
	auto_err struct err e = ERR_INIT;
	int r;

	f.xs = xcalloc(n ? n : 1, sizeof *f.xs);
	for (size_t i = 0; i < n; i++)
		xfer_init(&f.xs[i], h, &list[i]);
	r = run(&f, &e);
	for (size_t i = 0; i < n; i++) {
		struct err why = ERR_INIT;

		/* a curl that fails as a whole, or a stop signal */
		if (f.xs[i].state != XFER_END) {
			(void)err_set_(&why, e.code, e.sys, "%s", e.msg);
			xfer_fail(&f.xs[i], &why);
		}
	}
	show(&f, true);
	for (size_t i = 0; i < n; i++)
		xfer_release(&f.xs[i]);
	free(f.xs);
	if (r < 0)
		return err_move(err, &e);
	return first_failure(list, n, err);
}
