/* SPDX-License-Identifier: GPL-3.0-or-later */
/* runner.c - the real runner: commands of a build run in its sandbox. */
#include "base/fs.h"
#include "build/steps.h"

int runner_exec(struct build *b, struct sandbox *sb, const struct runner_cmd *cmd, int log_fd,
	struct strbuf *ret_out, struct sandbox_verdict *ret, struct err *err)
{
	struct sandbox_cmd c = {
		.argv = cmd->argv,
		.cwd = cmd->cwd,
		.as_root = cmd->as_root,
		.bind_src = cmd->bind_src,
		.bind_dst = cmd->bind_dst,
		.log_fd = log_fd,
	};
	auto_strv struct strv env = STRV_INIT;

	if (b->epoch_env)
		strv_add(&env, b->epoch_env);
	for (const char *const *e = cmd->env; e && *e; e++)
		strv_add(&env, *e);
	c.env = env.n ? (const char *const *)env.v : NULL;
	return sandbox_run(sb, &c, ret_out, ret, err);
}

static int run(struct runner *r, const struct runner_cmd *cmd, struct strbuf *ret_out,
	struct runner_result *ret, struct err *err)
{
	struct build *b = r->ctx;
	struct sandbox_verdict v = {0};
	int rc = runner_exec(b, b->sandbox, cmd, b->logs.build, ret_out, &v, err);

	if (rc < 0)
		return rc;
	*ret = (struct runner_result){
		.exit = v.exit,
		.limit = sandbox_limit_name(v.limit),
		.seconds = v.seconds,
	};
	return 0;
}

void runner_init(struct build *b)
{
	b->runner = (struct runner){.run = run, .ctx = b};
}

int runner_sandbox(struct build *b, const char *name, struct sandbox **ret, struct err *err)
{
	auto_free char *state = path_join(b->work, name);
	struct sandbox_conf conf = {.state = state, .limits = b->job->limits};

	root_mounts(b->root, &conf);
	return sandbox_open(&conf, ret, err);
}

void runner_defines(const struct build *b, struct strv *argv)
{
	strv_foreach (&b->defines, d)
		strv_addl(argv, "--define", *d, NULL);
}
