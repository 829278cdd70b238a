/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sig.h"
#include "cmd/cmd.h"
#include <fcntl.h>
#include <signal.h>

/* Descriptors 0 to 2 stay taken, so that no file of ours gets the number of a closed one. Writing
 * to a standard output that was closed fails, as it should: the stand-in is read-only. */
static void keep_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)open("/dev/null", O_RDONLY);
}

static int print_version(struct err *err)
{
	static const char *const features[] = {
		"rpm",
		"sandbox",
		"seccomp",
		"sqlite",
#ifdef __SANITIZE_ADDRESS__
		"asan",
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
		"asan",
#endif
#endif
	};

	if (global.json) {
		json_t *j = json_object(), *list = json_array();

		json_put_str(j, "version", PACKMILL_VERSION);
		for (size_t i = 0; i < COUNTOF(features); i++)
			json_array_append_new(list, json_string(features[i]));
		json_object_set_new(j, "features", list);
		return cmd_print_json(j, err);
	}
	printf("packmill " PACKMILL_VERSION "\n");
	for (size_t i = 0; i < COUNTOF(features); i++)
		printf("%s+%s", i ? " " : "", features[i]);
	printf("\n");
	return cmd_flush(err);
}

static int apply_globals(struct err *err)
{
	if (global.quiet && global.verbose)
		return err_set(
			err, ERR_USAGE, "options '--quiet' and '--verbose' exclude each other");
	log_set_level(global.quiet ? LOG_QUIET : global.verbose ? LOG_VERBOSE : LOG_NORMAL);
	if (!global.dir || chdir(global.dir) == 0)
		return 0;
	if (errno == ENOTDIR || errno == ENAMETOOLONG || errno == ELOOP)
		return err_set(err, ERR_USAGE, "change to directory '%s': %s", global.dir,
			strerror(errno));
	return err_errno(err, "change to directory '%s'", global.dir);
}

/* Find the command and parse everything; *ret_cmd NULL when there is nothing more to do. */
static int parse(
	int argc, char **argv, const struct cmd **ret_cmd, struct strv *args, struct err *err)
{
	const struct cmd *cmd;
	int n, r;

	*ret_cmd = NULL;
	if ((r = opt_parse_front(argc, argv, &n, err)) < 0)
		return r;
	if (global.version)
		return print_version(err);
	if (n == argc && global.help) {
		help_overview();
		return cmd_flush(err);
	}
	if (n == argc)
		return err_set(err, ERR_USAGE, "no command given (see 'packmill help')");
	cmd = cmd_lookup(argv[n], err);
	if (!cmd)
		return -(int)err->code;
	if ((r = opt_parse(cmd, argc - n - 1, argv + n + 1, args, err)) < 0)
		return r;
	if (global.version)
		return print_version(err);
	if (global.help) {
		help_command(cmd);
		return cmd_flush(err);
	}
	if ((r = apply_globals(err)) < 0)
		return r;
	*ret_cmd = cmd;
	return 0;
}

static int report(int r, struct err *err)
{
	auto_err struct err flush = ERR_INIT;

	if (cmd_flush(&flush) < 0 && r >= 0)
		r = err_move(err, &flush);
	if (r >= 0)
		return cmd_get_status();
	if (cmd_was_reported() || supervise_expired())
		return err_exit_status(err);
	/* where it was when it was told to stop is no error of that place */
	if (err->code == ERR_SIGNAL && err->sys != SIGPIPE)
		log_error("stopped by %s", sig_name(err->sys));
	else if (err->code != ERR_SIGNAL)
		log_error("%s", err->msg ? err->msg : err_name(err->code));
	return err_exit_status(err);
}

int main(int argc, char **argv)
{
	auto_err struct err err = ERR_INIT;
	auto_strv struct strv args = STRV_INIT;
	char *no_args[] = {NULL};
	const struct cmd *cmd = NULL;
	int r, status;

	keep_standard_fds();
	signal(SIGPIPE, SIG_IGN);
	r = parse(argc > 0 ? argc - 1 : 0, argv + 1, &cmd, &args, &err);
	if (r < 0 || !cmd)
		return report(r, &err);
	/* the handlers come after the fork: supervisor and child must not share their pipe */
	if (global.timeout && supervise(global.timeout, cmd->name, &status))
		return status;
	sig_init();
	r = cmd->run((int)args.n, args.n ? args.v : no_args, &err);
	return report(r, &err);
}
