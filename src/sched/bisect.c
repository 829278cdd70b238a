/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sched/bisect.h"

static const char *const names[] = {"unknown", "good", "bad", "skip"};

const char *bisect_verdict_name(enum bisect_verdict v)
{
	return names[v];
}

bool bisect_verdict_parse(const char *s, enum bisect_verdict *ret)
{
	for (size_t i = 0; i < COUNTOF(names); i++)
		if (s && strcmp(s, names[i]) == 0) {
			*ret = (enum bisect_verdict)i;
			return true;
		}
	return false;
}

/* The least k with 2^k >= n. */
static unsigned log2_up(size_t n)
{
	unsigned k = 0;

	while (((size_t)1 << k) < n)
		k++;
	return k;
}

/* 1/2, 1/4, 3/4, 1/8, 5/8, ... of n, for k = 1, 2, ...: each far from all before it. */
static size_t spread(size_t k, size_t n)
{
	double at = 0, part = 0.5;

	for (; k; k >>= 1, part /= 2)
		if (k & 1)
			at += part;
	return (size_t)(at * (double)n);
}

/* The range that is left: first bad commit in [*first, *last]. */
static void narrow(const struct bisect_commits *c, size_t *first, size_t *last)
{
	*first = 0;
	*last = c->n - 1;
	for (size_t i = 0; i < *last; i++)
		if (c->v[i].verdict == BISECT_BAD)
			*last = i;
	for (size_t i = 0; i < *last; i++)
		if (c->v[i].verdict == BISECT_GOOD)
			*first = i + 1;
}

enum bisect_end bisect_next(const struct bisect_commits *c, struct bisect_step *ret)
{
	size_t first, last, cheap = 0, other = 0, skipped = 0, pick, seen = 0;

	assert(c->n);
	narrow(c, &first, &last);
	*ret = (struct bisect_step){.next = last, .first = first, .last = last};
	for (size_t i = first; i < last; i++) {
		skipped += c->v[i].verdict == BISECT_SKIP;
		if (c->v[i].verdict != BISECT_UNKNOWN)
			continue;
		cheap += c->v[i].cheap;
		other += !c->v[i].cheap;
	}
	if (!cheap && !other)
		return first == last ? BISECT_FOUND : BISECT_BLURRED;
	ret->left = log2_up(cheap + 1) + log2_up(other / (cheap + 1) + 1);
	if (!ret->left)
		ret->left = 1;
	pick = spread(skipped + 1, cheap ? cheap : other);
	for (size_t i = first; i < last; i++) {
		if (c->v[i].verdict != BISECT_UNKNOWN || c->v[i].cheap != (cheap > 0))
			continue;
		ret->next = i;
		if (seen++ == pick)
			break;
	}
	return BISECT_GO_ON;
}
