/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_notify.c - `packmill notify`: try the way to people, see what waits, send it now. */
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/time.h"
#include "cmd/common.h"
#include "net/smtp.h"
#include "notify/notify.h"
#include "sched/news.h"

/* ---- test ---- */

static json_t *test_news(const struct config *cfg)
{
	struct notify_news w = {.kind = NOTIFY_TEST, .at = time_now(), .instance = cfg->name};

	return notify_to_json(&w);
}

/* The mail as it would go out, on stdout. */
static int show_mail(const struct config *cfg, const char *to, const json_t *news, struct err *err)
{
	auto_strbuf struct strbuf text = STRBUF_INIT;
	auto_free char *from = news_from(cfg);
	int r = notify_mail(from, to, &news, 1, &text, err);

	if (r < 0)
		return r;
	(void)fwrite(text.s, 1, text.n, stdout);
	return cmd_flush(err);
}

/* One way was tried: said, and remembered for the exit status. */
static void tried(
	json_t *list, const char *way, const char *to, int r, struct err *e, struct err *err)
{
	json_t *o = json_object();

	json_put_str(o, "way", way);
	json_put_str(o, "to", to);
	json_put_bool(o, "sent", r >= 0);
	json_put_str(o, "why", r < 0 ? e->msg : NULL);
	json_array_append_new(list, o);
	if (r >= 0 && !global.json && !global.quiet)
		printf("%s %s: %s\n", way, to, str_eq(way, "mail") ? "the server took it" : "done");
	if (r < 0) {
		if (err->code == ERR_OK)
			(void)err_set_(err, e->code, 0, "%s %s: %s", way, to, e->msg);
		else
			log_error("%s %s: %s", way, to, e->msg);
	}
}

static int test_mail(const struct config *cfg, const struct strv *people, const json_t *news,
	json_t *list, struct err *err)
{
	strv_foreach (people, to) {
		auto_err struct err e = ERR_INIT;
		int r;

		if (global.dry_run && !global.json) {
			if ((r = show_mail(cfg, *to, news, err)) < 0)
				return r;
			continue;
		}
		r = global.dry_run ? 0 : news_send(cfg, *to, &news, 1, &e);
		if (r == -ERR_SIGNAL)
			return err_move(err, &e);
		tried(list, "mail", *to, r, &e, err);
	}
	return 0;
}

static void test_hook(const struct config *cfg, const json_t *news, json_t *list, struct err *err)
{
	auto_err struct err e = ERR_INIT;
	const char *hook = cfg->notify.hook;

	if (global.dry_run)
		log_info("would start '%s'", hook);
	else
		tried(list, "hook", hook, notify_hook(hook, news, &e), &e, err);
}

/* ADDRESS or the operators, and without ADDRESS the hook, too. */
static int run_test(const struct config *cfg, const char *address, struct err *err)
{
	const struct config_notify *c = &cfg->notify;
	auto_json json_t *news = test_news(cfg), *list = json_array();
	auto_strv struct strv people = STRV_INIT;
	int r;

	if (address && !smtp_address_ok(address))
		return err_set(err, ERR_USAGE, "'%s' is no mail address", address);
	if (address)
		strv_add(&people, address);
	else if (c->smtp)
		strv_copy(&people, &c->operators);
	if (address && !c->smtp)
		return err_set(err, ERR_CONFIG, "%s names no mail server (notify.smtp)", cfg->file);
	if (!people.n && !c->hook)
		return err_set(err, ERR_USAGE,
			"whom to tell? give an ADDRESS; %s has no notify.operators and no "
			"notify.hook",
			cfg->file);
	if ((r = test_mail(cfg, &people, news, list, err)) < 0)
		return r;
	if (!address && c->hook)
		test_hook(cfg, news, list, err);
	if (global.json) {
		json_t *j = json_object();

		json_put(j, "tests", TAKE(list));
		(void)cmd_print_json(j, err->code == ERR_OK ? err : NULL);
	} else {
		(void)cmd_flush(err->code == ERR_OK ? err : NULL);
	}
	return err->code == ERR_OK ? 0 : -(int)err->code;
}

/* ---- list ---- */

static char *title_of(const struct store_news *w)
{
	auto_json json_t *j = json_loads(w->data, 0, NULL);
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct notify_news n;

	if (!j || notify_from_json(j, &n, NULL) < 0)
		return xstrdup("?");
	notify_title(&n, &b);
	return sb_take(&b);
}

static json_t *waiting_json(const struct store_news *w)
{
	json_t *o = json_object();

	json_put_int(o, "id", w->id);
	json_put_int(o, "at", w->at);
	json_put_str(o, "way", w->channel);
	json_put_str(o, "to", *w->rcpt ? w->rcpt : NULL);
	json_put_str(o, "event", w->kind);
	json_put_int(o, "tries", w->tries);
	json_put_int(o, "not_before", w->not_before);
	json_put_str(o, "why", w->why);
	json_put(o, "news", json_loads(w->data, 0, NULL) ?: json_null());
	return o;
}

static void waiting_row(struct table *t, const struct store_news *w)
{
	auto_free char *id = xasprintf("%lld", (long long)w->id), *title = title_of(w);
	auto_free char *tries = xasprintf("%lld", (long long)w->tries);
	char since[21], next[21] = "-";

	time_iso(w->at, since);
	if (w->not_before)
		time_iso(w->not_before, next);
	table_row(t, id, since, *w->rcpt ? w->rcpt : w->channel, tries, next, title,
		w->why ? w->why : "", NULL);
}

static int print_waiting(const struct store_news_vec *all, struct err *err)
{
	static const char *const headings[] = {
		"id", "since", "to", "tries", "next", "what", "why", NULL};
	json_t *list = json_array(), *j;
	struct table *t;

	if (global.json) {
		vec_foreach (all, w)
			json_array_append_new(list, waiting_json(w));
		j = json_object();
		json_put(j, "waiting", list);
		return cmd_print_json(j, err);
	}
	json_decref(list);
	t = table_new(headings);
	vec_foreach (all, w)
		waiting_row(t, w);
	return table_print(t, err);
}

static int run_list(const struct config *cfg, struct err *err)
{
	CLEANUP(store_closep) struct store *st = NULL;
	struct store_news_vec all = VEC_INIT;
	int r;

	if ((r = cmd_store(cfg, &st, err)) < 0)
		return r;
	r = store_outbox_waiting(st, 0, &all, err);
	if (r >= 0)
		r = print_waiting(&all, err);
	vec_free(&all, store_news_release);
	return r;
}

/* ---- flush ---- */

static int print_sum(const struct news_sum *s, struct err *err)
{
	if (global.json) {
		json_t *j = json_object();

		json_put_int(j, "sent", (int64_t)s->sent);
		json_put_int(j, "waiting", (int64_t)s->later);
		json_put_int(j, "dropped", (int64_t)s->dropped);
		return cmd_print_json(j, err);
	}
	printf("sent %zu, waiting %zu, dropped %zu\n", s->sent, s->later, s->dropped);
	return cmd_flush(err);
}

/* A running packmill delivers by itself; two would send everything twice. */
static int run_flush(const struct config *cfg, struct err *err)
{
	auto_free char *lock = path_join(cfg->data, "lock");
	auto_close int lock_fd = -1;
	CLEANUP(store_closep) struct store *st = NULL;
	CLEANUP(news_closep) struct news *n = NULL;
	struct news_sum sum = {0};
	int r;

	if ((r = cmd_store(cfg, &st, err)) < 0)
		return r;
	if (global.dry_run)
		return run_list(cfg, err);
	store_close(TAKE(st));
	if ((r = fs_lock(lock, &lock_fd, err)) < 0)
		return err_wrap(err, "data directory '%s'", cfg->data);
	if ((r = store_open(cfg->data, false, &st, err)) < 0 ||
		(r = news_open(cfg, st, &n, err)) < 0 ||
		(r = news_flush(n, NEWS_ALL, &sum, err)) < 0)
		return r;
	if (sum.later)
		cmd_set_status(5);
	return print_sum(&sum, err);
}

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	const char *verb = argc > 0 ? argv[0] : "list";
	int r = cmd_need_args(cmd_find("notify"), argc, argv, 0, 2, err);

	if (r < 0)
		return r;
	if (!(str_eq(verb, "list") && argc <= 1) && !(str_eq(verb, "flush") && argc == 1) &&
		!str_eq(verb, "test"))
		return err_set(
			err, ERR_USAGE, "usage: packmill notify list | test [ADDRESS] | flush");
	if ((r = cmd_load_config(&cfg, err)) < 0)
		return r;
	if (str_eq(verb, "test"))
		return run_test(cfg, argc > 1 ? argv[1] : NULL, err);
	return str_eq(verb, "list") ? run_list(cfg, err) : run_flush(cfg, err);
}

const struct cmd cmd_notify = {
	.name = "notify",
	.args = "list | test [ADDRESS] | flush",
	.help = "what people are still to be told; try the way to them",
	.group = GROUP_INSTANCE,
	.subcommands = (const char *const[]){"list", "test", "flush", NULL},
	.run = run,
};
