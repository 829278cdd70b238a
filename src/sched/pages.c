/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sched/pages.h"
#include "sched/internal.h"

int pages_open(const struct config *cfg, struct store *st, struct report **ret, struct err *err)
{
	auto_free char *baseurl = sched_baseurl(cfg);
	auto_strv struct strv targets = STRV_INIT;
	struct report_projects projects = VEC_INIT;
	struct report_conf conf = {.data = cfg->data,
		.name = cfg->name,
		.baseurl = baseurl,
		.targets = &targets,
		.projects = &projects,
		.jobs = cfg->jobs};
	int r;

	vec_foreach (&cfg->targets, t)
		strv_add(&targets, (*t)->name);
	vec_foreach (&cfg->projects, c)
		*vec_push(&projects) = (struct report_project){
			.project = c->project,
			.name = c->name,
			.component = c->component,
			.web_upstream = c->upstream.web,
			.web_packaging = c->packaging.web,
			.maintainers = &c->maintainers,
			.targets = &c->targets,
			.upstream_shared = sched_shares_both(cfg, c),
		};
	r = report_open(&conf, st, ret, err);
	vec_release(&projects);
	return r;
}
