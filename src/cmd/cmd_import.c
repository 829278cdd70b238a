/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_import.c - `packmill import mock|dlrn FILE`: another tool's configuration as ours. */
#include "base/base.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cmd/common.h"
#include "config/dlrn/dlrn.h"
#include "config/mock/mock.h"

static int run(int argc, char **argv, struct err *err);

static const char *output;
static bool force, strict;
static const struct opt opts[] = {
	{'o', "output", OPT_STRING, "FILE", "write the result here (default: stdout)", &output},
	{0, "force", OPT_FLAG, NULL, "replace the output file when it exists", &force},
	{0, "strict", OPT_FLAG, NULL, "exit status 3 when anything was left", &strict},
	OPT_END,
};
static const char *const subcommands[] = {"mock", "dlrn", NULL};

const struct cmd cmd_import = {
	.name = "import",
	.args = "mock FILE | dlrn FILE [YAML...]",
	.help = "make a target file of mock's configuration, a packmill.yaml of DLRN's",
	.group = GROUP_LOCAL,
	.opts = opts,
	.subcommands = subcommands,
	.run = run,
};

/* Not errors: the target comes out all the same. */
static void print_left(const struct strv *left)
{
	strv_foreach (left, l) {
		auto_strbuf struct strbuf b = STRBUF_INIT;

		text_term(&b, *l, 0);
		fprintf(stderr, "%s\n", sb_str(&b));
	}
}

static int write_file(const char *yaml, mode_t mode, struct err *err)
{
	if (!force && fs_exists(output))
		return err_set(err, ERR_CONFLICT,
			"'%s' exists already and stays as it is (--force replaces it)", output);
	return global.dry_run ? 0 : fs_write_atomic(output, yaml, strlen(yaml), mode, err);
}

/* The result, where it was asked for; what is the member of the JSON, which is taken over. */
static int put_result(const char *yaml, mode_t mode, const char *what, json_t *result,
	const struct strv *left, struct err *err)
{
	json_t *j;
	int r = output ? write_file(yaml, mode, err) : 0;

	if (r < 0 || !global.json) {
		json_decref(result);
		if (r >= 0 && !output)
			fputs(yaml, stdout);
		return r < 0 ? r : cmd_flush(err);
	}
	j = json_object();
	json_put(j, what, result);
	json_put_strv(j, "left", left);
	json_put_str(j, "output", output);
	return cmd_print_json(j, err);
}

static int check_strict(const struct strv *left, const char *file, struct err *err)
{
	if (!strict || !left->n)
		return 0;
	return err_set(err, ERR_CONFIG, "%zu lines of '%s' could not be taken over", left->n, file);
}

static int import_mock(const char *file, struct err *err)
{
	struct mock_import i = {0};
	int r = mock_import(NULL, file, &i, err);

	if (!global.json || r < 0)
		print_left(&i.left);
	if (r >= 0)
		r = put_result(i.yaml, 0644, "target", target_to_json(i.target), &i.left, err);
	if (r >= 0 && output) {
		auto_free char *name = xasprintf("%s.yaml", i.target->name);

		if (!str_eq(path_base(output), name))
			log_info("the target is named '%s': to be found by that name, the file "
				 "must be %s",
				i.target->name, name);
	}
	if (r >= 0)
		r = check_strict(&i.left, file, err);
	mock_import_release(&i);
	return r;
}

/* A password in an URL is for nobody else to read. */
static mode_t mode_for(const struct config *c)
{
	vec_foreach (&c->projects, p) {
		const char *urls[] = {p->upstream.url, p->packaging.url};

		for (size_t i = 0; i < COUNTOF(urls); i++) {
			auto_free char *shown = urls[i] ? text_url_shown(urls[i]) : NULL;

			if (shown && !str_eq(shown, urls[i]))
				return 0600;
		}
	}
	return 0644;
}

static int import_dlrn(int argc, char **argv, struct err *err)
{
	struct dlrn_import i = {0};
	auto_strv struct strv infos = STRV_INIT, dirs = STRV_INIT;
	int r;

	for (int a = 1; a < argc; a++)
		strv_add(&infos, argv[a]);
	cmd_target_dirs(&dirs);
	r = dlrn_import(NULL, argv[0], &infos, output ?: "packmill.yaml", &dirs, &i, err);
	if (!global.json || r < 0)
		print_left(&i.left);
	if (r >= 0)
		r = put_result(i.yaml, mode_for(i.config), "config", config_to_json(i.config),
			&i.left, err);
	if (r >= 0 && !global.json)
		log_info("%zu project%s, %zu line%s to look at", i.config->projects.n,
			i.config->projects.n == 1 ? "" : "s", i.left.n, i.left.n == 1 ? "" : "s");
	if (r >= 0)
		r = check_strict(&i.left, argv[0], err);
	dlrn_import_release(&i);
	return r;
}

static int run(int argc, char **argv, struct err *err)
{
	bool dlrn = argc > 0 && str_eq(argv[0], "dlrn");
	int r = cmd_need_args(&cmd_import, argc, argv, 2, dlrn ? -1 : 2, err);

	if (r < 0)
		return r;
	if (dlrn)
		return import_dlrn(argc - 1, argv + 1, err);
	if (!str_eq(argv[0], "mock"))
		return err_set(
			err, ERR_USAGE, "cannot import '%s' (mock and dlrn are known)", argv[0]);
	return import_mock(argv[1], err);
}
