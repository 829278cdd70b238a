/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verify.c - detached signatures, by gpg with exactly the keys given. */
#include "base/base.h"
#include "base/fs.h"
#include "base/proc.h"
#include "remote/internal.h"

static int gpg(const char *home, const char *const *tail, size_t n, struct strbuf *ret_out,
	struct strbuf *ret_err, struct proc_result *ret, struct err *err)
{
	auto_free char *home_env = xasprintf("GNUPGHOME=%s", home);
	auto_free char *env_home = xasprintf("HOME=%s", home);
	const char *argv[24] = {"gpg", "--batch", "--no-tty", "--no-options", "--no-autostart",
		"--no-auto-check-trustdb", "--no-auto-key-locate", "--disable-dirmngr",
		"--trust-model", "always", "--status-fd", "1"};
	const char *env[] = {
		"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", home_env, env_home, NULL};
	struct proc_opts o = {.argv = argv, .env = env, .cwd = home, .timeout = 60};

	for (size_t i = 0; i < n; i++)
		argv[12 + i] = tail[i];
	return proc_run(&o, ret_out, ret_err, ret, err);
}

static bool status_has(const struct strv *lines, const char *word)
{
	auto_free char *start = xasprintf("[GNUPG:] %s", word);

	strv_foreach (lines, l) {
		size_t n = strlen(start);

		if (strncmp(*l, start, n) == 0 && ((*l)[n] == ' ' || !(*l)[n]))
			return true;
	}
	return false;
}

static const char *why_not(const struct strv *status)
{
	static const struct {
		const char *word, *why;
	} known[] = {
		{"BADSIG", "its signature is not of this text"},
		{"EXPKEYSIG", "it is signed by a key that has expired"},
		{"REVKEYSIG", "it is signed by a key that was revoked"},
		{"EXPSIG", "its signature has expired"},
		{"NO_PUBKEY", "it is signed by none of the repository's keys"},
	};

	for (size_t i = 0; i < COUNTOF(known); i++) {
		if (status_has(status, known[i].word))
			return known[i].why;
	}
	return "its signature cannot be verified";
}

static int verify_in(const char *home, const struct rpm_keys *keys, const char *file,
	const char *sig, struct err *err)
{
	auto_free char *path = path_join(home, "keys");
	auto_strbuf struct strbuf packets = STRBUF_INIT, out = STRBUF_INIT, errors = STRBUF_INIT;
	auto_strv struct strv status = STRV_INIT;
	const char *const import[] = {"--import", "--", path};
	const char *const verify[] = {"--verify", "--", sig, file};
	struct proc_result res = {0};
	int r;

	rpm_keys_packets(keys, &packets);
	if ((r = fs_write(path, packets.s, packets.n, 0600, err)) < 0 ||
		(r = gpg(home, import, COUNTOF(import), NULL, NULL, &res, err)) < 0 ||
		(r = gpg(home, verify, COUNTOF(verify), &out, &errors, &res, err)) < 0)
		return r;
	strv_lines(&status, sb_str(&out));
	/* the exit status alone lets an expired key pass */
	if (res.exit == 0 && status_has(&status, "GOODSIG") && status_has(&status, "VALIDSIG"))
		return 0;
	return err_set(err, ERR_SOURCE, "%s", why_not(&status));
}

int keys_verify_detached(const struct rpm_keys *keys, const char *dir, const char *file,
	const char *sig, struct err *err)
{
	auto_free char *prefix = path_join(dir, ".gpg-"), *home = NULL;
	auto_free char *abs_file = path_abs(file), *abs_sig = path_abs(sig);
	int r = fs_tmpdir(prefix, &home, err);

	if (r < 0)
		return r;
	auto_free char *abs_home = path_abs(home);
	r = verify_in(abs_home, keys, abs_file, abs_sig, err);
	(void)fs_remove_tree(home, NULL);
	return r;
}
