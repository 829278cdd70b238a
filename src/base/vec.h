/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vec.h - a typed growing array.
 *
 *	VEC(struct foo) v = VEC_INIT;
 *	*vec_push(&v) = (struct foo){...};
 *	vec_foreach(&v, it) use(it->x);
 *	vec_free(&v, foo_release);    (or vec_release(&v) when elements own nothing)
 *
 * A pointer to an element is good until the next vec_push.
 */
#pragma once
#include "base/base.h"

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}
#define VEC_INIT                                                                                   \
	{                                                                                          \
		0                                                                                  \
	}

/* Append one zeroed element and return its address. */
#define vec_push(vec)                                                                              \
	((__typeof__(*(vec)->v) *)vec_push_(                                                       \
		(void **)&(vec)->v, &(vec)->n, &(vec)->cap, sizeof *(vec)->v))
#define vec_foreach(vec, it)                                                                       \
	for (__typeof__(*(vec)->v) *it = (vec)->v; it && it < (vec)->v + (vec)->n; it++)
/* Free the array only. */
#define vec_release(vec)                                                                           \
	do {                                                                                       \
		free((vec)->v);                                                                    \
		(vec)->v = NULL;                                                                   \
		(vec)->n = (vec)->cap = 0;                                                         \
	} while (0)
/* Release each element with release(elem *), then the array. */
#define vec_free(vec, release)                                                                     \
	do {                                                                                       \
		for (size_t vi_ = 0; vi_ < (vec)->n; vi_++)                                        \
			release(&(vec)->v[vi_]);                                                   \
		vec_release(vec);                                                                  \
	} while (0)

/* The same as a named struct, for vectors that cross functions: VEC_TYPE(foo_vec, struct foo); */
#define VEC_TYPE(name, type)                                                                       \
	struct name {                                                                              \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}

void *vec_push_(void **v, size_t *n, size_t *cap, size_t size);
