/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sandbox.h - run commands in an isolated root that nobody trusts.
 *
 * A sandbox is a set of overlay mounts with one fresh writable layer; any number of commands run
 * in it one after another, each in new user, pid, mount, ipc, uts, network and cgroup namespaces
 * with its own pid 1. When a command has ended none of its processes are left, and then the
 * writable layer can be read (sandbox_collect). Everything goes with sandbox_free, and with the
 * death of the calling process.
 *
 * Modes: subuid (caller is root; root inside is an unprivileged id range outside, lowers are
 * idmapped; every open sandbox has a range of its own) and user (caller is ordinary; newuidmap
 * with the ranges of /etc/subuid and /etc/subgid). Never real root inside.
 */
#pragma once
#include "base/limits.h"
#include "base/str.h"
#include "base/vec.h"

#define SANDBOX_BUILDER 1000 /* uid and gid of the unprivileged user "builder" inside */

enum sandbox_mode { SANDBOX_SUBUID, SANDBOX_USER };

/* One overlay: read-only layers, topmost first, under the common writable layer. */
struct sandbox_mount {
	const char *at; /* "/", "/usr"; "/" comes first, parents before children */
	const char *const *layers;
	size_t n_layers;
};

struct sandbox_conf {
	const struct sandbox_mount *mounts;
	size_t n_mounts;
	const char *state; /* scratch directory for this sandbox; created, removed at the end */
	const char *keep_upper; /* NULL, or a directory that becomes the writable layer of "/" and
				   stays: how layers are made (ids inside it are root's own, so it
				   can serve as a layer later). It is missing or empty at
				   first, and a directory above it is closed to other
				   users (0700). Synced by sandbox_free. Without limits on
				   tmpfs: size and inodes are measured while it runs. */
	struct limits limits;
	bool network;         /* share the host's network (never for builds) */
	bool nested;          /* allow mount and unshare inside, opt-in per package */
	const char *hostname; /* NULL: "localhost" */
};

struct sandbox_cmd {
	const char *const *argv;
	const char *const
		*env;         /* NAME=VALUE added to PATH, HOME, LANG, TERM, USER, SHELL; or NULL */
	const char *cwd;      /* NULL: "/builddir" for the builder, "/root" for root */
	bool as_root;         /* default: SANDBOX_BUILDER */
	const char *bind_src; /* host directory shown read-only, nosuid, nodev at bind_dst, or NULL;
				 not below the sandbox's state; its files must be readable by all */
	const char *bind_dst;
	int log_fd; /* > 0: stdout (unless captured) and stderr go here, capped by limits.log */
	bool tty;   /* inherit the terminal: `packmill shell` (own pty, relayed) */
	unsigned timeout; /* seconds; 0: limits.time */
};

enum sandbox_limit {
	SANDBOX_LIMIT_NONE,
	SANDBOX_LIMIT_TIME,
	SANDBOX_LIMIT_MEMORY, /* the kernel killed something of it for memory */
	SANDBOX_LIMIT_PIDS,
	SANDBOX_LIMIT_DISK,
	SANDBOX_LIMIT_INODES,
};
const char *sandbox_limit_name(enum sandbox_limit l); /* "time", ...; NULL for NONE */

struct sandbox_verdict {
	int exit;                 /* exit status, 128+n for signal n */
	int signal;               /* 0 when it exited */
	enum sandbox_limit limit; /* what ended it or, with exit != 0, what it ran into */
	bool log_cut; /* log longer than limits.log: head and tail are kept, it says so; or
			 captured output longer than LIMIT_OUTPUT */
	double seconds;
	uint64_t peak_memory; /* bytes, 0 unknown */
};

struct sandbox;
int sandbox_open(const struct sandbox_conf *conf, struct sandbox **ret, struct err *err);
/* stdout into ret_out when not NULL (at most LIMIT_OUTPUT). A non-zero exit is not an error.
 * Errors: ERR_SYS (ours), ERR_SIGNAL (we were told to stop; the command is dead). ERR_SYS with .sys
 * ENOSPC: the log could not be written; or the command failed, and the disk that a layer lies on
 * was full at some moment (disk_is_low), which is no word about the command. */
int sandbox_run(struct sandbox *sb, const struct sandbox_cmd *cmd, struct strbuf *ret_out,
	struct sandbox_verdict *ret, struct err *err);
void sandbox_free(struct sandbox *sb);
/* Limits that were asked for and cannot be had here ("memory", "cpus"), to be said once. */
void sandbox_lacking(const struct sandbox *sb, struct strv *ret);
DEFINE_CLEANUP(struct sandbox *, sandbox_free)

/* Put a file (parents are made) into the writable layer while nothing runs; owned by the builder.
 * path is absolute inside. */
int sandbox_put_file(struct sandbox *sb, const char *path, const void *data, size_t n, mode_t mode,
	struct err *err);

/*
 * Copy regular files out of the writable layer below the directory `dir` (absolute inside; not
 * recursive unless `recurse`) whose names match the glob into out_dir as fresh files of mode 0644.
 * By descriptor, beneath the root, no links followed; a symlink, hard link, setid file, fifo,
 * device, sparse giant or an unacceptable name (str_is_name plus ~ and ^, at most
 * LIMIT_ARTIFACT_NAME bytes) is ERR_BUILD and named; `dir` itself replaced by a link too. Names are
 * added to ret_files (base names). A `dir` that is not there holds no files. After an error out_dir
 * may hold some of them.
 */
int sandbox_collect(struct sandbox *sb, const char *dir, const char *glob, bool recurse,
	const char *out_dir, struct strv *ret_files, struct err *err);
/* Read one small file out of the writable layer under the same rules: a file that only a
 * read-only layer has is ERR_NOT_FOUND. */
int sandbox_read(struct sandbox *sb, const char *path, uint64_t max, char **ret, size_t *ret_n,
	struct err *err);

/*
 * For our own code that reads foreign bytes: a child without exec (proc_fork) runs fn; what it
 * wrote to out_fd is added to ret_out, at most LIMIT_OUTPUT. fn opens what it needs, calls
 * sandbox_confine, and only then looks at what is in there. ERR_BUILD: it failed or died;
 * ERR_TIMEOUT; ERR_SIGNAL.
 */
int sandbox_compute(int (*fn)(void *arg, int out_fd), void *arg, unsigned seconds,
	struct strbuf *ret_out, struct err *err);
/* For the rest of its life this process reads and writes what it has open, has at most that much
 * address space, and asks the kernel for nothing else. Not to be undone. */
int sandbox_confine(uint64_t memory, struct err *err);

/* A service whose cgroup is its own to divide (v2, systemd's Delegate=yes) moves into a group below
 * it, so that groups of sandboxes can be made beside; else nothing. Once, before any of them. */
void sandbox_use_delegated(void);

/* Sweep what a killed process left behind (cgroups, scratch directories below state_parent). */
int sandbox_sweep(const char *state_parent, struct err *err);

/* rm -rf of a tree that sandboxes wrote (keep_upper): in user mode its files belong to the id
 * range, and only root of that range may remove them. A missing path is fine. */
int sandbox_remove_tree(const char *path, struct err *err);
/* Make a tree that the caller wrote belong to root inside, so that it can be a layer. Nothing to do
 * in subuid mode, where root inside owns what root owns; in user mode a caller's file would show
 * as nobody's. */
int sandbox_own_tree(const char *path, struct err *err);

/* One thing doctor looked at. */
struct sandbox_check {
	char *name, *detail, *fix; /* fix: how to get it, NULL when fine */
	bool ok, needed;           /* needed: nothing works without; else a limit that is missing */
};
VEC_TYPE(sandbox_checks, struct sandbox_check);
void sandbox_check_release(struct sandbox_check *c);
/* Try what this kernel and user can do (not guess from versions): user namespaces, id ranges,
 * overlay in them, idmapped mounts, tmpfs upper, cgroup version and controllers, seccomp. */
int sandbox_probe(struct sandbox_checks *ret, struct err *err);
/* The mode this process can use; ERR_DENIED saying exactly what is missing (for example the line
 * of /etc/subuid). */
int sandbox_mode(enum sandbox_mode *ret, struct err *err);
