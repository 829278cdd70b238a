/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * internal.h - what the files of the sandbox share.
 *
 * Three kinds of processes (docs/dev/sandbox.md):
 *   supervisor  the caller; in its own namespaces, sees everything only by descriptor
 *   outer       short-lived helpers in the stage: the private mount namespace that holds the
 *               overlays. They are real root in subuid mode, and root of the user's id range (with
 *               the user's own id mapped besides) in user mode. No foreign code runs here.
 *   inside      pid 1 of one command and the command itself, in a user namespace that has the id
 *               range and nothing else
 */
#pragma once
#include "sandbox/sandbox.h"
#include <linux/filter.h>
#include <sys/types.h>

#define SB_MOUNTS_MAX 8              /* overlays of one sandbox */
#define SB_LAYERS_MAX 400            /* layers of one overlay: the option string is one page */
#define SB_IDS        65536          /* ids of one range */
#define SB_LOCK       "sandbox.lock" /* in state: whose it is */
#define SB_SCRATCH    "mnt" /* below state: where the stage is built, in its namespace only */

/* ipc.c - messages with descriptors between supervisor and helpers */
enum sb_msg_type {
	SB_MSG_ERR,     /* code, sys, text */
	SB_MSG_DONE,    /* all is well; a, b as agreed */
	SB_MSG_FD,      /* a descriptor; a says which, text may name it */
	SB_MSG_STARTED, /* launcher: a is the pid of pid 1 */
	SB_MSG_STATUS,  /* pid 1: a is the wait status of the command */
	SB_MSG_USAGE,   /* watcher: a bytes, b inodes */
};
struct sb_msg {
	enum sb_msg_type type;
	int code, sys;
	int64_t a, b;
	char text[480];
};
int sb_socketpair(int fds[2], struct err *err);
/* fd may be -1. Negative errno on failure: the other side is gone. */
int sb_send(int sock, const struct sb_msg *m, int fd);
/* 1, or 0 when the other side is gone; *ret_fd (may be NULL) is the caller's. */
int sb_recv(int sock, struct sb_msg *m, int *ret_fd, struct err *err);
void sb_send_err(int sock, const struct err *err);
/* The error a message carries. */
int sb_msg_err(const struct sb_msg *m, struct err *err);
/* The next message, which must be of this type; SB_MSG_ERR becomes the error. */
int sb_expect(int sock, enum sb_msg_type type, struct sb_msg *m, int *ret_fd, struct err *err);

/* cgroup.c */
struct sb_cgroup {
	/* directories of the controllers, NULL where there is none; v2 itself, not a copy, where
	 * the controller is in v2 */
	char *memory, *pids, *cpu;
	char *v2;
	int fd;                /* v2: for CLONE_INTO_CGROUP, else -1 */
	uint64_t oom, at_pids; /* counters before the command */
};
void sb_cgroup_open(struct sb_cgroup *cg, const struct limits *l, uint64_t extra_memory);
void sb_cgroup_close(struct sb_cgroup *cg);
/* v1: the calling process joins, so that its children are born inside. */
int sb_cgroup_join(const struct sb_cgroup *cg, struct err *err);
void sb_cgroup_mark(struct sb_cgroup *cg);
/* Whether the kernel killed for memory or refused a process since the mark; peak in bytes. */
bool sb_cgroup_oomed(const struct sb_cgroup *cg);
bool sb_cgroup_pids_hit(const struct sb_cgroup *cg);
uint64_t sb_cgroup_peak(const struct sb_cgroup *cg);
void sb_cgroup_sweep(void);

/* ids.c */
struct sb_range {
	uint32_t base; /* first id of the range as the host sees it */
	int lock;      /* keeps it ours; -1 in user mode, where all sandboxes share the range */
};
int sb_range_take(struct sb_range *ret, const char *fallback_dir, struct err *err);
/* The line of a subuid file for this user with at least `need` ids: 1 and *ret_base, else 0 and
 * the largest count seen. Pure. */
int sb_subid_find(const char *text, const char *name, uint32_t uid, uint32_t need,
	uint32_t *ret_base, uint32_t *ret_largest);
/* The first id after all ranges of the file: what to propose. Pure. */
uint32_t sb_subid_free(const char *text);
int sb_user_range(uint32_t *ret_uid_base, uint32_t *ret_gid_base, struct err *err);
/* Map the user namespace of pid as the outer one: range at 0, our own id after it. */
int sb_user_map(int pid, struct err *err);
/* Map the user namespace of pid as an inner one: 0..SB_IDS-1 to base (as the writer sees it). */
int sb_inner_map(int pid, uint32_t base, struct err *err);

struct sb_mount {
	char *at;
	size_t first_layer, n_layers; /* l<n> in the scratch directory, topmost first */
	int upper;  /* the writable layer alone: what was written in the sandbox */
	int merged; /* the overlay: where the supervisor writes, so that its caches agree */
};

struct sandbox {
	enum sandbox_mode mode;
	char *state, *keep, *hostname;
	int lock; /* of the state directory */
	struct limits limits;
	bool network, nested, tmpfs;
	size_t plain_layers; /* subuid: layers whose file system cannot be idmapped */
	struct sb_range range;
	int userns; /* user mode: the outer user namespace, else -1 */
	int mntns;  /* the stage */
	struct sb_mount mounts[SB_MOUNTS_MAX];
	size_t n_mounts;
	struct sb_cgroup cg;
	struct sock_filter *filter;
	size_t n_filter;
};

/* Ids as outer helpers see them. */
static inline uint32_t sb_outer_id(const struct sandbox *sb, uint32_t id)
{
	return sb->mode == SANDBOX_SUBUID ? sb->range.base + id : id;
}

/* outer.c: a user namespace with our range; in user mode the outer one */
int sb_userns_make(const struct sandbox *sb, int *ret_fd, struct err *err);
/* run a function as outer helper; it answers through the socket */
typedef int sb_outer_fn(struct sandbox *sb, void *arg, int sock, struct err *err);
/* Start it; *ret_sock is the caller's end. The helper dies with us. sb_outer_end waits for it. */
int sb_outer_start(struct sandbox *sb, sb_outer_fn *fn, void *arg, int *ret_pid, int *ret_sock,
	struct err *err);
void sb_outer_end(int pid);
/* In the helper: make files as this id of the inside, without losing the power of root over
 * files; and back again, handing r through. An overlay refuses owners that its layer cannot
 * hold, so writing as real root and giving away later does not work. */
int sb_act_as(const struct sandbox *sb, uint32_t id, struct err *err);
int sb_act_as_self(int r, struct err *err);
/* Start, wait for SB_MSG_DONE, end. */
int sb_outer_call(struct sandbox *sb, sb_outer_fn *fn, void *arg, struct err *err);
/* In the helper: join the outer user namespace (nothing to do in subuid mode). */
int sb_outer_enter(const struct sandbox *sb, struct err *err);
/* Remove a tree whose files belong to the range. */
int sb_outer_remove(struct sandbox *sb, const char *path, struct err *err);

/* stage.c */
int sb_stage_make(struct sandbox *sb, const struct sandbox_conf *conf, struct err *err);
/* In a helper: go to the scratch directory of the stage. */
int sb_stage_enter(const struct sandbox *sb, struct err *err);
/* overlay.c: in the stage's process, in the scratch directory */
int sb_overlays_mount(struct sandbox *sb, const struct sandbox_conf *conf, struct err *err);
/* The overlay's work directory beside keep_upper; the caller's. */
char *sb_keep_work(const struct sandbox *sb);

/* layer.c: the mount a path inside lies on, and the path relative to it ("." for its root) */
struct sb_mount *sb_find_mount(struct sandbox *sb, const char *path, const char **ret_rel);

/* inside.c: never returns */
struct sb_inside {
	struct sandbox *sb;
	const struct sandbox_cmd *cmd;
	int sock;           /* to the supervisor */
	int go;             /* one byte when the maps are written */
	int bind;           /* detached read-only mount for cmd->bind_dst, or -1 */
	int out_fd, err_fd; /* -1: /dev/null; both unused with a terminal */
};
NORETURN void sb_inside_main(struct sb_inside *in);
/* payload.c: the command itself, forked by pid 1 */
NORETURN void sb_payload_main(const struct sb_inside *in, int tty);

/* The supervisor's hands on the capability sets; effective == permitted. */
int sb_caps_set(uint64_t caps);
uint64_t sb_caps_permitted(void);

/* seccomp.c: the filter as a program, built once per sandbox */
int sb_filter_make(bool nested, struct sock_filter **ret, size_t *ret_n, struct err *err);

/* logcap.c: a log with a cap: head, a line saying what was cut, tail */
struct sb_logcap {
	int fd;
	uint64_t head_left; /* bytes that still go straight through */
	uint64_t seen;
	char *ring; /* last `ring_size` bytes, once the head is full */
	size_t ring_size, ring_n;
	uint64_t ring_seen; /* bytes that went into the ring */
	int failed;         /* errno of a failed write: the disk of the log is full */
};
void sb_logcap_init(struct sb_logcap *c, int fd, uint64_t limit);
void sb_logcap_add(struct sb_logcap *c, const char *data, size_t n);
/* Write the tail; true when something was cut. */
bool sb_logcap_end(struct sb_logcap *c);
void sb_logcap_release(struct sb_logcap *c);

/* watch.c: an outer helper that measures writable layers on disk */
sb_outer_fn sb_watch_main;

/* tty.c: the supervisor's side of a terminal */
struct sb_tty {
	int master, winch; /* -1: no terminal here */
	bool raw, eof, in_eof;
	void *saved; /* struct termios of the caller's terminal */
};
void sb_tty_start(struct sb_tty *t, int master);
void sb_tty_resize(struct sb_tty *t);
/* Relay what poll said; false when the other side is gone. */
bool sb_tty_in(struct sb_tty *t);
bool sb_tty_out(struct sb_tty *t);
void sb_tty_end(struct sb_tty *t);
