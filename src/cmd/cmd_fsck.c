/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_fsck.c - `packmill fsck`: what is there against what should be. */
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/common.h"
#include "repo/fsck.h"
#include "sched/sched.h"

static bool repair, full;

struct tally {
	json_t *list;
	size_t found, repaired, lost;
};

static void tell(void *ctx, const char *target, const char *what, enum repo_fsck_state state)
{
	auto_strbuf struct strbuf b = STRBUF_INIT;
	struct tally *t = ctx;
	json_t *o;

	t->found++;
	t->repaired += state == FSCK_REPAIRED;
	t->lost += state == FSCK_LOST;
	if (global.json) {
		o = json_object();
		json_put_str(o, "target", target);
		json_put_str(o, "problem", what);
		json_put_bool(o, "repaired", state == FSCK_REPAIRED);
		json_put_bool(o, "lost", state == FSCK_LOST);
		json_array_append_new(t->list, o);
		return;
	}
	text_term(&b, what, 0);
	printf("%s%s%s%s\n", target ? target : "", target ? ": " : "", sb_str(&b),
		state == FSCK_REPAIRED ? " (repaired)" : "");
}

static void print_sum(const struct tally *t)
{
	static const char help[] = "only a copy helps, or another build (`packmill recheck`)";

	if (!t->found)
		printf("all is well");
	else if (repair)
		printf("%zu found, %zu repaired", t->found, t->repaired);
	else
		printf("%zu found", t->found);
	if (!repair && t->found > t->lost)
		printf("; `packmill fsck --repair` makes again what can be derived");
	if (t->lost)
		printf("; %zu cannot be derived: %s", t->lost, help);
	printf("\n");
}

static int sum_up(struct tally *t, struct err *err)
{
	json_t *j;

	if (t->found > t->repaired)
		cmd_set_status(1);
	if (global.json) {
		j = json_object();
		json_put(j, "problems", TAKE(t->list));
		json_put_int(j, "found", (int64_t)t->found);
		json_put_int(j, "repaired", (int64_t)t->repaired);
		json_put_int(j, "lost", (int64_t)t->lost);
		return cmd_print_json(j, err);
	}
	print_sum(t);
	return cmd_flush(err);
}

/* Beside a packmill that runs only a look is possible; where nothing can be written nobody runs. */
static int take_lock(const struct config *cfg, int *ret_fd, struct err *err)
{
	auto_free char *lock = path_join(cfg->data, "lock");
	auto_err struct err e = ERR_INIT;
	int r = fs_lock(lock, ret_fd, &e);

	if (r == -ERR_LOCKED && !repair) {
		log_warn("%s: what it changes meanwhile may be told of here", e.msg);
		return 0;
	}
	return r < 0 && repair ? err_move(err, &e) : 0;
}

static int run(int argc, char **argv, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	CLEANUP(store_closep) struct store *st = NULL;
	auto_free char *base = NULL;
	auto_close int lock_fd = -1;
	struct tally t = {0};
	int r;

	repair = repair && !global.dry_run;
	if ((r = cmd_need_args(cmd_find("fsck"), argc, argv, 0, 0, err)) < 0 ||
		(r = cmd_load_config(&cfg, err)) < 0 || (r = cmd_store(cfg, &st, err)) < 0 ||
		(r = take_lock(cfg, &lock_fd, err)) < 0)
		return r;
	if (repair) {
		store_close(TAKE(st));
		if ((r = store_open(cfg->data, false, &st, err)) < 0)
			return r;
	}
	base = sched_baseurl(cfg);
	t.list = json_array();
	r = repo_fsck(cfg->data, st,
		&(struct repo_fsck_opts){
			.full = full, .repair = repair, .reponame = cfg->name, .baseurl = base},
		tell, &t, err);
	if (r >= 0)
		r = sum_up(&t, err);
	json_decref(t.list);
	return r;
}

static const struct opt opts[] = {
	{0, "repair", OPT_FLAG, NULL, "make again what can be derived, remove what is of nothing",
		&repair},
	{0, "full", OPT_FLAG, NULL, "read all packages for their checksums, too", &full},
	OPT_END,
};

const struct cmd cmd_fsck = {
	.name = "fsck",
	.args = "",
	.help = "check database, packages and repositories against each other",
	.group = GROUP_INSTANCE,
	.opts = opts,
	.run = run,
};
