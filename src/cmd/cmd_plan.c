/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_plan.c - `packmill plan`: what a pass would do, before it happens. */
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/common.h"
#include "cmd/live.h"
#include "sched/sched.h"

static bool head_only, dot;
static const char *since;
static struct strv projects;

/* Whom it comes after: the one whose failure holds it back, else those of the plan. */
static char *after_text(const struct sched_planned *p)
{
	auto_free char *list = strv_join(&p->after, " ");

	if (p->waits)
		return xasprintf("waits for %s", p->waits);
	return xstrdup(*list ? list : "-");
}

static void print_cycles(const struct strv *cycles)
{
	strv_foreach (cycles, c) {
		const char *first = strchr(*c, ':') + 2;

		printf("cycle on %s (%.*s is built first, with what exists)\n", *c,
			(int)strcspn(first, " "), first);
	}
}

static int print(const struct sched_plan *plan, const struct strv *cycles, struct err *err)
{
	static const char *const headings[] = {
		"project", "target", "commit", "why", "after", "takes", "what", NULL};
	struct table *t = table_new(headings);
	int r;

	vec_foreach (plan, p) {
		auto_free char *commit = xstrndup(p->upstream_sha ? p->upstream_sha : "", 12);
		auto_free char *why = xasprintf("%s%s", p->maybe ? "maybe " : "", p->reason);
		auto_free char *after = after_text(p);
		auto_free char *takes = p->estimate > 0 ? cmd_span(p->estimate) : xstrdup("?");

		table_row(t, p->project, p->target, commit, why, after, takes,
			p->subject ? p->subject : "", NULL);
	}
	if ((r = table_print(t, err)) < 0)
		return r;
	print_cycles(cycles);
	return cmd_flush(err);
}

static json_t *to_json(const struct sched_plan *plan, const struct strv *cycles)
{
	json_t *j = json_object(), *list = json_array();

	vec_foreach (plan, p) {
		json_t *o = json_object();

		json_put_str(o, "project", p->project);
		json_put_str(o, "target", p->target);
		json_put_str(o, "upstream_sha", p->upstream_sha);
		json_put_str(o, "packaging_sha", p->packaging_sha);
		json_put_str(o, "subject", p->subject);
		json_put_str(o, "reason", p->reason);
		json_put_strv(o, "after", &p->after);
		json_put_str(o, "waits", p->waits);
		json_put_bool(o, "maybe", p->maybe);
		json_put_bool(o, "order_known", p->order_known);
		json_put(o, "estimate", p->estimate > 0 ? json_real(p->estimate) : json_null());
		json_array_append_new(list, o);
	}
	json_put(j, "plan", list);
	json_put_strv(j, "cycles", cycles);
	return j;
}

/* A name of the configuration has nothing that a quoted string of dot would mind. */
static int print_dot(const struct sched_plan *plan, struct err *err)
{
	printf("digraph plan {\n\trankdir=LR;\n");
	vec_foreach (plan, p) {
		const char *style = p->waits ? ", style=filled, fillcolor=lightgray" : "";

		printf("\t\"%s/%s\" [label=\"%s\\n%s\"%s];\n", p->target, p->project, p->project,
			p->target, p->maybe ? ", style=dashed" : style);
		strv_foreach (&p->after, a)
			printf("\t\"%s/%s\" -> \"%s/%s\"%s;\n", p->target, *a, p->target,
				p->project, p->maybe ? " [style=dashed]" : "");
	}
	printf("}\n");
	return cmd_flush(err);
}

static int plan_and_print(const struct sched_opts *opts, struct err *err)
{
	CLEANUP(config_freep) struct config *cfg = NULL;
	auto_strv struct strv cycles = STRV_INIT;
	struct sched_plan plan = VEC_INIT;
	struct sched_summary sum;
	int r;

	if ((r = cmd_load_config(&cfg, err)) < 0 ||
		(r = sched_plan(cfg, opts, &plan, &cycles, &sum, err)) < 0)
		return r;
	live_end();
	cmd_set_status(sum.failed ? 4 : sum.retry ? 5 : 0);
	if (global.json)
		r = cmd_print_json(to_json(&plan, &cycles), err);
	else
		r = dot ? print_dot(&plan, err) : print(&plan, &cycles, err);
	vec_free(&plan, sched_planned_release);
	if (r >= 0 && sum.unknown)
		log_info("the order of %zu project%s is not known yet", sum.unknown,
			sum.unknown == 1 ? "" : "s");
	return r;
}

static int run(int argc, char **argv, struct err *err)
{
	const struct sched_opts opts = {
		.step = live_step, .head_only = head_only, .since = since, .projects = &projects};
	int r = cmd_need_args(cmd_find("plan"), argc, argv, 0, 0, err);

	if (r >= 0)
		r = plan_and_print(&opts, err);
	strv_release(&projects);
	return r;
}

static const struct opt opts[] = {
	{'p', "project", OPT_LIST, "PROJECT", "only this project (may be given several times)",
		&projects},
	{0, "head-only", OPT_FLAG, NULL, "only the newest commit of each project", &head_only},
	{0, "since", OPT_STRING, "REF",
		"first look at a project: build from REF on (default: the head)", &since},
	{0, "dot", OPT_FLAG, NULL, "as a graph for graphviz", &dot},
	OPT_END,
};

const struct cmd cmd_plan = {
	.name = "plan",
	.args = "",
	.help = "what a run would build, in order, and why",
	.group = GROUP_INSTANCE,
	.opts = opts,
	.run = run,
};
