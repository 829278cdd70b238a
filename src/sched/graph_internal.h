/* SPDX-License-Identifier: GPL-3.0-or-later */
/* graph_internal.h - what the files of the graph share. Names and projects are numbers. */
#pragma once
#include "base/map.h"
#include "sched/graph.h"

/* One name of a dependency; several for a rich one. */
struct gdep {
	size_t name;
	unsigned op; /* enum rpm_dep_op */
	char *evr;   /* NULL: any */
};
VEC_TYPE(gdeps, struct gdep);
VEC_TYPE(gids, size_t);

struct gprovider {
	size_t project;
	unsigned op;
	const char *evr; /* of the project's list */
};

/* A name that is provided, required or wanted for a build. */
struct gname {
	char *text;
	VEC(struct gprovider) provided;
	struct gids wanted;   /* projects that BuildRequire it, once each */
	struct gids required; /* projects whose packages require it, once each */
};

struct gproject {
	const char *name; /* of the configuration */
	bool on_change;   /* rebuild: on-change */
	bool knows_build_requires, knows_provides;
	bool published; /* its provides are those of published packages */
	struct gdeps build_requires, provides;
	struct strv requires; /* as text: they are taken apart when a provide goes */
	struct gids required; /* names in them */
	size_t component;     /* of projects that all need each other */
	bool stale;           /* needs are to be found anew */
	struct gids needs;    /* sorted */
	struct gids before;   /* sorted; without those a cycle is broken at */
	struct strv needs_names, before_names;
};

struct graph {
	VEC(struct gproject) projects; /* as in the configuration */
	struct hmap by_name;
	VEC(struct gname) names;
	struct hmap name_ids;
	struct strv order, cycles, none;
	bool stale; /* a project is */
	bool unordered;
};

size_t graph_name(struct graph *g, const char *name);
/* Take each dependency apart, sorted by name; what is none is passed over. */
void graph_parse(struct graph *g, const struct strv *deps, struct gdeps *ret);
/* Where those of the name begin, or would. */
size_t graph_first(const struct gdeps *v, size_t name);
void gdeps_release(struct gdeps *v);
void gname_release(struct gname *n);
/* Names that nobody provides, requires or wants go when there are many; no number may be held. */
void graph_forget_names(struct graph *g);
void gids_add(struct gids *v, size_t id);
bool gids_has(const struct gids *v, size_t id); /* sorted */
/* graph_order.c: `before`, order and cycles from the needs. */
void graph_sort(struct graph *g);
