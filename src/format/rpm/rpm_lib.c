/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_lib.c - how librpm is set up: no macros of the user, no database in his home, no output. */
#include "format/rpm/rpm_lib.h"
#include "format/rpm/rpm.h"
#include <rpm/rpmio.h>
#include <rpm/rpmkeyring.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmmacro.h>

#define LOG_KEPT 4096

/* librpm has one log for the process; `data` is where it goes at the moment, NULL: nowhere. */
static int log_line(rpmlogRec rec, rpmlogCallbackData data)
{
	struct strbuf *sb = data;

	if (sb && rpmlogRecPriority(rec) <= RPMLOG_WARNING && sb->n < LOG_KEPT)
		sb_add(sb, rpmlogRecMessage(rec));
	return 0; /* handled: librpm prints nothing itself */
}

void rpm_log_begin(struct strbuf *sb)
{
	(void)rpmlogSetCallback(log_line, sb);
}

void rpm_log_end(void)
{
	(void)rpmlogSetCallback(log_line, NULL);
	rpmlogClose(); /* it keeps records too, which would grow for as long as we live */
}

char *rpm_log_first(const struct strbuf *sb)
{
	const char *s = sb_str(sb);
	size_t n = strcspn(s, "\n");

	return n ? xstrndup(s, n < 500 ? n : 500) : xstrdup("");
}

/* librpm's own list without what lies in the user's home; it keeps the string. */
static const char *macro_files(void)
{
	const char *dir = rpmConfigDir();

	return xasprintf("%s/macros:%s/macros.d/macros.*:%s/platform/%%{_target}/macros:"
			 "/etc/rpm/macros.*:/etc/rpm/macros:/etc/rpm/%%{_target}/macros",
		dir, dir, dir);
}

int rpm_init(struct err *err)
{
	auto_strbuf struct strbuf log = STRBUF_INIT;
	auto_free char *rc = xasprintf("%s/rpmrc", rpmConfigDir());
	int r;

	if (macrofiles)
		return 0; /* done before */
	macrofiles = macro_files();
	rpm_log_begin(&log);
	r = rpmReadConfigFiles(rc, NULL);
	rpm_log_end();
	if (r) {
		auto_free char *why = rpm_log_first(&log);

		return err_set(err, ERR_SYS, "cannot read rpm's configuration '%s': %s", rc, why);
	}
	rpmPushMacro(NULL, "_dbpath", NULL, "/var/lib/rpm", RMIL_CMDLINE);
	return 0;
}

rpmts rpm_ts_new(void)
{
	rpmts ts = rpmtsCreate();
	rpmKeyring keys = rpmKeyringNew();

	/* an own empty keyring: else librpm opens a database to look for one */
	(void)rpmtsSetKeyring(ts, keys);
	(void)rpmKeyringFree(keys);
	(void)rpmtsSetVSFlags(ts, RPMVSF_MASK_NODIGESTS | RPMVSF_MASK_NOSIGNATURES);
	(void)rpmtsSetVfyFlags(ts, RPMVSF_MASK_NOSIGNATURES);
	rpmtsSetVfyLevel(ts, RPMSIG_DIGEST_TYPE);
	return ts;
}

int rpm_header(const char *path, Header *ret, struct err *err)
{
	auto_strbuf struct strbuf log = STRBUF_INIT;
	auto_ts rpmts ts = rpm_ts_new();
	auto_fd FD_t fd = Fopen(path, "r.ufdio");
	Header h = NULL;
	rpmRC rc;

	if (!fd || Ferror(fd))
		return err_errno(err, "cannot open '%s'", path);
	rpm_log_begin(&log);
	rc = rpmReadPackageFile(ts, fd, path, &h);
	rpm_log_end();
	if (rc == RPMRC_OK || rc == RPMRC_NOKEY || rc == RPMRC_NOTTRUSTED) {
		*ret = h;
		return 0;
	}
	if (h)
		(void)headerFree(h);
	auto_free char *why = rpm_log_first(&log);
	return err_set(
		err, ERR_BUILD, "'%s' is no readable rpm package%s%s", path, *why ? ": " : "", why);
}

FD_t rpm_payload_open(FD_t fd, Header h)
{
	auto_free char *packer = rpm_tag(h, RPMTAG_PAYLOADCOMPRESSOR);
	auto_free char *mode = xasprintf("r.%s", packer && *packer ? packer : "gzip");

	return Fdopen(fdDup(Fileno(fd)), mode);
}

char *rpm_tag(Header h, rpmTagVal tag)
{
	return headerGetAsString(h, tag);
}

char *rpm_ds_text(rpmds ds)
{
	const char *s = rpmdsDNEVR(ds);

	/* "R name >= 1": the kind and a space come first */
	return xstrdup(s && strlen(s) > 2 ? s + 2 : "");
}
