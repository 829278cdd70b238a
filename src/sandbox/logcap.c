/* SPDX-License-Identifier: GPL-3.0-or-later */
/* logcap.c - keep the head and the tail of an endless log. */
#include "base/fs.h"
#include "sandbox/internal.h"
#include <inttypes.h>

void sb_logcap_init(struct sb_logcap *c, int fd, uint64_t limit)
{
	uint64_t tail = limit / 2 < LIMIT_LOG_TAIL ? limit / 2 : LIMIT_LOG_TAIL;

	*c = (struct sb_logcap){.fd = fd, .head_left = UINT64_MAX};
	if (!limit)
		return;
	c->head_left = limit - tail;
	c->ring_size = (size_t)tail;
}

static void out(struct sb_logcap *c, const char *data, size_t n)
{
	if (!c->failed && n && fs_write_all(c->fd, data, n, NULL) < 0)
		c->failed = errno ? errno : EIO;
}

void sb_logcap_add(struct sb_logcap *c, const char *data, size_t n)
{
	size_t head = n < c->head_left ? n : (size_t)c->head_left;

	c->seen += n;
	if (c->head_left != UINT64_MAX)
		c->head_left -= head;
	out(c, data, head);
	data += head;
	n -= head;
	c->ring_seen += n;
	if (!n || !c->ring_size)
		return;
	if (!c->ring)
		c->ring = xmalloc(c->ring_size);
	if (n > c->ring_size) {
		data += n - c->ring_size;
		n = c->ring_size;
	}
	while (n) {
		size_t room = c->ring_size - c->ring_n, part = n < room ? n : room;

		memcpy(c->ring + c->ring_n, data, part);
		c->ring_n = (c->ring_n + part) % c->ring_size;
		data += part;
		n -= part;
	}
}

/* The ring holds its last ring_size bytes, oldest at ring_n once it has gone round. */
bool sb_logcap_end(struct sb_logcap *c)
{
	bool cut = c->ring_seen > c->ring_size;
	auto_free char *tail = NULL;
	auto_free char *said = NULL;
	size_t n, skip = 0;

	if (!c->ring)
		return c->ring_seen > 0;
	if (!cut) {
		out(c, c->ring, (size_t)c->ring_seen);
		return false;
	}
	n = c->ring_size;
	tail = xmalloc(n);
	memcpy(tail, c->ring + c->ring_n, n - c->ring_n);
	memcpy(tail + (n - c->ring_n), c->ring, c->ring_n);
	/* start at a line when one begins soon */
	for (size_t i = 0; i < n && i < LIMIT_LOG_LINE; i++) {
		if (tail[i] == '\n') {
			skip = i + 1;
			break;
		}
	}
	said = xasprintf("\n[... %" PRIu64 " bytes of log cut here ...]\n",
		c->ring_seen - c->ring_size + skip);
	out(c, said, strlen(said));
	out(c, tail + skip, n - skip);
	return true;
}

void sb_logcap_release(struct sb_logcap *c)
{
	free(c->ring);
	c->ring = NULL;
}
