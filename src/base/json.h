/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.h - jansson with our errors, our cleanup and our caps. */
#pragma once
#include "base/str.h"
#include <jansson.h>

#define auto_json CLEANUP(json_decrefp) /* json_decrefp is jansson's */

int json_parse(const char *text, size_t n, const char *where, json_t **ret, struct err *err);
int json_read(const char *path, json_t **ret, struct err *err);
int json_write_atomic(const char *path, const json_t *j, struct err *err);
/* Indented text with keys in insertion order and a newline; the caller's. */
char *json_text(const json_t *j);

/* Setters: a NULL string becomes null; text that is not UTF-8 has its bad bytes replaced by ?. */
void json_put_str(json_t *obj, const char *key, const char *value);
void json_put_int(json_t *obj, const char *key, int64_t value);
void json_put_real(json_t *obj, const char *key, double value);
void json_put_bool(json_t *obj, const char *key, bool value);
void json_put_strv(json_t *obj, const char *key, const struct strv *value);
/* Takes ownership of value. */
void json_put(json_t *obj, const char *key, json_t *value);

/* Getters for our own files: missing or of another type gives NULL, 0, false. */
const char *json_get_str(const json_t *obj, const char *key); /* borrowed */
int64_t json_get_int(const json_t *obj, const char *key);
double json_get_real(const json_t *obj, const char *key);
bool json_get_bool(const json_t *obj, const char *key);
void json_get_strv(const json_t *obj, const char *key, struct strv *ret);
