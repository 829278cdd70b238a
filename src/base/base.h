/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base.h - attributes, cleanup, checked allocation. Included first by every .c file.
 *
 * Out of memory aborts: every size that comes from outside has a cap in base/limits.h, so an
 * allocation failure here is the machine's trouble and state on disk is crash-safe.
 */
#pragma once
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define NORETURN          __attribute__((noreturn))
#define UNUSED            __attribute__((unused))
#define CLEANUP(fn)       __attribute__((cleanup(fn)))
#define COUNTOF(a)        (sizeof(a) / sizeof((a)[0]))

/* DEFINE_CLEANUP(struct foo *, foo_free): CLEANUP(foo_freep) frees a pointer at scope end. */
#define DEFINE_CLEANUP(type, fn)                                                                   \
	static inline void fn##p(type *p)                                                          \
	{                                                                                          \
		if (*p)                                                                            \
			fn(*p);                                                                    \
	}

static inline void auto_freep(void *p)
{
	void *q;

	memcpy(&q, p, sizeof q);
	free(q);
}

static inline void auto_closep(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

/* Local variables that release themselves; always initialise them where they are declared. */
#define auto_free  CLEANUP(auto_freep)
#define auto_close CLEANUP(auto_closep)

static inline void *take_ptr_(void *pp)
{
	void *q, *nul = NULL;

	memcpy(&q, pp, sizeof q);
	memcpy(pp, &nul, sizeof q);
	return q;
}

/* Hand ownership of an auto_* variable on: the variable becomes NULL (or -1). */
#define TAKE(p) ((__typeof__(p))take_ptr_(&(p)))
static inline int take_fd(int *fd)
{
	int f = *fd;

	*fd = -1;
	return f;
}

NORETURN void oom_(const char *file, int line);
void *xmalloc(size_t n) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
/* xstrdup that keeps NULL. */
char *xstrdup_null(const char *s);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2) __attribute__((malloc, returns_nonnull));

#include "base/banned.h"
