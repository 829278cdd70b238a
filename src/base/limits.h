/* SPDX-License-Identifier: GPL-3.0-or-later */
/* limits.h - caps for everything whose size comes from outside, and the limits of a build. */
#pragma once
#include <stdint.h>

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

#define LIMIT_CONFIG_FILE   (8 * MIB)   /* one YAML file */
#define LIMIT_CONFIG_DEPTH  16          /* nesting of YAML nodes */
#define LIMIT_CONFIG_NODES  200000      /* nodes of one file, aliases not allowed at all */
#define LIMIT_INCLUDES      64          /* files of one configuration */
#define LIMIT_NAME          128         /* project, target, package names */
#define LIMIT_SPEC          (8 * MIB)   /* a spec file */
#define LIMIT_GIT_OUTPUT    (64 * MIB)  /* what one git command may print to us */
#define LIMIT_COMMITS       100000      /* commits of one poll */
#define LIMIT_TARBALL       (8 * GIB)   /* source archive, packed */
#define LIMIT_UNPACKED      (32 * GIB)  /* the same, unpacked */
#define LIMIT_FILES         2000000     /* members of one archive */
#define LIMIT_ARTIFACT      (8 * GIB)   /* one built package */
#define LIMIT_ARTIFACTS     4096        /* packages of one build */
#define LIMIT_ARTIFACT_NAME 240         /* bytes of the file name of one */
#define LIMIT_JSON          (64 * MIB)  /* job.json, result.json */
#define LIMIT_OUTPUT        (4 * MIB)   /* captured output of a helper program */
#define LIMIT_HTTP_HEADERS  (256 * KIB) /* all headers of one transfer, redirects included */
#define LIMIT_LOG_TAIL      (256 * KIB) /* what is kept of a log's end when it is cut */
#define LIMIT_LOG_LINE      4096        /* a log line quoted in a message is cut far below this */
#define LIMIT_WORD_SHOWN    400         /* bytes without a blank in one message; paths should fit */

#define LIMIT_REPOMD      (4 * MIB)  /* repomd.xml, a metalink, a mirrorlist */
#define LIMIT_REPOMD_DATA 256        /* metadata files that one repomd.xml lists */
#define LIMIT_REPO_FILE   (2 * GIB)  /* one metadata file as it comes, packed */
#define LIMIT_REPO_OPEN   (8 * GIB)  /* the same, unpacked */
#define LIMIT_MIRRORS     1024       /* mirrors of one repository, alternates of a metalink */
#define LIMIT_LOCATION    4096       /* bytes of a URL or of a location below one */
#define LIMIT_KEY_FILE    (4 * MIB)  /* OpenPGP keys of a repository, one file */
#define LIMIT_SIGNATURE   (64 * KIB) /* repomd.xml.asc */
#define LIMIT_RPM_NAME    240        /* bytes of a foreign package's name, version, release */

#define LIMIT_PRIMARY       (1 * GIB)   /* primary metadata of a repository, decompressed */
#define LIMIT_FILELISTS     (6 * GIB)   /* the same of its file lists */
#define LIMIT_REPO_PACKAGES 500000      /* packages of one repository */
#define LIMIT_REPO_FILES    100000000   /* paths of one repository */
#define LIMIT_XML_PIECE     (128 * KIB) /* a tag of metadata with the text behind it */
#define LIMIT_XML_TAG       (32 * KIB)  /* the same where dependencies may be in it */
#define LIMIT_DEP           4096        /* a dependency, a location, a path */
#define LIMIT_DEP_PARENS    48          /* parentheses in one dependency */
#define LIMIT_MODULES       (128 * MIB) /* module metadata of a repository, decompressed */
#define LIMIT_MODULE_DOCS   10000       /* documents in it */
#define LIMIT_MODULE_WORDS  1000000     /* artifacts and dependencies in it */
#define LIMIT_MODULE_DEPTH  32          /* nesting of its YAML */
#define LIMIT_DEPS                                                                                 \
	100000                    /* dependencies of one foreign package, all kinds; of a          \
				     build's packages, one kind */
#define LIMIT_DEP_PAIRS 4000000   /* versions compared for what a build needs of itself */
#define LIMIT_DEPS_TEXT (8 * MIB) /* bytes of the dependencies of one kind of a build */
#define LIMIT_NEVRA     255       /* a name, a version-release, an architecture */

/* What one build may use; 0: not limited. Sizes in bytes, times in seconds. */
struct limits {
	uint64_t memory; /* memory of all processes of a build */
	uint64_t disk;   /* bytes written into the root */
	uint64_t inodes; /* files created in the root */
	uint64_t log;    /* bytes of log kept */
	uint64_t pids;   /* processes and threads at once */
	uint64_t time;   /* wall time of a build step */
	double cpus;     /* processors; 0.5 is half of one */
};

#define LIMITS_DEFAULT                                                                             \
	{                                                                                          \
		.memory = 4 * GIB, .disk = 8 * GIB, .inodes = 2000000, .log = 64 * MIB,            \
		.pids = 4096, .time = 7200                                                         \
	}
