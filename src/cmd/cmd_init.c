/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "base/fs.h"
#include "base/log.h"
#include "cmd/cmd.h"
#include "config/config.h"

static int run(int argc, char **argv, struct err *err);

const struct cmd cmd_init = {
	.name = "init",
	.args = "",
	.help = "write a packmill.yaml to start from",
	.group = GROUP_INSTANCE,
	.run = run,
};

static int run(int argc, char **argv, struct err *err)
{
	const char *file = global.config ? global.config : "packmill.yaml";
	const char *text = config_template();
	int r = cmd_need_args(&cmd_init, argc, argv, 0, 0, err);
	auto_close int fd = -1;

	if (r < 0)
		return r;
	if (fs_exists(file))
		return err_set(err, ERR_CONFLICT, "'%s' exists already and stays as it is", file);
	if (global.dry_run) {
		log_info("would write %s", file);
		return 0;
	}
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return err_errno(err, "create '%s'", file);
	r = fs_write_all(fd, text, strlen(text), err);
	if (r < 0) {
		(void)unlink(file); /* half of it would be in the way of the next try */
		return err_wrap(err, "write '%s'", file);
	}
	log_info("wrote %s; add projects to it, then: packmill config check", file);
	return 0;
}
