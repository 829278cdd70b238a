/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/internal.h"

/*
 * Each entry brings the database from the version of its index to the next; entries are never
 * changed once released, only added. The partial indices answer "the last finished" and "the last
 * published build of each project" without walking the history.
 */
static const char *const steps[] = {
	/* 1 */
	"create table project ("
	"  target text not null, project text not null,"
	"  primary key (target, project)) without rowid;"
	"create table build ("
	"  id integer primary key,"
	"  target text not null, project text not null, name text, component text,"
	"  upstream_url text, upstream_sha text not null,"
	"  packaging_url text, packaging_sha text not null,"
	"  rebuild integer not null, state integer not null,"
	"  cause text, cause_step text, message text, log text, cause_line integer,"
	"  evr text, nvr text, repo text, trigger_ text, author text, subject text,"
	"  commit_time integer, packaging_time integer, date integer, queued integer, started "
	"integer, finished integer,"
	"  seconds real,"
	"  published integer not null default 0," /* 0, or its place in the order of publishing */
	"  unique (target, project, upstream_sha, packaging_sha, rebuild));"
	"create index build_project on build (target, project, id);"
	"create index build_target on build (target, id);"
	"create index build_state on build (state, id);"
	"create index build_finished on build (target, project, id) where state in (2, 3);"
	"create index build_published on build (target, project, published) where published > 0;"
	"create table step ("
	"  build integer not null references build (id), n integer not null,"
	"  name text, seconds real, exit integer, primary key (build, n)) without rowid;"
	/* what the last try made, and below it what was published: it lies in the pool */
	"create table artifact ("
	"  build integer not null references build (id), file text not null, nevra text not null,"
	"  sha256 text not null, size integer, kind text not null, build_time integer,"
	"  primary key (build, file)) without rowid;"
	"create table package ("
	"  build integer not null references build (id), file text not null, nevra text not null,"
	"  sha256 text not null, size integer, kind text not null, build_time integer,"
	"  target text not null, primary key (build, file)) without rowid;"
	"create index package_nevra on package (target, nevra);"
	"create table seen ("
	"  target text not null, project text not null, upstream text, packaging text,"
	"  primary key (target, project)) without rowid;"
	"create table remote (url text primary key, refs text) without rowid;"
	"create table request ("
	"  id integer primary key autoincrement, verb text not null, arg text, at integer);",
	/* 2 */
	"alter table build add column detail text;"
	"alter table build add column by_ integer not null default 0;"
	"alter table build add column waits text;"
	"alter table build add column blamed text;"
	"alter table build add column attempt integer not null default 0;"
	"alter table build add column retries integer not null default 0;"
	"alter table build add column priority integer not null default 0;"
	"alter table build add column not_before integer not null default 0;"
	"alter table build add column pinned integer not null default 0;"
	"alter table build add column content text;"
	"create index build_success on build (target, project, id) where state = 2;"
	"create index build_ended on build (target, finished, id) where state in (2, 3, 4, 5);"
	"create index build_waiting on build (target, project, id) where state in (0, 1, 4);"
	"create table attempt ("
	"  build integer not null references build (id), n integer not null,"
	"  state integer not null, cause text, cause_step text, message text,"
	"  started integer, finished integer, seconds real, primary key (build, n)) without rowid;"
	/* what the pages say of each project, without walking its history */
	"create table standing ("
	"  target text not null, project text not null, state integer not null,"
	"  last integer not null, last_success integer not null, last_success_time integer not "
	"null,"
	"  first_failure integer not null, first_failure_time integer not null,"
	"  n_success integer not null, n_failed integer not null,"
	"  primary key (target, project)) without rowid;"
	"create table dep ("
	"  target text not null, project text not null, kind integer not null, dep text not null,"
	"  primary key (target, project, kind, dep)) without rowid;"
	"create table hold (project text primary key) without rowid;"
	/* projects that cannot be looked at for new commits */
	"create table unreachable ("
	"  project text primary key, since integer not null, text text not null) without rowid;"
	/* news for people and programs until they are delivered, and a while longer */
	"create table outbox ("
	"  id integer primary key autoincrement, at integer not null,"
	"  channel text not null, rcpt text not null, kind text not null, data text not null,"
	"  tries integer not null default 0, not_before integer not null default 0,"
	"  sent integer not null default 0, why text, limited integer not null default 0,"
	"  mail integer not null default 0);" /* of those that went out together: the first's id */
	"create index outbox_due on outbox (not_before, id) where sent = 0;"
	"create index outbox_sent on outbox (rcpt, sent) where sent > 0;"
	"create index outbox_recent on outbox (kind, at);"
	/* the failed build by which people were told that a project is broken */
	"create table told ("
	"  target text not null, project text not null, build integer not null,"
	"  at integer not null, primary key (target, project)) without rowid;"
	"update build set attempt = 1 where started is not null;"
	"insert into attempt select id, 1, state, cause, cause_step, message, started, finished, "
	"seconds from build where state in (2, 3, 4);"
	"insert into standing select target, project, (select state from build where id = last), "
	"last, good, coalesce((select finished from build where id = good), 0), "
	"bad, coalesce((select finished from build where id = bad), 0), n_success, n_failed from ("
	"select *, coalesce((select min(id) from build o where o.target = w.target and "
	"o.project = w.project and o.state in (2, 3) and o.id > good), 0) as bad from ("
	"select target, project, max(id) as last, "
	"coalesce(max(case when state = 2 then id end), 0) as good, "
	"sum(state = 2) as n_success, sum(state = 3) as n_failed "
	"from build where state in (2, 3) group by target, project) w);",
};

const struct db_schema store_schema = {
	.application_id = 0x706b6d6c, /* "pkml" */
	.steps = steps,
	.n = COUNTOF(steps),
};
