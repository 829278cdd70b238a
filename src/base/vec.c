/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/vec.h"

void *vec_push_(void **v, size_t *n, size_t *cap, size_t size)
{
	char *data;

	/* *v is really a typed pointer: memcpy keeps to the aliasing rules */
	memcpy(&data, v, sizeof data);
	if (*n == *cap) {
		size_t bytes;

		*cap = *cap ? *cap * 2 : 8;
		if (__builtin_mul_overflow(*cap, size, &bytes))
			oom_(__FILE__, __LINE__);
		data = xrealloc(data, bytes);
		memcpy(v, &data, sizeof data);
	}
	data += *n * size;
	memset(data, 0, size);
	++*n;
	return data;
}
