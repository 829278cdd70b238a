/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spec_diff.h - edits of a text as data: applied, and shown as a unified diff. */
#pragma once
#include "base/str.h"
#include "base/vec.h"

/* Replace the bytes from start to end (whole lines) by text. */
struct text_edit {
	size_t start, end;
	char *text;
};
VEC_TYPE(text_edits, struct text_edit);

void text_edit_release(struct text_edit *e);
/* Note an edit; one that changes nothing is dropped. Takes ownership of text. */
void text_edits_add(struct text_edits *v, const char *s, size_t start, size_t end, char *text);
/* Edits must be in order and not overlap. The caller's. */
char *text_edits_apply(const struct text_edits *v, const char *s);
/* As `diff -u`, three lines of context; "" when there are no edits. The caller's. */
char *text_edits_diff(const struct text_edits *v, const char *s, const char *name);
