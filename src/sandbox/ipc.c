/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ipc.c - messages between the supervisor and its helpers: one struct, at most one descriptor. */
#include "sandbox/internal.h"
#include <sys/socket.h>

int sb_socketpair(int fds[2], struct err *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_errno(err, "cannot make a socket pair");
	return 0;
}

int sb_send(int sock, const struct sb_msg *m, int fd)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct sb_msg copy = *m;
	struct iovec iov = {.iov_base = &copy, .iov_len = sizeof copy};
	struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c;

		h.msg_control = &control;
		h.msg_controllen = sizeof control;
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	do {
		n = sendmsg(sock, &h, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int sb_recv(int sock, struct sb_msg *m, int *ret_fd, struct err *err)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = m, .iov_len = sizeof *m};
	struct msghdr h = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control};
	struct cmsghdr *c;
	ssize_t n;
	int fd = -1;

	do {
		n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno != ECONNRESET)
		return err_errno(err, "cannot hear from the sandbox");
	if (n <= 0)
		return 0;
	c = CMSG_FIRSTHDR(&h);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	if ((size_t)n != sizeof *m) {
		auto_closep(&fd);
		return err_set(err, ERR_BUG, "short message from the sandbox");
	}
	m->text[sizeof m->text - 1] = '\0';
	if (ret_fd)
		*ret_fd = fd;
	else
		auto_closep(&fd);
	return 1;
}

void sb_send_err(int sock, const struct err *err)
{
	struct sb_msg m = {.type = SB_MSG_ERR, .code = (int)err->code, .sys = err->sys};

	snprintf(m.text, sizeof m.text, "%s", err->msg ? err->msg : "?");
	sb_send(sock, &m, -1);
}

int sb_msg_err(const struct sb_msg *m, struct err *err)
{
	int r = err_set_(err, (enum err_code)m->code, 0, "%s", m->text);

	if (err)
		err->sys = m->sys;
	return r < 0 ? r : -ERR_BUG;
}

int sb_expect(int sock, enum sb_msg_type type, struct sb_msg *m, int *ret_fd, struct err *err)
{
	int r = sb_recv(sock, m, ret_fd, err);

	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_SYS, "a helper of the sandbox died");
	if (m->type == SB_MSG_ERR)
		return sb_msg_err(m, err);
	if (m->type != type)
		return err_set(err, ERR_BUG, "message %d instead of %d from the sandbox",
			(int)m->type, (int)type);
	return 0;
}
