/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema.h - what the files may hold, as tables: a key's name, type, place in the struct, help.
 *
 * A tree is checked first, against the whole table, and every fault reported once and marked;
 * then structs are filled from what is left. A struct may be filled from several maps: the first
 * one that has the key wins (a project before its defaults).
 */
#pragma once
#include "config/yaml.h"

struct schema;
struct key;

struct subst { /* what {project} and {name} stand for */
	const char *project, *name;
};

struct type {
	/* false: *want says what it must be ("a whole number from 1 to 9") */
	bool (*check)(const struct key *k, const char *s, struct strbuf *want);
	/* into the struct's member at `to`; the text was checked */
	void (*put)(const struct node *n, const struct subst *subst, void *to);
	bool placeholders; /* {project} and {name} may stand in it */
	bool sha;          /* so may {sha} */
	bool empty;        /* "" is fine */
};
extern const struct type type_text, type_name, type_target, type_word, type_unsigned, type_number,
	type_int, type_size, type_count, type_time, type_interval, type_signed, type_cpus,
	type_bool, type_path, type_subpath, type_spec, type_git_url, type_commit_url, type_ref,
	type_web_url, type_repo_url, type_key_url, type_mail, type_sender, type_host_port,
	type_dist, type_package, type_module, type_macro;

enum key_flags {
	KEY_REQUIRED = 1,
	KEY_LIST = 2,   /* a list of values of the type; filled into a strv */
	KEY_FREE = 4,   /* a map of any keys to text of the type; not filled */
	KEY_MANUAL = 8, /* checked, but filled by whoever owns the struct */
	KEY_SECRET = 16,
	KEY_ONE = 32, /* with KEY_LIST: a single value is a list of one */
};

struct key {
	const char *name;
	const struct type *type;  /* NULL: a map by sub, or with KEY_LIST a list of such maps */
	const struct schema *sub; /* its offsets count from ours */
	size_t offset;
	unsigned flags;
	const char *const *words; /* type_word: NULL-terminated */
	int64_t min, max;         /* numbers; sizes and times: 0 is always allowed */
	const char *help;         /* a few words, for messages and the manual */
};

struct schema {
	const char *what; /* "a project" */
	const struct key *keys;
	size_t n;
	const char *example;          /* how such a map looks: "{url: ./git/hello}" */
	const struct schema *outside; /* keys that are right elsewhere ... */
	const char *outside_say;      /* ... and what to say of them then */
	void (*check)(const struct node *map, struct diag *d); /* of keys together; may be NULL */
};
#define SCHEMA_KEYS(table) .keys = (table), .n = COUNTOF(table)

/* Report what is wrong with the map and everything in it. */
void schema_check(const struct schema *s, struct node *map, struct diag *d);
/* Fill the struct at `to` from the maps, nearest first; NULL maps are skipped. */
void schema_fill(const struct schema *s, const struct node *const *maps, size_t n,
	const struct subst *subst, void *to);
/* The first map's value of a key; *ret_level (may be NULL) says which map. */
const struct node *schema_find(
	const struct node *const *maps, size_t n, const char *key, size_t *ret_level);
/* Path relative to the file the node stands in; the caller's. */
char *node_path(const struct node *n, const char *text);
/* text with {project} and {name} replaced; the caller's. */
char *subst_text(const struct subst *subst, const char *text);
