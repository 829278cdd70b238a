/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rpm_make.h - the pieces of making a layer; for rpm_*.c and tests. */
#pragma once
#include "root/rpm.h"

#define RPM_HOST   "/.host"  /* the machine's /usr lies below it while a base layer is made */
#define RPM_NEW_DB "/.rpmdb" /* where this machine's rpm writes its database */

/* The beginning of the command line that runs this machine's rpm. */
int rpm_tool(struct strv *ret, struct err *err);

/* The script that finishes a base layer, for sh -c SCRIPT sh DBPATH. */
extern const char rpm_finish_script[];
/* Makes the accounts that packages ask for, and gives all files their owners once more. */
extern const char rpm_owners_script[];

/* What rpm said, from its output. */
struct rpm_words {
	struct strv shown; /* its warnings */
	char *failed;      /* a scriptlet that failed, with what it said; NULL none */
	char *error;       /* the first errors, joined; NULL none */
	bool no_owner;     /* files went to root for want of their owner's account */
};
void rpm_words_release(struct rpm_words *w);
void rpm_words_read(struct rpm_words *w, const char *text);

/* Lines of RPM_QA as NEVRAs, sorted; keys (gpg-pubkey) are none. */
#define RPM_QA "%{name}\\t%{epochnum}\\t%{version}-%{release}.%{arch}\\n"
void rpm_installed(const char *text, struct strv *ret);
